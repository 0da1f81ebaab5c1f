"""Prices as whole numbers of points, on which averages are exact.

A price such as 1.23457 is no binary fraction, so that two averages of equal worth differ in their last bits, and which
of them is "above" is decided by rounding. As points (123457) prices are whole numbers: their sums are exact, and equal
averages are equal.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from trading_ai._jit import njit
from trading_ai.market.bars import Bars

Floats = npt.NDArray[np.float64]
Price = Literal["open", "high", "low", "close"]

_PRICES: tuple[Price, ...] = ("open", "high", "low", "close")
_MOST_DECIMALS = 10
_LARGEST = 2.0**40
"""Largest number of points: sums of thousands of them stay below 2**53, where whole numbers are exact."""


@njit
def _decimals(values, decimals, most, largest):  # type: ignore[no-untyped-def]
    """Decimals that all these numbers are written with, at least `decimals`; -1 for more than `most`."""
    scale = 10.0**decimals
    for t in range(values.shape[0]):
        value = values[t]
        # Division by a power of ten rounds to the number nearest to the decimal: what reading it from a text gives.
        while np.rint(value * scale) / scale != value:
            decimals += 1
            scale *= 10.0
            if decimals > most:
                return -1
        if abs(value * scale) > largest:
            return -1
    return decimals


def _scale(bars: Bars) -> float:
    """Points of one unit of price; 0 where the prices are not decimals of at most ten places."""
    kept = bars.derived.get("points")
    if isinstance(kept, float):
        return kept
    decimals = 0
    for name in _PRICES:
        decimals = int(_decimals(getattr(bars, name), decimals, _MOST_DECIMALS, _LARGEST))
        if decimals < 0:
            break
    scale = 10.0**decimals if decimals >= 0 else 0.0
    bars.derived["points"] = scale
    return scale


def in_points(bars: Bars, price: Price = "close") -> Floats:
    """A price of each bar as a whole number of points, float64, read-only, shape (n,).

    A point is the last decimal that any price of the bars has. Prices that are no decimals (adjusted for dividends,
    say) stay as they are; `are_exact` tells.
    """
    key = f"{price} in points"
    kept = bars.derived.get(key)
    if isinstance(kept, np.ndarray):
        return kept
    scale = _scale(bars)
    values: Floats = getattr(bars, price)
    if scale > 1.0:
        values = np.rint(values * scale)
        values.flags.writeable = False
    bars.derived[key] = values
    return values


def are_exact(bars: Bars) -> bool:
    """Whether `in_points` gives whole numbers, whose sums and averages are exact."""
    return _scale(bars) > 0.0
