"""Compile every kernel once and leave it in the on-disk cache: ``python -m trading_ai.warm``.

Set-up runs this, in two processes where there are two cores, so that the first backtest of a user, and the first
chunk of a worker, start at once.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from typing_extensions import override

from trading_ai.engine.account import Account
from trading_ai.engine.costs import Costs
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.engine.trade_list import LISTED_TRADE, TradeList
from trading_ai.evaluation.cores import n_cores
from trading_ai.evaluation.replay import ReplayEvaluator
from trading_ai.library import backtest, sweep
from trading_ai.market.bars import Bars
from trading_ai.market.symbol import Symbol
from trading_ai.market.timeframe import timeframe
from trading_ai.parameters import ParameterRange, SearchSpace
from trading_ai.robustness.overfitting import overfitting
from trading_ai.robustness.plateau import plateau
from trading_ai.search.kriging import Kriging, Posterior
from trading_ai.strategies.base import Signals
from trading_ai.strategies.event import EventStrategy
from trading_ai.strategies.indicators import talib
from trading_ai.strategies.levels import Level
from trading_ai.strategies.replay import Replay


def warm(parts: Sequence[int] | None = None, done: Callable[[str], None] = lambda _: None) -> float:
    """Run every compiled function once on made-up bars; returns the seconds it took.

    Args:
        parts: places of those in `PARTS` that are run; None for all.
        done: called with the name of each part that is done.
    """
    began = time.perf_counter()
    for part in range(len(PARTS)) if parts is None else parts:
        PARTS[part]()
        done(PARTS[part].__name__.strip("_").replace("_", " "))
    return time.perf_counter() - began


def _bars() -> Bars:
    n = 300
    step = np.random.default_rng(1).normal(0.0, 1e-3, n)
    close = 1.1 + np.cumsum(step)
    open_ = np.r_[1.1, close[:-1]]
    high, low = np.maximum(open_, close) + 1e-4, np.minimum(open_, close) - 1e-4
    euro = Symbol("EURUSD", 0.0001, 5, 100_000.0, "USD", "EUR", "fx", 1000.0, 1000.0)
    hour = timeframe("H1")
    return Bars(euro, hour, np.arange(n) * hour.ns, open_, high, low, close)


def _some(*, exits: bool) -> Signals:
    flip = np.arange(300) % 10
    return Signals(flip == 0, flip == 5, flip == 4, flip == 9) if exits else Signals(flip == 0, flip == 5)


def _one_set_of_signals() -> None:
    sweep(_bars(), _some(exits=True), stop_loss=[0, 20], take_profit=[0, 40], n_threads=1)


def _bar_by_bar() -> None:
    rules, costs = ExecutionRules(max_positions=3), Costs(spread_pips=1.0, swap_long=-0.5)
    sweep(_bars(), _some(exits=True), rules=rules, costs=costs, trailing_stop=[20, 30], n_threads=1)


def _planned() -> None:
    """Signals that say more than sides go a way of their own."""
    bars, some = _bars(), _some(exits=True)
    planned = replace(some, stop=Level.atr(14, 2.0), entry_limit=bars.close, long_exit_stop=0.9 * bars.close)
    sweep(bars, planned, stop_loss=[0, 20], n_threads=1).backtest({})


def _one_in_full() -> None:
    sweep(_bars(), _some(exits=True), stop_loss=[0, 20], n_threads=1).backtest({})


def _rectangles_of_exits() -> None:
    """Each signal opens a position: whole rectangles go another way than few exits."""
    sweep(_bars(), _some(exits=False), stop_loss=range(20, 52), take_profit=range(40, 46), n_threads=1)


def _strategies() -> None:
    bars = _bars()
    sweep(bars, "supertrend", n_threads=1)
    sizing = Sizing("risk_percent", 1.0)
    sweep(bars, "sma_crossover", sizing=sizing, stop_loss=[20, 30], keep_daily_profit=True, n_threads=1)
    sweep(bars, "sma_crossover", timeframe=["H1", "H4"], fast=[3, 5], n_threads=1)
    sweep(bars, "rsi_reversal", n_threads=1)


def _sets_of_signals() -> None:
    """Many sets of signals go another way than one; how each is given has a type of array of its own."""
    bars = _bars()
    sweep(bars, "sma_crossover", fast=[3, 5], slow=[20, 30], stop_loss=20, trailing_stop=[0, 30], n_threads=1)
    sweep(bars, "donchian_breakout", period=[5, 8], exit_period=[3, 5], n_threads=1)
    sweep(bars, "bollinger_reversal", period=[5, 8], n_threads=1)


class _Bracket(EventStrategy):
    """Buys a rise and waits for a fall; its stop and its target are orders of the account."""

    @override
    def on_start(self, ctx: Any) -> None:
        self.average = ctx.indicator(talib.SMA, "close", 5)

    @override
    def on_bar(self, ctx: Any) -> None:
        if not ctx.position:
            if ctx.close > self.average[-1]:
                ctx.buy(size=0.1, stop=ctx.close - 0.002, target=ctx.close + 0.003)
            else:
                ctx.buy(size=0.1, limit=ctx.close - 0.001, expiry=3)


def _event_strategies() -> None:
    """What every compiled event strategy is made of besides its own code."""
    backtest(_bars(), _Bracket)


def _replay() -> None:
    """Trades of a list, and the searched levels of them."""
    bars = _bars()
    listed = np.zeros(3, LISTED_TRADE)
    for name in ("stop_loss", "take_profit", "gross_profit", "net_profit"):
        listed[name] = np.nan
    listed["entry_time_ns"], listed["exit_time_ns"] = bars.open_time_ns[[5, 50, 60]], bars.open_time_ns[[40, 90, 99]]
    listed["direction"], listed["units"] = [1, -1, 1], 10_000.0
    listed["entry_price"], listed["exit_price"] = bars.open[[5, 50, 60]], bars.open[[40, 90, 99]]
    trades = TradeList(bars.symbol.name, listed, "USD", 10_000.0)
    space = SearchSpace((ParameterRange("stop_loss", 10, 20, 10), ParameterRange("trailing_stop", 0, 10, 10)))
    account = Account(10_000.0, Sizing(), Costs(), ExecutionRules())
    for keep_exits in (True, False):
        own = Replay(trades.content_hash, trades)
        evaluator = ReplayEvaluator(bars, own, space, {"keep_exits": keep_exits}, account, n_threads=1)
        evaluator.evaluate(np.arange(4), True)
        evaluator.backtest({})


def _assessment() -> None:
    """What an assessment compiles besides: neighbours on a grid, and splits of the days."""
    rng = np.random.default_rng(2)
    plateau(np.argwhere(np.ones((5, 5))), rng.normal(size=25))
    overfitting(rng.normal(size=(10, 40)), n_blocks=4)


def _searches_that_learn() -> None:
    """What the Gaussian process compiles."""
    kernel = Kriging((9, 9), (True, True))
    places = np.argwhere(np.ones((9, 9)))
    kernel.learn(places[::3], np.random.default_rng(3).normal(size=27))
    Posterior(kernel, places[::3], np.linspace(-1.0, 1.0, 27), places[1:3], places[3:]).add_running(1)


PARTS: tuple[Callable[[], None], ...] = (
    _one_set_of_signals, _sets_of_signals, _rectangles_of_exits, _bar_by_bar, _planned, _assessment, _replay,
    _event_strategies, _strategies, _one_in_full, _searches_that_learn,
)  # fmt: skip
"""What is compiled together."""

_SECOND_HALF = 7
"""Where the parts begin that a second process compiles; both halves take about as long."""


def main(arguments: Sequence[str]) -> int:
    """Compile everything, in two processes where there are cores for them, and say how far it is.

    Args:
        arguments: ``--second`` for the second of both processes.

    Returns:
        The exit code: not 0 if something could not be compiled.
    """
    every = range(len(PARTS))
    second = "--second" in arguments

    def done(name: str) -> None:
        sys.stderr.write(f"  compiled: {name}\n")
        sys.stderr.flush()

    if second:
        warm(every[_SECOND_HALF:], done)
        return 0
    sys.stderr.write("Compiling the kernels, once for this machine (about a minute) ...\n")
    began = time.perf_counter()
    if n_cores() == 1:
        warm(every, done)
    else:
        other = subprocess.Popen([sys.executable, "-m", "trading_ai.warm", "--second"])
        try:
            warm(every[:_SECOND_HALF], done)
        except BaseException:
            other.kill()
            raise
        finally:
            failed = other.wait()
        if failed:
            return failed
    sys.stderr.write(f"Compiled and cached in {time.perf_counter() - began:.1f} s.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
