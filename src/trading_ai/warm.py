"""Compile every kernel once and leave it in the on-disk cache: ``python -m trading_ai.warm``.

Set-up runs this, so that the first backtest of a user, and the first chunk of a worker, start at once.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

from trading_ai.engine.costs import Costs
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.library import sweep
from trading_ai.market.bars import Bars
from trading_ai.market.symbol import Symbol
from trading_ai.market.timeframe import timeframe
from trading_ai.robustness.overfitting import overfitting
from trading_ai.robustness.plateau import plateau
from trading_ai.search.kriging import Kriging, Posterior
from trading_ai.strategies.base import Signals


def warm() -> float:
    """Run every compiled function once on made-up bars; returns the seconds it took."""
    began = time.perf_counter()
    n = 300
    step = np.random.default_rng(1).normal(0.0, 1e-3, n)
    close = 1.1 + np.cumsum(step)
    open_ = np.r_[1.1, close[:-1]]
    high, low = np.maximum(open_, close) + 1e-4, np.minimum(open_, close) - 1e-4
    euro = Symbol("EURUSD", 0.0001, 5, 100_000.0, "USD", "EUR", "fx", 1000.0, 1000.0)
    hour = timeframe("H1")
    bars = Bars(euro, hour, np.arange(n) * hour.ns, open_, high, low, close)
    flip = np.arange(n) % 10
    signals = Signals(flip == 0, flip == 5, flip == 4, flip == 9)
    cases: tuple[tuple[ExecutionRules, Costs, dict[str, Any]], ...] = (
        (ExecutionRules(), Costs(), {"stop_loss": [0, 20], "take_profit": [0, 40]}),
        (
            ExecutionRules(max_positions=3),
            Costs(spread_pips=1.0, swap_long=-0.5),
            {"trailing_stop": [20, 30]},
        ),
    )
    for rules, costs, exits in cases:
        made = sweep(bars, signals, rules=rules, costs=costs, n_threads=1, **exits)
        made.backtest({})
    every = Signals(flip == 0, flip == 5)  # each opens a position: whole rectangles go another way than few exits
    sweep(bars, every, stop_loss=range(20, 52), take_profit=range(40, 46), n_threads=1)
    sweep(bars, "supertrend", n_threads=1)
    sizing = Sizing("risk_percent", 1.0)
    sweep(bars, "sma_crossover", sizing=sizing, stop_loss=[20, 30], keep_daily_profit=True, n_threads=1)
    # Many sets of signals go another way than one; how each is given has a type of array of its own.
    sweep(bars, "sma_crossover", fast=[3, 5], slow=[20, 30], stop_loss=20, trailing_stop=[0, 30], n_threads=1)
    sweep(bars, "donchian_breakout", period=[5, 8], exit_period=[3, 5], n_threads=1)
    sweep(bars, "bollinger_reversal", period=[5, 8], n_threads=1)
    sweep(bars, "sma_crossover", timeframe=["H1", "H4"], fast=[3, 5], n_threads=1)
    sweep(bars, "rsi_reversal", n_threads=1)
    _warm_robustness()
    _warm_search()
    return time.perf_counter() - began


def _warm_robustness() -> None:
    """What an assessment compiles besides: neighbours on a grid, and splits of the days."""
    rng = np.random.default_rng(2)
    plateau(np.argwhere(np.ones((5, 5))), rng.normal(size=25))
    overfitting(rng.normal(size=(10, 40)), n_blocks=4)


def _warm_search() -> None:
    """What the Gaussian process compiles."""
    kernel = Kriging((9, 9), (True, True))
    places = np.argwhere(np.ones((9, 9)))
    kernel.learn(places[::3], np.random.default_rng(3).normal(size=27))
    Posterior(kernel, places[::3], np.linspace(-1.0, 1.0, 27), places[1:3], places[3:]).add_running(1)


if __name__ == "__main__":
    sys.stderr.write("Compiling the kernels, once for this machine (about half a minute) ...\n")
    sys.stderr.write(f"Compiled and cached in {warm():.1f} s.\n")
