"""Bollinger reversal."""

from __future__ import annotations

from trading_ai.market.bars import Bars
from trading_ai.strategies.base import Bool, Float, Int, Signals, Strategy
from trading_ai.strategies.indicators import crossed_above, crossed_below, in_points, talib


class BollingerReversal(Strategy):
    """Long when the close comes back above the lower band, short when it falls back below the upper band."""

    name = "bollinger_reversal"

    period: int = Int(20, 2, 5000, unit="bars", description="length of the bands")
    deviations: float = Float(2.0, 0.1, 10.0, step=0.1, unit="standard deviations", description="distance of the bands")
    exit_at_middle: bool = Bool(True, description="close at the middle band")

    def signals(self, bars: Bars, period: int, deviations: float, exit_at_middle: bool) -> Signals:
        """Return of the close into the bands."""
        close = in_points(bars)
        upper, middle, lower = talib.BBANDS(close, timeperiod=period, nbdevup=deviations, nbdevdn=deviations)
        return Signals(
            crossed_above(close, lower),
            crossed_below(close, upper),
            long_exit=crossed_above(close, middle) if exit_at_middle else None,
            short_exit=crossed_below(close, middle) if exit_at_middle else None,
        )
