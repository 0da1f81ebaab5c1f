"""A sweep through Celery beside the same one by local processes: ``python -m benchmarks.celery_ratio [--seconds 60]``

Real PostgreSQL and Redis servers, one worker with two processes, against `optimize --workers 2`, and with `--single`
`--workers 1`, on SQLite. The work is a strategy that computes for some hundredths of a second for each combination; or,
with `--crossover`, the parameters of `sma_crossover` on 100,000 bars of one minute with a fixed stop and target, where
a combination costs so little that what surrounds it counts. The time is from the start of an optimization to its end,
as both record it. Prints Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from tests.chaos.cluster import Cluster

from benchmarks.machine import processor
from benchmarks.status_load import STRATEGY

BARS = 100_000
FAST = 400  # values of the fast average


def minutes(path: Path, n: int) -> None:
    """Write a random walk of `n` bars of one minute, Monday to Friday, as a CSV file."""
    noise = np.random.default_rng(1)
    close = 1.1 + np.cumsum(noise.normal(0.0, 1e-4, n))
    opened = np.concatenate(([1.1], close[:-1]))
    high = np.maximum(opened, close) + 5e-5
    low = np.minimum(opened, close) - 5e-5
    day, minute = np.divmod(np.arange(n), 1440)
    stamps = np.datetime64("2024-01-01T00:00") + (day + 2 * (day // 5)) * np.timedelta64(1440, "m") + minute
    with path.open("w", encoding="utf-8") as file:
        file.write("time,open,high,low,close,volume\n")
        for stamp, *prices in zip(stamps.astype(str), opened, high, low, close, strict=True):
            file.write(f"{stamp.replace('T', ' ')}," + ",".join(f"{price:.5f}" for price in prices) + ",1\n")


def axes(n: int, *, crossover: bool) -> list[tuple[str, int, int]]:
    """Names and bounds of what is searched, about `n` combinations."""
    if not crossover:
        return [("work", 0, n - 1)]
    return [("fast", 3, 2 + FAST), ("slow", 410, 409 + max(n // FAST, 1))]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the local run is to take")
    parser.add_argument("--repetitions", type=int, default=1)
    parser.add_argument("--crossover", action="store_true", help="search the parameters of sma_crossover")
    parser.add_argument("--single", action="store_true", help="measure one local process too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "busy.py"
        file.write_text(STRATEGY, "utf-8")
        own = os.environ | {"TRADING_AI_HOME": str(folder / "local")}
        imported = ["data", "import", "--sample", "EURUSD"]
        tested = ["backtest", "run", "--dataset", "latest", "--strategy", f"{file}:Busy"]
        if options.crossover:
            minutes(folder / "bars.csv", BARS)
            imported = ["data", "import", str(folder / "bars.csv"), "--symbol", "EURUSD"]
            tested = [*tested[:-1], "sma_crossover", "--set", "stop_loss=40", "--set", "take_profit=100"]

        def local(*arguments: str) -> dict:
            program = [sys.executable, "-m", "trading_ai.cli.main"]
            done = subprocess.run([*program, *arguments, "--json"], env=own, check=False, capture_output=True)
            if done.returncode:
                raise SystemExit(f"{arguments}: {done.stdout.decode()} {done.stderr.decode()}")
            return json.loads(done.stdout)

        local(*imported)
        backtest = local(*tested)["id"]

        def by_processes(n: int, n_workers: int = 2) -> tuple[int, float]:
            searched = [
                f"--param={axis}={first}:{last}:1" for axis, first, last in axes(n, crossover=options.crossover)
            ]
            told = local("optimize", backtest, *searched, "--workers", str(n_workers), "--no-reuse", "--top", "1")
            status = local("status", told["id"])
            return int(status["total_tasks"]), float(status["seconds"])

        n = 40_000 if options.crossover else 200
        for _ in range(3 if options.crossover else 1):  # a short run is mostly start-up
            tried, trial = by_processes(n)
            n = max(int(tried * options.seconds / trial), n)
        with Cluster(folder / "cluster", n_workers=1, concurrency=2) as cluster:
            cluster.wait_ready()
            cluster.run(*imported, "--json")
            shared = cluster.run(*tested, "--json")["id"]
            searched = [
                {"name": axis, "min_value": first, "max_value": last, "step": 1}
                for axis, first, last in axes(n, crossover=options.crossover)
            ]
            asked = {"backtest_id": shared, "parameters": searched, "reuse": False}
            print(f"about {n:,} combinations, {os.cpu_count()} cores, {processor()}\n")
            print("| combinations | one process, s | local processes, s | Celery, s | ratio | load |")
            print("| ---: | ---: | ---: | ---: | ---: | ---: |")
            for _ in range(options.repetitions):
                key = cluster.call("POST", "/api/v1/optimize", asked)["optimization_id"]
                while (status := cluster.call("GET", f"/api/v1/optimize/{key}/status"))["status"] == "running":
                    time.sleep(1.0)
                assert status["status"] == "completed", status
                # The cluster sleeps while the local processes run: they share the cores.
                tried, here = by_processes(n)
                single = f"{by_processes(n, 1)[1]:.1f}" if options.single else ""
                there, load = float(status["elapsed_seconds"]), os.getloadavg()[0]
                print(
                    f"| {tried:,} | {single} | {here:.1f} | {there:.1f} | {there / here:.3f} | {load:.1f} |", flush=True
                )


if __name__ == "__main__":
    main()
