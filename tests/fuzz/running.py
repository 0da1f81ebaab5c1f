"""Checking many cases of an area, one after another."""

from __future__ import annotations

import collections
import importlib
import resource
import tempfile
import time
import traceback
from pathlib import Path

from polars.exceptions import PanicException

LONGEST = 10.0  # seconds of one case


def run(area: str, first: int, n_cases: int) -> tuple[collections.Counter[str], list[str], float]:
    """Check cases one after another: outcomes, failures in words, largest memory in MB."""
    check = importlib.import_module(f"tests.fuzz.{area}").check
    outcomes: collections.Counter[str] = collections.Counter()
    failures = []
    shared_memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared_memory if shared_memory.is_dir() else None) as folder:
        for number in range(first, first + n_cases):
            began = time.monotonic()
            try:
                outcomes[check(number, Path(folder))] += 1
            except (Exception, PanicException):  # noqa: BLE001 - whatever it is; a panic in polars is no Exception
                failures.append(f"{area} {number}:\n{traceback.format_exc(limit=-6)}")
            if time.monotonic() - began > LONGEST:
                failures.append(f"{area} {number}: took {time.monotonic() - began:.1f} s")
    return outcomes, failures, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
