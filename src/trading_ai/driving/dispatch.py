"""What an optimization runs next, and when it ends: the same whether threads, processes or machines run it.

Nothing here reads a clock, a store or a broker. Who drives an optimization (`here` on one machine, `cluster` on many)
asks for pieces, tells results, and asks what to do with a piece that killed its worker.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, Protocol

from trading_ai.driving.round_trip import LEAST_SECONDS, least_seconds, most_waiting
from trading_ai.evaluation.ports import Floats, Indices
from trading_ai.evaluation.speed import CHUNK_SECONDS, MAX_CHUNK
from trading_ai.search.stopping import StopRule

_FIRST_CHUNK = 16
_GROWTH = 8
_PIECES_WANTED = 20
_BATCHES_ANSWERED_AT_ONCE = 20
_KILLS_BEFORE_HALVING = 3
_KILLS_OF_SUSPECTS = 2


class Batches(Protocol):
    """What proposes combinations."""

    learns: bool
    """Whether it must be told results before it proposes more."""

    def tell(self, indices: Indices, scores: Floats) -> None:
        """Report trials, those of earlier runs too: they are not proposed again, and a method that learns learns.

        Args:
            indices: combination indices, shape (m,).
            scores: larger is better, NaN where undefined or a constraint is broken, shape (m,), or (m, k) for k
                objectives.
        """
        ...

    def batch(self) -> Indices:
        """The next combinations to try, those that share signals side by side; empty when there are no more."""
        ...


class Dispatch:
    """The pieces of one optimization that are still to be run.

    Args:
        proposals: what proposes combinations.
        left: combinations to run that were proposed already, those that share signals side by side, shape (m,).
        known: all trials so far, indices and scores, for a method that learns.
        answer: stores what the ledger knows of a batch; returns what is left to be run.
        n_started: combinations that were dispatched or answered before.
        rate: combinations a second of one worker, 0 if that is not known.

    Attributes:
        piece_cost: seconds for which what all workers share is taken up by one piece; 0 where they share nothing.
    """

    def __init__(
        self,
        proposals: Batches,
        left: Indices,
        *,
        known: Callable[[], tuple[Indices, Floats]],
        answer: Callable[[Indices], Indices],
        n_started: int = 0,
        rate: float = 0.0,
    ) -> None:
        self._proposals, self.left, self._known, self._answer = proposals, left, known, answer
        self.n_started = n_started
        self._cost = 1.0 / rate if rate else 0.0  # seconds a combination; their mean, not that of rates, is a run's
        self._largest = max(int(rate * CHUNK_SECONDS), 1) if rate else _FIRST_CHUNK
        self._whole_seconds = left.size / rate if rate else math.inf
        self.piece_cost = 0.0

    @property
    def learns(self) -> bool:
        """Whether the next pieces depend on results."""
        return self._proposals.learns

    def take(self, n_slots: int) -> Indices | None:
        """The next piece; None if nothing is left of what was proposed.

        Args:
            n_slots: pieces that can run at once.
        """
        if not self.left.size:
            return None
        size = self.size(n_slots)
        piece, self.left = self.left[:size], self.left[size:]
        self.n_started += int(piece.size)
        return piece

    def size(self, n_slots: int) -> int:
        """Combinations in the next piece: about a second of work, growing by steps until the speed is known.

        It is more where so many workers share a database that it could not serve them otherwise. Of a short run it is
        less, so that limits, progress and a wish to stop are looked at now and then. Where one
        piece runs at a time, a method that learns has its batches whole: what it finds does not depend on the machine.
        """
        if self.learns and n_slots == 1:
            return int(self.left.size)
        worth = least_seconds(self.left.size * self._cost, n_slots, self.piece_cost)
        seconds = max(min(max(self._whole_seconds / n_slots / _PIECES_WANTED, LEAST_SECONDS), CHUNK_SECONDS), worth)
        # Many workers that share a database would fill it with first pieces before the speed of one is known.
        first = max(_FIRST_CHUNK // n_slots, 1) if self.piece_cost else _FIRST_CHUNK
        wanted = seconds / self._cost if self._cost else first
        least = float(self.left.size)
        if n_slots > 1:
            # At the end pieces shrink, so that workers end together, but a piece must outweigh its round trip.
            least = max(self.left.size // (2 * n_slots), worth / self._cost if self._cost else 0.0)
        size = max(int(min(wanted, _GROWTH * self._largest, MAX_CHUNK, least)), 1)
        self._largest = max(self._largest, size)
        return size

    def most_waiting(self, n_slots: int) -> int:
        """Pieces that are to wait where workers share a database; few before their speed is known."""
        return most_waiting(n_slots, self.piece_cost, speed_known=self._cost > 0.0)

    def refill(self) -> bool:
        """Ask a method that learns for its next batch; only when nothing of the last one is under way.

        What the ledger knows of a batch is stored at once, and the next one asked for; not for ever, because whoever
        drives has others to look after.

        Returns:
            Whether more may come: False once everything was proposed.
        """
        if not self.learns:
            return False
        for _ in range(_BATCHES_ANSWERED_AT_ONCE):
            self._proposals.tell(*self._known())
            batch = self._proposals.batch()
            if not batch.size:
                return False
            self.left = self._answer(batch)
            self.n_started += int(batch.size - self.left.size)
            if self.left.size:
                break
        return True

    def told(self, n_trials: int, busy_seconds: float) -> None:
        """Learn the speed of one worker from `n_trials` that took it `busy_seconds`."""
        if n_trials > 0 and busy_seconds > 0.0:
            cost = busy_seconds / n_trials
            self._cost = 0.5 * (self._cost + cost) if self._cost else cost


class Limits:
    """Whether an optimization has run, or searched without a better trial, for long enough.

    Args:
        rule: the limits.
        best_score: that of the best trial so far; None without one.
        n_completed: trials so far.
    """

    def __init__(self, rule: StopRule, best_score: float | None, n_completed: int) -> None:
        self._rule, self._found_at = rule, n_completed
        self._best = math.nan if best_score is None else best_score

    def reached(self, n_completed: int, best_score: float | None, seconds: float) -> str:
        """The limit that is reached, in words, or "".

        Args:
            n_completed: trials so far.
            best_score: that of the best of them, larger is better; None without one.
            seconds: running time so far.
        """
        if best_score is not None and not best_score <= self._best:
            self._best, self._found_at = best_score, n_completed
        return self._rule.stop(n_completed, seconds, self._found_at)


def after_death(size: int, n_kills: int, *, suspect: bool, seen: bool) -> Literal["again", "halve", "fail"]:
    """What to do with a piece over which a worker has ended.

    Halves are suspects: few more deaths halve them again, so that the combination that kills costs few workers.

    Args:
        size: combinations in it.
        n_kills: workers that have ended over it.
        suspect: whether it is part of a piece that was halved.
        seen: whether the worker was seen to end; one that only fell silent may be innocent.
    """
    limit = _KILLS_BEFORE_HALVING
    if suspect and size > 1:
        limit = 1 if seen else _KILLS_OF_SUSPECTS
    if n_kills < limit:
        return "again"
    return "halve" if size > 1 else "fail"


def kill_text(n_kills: int) -> str:
    """What the failed trial of a combination says that kills its workers."""
    return f"killed its worker {n_kills} times"
