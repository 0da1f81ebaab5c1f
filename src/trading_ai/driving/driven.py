"""What a coordinator knows of the optimizations that it drives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from trading_ai.driving.dispatch import Dispatch, Limits
from trading_ai.driving.queue import ChunkState
from trading_ai.driving.round_trip import RoundTrip
from trading_ai.evaluation.identity import Identity
from trading_ai.optimization.records import OptimizationRecord


@dataclass
class Driven:
    """One running optimization as a coordinator knows it.

    Attributes:
        dispatch: its pieces that are still to be run.
        limits: whether it has run for long enough.
        seen: its trials, and the workers' seconds, at the last look.
        identity: what its trials belong to; each of its chunks carries it.
        round_trip: what a piece of it costs besides its work.
    """

    dispatch: Dispatch
    limits: Limits
    seen: tuple[int, float]
    identity: Identity
    round_trip: RoundTrip = field(default_factory=RoundTrip)

    def observe(self, record: OptimizationRecord) -> None:
        """Learn the speed of one worker from the progress since the last look."""
        n, seconds = record.n_completed - self.seen[0], record.busy_seconds - self.seen[1]
        if n > 0 and seconds > 0:
            self.dispatch.told(n, seconds)
            self.seen = (record.n_completed, record.busy_seconds)

    def room(
        self, record: OptimizationRecord, chunks: Iterable[ChunkState], n_slots: int, now: float, alone: bool
    ) -> int:
        """How many chunks are to wait, after a look at what their way costs, which their size follows too.

        Args:
            record: the optimization.
            chunks: all that are not done, of every optimization.
            n_slots: chunks that can run at once.
            now: seconds since 1970.
            alone: whether no other optimization runs.
        """
        owners = {c.chunk_id: c.owner for c in chunks if c.optimization_id == record.optimization_id}
        self.round_trip.look(now, owners, record.busy_seconds, more=alone and bool(self.dispatch.left.size))
        self.dispatch.piece_cost = self.round_trip.piece_cost
        return self.dispatch.most_waiting(n_slots)

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
