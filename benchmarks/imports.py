"""Time and memory of imports: a million M1 rows of CSV, ten million ticks of bid and ask.

    python benchmarks/imports.py [--rows 1000000] [--ticks 10000000] [--folder /tmp]

Files are made first; each import runs in a process of its own, whose processor time (all threads) and largest memory
are what is printed. Budgets: 3 s and 300 MB for the bars, 30 s and 1 GB for the ticks.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

IMPORT = (
    "import resource, sys, time\n"
    "from trading_ai.importers.read import read_bars\n"
    "start = time.perf_counter()\n"
    "found = read_bars(sys.argv[1], symbol='EURUSD', timezone='UTC')\n"
    "wall = time.perf_counter() - start\n"
    "used = resource.getrusage(resource.RUSAGE_SELF)\n"
    # ru_maxrss is that of the process which started this one, where that was larger.
    "memory = next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1]\n"
    "print(len(found.bars), used.ru_utime + used.ru_stime, wall, int(memory) / 1024)\n"
)
MINUTE_MS, TICK_MS = 60_000, 250


def walk(n: int, seed: int, largest: int) -> np.ndarray:
    """A price in points that never leaves 1.2 by much."""
    steps = np.random.default_rng(seed).integers(-largest, largest + 1, n)
    return 120_000 + np.clip(np.cumsum(steps), -15_000, 15_000)


def stamps(first: str, step_ms: int, start: int, n: int, form: str) -> list[str]:
    times = np.datetime64(first, "ms") + (start + np.arange(n)) * np.timedelta64(step_ms, "ms")
    texts = np.datetime_as_string(times, unit="ms")
    return [text[:10] + " " + text[11:19] if form == "s" else text[:10] + " " + text[11:] for text in texts]


def make_bars(path: Path, n: int) -> None:
    with path.open("w") as file:
        file.write("time,open,high,low,close,volume\n")
        close = walk(n, 1, 9)
        open_ = np.concatenate(([120_000], close[:-1]))
        high, low = np.maximum(open_, close) + 3, np.minimum(open_, close) - 3
        for start in range(0, n, 100_000):
            part = slice(start, min(n, start + 100_000))
            times = stamps("2018-01-01", MINUTE_MS, start, part.stop - start, "s")
            rows = zip(times, open_[part], high[part], low[part], close[part], strict=True)
            file.writelines(
                f"{t},{o / 1e5:.5f},{h / 1e5:.5f},{lo / 1e5:.5f},{c / 1e5:.5f},{start % 7 + 50}\n"
                for t, o, h, lo, c in rows
            )


def make_ticks(path: Path, n: int) -> None:
    with path.open("w") as file:
        file.write("time,bid,ask\n")
        bid = walk(n, 2, 2)
        for start in range(0, n, 100_000):
            stop = min(n, start + 100_000)
            times = stamps("2021-01-04", TICK_MS, start, stop - start, "ms")
            file.writelines(
                f"{t},{b / 1e5:.5f},{(b + 2) / 1e5:.5f}\n" for t, b in zip(times, bid[start:stop], strict=True)
            )


def measure(what: str, path: Path, n: int, seconds: float, megabytes: float) -> bool:
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, str(path)], capture_output=True, text=True, check=True, env=os.environ
    )
    n_bars, cpu, wall, memory = done.stdout.split()
    whole = time.perf_counter() - began
    fits = float(cpu) < seconds and float(memory) < megabytes
    print(
        f"{what}: {n:,} rows, {path.stat().st_size / 1e6:,.0f} MB -> {int(n_bars):,} bars; processor {float(cpu):.2f} s"
        f" (start of Python included), read_bars {float(wall):.2f} s, process {whole:.2f} s, memory "
        f"{float(memory):,.0f} MB; {'within' if fits else 'OVER'} {seconds:g} s and {megabytes:g} MB"
    )
    return fits


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--ticks", type=int, default=10_000_000)
    parser.add_argument("--folder", default=None)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        bars, ticks = Path(folder) / "bars.csv", Path(folder) / "ticks.csv"
        fits = []
        if given.rows:
            make_bars(bars, given.rows)
            fits.append(measure("bars", bars, given.rows, 3, 300))
        if given.ticks:
            make_ticks(ticks, given.ticks)
            fits.append(measure("ticks", ticks, given.ticks, 30, 1024))
    return 0 if all(fits) else 1


if __name__ == "__main__":
    sys.exit(main())
