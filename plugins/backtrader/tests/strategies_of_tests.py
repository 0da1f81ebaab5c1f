"""Strategies as their authors write them: one for each kind of order and habit."""

import datetime
import random

import backtrader as bt


class Cross(bt.Strategy):
    """In the market always: closes, then turns."""

    params = (("fast", 10), ("slow", 30), ("printlog", False))

    def __init__(self):
        self.cross = bt.ind.CrossOver(bt.ind.SMA(period=self.p.fast), bt.ind.SMA(period=self.p.slow))

    def next(self):
        if self.p.printlog:
            print(self.data.datetime.datetime(), self.data.close[0])
        if self.cross:
            self.close()
            self.buy() if self.cross > 0 else self.sell()


class Bracket(bt.Strategy):
    """One position at a time, with a stop and a target from the close."""

    params = dict(fast=10, slow=30, stop=0.005, target=0.010)

    def __init__(self):
        self.cross = bt.ind.CrossOver(bt.ind.SMA(period=self.p.fast), bt.ind.SMA(period=self.p.slow))

    def next(self):
        price = self.data.close[0]
        if self.position:
            return
        kinds = dict(exectype=bt.Order.Market)
        if self.cross > 0:
            self.buy_bracket(stopprice=price - self.p.stop, limitprice=price + self.p.target, **kinds)
        elif self.cross < 0:
            self.sell_bracket(stopprice=price + self.p.stop, limitprice=price - self.p.target, **kinds)


class Pyramid(bt.Strategy):
    """Adds to what wins, leaves in parts, with a size of its own."""

    params = dict(length=20, stake=3000)

    def __init__(self):
        self.high_of = bt.ind.Highest(self.data.high(-1), period=self.p.length)
        self.low_of = bt.ind.Lowest(self.data.low(-1), period=self.p.length)

    def next(self):
        if self.data.close[0] > self.high_of[0] and self.position.size < 4 * self.p.stake:
            self.buy(size=self.p.stake)
        elif self.data.close[0] < self.low_of[0] and self.position.size > 0:
            self.sell(size=min(2 * self.p.stake, self.position.size))


class Trailing(bt.Strategy):
    """Limit and stop entries that expire, a trailing stop, and values of the observers and of the broker."""

    params = dict(trail=0.004)

    def __init__(self):
        self.rsi = bt.ind.RSI(period=14)
        self.order = None

    def notify_order(self, order):
        if not order.alive():
            self.order = None
        if order.status == order.Completed and order.isbuy() and self.position.size > 0:
            self.sell(exectype=bt.Order.StopTrail, trailamount=self.p.trail)

    def next(self):
        assert len(self.stats.broker.value) == len(self) - 1
        if self.position or self.order:
            return
        if self.rsi[0] < 40:
            price, valid = self.data.low[0], datetime.timedelta(hours=5)
            self.order = self.buy(exectype=bt.Order.Limit, price=price, valid=valid)
        elif self.rsi[0] > 60:
            self.order = self.buy(exectype=bt.Order.Stop, price=self.data.high[0])


class Luck(bt.Strategy):
    """Asks the dice, and the session's close for its price."""

    def next(self):
        if not random.randint(0, 5):
            if self.position:
                self.close(exectype=bt.Order.Close)
            else:
                self.buy(exectype=bt.Order.Close)


class Fraction(bt.SignalStrategy):
    """Not a line of its own in `next`: signals, as the library offers."""

    params = dict(period=25)

    def __init__(self):
        self.signal_add(bt.SIGNAL_LONGSHORT, self.data.close - bt.ind.EMA(period=self.p.period))


class Odd(bt.Strategy):
    """Params of every kind."""

    params = dict(period=5, ratio=0.02, yes=True, word="low", average=bt.ind.SMA, nothing=None, pair=(1, 2), start=3)

    def next(self):
        if self.p.ratio > 0.5:
            raise ArithmeticError("a ratio above one half")


class Once(bt.Strategy):
    """Buys at one bar and sells at another, also before it may."""

    params = dict(buys_at=2, sells_at=4, size=1000)

    def prenext(self):
        self.next()

    def next(self):
        if len(self) == self.p.buys_at:
            self.buy(size=self.p.size)
        if len(self) == self.p.sells_at:
            self.sell(size=self.p.size)
