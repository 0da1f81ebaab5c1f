"""Time one system on one workload in a process of its own: ``python -m benchmarks.measure SYSTEM DATA GRID``

Prints one JSON document. The data is loaded and the system warmed up before the clock starts; the results
are used (summed, and their number checked), so that no lazy system gets away with nothing.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import resource
import statistics
import sys
import time

import numpy as np

from benchmarks.machine import versions
from benchmarks.workloads import DATA, grid

MAX_SECONDS = 120.0  # a system that would need more for the workload gets fewer combinations
LEAST_SECONDS = 0.5  # repeat for at least so long
REPEAT_SECONDS = 60.0  # stop repeating after this long, however few repetitions that makes
SMALL_SECONDS = 0.01  # workloads shorter than this are timed back to back
MAX_CELLS = 60_000_000  # systems that hold bars x combinations would need more memory than machines have


def peak_rss_mb() -> tuple[float, float]:
    """Peak resident memory of this process and of its largest child, in MB."""
    unit = 1024.0 if sys.platform != "darwin" else 1024.0 * 1024.0
    own, children = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own / unit, children / unit


def measure(system: str, data_name: str, grid_name: str, repetitions: int) -> dict:
    """Load, warm up, time, and say how it went."""
    module = importlib.import_module("benchmarks.ours" if system == "ours" else f"benchmarks.peers.{system}")
    data, space = DATA[data_name](), grid(grid_name, data_name)
    run = module.prepare(data)
    arguments = getattr(module, "arguments", lambda listed: listed)  # of a call, from the list of combinations
    holds_everything = system not in {"ours", "qrucible_grid", "backtesting_py"}
    n = min(len(space), max(1, MAX_CELLS // len(data))) if holds_everything else len(space)

    # Two warm-ups: the first pays imports and compilation, the second tells how long the workload will take.
    probe = space.sample(min(n, 4))
    run(arguments(probe))
    start = time.perf_counter()
    run(arguments(probe))
    expected = (time.perf_counter() - start) / len(probe) * n
    if system != "ours" and expected > MAX_SECONDS:
        n = max(1, int(n * MAX_SECONDS / 2 / expected))
    combinations = space.sample(n)
    asked = arguments(combinations)
    if expected < 5.0:
        for _ in range(2):  # the first starts threads
            start = time.perf_counter()
            run(asked)
            expected = time.perf_counter() - start

    def repeat(collect: bool) -> tuple[list[float], float]:
        times, total = [], 0.0
        began = time.perf_counter()
        # A workload of milliseconds is repeated until it has had a second: seven would time the first ones only.
        while (len(times) < repetitions or sum(times) < LEAST_SECONDS) and (
            not times or time.perf_counter() - began < REPEAT_SECONDS
        ):
            if collect:
                gc.collect()
            run = module.prepare(data)  # anew each time, so that nothing is remembered between repetitions
            start = time.perf_counter()
            profit = run(asked)
            total += float(np.nansum(profit))
            times.append(time.perf_counter() - start)
            if len(profit) != len(combinations):
                raise SystemExit(f"{system} returned {len(profit)} results for {len(combinations)} combinations")
        return times, total / len(times)

    # Large workloads after a collection, or the peak would count what an earlier repetition left in reference cycles.
    # Small ones back to back, as timeit does: a full collection leaves the processor's caches cold, which can take as
    # long as the workload; how long it takes then is told beside it.
    small = expected < SMALL_SECONDS
    cold = min(repeat(collect=True)[0]) if small else None
    times, checksum = repeat(collect=not small)
    own, children = peak_rss_mb()
    best, median = min(times), statistics.median(times)
    return {
        "system": system,
        "name": module.NAME,
        "note": module.NOTE,
        "version": versions()[module.PACKAGE],
        "data": data_name,
        "grid": grid_name,
        "n_bars": len(data),
        "n_combinations": len(combinations),
        "n_grid": len(space),
        "repetitions": len(times),
        "best_seconds": best,
        "median_seconds": median,
        "best_per_second": len(combinations) / best,
        "median_per_second": len(combinations) / median,
        "peak_rss_mb": own,
        "children_rss_mb": children,
        "cold_best_seconds": cold,
        "checksum": checksum,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("system")
    parser.add_argument("data", choices=sorted(DATA))
    parser.add_argument("grid")
    parser.add_argument("--repetitions", type=int, default=7)
    arguments = parser.parse_args()
    os.environ["RAPTORBT_NO_VERSION_CHECK"] = "1"  # importing it would ask the network otherwise
    os.environ["TQDM_DISABLE"] = "1"
    result = measure(arguments.system, arguments.data, arguments.grid, arguments.repetitions)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
