"""Which functions of this package Numba compiles while something runs, and how long that takes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from numba.core import event


class _Recorder(event.Listener):
    """Adds up seconds by function; one that another waits for counts for both."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._begun: dict[int, float] = {}

    @staticmethod
    def _name(happened: Any) -> str:
        function = happened.data["dispatcher"].py_func
        return f"{function.__module__}.{function.__qualname__}"

    def on_start(self, happened: Any) -> None:
        self._begun[id(happened.data)] = time.perf_counter()

    def on_end(self, happened: Any) -> None:
        began = self._begun.pop(id(happened.data), None)
        name = self._name(happened)
        if began is not None and name.startswith("trading_ai."):
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - began, 2)


@contextlib.contextmanager
def watched() -> Iterator[dict[str, float]]:
    """Within, the seconds that compiling took by function's name; loading from the cache is not compiling."""
    recorder = _Recorder()
    with event.install_listener("numba:compile", recorder):
        yield recorder.seconds
