import clr

clr.AddReference("cAlgo.API")

from cAlgo.API import *
from robot_wrapper import *
from System import TimeSpan


class TimedGrid:
    def on_start(self):
        self.volumeInUnits = api.Symbol.QuantityToVolumeInUnits(api.VolumeInLots)
        self.startBalance = api.Account.Balance
        api.PendingOrders.Filled += self.on_filled
        api.PendingOrders.Cancelled += self.on_cancelled
        api.Timer.Start(TimeSpan.FromHours(4))

    def on_filled(self, args):
        api.Print(f"filled {args.PendingOrder.Label} {args.Position.Id}")

    def on_cancelled(self, args):
        api.Print(f"cancelled {args.PendingOrder.Id} {args.Reason}")

    def on_timer(self):
        for order in api.PendingOrders:
            if order.Label != api.Label:
                continue
            if order.DistancePips > api.StepPips * api.Levels * 2:
                api.CancelPendingOrder(order)
            elif order.TradeType == TradeType.Buy:
                order.ModifyTakeProfitPips(api.StepPips * 3)
                order.ModifyExpirationTime(api.Server.Time.AddDays(3))

    def on_tick(self):
        mine = [p for p in api.Positions if p.Label == api.Label and p.SymbolName == api.SymbolName]
        net = sum(p.NetProfit for p in mine)
        if mine and (net > api.Target or api.Account.Equity < self.startBalance * (1 - api.MaxLoss / 100)):
            for p in mine:
                api.ClosePositionAsync(p)
            for order in [o for o in api.PendingOrders if o.Label == api.Label]:
                api.CancelPendingOrderAsync(order)
            return
        if len(mine) == 0 and sum(1 for o in api.PendingOrders if o.Label == api.Label) == 0:
            step = api.StepPips * api.Symbol.PipSize
            for i in range(1, api.Levels + 1):
                self.place(TradeType.Buy, api.Symbol.Ask - i * step)
                self.place(TradeType.Sell, api.Symbol.Bid + i * step)

    def place(self, trade_type, price):
        target = api.StepPips * 2
        volume = self.volumeInUnits
        api.PlaceLimitOrderAsync(trade_type, api.SymbolName, volume, price, api.Label, None, target, self.on_placed)

    def on_placed(self, result):
        if not result.IsSuccessful:
            api.Print("failed", result.Error)

    def on_stop(self):
        api.Print("Margin level", api.Account.MarginLevel, "free", api.Account.FreeMargin, api.Account.Asset.Name)
        longest = max((h.ClosingTime - h.EntryTime).TotalHours for h in api.History) if len(api.History) else 0
        api.Print("longest", longest)
