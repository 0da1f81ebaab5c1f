"""Series that an event strategy looks at: it sees what is known at the bar at hand, and nothing after it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from trading_ai.errors import EvaluationError
from trading_ai.market.seen import SeenBars

Floats = npt.NDArray[np.float64]
BAR_ARRAYS = ("open", "high", "low", "close", "volume")


class Place:
    """The bar at hand, which all series of a run share.

    Attributes:
        bar: its place among the bars that the strategy sees.
    """

    __slots__ = ("bar",)

    def __init__(self) -> None:
        self.bar = 0


class PlaceOfOthers:
    """The last finished one of other bars, seen from the bar at hand.

    Args:
        known: the last that is finished at each bar's close, -1 before the first, shape (n,); read-only.
        place: the bar at hand.
    """

    __slots__ = ("_item", "_place", "known")

    def __init__(self, known: npt.NDArray[np.int64], place: Place) -> None:
        self.known, self._place, self._item = known, place, known.item

    @property
    def bar(self) -> int:
        """Its place among the other bars; -1 where none is finished yet."""
        return self._item(self._place.bar)


class Series:
    """Values up to the bar at hand: ``[-1]`` is the current bar's, ``[-2]`` the one before, ``[-5:]`` the last five.

    Args:
        values: a value for each bar, shape (n,).
        place: the bar at hand.
    """

    __slots__ = ("_item", "_place", "_values")

    def __init__(self, values: Floats, place: Place | PlaceOfOthers) -> None:
        self._values, self._place, self._item = values, place, values.item

    @property
    def known(self) -> npt.NDArray[np.int64] | None:
        """Of a series of other bars, the last of them that is finished at each bar's close; else None."""
        return getattr(self._place, "known", None)

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


class OtherBars:
    """Longer bars, or those of another symbol, as an event strategy sees them: up to the last finished one.

    Args:
        seen: the bars, and which of them is known when.
        place: the bar at hand of the run.

    Attributes:
        prices: the bars themselves, all of them.
        known: the last of them that is finished at each bar's close, -1 before the first, shape (n,).
    """

    def __init__(self, seen: SeenBars, place: Place) -> None:
        self.prices = seen.bars
        self.known = seen.last.view()
        self.known.flags.writeable = False
        self._place = PlaceOfOthers(self.known, place)

    def __len__(self) -> int:
        return self._place.bar + 1

    @property
    def time(self) -> int:
        """Open time of the last finished one, ns UTC; -1 where none is."""
        return int(self.prices.open_time_ns[self._place.bar]) if self._place.bar >= 0 else -1

    @property
    def open(self) -> float:
        """Open of the last finished one; NaN where none is."""
        return self.opens[-1]

    @property
    def high(self) -> float:
        """High of the last finished one."""
        return self.highs[-1]

    @property
    def low(self) -> float:
        """Low of the last finished one."""
        return self.lows[-1]

    @property
    def close(self) -> float:
        """Close of the last finished one."""
        return self.closes[-1]

    @property
    def volume(self) -> float:
        """Volume of the last finished one."""
        return self.volumes[-1]

    @property
    def opens(self) -> Series:
        """Opens up to the last finished one's."""
        return Series(self.prices.open, self._place)

    @property
    def highs(self) -> Series:
        """Highs likewise."""
        return Series(self.prices.high, self._place)

    @property
    def lows(self) -> Series:
        """Lows likewise."""
        return Series(self.prices.low, self._place)

    @property
    def closes(self) -> Series:
        """Closes likewise."""
        return Series(self.prices.close, self._place)

    @property
    def volumes(self) -> Series:
        """Volumes likewise."""
        return Series(self.prices.volume, self._place)

    def indicator(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """An indicator of these bars: a `Series`, or a tuple of them; arguments and errors as of `indicator_of`."""
        return indicator_of(function, arguments, lambda name: getattr(self.prices, name), len(self.prices), self._place)


def indicator_of(
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    column: Callable[[str], Floats],
    n_bars: int,
    place: Place | PlaceOfOthers,
) -> Any:
    """What an indicator gives of whole bars, of which a strategy sees what is known.

    Args:
        function: gives an array of shape (n_bars,), or a tuple of them.
        arguments: names of the bars' own arrays, other series, and plain values.
        column: the bars' array of a name.
        n_bars: number of the bars.
        place: what is known of them.

    Raises:
        EvaluationError: it gave something else.
    """
    given = [column(a) if isinstance(a, str) and a in BAR_ARRAYS else a for a in arguments]
    made = function(*(a._values if isinstance(a, Series) else a for a in given))
    if isinstance(made, tuple):
        return tuple(Series(checked_series(function, each, n_bars), place) for each in made)
    return Series(checked_series(function, made, n_bars), place)
