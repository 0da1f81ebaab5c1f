"""Strategies that traders write with signals, each as one would write it from the pages alone."""

from __future__ import annotations

import numpy as np

from trading_ai import Float, Int, Level, Signals, Size, Strategy
from trading_ai.strategies.indicators import crossed_above, crossed_below, talib


class AtrStops(Strategy):
    """A cross, with a stop so many average ranges away and a target twice as far."""

    multiple = Float(2.0, 0.5, 10.0, unit="ATR")

    def signals(self, bars, multiple):
        fast, slow = talib.SMA(bars.close, 10), talib.SMA(bars.close, 30)
        return Signals(
            crossed_above(fast, slow),
            crossed_below(fast, slow),
            stop=Level.atr(14, multiple),
            target=Level.atr(14, 2 * multiple),
        )


class StopBreakout(Strategy):
    """With the trend: a buy stop at the high of a day, or a sell stop at its low, good for four hours."""

    def signals(self, bars):
        high, low = talib.MAX(bars.high, 24), talib.MIN(bars.low, 24)
        average = talib.SMA(bars.close, 100)
        up, down = bars.close > average, bars.close < average
        return Signals(
            up, down, entry_stop=np.where(up, high, low), expiry=4, stop=Level.pips(25), target=Level.pips(50)
        )


class SizeByVolatility(Strategy):
    """Fifty dollars at risk between the entry and a stop two ranges away."""

    def signals(self, bars):
        atr = talib.ATR(bars.high, bars.low, bars.close, 14)
        fast, slow = talib.EMA(bars.close, 8), talib.EMA(bars.close, 21)
        return Signals(
            crossed_above(fast, slow),
            crossed_below(fast, slow),
            stop=Level.atr(14, 2.0),
            size=Size.units(50.0 / (2.0 * atr)),
        )


class SarTrail(Strategy):
    """Long when the close comes above the parabolic SAR, with the SAR as the stop."""

    def signals(self, bars):
        sar = talib.SAR(bars.high, bars.low, 0.02, 0.2)
        above = bars.close > sar
        return Signals(crossed_above(bars.close, sar), long_exit=~above, long_exit_stop=np.where(above, sar, np.nan))


class PairFilter(Strategy):
    """Buys a dip while another symbol is above its average."""

    def signals(self, bars):
        gold = bars.other("XAUUSD")
        up = gold.to_bars(gold.bars.close > talib.SMA(gold.bars.close, 6))
        return Signals((talib.RSI(bars.close, 14) < 45) & up, stop=Level.pips(20), target=Level.pips(20))


class DailyTrend(Strategy):
    """A cross on hours, only above the average of ten days."""

    def signals(self, bars):
        daily = bars.at("D1")
        up = daily.to_bars(daily.bars.close > talib.SMA(daily.bars.close, 10))
        cross = crossed_above(talib.SMA(bars.close, 5), talib.SMA(bars.close, 20))
        return Signals(cross & up, stop=Level.pips(30), target=Level.pips(45))


class LondonMorning(Strategy):
    """Momentum in London's morning, flat in the afternoon."""

    def signals(self, bars):
        morning = bars.between("08:00", "11:00", "Europe/London")
        late = bars.between("16:00", "18:00", "Europe/London")
        rsi = talib.RSI(bars.close, 9)
        return Signals(morning & (rsi > 60), morning & (rsi < 40), late, late)


class MeanReversion(Strategy):
    """A buy limit at the lower band, out at the middle one or half a percent lower."""

    def signals(self, bars):
        _, middle, lower = talib.BBANDS(bars.close, 20, 2.0, 2.0)
        return Signals(bars.close > lower, entry_limit=lower, expiry=1, long_exit_limit=middle, stop=Level.percent(0.5))


class Chandelier(Strategy):
    """Long above the average, out three ranges under the highest high."""

    length = Int(50, 10, 200, unit="bars")

    def signals(self, bars, length):
        hanging = talib.MAX(bars.high, 22) - 3.0 * talib.ATR(bars.high, bars.low, bars.close, 22)
        return Signals(crossed_above(bars.close, talib.SMA(bars.close, length)), long_exit_stop=hanging)


class AlwaysIn(Strategy):
    """Turns at each cross; what the account's costs do to it can be said by hand."""

    def signals(self, bars):
        fast, slow = talib.SMA(bars.close, 20), talib.SMA(bars.close, 60)
        return Signals(crossed_above(fast, slow), crossed_below(fast, slow))
