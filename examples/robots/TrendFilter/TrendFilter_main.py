import clr

clr.AddReference("cAlgo.API")

from cAlgo.API import *
from robot_wrapper import *


class TrendFilter:
    """A cross of two averages, taken in the direction of a trend that is strong enough, in some hours of the day."""

    def on_start(self):
        self.units = api.Symbol.QuantityToVolumeInUnits(api.Lots)
        self.fast = api.Indicators.ExponentialMovingAverage(api.Source, api.Fast)
        self.slow = api.Indicators.ExponentialMovingAverage(api.Source, api.Slow)
        self.trend = api.Indicators.DirectionalMovementSystem(api.AdxPeriods)
        self.range = api.Indicators.AverageTrueRange(api.AtrPeriods, MovingAverageType.Exponential)

    def on_bar_closed(self):
        up = Functions.HasCrossedAbove(self.fast.Result, self.slow.Result, 0)
        down = Functions.HasCrossedBelow(self.fast.Result, self.slow.Result, 0)
        if up:
            self.leave(TradeType.Sell)
        if down:
            self.leave(TradeType.Buy)
        if (up or down) and self.is_wanted():
            self.enter(TradeType.Buy if up else TradeType.Sell)

    def is_wanted(self):
        hour = api.Server.Time.Hour
        return api.FirstHour <= hour < api.LastHour and self.trend.ADX.Last(0) >= api.MinAdx

    def enter(self, side):
        stop = self.range.Result.Last(0) * api.StopInRanges / api.Symbol.PipSize
        execute_market_order(side, api.SymbolName, self.units, api.Label, stop, stop * api.TargetToStop)

    def leave(self, side):
        for position in api.Positions.FindAll(api.Label, api.SymbolName, side):
            close_position(position)
