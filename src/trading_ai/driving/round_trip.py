"""How long a piece's way to a worker and back takes, and how large pieces must be to outweigh it.

A database takes and gives out so many pieces a second, and no more, however many workers ask; so does the coordinator
that cuts them. Where workers wait longer for their next piece than a tenth of the time, pieces must be larger: then
each worker comes back so seldom that all are served. Pieces that large are too few for a short run: the last of them
would be worked on alone for long. So they are never larger than what ends the work that is left soonest, which is the
square root of that work times the time that a piece takes up: handing the pieces out then takes as long as working on
one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

PIECE_COST = 0.0025
"""Seconds for which a database is taken up by one piece, until it was measured; of PostgreSQL on a shared core."""

LEAST_SECONDS = 0.1
"""Work of the smallest piece that is worth its way, where few workers share the database."""

_WAITING_PER_SLOT = 3
_HANDED_OUT_SECONDS, _HANDED_OUT_UNKNOWN_SECONDS = 10.0, 0.1
_WINDOW_SECONDS = 1.0
_WINDOW_PIECES = 20
_TOO_MUCH, _LITTLE = 0.1, 0.05
_LEAST_COST, _MOST_COST = 0.001, 0.1
_FORGET = 0.9
_SEEN_SECONDS = 10.0


def least_seconds(left_seconds: float, n_slots: int, piece_cost: float) -> float:
    """Work of a piece that outweighs its way, seconds of one worker.

    Args:
        left_seconds: work that is left, seconds of one worker.
        n_slots: pieces that can run at once.
        piece_cost: seconds for which what all workers share is taken up by one piece.
    """
    return max(min(n_slots * piece_cost, math.sqrt(max(left_seconds, 0.0) * piece_cost)), LEAST_SECONDS)


def most_waiting(n_slots: int, piece_cost: float, *, speed_known: bool) -> int:
    """Pieces that are to wait: some for every worker, but no more than are handed out in a few seconds.

    Args:
        n_slots: pieces that can run at once.
        piece_cost: seconds for which what all workers share is taken up by one piece.
        speed_known: whether it is known how long a combination takes; pieces cut before may be far too small.
    """
    seconds = _HANDED_OUT_SECONDS if speed_known else _HANDED_OUT_UNKNOWN_SECONDS
    return max(min(_WAITING_PER_SLOT * n_slots, int(seconds / piece_cost)), _WAITING_PER_SLOT)


class RoundTrip:
    """Measures what a piece costs, while there is work: then a worker without a piece waits for its way, not for work.

    Attributes:
        piece_cost: seconds from one piece to the next where they come as fast as they can; rather too long than too
            short: it shrinks slowly while workers wait for nothing.
    """

    def __init__(self) -> None:
        self.piece_cost = PIECE_COST
        self._began: tuple[float, float] | None = None
        self._n_done = 0
        self._owned: dict[int, str] = {}
        self._known: set[int] = set()
        self._seen: dict[str, float] = {}

    def look(self, now: float, chunks: Mapping[int, str | None], busy_seconds: float, *, more: bool) -> None:
        """Learn from the pieces that are open.

        Args:
            now: seconds of a clock.
            chunks: the process that has each open piece, by the piece's number; None while it waits.
            busy_seconds: workers' time for all pieces that are done.
            more: whether there is more work than the open pieces, and no other that workers could have instead.
        """
        for owner in filter(None, chunks.values()):
            self._seen[owner] = now
        self._seen = {owner: at for owner, at in self._seen.items() if now - at <= _SEEN_SECONDS}
        self._n_done += len(self._known - chunks.keys())
        self._known = set(chunks)
        if not more or not busy_seconds:
            self._began = None
        elif self._began is None:
            self._began, self._n_done = (now, busy_seconds), 0
        elif now - self._began[0] >= _WINDOW_SECONDS and self._n_done >= _WINDOW_PIECES:
            self._told(now - self._began[0], self._n_done, busy_seconds - self._began[1], len(self._seen))
            self._began, self._n_done = (now, busy_seconds), 0

    def _told(self, seconds: float, n_pieces: int, busy_seconds: float, n_workers: int) -> None:
        """Learn from a while in which no worker had to be idle for want of work."""
        found = min(max(seconds / n_pieces, _LEAST_COST), _MOST_COST)
        waited = 1.0 - busy_seconds / (seconds * max(n_workers, 1))
        if waited > _TOO_MUCH:
            self.piece_cost = found
        elif waited < _LITTLE:
            self.piece_cost = max(min(self.piece_cost, found) * _FORGET, _LEAST_COST)
