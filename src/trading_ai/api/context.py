"""What the routes share: the application, the runner of this server, the state of workers and queue."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from fastapi import Query, Request

from trading_ai.api.views import iso
from trading_ai.driving.queue import WORKER_SILENT_SECONDS
from trading_ai.errors import TradingAIError

if TYPE_CHECKING:
    from trading_ai.bootstrap import Application
    from trading_ai.driving.service import OptimizationService
    from trading_ai.evaluation.ports import Artifacts
    from trading_ai.optimization.backtests import BacktestService
    from trading_ai.optimization.ports import Store
    from trading_ai.store.work import SqlWork

Part = Literal["database", "broker", "workers"]
PARTS: tuple[Part, ...] = get_args(Part)
"""What work needs."""

Limit = Annotated[int, Query(ge=1, le=10_000)]
Offset = Annotated[int, Query(ge=0, le=2**40)]
Parts = Annotated[list[Part] | None, Query()]


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
        self.status_cache: dict[str, tuple[float, asyncio.Future[bytes]]] = {}

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

    def ready(self, only: Collection[Part] = PARTS) -> dict[str, Any]:
        """Whether the database, the broker and a worker are there, and what is missing.

        Args:
            only: which of `PARTS` to look at.
        """
        checks: dict[str, str] = {}
        online = 0
        try:
            now = time.time()
            online = sum(now - w.heartbeat_at <= WORKER_SILENT_SECONDS for w in self.queue.workers())
            checks["database"] = "ok"
        except TradingAIError as error:
            checks["database"] = str(error)
        if "broker" in only and self.application.settings.broker:
            reached = self.application.broker.n_waiting() is not None
            checks["broker"] = "ok" if reached else "cannot be reached"
        checks["workers"] = "ok" if online else "no worker is online"
        checks = {name: state for name, state in checks.items() if name in only}
        missing = [name for name, state in checks.items() if state != "ok"]
        return {"status": "ready" if not missing else "not ready", "missing": missing, "checks": checks}

    def workers_json(self) -> dict[str, Any]:
        """Workers and queue."""
        now = time.time()
        records = [w for w in self.queue.workers() if now - w.heartbeat_at <= WORKER_SILENT_SECONDS]
        chunks = self.queue.chunks()
        waiting = [c for c in chunks if c.owner is None]
        leased = [c for c in chunks if c.owner is not None]
        running = [self.store.optimization(key) for key in self.queue.running()]
        rates = [r.n_completed / (now - (r.started_at or now)) for r in running if now > (r.started_at or now)]
        workers = []
        for w in records:
            active = sum(str(c.owner).startswith(w.worker_id) for c in leased)
            if w.kind == "local":
                active = min(len(running), w.pool_size)
            workers.append(
                {
                    "worker_id": w.worker_id,
                    "status": "online",
                    "host": w.host,
                    "pid": w.pid,
                    "kind": w.kind,
                    "pool_size": w.pool_size,
                    "active": active,
                    "processed": w.n_processed,
                    "failed": w.n_failed,
                    "busy_seconds": round(w.busy_seconds, 3),
                    "memory_bytes": w.memory_bytes,
                    "started_at": iso(w.started_at),
                    "last_heartbeat": iso(w.heartbeat_at),
                }
            )
        return {
            "workers_online": len(records),
            "total_workers": len(records),
            "slots": sum(w.pool_size for w in records),
            "active_tasks": len(leased),
            "queue_length": len(waiting),
            "remaining_tasks": sum(r.n_total - r.n_completed for r in running),
            "throughput_per_second": round(sum(rates), 1),
            "workers_wanted": self._wanted(running),
            "workers": workers,
        }

    def _wanted(self, running: list[Any]) -> int:
        """Worker processes that would finish what is left within a minute, by the measured speed."""
        seconds = sum(
            (r.n_total - r.n_completed) * (r.busy_seconds / r.n_completed if r.n_completed else 0.0) for r in running
        )
        return int(-(-seconds // 60)) if seconds else len(running)

    def collect(self) -> Iterator[Any]:
        """Gauges of disk, queue, workers, optimizations and database, read now; what Prometheus asks for."""
        from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415

        with suppress(OSError):  # a folder that is gone must not hide all the rest
            disk = shutil.disk_usage(self.application.settings.home)
            yield GaugeMetricFamily("trading_ai_disk_bytes", "Size of the disk that data is kept on.", value=disk.total)
            yield GaugeMetricFamily("trading_ai_disk_free_bytes", "What is free of it.", value=disk.free)
        up = GaugeMetricFamily("trading_ai_database_up", "Whether the database answers.")
        try:
            state, now = self.workers_json(), time.time()
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
            elapsed = now - (record.started_at or now)
            if record.n_completed:
                eta.add_metric(whose, (record.n_total - record.n_completed) * elapsed / record.n_completed)
        yield progress
        yield eta
