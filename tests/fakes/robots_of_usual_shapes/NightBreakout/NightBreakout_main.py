import clr

clr.AddReference("cAlgo.API")

from cAlgo.API import *
from robot_wrapper import *
from System import TimeSpan


class NightBreakout:
    def on_start(self):
        self.volume = api.Symbol.QuantityToVolumeInUnits(api.Lots)
        self.half = api.Symbol.NormalizeVolumeInUnits(self.volume / 2, RoundingMode.Down)
        api.Positions.Opened += self.on_opened
        api.Chart.DrawStaticText("info", "Night breakout", VerticalAlignment.Top, HorizontalAlignment.Left, Color.Red)

    def on_opened(self, args):
        if args.Position.Label != api.Label:
            return
        for order in list(api.PendingOrders):
            if order.Label == api.Label:
                order.Cancel()
        api.Print(f"{args.Position.TradeType} at {args.Position.EntryPrice}, stop {args.Position.StopLoss}")

    def on_bar(self):
        now = api.Server.Time
        if now.Hour == api.StartHour and api.Positions.Find(api.Label) is None:
            high = api.Bars.HighPrices.Maximum(api.RangeBars)
            low = api.Bars.LowPrices.Minimum(api.RangeBars)
            risk = (high - low) / api.Symbol.PipSize
            until = now.Add(TimeSpan.FromHours(8))
            self.place(TradeType.Buy, high + api.Symbol.Spread, risk, until)
            self.place(TradeType.Sell, low, risk, until)
        for position in api.Positions.FindAll(api.Label, api.SymbolName):
            if position.Pips > api.HalfPips and position.VolumeInUnits > self.half:
                api.ClosePosition(position, self.half)
                position.ModifyStopLossPrice(position.EntryPrice)
                position.ModifyTrailingStop(True)
            elif now.Hour >= 20:
                position.Close()

    def place(self, side, price, risk, until):
        target = api.TargetPips
        api.PlaceStopOrder(side, api.SymbolName, self.volume, price, api.Label, risk, target, until)

    def on_stop(self):
        api.Print("closed", len(api.History), "net", sum(trade.NetProfit for trade in api.History))
