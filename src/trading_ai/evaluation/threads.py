"""Threads that help the calling thread with its tasks, and wait parked in between."""

from __future__ import annotations

import _thread
import os
from collections.abc import Callable, Sequence

import numpy as np

from trading_ai._jit import READY, wait_ready

_ROUNDS = 20_000
"""How often the calling thread looks, without the interpreter, whether a helper is done before it goes to sleep: some
tenths of a millisecond. To be woken takes as long as a small sweep's preparation."""

_SETTLE = 3_000
"""How often it looks once more, some microseconds, while the helper gives the interpreter back and parks."""


class _Helper:
    """A thread that runs what it is given, again and again. Started once: that takes longer than to wake it."""

    def __init__(self) -> None:
        self._given, self._ended = _thread.allocate_lock(), _thread.allocate_lock()
        self._given.acquire()
        self._ended.acquire()
        self._work: Callable[[], object] = bool
        self._done = np.zeros(1, dtype=np.uint8)
        # Not `threading.Thread`, whose start waits until the new thread runs.
        _thread.start_new_thread(self._live, ())

    def _live(self) -> None:
        while True:
            self._given.acquire()
            self._work()
            self._work = bool  # what the work holds on to is not to outlive it
            self._ended.release()
            self._done[0] = READY

    def begin(self, work: Callable[[], None]) -> None:
        """Have it run something that raises nothing."""
        self._work = work
        self._done[0] = 0
        self._given.release()

    def wait(self) -> None:
        """Wait until it has run."""
        wait_ready(self._done, 0, _ROUNDS, _SETTLE)
        self._ended.acquire()


_parked: list[_Helper] = []

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_parked.clear)  # threads do not live on in a forked process


def run_tasks(tasks: Sequence[Callable[[], None]], n_helpers: int, first: Callable[[], None] | None = None) -> None:
    """Run all tasks, once, on this thread and `n_helpers` others; returns when they are done.

    Args:
        tasks: what to run.
        n_helpers: other threads, at most.
        first: what this thread runs before them, while the others have begun.

    Helpers are woken only here, because a thread that wakes while the calling one still prepares its tasks takes the
    interpreter from it.

    Raises:
        BaseException: the first error of a task, whichever thread it ran on; tasks not begun by then are left out.
    """
    pending = iter(tasks)  # whichever thread asks next gets the next one
    errors: list[BaseException] = []

    def drain() -> None:
        for task in pending:
            try:
                task()
            except BaseException as error:  # noqa: BLE001 - carried to the calling thread
                errors.append(error)
            if errors:
                return

    helpers = []
    for _ in range(min(n_helpers, len(tasks) - (first is None))):
        try:
            helpers.append(_parked.pop())
        except IndexError:
            helpers.append(_Helper())
        helpers[-1].begin(drain)
    if first is not None:
        try:
            first()
        except BaseException as error:  # noqa: BLE001 - raised when the helpers are done
            errors.append(error)
    if not errors:
        drain()
    for helper in helpers:
        helper.wait()
        _parked.append(helper)
    if errors:
        raise errors[0]
