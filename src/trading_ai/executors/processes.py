"""The executor of this machine: worker processes, each with the bars loaded once.

A worker that dies is replaced and its chunk runs again. A chunk that keeps killing its workers is halved
until the one combination that does it is found; that one becomes a failed trial, the others go on.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
import traceback
import types
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from typing_extensions import override

from trading_ai.driving.dispatch import after_death, kill_text
from trading_ai.driving.executor import Executor
from trading_ai.errors import EvaluationError, TradingAIError
from trading_ai.evaluation.job import evaluate_piece, failed_chunk, job_evaluator
from trading_ai.evaluation.model import EvaluatedChunk
from trading_ai.evaluation.ports import Artifacts, Evaluator, Indices, Job

_FAILED_STARTS_ALLOWED = 3
_POLL_SECONDS = 0.2
_PRELOAD = ["trading_ai.evaluation.job", "trading_ai.engine.simulate"]


def _work(connection: Connection, open_artifacts: Callable[[], Artifacts], job: Job) -> None:
    """What a worker process runs: load once, then a chunk at a time until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    try:
        try:
            evaluator: Evaluator = job_evaluator(job, open_artifacts())
        except TradingAIError as error:
            connection.send(("refused", str(error)))
            return
        except Exception:  # noqa: BLE001 - told to the parent, which raises it
            connection.send(("refused", traceback.format_exc()))
            return
        connection.send(("ready", evaluator.n_days))
        while True:
            indices = connection.recv()
            began = time.perf_counter()
            chunk = evaluate_piece(evaluator, job, indices)
            result = (chunk.indices, chunk.metrics, dict(chunk.failures), chunk.daily_profit, False, chunk.made_by)
            connection.send(("done", result, time.perf_counter() - began))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the parent has ended: so does the worker


@contextmanager
def quiet_start() -> Iterator[None]:
    """Start processes that ignore Ctrl-C from their first instruction and do not re-run the main script."""
    main = sys.modules["__main__"]
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    threads = os.environ.get("NUMBA_NUM_THREADS")
    os.environ["NUMBA_NUM_THREADS"] = "1"
    # Workers need nothing of the main script, and a script without a main guard must not run again in them.
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        if threads is None:
            os.environ.pop("NUMBA_NUM_THREADS", None)
        else:
            os.environ["NUMBA_NUM_THREADS"] = threads
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


@dataclass
class _Task:
    """A chunk on its way; `n_kills` workers have died over it."""

    indices: Indices
    n_kills: int = 0
    suspect: bool = False


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    ready: bool = False
    task: _Task | None = None


@dataclass
class _State:
    """What one `run` holds."""

    retries: deque[_Task] = field(default_factory=deque)
    failed: deque[EvaluatedChunk] = field(default_factory=deque)
    failed_starts: int = 0
    n_days: int = 0


class LocalExecutor(Executor):
    """Spreads chunks over worker processes of this machine.

    Args:
        open_artifacts: called in each worker, which loads the bars from it once; importable by name.
        n_workers: number of processes, at least 1.
    """

    def __init__(self, open_artifacts: Callable[[], Artifacts], n_workers: int) -> None:
        self._open_artifacts, self._n_workers = open_artifacts, max(n_workers, 1)
        self._workers: list[_Worker] = []
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(_PRELOAD)

    @property
    @override
    def n_workers(self) -> int:
        return self._n_workers

    @override
    def run(
        self, job: Job, chunks: Iterator[Indices], stop: Callable[[], bool]
    ) -> Iterator[tuple[EvaluatedChunk, float]]:
        state = _State()
        self._stop_workers()
        more = True
        try:
            while True:
                stopping = stop()
                if stopping:
                    state.retries.clear()
                for worker in self._workers:
                    if worker.ready and worker.task is None and not stopping:
                        task = state.retries.popleft() if state.retries else None
                        if task is None and more:
                            indices = next(chunks, None)
                            more = indices is not None
                            task = None if indices is None else _Task(indices)
                        if task is not None:
                            self._give(worker, task)
                busy = any(w.task is not None for w in self._workers)
                unfinished = busy or (not stopping and (more or bool(state.retries)))
                if not unfinished:
                    break
                wanted = self._n_workers if more or state.retries else 0
                while not stopping and len(self._workers) < wanted:
                    self._workers.append(self._start(job))
                yield from self._collect(state, job)
        finally:
            self._stop_workers()

    @override
    def close(self) -> None:
        self._stop_workers()

    # --- inside --------------------------------------------------------------------------------------

    def _start(self, job: Job) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs, self._open_artifacts, job), daemon=True)
        with quiet_start():
            process.start()
        theirs.close()
        return _Worker(process, ours)

    @staticmethod
    def _give(worker: _Worker, task: _Task) -> None:
        worker.task = task
        with suppress(BrokenPipeError, ConnectionResetError):  # it has died; collecting notices
            worker.connection.send(task.indices)

    def _collect(self, state: _State, job: Job) -> Iterator[tuple[EvaluatedChunk, float]]:
        """Wait a moment for answers and deaths."""
        by_connection: dict[object, _Worker] = {worker.connection: worker for worker in self._workers}
        for ready in wait([worker.connection for worker in self._workers], timeout=_POLL_SECONDS):
            worker = by_connection[ready]
            try:
                message = worker.connection.recv()
            except (EOFError, ConnectionResetError):
                self._bury(worker, state, job)
                continue
            if message[0] == "refused":
                raise EvaluationError(message[1])
            if message[0] == "ready":
                worker.ready, state.n_days, state.failed_starts = True, message[1], 0
            else:
                worker.task = None
                yield EvaluatedChunk(*message[1]), message[2]
        while state.failed:
            yield state.failed.popleft(), 0.0

    def _bury(self, worker: _Worker, state: _State, job: Job) -> None:
        """Take a dead worker's chunk back, whole, in halves, or as a failed trial."""
        worker.process.join()
        worker.connection.close()
        self._workers.remove(worker)
        code = worker.process.exitcode
        if not worker.ready:
            state.failed_starts += 1
            if state.failed_starts >= _FAILED_STARTS_ALLOWED:
                raise EvaluationError(f"worker processes die while they start (exit code {code})")
        task = worker.task
        if task is None:
            return
        task.n_kills += 1
        m = task.indices.shape[0]
        then = after_death(m, task.n_kills, suspect=task.suspect, seen=True)
        if then == "halve":
            for half in (task.indices[: m // 2], task.indices[m // 2 :]):
                state.retries.append(_Task(half, suspect=True))
        elif then == "fail":
            n_days = state.n_days if job.keep_daily_profit else None
            text = f"{kill_text(task.n_kills)} (exit code {code})"
            state.failed.append(failed_chunk(task.indices, text, n_days))
        else:
            state.retries.append(task)

    def _stop_workers(self) -> None:
        for worker in self._workers:
            worker.connection.close()
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join(2.0)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._workers.clear()
