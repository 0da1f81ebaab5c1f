"""Use cases of optimizations: plan, start, resume, cancel, delete."""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from trading_ai.driving.completion import complete
from trading_ai.driving.executor import ExecutorFactory
from trading_ai.driving.here import LEASE_SECONDS, Here, Progress, Terms, take_lease
from trading_ai.driving.planning import Plan, job_of, plan_optimization, strategy_of
from trading_ai.engine.version import ENGINE_VERSION
from trading_ai.errors import ParameterError, StateError
from trading_ai.evaluation.job import job_evaluator, strategy_as_started
from trading_ai.evaluation.model import BacktestResult, EvaluatedChunk
from trading_ai.evaluation.ports import Artifacts, Evaluator, Indices, Job
from trading_ai.optimization.backtests import full_result
from trading_ai.optimization.judging import Judge
from trading_ai.optimization.ledger import repeats
from trading_ai.optimization.model import OptimizationSpec, OptimizationStatus
from trading_ai.optimization.ports import Store
from trading_ai.optimization.records import MOST_PRIORITY, OptimizationRecord
from trading_ai.strategies.registry import is_built_in


def _ignore(_: Any) -> None:
    """The default of callbacks."""


class OptimizationService:
    """What the CLI, the API and a notebook call; everything it touches is passed in.

    Args:
        store: records and trials.
        artifacts: bars and backtests' arrays.
        executors: makes executors.
        max_combinations: largest grid that is searched in full.
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
        self._max_combinations = max_combinations
        self._here = Here(store, executors, clock)
        self._clock, self._sleep, self._new_id = clock, sleep, new_id

    def plan(self, spec: OptimizationSpec, *, measure: bool = True) -> Plan:
        """Check an optimization and, if wanted, measure what it will cost; see `plan_optimization`."""
        return plan_optimization(
            spec, self.store, self.artifacts, max_combinations=self._max_combinations, measure=measure
        )

    def begin(
        self, plan: Plan, *, name: str = "", priority: int = 5, request_key: str = "", part_of: str = ""
    ) -> OptimizationRecord:
        """Store an optimization as running, for whoever drives what runs (see `cluster`); arguments as of `start`.

        Raises:
            StateError: the request key was used before.
        """
        record = replace(self._record(plan, name), priority=priority, request_key=request_key, part_of=part_of)
        record = replace(record, status="running", started_at=record.created_at)
        self.store.add_optimization(record)
        key, owner = record.optimization_id, _owner()
        # Under a lease, so that nothing is dispatched before it is known what need not be run.
        if self.store.acquire_lease(key, owner, self._clock(), LEASE_SECONDS):
            try:
                with self._here.ending(key):
                    self._reuse(record, plan)
            finally:
                self.store.release_lease(key, owner)
        return self.store.optimization(key)

    def _repeats(self, plan: Plan) -> Iterator[EvaluatedChunk]:
        """Trials of earlier optimizations that need not be run again."""
        spec, proposals = plan.spec, plan.proposals
        if not (spec.warm_start if proposals.learns else spec.reuse):
            return iter(())
        wanted = proposals.combinations.keep if proposals.learns else plan.indices
        return repeats(self.store, spec, plan.backtest, plan.strategy, wanted)

    def _reuse(self, record: OptimizationRecord, plan: Plan) -> None:
        judge = Judge(self.store, record.optimization_id, record.spec)
        for chunk in self._repeats(plan):
            judge.save(chunk)

    def _record(self, plan: Plan, name: str) -> OptimizationRecord:
        spec, n_total = plan.spec, plan.n_total
        if plan.proposals.learns and spec.warm_start:  # what it begins with comes on top of what it is to try
            n_known = sum(chunk.indices.shape[0] for chunk in self._repeats(plan))
            n_total = min(n_total + n_known, plan.proposals.combinations.n)
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
        part_of: str = "",
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
            part_of: the study that it is a part of, or "".
            n_workers: workers to use, or None to choose.
            started: called with the record before the first trial.
            report: called after each chunk.
            stop: True pauses; asked between chunks.

        Raises:
            StateError: the request key was used before.
        """
        record = replace(self._record(plan, name), request_key=request_key, part_of=part_of)
        self.store.add_optimization(record)
        owner = _owner()
        take_lease(self.store, record.optimization_id, owner, clock=self._clock, sleep=self._sleep, waiting=_ignore)
        try:
            with self._here.ending(record.optimization_id, states=("running", "paused")):
                self._reuse(record, plan)
                record = self.store.optimization(record.optimization_id)
                if record.n_completed and plan.proposals.learns:
                    plan = self.plan(record.spec, measure=False)
                started(record)
                left = plan.indices
                if record.n_completed:
                    left = left[~np.isin(left, self.store.done_indices(record.optimization_id))]
        except BaseException:
            self.store.release_lease(record.optimization_id, owner)
            raise
        return self._run(record, left, plan, owner, Terms(n_workers, report, stop))

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
        return self._go_on(optimization_id, Terms(n_workers, report, stop), started, waiting)

    def serve(
        self,
        optimization_id: str,
        *,
        n_workers: int | None = None,
        report: Callable[[Progress], None] = _ignore,
        stop: Callable[[], bool] = lambda: False,
    ) -> OptimizationRecord:
        """Run an optimization that is marked as running, for a server; where it no longer is, nothing happens.

        Unlike `resume` it never takes up what a user has paused meanwhile, an end of the server (`stop`) leaves
        it marked as running, for the next server, and no code of a user runs in this process: a server outlives
        a strategy that ends its process. One that cannot go on is marked as failed, with the reason.

        Raises:
            StateError: as for `resume`.
        """
        return self._go_on(optimization_id, Terms(n_workers, report, stop, served=True), _ignore, _ignore)

    def _go_on(
        self,
        optimization_id: str,
        terms: Terms,
        started: Callable[[OptimizationRecord], None],
        waiting: Callable[[float], None],
    ) -> OptimizationRecord:
        record = self.store.optimization(optimization_id)
        if record.status == "completed":
            return record
        if record.status == "cancelled":
            raise StateError(f"optimization {record.optimization_id[:8]} was cancelled; start a new one")
        key, owner = record.optimization_id, _owner()
        take_lease(self.store, key, owner, clock=self._clock, sleep=self._sleep, waiting=waiting)
        try:
            with self._here.ending(key, served=terms.served):
                backtest = self.store.backtest(record.spec.backtest_id)
                strategy_as_started(backtest.spec, record.strategy_hash, record.engine_version)
                terms = replace(terms, isolate=terms.served and not is_built_in(backtest.spec.strategy))
                plan = self.plan(record.spec, measure=not terms.isolate)
                left = plan.indices[~np.isin(plan.indices, self.store.done_indices(key))]
                record = self.store.optimization(key)
                started(record)
        except BaseException:
            self.store.release_lease(key, owner)
            raise
        return self._run(record, left, plan, owner, terms)

    def _run(
        self, record: OptimizationRecord, left: Indices, plan: Plan, owner: str, terms: Terms
    ) -> OptimizationRecord:
        """Run what is left under a lease that is held, then settle the status and give the lease back."""
        store, key = self.store, record.optimization_id
        try:
            states: tuple[OptimizationStatus, ...] = ("running",) if terms.served else ("paused", "running", "failed")
            if not store.change_status(key, states, "running", self._clock()):
                return store.optimization(key)
            if not left.size and not plan.proposals.learns:
                with self._here.ending(key, served=terms.served):
                    complete(store, key, self._clock())
                return store.optimization(key)
            self._here.drive(record, plan, left, owner, terms)
        finally:
            store.release_lease(key, owner)
        return store.optimization(key)

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
        strategy_of(self.store, record)
        return self._change(optimization_id, ("paused", "failed", "running"), "running", "resume")

    def prioritize(self, optimization_id: str, priority: int) -> OptimizationRecord:
        """Give an optimization more, or less, of the workers that others wait for as well, from now on.

        Raises:
            ParameterError: the priority is not 1 to 9.
            StateError: it has ended.
        """
        if not 1 <= priority <= MOST_PRIORITY:
            raise ParameterError(f"must be 1 to {MOST_PRIORITY}", parameter="priority", value=priority)
        record = self.store.optimization(optimization_id)
        if record.status in {"completed", "cancelled"}:
            raise StateError(f"optimization {record.optimization_id[:8]} is {record.status}; nothing to prioritize")
        self.store.set_priority(record.optimization_id, priority)
        return self.store.optimization(record.optimization_id)

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
        return job_of(self.store, record)

    def backtest_of(self, record: OptimizationRecord, indices: Sequence[int]) -> tuple[Evaluator, list[BacktestResult]]:
        """Run some combinations of an optimization in full; also returns what ran them."""
        evaluator = job_evaluator(self.job_of(record), self.artifacts)
        return evaluator, [full_result(evaluator, record.spec.space.combination(i)) for i in indices]


def _owner() -> str:
    """A name for this process that no other shares."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
