"""What a coordinator knows of the optimizations that it drives."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from trading_ai.driving.dispatch import Dispatch, Limits
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
    """

    dispatch: Dispatch
    limits: Limits
    seen: tuple[int, float]
    identity: Identity

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
