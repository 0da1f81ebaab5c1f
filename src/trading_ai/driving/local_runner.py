"""Runs whatever optimizations are marked as running, on this machine: what a server without a broker does."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from trading_ai.driving.here import Progress
from trading_ai.driving.queue import HEARTBEAT_SECONDS, WorkerRecord, WorkQueue
from trading_ai.driving.service import OptimizationService
from trading_ai.errors import ChangedError, StateError, StorageError, TradingAIError, TransientError, said

_LOOK_SECONDS = 0.2
_AT_ONCE = 8
_RETRY_SECONDS = 5.0
_TROUBLE_SECONDS = 60.0
"""How long the database may fail for an optimization before it fails."""

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
        self._not_before: dict[str, float] = {}
        self._begun: dict[str, float] = {}
        self._trouble: dict[str, float] = {}  # since when the database fails for one
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
                # Those that were not begun yet first, then the one that was begun longest ago: what comes back again
                # and again, because it cannot even be marked as failed, takes nobody's place.
                for key in sorted(self._queue.running(), key=lambda key: self._begun.get(key, 0.0)):
                    if key in self._threads or self._clock() < self._not_before.get(key, 0.0):
                        continue
                    if len(self._threads) < _AT_ONCE:
                        thread = threading.Thread(target=self._drive, args=(key,), name=f"run-{key[:8]}")
                        self._begun[key] = self._clock()
                        thread.start()
                        self._threads[key] = thread
            except TradingAIError as error:
                _log.warning("the database cannot be reached", extra={"reason": str(error)})
            except Exception:  # noqa: BLE001 - it must outlive whatever one look brings
                _log.exception("the runner stumbled and goes on")
            self._look.wait(_LOOK_SECONDS)
            self._look.clear()

    def _drive(self, key: str) -> None:
        told = _Told(self._queue, self._worker.worker_id)
        try:
            self._service.serve(key, n_workers=self._n_workers, report=told, stop=self._ended.is_set)
            self._trouble.pop(key, None)
        except Exception as error:  # noqa: BLE001 - whatever one optimization raises ends that one only
            # Not at once again, and in no thread: others wait for theirs.
            self._not_before[key] = self._clock() + (1.0 if isinstance(error, StateError) else _RETRY_SECONDS)
            if self._is_for_now(key, error, has_begun=told.has_begun):
                _log.info("not run here for now", extra={"optimization_id": key, "reason": str(error)})
                return
            log = _log.error if isinstance(error, TradingAIError) else _log.exception
            log("the optimization ended", extra={"optimization_id": key, "reason": said(error)})
            self._fail(key, error)

    def _is_for_now(self, key: str, error: Exception, *, has_begun: bool) -> bool:
        """Whether it may go on in a moment: another process runs it, or the database was away."""
        if not isinstance(error, TransientError):
            return isinstance(error, StateError) and not isinstance(error, ChangedError)
        now = self._clock()
        if has_begun:
            self._trouble.pop(key, None)
        return now - self._trouble.setdefault(key, now) < _TROUBLE_SECONDS

    def _fail(self, key: str, error: Exception) -> None:
        try:
            self._service.store.change_status(key, ("running",), "failed", self._clock(), said(error))
        except Exception:  # noqa: BLE001 - it is tried again, from the start
            _log.exception("could not be marked as failed", extra={"optimization_id": key})


class _Told:
    """Counts for this machine, among the workers, what one run has done."""

    def __init__(self, queue: WorkQueue, worker_id: str) -> None:
        self._queue, self._worker_id = queue, worker_id
        self._n_run, self._n_failed, self._seconds = 0, 0, 0.0

    @property
    def has_begun(self) -> bool:
        """Whether any trial was run."""
        return self._n_run > 0

    def __call__(self, progress: Progress) -> None:
        more = (
            progress.n_run - self._n_run,
            progress.n_failed - self._n_failed,
            progress.busy_seconds - self._seconds,
        )
        self._n_run, self._n_failed, self._seconds = progress.n_run, progress.n_failed, progress.busy_seconds
        try:
            self._queue.count(self._worker_id, *more)
        except StorageError as error:  # a figure for people: no reason to end a run
            _log.warning("trials could not be counted for this machine", extra={"reason": str(error)})
