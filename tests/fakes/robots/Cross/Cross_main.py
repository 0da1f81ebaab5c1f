import clr

clr.AddReference("cAlgo.API")

from cAlgo.API import *
from robot_wrapper import *


class Cross:
    def on_start(self):
        self.units = api.Symbol.QuantityToVolumeInUnits(api.Lots)
        self.fast = api.Indicators.MovingAverage(api.Source, api.Fast, api.Kind)
        self.slow = api.Indicators.MovingAverage(api.Source, api.Slow, api.Kind)
        self.fast.Result.Line.Color = Color.Blue

    def on_bar_closed(self):
        if Functions.HasCrossedAbove(self.fast.Result, self.slow.Result, 0):
            self.turn(TradeType.Sell, TradeType.Buy)
        elif Functions.HasCrossedBelow(self.fast.Result, self.slow.Result, 0):
            self.turn(TradeType.Buy, TradeType.Sell)

    def turn(self, leave, enter):
        for position in api.Positions.FindAll(api.Label, api.SymbolName, leave):
            api.ClosePosition(position)
        for _ in api.Positions.FindAll(api.Label, api.SymbolName, enter):
            return  # averages that touch cross twice on the same side
        stop = api.StopPips or None
        target = api.TargetPips or None
        api.ExecuteMarketOrder(enter, api.SymbolName, self.units, api.Label, stop, target)
