import clr

clr.AddReference("cAlgo.API")

from cAlgo.API import *
from robot_wrapper import *


class RsiOnTick:
    def on_start(self):
        self.rsi = api.Indicators.RelativeStrengthIndex(api.Source, api.Periods)
        self.units = api.Symbol.VolumeInUnitsMin * api.Times

    def on_tick(self):
        value = self.rsi.Result.LastValue
        if value < 30:
            self.hold(TradeType.Buy, TradeType.Sell)
        elif value > 70:
            self.hold(TradeType.Sell, TradeType.Buy)

    def hold(self, wanted, other):
        for position in api.Positions.FindAll("rsi", api.SymbolName, other):
            close_position(position)
        if api.Positions.Find("rsi", api.SymbolName, wanted) is None:
            execute_market_order(wanted, api.SymbolName, self.units, "rsi")

    def get_fitness(self, args):
        return args.WinningTrades - args.LosingTrades
