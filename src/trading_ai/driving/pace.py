"""How fast a run goes and how long it will still take, from its pieces as they come in."""

from __future__ import annotations

from bisect import bisect_left
from math import nan

from trading_ai.optimization.records import OptimizationRecord
from trading_ai.search.registry import METHODS

_KEPT = 512
"""Moments that are remembered; of older ones every second is forgotten when there are more."""


class Pace:
    """The pace of one run.

    What counts is the time since the first piece came in: processes that start and code that is loaded before it say
    nothing of what follows. Until more has come in, what the pieces took their workers decides. After that it is the
    later half of the run, because pieces become dearer where a method thinks longer the more it knows.

    Args:
        n_total: combinations to try.
        n_done: those that had a trial when the run began, copies from the ledger included.
        n_workers: pieces that are worked on at once.
        began: when the run began, seconds.
    """

    def __init__(self, n_total: int, n_done: int, n_workers: int, began: float) -> None:
        self._n_total, self._n_before, self._n_workers, self._began = n_total, n_done, max(n_workers, 1), began
        self._times: list[float] = []
        self._counts: list[int] = []
        self._n_worked = 0
        self._busy = 0.0

    def told(self, now: float, n_done: int, n_trials: int, busy_seconds: float) -> None:
        """Count a piece.

        Args:
            now: when its trials were stored, seconds.
            n_done: combinations that have a trial by now.
            n_trials: combinations of the piece.
            busy_seconds: time that they took their worker.
        """
        self._times.append(now)
        self._counts.append(n_done)
        self._n_worked += n_trials
        self._busy += busy_seconds
        if len(self._times) > _KEPT:
            self._times, self._counts = self._times[::2], self._counts[::2]

    @property
    def rate(self) -> float:
        """Combinations a second, 0 before anything is known."""
        if not self._times:
            return 0.0
        by_workers = self._n_workers * self._n_worked / self._busy if self._busy > 0.0 else 0.0
        first, now = self._times[0], self._times[-1]
        if now <= first:
            return by_workers or self.mean_rate
        # A round of pieces comes in at about the same time: before several of them did, time can only show that
        # something else than the workers holds the run up, such as the storing.
        if len(self._times) <= 2 * self._n_workers:
            measured = (self._counts[-1] - self._counts[0]) / (now - first)
            return min(by_workers, measured) if by_workers else measured
        since = min(bisect_left(self._times, now - (now - first) / 2), len(self._times) - 1 - self._n_workers)
        seconds = now - self._times[since]
        return (self._counts[-1] - self._counts[since]) / seconds if seconds > 0.0 else by_workers or self.mean_rate

    @property
    def mean_rate(self) -> float:
        """Combinations a second over the whole run, start-up included; 0 before anything is known."""
        if not self._times or self._times[-1] <= self._began:
            return 0.0
        return (self._counts[-1] - self._n_before) / (self._times[-1] - self._began)

    @property
    def seconds_left(self) -> float:
        """Expected time to the end, seconds; NaN before anything is known."""
        n_left = self._n_total - (self._counts[-1] if self._counts else self._n_before)
        return 0.0 if n_left <= 0 else n_left / self.rate if self.rate > 0.0 else nan


def trials_per_second(record: OptimizationRecord, now: float) -> float | None:
    """Trials for each second that they were run; None before the first.

    What was copied from the ledger took no time and says nothing of what is left. A method that learns meets known
    combinations all the way, unless it began with them.
    """
    learns = METHODS[record.spec.method].learns if record.spec.method in METHODS else False
    done = record.n_completed if learns and not record.spec.warm_start else record.n_completed - record.n_reused
    began = record.started_at or record.created_at
    elapsed = max((record.finished_at or now) - began, 0.0)
    worked = record.seconds if 0 < record.seconds < elapsed or elapsed == 0.0 else elapsed
    return done / worked if done > 0 and worked > 0 else None
