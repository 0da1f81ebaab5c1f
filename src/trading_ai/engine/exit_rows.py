"""The exits of many combinations, as rows of numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trading_ai.engine.rules import EXIT_PARAMETERS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Levels = tuple[Floats, Floats]

EXIT_COLUMNS = tuple(EXIT_PARAMETERS)
STOP_LOSS, TAKE_PROFIT, TRAILING_STOP, BREAK_EVEN, TIME_EXIT = range(len(EXIT_COLUMNS))


def distances(pips: Floats, pip_size: float) -> Floats:
    """Pips as price distances; 0 (unused) as infinity."""
    return np.where(pips > 0, pips * pip_size, np.inf)


class ExitRows(NamedTuple):
    """The exits of some combinations that share their signals.

    Attributes:
        values: columns as in `EXIT_COLUMNS`, pips (bars for the time exit), float64, shape (m, 5).
        levels: all stop and all target distances that later calls may ask for (see `distances`), ascending: exits
            found for them are kept. None if nothing is to be kept.
        places: where the stop and the target of each row are in `levels`, int64, each of shape (m,); only where
            rows differ in nothing but these two.
    """

    values: Floats
    levels: Levels | None = None
    places: tuple[Ints, Ints] | None = None

    def part(self, where: npt.NDArray[np.intp]) -> ExitRows:
        """Some of the rows."""
        places = None if self.places is None else (self.places[0][where], self.places[1][where])
        return ExitRows(self.values[where], self.levels, places)
