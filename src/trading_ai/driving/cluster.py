"""Keeps the workers of many machines busy with the optimizations that run, and loses nothing.

One process at a time has the role of coordinator; any that knows the database can take it over within seconds.
It holds no state that matters: what is left of an optimization follows from its trials and its open chunks.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from trading_ai.driving.completion import complete
from trading_ai.driving.dispatch import Dispatch, Limits, after_death, kill_text
from trading_ai.driving.planning import dispatch_of, proposals_of
from trading_ai.driving.queue import WORKER_SILENT_SECONDS, ChunkState, WorkQueue
from trading_ai.errors import NotFoundError, StorageError, TradingAIError, said
from trading_ai.evaluation.job import failed_chunk
from trading_ai.evaluation.ports import Indices
from trading_ai.optimization.judging import Judge
from trading_ai.optimization.model import OptimizationStatus
from trading_ai.optimization.pareto import known_scores
from trading_ai.optimization.ports import Store
from trading_ai.optimization.records import OptimizationRecord

ROLE = "coordinator"
ROLE_SECONDS = 5.0
_OPTIMIZATION_LEASE_SECONDS = 10.0
_WAITING_PER_SLOT = 3
_ADDED_PER_TICK = 1000  # a tick must end well before the role does, however many workers wait
_SILENT_BROKER_SECONDS = 2.0
_WORKERS_FORGOTTEN_SECONDS = 3600.0

_log = logging.getLogger(__name__)


@dataclass
class _Driven:
    """One running optimization as this coordinator knows it."""

    dispatch: Dispatch
    limits: Limits
    seen: tuple[int, float]

    def observe(self, record: OptimizationRecord) -> None:
        """Learn the speed of one worker from the progress since the last look."""
        n, seconds = record.n_completed - self.seen[0], record.busy_seconds - self.seen[1]
        if n > 0 and seconds > 0:
            self.dispatch.told(n, seconds)
            self.seen = (record.n_completed, record.busy_seconds)

    def enough(self, record: OptimizationRecord, now: float) -> str:
        """The limit that is reached, if one is; the best is counted from the first look of this coordinator."""
        seconds = now - (record.started_at or record.created_at)
        return self.limits.reached(record.n_completed, record.best_score, seconds)


@dataclass(frozen=True)
class Tick:
    """What one look found; for gauges."""

    n_waiting: int = 0
    n_slots: int = 0
    actions: Counter[str] = field(default_factory=Counter)


class Coordinator:
    """Dispatches chunks a window at a time, takes back those of dead workers, settles what is done.

    Args:
        store: the results.
        queue: the chunks.
        announce: tells the broker of a chunk; may raise `OSError` or `StorageError` if it cannot be reached.
        n_announced: messages that wait at the broker; None if it cannot be reached.
        owner: name of this process.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        store: Store,
        queue: WorkQueue,
        announce: Callable[[ChunkState], None],
        n_announced: Callable[[], int | None],
        owner: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._queue, self._owner, self._clock = store, queue, owner, clock
        self._announce, self._n_announced = announce, n_announced
        self._driven: dict[str, _Driven] = {}
        self._forgot = 0.0

    def leave(self) -> None:
        """Give the role up, so that another process has it at once."""
        self._queue.leave_role(ROLE, self._owner)

    def tick(self) -> Tick | None:
        """One round; None if another process is the coordinator.

        Raises:
            StorageError: the database could not be reached.
        """
        now = self._clock()
        if not self._queue.take_role(ROLE, self._owner, now, ROLE_SECONDS):
            self._driven.clear()  # what another one dispatched meanwhile is not known here
            return None
        actions: Counter[str] = Counter()
        for late in self._queue.expired(now):
            actions["lease_expired"] += 1
            _log.warning(
                "a worker fell silent; its chunk goes to another",
                extra={"optimization_id": late.optimization_id, "chunk_id": late.chunk_id, "n_kills": late.n_kills},
            )
        waiting = self._queue.chunks()
        if any(_is_killer(chunk) for chunk in waiting):
            for chunk in waiting:
                if _is_killer(chunk):
                    with self._apart(chunk.optimization_id):
                        self._isolate(chunk, now)
                    actions["isolated"] += 1
            waiting = self._queue.chunks()
        n_slots = self._n_slots(now)
        running = self._queue.running()
        for key in {c.optimization_id for c in waiting} - set(running):
            self._drop(key)
        for key in set(self._driven) - set(running):
            del self._driven[key]
        records = [record for record in map(self._look_at, running) if record is not None]
        waiting += self._fill(records, waiting, n_slots, now)
        actions["republished"] += self._tell_broker(waiting, now)
        return Tick(sum(c.owner is None for c in waiting), n_slots, actions)

    # --- inside --------------------------------------------------------------------------------------

    def _n_slots(self, now: float) -> int:
        alive = [w for w in self._queue.workers() if now - w.heartbeat_at <= WORKER_SILENT_SECONDS]
        if now - self._forgot > 60.0:
            self._queue.forget_workers(now - _WORKERS_FORGOTTEN_SECONDS)
            self._forgot = now
        return max(sum(w.pool_size for w in alive), 1)

    def _drop(self, key: str) -> None:
        try:
            self._queue.drop_chunks(key)
        except NotFoundError:
            return

    @contextmanager
    def _apart(self, key: str) -> Iterator[None]:
        """Whatever is raised for one optimization ends that one only, with the reason; the others go on."""
        try:
            yield
        except StorageError:
            raise
        except NotFoundError:  # deleted meanwhile
            self._driven.pop(key, None)
        except Exception as error:  # noqa: BLE001
            if not isinstance(error, TradingAIError | ImportError):
                _log.exception("an optimization stumbled", extra={"optimization_id": key})
            self._settle(key, "failed", said(error))

    def _look_at(self, key: str) -> OptimizationRecord | None:
        """A running optimization that is this coordinator's to drive; settles it if it is complete."""
        with self._apart(key):
            # One name for all coordinators: a new one goes on at once. A command that runs one itself has its own.
            if not self._store.acquire_lease(key, ROLE, self._clock(), _OPTIMIZATION_LEASE_SECONDS):
                return None
            record = self._store.optimization(key)
            if record.status != "running":
                return None
            if key not in self._driven:
                self._driven[key] = self._begin(record)
            driven = self._driven[key]
            driven.observe(record)
            if record.n_completed >= record.n_total:
                self._settle(key, "completed", "")
            elif enough := driven.enough(record, self._clock()):
                self._settle(key, "completed", enough)
            else:
                return record
        return None

    def _settle(self, key: str, new: OptimizationStatus, message: str) -> None:
        if new == "completed":
            complete(self._store, key, self._clock(), message)
        else:
            self._store.change_status(key, ("running",), new, self._clock(), message)
        self._store.release_lease(key, ROLE)
        self._driven.pop(key, None)
        _log.info("optimization %s", new, extra={"optimization_id": key, "reason": message})

    def _begin(self, record: OptimizationRecord) -> _Driven:
        chosen, proposals = proposals_of(self._store, record)
        proposals.tell(*known_scores(self._store, record))
        under_way = self._queue.chunk_indices(record.optimization_id)
        left = np.empty(0, np.int64)
        if not proposals.learns:
            left = proposals.batch()
            left = left[~np.isin(left, under_way)]
        n_started = record.n_completed + int(under_way.size)
        dispatch = dispatch_of(self._store, record, proposals, chosen, left, n_started=n_started)
        limits = Limits(record.spec.stop_rule, record.best_score, record.n_completed)
        return _Driven(dispatch, limits, (record.n_completed, record.busy_seconds))

    def _fill(
        self, records: Sequence[OptimizationRecord], chunks: Sequence[ChunkState], n_slots: int, now: float
    ) -> list[ChunkState]:
        """Add chunks until enough wait for every worker, turn by turn and by priority."""
        open_ = Counter(c.optimization_id for c in chunks)
        free = Counter(c.optimization_id for c in chunks if c.owner is None)
        for record in records:
            dispatch = self._driven[record.optimization_id].dispatch
            if not dispatch.left.size and not open_[record.optimization_id]:
                with self._apart(record.optimization_id):
                    dispatch.refill()
        records = [record for record in records if record.optimization_id in self._driven]
        taken: dict[str, list[Indices]] = {}
        starts = {r.optimization_id: self._driven[r.optimization_id].dispatch.n_started for r in records}
        n_free = sum(free.values())
        while True:
            able = [r for r in records if self._driven[r.optimization_id].dispatch.left.size]
            # One that has none waiting gets its turn even when the queue is full: small ones must not starve.
            if n_free >= _WAITING_PER_SLOT * n_slots:
                able = [r for r in able if not free[r.optimization_id]]
            if not able or sum(map(len, taken.values())) >= _ADDED_PER_TICK:
                break
            chosen = min(able, key=lambda r: (open_[r.optimization_id] / r.priority, r.created_at)).optimization_id
            piece = self._driven[chosen].dispatch.take(n_slots)
            assert piece is not None
            taken.setdefault(chosen, []).append(piece)
            for counter in (open_, free):
                counter[chosen] += 1
            n_free += 1
        added: list[ChunkState] = []
        for key, pieces in taken.items():
            try:
                added += self._queue.add_chunks(key, starts[key], pieces, now)
            except NotFoundError:  # deleted meanwhile
                continue
            except StorageError:
                self._driven.clear()  # what was taken and not added is found again from the trials and the chunks
                raise
        # In turns, as they were chosen: one optimization's chunks must not all come before another's.
        rank = {c.chunk_id: i for key in taken for i, c in enumerate(a for a in added if a.optimization_id == key)}
        return sorted(added, key=lambda c: rank[c.chunk_id])

    def _tell_broker(self, chunks: Sequence[ChunkState], now: float) -> int:
        """Announce waiting chunks that the broker does not know of, or has lost; returns how many were told again."""
        free = [c for c in chunks if c.owner is None]
        new = [c for c in free if c.announced_at == 0.0]
        known = self._n_announced()
        if known is None:
            return 0
        old = [c for c in free if c.announced_at and now - c.announced_at > _SILENT_BROKER_SECONDS]
        again = old[: max(len(free) - len(new) - known, 0)]
        told: list[int] = []
        try:
            for chunk in (*again, *new):
                self._announce(chunk)
                told.append(chunk.chunk_id)
        except (OSError, StorageError) as error:
            _log.warning("the broker cannot be reached", extra={"reason": str(error)})
        if told:
            self._queue.announced(told, now)
        return min(len(told), len(again))

    def _isolate(self, chunk: ChunkState, now: float) -> None:
        """Halve a chunk that keeps killing its workers; of a single combination, make a failed trial."""
        if _then(chunk) == "halve":
            self._queue.split(chunk.chunk_id, now)
            return
        whole = self._queue.waiting(chunk.chunk_id)
        if whole is None:
            return
        text = kill_text(whole.n_kills)
        record = self._store.optimization(chunk.optimization_id)
        Judge(self._store, chunk.optimization_id, record.spec).save(failed_chunk(whole.indices, text))
        self._queue.finish(chunk.chunk_id, "", 1, 1, 0.0)
        _log.error(text, extra={"optimization_id": chunk.optimization_id, "index": int(whole.indices[0])})


def _then(chunk: ChunkState) -> str:
    return after_death(chunk.stop - chunk.start, chunk.n_kills, suspect=chunk.suspect, seen=False)


def _is_killer(chunk: ChunkState) -> bool:
    return chunk.owner is None and chunk.n_kills > 0 and _then(chunk) != "again"
