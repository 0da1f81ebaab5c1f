"""Run an optimization's chunks: dispatch lazily, save each in one transaction, stop when asked to."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from trading_ai.driving.executor import Executor
from trading_ai.driving.heartbeat import beating
from trading_ai.errors import StateError
from trading_ai.evaluation.model import EvaluatedChunk
from trading_ai.evaluation.ports import Floats, Indices, Job
from trading_ai.optimization.model import OptimizationStatus
from trading_ai.optimization.objective import Constraint, Objective, feasible
from trading_ai.optimization.ports import Store
from trading_ai.search.stopping import StopRule

LEASE_SECONDS = 6.0
_HEARTBEAT_SECONDS = 1.5
_STATUS_SECONDS = 0.5

Ending = Literal["completed", "stopped", "paused", "cancelled", "lost"]


@dataclass(frozen=True)
class Progress:
    """What a progress display needs after each chunk.

    Attributes:
        optimization_id: which optimization.
        n_completed: trials stored so far, those of earlier runs included.
        n_total: combinations to try.
        n_failed: failed trials of this run.
        seconds: running time of this run so far.
        rate: combinations a second in this run.
        best_index: index of the best feasible combination of this run, or None.
        best_value: its objective value; NaN without one.
    """

    optimization_id: str
    n_completed: int
    n_total: int
    n_failed: int
    seconds: float
    rate: float
    best_index: int | None
    best_value: float

    @property
    def seconds_left(self) -> float:
        """Expected time to the end, seconds; NaN before anything is known."""
        return (self.n_total - self.n_completed) / self.rate if self.rate > 0 else float("nan")


@dataclass(frozen=True)
class Run:
    """One run of an optimization: what is left to do, and how to judge it."""

    optimization_id: str
    owner: str
    job: Job
    chunks: Iterator[Indices]
    n_done_before: int
    n_total: int
    objective: Objective
    constraints: tuple[Constraint, ...]
    rule: StopRule = field(default_factory=StopRule)
    seconds_before: float = 0.0
    best_before: float = math.nan
    answered: list[EvaluatedChunk] = field(default_factory=list)
    """Copies of earlier trials that `chunks` stored instead of yielding them, and that were not counted yet."""


class _Flags:
    """Answers whether to stop: asked by the user, cancelled in the store, or the lease lost."""

    def __init__(self, store: Store, run: Run, stop: Callable[[], bool], clock: Callable[[], float]) -> None:
        self._store, self._run, self._stop, self._clock = store, run, stop, clock
        self._checked = clock()
        self.status: OptimizationStatus = "running"
        self.enough = ""
        self.lost = threading.Event()

    def __call__(self) -> bool:
        if self._stop() or self.lost.is_set() or self.status != "running" or self.enough:
            return True
        if self._clock() - self._checked >= _STATUS_SECONDS:
            self.status = self._store.optimization(self._run.optimization_id).status
            self._checked = self._clock()
        return self.status != "running"


def _heartbeat(store: Store, run: Run, flags: _Flags, clock: Callable[[], float]) -> AbstractContextManager[None]:
    """Extend the lease while a run goes on; a lease that another process took ends it."""

    def extend() -> bool:
        if not store.acquire_lease(run.optimization_id, run.owner, clock(), LEASE_SECONDS):
            flags.lost.set()
        return not flags.lost.is_set()

    return beating(extend, _HEARTBEAT_SECONDS, "lease")


def run_chunks(
    store: Store,
    executor: Executor,
    run: Run,
    *,
    stop: Callable[[], bool],
    report: Callable[[Progress], None],
    clock: Callable[[], float],
) -> tuple[Ending, str]:
    """Evaluate and save chunks until none is left or something says stop.

    The caller holds the lease and changes the status afterwards.

    Args:
        store: where trials go.
        executor: where chunks run.
        run: what to do.
        stop: asked between chunks; True finishes those under way and pauses.
        report: called after each saved chunk.
        clock: seconds since 1970.

    Returns:
        How it ended, and the limit that ended it, if one did: ``stopped`` where `stop` said so, ``paused`` or
        ``cancelled`` where the store did, ``lost`` where another process took over.

    Raises:
        EvaluationError: nothing can be evaluated at all.
        StorageError: a chunk could not be saved.
    """
    flags = _Flags(store, run, stop, clock)
    began = saved = clock()
    n_done, n_failed = run.n_done_before, 0
    best_index: int | None = None
    best_score = float("nan")
    record_score, record_at = run.best_before, n_done

    def look(chunk: EvaluatedChunk, scores: Floats, held: npt.NDArray[np.bool_]) -> None:
        nonlocal best_index, best_score
        ranked = np.where(held, scores, np.nan)
        if not np.isnan(ranked).all():
            row = int(np.nanargmax(ranked))
            if best_index is None or ranked[row] > best_score:
                best_index, best_score = int(chunk.indices[row]), float(ranked[row])

    def count_answered() -> None:
        nonlocal n_done
        while run.answered:
            copies = run.answered.pop()
            n_done += copies.indices.shape[0]
            look(copies, run.objective.scores(copies.metrics), feasible(run.constraints, copies.metrics))

    with _heartbeat(store, run, flags, clock):
        for chunk, _ in executor.run(run.job, run.chunks, flags):
            scores = run.objective.scores(chunk.metrics)
            held = feasible(run.constraints, chunk.metrics)
            now = clock()
            n_done += store.save_chunk(run.optimization_id, chunk, scores, held, max(now - saved, 0.0))
            saved = now
            n_failed += len(chunk.failures)
            look(chunk, scores, held)
            count_answered()
            if best_index is not None and not best_score <= record_score:
                record_score, record_at = best_score, n_done
            seconds = max(now - began, 1e-9)
            if n_done < run.n_total:
                flags.enough = flags.enough or run.rule.stop(n_done, run.seconds_before + seconds, record_at)
            report(
                Progress(
                    run.optimization_id,
                    n_done,
                    run.n_total,
                    n_failed,
                    seconds,
                    (n_done - run.n_done_before) / seconds,
                    best_index,
                    run.objective.value(best_score),
                )
            )
    count_answered()
    if flags.lost.is_set():
        return "lost", ""
    if flags.status == "cancelled":
        return "cancelled", ""
    if n_done >= run.n_total or flags.enough:
        return "completed", flags.enough
    # Not to be paused again by the caller: whoever paused it may have resumed it since.
    return ("paused" if flags.status == "paused" else "stopped"), ""


def take_lease(
    store: Store,
    optimization_id: str,
    owner: str,
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    waiting: Callable[[float], None],
) -> None:
    """Become the one that runs an optimization; waits out the lease of a process that was killed.

    Args:
        store: the store.
        optimization_id: which optimization.
        owner: a name for this process.
        clock: seconds since 1970.
        sleep: waits some seconds.
        waiting: called once, with the longest time this can take in seconds, before it waits.

    Raises:
        StateError: another process runs it and keeps its lease alive.
    """
    deadline = clock() + LEASE_SECONDS + 1.0
    told = False
    while not store.acquire_lease(optimization_id, owner, clock(), LEASE_SECONDS):
        if clock() >= deadline:
            raise StateError(
                f"optimization {optimization_id[:8]} is being run by another process. "
                f"See trading-ai status {optimization_id[:8]}"
            )
        if not told:
            waiting(LEASE_SECONDS)
            told = True
        sleep(0.25)
