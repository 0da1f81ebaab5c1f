"""What work shared by many machines needs from the outside: chunks under leases, roles, workers.

The database is the only truth: a message of a broker only says that a chunk waits. A chunk's row exists from
its dispatch until its trials are stored; a worker holds it by a lease that it extends while it lives, so that
whatever ends a worker, its chunk comes back by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from trading_ai.engine.version import ENGINE_VERSION
from trading_ai.evaluation.identity import Identity
from trading_ai.evaluation.ports import Indices

CHUNK_LEASE_SECONDS = 6.0
"""How long a worker may be silent before its chunk goes to another."""

HEARTBEAT_SECONDS = 1.5
WORKER_SILENT_SECONDS = 10.0
"""A worker that was not heard of for so long is offline."""

REFUSAL_SECONDS = 30.0
"""A refusal that was not repeated for so long no longer counts: the worker may have been given what it lacked."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """Combinations that one worker evaluates at a time.

    Attributes:
        chunk_id: number of its row.
        optimization_id: whose combinations.
        start: combinations of this optimization that were dispatched before it.
        indices: combination indices, int64, shape (m,).
        identity: engine, strategy and data that it must be evaluated with.
        n_kills: workers that died, or fell silent, over it.
        suspect: whether it is part of a chunk that kept killing its workers.
    """

    chunk_id: int
    optimization_id: str
    start: int
    indices: Indices
    identity: Identity
    n_kills: int = 0
    suspect: bool = False

    @property
    def stop(self) -> int:
        """Where the next one starts."""
        return self.start + int(self.indices.shape[0])


@dataclass(frozen=True)
class ChunkState:
    """A chunk's row without its combinations.

    Attributes:
        chunk_id: number of its row.
        optimization_id: whose.
        start: first combination, in the order of dispatch.
        stop: one past the last.
        owner: the worker that has it, or None while it waits.
        lease_expires_at: end of that worker's lease, or None.
        queued_at: when it was dispatched.
        announced_at: when the broker was last told.
        n_kills: workers that died, or fell silent, over it.
        suspect: whether it is part of a chunk that kept killing its workers.
    """

    chunk_id: int
    optimization_id: str
    start: int
    stop: int
    owner: str | None
    lease_expires_at: float | None
    queued_at: float
    announced_at: float
    n_kills: int = 0
    suspect: bool = False


@dataclass(frozen=True)
class WorkerRecord:
    """A process, or a pool of them, that evaluates chunks.

    Attributes:
        worker_id: unique name, such as ``host:pid:...``.
        host: machine.
        pid: process id there.
        kind: celery or local.
        pool_size: chunks at once.
        n_processed: trials evaluated.
        n_failed: of these, failed ones.
        busy_seconds: time spent on chunks.
        memory_bytes: resident memory of the pool.
        started_at: when it started.
        heartbeat_at: when it was last heard of.
        engine_version: version of its engine; "" of a worker of an older version, which does not say.
        ready_at: when it could take its first chunk; None while it loads and compiles.
    """

    worker_id: str
    host: str
    pid: int
    kind: str
    pool_size: int
    started_at: float
    heartbeat_at: float
    memory_bytes: int = 0
    n_processed: int = 0
    n_failed: int = 0
    busy_seconds: float = 0.0
    engine_version: str = ENGINE_VERSION
    ready_at: float | None = None


@dataclass(frozen=True)
class Refusal:
    """A worker that cannot evaluate, or drive, an optimization.

    Attributes:
        optimization_id: which optimization.
        worker_id: which worker; of a server that drives, its own name.
        reason: why, in words.
        refused_at: when it last said so, seconds since 1970.
    """

    optimization_id: str
    worker_id: str
    reason: str
    refused_at: float


class WorkQueue(Protocol):
    """Chunks, roles and workers in the database. Safe to share between threads; may raise `StorageError`."""

    def add_chunks(
        self, optimization_id: str, start: int, pieces: Sequence[Indices], now: float, identity: Identity
    ) -> list[ChunkState]:
        """Put consecutive pieces into the queue, the first one starting at `start`; all must be evaluated alike."""
        ...

    def chunks(self) -> list[ChunkState]:
        """All chunks that are not done, in the order of dispatch."""
        ...

    def chunk_indices(self, optimization_id: str) -> Indices:
        """Combinations of an optimization that are in its chunks, shape (n,)."""
        ...

    def announced(self, chunk_ids: Sequence[int], now: float) -> None:
        """Note that the broker was told of chunks."""
        ...

    def claim(self, chunk_id: int, owner: str, now: float, lease_seconds: float) -> Chunk | None:
        """Take a waiting chunk of a running optimization; None if another has it, it is done, or not to be run."""
        ...

    def extend(self, chunk_id: int, owner: str, now: float, lease_seconds: float) -> bool:
        """Extend one's own lease; False if the chunk is no longer one's own."""
        ...

    def finish(self, chunk_id: int, worker_id: str, n_trials: int, n_failed: int, seconds: float) -> None:
        """Remove a chunk whose trials are stored, whoever holds it now, and count it for a worker."""
        ...

    def give_back(self, chunk_id: int, owner: str, *, killed: bool) -> bool:
        """Return a chunk to the queue; False if it is not the owner's."""
        ...

    def refuse(self, chunk_id: int, owner: str, refusal: Refusal) -> None:
        """Return a chunk to the queue that a worker cannot evaluate, and keep why."""
        ...

    def note_refusal(self, refusal: Refusal) -> None:
        """Keep why somebody cannot evaluate or drive an optimization; nothing happens if that was deleted."""
        ...

    def refusals(self, since: float) -> list[Refusal]:
        """Refusals since a moment of optimizations that run, newest first."""
        ...

    def split(self, chunk_id: int, now: float) -> list[ChunkState]:
        """Replace a waiting chunk by its two halves, both suspects."""
        ...

    def expired(self, now: float) -> list[ChunkState]:
        """Return chunks whose lease has run out to the queue, one kill more each; they are returned."""
        ...

    def waiting(self, chunk_id: int) -> Chunk | None:
        """A chunk that waits, with its combinations."""
        ...

    def running(self) -> list[str]:
        """Ids of the optimizations that run, oldest first."""
        ...

    def engines(self) -> dict[str, str]:
        """Engine version of each optimization that runs, by id, oldest first."""
        ...

    def drop_chunks(self, optimization_id: str) -> int:
        """Forget chunks of an optimization that nobody holds; returns how many."""
        ...

    def take_role(self, name: str, owner: str, now: float, lease_seconds: float) -> bool:
        """Become, or stay, the one process with a role."""
        ...

    def leave_role(self, name: str, owner: str) -> None:
        """Give a role up; nothing happens if it is another's."""
        ...

    def count(self, worker_id: str, n_trials: int, n_failed: int, seconds: float) -> None:
        """Count trials for a worker that takes no chunks from this queue."""
        ...

    def heartbeat(self, worker: WorkerRecord) -> None:
        """Enter a worker, or say that it lives and whether it is ready; its counts stay as they are."""
        ...

    def remove_worker(self, worker_id: str) -> None:
        """Forget a worker that ended."""
        ...

    def forget_workers(self, before: float) -> None:
        """Forget workers that were last heard of before a moment."""
        ...

    def workers(self) -> list[WorkerRecord]:
        """All workers, those heard of last first."""
        ...
