from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading_ai.importers.numbers import is_number, numbers, style_of


def read(texts: list[str], **options: bool) -> list[float | None]:
    found, wrong = numbers(pl.Series(texts), style_of(texts), **options)
    assert not wrong.any()
    return found.to_list()


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["1.22", "1.5", "-3", "1e-5"], [1.22, 1.5, -3.0, 1e-5]),
        (["1,905.10", "999.50", "12,345,678"], [1905.10, 999.5, 12345678.0]),
        (["1.905,10", "999,50"], [1905.10, 999.5]),
        (["13'800.50", "950.25"], [13800.5, 950.25]),
        (["13’800.50"], [13800.5]),
        (["13 800,50", "1 234"], [13800.5, 1234.0]),
        (["13\u00a0800,5", "13\u202f801,25"], [13800.5, 13801.25]),
        (["1,22063", "1,5"], [1.22063, 1.5]),
        (["1,22063", "1.234"], [1.22063, 1234.0]),  # the point can be nothing else
        (["1.234.567", "1.234"], [1234567.0, 1234.0]),
        (["$1905.10", "1905.1 USD", "€ 3.5"], [1905.10, 1905.1, 3.5]),
        (["110.123"], [110.123]),
    ],
)
def test_styles(texts: list[str], values: list[float]) -> None:
    assert read(texts) == values


def test_what_may_be_thousands_or_decimals_is_undecided() -> None:
    assert style_of(["1,905", "13,800"]).undecided
    assert not style_of(["1,905", "0,905"]).undecided  # nobody groups a leading zero
    assert not style_of(["1,905", "1,95"]).undecided
    assert not style_of(["1,905", "1,905.5"]).undecided


@pytest.mark.parametrize("text", ["1.2.3", "2021.01.03", "12%", "1,2,3", "--", "abc", "1,90,500", "12:30", "", "1 2"])
def test_no_numbers(text: str) -> None:
    assert not is_number(text)


def test_counts() -> None:
    assert read(["172.34K", "1.5M", "-", "7"], counts=True) == [172_340.0, 1_500_000.0, None, 7.0]
    assert numbers(pl.Series(["1.5K"]), style_of(["1.5"]))[1].to_list() == [True]


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=30), st.sampled_from([",.", ".,", "'.", " ,"]))
def test_grouped_numbers_come_back(cents: list[int], signs: str) -> None:
    group, decimal = signs
    texts = [f"{c / 100:,.2f}".replace(",", "_").replace(".", decimal).replace("_", group) for c in cents]
    assert read(texts) == [c / 100 for c in cents]
