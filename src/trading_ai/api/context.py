"""What the routes share: the application, the runner of this server, the state of workers and queue."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, cast, get_args

from fastapi import Query, Request, Response
from prometheus_client.core import GaugeMetricFamily
from starlette.concurrency import run_in_threadpool

from trading_ai.api.answers import Checks, Ready
from trading_ai.api.beginnings import Beginnings
from trading_ai.documents.workers import Workers, workers_json
from trading_ai.driving.pace import trials_per_second
from trading_ai.driving.queue import REFUSAL_SECONDS, WORKER_SILENT_SECONDS
from trading_ai.errors import TradingAIError
from trading_ai.optimization.pareto import front

if TYPE_CHECKING:
    from trading_ai.bootstrap import Application
    from trading_ai.driving.service import OptimizationService
    from trading_ai.evaluation.ports import Artifacts, Indices
    from trading_ai.optimization.backtests import BacktestService
    from trading_ai.optimization.ports import Store
    from trading_ai.optimization.records import OptimizationRecord
    from trading_ai.store.work import SqlWork

_Found = TypeVar("_Found")
Part = Literal["database", "broker", "workers"]
PARTS: tuple[Part, ...] = get_args(Part)
"""What work needs."""

PAGES_AT_ONCE = 8
"""Pages of trials that one process makes at a time: one of ten thousand trials takes some ten megabytes."""

FRONTS_KEPT = 4
"""Pareto fronts that are remembered: working one out reads every trial."""

STUDIES_AT_ONCE = 2
"""Verdicts and reports that one process makes at a time; the threads beyond are left to quick answers."""

Limit = Annotated[int, Query(ge=1, le=10_000)]
Offset = Annotated[int, Query(ge=0, le=2**40)]
CursorText = Annotated[
    str | None,
    Query(
        max_length=300,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="`next` or `previous` of an earlier answer: the page that follows, or comes before, however far "
        "down the table it is and whatever was added meanwhile. Of the same sort, and without an offset.",
    ),
]

Parts = Annotated[list[Part] | None, Query()]


def as_json(text: str) -> Response:
    """An answer of a text that is JSON already."""
    return Response(text.encode(), media_type="application/json")


def context_of(request: Request) -> Context:
    """What the application that answers a request holds."""
    context: Context = request.app.state.context
    return context


class Context:
    """What the routes of both APIs share.

    Args:
        application: the application.
        wake: told that there is new work.
    """

    def __init__(self, application: Application, wake: Callable[[], None] = lambda: None) -> None:
        self.application, self.wake = application, wake
        application.never_run_bundles()  # a server knows what they declare; workers run them
        self.status_cache: dict[str, tuple[float, asyncio.Future[bytes]]] = {}
        self.beginnings = Beginnings()
        self._studies = asyncio.Semaphore(STUDIES_AT_ONCE)
        self._pages = asyncio.Semaphore(PAGES_AT_ONCE)
        self._queries = asyncio.Semaphore(application.settings.sql_at_once)
        self._fronts: dict[tuple[object, ...], tuple[Indices, Indices]] = {}
        self._fronts_lock = threading.Lock()

    @property
    def store(self) -> Store:
        """Records and trials."""
        return self.application.store

    @property
    def queue(self) -> SqlWork:
        """Chunks and workers."""
        return self.application.queue

    @property
    def artifacts(self) -> Artifacts:
        """Bars and backtests' arrays."""
        return self.application.artifacts

    @property
    def service(self) -> OptimizationService:
        """Use cases of optimizations."""
        return self.application.service

    @property
    def backtests(self) -> BacktestService:
        """Use cases of datasets and backtests."""
        return self.application.backtests

    def ready(self, only: Collection[Part] = PARTS) -> Ready:
        """Whether the database, the broker and a worker are there, and what is missing.

        Args:
            only: which of `PARTS` to look at.
        """
        checks: Checks = {}
        online = 0
        try:
            now = time.time()
            online = sum(now - w.heartbeat_at <= WORKER_SILENT_SECONDS for w in self.queue.workers())
            checks["database"] = "ok"
        except TradingAIError as error:
            checks["database"] = str(error)
        if "broker" in only and self.application.settings.broker:
            checks["broker"] = self.application.broker.trouble() or "ok"
        checks["workers"] = "ok" if online else "no worker is online"
        checks = cast("Checks", {name: state for name, state in checks.items() if name in only})
        missing = [name for name, state in checks.items() if state != "ok"]
        return {"status": "ready" if not missing else "not ready", "missing": missing, "checks": checks}

    def ready_to_answer(self) -> Ready:
        """Whether questions in plain language can be answered: that takes the database, and no language model."""
        state = self.ready(["database"])
        model = self.application.assistant.has_model
        state["checks"]["language_model"] = "ok" if model else "none is set: sentences are the program's own"
        if not model and not state["missing"]:
            state["status"] = "degraded"
        return state

    async def study(self, make: Callable[[], _Found]) -> _Found:
        """An answer that takes seconds of all cores, made in a thread; those that must wait for it hold none."""
        async with self._studies:
            return await run_in_threadpool(make)

    async def page(self, make: Callable[[], Response]) -> Response:
        """A page of trials, made in a thread; as with studies, those that wait hold none."""
        async with self._pages:
            return await run_in_threadpool(make)

    async def query(self, make: Callable[[], Response]) -> Response:
        """An answer to SQL, made in a thread; as with studies, those that wait hold none."""
        return await self.asked(make)

    async def asked(self, make: Callable[[], _Found]) -> _Found:
        """Whatever asks SQL, made in a thread; as with studies, those that wait hold none."""
        async with self._queries:
            return await run_in_threadpool(make)

    def front(self, record: OptimizationRecord) -> tuple[Indices, Indices]:
        """Ranks and indices of the trials on the front, worked out once for all who ask.

        Raises:
            ParameterError: there is one objective.
        """
        state = (record.optimization_id, record.n_completed, record.status, record.best_index, record.best_score)
        with self._fronts_lock:
            found = self._fronts.get(state)
            if found is None:
                while len(self._fronts) >= FRONTS_KEPT:
                    del self._fronts[next(iter(self._fronts))]
                found = self._fronts[state] = front(self.store, record)
            return found

    def workers(self) -> Workers:
        """Workers and queue."""
        running = [self.store.optimization(key) for key in self.queue.running()]
        now = time.time()
        refusals = self.queue.refusals(now - REFUSAL_SECONDS)
        return workers_json(self.queue.workers(), self.queue.chunks(), running, now, refusals)

    def collect(self) -> Iterator[Any]:
        """Gauges of disk, queue, workers, optimizations and database, read now; what Prometheus asks for."""
        with suppress(OSError):  # a folder that is gone must not hide all the rest
            disk = shutil.disk_usage(self.application.settings.home)
            yield GaugeMetricFamily("trading_ai_disk_bytes", "Size of the disk that data is kept on.", value=disk.total)
            yield GaugeMetricFamily("trading_ai_disk_free_bytes", "What is free of it.", value=disk.free)
        up = GaugeMetricFamily("trading_ai_database_up", "Whether the database answers.")
        try:
            state, now = self.workers(), time.time()
            chunks = self.queue.chunks()
            optimizations = [self.store.optimization(key) for key in self.queue.running()]
            size = self.queue.database_bytes()
        except TradingAIError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        oldest = max((now - c.queued_at for c in chunks if c.owner is None), default=0.0)
        for name, text, value in (
            ("queue_chunks", "Chunks that wait for a worker.", state["queue_length"]),
            ("queue_oldest_seconds", "Age of the oldest of them.", oldest),
            ("leases", "Chunks that workers have.", state["active_tasks"]),
            ("workers_online", "Workers heard of lately.", state["workers_online"]),
            ("worker_processes", "Processes of those workers.", state["slots"]),
            ("workers_wanted", "Processes that would finish what is left in a minute.", state["workers_wanted"]),
            ("remaining_combinations", "Combinations without a trial.", state["remaining_tasks"]),
            ("database_bytes", "Size of the database.", size),
        ):
            yield GaugeMetricFamily(f"trading_ai_{name}", text, value=value)
        labels = ["optimization_id", "name"]
        progress = GaugeMetricFamily("trading_ai_optimization_progress_ratio", "Part that is done.", labels=labels)
        eta = GaugeMetricFamily("trading_ai_optimization_eta_seconds", "Expected time to the end.", labels=labels)
        for record in optimizations:
            whose = [record.optimization_id, record.name]
            progress.add_metric(whose, record.n_completed / max(record.n_total, 1))
            rate = trials_per_second(record, now)
            if rate:
                eta.add_metric(whose, (record.n_total - record.n_completed) / rate)
        yield progress
        yield eta
