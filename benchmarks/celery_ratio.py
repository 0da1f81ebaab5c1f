"""A sweep through Celery beside the same one by local processes: ``python -m benchmarks.celery_ratio [--seconds 60]``

Real PostgreSQL and Redis servers, one worker with two processes, against `optimize --workers 2` on SQLite. The work
is a strategy that computes for some hundredths of a second for each combination; the time is from the start of an
optimization to its end, as both record it. Prints Markdown.
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

from tests.chaos.cluster import Cluster

from benchmarks.machine import processor
from benchmarks.status_load import STRATEGY


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the local run is to take")
    parser.add_argument("--repetitions", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "busy.py"
        file.write_text(STRATEGY, "utf-8")
        own = os.environ | {"TRADING_AI_HOME": str(folder / "local")}
        prepare = (("data", "import", "--sample", "EURUSD"), ("backtest", "run", "--dataset", "latest", "--strategy"))

        def local(*arguments: str) -> dict:
            program = [sys.executable, "-m", "trading_ai.cli.main"]
            done = subprocess.run([*program, *arguments, "--json"], env=own, check=True, capture_output=True)
            return json.loads(done.stdout)

        local(*prepare[0])
        backtest = local(*prepare[1], f"{file}:Busy")["id"]

        def by_processes(n: int) -> float:
            search = ("--param", f"work=0:{n - 1}:1", "--workers", "2", "--no-reuse", "--top", "1")
            key = local("optimize", backtest, *search)["id"]
            status = local("status", key)
            return float(status["seconds"])

        trial = by_processes(200)
        n = max(int(200 * options.seconds / trial), 200)
        with Cluster(folder / "cluster", n_workers=1, concurrency=2) as cluster:
            cluster.wait_ready()
            cluster.run(*prepare[0], "--json")
            shared = cluster.run(*prepare[1], f"{file}:Busy", "--json")["id"]
            axis = {"name": "work", "min_value": 0, "max_value": n - 1, "step": 1}
            asked = {"backtest_id": shared, "parameters": [axis], "reuse": False}
            print(f"{n:,} combinations, {os.cpu_count()} cores, {processor()}\n")
            print("| local processes, s | Celery, s | ratio |\n| ---: | ---: | ---: |")
            for _ in range(options.repetitions):
                key = cluster.call("POST", "/api/v1/optimize", asked)["optimization_id"]
                while (status := cluster.call("GET", f"/api/v1/optimize/{key}/status"))["status"] == "running":
                    time.sleep(1.0)
                assert status["status"] == "completed", status
                # The cluster sleeps while the local processes run: they share the cores.
                here = by_processes(n)
                there = float(status["elapsed_seconds"])
                print(f"| {here:.1f} | {there:.1f} | {there / here:.3f} |")


if __name__ == "__main__":
    main()
