"""A strategy of one's own: buy strength, sell weakness."""

import numpy as np

from trading_ai import Int, Signals, Strategy
from trading_ai.strategies.indicators import crossed_above, crossed_below


class Momentum(Strategy):
    """Long when the price rises above its value of some bars ago, short when it falls below."""

    period: int = Int(20, 2, 500, unit="bars", description="bars to look back")

    def signals(self, bars, period):
        change = np.full(len(bars), np.nan)
        change[period:] = bars.close[period:] - bars.close[:-period]
        return Signals(long_entry=crossed_above(change, 0.0), short_entry=crossed_below(change, 0.0))
