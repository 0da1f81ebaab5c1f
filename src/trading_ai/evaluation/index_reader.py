"""Read one combination's index without making arrays: what a single evaluation has no time for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

_FIRST = np.zeros(1, dtype=np.int64)


class _Digit(NamedTuple):
    """One axis: its size, its weight in the key of the signals, and its values' places among the levels."""

    size: int
    stride: int
    column: int
    places: tuple[Indices, ...]


class IndexReader:
    """Turns an index into the key of its signals and the places of its stop and target among all levels.

    Args:
        shape: number of values on each axis.
        signal_axes: axes that change the signals.
        exit_axes: axis, exit column (0 stop-loss, 1 take-profit; others are passed over) and values of the others.
        places: for each of those axes of stops or targets, its values' places among the levels, shape (n_values,).
    """

    def __init__(
        self,
        shape: Sequence[int],
        signal_axes: Sequence[int],
        exit_axes: Sequence[tuple[int, int, Floats]],
        places: Mapping[int, Indices],
    ) -> None:
        digits: dict[int, _Digit] = {}
        stride = 1
        for axis in reversed(signal_axes):
            digits[axis] = _Digit(shape[axis], stride, -1, ())
            stride *= shape[axis]
        for axis, column, _ in exit_axes:
            found = tuple(places[axis][:, None]) if axis in places else ()
            digits[axis] = _Digit(shape[axis], 0, column, found)
        self._digits = [digits[axis] for axis in reversed(range(len(shape)))]

    def read(self, index: int) -> tuple[int, Indices, Indices]:
        """Key of the signals, place of the stop and place of the target, each of shape (1,)."""
        key = 0
        levels = [_FIRST, _FIRST]  # a level that is not searched is the only one
        for size, stride, column, places in self._digits:
            index, place = divmod(index, size)
            key += place * stride
            if places:
                levels[column] = places[place]
        return key, levels[0], levels[1]
