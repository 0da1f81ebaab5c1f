"""Strategies that trade several symbols on one account, written as a trader would."""

from __future__ import annotations

from trading_ai import EventStrategy, Float, Int
from trading_ai.strategies.indicators import talib


class PairsTrade(EventStrategy):
    """Sell the dear one and buy the cheap one when the ratio of two pairs is far from its average; leave near it."""

    length: int = Int(120, 20, 500, unit="bars")
    far: float = Float(2.0, 1.0, 4.0, unit="standard deviations")
    near: float = Float(0.5, 0.0, 1.0, unit="standard deviations")

    def on_start(self, ctx):
        self.pound = ctx.symbol("GBPUSD")

    def on_bar(self, ctx):
        euro, pound = ctx.closes[-self.length :], self.pound.closes[-self.length :]
        if len(euro) < self.length or len(pound) < self.length:
            return
        ratio = euro / pound
        score = (ratio[-1] - ratio.mean()) / ratio.std()
        if ctx.position:
            if abs(score) < self.near:
                ctx.exit()
                self.pound.exit()
        elif score > self.far:
            ctx.sell(0.1)
            self.pound.buy(0.1)
        elif score < -self.far:
            ctx.buy(0.1)
            self.pound.sell(0.1)


class Strongest(EventStrategy):
    """Once a week hold whichever of the own and two other pairs rose most over a month, with a stop by its range."""

    others = ("GBPUSD", "USDJPY")

    def on_start(self, ctx):
        self.every = [ctx.symbol(name) for name in ("EURUSD", *self.others)]
        self.range = [each.indicator(talib.ATR, "high", "low", "close", 24) for each in self.every]

    def on_bar(self, ctx):
        if ctx.bar % 120 or ctx.bar < 480:
            return
        rises = [each.close / each.closes[-480] for each in self.every]
        best = rises.index(max(rises))
        for each in self.every:
            each.exit()
        self.every[best].buy(0.1, stop=self.every[best].close - 4 * self.range[best][-1])
