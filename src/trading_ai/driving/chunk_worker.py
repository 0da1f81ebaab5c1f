"""What a worker does with a chunk: claim it, evaluate it, store its trials, whatever else happens."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass

from trading_ai.driving.heartbeat import beating
from trading_ai.driving.planning import job_of
from trading_ai.driving.queue import CHUNK_LEASE_SECONDS, HEARTBEAT_SECONDS, Chunk, Refusal, WorkQueue
from trading_ai.engine.version import ENGINE_VERSION
from trading_ai.errors import ChangedError, NotFoundError, StorageError, StrategyError, said
from trading_ai.evaluation.job import evaluate_piece, identity_here, job_evaluator
from trading_ai.evaluation.ports import Artifacts, Evaluator, Job
from trading_ai.optimization.judging import Judge
from trading_ai.optimization.ports import Store

_EVALUATORS_KEPT = 3
_REFUSED_AT_ONCE_SECONDS = 5.0
_AFTER_REFUSAL_SECONDS = 0.3
_UNABLE = (ChangedError, StrategyError, ImportError, StorageError, OSError)
"""What says that this worker cannot evaluate a chunk, and another one may: other code, no such file, a full disk."""

_log = logging.getLogger(__name__)


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
        sleep: waits some seconds after a chunk was given back.
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
        sleep: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._store, self._artifacts, self._queue = store, artifacts, queue
        self._worker_id, self._owner, self._clock, self._n_slots = worker_id, owner, clock, n_slots
        self._sleep = sleep
        self._tasks: OrderedDict[str, _Task] = OrderedDict()
        self._refused: dict[str, tuple[float, str]] = {}

    def run(self, chunk_id: int, optimization_id: str = "") -> Done | None:
        """Evaluate a chunk and store its trials; None if it is not to be had.

        A chunk that this worker cannot evaluate as it was started, because its engine is another or it has not the
        strategy's code, goes back to the queue with the reason, for another worker. An optimization that nobody can
        evaluate, or whose trials cannot be scored, fails: its bars are gone, or its objective raises.

        Args:
            chunk_id: which chunk.
            optimization_id: whose it is, as the message says; fails where the chunk cannot even be read.

        Raises:
            StorageError: the database could not be reached; the chunk comes back by its lease.
        """
        try:
            chunk = self._queue.claim(chunk_id, self._owner, self._clock(), CHUNK_LEASE_SECONDS)
        except StorageError as error:
            if optimization_id:
                with suppress(StorageError):
                    refusal = Refusal(optimization_id, self._worker_id, said(error), self._clock())
                    self._queue.note_refusal(refusal)
            raise
        except Exception as error:
            if not optimization_id:
                raise
            _log.exception("a chunk cannot be read", extra={"optimization_id": optimization_id, "chunk_id": chunk_id})
            self._store.change_status(optimization_id, ("running",), "failed", self._clock(), said(error))
            return None
        if chunk is None:
            return None
        began = time.perf_counter()
        with self._heartbeat(chunk):
            try:
                task = self._task(chunk)
                result = evaluate_piece(task.evaluator, task.job, chunk.indices)
                seconds = time.perf_counter() - began
                saved = task.judge.save(result, seconds / max(self._n_slots(), 1), seconds)
            except _UNABLE as error:
                self._give_back(chunk, said(error))
                return None
            except Exception as error:  # noqa: BLE001 - whatever one optimization raises ends that one only
                self._tasks.pop(chunk.optimization_id, None)
                with suppress(NotFoundError):  # deleted meanwhile
                    self._store.change_status(chunk.optimization_id, ("running",), "failed", self._clock(), said(error))
                    self._queue.give_back(chunk.chunk_id, self._owner, killed=False)
                return None
        self._queue.finish(chunk.chunk_id, self._worker_id, chunk.indices.shape[0], saved.n_failed, seconds)
        return Done(chunk.optimization_id, saved.n_new, saved.n_failed, seconds)

    def _give_back(self, chunk: Chunk, reason: str) -> None:
        """Leave a chunk to other workers, and say why; they get a moment's start."""
        key, now = chunk.optimization_id, self._clock()
        self._tasks.pop(key, None)
        if self._refused.get(key, (0.0, ""))[1] != reason:
            _log.warning("a chunk is given back", extra={"optimization_id": key, "reason": reason})
        if now >= self._refused.get(key, (0.0, ""))[0]:
            self._refused[key] = (now + _REFUSED_AT_ONCE_SECONDS, reason)
        self._queue.refuse(chunk.chunk_id, self._owner, Refusal(key, self._worker_id, reason, now))
        self._sleep(_AFTER_REFUSAL_SECONDS)

    def _task(self, chunk: Chunk) -> _Task:
        """What evaluates a chunk.

        Raises:
            ChangedError: the engine, the strategy's code or the data here are not those of the start.
            StrategyError: the strategy's code is not here.
        """
        key = chunk.optimization_id
        if chunk.identity.engine_version != ENGINE_VERSION:  # before its record is read, which may be of another form
            raise ChangedError(
                f"started with engine version {chunk.identity.engine_version}, and this one has {ENGINE_VERSION}"
            )
        until, reason = self._refused.get(key, (0.0, ""))
        if self._clock() < until:
            raise ChangedError(reason)
        task = self._tasks.pop(key, None)
        if task is None:
            record = self._store.optimization(key)
            job = job_of(self._store, record)
            judge = Judge(self._store, key, record.spec, job.identity)
            task = _Task(job, job_evaluator(job, self._artifacts), judge)
        difference = chunk.identity.difference(identity_here(task.job))
        if difference:
            raise ChangedError(f"this worker has {difference}")
        self._refused.pop(key, None)
        self._tasks[key] = task
        while len(self._tasks) > _EVALUATORS_KEPT:
            self._tasks.popitem(last=False)
        return task

    def _heartbeat(self, chunk: Chunk) -> AbstractContextManager[None]:
        """Extend the lease while the chunk is worked on; a lost lease is harmless, trials are only added once."""

        def extend() -> bool:
            return self._queue.extend(chunk.chunk_id, self._owner, self._clock(), CHUNK_LEASE_SECONDS)

        return beating(extend, HEARTBEAT_SECONDS, "chunk-lease")
