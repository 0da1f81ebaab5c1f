"""RSI reversal."""

from __future__ import annotations

from typing import Any

from typing_extensions import override

from trading_ai.market.bars import Bars
from trading_ai.strategies.base import Float, Int, Strategy
from trading_ai.strategies.indicators import in_points, shared_talib
from trading_ai.strategies.signals import Crossing, Crossings, Each


class RsiReversal(Strategy):
    """Long when Wilder's RSI comes back up out of the oversold zone, short when it falls out of the overbought."""

    name = "rsi_reversal"
    rules = (("oversold", "overbought"),)

    period: int = Int(14, 2, 1000, unit="bars", description="length of the RSI")
    oversold: float = Float(30.0, 1.0, 50.0, step=1.0, unit="RSI points", description="lower threshold")
    overbought: float = Float(70.0, 50.0, 99.0, step=1.0, unit="RSI points", description="upper threshold")

    def signals(self, bars: Bars, period: int, oversold: float, overbought: float) -> Crossing:
        """Return of the RSI into its middle zone at a bar's close."""
        return Crossing(_strength(bars, period), oversold, overbought)

    @override
    def crossings(self, bars: Bars, period: Any, oversold: Any, overbought: Any) -> Crossings:
        return Crossings(Each.made(lambda n: _strength(bars, n), period), oversold, overbought)


def _strength(bars: Bars, period: int) -> Any:
    return shared_talib.RSI(in_points(bars), timeperiod=period)
