"""The bracket strategy of benchmarks/events.py for Backtrader: a new high or low, stop and target by average ranges."""

from __future__ import annotations

import backtrader as bt


class Bracket(bt.Strategy):
    """Buys a new high and sells a new low while it holds nothing."""

    params = (("length", 500), ("risk", 10.0), ("size", 10_000.0))

    def __init__(self):
        self.upper = bt.indicators.Highest(self.data.high, period=self.p.length)
        self.lower = bt.indicators.Lowest(self.data.low, period=self.p.length)
        self.range = bt.indicators.AverageTrueRange(period=14)
        self.bracket = []

    def next(self):
        if self.position or any(order.alive() for order in self.bracket):
            return
        close, far = self.data.close[0], self.p.risk * self.range[0]
        plan = {"size": self.p.size, "exectype": bt.Order.Market}
        if close > self.upper[-1]:
            self.bracket = self.buy_bracket(stopprice=close - far, limitprice=close + 1.5 * far, **plan)
        elif close < self.lower[-1]:
            self.bracket = self.sell_bracket(stopprice=close + far, limitprice=close - 1.5 * far, **plan)
