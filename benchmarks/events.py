"""Speed of event strategies: ``python -m benchmarks.events FILE --symbol EURUSD [--combinations 527]``

A bracket strategy (a new high or low, stop and target by average ranges) on a file of bars, one core: in plain Python
and compiled, bars per second of CPU time; then a sweep of its parameters on 100,000 bars. CPU time is that of the
process, so other users of the machine disturb it less. Compiling is not counted: everything is run once before.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

import trading_ai as ta
from trading_ai.engine.account import Account
from trading_ai.engine.execution_data import prepare
from trading_ai.engine.runs import RunRequest
from trading_ai.evaluation.event_runs import run_events, with_parameters
from trading_ai.strategies.event import EventStrategy
from trading_ai.strategies.indicators import talib

COSTS = ta.Costs(spread_pips=0.2, commission_per_lot=3.0)


class Bracket(EventStrategy):
    """Buys a new high and sells a new low, with a stop and a target by average ranges."""

    length: int = ta.Int(500, 2, 5000, unit="bars")
    risk: float = ta.Float(10.0, 0.1, 100.0, unit="ATR")

    def on_start(self, ctx: Any) -> None:
        self.upper = ctx.indicator(talib.MAX, "high", self.length)
        self.lower = ctx.indicator(talib.MIN, "low", self.length)

    def on_bar(self, ctx: Any) -> None:
        if not ctx.position:
            far = self.risk * ctx.atr(14)
            if ctx.close > self.upper[-2]:
                ctx.buy(size=0.1, stop=ctx.close - far, target=ctx.close + 1.5 * far)
            elif ctx.close < self.lower[-2]:
                ctx.sell(size=0.1, stop=ctx.close + far, target=ctx.close - 1.5 * far)


def bars_per_second(bars: ta.Bars, *, compiles: bool, repeats: int) -> tuple[float, int]:
    """Bars a second of CPU time, the best of some runs, and the number of trades."""
    data = prepare(bars, COSTS, "USD")
    account = Account(10_000.0, ta.Sizing(), COSTS, ta.ExecutionRules()).sized(data)
    request = RunRequest(bars, np.arange(len(bars)), data, account, "USD", {})
    best, n_trades = float("inf"), 0
    for _ in range(repeats):
        strategy = with_parameters(Bracket(), {"length": 500, "risk": 10.0})
        began = time.process_time()
        n_trades = run_events(strategy, request, compiles=compiles).trades.size
        best = min(best, time.process_time() - began)
    return len(bars) / best, n_trades


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--symbol", default="EURUSD")
    parser.add_argument("--combinations", type=int, default=527)
    given = parser.parse_args()
    bars = ta.read_bars(given.file, symbol=given.symbol)
    bars_per_second(bars.slice(0, 5000), compiles=True, repeats=1)
    fast, n_trades = bars_per_second(bars, compiles=True, repeats=5)
    slow, _ = bars_per_second(bars.slice(0, 100_000), compiles=False, repeats=1)
    print(f"{len(bars):,} bars, {n_trades:,} trades: compiled {fast:,.0f} bars/s, plain Python {slow:,.0f} bars/s")
    part = bars.slice(0, min(len(bars), 100_000))
    lengths = np.linspace(50, 1000, max(given.combinations // 17, 1)).astype(int).tolist()
    risks = np.linspace(2.0, 20.0, 17).round(2).tolist()
    evaluator = ta.make_evaluator(part, Bracket, costs=COSTS, length=lengths, risk=risks, n_threads=1)
    began, wall = time.process_time(), time.perf_counter()
    chunk = evaluator.evaluate(np.arange(evaluator.space.n_combinations), True)
    spent = time.process_time() - began
    print(
        f"sweep of {evaluator.space.n_combinations} combinations on {len(part):,} bars: {spent:.2f} s of CPU on one "
        f"core ({time.perf_counter() - wall:.2f} s by the clock), {len(chunk.failures)} failed"
    )


if __name__ == "__main__":
    main()
