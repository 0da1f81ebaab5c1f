"""Values that tie are decided by arithmetic, not by rounding: against averages in whole numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ai.market.bars import Bars
from trading_ai.market.symbol_table import symbol
from trading_ai.market.timeframe import timeframe
from trading_ai.strategies.indicators import crossed_above, crossed_below, in_points, talib
from trading_ai.strategies.points import are_exact
from trading_ai.strategies.registry import strategy

MINUTE = 60 * 10**9


def walk(n: int, seed: int, start: int, step: int) -> np.ndarray:
    """A walk in whole points that often stands still."""
    rng = np.random.default_rng(seed)
    return np.maximum(start + np.cumsum(rng.integers(-step, step + 1, n) * (rng.random(n) < 0.7)), 10 * step)


def bars_of_points(points: np.ndarray, digits: int, name: str = "EURUSD") -> Bars:
    prices = np.array([float(f"{p}e-{digits}") for p in points.tolist()])
    return Bars(symbol(name), timeframe("M1"), np.arange(len(points)) * MINUTE, prices, prices, prices, prices)


def sums(points: np.ndarray, period: int) -> np.ndarray:
    total = np.concatenate(([0], np.cumsum(points)))
    found = np.zeros(len(points), dtype=np.int64)
    found[period - 1 :] = total[period:] - total[:-period]
    return found


def crossings(difference: np.ndarray, first: int) -> tuple[np.ndarray, np.ndarray]:
    """Where a whole number turns positive, and negative; known from `first` on."""
    up, down = np.zeros(len(difference), bool), np.zeros(len(difference), bool)
    known = np.arange(len(difference) - 1) >= first
    up[1:] = known & (difference[1:] > 0) & (difference[:-1] <= 0)
    down[1:] = known & (difference[1:] < 0) & (difference[:-1] >= 0)
    return up, down


CASES = [("EURUSD", 5, 110_000, 6), ("USDJPY", 3, 110_000, 6), ("XAUUSD", 2, 130_000, 9), ("BTCUSD", 2, 6_000_000, 300)]


@pytest.mark.parametrize(("name", "digits", "start", "step"), CASES)
@pytest.mark.parametrize(("fast", "slow"), [(2, 3), (5, 10), (10, 30), (50, 200)])
def test_averages_cross_where_whole_numbers_say(name, digits, start, step, fast, slow):
    points = walk(15_100, fast, start, step)
    bars = bars_of_points(points, digits, name)
    assert are_exact(bars)
    up, down = crossings(sums(points, fast) * slow - sums(points, slow) * fast, slow - 1)
    made = strategy("sma_crossover").signals(bars, fast=fast, slow=slow)
    assert np.flatnonzero(made.long_entry != up).tolist() == []
    assert np.flatnonzero(made.short_entry != down).tolist() == []
    quick, steady = talib.SMA(bars.close, fast), talib.SMA(bars.close, slow)  # as a user's strategy has them
    assert np.flatnonzero(crossed_above(quick, steady) != up).tolist() == []
    assert np.flatnonzero(crossed_below(quick, steady) != down).tolist() == []
    price_up, price_down = crossings(points * fast - sums(points, fast), fast - 1)
    assert np.array_equal(crossed_above(bars.close, quick), price_up)
    assert np.array_equal(crossed_below(bars.close, quick), price_down)


def test_rounding_would_decide_ties():
    points = walk(15_100, 5, 110_000, 6)
    bars = bars_of_points(points, 5)
    quick, steady = talib.SMA(bars.close, 5), talib.SMA(bars.close, 10)
    up, _ = crossings(sums(points, 5) * 10 - sums(points, 10) * 5, 9)
    assert (crossed_above(quick, steady, tolerance=0.0) != up).sum() > 50


def test_long_averages_differ_by_less_than_the_usual_tolerance():
    # 7 points more in one bar of 5,000: the averages differ by 7/5,000 - 7/10,000 points of 110,000.
    points = np.full(10_400, 110_000)
    points[10_200] += 7
    made = strategy("sma_crossover").signals(bars_of_points(points, 5), fast=5000, slow=10_000)
    assert np.flatnonzero(made.long_entry).tolist() == [10_200]
    smaller = np.full(12_000, 11_000_000)
    smaller[10_200] += 1
    made = strategy("sma_crossover").signals(bars_of_points(smaller, 2, "BTCUSD"), fast=9999, slow=10_000)
    assert np.flatnonzero(made.long_entry).tolist() == [10_200]


@given(st.integers(0, 10**6), st.integers(0, 6), st.integers(2, 8), st.integers(1, 8))
@settings(max_examples=60, deadline=None)
def test_signals_do_not_depend_on_the_unit_of_the_price(seed, digits, fast, more):
    points = walk(300, seed, 5_000, 3)
    unit, scaled = bars_of_points(points, 0), bars_of_points(points, digits)
    for name, values in {
        "sma_crossover": {"fast": fast, "slow": fast + more},
        "rsi_reversal": {"period": fast, "oversold": 25.0, "overbought": 75.0},
        "bollinger_reversal": {"period": fast, "deviations": 2.0, "exit_at_middle": True},
        "macd": {"fast": fast, "slow": fast + more, "signal": 3},
        "donchian_breakout": {"period": fast, "exit_period": fast},
        "supertrend": {"period": fast, "multiplier": 1.5},
    }.items():
        one, other = (strategy(name).signals(bars, **values) for bars in (unit, scaled))
        for a, b in zip(one.arrays(300), other.arrays(300), strict=True):
            assert (a is None) == (b is None)
            assert a is None or np.array_equal(a, b), name


def test_what_stands_still_does_not_cross():
    points = np.concatenate((walk(400, 3, 110_000, 9), np.full(4000, 109_983)))
    bars = bars_of_points(points, 5)
    for name in ("sma_crossover", "macd", "bollinger_reversal", "rsi_reversal", "supertrend"):
        made = strategy(name)
        found = made.signals(bars, **{key: p.default for key, p in made.parameters.items()})
        assert not found.long_entry[1200:].any(), name
        assert not found.short_entry[1200:].any(), name


def test_prices_that_are_no_decimals_stay_as_they_are():
    prices = np.array([1.1, 1.2, 1.3]) / 3.0
    bars = Bars(symbol("EURUSD"), timeframe("M1"), np.arange(3) * MINUTE, prices, prices, prices, prices)
    assert not are_exact(bars)
    assert in_points(bars) is bars.close
    huge = np.full(3, 2.0**41)
    assert not are_exact(Bars(symbol("EURUSD"), timeframe("M1"), np.arange(3) * MINUTE, huge, huge, huge, huge))


def test_points_are_those_of_the_finest_price():
    bars = Bars(
        symbol("EURUSD"), timeframe("M1"), np.arange(2) * MINUTE, [1.1, 1.2], [1.25, 1.234], [1.0, 1.1], [1.2, 1.2]
    )
    assert in_points(bars).tolist() == [1200.0, 1200.0]
    assert in_points(bars, "high").tolist() == [1250.0, 1234.0]
    assert in_points(bars) is in_points(bars)
    assert not in_points(bars).flags.writeable


def test_crossings_with_a_tolerance_and_at_infinity():
    a = np.array([1.0, 1.05, 1.2, 1.0, 0.85])
    assert np.flatnonzero(crossed_above(a, 1.0, tolerance=0.1)).tolist() == [2]
    assert np.flatnonzero(crossed_above(a, np.ones(5), tolerance=np.full(5, 0.1))).tolist() == [2]
    assert np.flatnonzero(crossed_below(a, 1.0, tolerance=np.full(5, 0.1))).tolist() == [4]
    assert np.flatnonzero(crossed_below(a, np.ones(5), tolerance=0.1)).tolist() == [4]
    none = np.array([-np.inf, -np.inf, np.inf, np.inf, -np.inf])
    assert np.flatnonzero(crossed_above(np.zeros(5), none)).tolist() == [4]
    assert np.flatnonzero(crossed_below(np.zeros(5), none)).tolist() == [2]
    nan = np.array([np.nan, 2.0, np.nan, 0.5, 2.0])
    for tolerance in (None, 0.0, np.zeros(5)):
        assert np.flatnonzero(crossed_above(nan, 1.0, tolerance=tolerance)).tolist() == [4]
        assert np.flatnonzero(crossed_below(nan, 1.0, tolerance=tolerance)).tolist() == []
        assert np.flatnonzero(crossed_above(np.ones(5), nan, tolerance=tolerance)).tolist() == []
