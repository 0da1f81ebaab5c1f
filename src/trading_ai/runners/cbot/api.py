"""The object ``api`` that a robot speaks to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from trading_ai.errors import DataError
from trading_ai.runners.cbot.account import RobotAccount, without_waiting
from trading_ai.runners.cbot.enums import AccountType, RunningMode
from trading_ai.runners.cbot.indicators.accessor import Indicators
from trading_ai.runners.cbot.lines import quick
from trading_ai.runners.cbot.market import Market
from trading_ai.runners.cbot.series import RobotBars, TimeFrame, View
from trading_ai.runners.cbot.symbols import Asset
from trading_ai.runners.cbot.system import DateTime, Event, TimeSpan
from trading_ai.runners.cbot.unsupported import Ignored, Supported, unsupported

_ACCOUNT_REQUESTS = (
    "ExecuteMarketOrder", "ClosePosition", "ModifyPosition", "PlaceLimitOrder", "PlaceStopOrder",
    "PlaceStopLimitOrder", "ModifyPendingOrder", "CancelPendingOrder",
)  # fmt: skip


class Server(Supported):
    """The platform's clock: the moment of the newest price, UTC."""

    shown_as = "api.Server"
    IsConnected = True

    def __init__(self, account: RobotAccount) -> None:
        self._account = account

    @property
    def Time(self) -> DateTime:
        """Now."""
        return DateTime.at(self._account.now_ns)

    @property
    def TimeInUtc(self) -> DateTime:
        """Now."""
        return self.Time


class Timer(Supported):
    """Calls the robot at intervals of simulated time, at the first price after each is over.

    Attributes:
        TimerTick: event of the same.
        interval_ns: the interval; 0 while it does not run.
        due_ns: when it is called next.
    """

    shown_as = "api.Timer"

    def __init__(self, account: RobotAccount) -> None:
        self._account = account
        self.TimerTick = Event("api.Timer.TimerTick")
        self.interval_ns = self.due_ns = 0

    def Start(self, interval: Any) -> None:
        """Start it, with seconds or a span of time."""
        seconds = interval.total_seconds() if isinstance(interval, timedelta) else float(interval)
        if seconds <= 0:
            unsupported(f"api.Timer.Start({interval}), an interval that is not above zero,")
        self.interval_ns = int(seconds * 1e9)
        self.due_ns = self._account.now_ns + self.interval_ns

    def Stop(self) -> None:
        """Stop it."""
        self.interval_ns = 0

    @property
    def Interval(self) -> TimeSpan:
        """Its interval."""
        return TimeSpan.FromSeconds(self.interval_ns / 1e9)


class RobotAccountInfo(Supported):
    """The account's figures, account currency."""

    shown_as = "api.Account"
    IsLive = False
    Number = 0
    BrokerName = ""

    def __init__(self, account: RobotAccount, currency: str) -> None:
        self._account, self.Currency, self.Asset = account, currency, Asset(currency)
        self.AccountType = AccountType["Netted" if account.is_netted else "Hedged"]
        self.PreciseLeverage = account.rules.leverage
        self.StopOutLevel = account.rules.stop_out_level

    @property
    def Balance(self) -> float:
        """Balance."""
        return self._account.balance

    @property
    def Equity(self) -> float:
        """Balance and open positions."""
        return self._account.equity()

    @property
    def Margin(self) -> float:
        """What open positions tie up."""
        return self._account.used_margin()

    @property
    def FreeMargin(self) -> float:
        """What is left for new ones."""
        return self.Equity - self.Margin

    @property
    def MarginLevel(self) -> float | None:
        """Equity in percent of the margin in use, or None without any."""
        return None if not self.Margin else self.Equity / self.Margin * 100.0

    @property
    def UnrealizedNetProfit(self) -> float:
        """Profit of open positions after costs so far."""
        return sum(p.NetProfit for p in self._account.positions)

    @property
    def UnrealizedGrossProfit(self) -> float:
        """Price profit of open positions."""
        return sum(p.GrossProfit for p in self._account.positions)


class Symbols(Supported):
    """The symbols of the platform: the one that is traded."""

    shown_as = "api.Symbols"

    def __init__(self, account: RobotAccount) -> None:
        self._account = account
        self.Count = 1

    def GetSymbol(self, name: Any) -> Any:
        """The symbol of a name."""
        if getattr(name, "Name", name) != self._account.symbol.Name:
            unsupported(f"api.Symbols.GetSymbol({name!r}), another symbol than that of the backtest,")
        return self._account.symbol

    def GetSymbolInfo(self, name: Any) -> Any:
        """The same."""
        return self.GetSymbol(name)

    def Exists(self, name: str) -> bool:
        """Whether there is a symbol of a name."""
        return name == self._account.symbol.Name


class MarketData(Supported):
    """Bars of other timeframes."""

    shown_as = "api.MarketData"

    def __init__(self, api: Api) -> None:
        self._api = api
        self._made: dict[str, RobotBars] = {}

    def GetBars(self, timeframe: TimeFrame, symbol: Any = None) -> RobotBars:
        """Bars of a timeframe, made of those of the backtest."""
        api = self._api
        if symbol is not None:
            api.Symbols.GetSymbol(symbol)
        if timeframe.frame == api.market.seen.timeframe.name:
            return api.Bars
        if timeframe.frame not in self._made:
            try:
                bars, lines = api.market.other(timeframe.frame)
            except DataError as error:
                unsupported(f"api.MarketData.GetBars(TimeFrame.{timeframe.Name})", str(error))
            view = View()
            made = RobotBars(bars, lines, view, f"api.MarketData.GetBars({timeframe.Name})")
            api.others.append((view, made, quick(lines["close"].frame.bar_of_tick)))
            api.see_others()
            self._made[timeframe.frame] = made
        return self._made[timeframe.frame]


class Api(Supported):
    """What a robot speaks to; its parameters are attributes of it too.

    Args:
        market: bars and ticks.
        account: the account that it trades on.
        currency: the account's currency.
        robot: the robot's name.
        log: takes a line for the run's log.

    Attributes:
        others: bars of other timeframes that were asked for: view, bars, and the bar at each tick.
        tick: place of the newest tick.
        is_stopped: whether the robot has stopped itself.
    """

    shown_as = "api"

    def __init__(
        self, market: Market, account: RobotAccount, currency: str, robot: str, log: Callable[[str], None]
    ) -> None:
        self.market, self.account, self._log = market, account, log
        self.others: list[tuple[View, RobotBars, Any]] = []
        self.tick, self.is_stopped = 0, False
        symbol = account.symbol
        self.Symbol, self.SymbolName = symbol, symbol.Name
        self.Symbols = Symbols(account)
        self.Positions, self.PendingOrders, self.History = account.Positions, account.PendingOrders, account.History
        self.Account = RobotAccountInfo(account, currency)
        self.Server, self.Timer = Server(account), Timer(account)
        self.view = View()
        self.Bars = RobotBars(market.seen, market.lines, self.view)
        self.MarketSeries = self.Bars
        self.TimeFrame = self.Bars.TimeFrame
        self.MarketData = MarketData(self)
        self.Indicators = Indicators(self)
        self.RunningMode = RunningMode.SilentBacktesting
        self.IsBacktesting = True
        self.InstanceId = robot
        self.Chart = self.Notifications = Ignored()
        for name in _ACCOUNT_REQUESTS:
            request = getattr(account, name)
            setattr(self, name, request)
            setattr(self, f"{name}Async", without_waiting(request))

    @property
    def Bid(self) -> float:
        """Bid now."""
        return self.account.bid

    @property
    def Ask(self) -> float:
        """Ask now."""
        return self.account.ask

    @property
    def Time(self) -> DateTime:
        """Now, UTC."""
        return self.Server.Time

    @property
    def TimeInUtc(self) -> DateTime:
        """Now, UTC."""
        return self.Server.Time

    def Print(self, *words: Any) -> None:
        """Write a line into the run's log."""
        text = str(words[0]) if words else ""
        if len(words) > 1:
            try:
                text = text.format(*words[1:]) if "{" in text else " ".join(map(str, words))
            except (IndexError, KeyError, ValueError):
                text = " ".join(map(str, words))
        self._log(f"{self.Server.Time} {text}")

    def Stop(self) -> None:
        """End the run after this handler; positions stay open, as on the platform."""
        self.is_stopped = True

    def see_others(self) -> None:
        """Tell the bars of other timeframes what the newest tick is."""
        for view, _, bar_of_tick in self.others:
            view.last, view.tick = bar_of_tick[self.tick], self.tick
