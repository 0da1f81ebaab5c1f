"""Drives an optimization on this machine: pieces go to an executor, results to the store, until something says stop."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

from trading_ai.driving.completion import complete
from trading_ai.driving.dispatch import Dispatch, Limits
from trading_ai.driving.executor import Executor, ExecutorFactory
from trading_ai.driving.heartbeat import beating
from trading_ai.driving.pace import Pace
from trading_ai.driving.planning import Plan, dispatch_of, job_of
from trading_ai.errors import StateError, StorageError, TransientError, said
from trading_ai.evaluation.ports import Indices
from trading_ai.optimization.judging import Judge, Saved
from trading_ai.optimization.model import OptimizationStatus
from trading_ai.optimization.ports import Store
from trading_ai.optimization.records import OptimizationRecord

LEASE_SECONDS = 6.0
_HEARTBEAT_SECONDS = 1.5
_STATUS_SECONDS = 0.5

Ending = Literal["completed", "stopped", "paused", "cancelled", "lost"]


@dataclass(frozen=True)
class Progress:
    """What a progress display needs after each piece.

    Attributes:
        optimization_id: which optimization.
        n_completed: trials stored so far, those of earlier runs and copies of earlier optimizations included.
        n_total: combinations to try.
        n_failed: failed trials of this run.
        seconds: running time of this run so far.
        rate: combinations a second at its present pace, without copies of earlier trials, which cost nothing.
        seconds_left: expected time to the end, seconds; NaN before anything is known.
        best_index: index of the best feasible combination of this run, or None.
        best_value: its objective value; NaN without one.
        n_run: combinations that were run, not copied, in this run.
        busy_seconds: time that workers have spent on them, summed over workers.
    """

    optimization_id: str
    n_completed: int
    n_total: int
    n_failed: int
    seconds: float
    rate: float
    seconds_left: float
    best_index: int | None
    best_value: float
    n_run: int = 0
    busy_seconds: float = 0.0


@dataclass(frozen=True)
class Terms:
    """How one run goes.

    Attributes:
        n_workers: workers to use, or None to choose.
        report: called after each piece.
        stop: True pauses; asked between pieces.
        served: whether a server runs it, whose end leaves it marked as running.
        isolate: whether no user's code may run in this process.
    """

    n_workers: int | None
    report: Callable[[Progress], None]
    stop: Callable[[], bool]
    served: bool = False
    isolate: bool = False


class _Flags:
    """Answers whether to stop: asked by the user, cancelled in the store, or the lease lost."""

    def __init__(self, store: Store, key: str, stop: Callable[[], bool], clock: Callable[[], float]) -> None:
        self._store, self._key, self._stop, self._clock = store, key, stop, clock
        self._checked = clock()
        self.status: OptimizationStatus = "running"
        self.enough = ""
        self.lost = threading.Event()

    def __call__(self) -> bool:
        if self._stop() or self.lost.is_set() or self.status != "running" or self.enough:
            return True
        if self._clock() - self._checked >= _STATUS_SECONDS:
            self.status = self._store.optimization(self._key).status
            self._checked = self._clock()
        return self.status != "running"

    def ending(self, n_left: int) -> Ending:
        """How it ended, where `n_left` combinations were not tried."""
        if self.lost.is_set():
            return "lost"
        if self.status == "cancelled":
            return "cancelled"
        if n_left <= 0 or self.enough:
            return "completed"
        # Not to be paused again by the caller: whoever paused it may have resumed it since.
        return "paused" if self.status == "paused" else "stopped"


class _Tally:
    """What a run has done so far.

    Args:
        n_done: trials before it.
    """

    def __init__(self, n_done: int) -> None:
        self.n_done = n_done
        self.n_failed = self.n_run = 0
        self.busy_seconds = 0.0
        self.best: tuple[int, float] | None = None

    def count(self, saved: Saved) -> None:
        """Count trials that were saved."""
        self.n_done += saved.n_new
        self.n_failed += saved.n_failed
        if saved.best is not None and (self.best is None or saved.best[1] > self.best[1]):
            self.best = saved.best


class Here:
    """The driver of one machine, whatever runs the pieces: this process, or others.

    Args:
        store: records and trials.
        executors: makes executors.
        clock: seconds since 1970.
    """

    def __init__(self, store: Store, executors: ExecutorFactory, clock: Callable[[], float]) -> None:
        self._store, self._executors, self._clock = store, executors, clock

    def drive(self, record: OptimizationRecord, plan: Plan, left: Indices, owner: str, terms: Terms) -> None:
        """Run what is left of an optimization and settle its status; the caller holds the lease.

        Args:
            record: the optimization, marked as running.
            plan: its plan.
            left: combinations to run, shape (m,); empty for a method that learns.
            owner: who holds the lease.
            terms: how.

        Raises:
            EvaluationError: nothing can be evaluated at all.
            ChangedError: results were made with another engine or other code.
            StateError: another process took over.
            StorageError: a piece could not be saved.
        """
        store, key = self._store, record.optimization_id
        with self.ending(key, served=terms.served):
            executor = self._executor(plan, int(left.size), terms)
            try:
                ending, enough = self._run(executor, record, plan, left, owner, terms)
            finally:
                executor.close()
            if ending == "completed":
                complete(store, key, self._clock(), enough)
        if ending == "lost":
            raise StateError(f"another process took optimization {key[:8]} over; every finished trial is kept")
        if ending == "stopped" and not terms.served:
            store.change_status(key, ("running",), "paused", self._clock(), "stopped by the user")

    @contextmanager
    def ending(
        self, key: str, *, served: bool = False, states: tuple[OptimizationStatus, ...] = ("running",)
    ) -> Iterator[None]:
        """Whatever ends the work on an optimization whose lease is held also ends its status, with the reason.

        Nothing is left marked as running that nobody runs: it is paused where the user or the database stopped it, and
        failed otherwise. Only a server leaves it running where the database may answer a moment later: it tries again.

        Args:
            key: which optimization.
            served: whether a server runs it.
            states: states that end as failed.
        """
        try:
            yield
        except KeyboardInterrupt:
            self._store.change_status(key, ("running",), "paused", self._clock(), "interrupted")
            raise
        except StorageError as error:
            if not (served and isinstance(error, TransientError)):
                with suppress(StorageError):  # what cannot be said now, the lease's end will say
                    self._store.change_status(key, ("running",), "paused", self._clock(), str(error))
            raise
        except Exception as error:
            with suppress(StorageError):
                self._store.change_status(key, states, "failed", self._clock(), said(error))
            raise

    # --- inside --------------------------------------------------------------------------------------

    def _executor(self, plan: Plan, n_left: int, terms: Terms) -> Executor:
        if plan.proposals.learns:
            # A method that learns waits for each batch: threads of this process share one without moving it anywhere,
            # and one other process must have a batch's results stored before it asks for the next.
            n_workers = 1 if terms.isolate or terms.n_workers == 1 else None
            expected = 0.0
        else:
            n_workers = terms.n_workers
            expected = plan.expected_seconds * n_left / max(plan.n_total, 1)
        return self._executors(
            plan.evaluator, math.inf if terms.isolate else expected, n_workers, isolate=terms.isolate
        )

    def _run(
        self, executor: Executor, record: OptimizationRecord, plan: Plan, left: Indices, owner: str, terms: Terms
    ) -> tuple[Ending, str]:
        """Run and save pieces until none is left or something says stop; how it ended, and the limit that ended it."""
        store, key, clock = self._store, record.optimization_id, self._clock
        learns = plan.proposals.learns
        n_left = max(record.n_total - record.n_completed, 0) if learns else int(left.size)
        job = job_of(store, record)
        judge, tally = Judge(store, key, record.spec, job.identity), _Tally(record.n_total - n_left)
        limits = Limits(record.spec.stop_rule, record.best_score, tally.n_done)
        dispatch = dispatch_of(
            store, record, plan.proposals, plan.strategy, left,
            rate=plan.speed.rate(plan.n_total, plan.n_groups), answered=tally.count,
        )  # fmt: skip
        flags = _Flags(store, key, terms.stop, clock)
        began = clock()
        pace = Pace(record.n_total, tally.n_done, executor.n_workers, began)
        saved_at: float | None = None
        with self._heartbeat(key, owner, flags):
            for chunk, busy_seconds in executor.run(job, _pieces(dispatch, executor.n_workers), flags):
                now = clock()
                # What the first piece waited for workers that start is no time that trials took.
                worked = min(now - began, busy_seconds) if saved_at is None else now - saved_at
                tally.count(judge.save(chunk, max(worked, 0.0), busy_seconds))
                tally.n_run += chunk.indices.shape[0]
                tally.busy_seconds += busy_seconds
                dispatch.told(chunk.indices.shape[0], busy_seconds)
                pace.told(now, tally.n_done, chunk.indices.shape[0], busy_seconds)
                saved_at = now
                seconds = max(now - began, 1e-9)
                best_index, best_score = tally.best or (None, None)
                if tally.n_done < record.n_total:
                    flags.enough = flags.enough or limits.reached(tally.n_done, best_score, record.seconds + seconds)
                terms.report(
                    Progress(
                        optimization_id=key,
                        n_completed=tally.n_done,
                        n_total=record.n_total,
                        n_failed=tally.n_failed,
                        seconds=seconds,
                        rate=pace.rate,
                        seconds_left=pace.seconds_left,
                        best_index=best_index,
                        best_value=math.nan if best_score is None else judge.objective.value(best_score),
                        n_run=tally.n_run,
                        busy_seconds=tally.busy_seconds,
                    )
                )
        return flags.ending(record.n_total - tally.n_done), flags.enough

    def _heartbeat(self, key: str, owner: str, flags: _Flags) -> AbstractContextManager[None]:
        """Extend the lease while a run goes on; a lease that another process took ends it."""

        def extend() -> bool:
            if not self._store.acquire_lease(key, owner, self._clock(), LEASE_SECONDS):
                flags.lost.set()
            return not flags.lost.is_set()

        return beating(extend, _HEARTBEAT_SECONDS, "lease")


def _pieces(dispatch: Dispatch, n_slots: int) -> Iterator[Indices]:
    """Pieces as they are asked for: of a method that learns, when the last batch's trials are stored."""
    while True:
        piece = dispatch.take(n_slots)
        if piece is not None:
            yield piece
        elif not dispatch.refill():
            return


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
