"""Threads that live for one sweep and help the calling thread with its tasks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue


class Helpers:
    """Threads that help the calling one with a list of tasks; they end with the `with` block."""

    def __init__(self, n_helpers: int) -> None:
        self._waiting: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._errors: list[BaseException] = []
        self._threads = [threading.Thread(target=self._drain, daemon=True) for _ in range(n_helpers)]

    def __enter__(self) -> Helpers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for _thread in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def run(self, tasks: Sequence[Callable[[], None]]) -> None:
        """Run all tasks; returns when they are done.

        Raises:
            BaseException: the first error of a task, whichever thread it ran on.
        """
        for task in tasks:
            self._waiting.put(task)
        for _thread in range(len(self._threads) + 1):
            self._waiting.put(None)
        self._drain()
        for thread in self._threads:
            thread.join()
        if self._errors:
            raise self._errors[0]

    def _drain(self) -> None:
        while (task := self._waiting.get()) is not None:
            if self._errors:
                continue
            try:
                task()
            except BaseException as error:  # noqa: BLE001 - carried to the calling thread
                self._errors.append(error)
