"""Workers and what waits for them as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from typing_extensions import TypedDict

from trading_ai.documents.forms import Moment, form, iso
from trading_ai.driving.queue import WORKER_SILENT_SECONDS, ChunkState, WorkerRecord
from trading_ai.optimization.records import OptimizationRecord


@form(of=WorkerRecord)
class Worker(TypedDict):
    """A worker that is online, and what it did since it started.

    Attributes:
        status: online; others are not listed.
        active: chunks that it has now.
        processed: trials evaluated.
        failed: of these, failed ones.
        memory_bytes: resident memory of the pool, bytes.
        started_at: when it started, UTC.
        last_heartbeat: when it was last heard of, UTC.
    """

    worker_id: str
    status: Literal["online"]
    host: str
    pid: int
    kind: str
    pool_size: int
    active: int
    processed: int
    failed: int
    busy_seconds: float
    memory_bytes: int
    started_at: Moment
    last_heartbeat: Moment


@form()
class Workers(TypedDict):
    """Workers that are online, and what waits for them.

    Attributes:
        workers_online: workers that were heard of lately.
        total_workers: the same number.
        slots: chunks that they can evaluate at once.
        active_tasks: chunks that workers have.
        queue_length: chunks that wait for a worker.
        remaining_tasks: combinations of running optimizations that have no trial yet.
        throughput_per_second: trials a second since the running optimizations began.
        workers_wanted: processes that would finish what is left within a minute, by the measured speed.
        workers: the workers.
    """

    workers_online: int
    total_workers: int
    slots: int
    active_tasks: int
    queue_length: int
    remaining_tasks: int
    throughput_per_second: float
    workers_wanted: int
    workers: list[Worker]


def workers_json(
    records: Sequence[WorkerRecord], chunks: Sequence[ChunkState], running: Sequence[OptimizationRecord], now: float
) -> Workers:
    """Workers and queue.

    Args:
        records: workers that were ever heard of.
        chunks: chunks without their trials.
        running: optimizations that run.
        now: seconds since 1970.
    """
    online = [w for w in records if now - w.heartbeat_at <= WORKER_SILENT_SECONDS]
    leased = [c for c in chunks if c.owner is not None]
    rates = [r.n_completed / (now - (r.started_at or now)) for r in running if now > (r.started_at or now)]
    return {
        "workers_online": len(online),
        "total_workers": len(online),
        "slots": sum(w.pool_size for w in online),
        "active_tasks": len(leased),
        "queue_length": len(chunks) - len(leased),
        "remaining_tasks": sum(r.n_total - r.n_completed for r in running),
        "throughput_per_second": round(sum(rates), 1),
        "workers_wanted": _wanted(running),
        "workers": [_worker(w, leased, len(running)) for w in online],
    }


def _worker(record: WorkerRecord, leased: Sequence[ChunkState], n_running: int) -> Worker:
    active = sum(str(chunk.owner).startswith(record.worker_id) for chunk in leased)
    if record.kind == "local":  # it takes no leases
        active = min(n_running, record.pool_size)
    return {
        "worker_id": record.worker_id,
        "status": "online",
        "host": record.host,
        "pid": record.pid,
        "kind": record.kind,
        "pool_size": record.pool_size,
        "active": active,
        "processed": record.n_processed,
        "failed": record.n_failed,
        "busy_seconds": round(record.busy_seconds, 3),
        "memory_bytes": record.memory_bytes,
        "started_at": iso(record.started_at),
        "last_heartbeat": iso(record.heartbeat_at),
    }


def _wanted(running: Sequence[OptimizationRecord]) -> int:
    """Worker processes that would finish what is left within a minute, by the measured speed."""
    seconds = 0.0
    for record in running:
        n_run = record.n_completed - record.n_reused  # copies took no time
        seconds += (record.n_total - record.n_completed) * (record.busy_seconds / n_run if n_run else 0.0)
    return int(-(-seconds // 60)) if seconds else len(running)
