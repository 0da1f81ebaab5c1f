"""Runs whatever optimizations are marked as running, on this machine: what a server without a broker does."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from trading_ai.driving.queue import HEARTBEAT_SECONDS, WorkerRecord, WorkQueue
from trading_ai.driving.service import OptimizationService
from trading_ai.errors import StateError, StorageError, TradingAIError, said

_LOOK_SECONDS = 0.2
_AT_ONCE = 8

_log = logging.getLogger(__name__)


class LocalRunner:
    """A thread for each running optimization; those of a server that was killed go on with the next one.

    Args:
        service: what runs them.
        queue: says what is marked as running; takes the heartbeat of this machine.
        worker: how this machine is entered among the workers.
        n_workers: worker processes for each optimization; None to choose by its expected time.
        memory: resident memory of this server, bytes.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        service: OptimizationService,
        queue: WorkQueue,
        worker: WorkerRecord,
        n_workers: int | None,
        memory: Callable[[], int] = lambda: 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._service, self._queue, self._worker = service, queue, worker
        self._n_workers, self._memory, self._clock = n_workers, memory, clock
        self._ended, self._look = threading.Event(), threading.Event()
        self._threads: dict[str, threading.Thread] = {}
        self._main = threading.Thread(target=self._run, name="local-runner", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._main.start()

    def wake(self) -> None:
        """Look for new work at once."""
        self._look.set()

    def stop(self) -> None:
        """Save the chunks under way and end; what was running goes on with the next server."""
        self._ended.set()
        self._look.set()
        self._main.join()
        for thread in list(self._threads.values()):
            thread.join()
        self._queue.remove_worker(self._worker.worker_id)

    def _run(self) -> None:
        beaten = 0.0
        while not self._ended.is_set():
            try:
                if self._clock() - beaten >= HEARTBEAT_SECONDS:
                    beaten = self._clock()
                    self._queue.heartbeat(
                        WorkerRecord(**{**vars(self._worker), "heartbeat_at": beaten, "memory_bytes": self._memory()})
                    )
                self._threads = {key: t for key, t in self._threads.items() if t.is_alive()}
                for key in self._queue.running():
                    if key not in self._threads and len(self._threads) < _AT_ONCE:
                        self._threads[key] = threading.Thread(target=self._drive, args=(key,), name=f"run-{key[:8]}")
                        self._threads[key].start()
            except StorageError as error:
                _log.warning("the database cannot be reached", extra={"reason": str(error)})
            self._look.wait(_LOOK_SECONDS)
            self._look.clear()

    def _drive(self, key: str) -> None:
        try:
            self._service.serve(key, n_workers=self._n_workers, stop=self._ended.is_set)
        except StateError as error:  # another process runs it, or it was cancelled meanwhile
            _log.info("not run here", extra={"optimization_id": key, "reason": str(error)})
            self._ended.wait(1.0)
        except Exception as error:  # noqa: BLE001 - whatever one optimization raises ends that one only
            log = _log.error if isinstance(error, TradingAIError) else _log.exception
            log("the optimization ended", extra={"optimization_id": key, "reason": said(error)})
            self._service.store.change_status(key, ("running",), "failed", self._clock(), said(error))
