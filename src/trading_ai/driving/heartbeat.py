"""A lease that is extended while something goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_log = logging.getLogger(__name__)


@contextmanager
def beating(extend: Callable[[], bool], every_seconds: float, name: str) -> Iterator[None]:
    """Extend a lease every few seconds from a thread of its own, until the block ends or the lease is lost.

    Args:
        extend: extends it; False says that it is lost. A database that cannot be reached now and then is harmless:
            a lease outlives several beats.
        every_seconds: between two beats.
        name: the thread's.
    """
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(every_seconds):
            try:
                if not extend():
                    return
            except Exception:  # noqa: BLE001 - one missed beat is harmless, a thread that ends loses the lease
                _log.warning("a beat was missed", extra={"lease": name}, exc_info=True)

    thread = threading.Thread(target=beat, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
