"""Moving-average cross."""

from __future__ import annotations

from typing import Any

from typing_extensions import override

from trading_ai.market.bars import Bars
from trading_ai.strategies.base import Int, Strategy
from trading_ai.strategies.indicators import shared_talib
from trading_ai.strategies.points import are_exact, in_points
from trading_ai.strategies.signals import Crossing, Crossings, Each


class SmaCrossover(Strategy):
    """Long when the fast simple moving average of the close crosses above the slow one, short below."""

    name = "sma_crossover"
    rules = (("fast", "slow"),)

    fast: int = Int(10, 2, 5000, unit="bars", description="length of the fast average")
    slow: int = Int(30, 3, 10000, unit="bars", description="length of the slow average")

    def signals(self, bars: Bars, fast: int, slow: int) -> Crossing:
        """Cross of the two averages at a bar's close."""
        return Crossing(_average(bars, fast), _average(bars, slow), is_exact=are_exact(bars))

    @override
    def crossings(self, bars: Bars, fast: Any, slow: Any) -> Crossings:
        quick, steady = (Each.made(lambda n: _average(bars, n), lengths) for lengths in (fast, slow))
        return Crossings(quick, steady, is_exact=are_exact(bars))


def _average(bars: Bars, length: int) -> Any:
    return shared_talib.SMA(in_points(bars), timeperiod=length)
