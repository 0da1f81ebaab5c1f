"""Keeps the workers of many machines busy with the optimizations that run, and loses nothing.

One process at a time has the role of coordinator; any that knows the database can take it over within seconds.
It holds no state that matters: what is left of an optimization follows from its trials and its open chunks.

An optimization that the coordinator cannot drive, because its engine, its strategy's code or a file of it is another
than at the start, is left to any other process that can: the others stand by, and look for such ones.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np

from trading_ai.driving.completion import complete
from trading_ai.driving.dispatch import Limits, after_death, kill_text
from trading_ai.driving.driven import Driven, Tick
from trading_ai.driving.planning import dispatch_of, job_of, proposals_of
from trading_ai.driving.queue import REFUSAL_SECONDS, WORKER_SILENT_SECONDS, ChunkState, Refusal, WorkQueue
from trading_ai.driving.refused import Refused
from trading_ai.engine.version import ENGINE_VERSION
from trading_ai.errors import (
    ChangedError,
    NotFoundError,
    StorageError,
    StrategyError,
    TradingAIError,
    TransientError,
    said,
)
from trading_ai.evaluation.job import failed_chunk
from trading_ai.evaluation.ports import Indices
from trading_ai.optimization.judging import Judge
from trading_ai.optimization.model import OptimizationStatus
from trading_ai.optimization.pareto import known_scores
from trading_ai.optimization.ports import Store
from trading_ai.optimization.records import OptimizationRecord

ROLE = "coordinator 2"  # coordinators of versions before refusals have another name, and hold up nobody
ROLE_SECONDS = 5.0
_OPTIMIZATION_LEASE_SECONDS = 10.0
_ADDED_PER_TICK = 1000  # a tick must end well before the role does, however many workers wait
_SILENT_BROKER_SECONDS = 2.0
_WORKERS_FORGOTTEN_SECONDS = 3600.0
_LOOK_AT_REFUSALS_SECONDS = 1.0
_UNABLE_RETRY_SECONDS = 5.0
_TROUBLE_SECONDS = 60.0
"""How long the database may fail for one optimization, and for no other, before that one fails."""

_log = logging.getLogger(__name__)


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
        self._driven: dict[str, Driven] = {}
        self._forgot = self._looked = 0.0
        self._leads = False
        self._worker_id = owner.partition("/")[0]
        self._refusals: list[Refusal] = []
        self._refused = Refused(self._say, self._fail)
        self._unable: dict[str, float] = {}  # until when not to try again
        self._reasons: dict[str, str] = {}
        self._trouble: dict[str, tuple[float, int]] = {}  # since when the database fails for one, at so many trials
        self._n_completed: dict[str, int] = {}
        self._n_transient = self._n_running = 0

    def leave(self) -> None:
        """Give the role up, so that another process has it at once."""
        self._release_all()
        self._queue.leave_role(ROLE, self._owner)

    def tick(self) -> Tick | None:
        """One round; None if another process is the coordinator.

        Raises:
            StorageError: the database could not be reached.
        """
        now, self._n_transient = self._clock(), 0
        leads = self._queue.take_role(ROLE, self._owner, now, ROLE_SECONDS)
        if leads != self._leads:
            self._release_all()  # what another one dispatched meanwhile is not known here
            self._leads = leads
        if not leads:
            self._stand_in(now)
            return None
        actions: Counter[str] = Counter()
        for late in self._queue.expired(now):
            actions["lease_expired"] += 1
            _log.warning(
                "a worker fell silent; its chunk goes to another",
                extra={"optimization_id": late.optimization_id, "chunk_id": late.chunk_id, "n_kills": late.n_kills},
            )
        waiting = self._queue.chunks()
        n_slots = self._n_slots(now)
        running = self._queue.engines()
        for key in {c.optimization_id for c in waiting} - set(running):
            self._drop(key)
        for key in set(self._driven) - set(running):
            del self._driven[key]
        waiting = self._drive(running, waiting, n_slots, now, actions)
        actions["republished"] += self._tell_broker(waiting, now)
        if now - self._looked >= _LOOK_AT_REFUSALS_SECONDS:
            self._looked = now
            self._refused.look(self._queue.refusals(now - REFUSAL_SECONDS), self._online(now), now)
        return Tick(sum(c.owner is None for c in waiting), n_slots, actions)

    # --- inside --------------------------------------------------------------------------------------

    def _stand_in(self, now: float) -> None:
        """Drive what the coordinator cannot: chunks are added here, and announced by it."""
        if now - self._looked >= _LOOK_AT_REFUSALS_SECONDS:
            self._looked = now
            self._refusals = self._queue.refusals(now - REFUSAL_SECONDS)
        wanted = {r.optimization_id for r in self._refusals} | set(self._driven)
        if not wanted:
            return
        running = {key: engine for key, engine in self._queue.engines().items() if key in wanted}
        for key in set(self._driven) - set(running):
            del self._driven[key]
        self._drive(running, self._queue.chunks(), self._n_slots(now), now, Counter())

    def _drive(
        self,
        running: Mapping[str, str],
        waiting: Sequence[ChunkState],
        n_slots: int,
        now: float,
        actions: Counter[str],
    ) -> list[ChunkState]:
        """Drive optimizations, those that are this process's to drive; returns all chunks, with those it added."""
        self._n_running = len(running)
        records = [record for key, engine in running.items() if (record := self._look_at(key, engine, now)) is not None]
        chunks = list(waiting)
        killers = [chunk for chunk in chunks if chunk.optimization_id in self._driven and _is_killer(chunk)]
        for chunk in killers:
            with self._apart(chunk.optimization_id):
                self._isolate(chunk, now)
            actions["isolated"] += 1
        if killers:
            chunks = self._queue.chunks()
        records = [record for record in records if record.optimization_id in self._driven]
        return chunks + self._fill(records, chunks, n_slots, now)

    @property
    def _lease(self) -> str:
        # One name for all coordinators: a new one goes on at once. Whoever stands in has its own.
        return ROLE if self._leads else self._owner

    def _release_all(self) -> None:
        for key in list(self._driven):
            del self._driven[key]
            self._store.release_lease(key, self._lease)
        self._refused.forget()

    def _online(self, now: float) -> dict[str, str]:
        """The machine of each worker that is online, by its id."""
        return {w.worker_id: w.host for w in self._queue.workers() if now - w.heartbeat_at <= WORKER_SILENT_SECONDS}

    def _say(self, key: str, message: str) -> None:
        self._store.change_status(key, ("running",), "running", self._clock(), message)
        if message:
            _log.warning("an optimization waits", extra={"optimization_id": key, "reason": message})

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
    def _apart(self, key: str, *others: type[Exception]) -> Iterator[None]:
        """Whatever is raised for one optimization ends that one only, with the reason; the others go on."""
        try:
            yield
        except others:  # not the optimization's
            raise
        except TransientError as error:
            self._troubled(key, error)
        except NotFoundError as error:
            self._driven.pop(key, None)
            if error.kind != "optimization":  # that one was deleted meanwhile
                self._fail(key, str(error))
        except (ChangedError, StrategyError, ImportError) as error:
            self._cannot(key, said(error))
        except Exception as error:  # noqa: BLE001
            if not isinstance(error, TradingAIError):
                _log.exception("an optimization stumbled", extra={"optimization_id": key})
            self._fail(key, said(error))

    def _troubled(self, key: str, error: TransientError) -> None:
        """Leave an optimization alone for a moment; one that the database fails for again and again ends."""
        now = self._clock()
        self._driven.pop(key, None)  # what was taken and not added is found again from the trials and the chunks
        self._unable[key] = now + 1.0
        self._n_transient += 1
        if self._n_transient > 1:  # it is not this one: the database cannot be reached
            self._trouble.clear()
            raise error
        if now - self._trouble.setdefault(key, (now, self._n_completed.get(key, 0)))[0] >= _TROUBLE_SECONDS:
            self._fail(key, str(error))

    def _cannot(self, key: str, reason: str) -> None:
        """Leave an optimization to others: this process has not what it was started with."""
        now = self._clock()
        self._driven.pop(key, None)
        self._unable[key] = now + _UNABLE_RETRY_SECONDS
        self._queue.note_refusal(Refusal(key, self._worker_id, reason, now))
        self._store.release_lease(key, self._lease)
        if self._reasons.get(key) != reason:
            self._reasons[key] = reason
            _log.warning("not to be driven here", extra={"optimization_id": key, "reason": reason})

    def _fail(self, key: str, reason: str) -> None:
        try:
            self._settle(key, "failed", reason)
        except TransientError:
            raise
        except Exception:  # noqa: BLE001 - it is tried again
            _log.exception("could not be marked as failed", extra={"optimization_id": key, "reason": reason})
            self._driven.pop(key, None)
            self._unable[key] = self._clock() + _UNABLE_RETRY_SECONDS

    def _look_at(self, key: str, engine: str, now: float) -> OptimizationRecord | None:
        """A running optimization that is this coordinator's to drive; settles it if it is complete."""
        if now < self._unable.get(key, 0.0):
            return None
        with self._apart(key):
            # A command that runs one itself has a lease of its own.
            if not self._store.acquire_lease(key, self._lease, now, _OPTIMIZATION_LEASE_SECONDS):
                self._driven.pop(key, None)
                return None
            if engine != ENGINE_VERSION:  # before its record is read, which may be of another form
                self._cannot(key, f"started with engine version {engine}, and this one has {ENGINE_VERSION}")
                return None
            record = self._store.optimization(key)
            if record.status != "running":
                return None
            if key not in self._driven:
                self._driven[key] = self._begin(record)
            driven = self._driven[key]
            driven.observe(record)
            self._unable.pop(key, None)
            self._n_completed[key] = record.n_completed
            if self._trouble.get(key, (0.0, record.n_completed))[1] != record.n_completed:
                del self._trouble[key]  # it goes on, now and then at least
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
        self._store.release_lease(key, self._lease)
        for known in (self._driven, self._unable, self._reasons, self._trouble, self._n_completed):
            known.pop(key, None)
        _log.info("optimization %s", new, extra={"optimization_id": key, "reason": message})

    def _begin(self, record: OptimizationRecord) -> Driven:
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
        seen = (record.n_completed, record.busy_seconds)
        return Driven(dispatch, limits, seen, job_of(self._store, record).identity)

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
        n_free, alone = sum(free.values()), self._leads and self._n_running == 1
        enough = max((self._driven[r.optimization_id].room(r, chunks, n_slots, now, alone) for r in records), default=0)
        while True:
            able = [r for r in records if self._driven[r.optimization_id].dispatch.left.size]
            # One that has none waiting gets its turn even when the queue is full: small ones must not starve.
            if n_free >= enough:
                able = [r for r in able if not free[r.optimization_id]]
            if not able or sum(map(len, taken.values())) >= _ADDED_PER_TICK:
                break
            chosen = min(able, key=lambda r: (open_[r.optimization_id] / r.priority, r.created_at)).optimization_id
            with self._apart(chosen):
                piece = self._driven[chosen].dispatch.take(n_slots)
                assert piece is not None
                taken.setdefault(chosen, []).append(piece)
            if chosen not in self._driven:
                records = [record for record in records if record.optimization_id != chosen]
                taken.pop(chosen, None)
                continue
            for counter in (open_, free):
                counter[chosen] += 1
            n_free += 1
        added: list[ChunkState] = []
        for key, pieces in taken.items():
            with self._apart(key):
                added += self._queue.add_chunks(key, starts[key], pieces, now, self._driven[key].identity)
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
                with self._apart(chunk.optimization_id, OSError, StorageError):
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
