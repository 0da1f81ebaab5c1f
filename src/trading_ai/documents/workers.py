"""Workers and what waits for them as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from typing_extensions import TypedDict

from trading_ai.documents.forms import Moment, form, iso
from trading_ai.driving.queue import WORKER_SILENT_SECONDS, ChunkState, Refusal, WorkerRecord
from trading_ai.optimization.records import OptimizationRecord


@form(of=Refusal)
class Refused(TypedDict):
    """An optimization whose chunks a worker gives back.

    Attributes:
        optimization_id: which optimization.
        reason: what the worker has otherwise, or lacks.
        refused_at: when it last gave one back, UTC.
    """

    optimization_id: str
    reason: str
    refused_at: Moment


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
        engine_version: version of its engine; it evaluates no other's chunks.
        ready_at: when it had loaded and compiled, UTC; null before.
        refuses: optimizations whose chunks it gives back, because it has not what they were started with.
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
    engine_version: str
    ready_at: Moment | None
    refuses: list[Refused]


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
    records: Sequence[WorkerRecord],
    chunks: Sequence[ChunkState],
    running: Sequence[OptimizationRecord],
    now: float,
    refusals: Sequence[Refusal] = (),
) -> Workers:
    """Workers and queue.

    Args:
        records: workers that were ever heard of.
        chunks: chunks without their trials.
        running: optimizations that run.
        now: seconds since 1970.
        refusals: what workers lately could not evaluate.
    """
    online = [w for w in records if now - w.heartbeat_at <= WORKER_SILENT_SECONDS]
    leased = [c for c in chunks if c.owner is not None]
    rates = [_n_run(r) / (now - (r.started_at or now)) for r in running if now > (r.started_at or now)]
    return {
        "workers_online": len(online),
        "total_workers": len(online),
        "slots": sum(w.pool_size for w in online),
        "active_tasks": len(leased),
        "queue_length": len(chunks) - len(leased),
        "remaining_tasks": sum(r.n_total - r.n_completed for r in running),
        "throughput_per_second": round(sum(rates), 1),
        "workers_wanted": _wanted(running),
        "workers": [_worker(w, leased, len(running), refusals) for w in online],
    }


def _worker(record: WorkerRecord, leased: Sequence[ChunkState], n_running: int, refusals: Sequence[Refusal]) -> Worker:
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
        "engine_version": record.engine_version,
        "ready_at": None if record.ready_at is None else iso(record.ready_at),
        "refuses": [
            {"optimization_id": r.optimization_id, "reason": r.reason, "refused_at": iso(r.refused_at)}
            for r in refusals
            if r.worker_id == record.worker_id
        ],
    }


def _wanted(running: Sequence[OptimizationRecord]) -> int:
    """Worker processes that would finish what is left within a minute, by the measured speed."""
    seconds = sum((r.n_total - r.n_completed) * (r.busy_seconds / _n_run(r) if _n_run(r) else 0.0) for r in running)
    return int(-(-seconds // 60)) if seconds else len(running)


def _n_run(record: OptimizationRecord) -> int:
    """Trials that were run, and not copied: copies say nothing of the speed."""
    return record.n_completed - record.n_reused
