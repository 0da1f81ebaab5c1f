"""Read one combination's index without making arrays: what a single evaluation has no time for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]

_FIRST = np.zeros(1, dtype=np.int64)


class _Digit(NamedTuple):
    """One axis: its size, its weight in the key of the signals, and what its values add to which place."""

    size: int
    stride: int
    kind: int
    added: tuple[Indices, ...]


class IndexReader:
    """Turns an index into the key of its signals and the places of its stop and target among all of them.

    Args:
        shape: number of values on each axis.
        signal_axes: axes that change the signals.
        places: what each value of the axes of stops and targets adds to the place, see `ExitLevels.places`.
    """

    def __init__(
        self, shape: Sequence[int], signal_axes: Sequence[int], places: Mapping[int, tuple[int, Indices]]
    ) -> None:
        strides: dict[int, int] = {}
        stride = 1
        for axis in reversed(signal_axes):
            strides[axis] = stride
            stride *= shape[axis]
        self._digits = []
        for axis in reversed(range(len(shape))):
            kind, added = places.get(axis, (0, _FIRST[:0]))
            self._digits.append(_Digit(shape[axis], strides.get(axis, 0), kind, tuple(added[:, None])))

    def read(self, index: int) -> tuple[int, Indices, Indices]:
        """Key of the signals, place of the stop and place of the target, each of shape (1,)."""
        key = 0
        levels = [_FIRST, _FIRST]  # a level that is not searched is the only one
        for size, stride, kind, added in self._digits:
            index, place = divmod(index, size)
            key += place * stride
            if added:
                levels[kind] = added[place] if levels[kind] is _FIRST else levels[kind] + added[place]
        return key, levels[0], levels[1]
