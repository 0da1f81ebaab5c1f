"""MACD cross."""

from __future__ import annotations

from trading_ai.market.bars import Bars
from trading_ai.strategies.base import Int, Strategy
from trading_ai.strategies.indicators import shared_talib
from trading_ai.strategies.signals import Crossing


class MacdCross(Strategy):
    """Long when the MACD line crosses above its signal line, short below."""

    name = "macd"
    rules = (("fast", "slow"),)

    fast: int = Int(12, 2, 5000, unit="bars", description="length of the fast exponential average")
    slow: int = Int(26, 3, 10000, unit="bars", description="length of the slow exponential average")
    signal: int = Int(9, 2, 5000, unit="bars", description="length of the signal line")

    def signals(self, bars: Bars, fast: int, slow: int, signal: int) -> Crossing:
        """Cross of the MACD and its signal line at a bar's close."""
        line, trigger, _ = shared_talib.MACD(bars.close, fastperiod=fast, slowperiod=slow, signalperiod=signal)
        return Crossing(line, trigger)
