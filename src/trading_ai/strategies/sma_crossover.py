"""Moving-average cross."""

from __future__ import annotations

from trading_ai.market.bars import Bars
from trading_ai.strategies.base import Int, Signals, Strategy
from trading_ai.strategies.indicators import crossed_above, crossed_below, talib
from trading_ai.strategies.points import are_exact, in_points


class SmaCrossover(Strategy):
    """Long when the fast simple moving average of the close crosses above the slow one, short below."""

    name = "sma_crossover"
    rules = (("fast", "slow"),)

    fast: int = Int(10, 2, 5000, unit="bars", description="length of the fast average")
    slow: int = Int(30, 3, 10000, unit="bars", description="length of the slow average")

    def signals(self, bars: Bars, fast: int, slow: int) -> Signals:
        """Cross of the two averages at a bar's close."""
        close, tolerance = in_points(bars), 0.0 if are_exact(bars) else None
        quick = talib.SMA(close, timeperiod=fast)
        steady = talib.SMA(close, timeperiod=slow)
        return Signals(
            long_entry=crossed_above(quick, steady, tolerance=tolerance),
            short_entry=crossed_below(quick, steady, tolerance=tolerance),
        )
