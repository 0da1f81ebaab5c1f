"""Buy and hold: what the market itself did over the bars that were traded."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trading_ai.market.bars import Bars


class BuyAndHold(NamedTuple):
    """All capital in the symbol from the first open to the last close, in the quote currency, without costs.

    Attributes:
        return_percent: 100 x (last close / first open - 1).
        max_drawdown_percent: largest fall of the closes from their highest value so far, the first open included.
    """

    return_percent: float
    max_drawdown_percent: float


NO_BENCHMARK = BuyAndHold(np.nan, np.nan)
"""Where there is none: prices at zero or below have no return."""


def buy_and_hold(bars: Bars) -> BuyAndHold:
    """Buy and hold over these bars, at least one; the fall in percent of the high before it."""
    key = "buy and hold"
    if key not in bars.derived:
        bars.derived[key] = _buy_and_hold(bars)
    found = bars.derived[key]
    assert isinstance(found, BuyAndHold)
    return found


def _buy_and_hold(bars: Bars) -> BuyAndHold:
    first, close = float(bars.open[0]), bars.close
    if first <= 0.0 or float(close.min()) <= 0.0:
        return NO_BENCHMARK
    high = np.maximum(np.maximum.accumulate(close), first)
    return BuyAndHold(100.0 * (float(close[-1]) / first - 1.0), 100.0 * float(((high - close) / high).max()))
