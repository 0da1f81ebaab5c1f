"""How fast the status of an optimization is told while it runs: ``python -m benchmarks.status_load``

Starts `trading-ai serve` with an optimization that keeps every core busy, and clients that ask for its status once a
second, each over a connection of its own, all of them at different moments of the second. The clients share the
cores with the server and the optimization, as a dashboard on the same machine would. Prints Markdown.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tests.chaos.cluster import free_port

from benchmarks.machine import processor

STRATEGY = '''
import numpy as np
from trading_ai import Int, Signals, Strategy


class Busy(Strategy):
    """Signals that take about as long as they are told, in milliseconds, of pure computing."""

    work = Int(0, 0, 10_000_000)

    def signals(self, bars, work):
        total = 0.0
        for i in range(200):
            total += np.sort(np.sin(bars.close * (work + i)))[0]
        place = np.arange(len(bars)) % 50
        return Signals(long_entry=place == int(total) % 7, short_entry=place == 25)
'''


def call(url: str, body: dict | None = None) -> dict:
    """A JSON answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


async def client(port: int, path: str, offset: float, until: float, times: list[float], errors: list[str]) -> None:
    """Ask once a second over one connection."""
    await asyncio.sleep(offset)
    text = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    reader = writer = None
    while (began := time.perf_counter()) < until:
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(text)
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            length = next(
                int(line.split(b":")[1]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:"
            )
            await reader.readexactly(length)
            if b" 200 " not in head.split(b"\r\n", 1)[0]:
                errors.append(head.split(b"\r\n", 1)[0].decode())
            times.append(time.perf_counter() - began)
        except (OSError, EOFError, TimeoutError, asyncio.IncompleteReadError) as error:
            errors.append(repr(error))
            writer = None
        await asyncio.sleep(max(1.0 - (time.perf_counter() - began), 0.0))
    if writer is not None:
        writer.close()


async def load(port: int, path: str, n_clients: int, seconds: float) -> tuple[list[float], list[str]]:
    """Response times in seconds, and errors, of some clients at once."""
    times: list[float] = []
    errors: list[str] = []
    until = time.perf_counter() + seconds
    await asyncio.gather(*(client(port, path, i / n_clients, until, times, errors) for i in range(n_clients)))
    return times, errors


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "busy.py"
        file.write_text(STRATEGY, "utf-8")
        environment = os.environ | {"TRADING_AI_HOME": f"{folder}/home"}
        ours = [sys.executable, "-m", "trading_ai.cli.main"]

        def run(*arguments: str) -> dict:
            done = subprocess.run([*ours, *arguments, "--json"], env=environment, check=True, capture_output=True)
            return json.loads(done.stdout)

        run("data", "import", "--sample", "EURUSD")
        backtest = run("backtest", "run", "--dataset", "latest", "--strategy", f"{file}:Busy")["id"]
        port = free_port()
        server = subprocess.Popen(
            [*ours, "serve", "--optimizer-port", str(port), "--pipeline-port", str(free_port())],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        try:
            for _ in range(200):
                try:
                    call(f"{url}/health")
                    break
                except OSError:
                    time.sleep(0.1)
            axis = {"name": "work", "min_value": 0, "max_value": 99_999, "step": 1}
            key = call(f"{url}/api/v1/optimize", {"backtest_id": backtest, "parameters": [axis]})["optimization_id"]
            path = f"/api/v1/optimize/{key}/status"
            time.sleep(3.0)
            print(f"{os.cpu_count()} cores, {processor()}, {options.seconds:g} s each\n")
            print("| clients, each once a second | answers | errors | median ms | p99 ms | slowest ms | trials/s |")
            print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
            for n_clients in options.clients:
                before = call(url + path)["completed_tasks"]
                times, errors = asyncio.run(load(port, path, n_clients, options.seconds))
                done = call(url + path)
                cuts = statistics.quantiles(times, n=100)
                rate = (done["completed_tasks"] - before) / options.seconds
                figures = (cuts[49] * 1e3, cuts[98] * 1e3, max(times) * 1e3, rate)
                print(
                    f"| {n_clients} | {len(times):,} | {len(errors)} | "
                    + " | ".join(f"{f:.1f}" for f in figures)
                    + " |"
                )
                for text in sorted(set(errors))[:3]:
                    sys.stderr.write(f"{text}\n")
                if done["status"] != "running":
                    sys.stderr.write(f"the optimization is {done['status']}: nothing kept the cores busy\n")
        finally:
            server.terminate()
            server.wait(30)


if __name__ == "__main__":
    main()
