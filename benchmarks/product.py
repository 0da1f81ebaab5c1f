"""What only the product does: single evaluations, the cost curve, whole commands, storing, importing.

``python -m benchmarks.product PART`` prints one JSON document: ``rows`` for a table, and ``notes``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.workloads import CASH, DATA, SEED, Data, grid, random_walk

ROOT = Path(__file__).parents[1]
COMMAND = Path(sys.executable).with_name("trading-ai")
REPETITIONS = 7


def timed(run, repetitions: int = REPETITIONS) -> tuple[float, float]:
    """Best and median seconds after one warm-up."""
    run()
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times), statistics.median(times)


def group_with_entries(data: Data, n_entries: int):
    """Orders at `n_entries` evenly spaced bars, long and short in turn, ready for the engine."""
    from benchmarks.ours import MODEL, bars_of
    from trading_ai.engine.execution_data import prepare
    from trading_ai.engine.orders import SAME_BARS, place_orders
    from trading_ai.engine.rules import ExecutionRules
    from trading_ai.engine.simulate import Account, SignalGroup
    from trading_ai.strategies.base import Signals

    n = len(data)
    at = np.linspace(10, n - 10, n_entries).astype(int)
    longs, shorts = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    longs[at[::2]] = True
    shorts[at[1::2]] = True
    orders = place_orders(Signals(longs, shorts), n, SAME_BARS, n, "benchmark")
    account = Account(CASH, MODEL["sizing"], MODEL["costs"], ExecutionRules())
    return SignalGroup(prepare(bars_of(data), MODEL["costs"]), orders, SAME_BARS, account)


def exits_of(pairs) -> np.ndarray:
    return np.array([[stop, target, 0.0, 0.0, 0.0] for stop, target in pairs], dtype=np.float64)


def singles() -> dict:
    """One combination a call on one core, as searches that learn from each result ask for them."""
    import trading_ai as ta
    from benchmarks.ours import MODEL, bars_of
    from trading_ai.metrics.catalog import METRIC_COLUMN

    rng = np.random.default_rng(SEED)
    rows = []
    for name in DATA:
        space = grid("d10540", name)
        axes = {axis: list(getattr(space, axis)) for axis in ("fast", "stop_loss", "take_profit")}
        bars = bars_of(DATA[name]())
        evaluator = ta.make_evaluator(bars, "sma_crossover", slow=space.slow[0], n_threads=1, **axes, **MODEL)
        asked = [np.array([i]) for i in rng.permutation(len(space))[:2_000]]
        used = 0.0

        def run(asked=asked, evaluator=evaluator):
            nonlocal used
            for index in asked:
                used += evaluator.evaluate(index).metrics[0, METRIC_COLUMN["net_profit"]]

        run([np.array([i]) for i in rng.permutation(len(space))[:20]])  # compiled code is loaded here
        start = time.perf_counter()
        run()
        first = time.perf_counter() - start
        best, median = timed(run)
        trades = evaluator.evaluate(np.arange(len(space))).metrics[:, METRIC_COLUMN["total_trades"]].mean()
        assert np.isfinite(used)
        rows.append(
            {
                "data": name,
                "bars": len(bars),
                "trades": round(float(trades)),
                "evaluations": len(asked),
                "first_pass_per_second": len(asked) / first,
                "later_best_per_second": len(asked) / best,
                "later_median_per_second": len(asked) / median,
            }
        )
    return {
        "rows": rows,
        "notes": [
            "Random points of the grid of 20 averages x 31 stops x 17 targets, one call each with every "
            "metric. The first pass finds signals and touches as it goes; later ones ask the same points "
            "again, when these are known, as late in a search."
        ],
    }


def curve() -> dict:
    """The cost of one combination of a 31 x 17 grid against bars and against trades."""
    from trading_ai.engine.exit_rows import ExitRows
    from trading_ai.engine.records import N_TALLIES, TALLY

    space = grid("b527", "synth_100k")
    exits = exits_of([(c[2], c[3]) for c in space.combinations])
    rows_of = ExitRows(exits)
    rows = []
    sizes = [(n, 1_000) for n in (25_000, 100_000, 400_000, 1_600_000)]
    sizes += [(400_000, n) for n in (250, 4_000, 16_000)]
    for n_bars, n_entries in sizes:
        group = group_with_entries(random_walk("walk", n_bars), n_entries)
        tallies, daily = np.empty((len(exits), N_TALLIES)), np.zeros((len(exits), 0), dtype=np.float32)
        best, _ = timed(lambda g=group, t=tallies, d=daily: g.run(rows_of, t, d))
        trades = float(tallies[:, TALLY["n_trades"]].mean())
        rows.append(
            {
                "bars": n_bars,
                "trades": round(trades),
                "microseconds_per_combination": best / len(exits) * 1e6,
                "nanoseconds_per_trade": best / len(exits) / trades * 1e9,
            }
        )
    return {
        "rows": rows,
        "notes": ["One core, 527 combinations, signals given, market data already prepared."],
    }


def command(home: Path, *arguments: str) -> tuple[float, dict]:
    """Run a command with a data folder of its own; seconds from process start to end, and its JSON."""
    environment = {**os.environ, "TRADING_AI_HOME": str(home)}
    start = time.perf_counter()
    done = subprocess.run(
        [str(COMMAND), *arguments, "--json"], env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)}: exit code {done.returncode}: {done.stderr.strip()[-500:]}")
    return seconds, json.loads(done.stdout)


def optimize(home: Path, file: Path, timeframe: str, pair: tuple[int, int], ranges: tuple[str, ...]) -> dict:
    """Import a file, then time `optimize` from process start to the end, trials stored and ranked."""
    _, dataset = command(
        home, "data", "import", str(file), "--symbol", "EURUSD", "--timeframe", timeframe, "--timezone", "UTC"
    )
    given = (
        "--set",
        f"fast={pair[0]}",
        "--set",
        f"slow={pair[1]}",
        "--set",
        "stop_loss=40",
        "--set",
        "take_profit=100",
    )
    _, backtest = command(home, "backtest", "run", "--dataset", dataset["id"], "--strategy", "sma_crossover", *given)
    times, n = [], 0
    for _ in range(4):  # the first one warms up the disk cache and is dropped
        parameters = [part for text in ranges for part in ("--param", text)]
        seconds, found = command(home, "optimize", backtest["id"], *parameters, "--no-reuse")
        times.append(seconds)
        n = found["completed_tasks"]
    return {"trials": n, "best_seconds": min(times[1:]), "median_seconds": statistics.median(times[1:])}


def csv_of(data: Data, path: Path) -> Path:
    """The bars as a plain CSV file."""
    import polars as pl

    table = pl.DataFrame(
        {
            "time": data.open_time_ns.astype("datetime64[ns]"),
            "open": data.open,
            "high": data.high,
            "low": data.low,
            "close": data.close,
            "volume": np.ones(len(data), dtype=np.int64),
        }
    )
    table.write_csv(path, datetime_format="%Y-%m-%d %H:%M:%S", float_precision=5)
    return path


def commands(m1: Path) -> dict:
    """Whole commands on hourly and on minute bars."""
    rows, notes = [], []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        hourly = csv_of(DATA["eurusd_h1"](), home / "hourly.csv")
        ranges = ("stop_loss=20:80:2", "take_profit=40:200:10")
        rows.append({"data": "5,000 hourly bars", **optimize(home / "a", hourly, "H1", (10, 30), ranges)})
        if m1.is_file():
            many = ("fast=30:125:5", *ranges)
            rows.append({"data": f"{m1.stem}", **optimize(home / "b", m1, "M1", (60, 240), many)})
        else:
            notes.append(f"The minute bars were not found ({m1.name}; `--m1 FILE` names them): not measured.")
    return {"rows": rows, "notes": notes}


def importing() -> dict:
    """A million rows of CSV: the whole command, and what of it is starting a process."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        file = csv_of(random_walk("synth_1m", 1_000_000), home / "million.csv")
        times, empty = [], []
        for i in range(4):  # a new home each time: the same content would otherwise be found already there
            arguments = ("--symbol", "EURUSD", "--timeframe", "M1", "--timezone", "UTC")
            times.append(command(home / str(i), "data", "import", str(file), *arguments)[0])
            empty.append(command(home / "empty", "data", "list")[0])
        size = file.stat().st_size / 1e6
    row = {
        "rows": 1_000_000,
        "file_mb": round(size, 1),
        "best_seconds": min(times[1:]),
        "median_seconds": statistics.median(times[1:]),
        "of_which_process_start_seconds": min(empty[1:]),
    }
    return {"rows": [row], "notes": []}


def storing() -> dict:
    """A million trials written in bulk, 20,000 a transaction, then the first page of 100, ranked."""
    from trading_ai.evaluation.model import BacktestSpec, EvaluatedChunk
    from trading_ai.metrics.catalog import METRIC_NAMES
    from trading_ai.optimization.model import OptimizationSpec
    from trading_ai.optimization.records import BacktestRecord, DatasetRecord, OptimizationRecord
    from trading_ai.parameters import ParameterRange, SearchSpace
    from trading_ai.store.sql import SqlStore

    n, at_once, rng = 1_000_000, 20_000, np.random.default_rng(SEED)
    space = SearchSpace((ParameterRange("stop_loss", 1, n, 1),))
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/trials.sqlite"
        store = SqlStore(url)
        store.add_dataset(DatasetRecord("d" * 64, "EURUSD", "H1", 1, 0, 0, "made up", 0.0))
        spec = BacktestSpec("sma_crossover", {}, "d" * 64)
        store.add_backtest(BacktestRecord("b", "", spec, "EURUSD", "H1", "", "", {}, 0.0))
        search = OptimizationSpec("b", space)
        store.add_optimization(OptimizationRecord("o", "", search, "running", n, 0, 0, "", "", 0.0))
        spent = 0.0
        for first in range(0, n, at_once):
            metrics = rng.standard_normal((at_once, len(METRIC_NAMES)))
            chunk = EvaluatedChunk(np.arange(first, first + at_once), metrics)
            start = time.perf_counter()
            store.save_chunk("o", chunk, metrics[:, 0], np.ones(at_once, dtype=bool), 0.0)
            spent += time.perf_counter() - start
        store.close()
        pages = []
        for _ in range(REPETITIONS):
            store = SqlStore(url)  # a connection that has read nothing yet
            start = time.perf_counter()
            store.ranked("o", 100)
            pages.append(time.perf_counter() - start)
            store.close()
    row = {
        "database": "SQLite",
        "trials": n,
        "stored_per_second": n / spent,
        "first_page_milliseconds": pages[0] * 1e3,
        "median_page_milliseconds": statistics.median(pages) * 1e3,
    }
    return {"rows": [row], "notes": ["Every metric of every trial; a page is 100 trials of a new connection."]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("singles", "curve", "commands", "storing", "importing"))
    parser.add_argument("--m1", type=Path, default=Path("none"))
    arguments = parser.parse_args()
    parts = {"singles": singles, "curve": curve, "storing": storing, "importing": importing}
    found = commands(arguments.m1) if arguments.part == "commands" else parts[arguments.part]()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
