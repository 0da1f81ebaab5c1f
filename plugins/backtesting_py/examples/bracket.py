"""The bracket strategy of benchmarks/events.py for backtesting.py: stop and target by average ranges."""

from __future__ import annotations

import talib
from backtesting import Strategy


class Bracket(Strategy):
    """Buys a new high and sells a new low while it holds nothing."""

    length = 500
    risk = 10.0
    size = 10_000

    def init(self):
        high, low, close = self.data.High, self.data.Low, self.data.Close
        self.upper = self.I(talib.MAX, high, self.length)
        self.lower = self.I(talib.MIN, low, self.length)
        self.range = self.I(talib.ATR, high, low, close, 14)

    def next(self):
        if self.position or len(self.upper) < 2:
            return
        close, far = self.data.Close[-1], self.risk * self.range[-1]
        if close > self.upper[-2]:
            self.buy(size=self.size, sl=close - far, tp=close + 1.5 * far)
        elif close < self.lower[-2]:
            self.sell(size=self.size, sl=close + far, tp=close - 1.5 * far)
