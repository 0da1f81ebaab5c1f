"""Work that a request begins and does not wait for: its answer comes at once, the rest is done beside it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from trading_ai.errors import TradingAIError

_KEPT = 100

_log = logging.getLogger(__name__)


class Beginnings:
    """Threads of one server that begin parts one after the other, each set of parts by one of them.

    What is left when the server ends is begun by the next request that asks for the same.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}
        self._errors: dict[str, TradingAIError] = {}

    def begin(self, key: str, steps: Sequence[Callable[[], object]], wait_seconds: float) -> bool:
        """Do the steps beside this request, unless a thread does so already; wait a moment for its end.

        Args:
            key: names the set of steps.
            steps: done one after the other.
            wait_seconds: how long to wait.

        Returns:
            Whether some are still to be done.

        Raises:
            TradingAIError: a step raised it, now or since the last request that asked.
        """
        with self._lock:
            thread = self._threads.get(key)
            if thread is None and steps and key not in self._errors:
                thread = threading.Thread(target=self._run, args=(key, steps), name="beginnings", daemon=True)
                self._threads[key] = thread
                thread.start()
        if thread is not None:
            thread.join(wait_seconds)
        with self._lock:
            error = self._errors.pop(key, None)
            if error is not None:
                raise error
            return key in self._threads

    def _run(self, key: str, steps: Sequence[Callable[[], object]]) -> None:
        error: TradingAIError | None = None
        try:
            for step in steps:
                step()
        except TradingAIError as raised:
            error = raised
        except Exception as raised:  # noqa: BLE001 - the next request is told
            _log.exception("what a request began could not be gone on with")
            error = TradingAIError(f"a part could not be begun: {type(raised).__name__}: {raised}")
        with self._lock:
            del self._threads[key]
            if error is not None:
                self._errors[key] = error
                while len(self._errors) > _KEPT:
                    del self._errors[next(iter(self._errors))]
