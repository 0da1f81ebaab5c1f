from __future__ import annotations

import numpy as np
import pytest

from trading_ai.figures import theme


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (1234.5, "money", "1,234.50 USD"),
        (-0.123, "percent", "-0.12 %"),
        (1e4, "count", "10,000"),
        (1.23456, "ratio", "1.235"),
        (3.21, "days", "3.2 days"),
        (float("nan"), "money", "n/a"),
        (float("inf"), "ratio", "n/a"),
    ],
)
def test_numbers_carry_their_unit(value: float, unit: str, shown: str) -> None:
    assert theme.number(value, unit, "USD") == shown


def test_zero_is_neutral_where_values_have_both_signs() -> None:
    scale, low, high, _ = theme.colour_scale(np.array([-1.0, 3.0]), 1)
    assert (low, high) == (-1.0, 3.0)
    assert theme.colour_at(scale, 0.25) == "#f6f6f4"
    flipped, *_ = theme.colour_scale(np.array([-1.0, 3.0]), -1)
    assert theme.colour_at(flipped, 1.0) == theme.DIVERGING[0]


def test_outliers_do_not_own_the_scale() -> None:
    values = np.r_[np.linspace(1, 2, 500), 1e6]
    _, low, high, cut = theme.colour_scale(values, 1)
    assert cut
    assert high < 3
    assert low >= 1
    assert theme.colour_scale(np.full(4, np.nan), 1)[1:] == (0.0, 1.0, False)
    assert theme.colour_scale(np.full(4, 2.0), 1)[1:] == (1.5, 2.5, False)


def test_values_read_as_users_type_them() -> None:
    shown = [theme.value_text(v) for v in (True, np.bool_(False), 0.1, np.float64(0.3), 20, "close", 1e-7)]
    assert shown == ["true", "false", "0.1", "0.3", "20", "close", "1e-07"]
