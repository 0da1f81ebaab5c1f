import clr

clr.AddReference("cAlgo.API")

from cAlgo.API import *
from robot_wrapper import *


class Grid:
    """Adds to a position at every step against it, and closes all at a profit, or at a loss that is enough."""

    def on_start(self):
        self.units = api.Symbol.QuantityToVolumeInUnits(api.Lots)

    def on_tick(self):
        mine = api.Positions.FindAll(api.Label, api.SymbolName)
        if len(mine) == 0:
            self.open()
            return
        profit = sum(position.NetProfit for position in mine)
        if profit >= api.TargetProfit or profit <= -api.MaxLoss:
            for position in mine:
                close_position(position)
        elif len(mine) < api.MaxPositions and -mine[-1].Pips >= api.StepPips:
            self.open()

    def open(self):
        result = execute_market_order(api.Side, api.SymbolName, self.units, api.Label)
        if not result.IsSuccessful:
            api.Print("not opened:", result.Error)
            api.Stop()
