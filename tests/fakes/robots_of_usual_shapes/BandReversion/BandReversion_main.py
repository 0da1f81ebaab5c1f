import clr

clr.AddReference("cAlgo.API")

import math

from cAlgo.API import *
from robot_wrapper import *


class BandReversion:
    label = "BandReversion"

    def on_start(self):
        self.bands = api.Indicators.BollingerBands(api.Source, api.Periods, api.Deviations, api.MaType)
        self.trend = api.MarketData.GetBars(api.Trend)
        self.average = api.Indicators.ExponentialMovingAverage(self.trend.ClosePrices, 50)
        self.atr = api.Indicators.AverageTrueRange(14, MovingAverageType.WilderSmoothing)
        self.losses = 0

    def get_volume(self):
        return api.Symbol.VolumeForProportionalRisk(ProportionalAmountType.Equity, api.Risk, api.Stop_)

    def on_position_closed(self, args):
        position = args.Position
        self.losses = self.losses + 1 if position.NetProfit < 0 else 0
        api.Print("{0} closed by {1}: {2} pips", position.Id, args.Reason, round(position.Pips, 1))

    def on_bar_closed(self):
        if api.Symbol.Spread / api.Symbol.PipSize > api.MaxSpread or self.losses >= 4:
            self.losses = 0
            return
        close = api.Bars.ClosePrices.LastValue
        rising = self.trend.ClosePrices.Last(1) > self.average.Result.Last(1)
        longs = api.Positions.FindAll(self.label, api.SymbolName, TradeType.Buy)
        shorts = api.Positions.FindAll(self.label, api.SymbolName, TradeType.Sell)
        if longs and close >= self.bands.Main.LastValue:
            for position in longs:
                api.ClosePosition(position)
        if shorts and close <= self.bands.Main.LastValue:
            for position in shorts:
                api.ClosePosition(position)
        side = str(api.Side)
        if close < self.bands.Bottom.LastValue and rising and len(longs) == 0 and side != "Short":
            self.open(TradeType.Buy)
        elif close > self.bands.Top.LastValue and not rising and len(shorts) == 0 and side != "Long":
            self.open(TradeType.Sell)

    def open(self, trade_type):
        result = api.ExecuteMarketOrder(
            trade_type, api.SymbolName, self.get_volume(), self.label, api.Stop_, None, "reversion", False
        )
        if not result.IsSuccessful:
            api.Print("failed: ", result.Error)
            if result.Error == ErrorCode.NoMoney:
                api.Stop()
            return
        target = self.bands.Main.LastValue
        distance = abs(target - result.Position.EntryPrice) / api.Symbol.PipSize
        result.Position.ModifyTakeProfitPips(max(round(distance, 1), 5))

    def on_error(self, error):
        api.Print(error.Code)

    def get_fitness(self, args):
        if args.TotalTrades < 10:
            return 0.0
        best = max(trade.NetProfit for trade in args.History)
        return (args.NetProfit - best) / (1.0 + args.MaxEquityDrawdown) * math.sqrt(args.TotalTrades)
