"""Threads that live for one sweep and help the calling thread with its tasks."""

from __future__ import annotations

import _thread
from _thread import LockType
from collections.abc import Callable, Sequence


def run_tasks(tasks: Sequence[Callable[[], None]], n_helpers: int) -> None:
    """Run all tasks, once, on this thread and `n_helpers` others; returns when they are done.

    The threads are started through `_thread`, because `threading.Thread.start` waits until the new thread runs,
    which can take as long as a whole small sweep; and only here, because a thread that wakes while the calling one
    still prepares its tasks takes the interpreter from it.

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

    def help_out(ended: LockType) -> None:
        try:
            drain()
        finally:
            ended.release()

    ends = [_thread.allocate_lock() for _ in range(min(n_helpers, len(tasks) - 1))]
    for ended in ends:
        ended.acquire()
        _thread.start_new_thread(help_out, (ended,))
    drain()
    for ended in ends:
        ended.acquire()  # waits until that thread releases it
    if errors:
        raise errors[0]
