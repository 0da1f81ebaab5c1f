"""Use cases of optimizations: plan, start, resume, cancel, delete."""

from __future__ import annotations

import math
import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from trading_ai.driving.completion import complete
from trading_ai.driving.dispatch import chunks
from trading_ai.driving.executor import Executor
from trading_ai.driving.here import LEASE_SECONDS, Progress, Run, run_chunks, take_lease
from trading_ai.driving.planning import Plan, plan_optimization, stop_rule
from trading_ai.engine.version import ENGINE_VERSION
from trading_ai.errors import EvaluationError, StateError, StorageError
from trading_ai.evaluation.job import check_code, job_evaluator
from trading_ai.evaluation.model import BacktestResult, EvaluatedChunk
from trading_ai.evaluation.ports import Artifacts, Evaluator, Indices, Job
from trading_ai.optimization.backtests import full_result
from trading_ai.optimization.ledger import Answers, repeats
from trading_ai.optimization.model import OptimizationSpec, OptimizationStatus
from trading_ai.optimization.objective import Constraint, Objective, feasible
from trading_ai.optimization.pareto import known_scores
from trading_ai.optimization.ports import Store
from trading_ai.optimization.records import OptimizationRecord
from trading_ai.strategies.registry import is_built_in, strategy


class ExecutorFactory(Protocol):
    """Makes the executor of one run."""

    def __call__(self, evaluator: Evaluator, expected_seconds: float, n_workers: int | None, isolate: bool) -> Executor:
        """An executor.

        Args:
            evaluator: what planning made; an executor in this process can go on with it.
            expected_seconds: on one core.
            n_workers: number of workers that the user asks for, or None to choose.
            isolate: True for an executor in other processes, whose death this one outlives.
        """
        ...


def _ignore(_: Any) -> None:
    """The default of callbacks."""


@dataclass(frozen=True)
class _Terms:
    """How one run goes: arguments of `start`; `served` for a server, `isolate` for no user's code in this process."""

    n_workers: int | None
    report: Callable[[Progress], None]
    stop: Callable[[], bool]
    served: bool = False
    isolate: bool = False


class OptimizationService:
    """What the CLI, the API and a notebook call; everything it touches is passed in.

    Args:
        store: records and trials.
        artifacts: bars and backtests' arrays.
        executors: makes executors.
        max_combinations: largest search space that is accepted.
        clock: seconds since 1970.
        sleep: waits some seconds.
        new_id: makes ids.
    """

    def __init__(
        self,
        store: Store,
        artifacts: Artifacts,
        executors: ExecutorFactory,
        *,
        max_combinations: int = 10_000_000,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self.store, self.artifacts = store, artifacts
        self._executors, self._max_combinations = executors, max_combinations
        self._clock, self._sleep, self._new_id = clock, sleep, new_id

    def plan(self, spec: OptimizationSpec, *, measure: bool = True) -> Plan:
        """Check an optimization and, if wanted, measure what it will cost; see `plan_optimization`."""
        return plan_optimization(
            spec, self.store, self.artifacts, max_combinations=self._max_combinations, measure=measure
        )

    def begin(self, plan: Plan, *, name: str = "", priority: int = 5, request_key: str = "") -> OptimizationRecord:
        """Store an optimization as running, for whoever drives what runs (see `cluster`).

        Raises:
            StateError: the request key was used before.
        """
        record = replace(self._record(plan, name), priority=priority, request_key=request_key)
        record = replace(record, status="running", started_at=record.created_at)
        self.store.add_optimization(record)
        key, owner = record.optimization_id, _owner()
        # Under a lease, so that nothing is dispatched before it is known what need not be run.
        if self.store.acquire_lease(key, owner, self._clock(), LEASE_SECONDS):
            try:
                self._reuse(record, plan)
            finally:
                self.store.release_lease(key, owner)
        return self.store.optimization(key)

    def _repeats(self, plan: Plan) -> Iterator[EvaluatedChunk]:
        """Trials of earlier optimizations that need not be run again."""
        spec, proposals = plan.spec, plan.proposals
        if not (spec.warm_start if proposals.learns else spec.reuse):
            return iter(())
        wanted = proposals.candidates if proposals.learns else plan.indices
        return repeats(self.store, spec, plan.backtest, strategy(plan.backtest.spec.strategy), wanted)

    def _reuse(self, record: OptimizationRecord, plan: Plan) -> None:
        objective = Objective.parse(record.spec.objective)
        constraints = tuple(Constraint.parse(text) for text in record.spec.constraints)
        for chunk in self._repeats(plan):
            held = feasible(constraints, chunk.metrics)
            self.store.save_chunk(record.optimization_id, chunk, objective.scores(chunk.metrics), held, 0.0)

    def _record(self, plan: Plan, name: str) -> OptimizationRecord:
        spec, n_total = plan.spec, plan.n_total
        if plan.proposals.learns and spec.warm_start:  # what it begins with comes on top of what it is to try
            n_known = sum(chunk.indices.shape[0] for chunk in self._repeats(plan))
            n_total = min(n_total + n_known, int(plan.proposals.candidates.shape[0]))
            spec = replace(spec, max_iterations=n_total)
        return OptimizationRecord(
            optimization_id=self._new_id(),
            name=name,
            spec=spec,
            status="paused",
            n_total=n_total,
            n_completed=0,
            n_failed=0,
            strategy_hash=plan.strategy_hash,
            engine_version=ENGINE_VERSION,
            created_at=self._clock(),
        )

    def start(
        self,
        plan: Plan,
        *,
        name: str = "",
        request_key: str = "",
        n_workers: int | None = None,
        started: Callable[[OptimizationRecord], None] = _ignore,
        report: Callable[[Progress], None] = _ignore,
        stop: Callable[[], bool] = lambda: False,
    ) -> OptimizationRecord:
        """Store an optimization and run it until it is complete, paused or cancelled.

        Args:
            plan: what `plan` returned.
            name: what the user calls it.
            request_key: what the caller names this request, or "".
            n_workers: workers to use, or None to choose.
            started: called with the record before the first trial.
            report: called after each chunk.
            stop: True pauses; asked between chunks.

        Raises:
            StateError: the request key was used before.
        """
        record = replace(self._record(plan, name), request_key=request_key)
        self.store.add_optimization(record)
        owner = _owner()
        take_lease(self.store, record.optimization_id, owner, clock=self._clock, sleep=self._sleep, waiting=_ignore)
        self._reuse(record, plan)
        record = self.store.optimization(record.optimization_id)
        if record.n_completed and plan.proposals.learns:
            plan = self.plan(record.spec, measure=False)
        started(record)
        left = plan.indices
        if record.n_completed:
            left = left[~np.isin(left, self.store.done_indices(record.optimization_id))]
        return self._run(record, left, plan, owner, _Terms(n_workers, report, stop))

    def resume(
        self,
        optimization_id: str,
        *,
        n_workers: int | None = None,
        started: Callable[[OptimizationRecord], None] = _ignore,
        waiting: Callable[[float], None] = _ignore,
        report: Callable[[Progress], None] = _ignore,
        stop: Callable[[], bool] = lambda: False,
    ) -> OptimizationRecord:
        """Go on with a paused, failed or killed optimization: only the combinations without a trial.

        A complete one is returned as it is. Arguments as in `start`; `waiting` is told before the lease of
        a killed process is waited out.

        Raises:
            StateError: it was cancelled, another process runs it, or the strategy's code or the engine has
                changed since its start.
        """
        return self._go_on(optimization_id, _Terms(n_workers, report, stop), started, waiting)

    def serve(
        self, optimization_id: str, *, n_workers: int | None = None, stop: Callable[[], bool] = lambda: False
    ) -> OptimizationRecord:
        """Run an optimization that is marked as running, for a server; where it no longer is, nothing happens.

        Unlike `resume` it never takes up what a user has paused meanwhile, an end of the server (`stop`) leaves
        it marked as running, for the next server, and no code of a user runs in this process: a server outlives
        a strategy that ends its process.

        Raises:
            StateError: as for `resume`.
        """
        return self._go_on(optimization_id, _Terms(n_workers, _ignore, stop, served=True), _ignore, _ignore)

    def _go_on(
        self,
        optimization_id: str,
        terms: _Terms,
        started: Callable[[OptimizationRecord], None],
        waiting: Callable[[float], None],
    ) -> OptimizationRecord:
        record = self.store.optimization(optimization_id)
        if record.status == "completed":
            return record
        if record.status == "cancelled":
            raise StateError(f"optimization {record.optimization_id[:8]} was cancelled; start a new one")
        backtest = self.store.backtest(record.spec.backtest_id)
        check_code(strategy(backtest.spec.strategy), record.strategy_hash, record.engine_version)
        terms = replace(terms, isolate=terms.served and not is_built_in(backtest.spec.strategy))
        owner = _owner()
        take_lease(self.store, record.optimization_id, owner, clock=self._clock, sleep=self._sleep, waiting=waiting)
        try:
            plan = self.plan(record.spec, measure=not terms.isolate)
            done = self.store.done_indices(record.optimization_id)
            left = plan.indices[~np.isin(plan.indices, done)]
            record = self.store.optimization(record.optimization_id)
        except BaseException:
            self.store.release_lease(record.optimization_id, owner)
            raise
        started(record)
        return self._run(record, left, plan, owner, terms)

    def _run(
        self, record: OptimizationRecord, left: Indices, plan: Plan, owner: str, terms: _Terms
    ) -> OptimizationRecord:
        """Run what is left under a lease that is held, then settle the status and give the lease back."""
        store, key = self.store, record.optimization_id
        try:
            states: tuple[OptimizationStatus, ...] = ("running",) if terms.served else ("paused", "running", "failed")
            if not store.change_status(key, states, "running", self._clock()):
                return store.optimization(key)
            if not left.size and not plan.proposals.learns:
                complete(store, key, self._clock())
                return store.optimization(key)
            self._run_left(record, left, plan, owner, terms)
        finally:
            store.release_lease(key, owner)
        return store.optimization(key)

    def _run_left(self, record: OptimizationRecord, left: Indices, plan: Plan, owner: str, terms: _Terms) -> None:
        n_workers, isolate = terms.n_workers, terms.isolate
        store, key, spec = self.store, record.optimization_id, record.spec
        n_left = int(left.size)
        if plan.proposals.learns:
            n_left = max(record.n_total - record.n_completed, 0)
            # One other process must have a batch's results stored before it asks for the next.
            n_workers = 1 if isolate or n_workers == 1 else None
        share = n_left / max(plan.n_total, 1)
        # A method that learns waits for each batch: threads of this process share one without moving it anywhere.
        expected = 0.0 if plan.proposals.learns else plan.expected_seconds * share
        executor = self._executors(plan.evaluator, math.inf if isolate else expected, n_workers, isolate)
        answered: list[EvaluatedChunk] = []
        size = plan.speed.chunk_size(n_left, max(round(plan.n_groups * share), 1), executor.n_workers)
        run = Run(
            optimization_id=key,
            owner=owner,
            job=self.job_of(record),
            chunks=self._learned(plan, record, answered) if plan.proposals.learns else chunks(left, size),
            n_done_before=record.n_total - n_left,
            n_total=record.n_total,
            objective=Objective.parse(spec.objective),
            constraints=tuple(Constraint.parse(text) for text in spec.constraints),
            rule=stop_rule(spec),
            seconds_before=record.seconds,
            best_before=math.nan if record.best_score is None else record.best_score,
            answered=answered,
        )
        try:
            ending, enough = run_chunks(store, executor, run, stop=terms.stop, report=terms.report, clock=self._clock)
        except KeyboardInterrupt:
            store.change_status(key, ("running",), "paused", self._clock(), "interrupted")
            raise
        except EvaluationError as error:
            store.change_status(key, ("running",), "failed", self._clock(), str(error))
            raise
        except StorageError as error:
            with suppress(StorageError):  # what cannot be said now, the lease's end will say
                store.change_status(key, ("running",), "paused", self._clock(), str(error))
            raise
        finally:
            executor.close()
        if ending == "lost":
            raise StateError(f"another process took optimization {key[:8]} over; every finished trial is kept")
        if ending == "completed":
            complete(store, key, self._clock(), enough)
        elif ending == "stopped" and not terms.served:
            store.change_status(key, ("running",), "paused", self._clock(), "stopped by the user")

    def _learned(self, plan: Plan, record: OptimizationRecord, answered: list[EvaluatedChunk]) -> Iterator[Indices]:
        """Batches of a method that learns; by the time that one is asked for, the last one's trials are stored."""
        answers = Answers(self.store, record, plan.proposals.candidates)
        while True:
            plan.proposals.tell(*known_scores(self.store, self.store.optimization(record.optimization_id)))
            batch = plan.proposals.batch()
            if not batch.size:
                return
            left, copies = answers.take(batch)
            if copies is not None:
                answered.append(copies)
            if left.size:
                yield left

    def cancel(self, optimization_id: str) -> OptimizationRecord:
        """Cancel for good; a running one stops after the chunks under way, finished trials are kept.

        Raises:
            StateError: it is complete, or cancelled already.
        """
        return self._change(optimization_id, ("running", "paused", "failed"), "cancelled", "cancel")

    def pause(self, optimization_id: str) -> OptimizationRecord:
        """Pause; chunks under way are finished, `resume` goes on.

        Raises:
            StateError: it is not running.
        """
        return self._change(optimization_id, ("running",), "paused", "pause")

    def set_running(self, optimization_id: str) -> OptimizationRecord:
        """Mark a paused or failed optimization as running, for whoever drives what runs.

        Raises:
            StateError: it is complete or cancelled, or the strategy's code or the engine has changed.
        """
        record = self.store.optimization(optimization_id)
        backtest = self.store.backtest(record.spec.backtest_id)
        check_code(strategy(backtest.spec.strategy), record.strategy_hash, record.engine_version)
        return self._change(optimization_id, ("paused", "failed", "running"), "running", "resume")

    def _change(
        self, optimization_id: str, states: tuple[OptimizationStatus, ...], new: OptimizationStatus, what: str
    ) -> OptimizationRecord:
        record = self.store.optimization(optimization_id)
        if not self.store.change_status(record.optimization_id, states, new, self._clock()):
            status = self.store.optimization(record.optimization_id).status
            raise StateError(f"optimization {record.optimization_id[:8]} is {status}; nothing to {what}")
        return self.store.optimization(record.optimization_id)

    def delete_optimization(self, optimization_id: str) -> str:
        """Delete an optimization with its trials; returns its id."""
        found = self.store.optimization(optimization_id).optimization_id
        self.store.delete_optimization(found)
        return found

    def job_of(self, record: OptimizationRecord) -> Job:
        """What the trials of an optimization are of."""
        spec = record.spec
        backtest = self.store.backtest(spec.backtest_id).spec
        axes, datasets = spec.space.to_json(), dict(spec.datasets)
        return Job(backtest.to_json(), axes, spec.keep_daily_profit, record.strategy_hash, datasets)

    def backtest_of(self, record: OptimizationRecord, indices: Sequence[int]) -> tuple[Evaluator, list[BacktestResult]]:
        """Run some combinations of an optimization in full; also returns what ran them."""
        evaluator = job_evaluator(self.job_of(record), self.artifacts)
        return evaluator, [full_result(evaluator, record.spec.space.combination(i)) for i in indices]


def _owner() -> str:
    """A name for this process that no other shares."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
