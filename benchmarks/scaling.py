"""How a burst of work runs on 3 to 1,000 workers, simulated with figures measured on this machine.

``python -m benchmarks.scaling`` measures what one worker process, the database, the coordinator and a worker's start
cost on real PostgreSQL and Redis servers, then simulates bursts piece by piece. ``--figures FILE`` reads figures of
an earlier run instead (those that it printed as JSON); ``--picture FILE.png`` draws queue, workers and progress.

`benchmarks.scaling_simulation` says how bursts are simulated.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks.scaling_simulation import Figures, Outcome, simulate

BURSTS = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
WORKERS = (3, 10, 100, 1_000)
DRAWN = (1_000, 100_000, 10_000_000)
SHOWN = {f"{n:,} workers": (n, n) for n in WORKERS} | {"3 to 10, autoscaled": (3, 10)}
STORED = 20_000  # trials of a chunk where storing is measured


# --- measuring ----------------------------------------------------------------------------------------------------


def _drain(url: str, folder: str, chunk_ids: list[int], result: multiprocessing.SimpleQueue) -> None:
    """Run chunks in a process of its own; tells combinations, seconds of evaluation, seconds in all."""
    from trading_ai.driving.chunk_worker import ChunkWorker
    from trading_ai.store.database import Database
    from trading_ai.store.shared_artifacts import SharedArtifacts
    from trading_ai.store.sql import SqlStore
    from trading_ai.store.work import SqlWork

    database = Database(url)
    worker = ChunkWorker(
        SqlStore(database), SharedArtifacts(database, Path(folder), 1 << 30), SqlWork(database), "w", f"p{os.getpid()}"
    )
    worker.run(chunk_ids[0])  # loads bars and compiled code
    began, n, busy = time.perf_counter(), 0, 0.0
    for chunk_id in chunk_ids[1:]:
        done = worker.run(chunk_id)
        if done is not None:
            n, busy = n + done.n_trials, busy + done.seconds
    result.put((n, busy, time.perf_counter() - began))


def _store(url: str, key: str, first: int, n_chunks: int, result: multiprocessing.SimpleQueue) -> None:
    """Store chunks of ready trials from a process of its own; tells seconds."""
    from trading_ai.evaluation.model import EvaluatedChunk
    from trading_ai.metrics.catalog import METRIC_NAMES
    from trading_ai.store.database import Database
    from trading_ai.store.sql import SqlStore

    store = SqlStore(Database(url))
    metrics = np.random.default_rng(first).normal(size=(STORED, len(METRIC_NAMES)))
    held = np.ones(STORED, dtype=np.bool_)
    store.optimization(key)
    began = time.perf_counter()
    for i in range(n_chunks):
        indices = np.arange(STORED, dtype=np.int64) + first + i * STORED
        store.save_chunk(key, EvaluatedChunk(indices, metrics, {}, None), metrics[:, 0], held, 0.0)
    result.put(time.perf_counter() - began)


def _measure_rows(application, backtest_id: str, n_chunks: int, n_processes: int) -> float:
    """Trials a second that the database stores from some processes at once."""
    from trading_ai.optimization.model import OptimizationSpec
    from trading_ai.parameters import Choices, SearchSpace

    values = tuple(float(v) for v in range(10, 1010))
    space = SearchSpace((Choices("stop_loss", values), Choices("take_profit", values)))
    spec = OptimizationSpec(backtest_id, space, keep_daily_profit=False, reuse=False)
    key = application.service.begin(application.service.plan(spec, measure=False)).optimization_id
    context = multiprocessing.get_context("spawn")
    result = context.SimpleQueue()
    first = range(0, n_processes * n_chunks * STORED, n_chunks * STORED)
    processes = [
        context.Process(target=_store, args=(application.settings.url, key, start, n_chunks, result)) for start in first
    ]
    for process in processes:
        process.start()
    seconds = max(result.get() for _ in processes)
    for process in processes:
        process.join()
    application.store.change_status(key, ("running",), "cancelled", time.time(), "measured")
    return n_processes * n_chunks * STORED / seconds


def _measure_chunks(application, folder: Path, backtest_id: str, size: int, n_chunks: int, n_processes: int):
    """Combinations, seconds of evaluation and in all, summed over processes that each run chunks of that size."""
    from trading_ai.driving.planning import job_of
    from trading_ai.optimization.model import OptimizationSpec
    from trading_ai.parameters import Choices, SearchSpace

    values = tuple(float(v) for v in range(10, 410))
    fast = tuple(range(3, 3 + max(size * n_chunks * n_processes // 160_000 + 1, 1)))
    space = SearchSpace((Choices("fast", fast), Choices("stop_loss", values), Choices("take_profit", values)))
    spec = OptimizationSpec(backtest_id, space, keep_daily_profit=False, reuse=False)
    plan = application.service.plan(spec, measure=False)
    record = application.service.begin(plan)
    pieces = [plan.indices[i * size : (i + 1) * size] for i in range(n_chunks * n_processes)]
    identity = job_of(application.store, record).identity
    added = application.queue.add_chunks(record.optimization_id, 0, pieces, time.time(), identity)
    ids = [chunk.chunk_id for chunk in added]
    context = multiprocessing.get_context("spawn")
    result = context.SimpleQueue()
    processes = [
        context.Process(
            target=_drain, args=(application.settings.url, str(folder / str(i)), ids[i::n_processes], result)
        )
        for i in range(n_processes)
    ]
    for process in processes:
        process.start()
    found = np.array([result.get() for _ in processes])
    for process in processes:
        process.join()
    application.store.change_status(record.optimization_id, ("running",), "cancelled", time.time(), "measured")
    application.queue.drop_chunks(record.optimization_id)
    return found


def measure(folder: Path) -> Figures:
    """Measure every figure on servers of this machine."""
    from tests.servers import postgres_server, redis_server

    from trading_ai.bootstrap import Application
    from trading_ai.cli.importing import import_sample
    from trading_ai.driving.queue import WorkerRecord
    from trading_ai.evaluation.model import BacktestSpec
    from trading_ai.optimization.model import OptimizationSpec
    from trading_ai.parameters import Choices, SearchSpace
    from trading_ai.settings import Settings

    with postgres_server(folder / "postgres") as postgres, redis_server(folder / "redis", "redis") as redis:
        os.environ["TRADING_AI_DATABASE_URL"], os.environ["TRADING_AI_BROKER_URL"] = postgres.url, redis.url
        os.environ["TRADING_AI_HOME"] = str(folder / "home")
        application = Application(Settings())
        dataset, _ = import_sample(application, "EURUSD")
        backtest, _ = application.backtests.run(BacktestSpec("sma_crossover", {"slow": 40}, dataset.dataset_id))
        key = backtest.backtest_id
        whole = _measure_chunks(application, folder, key, 20_000, 8, 1)
        small = _measure_chunks(application, folder, key, 1, 400, 2)
        rows = _measure_rows(application, key, 10, 2)
        one = _measure_chunks(application, folder, key, 1, 400, 1)
        worker = WorkerRecord("w", "here", 1, "celery", 2_000, started_at=time.time(), heartbeat_at=time.time())
        application.queue.heartbeat(worker)
        values = tuple(float(v) for v in range(10, 1010))
        space = SearchSpace((Choices("stop_loss", values), Choices("take_profit", values)))
        spec = OptimizationSpec(key, space, keep_daily_profit=False, reuse=False)
        application.service.begin(application.service.plan(spec, measure=False))
        coordinator = application.coordinator("here")
        while coordinator.tick() is None:  # takes the role
            pass
        coordinator.tick()
        for driven in coordinator._driven.values():
            driven.dispatch.told(1, 10.0)  # of so slow a strategy each combination is a chunk, and many may wait
        n_before, began = len(application.queue.chunks()), time.perf_counter()
        while len(application.queue.chunks()) < 3_500 and time.perf_counter() - began < 30:
            coordinator.tick()
        n_dispatched = len(application.queue.chunks()) - n_before
        dispatch = n_dispatched / (time.perf_counter() - began)
        application.queue.remove_worker("w")
        began = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "trading_ai.cli.main", "worker", "--concurrency", "2"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        while not application.queue.workers():
            time.sleep(0.02)
        start = time.perf_counter() - began
        process.terminate()
        process.wait()
    evaluation = whole[0, 1] / whole[0, 0]
    overhead = one[0, 2] / 399
    return Figures(
        combination_seconds=float(evaluation),
        chunk_overhead_seconds=float(overhead),
        database_chunks_per_second=float(2 * 399 / small[:, 2].max()),
        database_rows_per_second=float(rows),
        dispatch_chunks_per_second=float(dispatch),
        worker_start_seconds=float(start),
    )


# --- writing ------------------------------------------------------------------------------------------------------


def told(seconds: float) -> str:
    """A duration for a reader."""
    if seconds < 120:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def table(figures: Figures, combination_seconds: float) -> str:
    """Finish times and what bounded them, for every burst and number of workers."""
    head = ["combinations", *(f"{n:,} workers" for n in WORKERS), "3 to 10, autoscaled"]
    rows = ["| " + " | ".join(head) + " |", "| ---: " * len(head) + "|"]
    for n in BURSTS:
        cells = [f"{n:,}"]
        for least, most in (*((w, w) for w in WORKERS), (3, 10)):
            found = simulate(figures, n, combination_seconds, least, most)
            cells.append(told(found.seconds) + ("" if found.limit == "workers" else f" ({found.limit})"))
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def course_table(found: Outcome) -> str:
    """Queue and workers over time, a dozen moments."""
    rows = ["| after | chunks that wait | workers | done |", "| ---: | ---: | ---: | ---: |"]
    for i in np.unique(np.linspace(0, len(found.course) - 1, 12).astype(int)).tolist():
        now, waiting, workers, share = found.course[i]
        rows.append(f"| {now:.0f} s | {waiting:.0f} | {workers} | {share:.0%} |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--figures", type=Path, help="JSON of an earlier run")
    parser.add_argument("--slow", type=float, default=0.05, help="seconds of one combination of a slow strategy")
    parser.add_argument("--picture", type=Path, help="PNG to draw; needs chromium")
    arguments = parser.parse_args()
    if arguments.figures:
        figures = Figures(**json.loads(arguments.figures.read_text()))
    else:
        with tempfile.TemporaryDirectory() as folder:
            figures = measure(Path(folder))
    print(json.dumps(asdict(figures), indent=2))
    for seconds in (figures.combination_seconds, arguments.slow):
        print(f"\n{seconds * 1e6:,.0f} µs a combination\n\n{table(figures, seconds)}")
    print(f"\n100,000 combinations of {arguments.slow} s, 3 to 10 workers\n")
    print(course_table(simulate(figures, 100_000, arguments.slow, 3, 10)))
    if arguments.picture:
        from benchmarks.scaling_picture import draw

        courses = {
            n: {name: simulate(figures, n, arguments.slow, *bounds) for name, bounds in SHOWN.items()} for n in DRAWN
        }
        draw(courses, arguments.picture)


if __name__ == "__main__":
    main()
