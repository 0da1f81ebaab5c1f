"""Positions, pending orders and results of requests, as robots see them."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from typing_extensions import override

from trading_ai.runners.cbot.enums import ErrorCode, PendingOrderType, StopTriggerMethod, TradeType
from trading_ai.runners.cbot.system import DateTime, Event
from trading_ai.runners.cbot.unsupported import Supported

if TYPE_CHECKING:
    from trading_ai.runners.cbot.account import RobotAccount
    from trading_ai.runners.cbot.market_orders import MarketOrders

_TRADE = StopTriggerMethod["Trade"]


class Position(Supported):
    """An open position, or one that was closed and keeps its last values.

    Attributes:
        side: +1 for a long, -1 for a short.
        units: its size in units of the base asset.
        stop: price of the stop-loss; infinitely far away for none.
        target: price of the take-profit; likewise.
        trail: distance that the stop keeps behind the price, price units; 0 where it does not follow.
        paid: commission of the entry, account currency.
        margin: what it ties up, account currency.
        bar: execution bar of its entry.
        since: execution bar and point of its way from which on its levels stand.
        stop_moved: whether the trailing has moved the stop.
        entry_slipped: whether its entry slipped.
        final: what it earned, once it is closed.
    """

    shown_as = "position"

    def __init__(
        self, account: MarketOrders, number: int, side: int, units: float, price: float, label: Any, comment: Any
    ) -> None:
        self.account, self.side, self.units, self.EntryPrice = account, side, units, price
        self.Id, self.Label, self.Comment = number, label, comment
        self.TradeType = TradeType.Buy if side > 0 else TradeType.Sell
        self.SymbolName = account.symbol.Name
        self.Symbol = account.symbol
        self.StopLossTriggerMethod = _TRADE
        self.stop, self.target, self.trail = -side * inf, side * inf, 0.0
        self.paid = self.margin = 0.0
        self.bar = 0
        self.since = (0, 0)
        self.stop_moved = self.entry_slipped = False
        self.final: dict[str, float] | None = None

    @property
    def VolumeInUnits(self) -> float:
        """Size in units."""
        return self.units

    @property
    def Volume(self) -> float:
        """Size in units; the platform's old name."""
        return self.units

    @property
    def Quantity(self) -> float:
        """Size in lots."""
        return self.units / self.account.lot_size

    @property
    def StopLoss(self) -> float | None:
        """Price of the stop-loss, or None."""
        return None if self.stop in (inf, -inf) else self.stop

    @property
    def TakeProfit(self) -> float | None:
        """Price of the take-profit, or None."""
        return None if self.target in (inf, -inf) else self.target

    @property
    def HasTrailingStop(self) -> bool:
        """Whether its stop follows the price."""
        return self.trail > 0.0

    @property
    def EntryTime(self) -> DateTime:
        """Moment of the entry, UTC."""
        return DateTime.at(self.entry_ns)

    entry_ns = 0

    @property
    def CurrentPrice(self) -> float:
        """Price at which it could be left now."""
        if self.final is not None:
            return self.final["price"]
        return self.account.bid if self.side > 0 else self.account.ask

    @property
    def Pips(self) -> float:
        """Profit in pips of the symbol."""
        return (self.CurrentPrice - self.EntryPrice) * self.side / self.account.pip_size

    @property
    def GrossProfit(self) -> float:
        """Price profit, account currency."""
        if self.final is not None:
            return self.final["gross"]
        return self.account.profit(self, self.CurrentPrice)

    @property
    def Swap(self) -> float:
        """Swap so far, account currency."""
        return self.final["swap"] if self.final is not None else self.account.swap(self, self.CurrentPrice)

    @property
    def Commissions(self) -> float:
        """Commission so far, account currency; negative, as the platform has it."""
        return -(self.final["commission"] if self.final is not None else self.paid)

    @property
    def NetProfit(self) -> float:
        """Price profit, commission so far and swap, account currency."""
        if self.final is not None:
            return self.final["gross"] - self.final["commission"] + self.final["swap"]
        account = self.account  # asked at every tick by robots that close at a profit
        price = account.bid if self.side > 0 else account.ask
        net = account.profit(self, price) - self.paid
        return net + account.swap(self, price) if account.has_swap else net

    @property
    def Margin(self) -> float:
        """What it ties up, account currency."""
        return self.margin

    def Close(self) -> TradeResult:
        """Close it."""
        return self.account.ClosePosition(self)

    def ModifyStopLossPrice(self, price: float | None) -> TradeResult:
        """Move its stop-loss."""
        return self.account.modify(self, price, self.TakeProfit)

    def ModifyTakeProfitPrice(self, price: float | None) -> TradeResult:
        """Move its take-profit."""
        return self.account.modify(self, self.StopLoss, price)

    def ModifyStopLossPips(self, pips: float | None) -> TradeResult:
        """Move its stop-loss to a distance from the entry."""
        price = None if pips is None else self.EntryPrice - self.side * pips * self.account.pip_size
        return self.account.modify(self, price, self.TakeProfit)

    def ModifyTakeProfitPips(self, pips: float | None) -> TradeResult:
        """Move its take-profit to a distance from the entry."""
        price = None if pips is None else self.EntryPrice + self.side * pips * self.account.pip_size
        return self.account.modify(self, self.StopLoss, price)

    def ModifyTrailingStop(self, follows: bool) -> TradeResult:
        """Let its stop follow the price, or stay."""
        return self.account.modify(self, self.StopLoss, self.TakeProfit, follows)

    def ModifyVolume(self, units: float) -> TradeResult:
        """Make it smaller or larger."""
        return self.account.resize(self, units)


class PendingOrder(Supported):
    """An order that waits for a price.

    Attributes:
        side: +1 to buy, -1 to sell.
        limit: price that a stop-limit order turns into a limit at, or None.
    """

    shown_as = "order"

    def __init__(
        self, account: RobotAccount, number: int, kind: PendingOrderType, side: int, units: float, price: float
    ) -> None:
        self.account, self.side = account, side
        self.Id, self.OrderType, self.VolumeInUnits, self.TargetPrice = number, kind, units, price
        self.TradeType = TradeType.Buy if side > 0 else TradeType.Sell
        self.SymbolName, self.Symbol = account.symbol.Name, account.symbol
        self.Label: Any = None
        self.Comment: Any = None
        self.StopLossPips: float | None = None
        self.TakeProfitPips: float | None = None
        self.StopLossPrice: float | None = None
        self.TakeProfitPrice: float | None = None
        self.HasTrailingStop = False
        self.ExpirationTime: Any = None
        self.StopLimitRangePips: float | None = None
        self.StopLossTriggerMethod = self.StopOrderTriggerMethod = _TRADE
        self.is_stop = kind is not PendingOrderType.Limit

    @property
    def Quantity(self) -> float:
        """Size in lots."""
        return self.VolumeInUnits / self.account.lot_size

    @property
    def CurrentPrice(self) -> float:
        """Price of the side that it would fill at, now."""
        return self.account.ask if self.side > 0 else self.account.bid

    @property
    def DistancePips(self) -> float:
        """Distance to its price, pips."""
        return abs(self.TargetPrice - self.CurrentPrice) / self.account.pip_size

    @property
    def StopLoss(self) -> float | None:
        """Price that its stop-loss will have."""
        if self.StopLossPips is None:
            return self.StopLossPrice
        return self.TargetPrice - self.side * self.StopLossPips * self.account.pip_size

    @property
    def TakeProfit(self) -> float | None:
        """Price that its take-profit will have."""
        if self.TakeProfitPips is None:
            return self.TakeProfitPrice
        return self.TargetPrice + self.side * self.TakeProfitPips * self.account.pip_size

    def Cancel(self) -> TradeResult:
        """Cancel it."""
        return self.account.CancelPendingOrder(self)

    def ModifyTargetPrice(self, price: float) -> TradeResult:
        """Move it."""
        return self.account.ModifyPendingOrder(self, price)

    def ModifyVolume(self, units: float) -> TradeResult:
        """Change its size."""
        return self.account.ModifyPendingOrder(self, volume=units)

    def ModifyStopLossPips(self, pips: float | None) -> TradeResult:
        """Change the distance of its position's stop-loss; None for none."""
        return self.account.ModifyPendingOrder(self, stopLossPips=pips)

    def ModifyTakeProfitPips(self, pips: float | None) -> TradeResult:
        """Change the distance of its position's take-profit; None for none."""
        return self.account.ModifyPendingOrder(self, takeProfitPips=pips)

    def ModifyExpirationTime(self, moment: DateTime | None) -> TradeResult:
        """Change how long it waits; None for ever."""
        return self.account.ModifyPendingOrder(self, expirationTime=moment)

    def ModifyStopLimitRange(self, pips: float) -> TradeResult:
        """Change how far beyond its price a stop-limit order may fill."""
        return self.account.ModifyPendingOrder(self, stopLimitRangePips=pips)


class HistoricalTrade(Supported):
    """A closed position, or the closed part of one."""

    shown_as = "trade"

    def __init__(self, position: Position, units: float, time_ns: int, values: dict[str, float]) -> None:
        self._entry_ns, self._time_ns = position.entry_ns, time_ns
        self.PositionId = self.ClosingDealId = position.Id
        self.TradeType, self.SymbolName = position.TradeType, position.SymbolName
        self.Label, self.Comment = position.Label, position.Comment
        self.VolumeInUnits, self.Quantity = units, units / position.account.lot_size
        self.EntryPrice, self.ClosingPrice = position.EntryPrice, values["price"]
        self.GrossProfit, self.Swap = values["gross"], values["swap"]
        self.Commissions, self.NetProfit, self.Balance = -values["commission"], values["net"], values["balance"]
        self.Pips = (values["price"] - position.EntryPrice) * position.side / position.account.pip_size

    @property
    def EntryTime(self) -> DateTime:
        """Moment of the entry, UTC."""
        return DateTime.at(self._entry_ns)

    @property
    def ClosingTime(self) -> DateTime:
        """Moment of the exit, UTC."""
        return DateTime.at(self._time_ns)


class TradeResult(Supported):
    """Outcome of a request."""

    shown_as = "result"

    def __init__(
        self, error: ErrorCode | None = None, position: Position | None = None, order: PendingOrder | None = None
    ) -> None:
        self.IsSuccessful, self.Error = error is None, error
        self.Position, self.PendingOrder = position, order

    @override
    def __str__(self) -> str:
        return "TradeResult (Success)" if self.IsSuccessful else f"TradeResult (Error: {self.Error})"


class TradeOperation(Supported):
    """A request that was made without waiting; here it is over at once."""

    shown_as = "operation"
    IsExecuting = False

    def __init__(self, result: TradeResult) -> None:
        self.TradeResult = result


class Found(tuple[Any, ...]):
    """What a search found; it has C#'s names for its length too."""

    __slots__ = ()

    @property
    def Length(self) -> int:
        """How many there are."""
        return len(self)

    @property
    def Count(self) -> int:
        """How many there are."""
        return len(self)


T = TypeVar("T", Position, PendingOrder, HistoricalTrade)


class Collection(Supported, Generic[T]):
    """Positions, orders or closed trades.

    Attributes:
        items: what it holds, oldest first.
    """

    def __init__(self, shown_as: str, *events: str) -> None:
        self.items: list[T] = []
        self.shown_as = shown_as
        for name in events:
            setattr(self, name, Event(f"{shown_as}.{name}"))

    @property
    def Count(self) -> int:
        """How many there are."""
        return len(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[T]:
        # A robot may close what it walks over.
        return iter(tuple(self.items))

    def __getitem__(self, index: int) -> T:
        return self.items[index]

    def _asked(self, label: Any, symbol: Any, side: Any) -> list[T]:
        name = symbol if symbol is None or isinstance(symbol, str) else symbol.Name
        return [
            item
            for item in self.items
            if item.Label == label
            and (name is None or item.SymbolName == name)
            and (side is None or item.TradeType is side)
        ]

    def FindAll(self, label: Any, symbol: Any = None, side: Any = None) -> Found:
        """Those of a label, and of a symbol and a side where these are given."""
        return Found(self._asked(label, symbol, side))

    def Find(self, label: Any, symbol: Any = None, side: Any = None) -> T | None:
        """The first of those, or None."""
        if not self.items:  # asked at every tick by many robots
            return None
        return next(iter(self._asked(label, symbol, side)), None)

    def FindLast(self, label: Any, symbol: Any = None, side: Any = None) -> T | None:
        """The last of those, or None."""
        return next(reversed(self._asked(label, symbol, side)), None)

    def FindById(self, number: int) -> T | None:
        """The one of a number, or None."""
        return next((item for item in self.items if getattr(item, "Id", None) == number), None)
