"""A worker of the cluster: Celery's pool for the chunks, and a companion process that keeps the worker in sight.

The companion enters the worker's heartbeat, serves its /metrics and stands by as coordinator. It is a process of
its own, because Celery forks its pool, and threads and open connections do not survive a fork well.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import Any

from billiard.exceptions import WorkerLostError
from celery import signals

from trading_ai import telemetry
from trading_ai.bootstrap import Application
from trading_ai.errors import StorageError, TradingAIError
from trading_ai.executors.broker import QUEUE, TASK
from trading_ai.optimization.chunk_worker import ChunkWorker
from trading_ai.optimization.work import WORKER_SILENT_SECONDS, WorkerRecord

_TICK_SECONDS = 0.25
_HEARTBEAT_SECONDS = 2.0
_SLOTS_KEPT_SECONDS = 5.0

_log = logging.getLogger(__name__)


class _Pool:
    """One process of the pool; what it needs is made on first use, after the fork."""

    def __init__(self, worker_id: str) -> None:
        self._worker_id = worker_id
        self._slots = (0.0, 1)

    @cached_property
    def _application(self) -> Application:
        os.nice(5)  # an API or a database on the same machine answers first
        return Application()

    @cached_property
    def _chunks(self) -> ChunkWorker:
        application, owner = self._application, f"{self._worker_id}/{os.getpid()}"
        return ChunkWorker(
            application.store, application.artifacts, application.queue, self._worker_id, owner, n_slots=self._n_slots
        )

    def _n_slots(self) -> int:
        now = time.time()
        if now - self._slots[0] > _SLOTS_KEPT_SECONDS:
            alive = [w for w in self._application.queue.workers() if now - w.heartbeat_at <= WORKER_SILENT_SECONDS]
            self._slots = (now, max(sum(w.pool_size for w in alive), 1))
        return self._slots[1]

    def evaluate(self, chunk_id: int, optimization_id: str, start: int, stop: int) -> str:
        """Evaluate a chunk; what is returned is for the log only."""
        done = self._chunks.run(chunk_id)
        where = f"{optimization_id[:8]} {start}..{stop}"
        if done is None:
            return f"{where}: another worker has it, or it is not to be run"
        telemetry.observe_chunk(done.n_trials, done.n_failed, done.seconds)
        return f"{where}: {done.n_trials} trials in {done.seconds:.2f} s"


def run_worker(application: Application, concurrency: int) -> int:
    """Run a worker until it is told to stop; a SIGTERM lets it finish the chunks at hand.

    Args:
        application: for its settings.
        concurrency: processes of the pool.

    Returns:
        Exit code.
    """
    worker_id = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"
    app = application.broker.app
    pool = _Pool(worker_id)

    def evaluate(chunk_id: int, optimization_id: str, start: int, stop: int) -> str:
        return pool.evaluate(chunk_id, optimization_id, start, stop)

    app.task(name=TASK, ignore_result=True)(evaluate)

    def lost(exception: BaseException | None = None, kwargs: dict[str, Any] | None = None, **_: Any) -> None:
        if isinstance(exception, WorkerLostError) and kwargs:
            _give_back(worker_id, int(kwargs["chunk_id"]))

    signals.task_failure.connect(lost, weak=False)

    stop = _keep_companion(worker_id, concurrency)
    application.database.close()  # the pool is forked from here: it must not share connections
    try:
        arguments = [
            "worker", "--pool=prefork", f"--concurrency={concurrency}", f"--queues={QUEUE}", f"--hostname={worker_id}",
            "--without-gossip", "--without-mingle", f"--loglevel={application.settings.log_level}",
        ]  # fmt: skip
        app.worker_main(arguments)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0
    finally:
        stop()
    return 0


def _give_back(worker_id: str, chunk_id: int) -> None:
    """Return the chunk of a process of the pool that died, without waiting for its lease."""
    application = Application()
    try:
        for chunk in application.queue.chunks():
            if chunk.chunk_id == chunk_id and chunk.owner is not None and chunk.owner.startswith(f"{worker_id}/"):
                application.queue.give_back(chunk_id, chunk.owner, killed=True)
    except StorageError as error:
        _log.warning("a chunk comes back by its lease only", extra={"chunk_id": chunk_id, "reason": str(error)})
    finally:
        application.database.close()


def _keep_companion(worker_id: str, concurrency: int) -> Callable[[], None]:
    """Start the companion and start it again whenever it ends; returns what stops it for good."""
    command = [sys.executable, "-m", "trading_ai.worker", worker_id, str(concurrency), str(os.getpid())]
    ended = threading.Event()
    process = [subprocess.Popen(command)]

    def watch() -> None:
        while not ended.wait(1.0):
            if process[0].poll() is not None and not ended.is_set():
                _log.warning("the companion ended and is started again", extra={"code": process[0].returncode})
                process[0] = subprocess.Popen(command)

    thread = threading.Thread(target=watch, name="companion", daemon=True)
    thread.start()

    def stop() -> None:
        ended.set()
        thread.join()
        process[0].terminate()
        with suppress(subprocess.TimeoutExpired):
            process[0].wait(5.0)

    return stop


def companion(worker_id: str, concurrency: int, parent: int) -> None:
    """Keep a worker in sight until it ends: heartbeat, metrics, coordinator."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the worker decides
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    application = Application()
    telemetry.serve_metrics(application.settings.metrics_port)
    started, beaten = time.time(), 0.0
    coordinator = None
    while not ended.wait(_TICK_SECONDS) and os.getppid() == parent:
        try:
            now = time.time()
            if now - beaten >= _HEARTBEAT_SECONDS:
                host, pid = worker_id.split(":")[:2]
                memory = telemetry.resident_bytes(parent)
                record = WorkerRecord(worker_id, host, int(pid), "celery", concurrency, started, now, memory)
                application.queue.heartbeat(record)
                beaten = now
            coordinator = coordinator or application.coordinator(f"{worker_id}/companion")
            tick = coordinator.tick()
            if tick is not None:
                telemetry.count_actions(tick.actions)
        except TradingAIError as error:
            _log.warning("the database cannot be reached", extra={"reason": str(error)})
            ended.wait(1.0)
    with suppress(TradingAIError):
        if coordinator is not None:
            coordinator.leave()
        application.queue.remove_worker(worker_id)


if __name__ == "__main__":
    companion(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
