"""A worker of the cluster: Celery's pool for the chunks, and a companion process that keeps the worker in sight.

A small process keeps both alive. The companion enters the worker's heartbeat, serves its /metrics and stands by as
coordinator. It is a process of its own, because Celery forks its pool, and threads and open connections do not
survive a fork well.
"""

from __future__ import annotations

import ctypes
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
from billiard.exceptions import WorkerLostError
from celery import signals

from trading_ai.bootstrap import Application
from trading_ai.driving.chunk_worker import ChunkWorker
from trading_ai.driving.queue import WORKER_SILENT_SECONDS, WorkerRecord
from trading_ai.errors import StorageError, TradingAIError
from trading_ai.executors.broker import QUEUE, TASK
from trading_ai.executors.pool import PoolMarks, PoolWatch
from trading_ai.settings import Settings
from trading_ai.telemetry import logs, measures, processes
from trading_ai.warm import warm

_TICK_SECONDS = 0.25
_HEARTBEAT_SECONDS = 2.0
_SLOTS_KEPT_SECONDS = 5.0
_GRACE_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1

_log = logging.getLogger(__name__)


class _Pool:
    """One process of the pool; what it needs is made on first use, after the fork."""

    def __init__(self, worker_id: str, marks: PoolMarks) -> None:
        self._worker_id, self._marks = worker_id, marks
        self._slots = (0.0, 1)

    def prepare(self) -> None:
        """Load what the first chunk needs, before messages come; then say that this process is ready."""
        with suppress(TradingAIError):  # a database that is away is waited for by the first chunk
            self._chunks  # noqa: B018 - makes it
        self._marks.ready()

    @cached_property
    def _application(self) -> Application:
        os.nice(5)  # an API or a database on the same machine answers first
        return Application()

    @cached_property
    def _chunks(self) -> ChunkWorker:
        application, owner = self._application, f"{self._worker_id}/{os.getpid()}"
        return ChunkWorker(
            application.store, application.artifacts, application.queue, self._worker_id, owner,
            n_slots=self._n_slots, sleep=time.sleep,
        )  # fmt: skip

    def _n_slots(self) -> int:
        now = time.time()
        if now - self._slots[0] > _SLOTS_KEPT_SECONDS:
            alive = [w for w in self._application.queue.workers() if now - w.heartbeat_at <= WORKER_SILENT_SECONDS]
            self._slots = (now, max(sum(w.pool_size for w in alive), 1))
        return self._slots[1]

    def evaluate(self, chunk_id: int, optimization_id: str, start: int, stop: int) -> str:
        """Evaluate a chunk; what is returned is for the log only."""
        with self._marks.at_work():
            done = self._chunks.run(chunk_id, optimization_id)
        where = f"{optimization_id[:8]} {start}..{stop}"
        if done is None:
            return f"{where}: another worker has it, it was given back, or it is not to be run"
        measures.observe_chunk(done.n_trials, done.n_failed, done.seconds)
        return f"{where}: {done.n_trials} trials in {done.seconds:.2f} s"


def run_worker(application: Application, concurrency: int) -> int:
    """Run a worker until it is told to stop: Celery's pool and the companion, each started again whenever it ends.

    A SIGTERM lets the pool finish the chunks at hand. Celery ends now and then when Redis comes and goes; a worker
    must not end with it.

    Args:
        application: for its settings.
        concurrency: processes of the pool.

    Returns:
        Exit code.
    """
    processes.share_metrics_between_processes()
    application.database.close()
    worker_id = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    marks = tempfile.mkdtemp(prefix="trading-ai-pool-")
    parts: dict[str, subprocess.Popen[bytes]] = {}
    while not stopping.wait(_TICK_SECONDS):
        for part in ("pool", "companion"):
            if part in parts and parts[part].poll() is None:
                continue
            if part in parts:
                _log.warning("the %s ended and is started again", part, extra={"code": parts[part].returncode})
                stopping.wait(1.0)
            command = [sys.executable, "-m", "trading_ai.worker", part, worker_id, str(concurrency), str(os.getpid())]
            parts[part] = subprocess.Popen([*command, marks])
    code = 0
    for part, seconds in (("pool", _GRACE_SECONDS), ("companion", 5.0)):
        if part not in parts:
            continue
        parts[part].terminate()
        try:
            code = max(code, parts[part].wait(seconds))
        except subprocess.TimeoutExpired:  # its chunks come back by their leases
            parts[part].kill()
            parts[part].wait()
    shutil.rmtree(marks, ignore_errors=True)
    return code


def pool(worker_id: str, concurrency: int, marks: PoolMarks) -> None:
    """Run Celery's pool until it is told to stop."""
    application = Application()
    app = application.broker.app
    member = _Pool(worker_id, marks)

    def evaluate(chunk_id: int, optimization_id: str, start: int, stop: int) -> str:
        return member.evaluate(chunk_id, optimization_id, start, stop)

    app.task(name=TASK, ignore_result=True)(evaluate)

    def lost(exception: BaseException | None = None, kwargs: dict[str, Any] | None = None, **_: Any) -> None:
        if isinstance(exception, WorkerLostError) and kwargs:
            _give_back(worker_id, int(kwargs["chunk_id"]))

    def begun(**_: Any) -> None:
        member.prepare()

    signals.task_failure.connect(lost, weak=False)
    signals.worker_process_init.connect(begun, weak=False)
    warm()  # compiled code is loaded once, before the fork, and not by each process anew
    application.database.close()  # the pool is forked from here: it must not share connections
    arguments = [
        "worker", "--pool=prefork", f"--concurrency={concurrency}", f"--queues={QUEUE}", f"--hostname={worker_id}",
        "--without-gossip", "--without-mingle", f"--loglevel={application.settings.log_level}",
    ]  # fmt: skip
    app.worker_main(arguments)


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


def _end_with(parent: int) -> None:
    """End this process when its parent does, however that ends (on Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(0)


def _pool_of(parent: int) -> psutil.Process | None:
    """The main process of the pool that a worker has started."""
    for sibling in psutil.Process(parent).children():
        with suppress(psutil.Error):
            if sibling.cmdline()[2:4] == ["trading_ai.worker", "pool"]:
                return sibling
    return None


def companion(worker_id: str, concurrency: int, parent: int, marks: PoolMarks) -> None:
    """Keep a worker in sight until it ends: heartbeat, metrics, coordinator."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the worker decides
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    application = Application()
    application.never_run_bundles()  # it plans, and the pool runs
    measures.serve_metrics(application.settings.metrics_port)
    started, beaten = time.time(), 0.0
    coordinator, watch = None, PoolWatch(worker_id, lambda: _pool_of(parent), marks)
    while not ended.wait(_TICK_SECONDS) and os.getppid() == parent:
        try:
            now = time.time()
            if now - beaten >= _HEARTBEAT_SECONDS:
                host, pid = worker_id.split(":")[:2]
                memory = processes.resident_bytes(parent)
                record = WorkerRecord(worker_id, host, int(pid), "celery", concurrency, started, now, memory)
                application.queue.heartbeat(replace(record, ready_at=marks.ready_at()))
                watch.look(application.queue.chunks(), now)
                beaten = now
            coordinator = coordinator or application.coordinator(f"{worker_id}/companion")
            tick = coordinator.tick()
            if tick is not None:
                measures.count_actions(tick.actions)
        except TradingAIError as error:
            _log.warning("the database cannot be reached", extra={"reason": str(error)})
            ended.wait(1.0)
        except Exception:  # noqa: BLE001 - it must outlive whatever one optimization does
            _log.exception("the companion stumbled and goes on")
            ended.wait(1.0)
    with suppress(TradingAIError):
        if coordinator is not None:
            coordinator.leave()
        application.queue.remove_worker(worker_id)


if __name__ == "__main__":
    _end_with(int(sys.argv[4]))
    logs.configure_logging(Settings().log_level)
    if sys.argv[1] == "pool":
        pool(sys.argv[2], int(sys.argv[3]), PoolMarks(Path(sys.argv[5])))
    else:
        companion(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), PoolMarks(Path(sys.argv[5])))
