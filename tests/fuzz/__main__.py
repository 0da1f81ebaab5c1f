"""Many random cases: ``python -m tests.fuzz [AREA ...] [--cases 1000000] [--first 0] [--workers 2]``.

An area is a module of this package with ``check(number, folder)``, which returns the outcome in a word, or raises. A
case is made of its number alone. Ends with 1 where a case failed, took too long or the memory grew beyond the limit.
"""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import os
import sys
import time

from tests.fuzz.running import run

AREAS = ("imports", "reports", "api", "sql")
CASES = {"sql": 10_000}
"""Cases of areas of which a million would take hours: each is a question to another process."""
MEMORY = 1024  # MB of one process
SHOWN = 10
PIECE = 1000


def main() -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("areas", nargs="*", metavar="AREA", help="of " + ", ".join(AREAS) + "; all if left out")
    parser.add_argument("--cases", type=int, help="of each area; 1,000,000, and 10,000 of sql, if left out")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    unknown = set(given.areas) - set(AREAS)
    if unknown:
        parser.error(f"AREA must be one of {', '.join(AREAS)}, not {', '.join(sorted(unknown))}")
    failed = False
    with multiprocessing.get_context("spawn").Pool(given.workers) as pool:
        for area in given.areas or AREAS:
            began = time.monotonic()
            cases = given.cases or CASES.get(area, 1_000_000)
            stop = given.first + cases
            pieces = [(area, first, min(PIECE, stop - first)) for first in range(given.first, stop, PIECE)]
            outcomes: collections.Counter[str] = collections.Counter()
            n_failures, memory = 0, 0.0
            for found, failures, used in pool.starmap(run, pieces, chunksize=1):
                outcomes += found
                memory = max(memory, used)
                for failure in failures[: max(0, SHOWN - n_failures)]:
                    print(failure, file=sys.stderr)
                n_failures += len(failures)
            told = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(outcomes.items()))
            seconds = time.monotonic() - began
            print(
                f"{area}: {cases:,} cases in {seconds:.0f} s: {told}; {n_failures:,} failures; memory {memory:,.0f} MB"
            )
            failed |= n_failures > 0 or memory > MEMORY
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
