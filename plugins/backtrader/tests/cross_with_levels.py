"""A cross of averages with levels from the close, as a strategy of Backtrader."""

import backtrader as bt


class CrossWithLevels(bt.Strategy):
    """Entry, stop and target are ordered at once: the levels count from the entry's bar on, the stop first."""

    params = (("fast", 20), ("slow", 82), ("stop", 0.0020), ("target", 0.0030))

    def __init__(self):
        self.cross = bt.ind.CrossOver(bt.ind.SMA(period=self.p.fast), bt.ind.SMA(period=self.p.slow))

    def next(self):
        if self.position or not self.cross[0]:
            return
        price = self.data.close[0]
        enter, leave, side = (self.buy, self.sell, 1) if self.cross > 0 else (self.sell, self.buy, -1)
        enter()
        stop = leave(exectype=bt.Order.Stop, price=price - side * self.p.stop)
        leave(exectype=bt.Order.Limit, price=price + side * self.p.target, oco=stop)
