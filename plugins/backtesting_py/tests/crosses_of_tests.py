"""Strategies of backtesting.py as their authors write them."""

import numpy as np
from backtesting import Strategy
from backtesting.lib import crossover


def average(values, n):
    out = np.full(len(values), np.nan)
    out[n - 1 :] = np.convolve(values, np.ones(n) / n, "valid")
    return out


class Cross(Strategy):
    fast = 10
    slow = 30
    stop = 0.005
    target = 0.010
    quiet = True
    word = "any"
    levels = (1, 2)

    def init(self):
        self.a = self.I(average, self.data.Close, self.fast)
        self.b = self.I(average, self.data.Close, self.slow)

    def next(self):
        price = self.data.Close[-1]
        if self.position:
            return
        if crossover(self.a, self.b):
            self.buy(size=10_000, sl=price - self.stop, tp=price + self.target)
        elif crossover(self.b, self.a):
            self.sell(size=10_000, sl=price + self.stop, tp=price - self.target)


class AllIn(Strategy):
    period = 20

    def init(self):
        self.a = self.I(average, self.data.Close, self.period)

    def next(self):
        if self.data.Close[-1] > self.a[-1] and not self.position:
            self.buy()
        elif self.data.Close[-1] < self.a[-1]:
            self.position.close()
