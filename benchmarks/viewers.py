"""What people who watch cost an optimization, and how long they wait: ``python -m benchmarks.viewers``

Starts `trading-ai serve` with an optimization that keeps every core busy, measures it alone, then with viewers who
each have its page open as a browser has: a stream of events, and for what happens the parts and figures that the page's
script asks for again. Prints Markdown: how long answers took by kind, trials a second, and processor time, which is
what counts on a machine that does other things besides.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import httpx
from tests.chaos.cluster import free_port

from benchmarks.machine import processor
from benchmarks.status_load import STRATEGY, call

FIGURES = ("map", "importance", "distribution")
"""Figures of the page that are in view."""

REDRAWN_SECONDS = 3.0
"""How often the page's script asks for its table and figures again, at most."""

BROWSER = {"Accept": "text/html", "X-Part": "1", "Sec-Fetch-Site": "same-origin"}
TICKS = os.sysconf("SC_CLK_TCK")


async def viewer(url: str, key: str, offset: float, until: float, times: dict[str, list[float]]) -> None:
    """One who has the page of an optimization open; errors are counted as answers of kind ``error``."""
    where = f"/optimizations/{key}"

    async def ask(client: httpx.AsyncClient, kind: str, path: str, **headers: str) -> None:
        began = time.perf_counter()
        answer = await client.get(path, headers=BROWSER | headers)
        times[kind if answer.status_code == 200 else "error"].append(time.perf_counter() - began)

    await asyncio.sleep(offset)
    # What a browser opens to a host, and the stream; the server closes idle connections after five seconds.
    limits = httpx.Limits(max_connections=7, keepalive_expiry=2.0)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
        try:
            await ask(client, "page", where)
            drawn = 0.0
            async with client.stream("GET", f"{where}/events", headers={"Accept": "text/event-stream"}) as stream:
                async for line in stream.aiter_lines():
                    if time.perf_counter() > until:
                        return
                    if line != "event: progress":
                        continue
                    await ask(client, "status", f"{where}/parts/status")
                    if time.perf_counter() - drawn > REDRAWN_SECONDS:
                        drawn = time.perf_counter()
                        asked = [ask(client, "table", f"{where}/parts/trials")]
                        asked += [ask(client, "figure", f"{where}/figures/{name}") for name in FIGURES]
                        await asyncio.gather(*asked)
        except (httpx.HTTPError, OSError) as error:
            times["error"].append(0.0)
            sys.stderr.write(f"{error!r}\n")


def seconds_of(pid: int) -> tuple[float, float]:
    """Processor seconds of a process itself, and of the processes that it started and that still live."""

    def spent(one: int) -> float:
        try:
            fields = Path(f"/proc/{one}/stat").read_text("utf-8").rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / TICKS

    def below(one: int) -> list[int]:
        try:
            found = [int(c) for t in Path(f"/proc/{one}/task").iterdir() for c in (t / "children").read_text().split()]
        except OSError:
            return []
        return [each for child in found for each in (child, *below(child))]

    return spent(pid), sum(map(spent, below(pid)))


async def watched(url: str, key: str, n: int, seconds: float) -> dict[str, list[float]]:
    """What some viewers waited for, by kind, in seconds."""
    times: dict[str, list[float]] = defaultdict(list)
    until = time.perf_counter() + seconds
    await asyncio.gather(*(viewer(url, key, 2.0 * i / max(n, 1), until, times) for i in range(n)))
    return times


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "busy.py"
        file.write_text(STRATEGY, "utf-8")
        environment = os.environ | {"TRADING_AI_HOME": f"{folder}/home"}
        ours = [sys.executable, "-m", "trading_ai.cli.main"]

        def run(*arguments: str) -> None:
            subprocess.run([*ours, *arguments], env=environment, check=True, capture_output=True)

        run("data", "import", "--sample", "EURUSD")
        run("backtest", "run", "--dataset", "latest", "--strategy", f"{file}:Busy")
        port = free_port()
        server = subprocess.Popen(
            [*ours, "serve", "--optimizer-port", str(port), "--pipeline-port", str(free_port())],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        try:
            for _ in range(600):
                try:
                    call(f"{url}/health")
                    break
                except OSError:
                    time.sleep(0.1)
            axes = [{"name": "work", "min_value": 0, "max_value": 9_999, "step": 1},
                    {"name": "stop_loss", "min_value": 10, "max_value": 100, "step": 10}]  # fmt: skip
            begun = call(f"{url}/api/v1/optimize", {"backtest_id": "latest", "parameters": axes})
            key = begun["optimization_id"]
            time.sleep(8.0)
            print(f"{os.cpu_count()} cores, {processor()}, {options.seconds:g} s each, load {os.getloadavg()[0]:.1f}\n")
            print("| viewers | trials/s | trials for each CPU second of workers | CPU of the server | CPU of workers |")
            print("| ---: | ---: | ---: | ---: | ---: |")
            times: dict[str, list[float]] = {}
            for n in (0, options.viewers):
                before, (own, workers) = call(f"{url}/api/v1/optimize/{key}/status"), seconds_of(server.pid)
                began = time.perf_counter()
                if n:
                    times = asyncio.run(watched(url, key, n, options.seconds))
                else:
                    time.sleep(options.seconds)
                took = time.perf_counter() - began
                done, (own_after, workers_after) = call(f"{url}/api/v1/optimize/{key}/status"), seconds_of(server.pid)
                trials = done["completed_tasks"] - before["completed_tasks"]
                worked = workers_after - workers
                print(
                    f"| {n} | {trials / took:,.1f} | {trials / worked if worked else float('nan'):,.1f} | "
                    f"{(own_after - own) / took:.0%} of a core | {worked / took:.0%} |"
                )
                if done["status"] != "running":
                    sys.stderr.write(f"the optimization is {done['status']}: nothing kept the cores busy\n")
            print("\n| answer | number | median ms | p95 ms | slowest ms |")
            print("| --- | ---: | ---: | ---: | ---: |")
            for kind, took_each in sorted(times.items()):
                high = statistics.quantiles(took_each, n=20)[18] if len(took_each) > 1 else took_each[0]
                figures = (statistics.median(took_each), high, max(took_each))
                print(f"| {kind} | {len(took_each):,} | " + " | ".join(f"{1e3 * f:,.0f}" for f in figures) + " |")
        finally:
            server.terminate()
            server.wait(30)


if __name__ == "__main__":
    main()
