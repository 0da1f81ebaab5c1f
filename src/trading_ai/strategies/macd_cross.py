"""MACD cross."""

from __future__ import annotations

from trading_ai.market.bars import Bars
from trading_ai.strategies.base import Int, Signals, Strategy
from trading_ai.strategies.indicators import crossed_above, crossed_below, in_points, shared_talib
from trading_ai.ties import TIE


class MacdCross(Strategy):
    """Long when the MACD line crosses above its signal line, short below."""

    name = "macd"
    rules = (("fast", "slow"),)

    fast: int = Int(12, 2, 5000, unit="bars", description="length of the fast exponential average")
    slow: int = Int(26, 3, 10000, unit="bars", description="length of the slow exponential average")
    signal: int = Int(9, 2, 5000, unit="bars", description="length of the signal line")

    def signals(self, bars: Bars, fast: int, slow: int, signal: int) -> Signals:
        """Cross of the MACD and its signal line at a bar's close."""
        close = in_points(bars)
        line, trigger, _ = shared_talib.MACD(close, fastperiod=fast, slowperiod=slow, signalperiod=signal)
        noise = TIE * close  # both are differences of averages and have the rounding of these
        return Signals(
            long_entry=crossed_above(line, trigger, tolerance=noise),
            short_entry=crossed_below(line, trigger, tolerance=noise),
        )
