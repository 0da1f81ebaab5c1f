"""Donchian breakout."""

from __future__ import annotations

from trading_ai.market.bars import Bars
from trading_ai.strategies.base import Int, Signals, Strategy
from trading_ai.strategies.indicators import crossed_above, crossed_below, previous, talib


class DonchianBreakout(Strategy):
    """Long on a close above the highest high of the last bars, short below the lowest low; optional exit channel."""

    name = "donchian_breakout"

    period: int = Int(20, 2, 5000, unit="bars", description="bars of the entry channel")
    exit_period: int = Int(10, 0, 5000, unit="bars", description="bars of the exit channel, 0 for none")

    def signals(self, bars: Bars, period: int, exit_period: int) -> Signals:
        """Breakout of the channel of earlier bars (the deciding bar excluded) at a bar's close."""
        upper = previous(talib.MAX(bars.high, timeperiod=period))
        lower = previous(talib.MIN(bars.low, timeperiod=period))
        entries = {
            "long_entry": crossed_above(bars.close, upper),
            "short_entry": crossed_below(bars.close, lower),
        }
        if exit_period < 2:
            return Signals(**entries)
        return Signals(
            **entries,
            long_exit=bars.close < previous(talib.MIN(bars.low, timeperiod=exit_period)),
            short_exit=bars.close > previous(talib.MAX(bars.high, timeperiod=exit_period)),
        )
