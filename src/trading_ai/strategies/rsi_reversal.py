"""RSI reversal."""

from __future__ import annotations

from trading_ai.market.bars import Bars
from trading_ai.strategies.base import Float, Int, Signals, Strategy
from trading_ai.strategies.indicators import crossed_above, crossed_below, in_points, talib


class RsiReversal(Strategy):
    """Long when Wilder's RSI comes back up out of the oversold zone, short when it falls out of the overbought."""

    name = "rsi_reversal"
    rules = (("oversold", "overbought"),)

    period: int = Int(14, 2, 1000, unit="bars", description="length of the RSI")
    oversold: float = Float(30.0, 1.0, 50.0, step=1.0, unit="RSI points", description="lower threshold")
    overbought: float = Float(70.0, 50.0, 99.0, step=1.0, unit="RSI points", description="upper threshold")

    def signals(self, bars: Bars, period: int, oversold: float, overbought: float) -> Signals:
        """Return of the RSI into its middle zone at a bar's close."""
        rsi = talib.RSI(in_points(bars), timeperiod=period)
        return Signals(long_entry=crossed_above(rsi, oversold), short_entry=crossed_below(rsi, overbought))
