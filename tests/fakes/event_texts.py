"""Strategies whose text is the point: each says something that compiled code could take for something else."""

from __future__ import annotations

import math

from trading_ai.strategies.event import EventStrategy
from trading_ai.strategies.indicators import talib

e = 2.0
bar = 4
d = 0.0002


class FirstTrade(EventStrategy):
    """Asks whether there was a trade as Python does."""

    def on_bar(self, ctx):
        size = 0.1
        if ctx.last_trade is not None and ctx.last_trade.net_profit < 0:
            size = 0.2
        if not ctx.position and (ctx.last_trade is None or ctx.last_trade.net_profit < 0 or ctx.bar % 7 == 0):
            ctx.buy(size, stop_pips=10, target_pips=10)


class Names(EventStrategy):
    """Its own names are names of the code around it: of variables, arguments and of the file."""

    def on_start(self, ctx):
        self.length = 7
        self.quick = ctx.indicator(talib.SMA, "close", 5)

    def on_bar(self, ctx):
        order = ctx.bar % self.length
        p_length, bar_close, s_quick, at = 3, ctx.close - 0.0005, self.quick[-1], 1
        if not ctx.position and order > p_length - at and s_quick > self.quick[-2] + d / e and ctx.bar % bar:
            ctx.buy(0.1, stop=bar_close, target_pips=10)


class Bar(EventStrategy):
    """Has a variable `bar` of its own."""

    def on_bar(self, ctx):
        bar = ctx.bar % 7
        if not ctx.position and bar == 3 and ctx.closes[-1] > ctx.closes[-2]:
            ctx.buy(0.1, stop_pips=10, target_pips=10)


class Lengths(EventStrategy):
    """Average ranges of lengths that differ in a sign only."""

    def on_start(self, ctx):
        self.n = 10

    def on_bar(self, ctx):
        if not ctx.position and ctx.atr(self.n + 5) > ctx.atr(self.n - 5):
            ctx.buy(0.1, stop_pips=10, target_pips=10)


class Rounded(EventStrategy):
    """Levels on whole half pips and more."""

    def on_bar(self, ctx):
        if not ctx.position:
            ctx.buy(0.1, stop=round(ctx.close - 0.002, 3), target=round(ctx.close + 0.0025, 3), expiry=int(2.5))


class WholeClose(EventStrategy):
    """Closes the size that it has, which is no whole number of units once it is in lots and back."""

    def on_bar(self, ctx):
        held = ctx.position
        if not held:
            ctx.buy(0.29)
        elif held.bars > 4:
            held.close(held.size)


class PartClose(EventStrategy):
    """Closes parts that are no whole steps, and one that is less than a step."""

    def on_bar(self, ctx):
        if not ctx.position:
            ctx.buy(0.3)
        elif ctx.bar % 5 == 0:
            ctx.exit(0.1279)
        elif ctx.bar % 5 == 1:
            ctx.exit(0.004)
        elif ctx.bar % 5 == 2:
            ctx.exit(math.nan)


class HoursAndDays(EventStrategy):
    """One entry a trading day, within hours of a clock."""

    def on_start(self, ctx):
        self.morning = ctx.between("08:00", "11:00", "Europe/London")
        self.day = -1

    def on_bar(self, ctx):
        if self.morning[-1] and not self.morning[-2] and ctx.day != self.day:
            self.day = ctx.day
            ctx.buy(0.1, stop_pips=10, target_pips=10)


class Pending(EventStrategy):
    """Asks whether orders wait and how many, before and after it cancels them, and counts its positions."""

    def on_bar(self, ctx):
        if not ctx.positions and not ctx.orders:
            for k in range(1, 4):
                ctx.buy(0.1, limit=ctx.close - k * 0.0004, target_pips=8, stop_pips=15, expiry=6)
            if len(ctx.orders) == 3:
                ctx.sell(0.1, stop_price=ctx.close - 0.0020, oco="x", stop_pips=10, target_pips=20)
        elif ctx.orders and len(ctx.positions) == 2:
            ctx.cancel_all()
            if not ctx.orders and len(ctx.orders) == 0 and bool(ctx.positions):
                ctx.position.close()


SAME = (Pending, HoursAndDays, FirstTrade, Names, Bar, Lengths, Rounded, WholeClose, PartClose)
"""Those that compile, and must do the same compiled."""


class Compared(EventStrategy):
    def on_bar(self, ctx):
        if ctx.position == False:  # noqa: E712 - what a user may write: no position equals False
            ctx.buy(0.1)


class Kept(EventStrategy):
    def on_start(self, ctx):
        self.held = False

    def on_bar(self, ctx):
        self.held = ctx.position


class Sometimes(EventStrategy):
    def on_bar(self, ctx):
        it = ctx.close
        if ctx.bar % 3 == 0:
            it = ctx.position
            if it:
                it.close()
        elif it > ctx.open and not ctx.position:
            ctx.buy(0.1)


class Nothing(EventStrategy):
    def on_bar(self, ctx):
        stop = ctx.close - 0.001 if ctx.bar % 2 else None
        if not ctx.position:
            ctx.buy(0.1, stop=stop)


REFUSED = {
    Compared: "a position is used as a whole, not only asked for",
    Kept: "a position is used as a whole, not only asked for",
    Sometimes: "it is a position here and something else elsewhere",
    Nothing: "None is a value here",
}
"""Those that run as plain Python, and why."""
