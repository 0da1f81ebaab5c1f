"""Chunks, roles and workers in the database."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, Select, Update, func, select
from typing_extensions import override

from trading_ai.driving.queue import Chunk, ChunkState, Refusal, WorkerRecord, WorkQueue
from trading_ai.engine.version import ENGINE_VERSION
from trading_ai.evaluation.identity import Identity
from trading_ai.evaluation.ports import Indices
from trading_ai.store.codec import pack_indices, unpack_indices
from trading_ai.store.database import Database
from trading_ai.store.rows import TableRow, find
from trading_ai.store.tables import chunks, optimizations, refusals, roles, workers

_STATE = (
    chunks.c.id,
    optimizations.c.optimization_id,
    chunks.c.start,
    chunks.c.stop,
    chunks.c.owner,
    chunks.c.lease_expires_at,
    chunks.c.queued_at,
    chunks.c.announced_at,
    chunks.c.n_kills,
    chunks.c.suspect,
)


def _state(row: Any) -> ChunkState:
    data = dict(row._mapping)
    return ChunkState(chunk_id=data.pop("id"), suspect=bool(data.pop("suspect")), **data)


def _chunk(row: TableRow) -> Chunk:
    identity, indices = Identity.from_json(row.identity), unpack_indices(row.indices)
    return Chunk(row.id, row.optimization_id, row.start, indices, identity, row.n_kills, bool(row.suspect))


class SqlWork(WorkQueue):
    """The queue on a SQL database.

    Args:
        database: the database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- chunks --------------------------------------------------------------------------------------

    @override
    def add_chunks(
        self, optimization_id: str, start: int, pieces: Sequence[Indices], now: float, identity: Identity
    ) -> list[ChunkState]:
        with self._database.write() as connection:
            key = find(connection, optimizations, "optimization", optimization_id).id
            return self._insert(connection, key, optimization_id, start, pieces, now, identity.to_json())

    @staticmethod
    def _insert(
        connection: Connection,
        key: int,
        optimization_id: str,
        start: int,
        pieces: Sequence[Indices],
        now: float,
        identity: str,
        *,
        suspect: bool = False,
    ) -> list[ChunkState]:
        if not pieces:
            return []
        ends = list(itertools.accumulate((int(piece.shape[0]) for piece in pieces), initial=start))
        spans = list(itertools.pairwise(ends))
        shared = {"optimization": key, "identity": identity, "n_kills": 0, "suspect": int(suspect)}
        shared |= {"queued_at": now, "announced_at": 0.0}
        rows = [
            {**shared, "start": first, "stop": stop, "indices": pack_indices(piece)}
            for (first, stop), piece in zip(spans, pieces, strict=True)
        ]
        # A few statements for all of them: a window of a thousand workers is thousands of chunks.
        made = connection.execute(chunks.insert().returning(chunks.c.id, sort_by_parameter_order=True), rows).scalars()
        return [
            ChunkState(number, optimization_id, first, stop, None, None, now, 0.0, 0, suspect)
            for number, (first, stop) in zip(made, spans, strict=True)
        ]

    @override
    def chunks(self) -> list[ChunkState]:
        chosen = select(*_STATE).join(optimizations, optimizations.c.id == chunks.c.optimization)
        with self._database.read() as connection:
            return [_state(row) for row in connection.execute(chosen.order_by(chunks.c.id)).all()]

    @override
    def chunk_indices(self, optimization_id: str) -> Indices:
        with self._database.read() as connection:
            key = find(connection, optimizations, "optimization", optimization_id).id
            rows = connection.execute(select(chunks.c.indices).where(chunks.c.optimization == key)).all()
        return np.concatenate([np.empty(0, np.int64), *(unpack_indices(row.indices) for row in rows)])

    @override
    def announced(self, chunk_ids: Sequence[int], now: float) -> None:
        with self._database.write() as connection:
            connection.execute(chunks.update().where(chunks.c.id.in_(list(chunk_ids))).values(announced_at=now))

    @override
    def claim(self, chunk_id: int, owner: str, now: float, lease_seconds: float) -> Chunk | None:
        running = select(optimizations.c.id).where(optimizations.c.status == "running")
        free = chunks.c.owner.is_(None) & chunks.c.optimization.in_(running)
        take = chunks.update().where((chunks.c.id == chunk_id) & free)
        with self._database.write() as connection:
            owned = {"owner": owner, "owner_engine": ENGINE_VERSION, "lease_expires_at": now + lease_seconds}
            taken = connection.execute(take.values(**owned)).rowcount
            if not taken:
                return None
            return _chunk(connection.execute(_whole().where(chunks.c.id == chunk_id)).one())

    @override
    def extend(self, chunk_id: int, owner: str, now: float, lease_seconds: float) -> bool:
        own = chunks.update().where((chunks.c.id == chunk_id) & (chunks.c.owner == owner))
        with self._database.write() as connection:
            return connection.execute(own.values(lease_expires_at=now + lease_seconds)).rowcount == 1

    @override
    def finish(self, chunk_id: int, worker_id: str, n_trials: int, n_failed: int, seconds: float) -> None:
        with self._database.write() as connection:
            connection.execute(chunks.delete().where(chunks.c.id == chunk_id))
            connection.execute(_counts(worker_id, n_trials, n_failed, seconds))

    @override
    def give_back(self, chunk_id: int, owner: str, *, killed: bool) -> bool:
        own = chunks.update().where((chunks.c.id == chunk_id) & (chunks.c.owner == owner))
        with self._database.write() as connection:
            return connection.execute(own.values(**_FREED, n_kills=chunks.c.n_kills + int(killed))).rowcount == 1

    @override
    def refuse(self, chunk_id: int, owner: str, refusal: Refusal) -> None:
        own = chunks.update().where((chunks.c.id == chunk_id) & (chunks.c.owner == owner))
        with self._database.write() as connection:
            connection.execute(own.values(**_FREED))
            self._note(connection, refusal)

    @override
    def note_refusal(self, refusal: Refusal) -> None:
        with self._database.write() as connection:
            self._note(connection, refusal)

    def _note(self, connection: Connection, refusal: Refusal) -> None:
        chosen = select(optimizations.c.id).where(optimizations.c.optimization_id == refusal.optimization_id)
        key = connection.execute(chosen).scalar()
        if key is None:
            return
        # PostgreSQL keeps no NUL in a text.
        said = {"reason": refusal.reason.replace("\0", "\N{REPLACEMENT CHARACTER}"), "refused_at": refusal.refused_at}
        insert = self._database.insert(refusals).values(optimization=key, worker_id=refusal.worker_id, **said)
        connection.execute(insert.on_conflict_do_update(index_elements=["optimization", "worker_id"], set_=said))

    @override
    def refusals(self, since: float) -> list[Refusal]:
        o, r = optimizations.c, refusals.c
        chosen = select(o.optimization_id, r.worker_id, r.reason, r.refused_at).join(refusals, r.optimization == o.id)
        chosen = chosen.where((o.status == "running") & (r.refused_at >= since)).order_by(r.refused_at.desc())
        with self._database.read() as connection:
            return [Refusal(*row) for row in connection.execute(chosen)]

    @override
    def split(self, chunk_id: int, now: float) -> list[ChunkState]:
        with self._database.write() as connection:
            row = connection.execute(_whole().where((chunks.c.id == chunk_id) & chunks.c.owner.is_(None))).first()
            if row is None:
                return []
            whole = _chunk(row)
            half = whole.indices.shape[0] // 2
            connection.execute(chunks.delete().where(chunks.c.id == chunk_id))
            halves = [piece for piece in (whole.indices[:half], whole.indices[half:]) if piece.size]
            at = (row.optimization, whole.optimization_id, whole.start)
            return self._insert(connection, *at, halves, now, row.identity, suspect=True)

    @override
    def expired(self, now: float) -> list[ChunkState]:
        late = chunks.c.owner.is_not(None) & (chunks.c.lease_expires_at <= now)
        with self._database.read() as connection:
            found = [(row.id, row.owner) for row in connection.execute(select(chunks.c.id, chunks.c.owner).where(late))]
        if not found:
            return []
        back: list[ChunkState] = []
        state = select(*_STATE).join(optimizations, optimizations.c.id == chunks.c.optimization)
        with self._database.write() as connection:
            for chunk_id, owner in found:
                own = chunks.update().where((chunks.c.id == chunk_id) & (chunks.c.owner == owner) & late)
                if connection.execute(own.values(**_FREED, n_kills=chunks.c.n_kills + 1)).rowcount:
                    back.append(_state(connection.execute(state.where(chunks.c.id == chunk_id)).one()))
        return back

    @override
    def waiting(self, chunk_id: int) -> Chunk | None:
        with self._database.read() as connection:
            row = connection.execute(_whole().where((chunks.c.id == chunk_id) & chunks.c.owner.is_(None))).first()
            return None if row is None else _chunk(row)

    @override
    def running(self) -> list[str]:
        o = optimizations.c
        chosen = select(o.optimization_id).where(o.status == "running").order_by(o.created_at, o.id)
        with self._database.read() as connection:
            return [row.optimization_id for row in connection.execute(chosen)]

    @override
    def engines(self) -> dict[str, str]:
        o = optimizations.c
        chosen = select(o.optimization_id, o.engine_version).where(o.status == "running").order_by(o.created_at, o.id)
        with self._database.read() as connection:
            return {row.optimization_id: row.engine_version for row in connection.execute(chosen)}

    @override
    def drop_chunks(self, optimization_id: str) -> int:
        with self._database.write() as connection:
            key = find(connection, optimizations, "optimization", optimization_id).id
            gone = chunks.delete().where((chunks.c.optimization == key) & chunks.c.owner.is_(None))
            return int(connection.execute(gone).rowcount)

    # --- roles ---------------------------------------------------------------------------------------

    @override
    def take_role(self, name: str, owner: str, now: float, lease_seconds: float) -> bool:
        r = roles.c
        free = roles.update().where((r.name == name) & ((r.owner == owner) | (r.expires_at <= now)))
        with self._database.write() as connection:
            if connection.execute(free.values(owner=owner, expires_at=now + lease_seconds)).rowcount:
                return True
            if connection.execute(select(r.name).where(r.name == name)).first():
                return False
        return self._enter_role(name, owner, now + lease_seconds)

    def _enter_role(self, name: str, owner: str, expires_at: float) -> bool:
        insert = self._database.insert(roles).values(name=name, owner=owner, expires_at=expires_at)
        with self._database.write() as connection:
            return connection.execute(insert.on_conflict_do_nothing()).rowcount == 1

    @override
    def leave_role(self, name: str, owner: str) -> None:
        with self._database.write() as connection:
            connection.execute(roles.delete().where((roles.c.name == name) & (roles.c.owner == owner)))

    # --- workers -------------------------------------------------------------------------------------

    @override
    def count(self, worker_id: str, n_trials: int, n_failed: int, seconds: float) -> None:
        with self._database.write() as connection:
            connection.execute(_counts(worker_id, n_trials, n_failed, seconds))

    @override
    def heartbeat(self, worker: WorkerRecord) -> None:
        insert = self._database.insert(workers).values(**vars(worker))
        alive = {
            "heartbeat_at": worker.heartbeat_at,
            "memory_bytes": worker.memory_bytes,
            "ready_at": worker.ready_at,
        }
        with self._database.write() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=["worker_id"], set_=alive))

    @override
    def remove_worker(self, worker_id: str) -> None:
        with self._database.write() as connection:
            connection.execute(workers.delete().where(workers.c.worker_id == worker_id))

    @override
    def forget_workers(self, before: float) -> None:
        with self._database.write() as connection:
            connection.execute(workers.delete().where(workers.c.heartbeat_at < before))
            connection.execute(refusals.delete().where(refusals.c.refused_at < before))

    @override
    def workers(self) -> list[WorkerRecord]:
        with self._database.read() as connection:
            rows = connection.execute(select(workers).order_by(workers.c.heartbeat_at.desc())).all()
        return [WorkerRecord(**row._mapping) for row in rows]

    def database_bytes(self) -> int:
        """Size of the database."""
        with self._database.read() as connection:
            if self._database.is_postgres:
                return int(connection.execute(select(func.pg_database_size(func.current_database()))).scalar_one())
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            return int(pages * connection.exec_driver_sql("PRAGMA page_size").scalar_one())


_FREED: dict[str, Any] = {"owner": None, "owner_engine": None, "lease_expires_at": None, "announced_at": 0.0}
"""What a chunk has that waits and must be announced."""


def _counts(worker_id: str, n_trials: int, n_failed: int, seconds: float) -> Update:
    w = workers.c
    more = {
        "n_processed": w.n_processed + n_trials,
        "n_failed": w.n_failed + n_failed,
        "busy_seconds": w.busy_seconds + seconds,
    }
    return workers.update().where(w.worker_id == worker_id).values(**more)


def _whole() -> Select[Any]:
    return select(chunks, optimizations.c.optimization_id).join(
        optimizations, optimizations.c.id == chunks.c.optimization
    )
