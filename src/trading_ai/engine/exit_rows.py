"""The exits of many combinations, as rows of numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trading_ai.engine.rules import EXIT_PARAMETERS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Levels = tuple[Floats, Floats]
"""Stops, see `stop_levels`, and target distances, ascending, price units, inf for none."""

EXIT_COLUMNS = tuple(EXIT_PARAMETERS)
STOP_LOSS, TAKE_PROFIT, TRAILING_STOP, BREAK_EVEN, TIME_EXIT = range(len(EXIT_COLUMNS))


def distances(pips: Floats, pip_size: float) -> Floats:
    """Pips as price distances; 0 (unused) as infinity."""
    return np.where(pips > 0, pips * pip_size, np.inf)


def level_count(levels: Levels) -> int:
    """Number of stops and targets together."""
    return int(levels[0].shape[0] + levels[1].shape[0])


def stop_levels(stops: Floats, trailing: Floats | None = None, break_even: Floats | None = None) -> Floats:
    """Stops as the simulators know them: all that decides where a position is stopped, but for its entry.

    Args:
        stops: their distances, price units, inf for none, shape (n,); ascending where none moves.
        trailing: distances at which they trail likewise; None for none.
        break_even: profits at which they move to the entry price; None for none.

    Returns:
        The three side by side, shape (n, 3).
    """
    none = np.full(stops.shape[0], np.inf)
    return np.stack((stops, none if trailing is None else trailing, none if break_even is None else break_even), axis=1)


class ExitRows(NamedTuple):
    """The exits of some combinations that share their signals.

    Attributes:
        values: columns as in `EXIT_COLUMNS`, pips (bars for the time exit), float64, shape (m, 5).
        levels: all stops and targets that later calls may ask for: exits found for them are kept. None if nothing is
            to be kept.
        places: where the stop and the target of each row are among all levels, int64, each of shape (m,); only where
            rows have the same time exit.
    """

    values: Floats
    levels: Levels | None = None
    places: tuple[Ints, Ints] | None = None

    def part(self, where: npt.NDArray[np.intp]) -> ExitRows:
        """Some of the rows."""
        places = None if self.places is None else (self.places[0][where], self.places[1][where])
        return ExitRows(self.values[where], self.levels, places)


def rows_alike(keys: Ints, times: Floats | None = None) -> list[Ints]:
    """Rows with the same key, and the same time exit if there are any, together."""
    order = np.argsort(keys, kind="stable") if times is None else np.lexsort((times, keys))
    changes = np.diff(keys[order]) != 0
    if times is not None:
        changes |= np.diff(times[order]) != 0
    return np.split(order, np.flatnonzero(changes) + 1)
