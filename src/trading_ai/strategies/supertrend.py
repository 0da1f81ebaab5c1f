"""Supertrend."""

from __future__ import annotations

from typing import Any

import numpy as np
from typing_extensions import override

from trading_ai.market.bars import Bars
from trading_ai.strategies.base import Float, Int, Strategy
from trading_ai.strategies.indicators import in_points, supertrend
from trading_ai.strategies.signals import Crossing, Crossings, Each


class Supertrend(Strategy):
    """Follows the supertrend: long when it turns up, short when it turns down."""

    name = "supertrend"

    period: int = Int(10, 2, 1000, unit="bars", description="length of the average true range")
    multiplier: float = Float(3.0, 0.1, 20.0, step=0.1, unit="ATR", description="distance of the bands")

    def signals(self, bars: Bars, period: int, multiplier: float) -> Crossing:
        """Turns of the supertrend at a bar's close; its first direction is no turn."""
        return Crossing(_trend(bars, period, multiplier), 0.0)

    @override
    def crossings(self, bars: Bars, period: Any, multiplier: Any) -> Crossings:
        lines = Each.made(lambda p, m: _trend(bars, int(p), m), period, multiplier)
        return Crossings(lines, np.zeros(len(lines.of)))


def _trend(bars: Bars, period: int, multiplier: float) -> Any:
    return supertrend(in_points(bars, "high"), in_points(bars, "low"), in_points(bars), period, multiplier)
