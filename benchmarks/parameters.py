"""Sweeps of a strategy's own parameters, and of exits that move or last, through the public `ta.sweep`.

Each row says how long the arithmetic alone takes: the compiled simulation of the same sets of signals, given
beforehand. What is left is Python, finding signals, and threads.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

import trading_ai as ta
from benchmarks.ours import MODEL, bars_of
from benchmarks.workloads import DATA, random_walk
from trading_ai.engine.records import N_TALLIES
from trading_ai.engine.sets_run import SetsRun
from trading_ai.engine.sizing import Sizing
from trading_ai.strategies.indicators import crossed_above, crossed_below

SECONDS = 2.0
"""Each row is repeated for so long; the best counts, and the median is given."""

HOURS = {"fast": range(5, 45), "slow": range(60, 110, 2)}
STOPS, TARGETS = range(20, 81, 2), range(40, 201, 10)
ONE = {"fast": 10, "slow": 30}


class Momentum(ta.Strategy):
    """The README's strategy."""

    period: int = ta.Int(20, 2, 5000)

    def signals(self, bars: ta.Bars, period: int) -> ta.Signals:
        change = np.full(len(bars), np.nan)
        change[period:] = bars.close[period:] - bars.close[:-period]
        return ta.Signals(long_entry=crossed_above(change, 0.0), short_entry=crossed_below(change, 0.0))


ROWS: tuple[tuple[str, Any, Mapping[str, Any]], ...] = (
    ("fast x slow, stop 40, target 100", "sma_crossover", {**HOURS, "stop_loss": 40, "take_profit": 100}),
    ("fast x slow, no exits", "sma_crossover", HOURS),
    ("RSI period x both levels", "rsi_reversal", {
        "period": range(5, 25), "oversold": range(20, 40, 4), "overbought": range(60, 80, 4)}),
    ("supertrend period x multiplier", "supertrend", {
        "period": range(5, 35), "multiplier": [1 + 0.25 * i for i in range(16)]}),
    ("Donchian period x exit period", "donchian_breakout", {"period": range(10, 50), "exit_period": range(5, 25)}),
    ("a user's momentum, period", Momentum, {"period": range(2, 501)}),
    ("four parameters", "sma_crossover", {
        "fast": range(5, 25), "slow": range(30, 80, 2), "stop_loss": range(10, 110, 10),
        "take_profit": range(20, 220, 10)}),
    ("stop x target", "sma_crossover", {**ONE, "stop_loss": STOPS, "take_profit": TARGETS}),
    ("trailing stop x target", "sma_crossover", {**ONE, "trailing_stop": STOPS, "take_profit": TARGETS}),
    ("break-even x target", "sma_crossover", {
        **ONE, "break_even": STOPS, "take_profit": TARGETS, "stop_loss": 40}),
    ("time exit x stop", "sma_crossover", {**ONE, "time_exit": range(10, 180, 10), "stop_loss": STOPS}),
    ("risk 1 %, stop x target", "sma_crossover", {
        **ONE, "stop_loss": STOPS, "take_profit": TARGETS, "sizing": Sizing("risk_percent", 1.0)}),
    ("90 % of equity, stop x target", "sma_crossover", {
        **ONE, "stop_loss": STOPS, "take_profit": TARGETS, "sizing": Sizing("percent_of_equity", 90.0)}),
)  # fmt: skip


def repeated(run: Callable[[], object]) -> tuple[float, float]:
    """Best and median seconds of a call, repeated after a warm-up."""
    run()
    times, until = [], time.perf_counter() + SECONDS
    while time.perf_counter() < until or len(times) < 3:
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return min(times), float(np.median(times))


def arithmetic(swept: ta.Sweep) -> float | None:
    """Seconds that the compiled simulation of the sets takes on one thread; None where sets are not the way."""
    evaluator = swept.evaluator
    sets = evaluator._sets
    indices = np.asarray(swept.indices)
    given = None if sets is None else evaluator._asking.crossings(evaluator._only_seen, indices)
    if sets is None or given is None or evaluator._exit_axes:
        return None
    n = indices.size
    best = float("inf")
    for _ in range(5):
        zeros = np.zeros(n, dtype=np.int64)
        out = np.empty((n, N_TALLIES)), np.zeros((n, 0), np.float32)
        run = SetsRun(sets._simulator, np.arange(n + 1), np.arange(n), (zeros, zeros), zeros, *out)
        run.give_crossings(0, given, n)
        began = time.perf_counter()
        run.work()
        best = min(best, time.perf_counter() - began)
    return best


def one_more(bars: ta.Bars) -> dict[str, Any]:
    """One more evaluation with new signals, as a search that learns asks for it: one core, one call each."""
    evaluator = ta.make_evaluator(bars, "sma_crossover", n_threads=1, **HOURS, stop_loss=40, take_profit=100, **MODEL)
    asked = np.random.default_rng(1).permutation(evaluator.space.n_combinations)
    best = float("inf")
    for _ in range(3):
        evaluator = ta.make_evaluator(
            bars, "sma_crossover", n_threads=1, **HOURS, stop_loss=40, take_profit=100, **MODEL
        )
        began = time.perf_counter()
        for index in asked:
            evaluator.evaluate(np.array([index]))
        best = min(best, (time.perf_counter() - began) / asked.size)
    return {
        "sweep": "one more evaluation with new signals, one core",
        "combinations": int(asked.size),
        "best_ms": best * 1e3,
        "median_ms": best * 1e3,
        "per_second": 1.0 / best,
        "arithmetic_share": float("nan"),
    }


def curve() -> list[dict[str, Any]]:
    """Fast x slow with a fixed stop and target: against bars at about 1,000 combinations, and against combinations.

    Memory is the process's highest so far: rows go from small to large.
    """
    rows = []
    for n_bars, n_fast, n_slow in (
        (5_000, 10, 10), (5_000, 40, 25), (5_000, 100, 100), (25_000, 40, 25), (100_000, 40, 25), (400_000, 40, 25),
        (1_000_000, 40, 25), (1_000_000, 100, 50),
    ):  # fmt: skip
        bars = bars_of(random_walk("minutes", n_bars))
        axes = {"fast": range(5, 5 + n_fast), "slow": range(110, 110 + 2 * n_slow, 2)}
        run = partial(ta.sweep, bars, "sma_crossover", **axes, stop_loss=40, take_profit=100, min_trades=0, **MODEL)
        began = time.perf_counter()
        swept = run()
        taken = time.perf_counter() - began
        if taken < SECONDS:
            taken = repeated(run)[1]
        n = len(swept.indices)
        rows.append(
            {
                "bars": n_bars,
                "combinations": n,
                "trades": float(np.mean(swept.column("total_trades"))),
                "seconds": taken,
                "per_second": n / taken,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    return rows


def main() -> None:
    """Print the rows as JSON; with ``--curve`` those over bars and combinations."""
    if "--curve" in sys.argv[1:]:
        notes = ["A random walk of minutes, fast x slow averages, stop 40 and target 100 fixed, all cores."]
        print(json.dumps({"rows": curve(), "notes": notes}))
        return
    bars = bars_of(DATA["eurusd_h1"]())
    rows = []
    for name, strategy, options in ROWS:
        given = {**MODEL, **options, "min_trades": 0}
        made: list[ta.Sweep] = []

        def run(strategy: Any = strategy, given: Mapping[str, Any] = given, made: list[ta.Sweep] = made) -> None:
            made[:] = [ta.sweep(bars, strategy, **given)]

        best, median = repeated(run)
        n = len(made[0].indices)
        alone = arithmetic(made[0])
        rows.append(
            {
                "sweep": name,
                "combinations": n,
                "best_ms": best * 1e3,
                "median_ms": median * 1e3,
                "per_second": n / median,
                "arithmetic_share": float("nan") if alone is None else alone / 2 / best,
            }
        )
    rows.append(one_more(bars))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    notes = [
        "EURUSD, 5,000 hourly bars, all cores. The arithmetic share sets the time of the compiled simulation alone, on "
        "two threads, against the best; 1 is the limit. Where it is not given, exits of one set of signals are swept.",
        f"Peak memory of the process that ran them all: {peak:.0f} MB.",
    ]
    print(json.dumps({"rows": rows, "notes": notes}))


if __name__ == "__main__":
    main()
