"""Series that an event strategy looks at: it sees what is known at the bar at hand, and nothing after it."""

from __future__ import annotations

import math
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from trading_ai.errors import EvaluationError

Floats = npt.NDArray[np.float64]


class Place:
    """The bar at hand, which all series of a run share.

    Attributes:
        bar: its place among the bars that the strategy sees.
    """

    __slots__ = ("bar",)

    def __init__(self) -> None:
        self.bar = 0


class Series:
    """Values up to the bar at hand: ``[-1]`` is the current bar's, ``[-2]`` the one before, ``[-5:]`` the last five.

    Args:
        values: a value for each bar, shape (n,).
        place: the bar at hand.
    """

    __slots__ = ("_item", "_place", "_values")

    def __init__(self, values: Floats, place: Place) -> None:
        self._values, self._place, self._item = values, place, values.item

    def __len__(self) -> int:
        return self._place.bar + 1

    @overload
    def __getitem__(self, key: int) -> float: ...

    @overload
    def __getitem__(self, key: slice) -> Floats: ...

    def __getitem__(self, key: int | slice) -> float | Floats:
        if isinstance(key, slice):
            return self._values[: self._place.bar + 1][key].copy()
        if key >= 0:
            raise EvaluationError(
                f"a series is asked for [{key}]: the current bar is [-1], the one before [-2]; use a slice, such as "
                "[0:10], for bars from the start"
            )
        at = self._place.bar + 1 + key
        return self._item(at) if at >= 0 else math.nan


def checked_series(function: Any, made: object, n_bars: int) -> Floats:
    """What an indicator gave, as float64 of one value a bar.

    Raises:
        EvaluationError: it is something else.
    """
    values = np.asarray(made, dtype=np.float64) if isinstance(made, np.ndarray | list) else None
    if values is None or values.shape != (n_bars,):
        name = getattr(function, "__name__", repr(function))
        found = f"shape {values.shape}" if values is not None else type(made).__name__
        raise EvaluationError(
            f"indicator {name} gave {found}: one value for each of {n_bars} bars is needed, or a tuple of such arrays"
        )
    return values
