"""A burst of work on some workers, piece by piece, with the product's own rules for the pieces.

Whatever the coordinator decides is decided by its own code: `Dispatch` says how large a piece is and how many wait,
`RoundTrip` learns what one costs. Simulated are the clock, the workers and the database: a process takes a piece that
waits, works on it for as long as its combinations take, and hands it to the database, which stores one piece after the
other, each for its share of the measured paces. The coordinator looks every quarter of a second and adds no more than
its measured pace allows. The autoscaler is the one of kubernetes/overlays/keda: asked every 15 s, one worker for each
4 waiting chunks, at most doubling in a minute, and down by one worker a minute after five quiet minutes.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from dataclasses import dataclass
from functools import cache

import numpy as np

from trading_ai.driving.dispatch import Dispatch
from trading_ai.driving.round_trip import RoundTrip

PROCESSES = 2  # of a worker
TICK = 0.25
POLL_SECONDS, CHUNKS_PER_WORKER, DOUBLE_SECONDS, QUIET_SECONDS, DOWN_SECONDS = 15.0, 4, 60.0, 300.0, 60.0
# From a pod's creation until its container runs, whose image is on the node: 0.7 to 0.8 s in five starts on a
# Kubernetes 1.36 of one node of two cores; added to the measured start of a worker.
POD_SECONDS = 0.8
_BUSY = 0.8  # of the time, for the database or the coordinator to be what bounds a burst


@dataclass(frozen=True)
class Figures:
    """What was measured.

    Attributes:
        combination_seconds: evaluation of one combination by one process (sample sweep).
        chunk_overhead_seconds: claim, save and finish of a chunk, as its worker sees it.
        database_chunks_per_second: small chunks that the database takes from several processes at once.
        database_rows_per_second: trials that the database stores from several processes at once.
        dispatch_chunks_per_second: chunks that the coordinator cuts, stores and announces.
        worker_start_seconds: from the start of `trading-ai worker` to its first heartbeat.
    """

    combination_seconds: float
    chunk_overhead_seconds: float
    database_chunks_per_second: float
    database_rows_per_second: float
    dispatch_chunks_per_second: float
    worker_start_seconds: float


@dataclass(frozen=True)
class Outcome:
    """One simulated burst: seconds to its end, what bounded it most of the time, and (second, waiting chunks, workers,
    share done) over time."""

    seconds: float
    limit: str
    course: tuple[tuple[float, float, int, float], ...]


class _Grid:
    """Proposes nothing more than what is left."""

    learns = False

    def tell(self, indices: object, scores: object) -> None:
        """Nothing to learn."""

    def batch(self) -> np.ndarray:
        """Nothing more."""
        return np.empty(0, np.int64)


class _Scaler:
    """How many workers there are: the first ones at once, others as the autoscaler starts them."""

    def __init__(self, least: int, most: int, start_seconds: float) -> None:
        self._least, self._most, self._start = least, most, start_seconds
        self._ready = [0.0] * least
        self._polled = self._quiet_since = self._fell = 0.0
        self._rose = -DOUBLE_SECONDS

    def n_workers(self, now: float) -> int:
        """Workers that can take chunks."""
        return sum(1 for at in self._ready if at <= now)

    def poll(self, now: float, n_waiting: int) -> None:
        """Look at the queue, now and then."""
        if self._most == self._least or now - self._polled < POLL_SECONDS:
            return
        self._polled = now
        aim = min(max(math.ceil(n_waiting / CHUNKS_PER_WORKER), self._least), self._most)
        if aim > len(self._ready) and now - self._rose >= DOUBLE_SECONDS:
            more = min(aim, 2 * len(self._ready)) - len(self._ready)
            self._ready += [now + POD_SECONDS + self._start] * more
            self._rose = now
        if aim >= len(self._ready):
            self._quiet_since = now
        if now - self._quiet_since >= QUIET_SECONDS and now - self._fell >= DOWN_SECONDS:
            self._ready.remove(max(self._ready))
            self._fell = now


class _Cluster:
    """Processes and the database that they share, between two looks of the coordinator."""

    def __init__(self, figures: Figures, combination_seconds: float) -> None:
        self._figures, self._cost = figures, combination_seconds
        self.waiting: deque[tuple[int, int]] = deque()  # number and combinations of a piece
        self.owners: dict[int, str | None] = {}
        self._idle: list[int] = []
        self._leaving = 0
        self._n_processes = 0
        self._working: list[
            tuple[float, int, int, int, bool]
        ] = []  # ready at, piece, its size, process, whether stored
        self._stored_until = 0.0
        self.n_done = 0
        self.busy_seconds = self.pieces_seconds = self.trials_seconds = 0.0

    def resize(self, n_processes: int) -> None:
        """Have so many processes; one that works ends after its piece."""
        while self._n_processes < n_processes:
            self._idle.append(self._n_processes)
            self._n_processes += 1

    def run(self, now: float, until: float, n_processes: int) -> float:
        """Let time pass; returns when the last piece was stored."""
        last = now
        self.resize(n_processes)
        self._hand_out(now, n_processes)
        while self._working and self._working[0][0] <= until:
            at, piece, size, process, stored = heapq.heappop(self._working)
            if not stored:
                rows = size / self._figures.database_rows_per_second
                self.pieces_seconds += 1.0 / self._figures.database_chunks_per_second
                self.trials_seconds += rows
                began = max(self._stored_until, at)
                self._stored_until = began + 1.0 / self._figures.database_chunks_per_second + rows
                over = max(self._stored_until, at + self._figures.chunk_overhead_seconds)
                heapq.heappush(self._working, (over, piece, size, process, True))
                continue
            self.n_done += size
            self.busy_seconds += size * self._cost
            del self.owners[piece]
            self._idle.append(process)
            last = at
            self._hand_out(at, n_processes)
        return last

    def _hand_out(self, now: float, n_processes: int) -> None:
        while self.waiting and self._idle and len(self._working) < n_processes:
            piece, size = self.waiting.popleft()
            process = self._idle.pop()
            self.owners[piece] = str(process)
            heapq.heappush(self._working, (now + size * self._cost, piece, size, process, False))


@cache
def simulate(
    figures: Figures, n: int, combination_seconds: float, least: int, most: int, *, end: float = 1e6
) -> Outcome:
    """One burst of `n` combinations on `least` workers, that an autoscaler may raise to `most`."""
    dispatch = Dispatch(_Grid(), np.arange(n), known=dict, answer=lambda batch: batch)
    trip, cluster = RoundTrip(), _Cluster(figures, combination_seconds)
    scaler = _Scaler(least, most, figures.worker_start_seconds)
    course: list[tuple[float, float, int, float]] = []
    now = last = budget = told = starved = 0.0
    n_told = n_pieces = 0
    while cluster.n_done < n and now < end:
        workers = scaler.n_workers(now)
        slots = PROCESSES * max(workers, 1)
        dispatch.told(cluster.n_done - n_told, cluster.busy_seconds - told)
        n_told, told = cluster.n_done, cluster.busy_seconds
        trip.look(now, cluster.owners, told, more=bool(dispatch.left.size))
        dispatch.piece_cost = trip.piece_cost
        room = dispatch.most_waiting(slots)
        budget = min(budget, 1.0) + figures.dispatch_chunks_per_second * TICK
        while len(cluster.waiting) < room and budget >= 1.0 and (piece := dispatch.take(slots)) is not None:
            cluster.waiting.append((n_pieces, piece.size))
            cluster.owners[n_pieces] = None
            n_pieces, budget = n_pieces + 1, budget - 1.0
        starved += TICK * (budget < 1.0 and len(cluster.waiting) < slots)
        last = cluster.run(now, now + TICK, slots)
        now += TICK
        course.append((now, float(len(cluster.waiting)), workers, cluster.n_done / n))
        scaler.poll(now, len(cluster.waiting))
    shares = {"database (trials)": cluster.trials_seconds, "database (chunks)": cluster.pieces_seconds}
    limit = "workers"
    if sum(shares.values()) > _BUSY * last:
        limit = max(shares, key=lambda name: shares[name])
    elif starved > _BUSY * last:
        limit = "coordinator"
    return Outcome(last, limit, tuple(course))
