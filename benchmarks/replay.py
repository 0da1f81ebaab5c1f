"""How long a replay takes: 10,540 stops and targets of 1,000 trades on two years of minutes.

Run with ``python -m benchmarks.replay``; the bars are a random walk, of the size of EURUSD's M1 of two years. The
first line is the sweep after compilation; every target is above what a trade reaches on average, so that positions
stay open for long.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from trading_ai.engine.account import Account
from trading_ai.engine.costs import Costs
from trading_ai.engine.records import SIGNAL
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.engine.trade_list import LISTED_TRADE, TradeList
from trading_ai.evaluation.replay import ReplayEvaluator
from trading_ai.market.bars import Bars
from trading_ai.market.symbol_table import in_table
from trading_ai.market.timeframe import timeframe
from trading_ai.parameters import ParameterRange, SearchSpace
from trading_ai.strategies.replay import Replay

N_BARS = 744_000
"""Minutes of two years in which a currency pair trades."""


def bars_of_two_years(seed: int = 1) -> Bars:
    """A random walk of minutes whose days move by some 60 pips."""
    rng = np.random.default_rng(seed)
    close = np.round(1.15 * np.exp(np.cumsum(rng.normal(0.0, 1.2e-4, N_BARS))), 5)
    open_ = np.concatenate(([1.15], close[:-1]))
    wick = np.round(np.abs(rng.normal(0.0, 6e-5, (2, N_BARS))), 5)
    high, low = np.maximum(open_, close) + wick[0], np.minimum(open_, close) - wick[1]
    minute = timeframe("M1")
    symbol = in_table("EURUSD")
    assert symbol is not None
    times = 1_514_764_800_000_000_000 + np.arange(N_BARS) * minute.ns
    return Bars(symbol, minute, times, open_, np.round(high, 5), np.round(low, 5), close, np.ones(N_BARS))


def trades_on(bars: Bars, n: int, seed: int = 2) -> TradeList:
    """Trades at random moments, of which about one in six overlaps with another."""
    rng = np.random.default_rng(seed)
    at = np.sort(rng.choice(N_BARS - 3_000, n, replace=False))
    until = at + rng.integers(30, 240, n)
    listed = np.zeros(n, LISTED_TRADE)
    for name in ("stop_loss", "take_profit", "gross_profit", "net_profit"):
        listed[name] = np.nan
    listed["entry_time_ns"], listed["exit_time_ns"] = bars.open_time_ns[at], bars.open_time_ns[until]
    listed["direction"], listed["exit_reason"] = rng.choice([-1, 1], n), SIGNAL
    listed["units"] = 10_000.0
    listed["entry_price"], listed["exit_price"] = bars.open[at], bars.open[until]
    listed["commission"] = listed["swap"] = 0.0
    return TradeList(bars.symbol.name, listed, "USD", 10_000.0)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trades", type=int, default=1_000)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    bars = bars_of_two_years()
    trades = trades_on(bars, given.trades)
    space = SearchSpace((ParameterRange("stop_loss", 10, 40, 1), ParameterRange("take_profit", 10, 349, 1)))
    account = Account(10_000.0, Sizing(), Costs(spread_pips=0.6), ExecutionRules())

    def evaluator(own: SearchSpace, **fixed: bool) -> ReplayEvaluator:
        return ReplayEvaluator(bars, Replay(trades.content_hash, trades), own, fixed, account, n_threads=given.threads)

    evaluator(space).evaluate(np.arange(2))  # compiles
    for keep_exits in (True, False):
        began, used = time.perf_counter(), time.process_time()
        chunk = evaluator(space, keep_exits=keep_exits).evaluate(np.arange(space.n_combinations), True)
        seconds, busy = time.perf_counter() - began, time.process_time() - used
        what = "own exits at the latest" if keep_exits else "stops and targets alone"
        print(
            f"{space.n_combinations:,} combinations of {given.trades:,} trades on {N_BARS:,} minutes, {what}: "
            f"{seconds:.2f} s ({busy:.2f} s of processor) "
            f"on {given.threads} threads, {len(chunk.failures)} failed"
        )


if __name__ == "__main__":
    main()
