import clr

clr.AddReference("cAlgo.API")

from cAlgo.API import *
from robot_wrapper import *


class SessionBreakout:
    """Stop orders on both sides of the hours before a session; the first that fills cancels the other."""

    def on_start(self):
        self.units = api.Symbol.QuantityToVolumeInUnits(api.Lots)
        api.PendingOrders.Filled += self.on_filled

    def on_bar(self):
        now = api.Server.Time
        if now.Hour == api.StartHour and now.Minute == 0:
            self.place(now.Date.AddHours(api.EndHour))
        elif now.Hour >= api.EndHour:
            for position in api.Positions.FindAll(api.Label):
                position.Close()

    def place(self, end):
        # The bar that forms is bar 0: the range is that of the bars before it.
        bars = range(1, api.RangeBars + 1)
        high = max(api.Bars.HighPrices.Last(i) for i in bars) + api.BufferPips * api.Symbol.PipSize
        low = min(api.Bars.LowPrices.Last(i) for i in bars) - api.BufferPips * api.Symbol.PipSize
        stop = min((high - low) / api.Symbol.PipSize, api.MaxStopPips)
        for side, price in ((TradeType.Buy, high), (TradeType.Sell, low)):
            api.PlaceStopOrder(side, api.SymbolName, self.units, price, api.Label, stop, stop * api.TargetToStop, end)

    def on_filled(self, args):
        if args.PendingOrder.Label == api.Label:
            for order in api.PendingOrders:
                if order.Label == api.Label:
                    order.Cancel()
