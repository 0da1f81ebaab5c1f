"""Strategies that traders write with orders and events, each as one would write it from the pages alone."""

from __future__ import annotations

from trading_ai import EventStrategy, Float, Int
from trading_ai.strategies.indicators import talib


class LimitPullback(EventStrategy):
    """In a rising market, a buy limit one range below the close, good for six bars."""

    wait = Int(6, 1, 50, unit="bars")

    def on_start(self, ctx):
        self.average = ctx.indicator(talib.SMA, "close", 50)

    def on_bar(self, ctx):
        if not ctx.position and not ctx.orders and ctx.close > self.average[-1]:
            ctx.buy(0.1, limit=ctx.close - ctx.atr(14), stop_pips=30, target_pips=30, expiry=self.wait)


class ThreeTargets(EventStrategy):
    """A breakout that takes its profit in three parts."""

    def on_start(self, ctx):
        self.upper = ctx.indicator(talib.MAX, "high", 48)

    def on_bar(self, ctx):
        if not ctx.position and ctx.close > self.upper[-2]:
            close, risk = ctx.close, ctx.atr(14)
            ctx.buy(
                stop=close - 2 * risk,
                targets=((0.1, close + risk), (0.1, close + 2 * risk), (0.1, close + 4 * risk)),
            )


class ScaleOut(EventStrategy):
    """Half of it is closed at a profit of one risk; the rest cannot lose any more, and trails."""

    def on_start(self, ctx):
        self.fast = ctx.indicator(talib.SMA, "close", 10)
        self.slow = ctx.indicator(talib.SMA, "close", 40)
        self.risk = 0.0

    def on_bar(self, ctx):
        p = ctx.position
        if not p:
            if self.fast[-1] > self.slow[-1] and self.fast[-2] <= self.slow[-2]:
                self.risk = 2 * ctx.atr(14)
                ctx.buy(0.2, stop=ctx.close - self.risk)
        elif p.size == 0.2 and ctx.close >= p.entry + self.risk:
            p.close(0.1)
            p.modify(stop=p.entry)
            p.trail(self.risk)


class Pyramid(EventStrategy):
    """Up to four positions, each smaller, one more for each half range; all stops follow the last."""

    def on_start(self, ctx):
        self.upper = ctx.indicator(talib.MAX, "high", 55)

    def on_bar(self, ctx):
        n, stop = len(ctx.positions), ctx.close - 2 * ctx.atr(20)
        if n == 0 and ctx.close > self.upper[-2]:
            ctx.buy(0.1, stop=stop)
        elif 0 < n < 4 and ctx.close > ctx.positions[-1].entry + 0.5 * ctx.atr(20):
            for p in ctx.positions:
                p.modify(stop=stop)
            ctx.buy(0.1 / (n + 1), stop=stop)


class Hedge(EventStrategy):
    """A long position that is 40 dollars under water is hedged by a short one of half its size."""

    def on_start(self, ctx):
        self.average = ctx.indicator(talib.EMA, "close", 50)

    def on_bar(self, ctx):
        if not ctx.positions:
            if ctx.close > self.average[-1]:
                ctx.buy(0.2, stop_pips=60, target_pips=60)
        elif len(ctx.positions) == 1 and ctx.position.side == 1 and ctx.position.profit < -40:
            ctx.sell(0.1, stop_pips=30, target_pips=30)


class CoolDown(EventStrategy):
    """After a loss it waits for a day."""

    pause = Int(24, 0, 500, unit="bars")

    def on_start(self, ctx):
        self.rsi = ctx.indicator(talib.RSI, "close", 14)
        self.resume = 0

    def on_trade(self, ctx, trade):
        if trade.net_profit < 0:
            self.resume = trade.exit_bar + self.pause

    def on_bar(self, ctx):
        if not ctx.position and ctx.bar >= self.resume and self.rsi[-1] < 35:
            ctx.buy(0.1, stop_pips=20, target_pips=20)


class DailyLossLimit(EventStrategy):
    """Always in, until half a percent is lost within a day: then flat until the next one."""

    def on_start(self, ctx):
        self.fast = ctx.indicator(talib.EMA, "close", 3)
        self.slow = ctx.indicator(talib.EMA, "close", 8)
        self.day = -1
        self.begun_with = 0.0
        self.is_over = False

    def on_bar(self, ctx):
        if ctx.day != self.day:
            self.day, self.begun_with, self.is_over = ctx.day, ctx.equity, False
        if ctx.equity < 0.995 * self.begun_with:
            self.is_over = True
        if self.is_over:
            ctx.exit()
        elif not ctx.position:
            if self.fast[-1] > self.slow[-1]:
                ctx.buy(0.5, stop_pips=15, target_pips=30)
            else:
                ctx.sell(0.5, stop_pips=15, target_pips=30)


class TwoADay(EventStrategy):
    """At most two entries a day."""

    most = Int(2, 1, 20, unit="trades a day")

    def on_start(self, ctx):
        self.rsi = ctx.indicator(talib.RSI, "close", 5)
        self.day = -1
        self.n = 0

    def on_bar(self, ctx):
        if ctx.day != self.day:
            self.day, self.n = ctx.day, 0
        if self.n < self.most and not ctx.position and self.rsi[-1] < 40:
            ctx.buy(0.1, stop_pips=10, target_pips=10)
            self.n += 1


class ChandelierStop(EventStrategy):
    """A stop three ranges under the highest high, which only rises."""

    def on_start(self, ctx):
        self.top = ctx.indicator(talib.MAX, "high", 22)
        self.average = ctx.indicator(talib.SMA, "close", 100)

    def on_bar(self, ctx):
        level = self.top[-1] - 3 * ctx.atr(22)
        if ctx.position:
            if level > ctx.position.stop:
                ctx.position.modify(stop=level)
        elif ctx.close > self.average[-1] and ctx.close > level:
            ctx.buy(0.1, stop=level)


class Grid(EventStrategy):
    """Five buy limits, one step apart, each with a target one step higher; out when 3 % are lost."""

    step = Float(20.0, 5.0, 100.0, unit="pips")

    def on_bar(self, ctx):
        if not ctx.positions and not ctx.orders:
            for k in range(1, 6):
                price = ctx.close - k * self.step * 0.0001
                ctx.buy(0.05, limit=price, target=price + self.step * 0.0001, expiry=72)
        elif ctx.equity < 0.97 * ctx.balance:
            ctx.cancel_all()
            ctx.exit()


class Martingale(EventStrategy):
    """Doubles after a loss, four times at most."""

    most = Int(4, 0, 8, unit="doublings")

    def on_start(self, ctx):
        self.rsi = ctx.indicator(talib.RSI, "close", 14)

    def on_bar(self, ctx):
        if ctx.position:
            return
        lots, last = 0.01, ctx.last_trade
        if last and last.net_profit <= 0 and last.size < 0.01 * 2**self.most:
            lots = 2 * last.size
        if self.rsi[-1] > 50:
            ctx.buy(lots, stop_pips=20, target_pips=20)
        else:
            ctx.sell(lots, stop_pips=20, target_pips=20)


class BreakEven(EventStrategy):
    """The stop moves to the entry once a bar closes 15 pips above it."""

    def on_start(self, ctx):
        self.upper = ctx.indicator(talib.MAX, "high", 20)

    def on_bar(self, ctx):
        p = ctx.position
        if not p:
            if ctx.close > self.upper[-2]:
                ctx.buy(0.1, stop_pips=30, target_pips=60)
        elif ctx.close >= p.entry + 0.0015 and p.stop < p.entry:
            p.modify(stop=p.entry)


class Straddle(EventStrategy):
    """At eight in London, a buy stop and a sell stop around the night; the one that is filled cancels the other."""

    def on_start(self, ctx):
        self.upper = ctx.indicator(talib.MAX, "high", 8)
        self.lower = ctx.indicator(talib.MIN, "low", 8)
        self.before_eight = ctx.between("07:00", "08:00", "Europe/London")

    def on_bar(self, ctx):
        if self.before_eight[-1] and not ctx.position:
            ctx.cancel_all()
            high, low = self.upper[-1], self.lower[-1]
            ctx.buy(0.1, stop_price=high, stop=low, target_pips=40, oco="night", expiry=6)
            ctx.sell(0.1, stop_price=low, stop=high, target_pips=40, oco="night", expiry=6)


class OpeningRange(EventStrategy):
    """The first close outside of New York's first hour, until noon; out at four in the afternoon."""

    def on_start(self, ctx):
        self.first = ctx.between("09:00", "10:00", "America/New_York")
        self.morning = ctx.between("10:00", "12:00", "America/New_York")
        self.last = ctx.between("15:00", "16:00", "America/New_York")
        self.high, self.low, self.done = 0.0, 0.0, True

    def on_bar(self, ctx):
        if self.first[-1]:
            self.high, self.low, self.done = ctx.high, ctx.low, False
        elif self.morning[-1] and not self.done:
            if ctx.close > self.high:
                ctx.buy(0.1, stop=self.low)
                self.done = True
            elif ctx.close < self.low:
                ctx.sell(0.1, stop=self.high)
                self.done = True
        elif self.last[-1]:
            ctx.exit()


class TimeExit(EventStrategy):
    """Buys what is oversold and holds it for twelve bars."""

    hold = Int(12, 1, 200, unit="bars")

    def on_start(self, ctx):
        self.rsi = ctx.indicator(talib.RSI, "close", 7)

    def on_bar(self, ctx):
        if ctx.position:
            if ctx.position.bars >= self.hold:
                ctx.position.close()
        elif self.rsi[-1] < 25:
            ctx.buy(0.1)


class EquityFilter(EventStrategy):
    """Half the size while the equity is more than one percent below its peak."""

    def on_start(self, ctx):
        self.fast = ctx.indicator(talib.SMA, "close", 10)
        self.slow = ctx.indicator(talib.SMA, "close", 30)
        self.peak = 0.0

    def on_bar(self, ctx):
        self.peak = max(self.peak, ctx.equity)
        up = self.fast[-1] > self.slow[-1]
        size = 0.1 if ctx.equity > 0.99 * self.peak else 0.05
        if ctx.position and (ctx.position.side > 0) == up:
            return
        ctx.exit()
        if up:
            ctx.buy(size)
        else:
            ctx.sell(size)


class Turtle(EventStrategy):
    """Channels of 55 and 20 bars, one percent of the equity at risk over two ranges."""

    def on_start(self, ctx):
        self.high, self.low = ctx.indicator(talib.MAX, "high", 55), ctx.indicator(talib.MIN, "low", 55)
        self.exit_high, self.exit_low = ctx.indicator(talib.MAX, "high", 20), ctx.indicator(talib.MIN, "low", 20)

    def on_bar(self, ctx):
        p, risk = ctx.position, 2 * ctx.atr(20)
        if not p:
            lots = 0.01 * ctx.equity / risk / 100_000
            if ctx.close > self.high[-2]:
                ctx.buy(lots, stop=ctx.close - risk)
            elif ctx.close < self.low[-2]:
                ctx.sell(lots, stop=ctx.close + risk)
        elif (p.side > 0 and ctx.close < self.exit_low[-2]) or (p.side < 0 and ctx.close > self.exit_high[-2]):
            ctx.exit()


class ThrowBack(EventStrategy):
    """A stop-limit order: once the high of a day is broken, five pips below it."""

    def on_start(self, ctx):
        self.upper = ctx.indicator(talib.MAX, "high", 24)

    def on_bar(self, ctx):
        if not ctx.position and not ctx.orders:
            top = self.upper[-1]
            ctx.buy(0.1, stop_price=top, limit=top - 0.0005, stop=top - 0.0030, target=top + 0.0030, expiry=12)
