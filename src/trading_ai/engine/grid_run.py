"""One run of the compiled `simulate_grid` or `simulate_lanes`, which any number of threads join."""

from __future__ import annotations

import threading
from typing import Protocol

import numpy as np
import numpy.typing as npt

from trading_ai.engine.compiled.arguments import LaneSpace, Rectangle
from trading_ai.engine.compiled.grid import simulate_grid
from trading_ai.engine.compiled.lanes import simulate_lanes
from trading_ai.engine.compiled.layout import BLOCK_EVENTS, LANES, lane_space
from trading_ai.engine.exit_rows import Levels, level_count
from trading_ai.engine.money_table import work_space

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
AnyArray = npt.NDArray[np.generic]

_WORTH_LANES = 64
"""Combinations below which laying out the exits costs more than the lanes save."""

_FILLED = 0.5
"""Part of the lanes that must be in use: one by one, a combination takes about three times as long."""


class Group(Protocol):
    """What a run needs of the combinations' signals; see `simulate.SignalGroup`."""

    def every_event_opens(self, time_exit: int) -> bool:
        """Whether all combinations walk through the same events."""
        ...

    @property
    def decides_by_bar(self) -> bool:
        """Whether each bar decides which of stop and target comes first: lanes know one answer for all."""
        ...

    def n_events(self, time_exit: int) -> int:
        """Number of events."""
        ...

    def grid_arguments(self, time_exit: int, levels: Levels, keep: bool) -> tuple[AnyArray, ...]:
        """What threads share."""
        ...

    def run_lost(
        self, time_exit: int, levels: Levels, stop_of: Ints, target_of: Ints, daily: Days
    ) -> tuple[Floats, Days]:
        """Simulate combinations in general."""
        ...


def rectangle(stop_of: Ints, target_of: Ints, n_stops: int) -> Rectangle | None:
    """Lay combinations out in lanes and rows; None where they would leave too many lanes empty.

    Args:
        stop_of: place of each combination's stop among all levels, int64, shape (m,).
        target_of: place of its target likewise.
        n_stops: number of stops among all levels.
    """
    m = stop_of.shape[0]
    if m < _WORTH_LANES:
        return None
    stop0, target0 = int(stop_of.min()), int(target_of.min())
    n_stops_here, n_targets_here = int(stop_of.max()) - stop0 + 1, int(target_of.max()) - target0 + 1
    lanes_are_stops = _padded(n_stops_here) * n_targets_here <= _padded(n_targets_here) * n_stops_here
    if lanes_are_stops:
        lane, n_lanes, lane0, row, n_rows, row0 = stop_of, n_stops_here, stop0, target_of, n_targets_here, target0
    else:
        lane, n_lanes, lane0, row, n_rows, row0 = target_of, n_targets_here, target0, stop_of, n_stops_here, stop0
    if m < _FILLED * _padded(n_lanes) * n_rows:
        return None
    place = np.full((n_rows, _padded(n_lanes)), -1)
    place[row - row0, lane - lane0] = np.arange(m)
    if np.count_nonzero(place >= 0) < m:  # two of them are the same
        return None
    first_lane, first_row = (stop0, target0 + n_stops) if lanes_are_stops else (target0 + n_stops, stop0)
    # Lanes that nobody needs repeat the last level: what they find is left out.
    lane_columns = np.minimum(np.arange(first_lane, first_lane + place.shape[1]), first_lane + n_lanes - 1)
    return Rectangle(place, lane_columns, np.arange(first_row, first_row + n_rows), lanes_are_stops)


class _OfThread(threading.local):
    space: LaneSpace | None = None


_of_thread = _OfThread()


def _lane_space() -> LaneSpace:
    """Each thread keeps its own: fresh memory costs more than a small sweep takes to write on it."""
    if _of_thread.space is None:
        _of_thread.space = lane_space()
    return _of_thread.space


def _padded(n: int) -> int:
    return -(-n // LANES) * LANES


class GridRun:
    """Combinations that threads share out among themselves, together with what they find.

    Args:
        group: whose signals.
        time_exit: bars, 0 for none.
        where: rows of the results, and the places of stops and targets in `levels`, each of shape (m,).
        levels: stop and target distances.
        keep: whether the group keeps what was found.
        n_threads: number of threads that are likely to join.
    """

    def __init__(
        self,
        group: Group,
        time_exit: int,
        where: tuple[Ints, Ints, Ints],
        levels: Levels,
        keep: bool,
        n_threads: int = 1,
    ) -> None:
        self._group, self._time_exit, self._where, self._levels = group, time_exit, where, levels
        self._taken = np.zeros(2, dtype=np.int64)
        # What is kept is made at once, before any thread is woken; of many runs, each makes its own when it is begun.
        self._arguments = group.grid_arguments(time_exit, levels, True) if keep else None
        self._lock = threading.Lock()
        n_events = group.n_events(time_exit)
        self._sizes = n_events, level_count(levels) + 1
        in_lanes = group.every_event_opens(time_exit) and not group.decides_by_bar
        self._rectangle = rectangle(*where[1:], levels[0].shape[0]) if in_lanes else None
        if self._rectangle is not None:
            # Long runs lay out their exits anew for every piece of the rectangle; short ones may be cut finer.
            n_pieces = n_threads if n_events > BLOCK_EVENTS else 3 * n_threads
            self._rows_at_once = min(-(-self._rectangle.place.shape[0] // n_pieces), LANES)

    def run(self, tallies: Floats, daily: Days) -> None:
        """Work on this thread until every combination is taken."""
        with self._lock:
            if self._arguments is None:
                self._arguments = self._group.grid_arguments(self._time_exit, self._levels, False)
        rows, stop_of, target_of = self._where
        touches, walk = work_space(*self._sizes)
        lost = np.empty(rows.size, dtype=np.int64)
        out = (tallies, daily)
        if self._rectangle is None:
            own = (self._taken[:1], lost, *touches, *walk)
            n_lost = simulate_grid(*self._where, *self._arguments, *own, *out)
        else:
            room = (self._taken, lost, *touches, *_lane_space())
            n_lost = simulate_lanes(*self._rectangle, self._rows_at_once, rows, *self._arguments, *room, *out)
        if n_lost:
            left = lost[:n_lost]
            found = self._group.run_lost(self._time_exit, self._levels, stop_of[left], target_of[left], daily)
            tallies[rows[left]], daily[rows[left]] = found
