"""Sweeps of signals that say more than sides: each trial is the backtest alone, whichever way others would go."""

from __future__ import annotations

import numpy as np
import pytest

import trading_ai as ta
from tests.fakes.bars import random_bars
from trading_ai.strategies.base import Bool, Float, Int, Signals, Strategy
from trading_ai.strategies.indicators import crossed_above, crossed_below, talib
from trading_ai.strategies.levels import Level

BARS = random_bars(1500, 51, tf="M15")


class Bracket(Strategy):
    """A cross, with levels of its own or without."""

    fast = Int(5, 2, 50, unit="bars", description="length of the fast average")
    ranges = Float(2.0, 0.5, 9.0, description="stop, in average true ranges")
    says_more = Bool(True, description="whether it says levels")

    def signals(self, bars, fast, ranges, says_more):
        short, long = talib.SMA(bars.close, fast), talib.SMA(bars.close, 30)
        entries = (crossed_above(short, long), crossed_below(short, long))
        return Signals(*entries, stop=Level.atr(14, ranges)) if says_more else Signals(*entries)


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("space", [
    {"fast": [3, 5, 8], "ranges": [1.0, 2.0]},
    {"fast": [3, 5], "says_more": [False, True], "take_profit": [20, 40]},
    {"stop_loss": [20, 40], "take_profit": list(range(10, 40))},
])  # fmt: skip
def test_each_trial_is_the_backtest(space, n_threads):
    sweep = ta.sweep(BARS, Bracket, min_trades=0, keep_daily_profit=True, n_threads=n_threads, **space)
    assert not sweep.failures
    for row, index in enumerate(sweep.indices.tolist()):
        values = sweep.evaluator.space.combination(index)
        alone = ta.backtest(BARS, Bracket, params=values)
        found = sweep.metrics_of(values)
        np.testing.assert_array_equal(list(found.values()), [alone.metrics[name] for name in found])
        np.testing.assert_array_equal(sweep.daily_profit[row], alone.daily_profit.astype(np.float32))


def test_one_at_a_time():
    evaluator = ta.make_evaluator(BARS, Bracket, fast=[3, 5], ranges=[1.0, 2.0], stop_loss=[20, 30], n_threads=1)
    for values in ({"fast": 3, "ranges": 2.0, "stop_loss": 30}, {"fast": 5, "ranges": 1.0, "stop_loss": 20}) * 2:
        alone = ta.backtest(BARS, Bracket, params=values).metrics
        found = evaluator.metrics_of(**values)
        np.testing.assert_array_equal(list(found.values()), [alone[name] for name in found])
