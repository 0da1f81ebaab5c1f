"""What an entry decision may say besides its side: its stop, its target, how its stop trails, its size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from trading_ai.errors import StrategyError
from trading_ai.market.bars import Bars

Floats = npt.NDArray[np.float64]
Numbers = npt.ArrayLike
"""One number for all bars, or one a bar, shape (n_bars,)."""


@dataclass(frozen=True, eq=False)
class Level:
    """Where a stop or a target lies, said at each bar's close; NaN at a bar leaves it to the parameters.

    Made by `Level.price`, `Level.pips`, `Level.percent` and `Level.atr`.

    Attributes:
        values: prices, pips, percent, or multiples of the average true range, one number or one a bar.
        unit: which of them.
        length: bars of the average true range.
    """

    values: Numbers
    unit: Literal["price", "pips", "percent", "atr"]
    length: int = 0

    @classmethod
    def price(cls, prices: Numbers) -> Level:
        """At a price, in the quote currency."""
        return cls(prices, "price")

    @classmethod
    def pips(cls, distance: Numbers) -> Level:
        """So many pips away, above 0."""
        return cls(distance, "pips")

    @classmethod
    def percent(cls, distance: Numbers) -> Level:
        """So many percent of the price that it is measured from away, above 0: 1.5 of 100.00 is 1.50."""
        return cls(distance, "percent")

    @classmethod
    def atr(cls, length: int, multiple: Numbers = 1.0) -> Level:
        """So many times the average true range away that the signal's bar has, by TA-Lib (Wilder's).

        Args:
            length: bars that are averaged, 1 or more. Before there are so many, the level is left to the parameters.
            multiple: above 0.

        Raises:
            StrategyError: the length is below 1.
        """
        if length < 1:
            raise StrategyError("must be 1 or more", parameter="Level.atr", value=length, remedy="14 is usual.")
        return cls(multiple, "atr", int(length))

    def resolved(self, bars: Bars, source: str) -> Floats:
        """Prices, distances in price units, or percent, shape (n_bars,).

        Args:
            bars: the bars at whose closes it is said.
            source: name of the array in messages, such as ``mine.stop``.

        Raises:
            StrategyError: there is not one number a bar, or one is infinite or not above zero.
        """
        values = per_bar(self.values, len(bars), source)
        if self.unit == "pips":
            return values * bars.symbol.pip_size
        if self.unit == "atr":
            from trading_ai.strategies.indicators import talib  # noqa: PLC0415 - loads TA-Lib

            true_range: Floats = talib.ATR(bars.high, bars.low, bars.close, self.length)
            return values * np.where(true_range > 0.0, true_range, np.nan)
        return values


@dataclass(frozen=True, eq=False)
class Size:
    """How large an entry is; NaN at a bar leaves it to the account. Made by `Size.units` and `Size.lots`.

    Attributes:
        values: units or lots, above 0, one number or one a bar.
        unit: which of them.
    """

    values: Numbers
    unit: Literal["units", "lots"]

    @classmethod
    def units(cls, values: Numbers) -> Size:
        """In units of the base asset."""
        return cls(values, "units")

    @classmethod
    def lots(cls, values: Numbers) -> Size:
        """In lots of the symbol."""
        return cls(values, "lots")

    def resolved(self, bars: Bars, source: str) -> Floats:
        """Units, shape (n_bars,); arguments and errors as of `Level.resolved`."""
        values = per_bar(self.values, len(bars), source)
        return values * bars.symbol.lot_size if self.unit == "lots" else values


def per_bar(values: Numbers, n_bars: int, source: str) -> Floats:
    """One positive number a bar, or NaN, float64, shape (n_bars,).

    Raises:
        StrategyError: there is not one number a bar, or one is infinite or not above zero.
    """
    try:
        given = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise StrategyError(
            f"must be a number, or an array of one a bar ({n_bars})", parameter=source, remedy=str(error)
        ) from error
    if given.shape not in {(), (n_bars,)}:
        raise StrategyError(
            f"must be a number, or have one value a bar ({n_bars})", parameter=source, value=given.shape
        )
    wrong = (given <= 0.0) | np.isinf(given)
    if wrong.any():
        place = "" if given.ndim == 0 else f" at bar {int(np.flatnonzero(wrong)[0])}"
        raise StrategyError(
            "must be above zero and finite, or NaN for none",
            parameter=source + place,
            value=float(given[wrong].flat[0]),
        )
    return np.ascontiguousarray(np.broadcast_to(given, (n_bars,)))
