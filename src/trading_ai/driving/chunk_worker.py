"""What a worker does with a chunk: claim it, evaluate it, store its trials, whatever else happens."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass

from trading_ai.driving.heartbeat import beating
from trading_ai.driving.planning import job_of
from trading_ai.driving.queue import CHUNK_LEASE_SECONDS, HEARTBEAT_SECONDS, Chunk, WorkQueue
from trading_ai.errors import NotFoundError, StorageError, said
from trading_ai.evaluation.job import evaluate_chunk, job_evaluator
from trading_ai.evaluation.ports import Artifacts, Evaluator, Job
from trading_ai.optimization.judging import Judge
from trading_ai.optimization.ports import Store

_EVALUATORS_KEPT = 3


@dataclass(frozen=True)
class _Task:
    """What is needed of an optimization to evaluate its chunks."""

    job: Job
    evaluator: Evaluator
    judge: Judge


@dataclass(frozen=True)
class Done:
    """What came of a chunk: trials that were new, failed ones among those evaluated, seconds of work."""

    optimization_id: str
    n_trials: int
    n_failed: int
    seconds: float


class ChunkWorker:
    """Evaluates chunks for any optimization; one a process, one chunk at a time.

    Args:
        store: where trials go.
        artifacts: where bars come from.
        queue: where chunks come from.
        worker_id: the worker that this process belongs to.
        owner: name of this process, that no other has.
        clock: seconds since 1970.
        n_slots: number of chunks that all workers run at once; asked now and then.
    """

    def __init__(
        self,
        store: Store,
        artifacts: Artifacts,
        queue: WorkQueue,
        worker_id: str,
        owner: str,
        clock: Callable[[], float] = time.time,
        n_slots: Callable[[], int] = lambda: 1,
    ) -> None:
        self._store, self._artifacts, self._queue = store, artifacts, queue
        self._worker_id, self._owner, self._clock, self._n_slots = worker_id, owner, clock, n_slots
        self._tasks: OrderedDict[str, _Task] = OrderedDict()

    def run(self, chunk_id: int) -> Done | None:
        """Evaluate a chunk and store its trials; None if it is not to be had.

        An optimization that cannot be evaluated at all, or whose trials cannot be scored, fails with the reason: its
        bars, its strategy or its objective are gone, or its objective raises.

        Raises:
            StorageError: the database could not be reached; the chunk comes back by its lease.
        """
        chunk = self._queue.claim(chunk_id, self._owner, self._clock(), CHUNK_LEASE_SECONDS)
        if chunk is None:
            return None
        began = time.perf_counter()
        with self._heartbeat(chunk):
            try:
                task = self._task(chunk.optimization_id)
                result = evaluate_chunk(task.evaluator, chunk.indices, task.job.keep_daily_profit)
                seconds = time.perf_counter() - began
                saved = task.judge.save(result, seconds / max(self._n_slots(), 1), seconds)
            except StorageError:
                self._queue.give_back(chunk.chunk_id, self._owner, killed=False)
                raise
            except Exception as error:  # noqa: BLE001 - whatever one optimization raises ends that one only
                self._tasks.pop(chunk.optimization_id, None)
                with suppress(NotFoundError):  # deleted meanwhile
                    self._store.change_status(chunk.optimization_id, ("running",), "failed", self._clock(), said(error))
                    self._queue.give_back(chunk.chunk_id, self._owner, killed=False)
                return None
        self._queue.finish(chunk.chunk_id, self._worker_id, chunk.indices.shape[0], saved.n_failed, seconds)
        return Done(chunk.optimization_id, saved.n_new, saved.n_failed, seconds)

    def _task(self, optimization_id: str) -> _Task:
        task = self._tasks.pop(optimization_id, None)
        if task is None:
            record = self._store.optimization(optimization_id)
            job = job_of(self._store, record)
            task = _Task(job, job_evaluator(job, self._artifacts), Judge(self._store, optimization_id, record.spec))
        self._tasks[optimization_id] = task
        while len(self._tasks) > _EVALUATORS_KEPT:
            self._tasks.popitem(last=False)
        return task

    def _heartbeat(self, chunk: Chunk) -> AbstractContextManager[None]:
        """Extend the lease while the chunk is worked on; a lost lease is harmless, trials are only added once."""

        def extend() -> bool:
            return self._queue.extend(chunk.chunk_id, self._owner, self._clock(), CHUNK_LEASE_SECONDS)

        return beating(extend, HEARTBEAT_SECONDS, "chunk-lease")
