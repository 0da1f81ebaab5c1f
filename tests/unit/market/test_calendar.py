from __future__ import annotations

import numpy as np
import pytest

from trading_ai.errors import SymbolError
from trading_ai.market.calendar import day_open_ns, swap_nights, trading_day
from trading_ai.market.symbol_table import symbol


def ns(*moments: str) -> np.ndarray:
    return np.array(moments, "datetime64[ns]").astype(np.int64)


def dates(days: np.ndarray) -> list[str]:
    return [str(day) for day in days.astype("datetime64[D]")]


def test_fx_day_ends_at_17_new_york_summer_and_winter() -> None:
    moments = ns("2024-01-07T21:59", "2024-01-07T22:00", "2024-07-07T20:59", "2024-07-07T21:00")
    found = dates(trading_day(symbol("EURUSD"), moments))
    assert found == ["2024-01-07", "2024-01-08", "2024-07-07", "2024-07-08"]


def test_stock_and_crypto_days() -> None:
    assert dates(trading_day(symbol("SPY"), ns("2024-01-05T14:30", "2024-01-06T04:59"))) == ["2024-01-05"] * 2
    assert dates(trading_day(symbol("SPY"), ns("2024-01-05T00:00", "2024-01-08T00:00"))) == [
        "2024-01-05",
        "2024-01-08",
    ]
    assert dates(trading_day(symbol("BTCUSD"), ns("2024-01-05T23:59", "2024-01-06T00:00"))) == [
        "2024-01-05",
        "2024-01-06",
    ]


def test_day_open_is_the_inverse() -> None:
    for name in ("EURUSD", "SPY", "BTCUSD"):
        days = np.arange(19_000, 20_000)
        assert np.array_equal(trading_day(symbol(name), day_open_ns(symbol(name), days) + 1), days)


def test_swap_nights_of_a_week() -> None:
    week = ns(*(f"2024-01-{day:02d}T12:00" for day in (8, 9, 10, 11, 12, 15)))  # Monday to Friday, Monday
    assert np.diff(swap_nights(symbol("EURUSD"), week)).tolist() == [1, 1, 3, 1, 1]
    assert np.diff(swap_nights(symbol("US30"), week)).tolist() == [1, 1, 1, 1, 3]
    assert np.diff(swap_nights(symbol("BTCUSD"), week)).tolist() == [1, 1, 1, 1, 3]  # three real nights
    crossing = swap_nights(symbol("EURUSD"), ns("2024-01-10T21:59", "2024-01-10T22:00"))
    assert crossing[1] - crossing[0] == 3


def test_no_bars_have_no_days() -> None:
    assert len(trading_day(symbol("EURUSD"), ns())) == 0
    assert len(swap_nights(symbol("EURUSD"), ns())) == 0


def test_bad_rollover_is_refused() -> None:
    with pytest.raises(SymbolError, match="HH:MM"):
        trading_day(symbol("EURUSD", rollover="25:00"), ns("2024-01-01T00:00"))
