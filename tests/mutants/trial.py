"""Run tests on one mutant, in a process of its own that imports the mutated source instead of the file.

The libraries are imported once, before; each mutant then costs a fork, the import of this package and the tests. No
file is changed, so a run that is killed leaves nothing behind.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

import hypothesis
import numba
import numpy as np
import polars as pl
import pytest
import scipy.stats

from tests.mutants.areas import ROOT, module_name

IMPORTED = (np, pl, numba, scipy.stats)
"""Libraries that every test needs, imported before the processes fork."""


@dataclass(frozen=True)
class Outcome:
    """What the tests said.

    Attributes:
        is_killed: whether a test failed, or took far too long.
        how: the first test that failed, ``time``, or empty.
        seconds: it took.
    """

    is_killed: bool
    how: str
    seconds: float


class _Mutated(importlib.machinery.SourceFileLoader):
    """Loads a module from a given text."""

    text = ""

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.text, self.path, "exec")


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, module: Path, text: str) -> None:
        self.module, self.name, self.text = module, module_name(module), text

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        loader = _Mutated(fullname, str(self.module))
        loader.text = self.text
        return importlib.util.spec_from_file_location(fullname, self.module, loader=loader)


class _FirstFailure:
    """A plugin of pytest that keeps the name of the first test that failed."""

    def __init__(self) -> None:
        self.name = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.name:
            self.name = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.name:
            self.name = report.nodeid or "collection"


def prepare() -> None:
    """What the children share: plain kernels, the same examples for every mutant."""
    if not numba.config.DISABLE_JIT:
        raise SystemExit("Set NUMBA_DISABLE_JIT=1: the tests must run the mutated lines, not compiled ones.")
    quick = hypothesis.settings(
        derandomize=True,
        database=None,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.settings.register_profile("mutants", quick)
    hypothesis.settings.load_profile("mutants")
    os.chdir(ROOT)


def start(module: Path, text: str, tests: Sequence[str], limit_seconds: int) -> tuple[int, int]:
    """Fork a process that runs tests with `text` as the source of `module`.

    Returns:
        Its process id, and the descriptor of a pipe that tells the first failure.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    status = 2
    try:
        os.close(reading)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(limit_seconds)  # ends the process whatever it does
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        sys.dont_write_bytecode = True
        sys.meta_path.insert(0, _Finder(module, text))
        first = _FirstFailure()
        chosen = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:timeout", "-o", "addopts=", *tests]
        status = int(pytest.main([*chosen, "-o", "timeout=0"], plugins=[first]))
        if status == 0 and module_name(module) not in sys.modules:
            first.name = "not imported by any of the tests"
        os.write(writing, json.dumps(first.name).encode())
    finally:
        os._exit(status)


def finish(pid: int, reading: int, began: float) -> Outcome:
    """Wait for a process that `start` began at the monotonic time `began`."""
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(pid, 0)
    seconds = round(time.monotonic() - began, 1)
    if os.WIFSIGNALED(status):
        is_late = os.WTERMSIG(status) == signal.SIGALRM
        return Outcome(True, "time" if is_late else f"signal {os.WTERMSIG(status)}", seconds)
    return Outcome(os.WEXITSTATUS(status) != 0, json.loads(told) if told else "", seconds)
