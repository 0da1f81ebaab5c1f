"""Built-in strategies are causal, declared and different; a user's own loads from a file."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fakes.bars import bars_of, random_bars
from trading_ai.errors import ParameterError, StrategyError
from trading_ai.strategies.base import Bool, Choice, Float, Int, Signals, Strategy
from trading_ai.strategies.indicators import crossed_above, crossed_below, previous, supertrend_direction, talib
from trading_ai.strategies.lookahead import find_look_ahead
from trading_ai.strategies.registry import strategies, strategy

BARS = random_bars(1200, 3)
NAMES = ["sma_crossover", "rsi_reversal", "donchian_breakout", "bollinger_reversal", "macd", "supertrend"]


class Peeking(Strategy):
    """Knows tomorrow's close."""

    ahead: int = Int(1, 0, 5)

    def signals(self, bars, ahead):
        future = np.roll(bars.close, -ahead)
        return Signals(long_entry=future > bars.close, short_entry=future < bars.close)


@pytest.mark.parametrize("name", NAMES)
def test_built_in_strategies_do_not_look_ahead(name):
    assert find_look_ahead(name, BARS) == []


def test_the_look_ahead_check_finds_what_it_should():
    found = find_look_ahead(Peeking, BARS)
    assert found
    assert found[0].bar == found[0].n_bars - 1
    assert "when only the first" in str(found[0])
    silent = bars_of([(1.1, 1.1, 1.1, 1.1)] * 50)
    with pytest.raises(StrategyError, match="prove nothing"):
        find_look_ahead("sma_crossover", silent)


@pytest.mark.parametrize("name", NAMES)
def test_built_in_strategies_signal_both_sides_within_their_bounds(name):
    chosen = strategy(name)
    assert chosen.name == name
    defaults = {n: p.default for n, p in chosen.parameters.items()}
    made = chosen.signals(BARS, **defaults)
    long_entry, short_entry, _, _ = made.arrays(len(BARS))
    assert long_entry.sum() > 3
    assert short_entry.sum() > 3
    assert not (long_entry & short_entry).any()
    for parameter in chosen.parameters.values():
        assert parameter.check(parameter.default) == parameter.default
        assert parameter.description
    for extreme in ("low", "high"):  # short data and extreme parameters give no signal, not an error
        values = {
            n: getattr(p, extreme) if p.kind in {"int", "float"} else p.default for n, p in chosen.parameters.items()
        }
        chosen.signals(BARS.slice(0, 30), **{n: chosen.parameters[n].check(v) for n, v in values.items()})


def test_sma_crossover_by_hand():
    close = np.array([1, 1, 1, 1, 2, 3, 3, 1, 0.5, 0.5])
    bars = bars_of(np.stack([close, close, close, close], axis=1))
    made = strategy("sma_crossover").signals(bars, fast=2, slow=4)
    fast = np.array([np.mean(close[max(0, i - 1) : i + 1]) if i >= 1 else np.nan for i in range(10)])
    slow = np.array([np.mean(close[i - 3 : i + 1]) if i >= 3 else np.nan for i in range(10)])
    above = fast > slow
    expected = [i for i in range(1, 10) if above[i] and fast[i - 1] <= slow[i - 1]]
    assert np.flatnonzero(made.long_entry).tolist() == expected == [4]
    assert np.flatnonzero(made.short_entry).tolist() == [8] or np.flatnonzero(made.short_entry).tolist() == [7]


def test_crossings():
    a = np.array([np.nan, 1.0, 2.0, 2.0, 1.0, 3.0])
    assert np.flatnonzero(crossed_above(a, 1.5)).tolist() == [2, 5]
    assert np.flatnonzero(crossed_below(a, 1.5)).tolist() == [4]
    assert np.flatnonzero(crossed_above(a, np.full(6, 2.0))).tolist() == [5]
    np.testing.assert_array_equal(previous(a, 2), [np.nan, np.nan, np.nan, 1.0, 2.0, 2.0])


def test_supertrend_against_a_plain_loop():
    high, low, close = BARS.high, BARS.low, BARS.close
    atr = talib.ATR(high, low, close, timeperiod=10)
    upper, lower, trend, expected = None, None, 0, []
    for t in range(len(close)):
        if not np.isnan(atr[t]):
            middle = (high[t] + low[t]) / 2
            basic_upper, basic_lower = middle + 3 * atr[t], middle - 3 * atr[t]
            upper = basic_upper if upper is None or basic_upper < upper or close[t - 1] > upper else upper
            lower = basic_lower if lower is None or basic_lower > lower or close[t - 1] < lower else lower
            if trend == 0:
                trend = 1 if close[t] > upper else -1 if close[t] < lower else (1 if close[t] >= middle else -1)
            elif trend < 0 and close[t] > upper:
                trend = 1
            elif trend > 0 and close[t] < lower:
                trend = -1
        expected.append(trend)
    np.testing.assert_array_equal(supertrend_direction(high, low, close, 10, 3.0), expected)


def test_parameters_are_checked():
    class Mixed(Strategy):
        count: int = Int(5, 1, 10, unit="bars")
        level: float = Float(0.5, 0.0, 1.0)
        flag: bool = Bool(False)
        kind: str = Choice("a", ("a", "b"))

        def signals(self, bars, count, level, flag, kind):
            return Signals()

    assert Mixed.name == "mixed"
    assert list(Mixed.parameters) == ["count", "level", "flag", "kind"]
    declared = Mixed.parameters
    assert declared["count"].check(7.0) == 7
    for name, value, message in [
        ("count", 11, "between 1 and 10 bars"),
        ("count", 1.5, "whole number"),
        ("count", True, "must be a number"),
        ("level", float("nan"), "must be a number"),
        ("flag", "yes", "False, True"),
        ("kind", "c", "'a', 'b'"),
    ]:
        with pytest.raises(ParameterError, match=message):
            declared[name].check(value)


def test_signals_are_checked():
    with pytest.raises(StrategyError, match="one value a bar"):
        Signals(np.zeros(3, bool)).arrays(4)
    with pytest.raises(StrategyError, match="boolean"):
        Signals(np.zeros(4)).arrays(4)


def test_a_strategy_is_found_by_its_name():
    assert list(strategies())[:6] == NAMES
    with pytest.raises(StrategyError, match="Did you mean sma_crossover"):
        strategy("sma_crossovr")
