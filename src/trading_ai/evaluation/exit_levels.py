"""The stops and targets of a search space, each known by its place among all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from trading_ai.engine.exit_rows import (
    BREAK_EVEN,
    STOP_LOSS,
    TAKE_PROFIT,
    TIME_EXIT,
    TRAILING_STOP,
    Levels,
    distances,
    stop_levels,
)

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

STOPS, TARGETS = 0, 1
"""What the places of an axis are places among."""

_MOST_STOPS = 4096
"""Stops up to which all are listed."""

_OF_STOPS = (STOP_LOSS, TRAILING_STOP, BREAK_EVEN)


class ExitLevels:
    """All stops and targets of a search space.

    A stop is a distance together with how it moves: the stops are every combination of the values of these three.

    Args:
        axes: axis, exit column and values (pips) of each axis that is an exit parameter.
        fixed: values of all exit parameters, shape (5,); those of axes are not read.
        pip_size: price of a pip.

    Attributes:
        levels: stops and targets.
        places: for each of the axes that decides among them, whether among STOPS or TARGETS and what each of its values
            adds to the place, int64, shape (n_values,).
        are_listed: whether the stops are few enough to be listed. If not, `levels` and `places` mean nothing.
        are_all: whether combinations of the space differ in nothing but these: no time exit is searched.
    """

    def __init__(self, axes: Sequence[tuple[int, int, Floats]], fixed: Floats, pip_size: float) -> None:
        axis_of = {column: (axis, values) for axis, column, values in axes}
        self.places: dict[int, tuple[int, Indices]] = {}

        def different(column: int, stride: int) -> Floats:
            axis, values = axis_of.get(column, (-1, fixed[column : column + 1]))
            far = distances(values, pip_size)
            found: Floats = far if (far[1:] > far[:-1]).all() else np.unique(far)
            if axis >= 0:
                kind = TARGETS if column == TAKE_PROFIT else STOPS
                self.places[axis] = (kind, stride * np.searchsorted(found, far).astype(np.int64, copy=False))
            return found

        stride, stops = 1, []
        for column in reversed(_OF_STOPS):
            stops.append(different(column, stride))
            stride *= stops[-1].size
        targets = different(TAKE_PROFIT, 1)
        self.are_listed = stride <= _MOST_STOPS
        self.are_all = self.are_listed and TIME_EXIT not in axis_of
        if not self.are_listed:  # of a large space a few are drawn
            stops = [each[:1] for each in stops]
        every = np.meshgrid(*reversed(stops), indexing="ij")
        self.levels: Levels = (stop_levels(*(each.ravel() for each in every)), targets)

    def places_of(self, positions: Sequence[Indices]) -> tuple[Indices, Indices]:
        """Places of the stops and targets of combinations, given by their positions along each axis, shape (m,)."""
        places = [np.zeros(positions[0].shape if len(positions) else 1, dtype=np.int64)] * 2
        for axis, (kind, added) in self.places.items():
            places[kind] = places[kind] + added[positions[axis]]
        return places[STOPS], places[TARGETS]
