"""Supertrend."""

from __future__ import annotations

import numpy as np

from trading_ai.market.bars import Bars
from trading_ai.strategies.base import Float, Int, Signals, Strategy
from trading_ai.strategies.indicators import in_points, supertrend_direction


class Supertrend(Strategy):
    """Follows the supertrend: long when it turns up, short when it turns down."""

    name = "supertrend"

    period: int = Int(10, 2, 1000, unit="bars", description="length of the average true range")
    multiplier: float = Float(3.0, 0.1, 20.0, step=0.1, unit="ATR", description="distance of the bands")

    def signals(self, bars: Bars, period: int, multiplier: float) -> Signals:
        """Turns of the supertrend at a bar's close."""
        high, low, close = in_points(bars, "high"), in_points(bars, "low"), in_points(bars)
        direction = supertrend_direction(high, low, close, period, multiplier)
        turned = np.zeros(len(bars), dtype=np.bool_)
        turned[1:] = (direction[1:] != direction[:-1]) & (direction[:-1] != 0)
        return Signals(long_entry=turned & (direction > 0), short_entry=turned & (direction < 0))
