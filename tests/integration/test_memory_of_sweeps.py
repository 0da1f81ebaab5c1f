"""A process that lives long: the memory of fifty sweeps of every kind is that of a few."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PROGRAM = """
import gc, json
import numpy as np, psutil
import trading_ai as ta
from tests.fakes.bars import random_bars
from trading_ai.engine.sizing import Sizing
from trading_ai.strategies.indicators import crossed_above, crossed_below


class Momentum(ta.Strategy):
    period: int = ta.Int(20, 2, 500)

    def signals(self, bars, period):
        change = np.full(len(bars), np.nan)
        change[period:] = bars.close[period:] - bars.close[:-period]
        return ta.Signals(long_entry=crossed_above(change, 0.0), short_entry=crossed_below(change, 0.0))


one = {"fast": 5, "slow": 20}
kinds = [
    ("sma_crossover", {"fast": range(3, 23), "slow": range(25, 65, 2), "stop_loss": 40, "take_profit": 100}),
    ("rsi_reversal", {"period": range(5, 15), "oversold": range(20, 40, 4), "overbought": range(60, 80, 4)}),
    ("supertrend", {"period": range(5, 15), "multiplier": [1.0, 1.5, 2.0, 2.5]}),
    ("donchian_breakout", {"period": range(10, 20), "exit_period": range(5, 15)}),
    ("macd", {"fast": range(5, 15), "slow": range(20, 30)}),
    (Momentum, {"period": range(2, 102)}),
    ("sma_crossover", {**one, "stop_loss": range(20, 81, 2), "take_profit": range(40, 201, 10)}),
    ("sma_crossover", {**one, "trailing_stop": range(20, 81, 2), "take_profit": range(40, 201, 10)}),
    ("sma_crossover", {**one, "break_even": range(20, 81, 2), "take_profit": range(40, 201, 10)}),
    ("sma_crossover", {**one, "time_exit": range(10, 180, 10), "stop_loss": range(20, 81, 2)}),
    ("sma_crossover", {**one, "stop_loss": range(20, 81, 2), "sizing": Sizing("risk_percent", 1.0)}),
    ("sma_crossover", {"timeframe": ["H1", "H4"], "fast": range(3, 13), "slow": 30}),
]
process, sizes = psutil.Process(), []
for round_ in range(50):
    bars = random_bars(3000, round_, tf="H1")  # others each time, as in a server with many datasets
    for strategy, options in kinds:
        ta.sweep(bars, strategy, min_trades=0, n_threads=2, **options)
    gc.collect()
    sizes.append(process.memory_info().rss)
print(json.dumps(sizes))
"""


@pytest.mark.slow
def test_memory_of_many_sweeps_is_bounded() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    sizes = [size / 2**20 for size in json.loads(done.stdout)]
    # Indicators are remembered within 128 MB; all else goes with the bars that it was made of.
    assert sizes[-1] - sizes[9] < 128
    assert sizes[-1] - sizes[-10] < 32
