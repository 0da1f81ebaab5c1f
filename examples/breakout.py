"""An event strategy: a new high, with a stop and a target by the average range."""

from __future__ import annotations

from typing import Any

from trading_ai import EventStrategy, Float, Int
from trading_ai.strategies.indicators import talib


class Breakout(EventStrategy):
    """Buy a new high, with a stop by the average range."""

    length: int = Int(20, 2, 500, unit="bars", description="bars whose high is broken")
    risk: float = Float(2.0, 0.5, 20.0, step=0.5, unit="ATR", description="distance of the stop")

    def on_start(self, ctx: Any) -> None:
        self.upper = ctx.indicator(talib.MAX, "high", self.length)

    def on_bar(self, ctx: Any) -> None:
        if not ctx.position and ctx.close > self.upper[-2]:
            ctx.buy(size=0.1, stop=ctx.close - self.risk * ctx.atr(14), target=ctx.close + 3 * ctx.atr(14))
