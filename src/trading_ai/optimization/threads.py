"""Threads that live for one sweep and help the calling thread with its tasks."""

from __future__ import annotations

import _thread
from collections.abc import Callable, Sequence
from queue import SimpleQueue


class Helpers:
    """Threads that help the calling one with a list of tasks; they end with the `with` block.

    They are started through `_thread`, because `threading.Thread.start` waits until the new thread runs, which
    can take as long as a whole small sweep.
    """

    def __init__(self, n_helpers: int) -> None:
        self._n_helpers = max(n_helpers, 0)
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._ended: SimpleQueue[None] = SimpleQueue()
        self._errors: list[BaseException] = []

    def __enter__(self) -> Helpers:
        for _ in range(self._n_helpers):
            _thread.start_new_thread(self._help, ())
        return self

    def __exit__(self, *_: object) -> None:
        self._dismiss()

    def run(self, tasks: Sequence[Callable[[], None]]) -> None:
        """Run all tasks, once; returns when they are done.

        Raises:
            BaseException: the first error of a task, whichever thread it ran on.
        """
        for task in tasks:
            self._waiting.put(task)
        # One end for each thread that drains, this one included: whoever is first takes no other's.
        for _ in range(self._n_helpers + 1):
            self._waiting.put(None)
        self._drain()
        for _ in range(self._n_helpers):
            self._ended.get()
        self._n_helpers = 0
        if self._errors:
            raise self._errors[0]

    def _dismiss(self) -> None:
        for _ in range(self._n_helpers):
            self._waiting.put(None)
        for _ in range(self._n_helpers):
            self._ended.get()

    def _help(self) -> None:
        try:
            self._drain()
        finally:
            self._ended.put(None)

    def _drain(self) -> None:
        while (task := self._waiting.get()) is not None:
            if self._errors:
                continue
            try:
                task()
            except BaseException as error:  # noqa: BLE001 - carried to the calling thread
                self._errors.append(error)
