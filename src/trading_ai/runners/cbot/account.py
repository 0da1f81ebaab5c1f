"""What a robot asks of its account: market and pending orders, changes, closing; and the events it is told."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from math import inf
from typing import Any

from typing_extensions import override

from trading_ai.engine.account import Account
from trading_ai.engine.records import END_OF_DATA, SIGNAL, STOP_OUT, TAKE_PROFIT
from trading_ai.runners.cbot.enums import (
    ErrorCode,
    PendingOrderCancellationReason,
    PendingOrderType,
    PositionCloseReason,
    ProtectionType,
    TradeType,
)
from trading_ai.runners.cbot.levels import Levels
from trading_ai.runners.cbot.market import Market
from trading_ai.runners.cbot.positions import (
    Collection,
    HistoricalTrade,
    PendingOrder,
    Position,
    TradeOperation,
    TradeResult,
)
from trading_ai.runners.cbot.symbols import RobotSymbol
from trading_ai.runners.cbot.system import Arguments, DateTime

_REASONS = {SIGNAL: PositionCloseReason.Closed, END_OF_DATA: PositionCloseReason.Closed,
            TAKE_PROFIT: PositionCloseReason.TakeProfit, STOP_OUT: PositionCloseReason.StopOut}  # fmt: skip
_FAILED = TradeResult
_DIRECTIONS = {"both": (1, -1), "long": (1,), "short": (-1,)}


class RobotAccount(Levels):
    """An account that a robot trades on.

    Args:
        market: bars and ticks.
        account: capital, costs and rules; sizes are the robot's own affair.
        is_netted: whether a symbol has one position only, which later orders make larger, smaller or turn round.
        log: takes a line for the run's log.

    Attributes:
        symbol: the symbol as the robot sees it.
        Positions: open positions.
        PendingOrders: pending orders.
        History: closed trades.
        now_ns: moment of the newest price, UTC.
    """

    def __init__(self, market: Market, account: Account, is_netted: bool, log: Callable[[str], None]) -> None:
        super().__init__(market, account)
        self.is_netted, self._log = is_netted, log
        self.symbol = RobotSymbol(self)
        self.Positions: Collection[Position] = Collection("api.Positions", "Opened", "Closed", "Modified")
        self.PendingOrders: Collection[PendingOrder] = Collection(
            "api.PendingOrders", "Created", "Filled", "Cancelled", "Modified"
        )
        self.History: Collection[HistoricalTrade] = Collection("api.History")
        self.positions, self.orders = self.Positions.items, self.PendingOrders.items
        self.now_ns = 0
        self._last_number = 0
        self._sides = _DIRECTIONS[self.rules.direction]

    @staticmethod
    def moment(time_ns: int) -> DateTime:
        """A moment as robots see it."""
        return DateTime.at(time_ns)

    def _number(self) -> int:
        self._last_number += 1
        return self._last_number

    # --- opening -------------------------------------------------------------------------------------

    def _bad_request(self, symbol: Any, units: float) -> ErrorCode | None:
        if getattr(symbol, "Name", symbol) != self.symbol.Name:
            return ErrorCode.UnknownSymbol
        if not self.symbol.is_volume(units):
            return ErrorCode.BadVolume
        return None

    def ExecuteMarketOrder(
        self, tradeType: TradeType, symbol: Any, volume: float, label: Any = None, stopLossPips: float | None = None,
        takeProfitPips: float | None = None, comment: Any = None, hasTrailingStop: bool = False,
        stopLossTriggerMethod: Any = None,  # noqa: ARG002 - bars have one price: every method is the same
    ) -> TradeResult:  # fmt: skip
        """Open a position at the price now."""
        error = self._bad_request(symbol, volume)
        if error is not None:
            return _FAILED(error)
        side = 1 if tradeType is TradeType.Buy else -1
        price = self.slipped(self.ask if side > 0 else self.bid, side)
        opened = self._open(side, float(volume), price, label, comment, slipped=True)
        if not isinstance(opened, Position):
            return _FAILED(opened)
        if opened.final is None:
            self._protect(opened, stopLossPips, takeProfitPips, hasTrailingStop)
        self.watch()
        self.Positions.Opened.fire(Arguments(Position=opened))
        return TradeResult(position=opened)

    def _open(
        self, side: int, units: float, price: float, label: Any, comment: Any, *, slipped: bool
    ) -> Position | ErrorCode:
        """Open a position at a price, or say why not; the caller sets its levels and tells of it."""
        existing = self.positions[0] if self.is_netted and self.positions else None
        if existing is not None and existing.side != side:
            closed = min(units, existing.units)
            self._leave(existing, closed, self.exit_price(existing.side), SIGNAL)
            if units - closed <= 0:
                return existing
            units -= closed
            existing = None
        if side not in self._sides:
            return ErrorCode.NoTradingPermission
        equity = self.equity()
        margin = units * price * self.rate(price) / self.rules.leverage if self.rules.leverage else 0.0
        # The margin over 1 is for rounding: all in, at a leverage of 1, is just possible.
        if equity < self.data.cent / 2 or margin > (equity - self.used_margin()) * (1.0 + 1e-9):
            self.n_skipped += 1
            return ErrorCode.NoMoney
        paid = self.commission(units, price)
        self.balance -= paid
        if existing is not None:
            whole = existing.units + units
            existing.EntryPrice = (existing.EntryPrice * existing.units + price * units) / whole
            existing.units, existing.paid, existing.margin = whole, existing.paid + paid, existing.margin + margin
            return existing
        made = Position(self, self._number(), side, units, price, label, comment)
        made.paid, made.margin, made.bar, made.entry_ns = paid, margin, self.bar, self.now_ns
        made.since, made.entry_slipped = (self.bar, self.point), slipped
        self.positions.append(made)
        return made

    def _protect(self, p: Position, stop_pips: float | None, target_pips: float | None, trails: bool) -> None:
        """Set stop and target at distances from the entry; 0 and less are none."""
        if stop_pips is not None and stop_pips > 0:
            p.stop = self.rounded(p.EntryPrice - p.side * (stop_pips * self.pip_size))
            p.trail = abs(p.EntryPrice - p.stop) if trails else 0.0
        if target_pips is not None and target_pips > 0:
            p.target = self.rounded(p.EntryPrice + p.side * (target_pips * self.pip_size))

    # --- closing and changing ------------------------------------------------------------------------

    @override
    def leave(self, p: Position, price: float, reason: int, *, ambiguous: bool = False, ruin: bool = False) -> None:
        """Close all of a position at a price, and tell the robot."""
        self._leave(p, p.units, price, reason, ambiguous=ambiguous, ruin=ruin)

    def _leave(
        self, p: Position, units: float, price: float, reason: int, *, ambiguous: bool = False, ruin: bool = False
    ) -> None:
        slips = reason != TAKE_PROFIT and bool(self._slip)
        fill = self.slipped(price, -p.side) if slips else price
        values = self.book(p, units, fill, reason, slipped=slips, ambiguous=ambiguous, ruin=ruin)
        self.History.items.append(HistoricalTrade(p, units, self.now_ns, values))
        self.watch()
        told = Arguments(Position=p, Reason=_REASONS.get(reason, PositionCloseReason.StopLoss))
        if p.final is not None:
            self.Positions.Closed.fire(told)
        else:
            self.Positions.Modified.fire(told)

    def ClosePosition(self, position: Position, volume: float | None = None) -> TradeResult:
        """Close a position, or so many units of it."""
        if position not in self.positions:
            return _FAILED(ErrorCode.EntityNotFound)
        units = position.units if volume is None else float(volume)
        if units < position.units and not self.symbol.is_volume(units):
            return _FAILED(ErrorCode.BadVolume)
        self._leave(position, min(units, position.units), self.exit_price(position.side), SIGNAL)
        return TradeResult(position=position)

    def resize(self, position: Position, units: float) -> TradeResult:
        """Make a position smaller or larger."""
        if position not in self.positions:
            return _FAILED(ErrorCode.EntityNotFound)
        if units < position.units:
            return self.ClosePosition(position, position.units - units)
        return _FAILED(ErrorCode.BadVolume)

    def ModifyPosition(
        self, position: Position, stopLoss: Any = None, takeProfit: Any = None, hasTrailingStop: Any = None,
        *_: Any,
    ) -> TradeResult:  # fmt: skip
        """Set stop and target of a position by price; None takes one away."""
        return self.modify(position, stopLoss, takeProfit, hasTrailingStop)

    def modify(
        self, p: Position, stop: float | None, target: float | None, trails: bool | None = None
    ) -> TradeResult:  # fmt: skip
        """Set levels by price; a level on the wrong side of the price now is refused, as the platform does."""
        if p not in self.positions:
            return _FAILED(ErrorCode.EntityNotFound)
        price = self.exit_price(p.side)
        stop_at = -p.side * inf if stop is None or math.isnan(stop) else self.rounded(stop)
        target_at = p.side * inf if target is None or math.isnan(target) else self.rounded(target)
        if (stop_at - price) * p.side >= 0 or (price - target_at) * p.side >= 0:
            return _FAILED(ErrorCode.InvalidStopLossTakeProfit, p)
        if stop_at != p.stop:
            p.stop_moved = False
        p.stop, p.target, p.since = stop_at, target_at, (self.bar, self.point)
        follows = p.trail > 0.0 if trails is None else trails
        p.trail = abs(price - stop_at) if follows and not math.isinf(stop_at) else 0.0
        self.watch()
        self.Positions.Modified.fire(Arguments(Position=p))
        return TradeResult(position=p)

    def close_everything(self) -> None:
        """Close every position at the price now, because the data ends."""
        for p in list(self.positions):
            self.leave(p, self.exit_price(p.side), END_OF_DATA)

    # --- pending orders ------------------------------------------------------------------------------

    def _place(
        self, kind: PendingOrderType, tradeType: TradeType, symbol: Any, volume: float, price: float,
        rest: Sequence[Any], limit_pips: float | None = None,
    ) -> TradeResult:  # fmt: skip
        error = self._bad_request(symbol, volume)
        if error is not None:
            return _FAILED(error)
        side = 1 if tradeType is TradeType.Buy else -1
        order = PendingOrder(self, self._number(), kind, side, float(volume), self.rounded(float(price)))
        order.StopLimitRangePips = limit_pips
        label, stop, target = [*rest, None, None, None][:3]
        more: list[Any] = [*rest[3:], *[None] * 6]
        order.Label = label
        kind_of_levels = None
        # With a protection type the arguments after it stand one place later.
        if isinstance(more[0], ProtectionType) or isinstance(more[1], datetime) or isinstance(more[3], bool):
            kind_of_levels = more.pop(0)
        order.ExpirationTime, order.Comment, trails = more[:3]
        order.HasTrailingStop = bool(trails)
        if kind_of_levels is ProtectionType["Absolute"]:
            order.StopLossPrice, order.TakeProfitPrice = stop, target
        else:
            order.StopLossPips, order.TakeProfitPips = stop, target
        self.orders.append(order)
        self.PendingOrders.Created.fire(Arguments(PendingOrder=order))
        self.watch()
        if order in self.orders and self.is_reached(order):
            self.trigger(order)
        return TradeResult(order=order)

    def PlaceLimitOrder(
        self, tradeType: TradeType, symbol: Any, volume: float, targetPrice: float, *rest: Any
    ) -> TradeResult:
        """Place an order that fills at a price or a better one."""
        return self._place(PendingOrderType.Limit, tradeType, symbol, volume, targetPrice, rest)

    def PlaceStopOrder(
        self, tradeType: TradeType, symbol: Any, volume: float, targetPrice: float, *rest: Any
    ) -> TradeResult:
        """Place an order that becomes a market order at a price."""
        return self._place(PendingOrderType.Stop, tradeType, symbol, volume, targetPrice, rest)

    def PlaceStopLimitOrder(
        self, tradeType: TradeType, symbol: Any, volume: float, targetPrice: float, stopLimitRangePips: float,
        *rest: Any,
    ) -> TradeResult:  # fmt: skip
        """Place an order that at a price becomes a limit order so many pips beyond it."""
        return self._place(
            PendingOrderType.StopLimit, tradeType, symbol, volume, targetPrice, rest, float(stopLimitRangePips)
        )

    def ModifyPendingOrder(
        self, order: PendingOrder, targetPrice: float | None = None, stopLossPips: Any = ..., takeProfitPips: Any = ...,
        expirationTime: Any = ..., volume: float | None = None, hasTrailingStop: bool | None = None,
        stopLossTriggerMethod: Any = None, stopOrderTriggerMethod: Any = None, stopLimitRangePips: Any = None,
    ) -> TradeResult:  # fmt: skip
        """Change a pending order."""
        if order not in self.orders:
            return _FAILED(ErrorCode.EntityNotFound)
        if volume is not None and not self.symbol.is_volume(volume):
            return _FAILED(ErrorCode.BadVolume)
        if targetPrice is not None:
            order.TargetPrice = self.rounded(float(targetPrice))
        for name, value in (
            ("StopLossPips", stopLossPips), ("TakeProfitPips", takeProfitPips), ("ExpirationTime", expirationTime),
        ):  # fmt: skip
            if value is not ...:
                setattr(order, name, value)
        order.VolumeInUnits = order.VolumeInUnits if volume is None else float(volume)
        order.HasTrailingStop = order.HasTrailingStop if hasTrailingStop is None else hasTrailingStop
        for name, value in (
            ("StopLossTriggerMethod", stopLossTriggerMethod), ("StopOrderTriggerMethod", stopOrderTriggerMethod),
            ("StopLimitRangePips", stopLimitRangePips),
        ):  # fmt: skip
            if value is not None:
                setattr(order, name, value)
        self.PendingOrders.Modified.fire(Arguments(PendingOrder=order))
        self.watch()
        if order in self.orders and self.is_reached(order):
            self.trigger(order)
        return TradeResult(order=order)

    def CancelPendingOrder(self, order: PendingOrder) -> TradeResult:
        """Cancel an order."""
        if order not in self.orders:
            return _FAILED(ErrorCode.EntityNotFound)
        self.drop(order, PendingOrderCancellationReason.Cancelled)
        return TradeResult(order=order)

    @override
    def fill(self, order: PendingOrder, price: float) -> None:
        """Open the position of an order, and tell the robot; one that the account cannot carry is rejected."""
        self.orders.remove(order)
        opened = self._open(
            order.side, order.VolumeInUnits, price, order.Label, order.Comment, slipped=order.is_stop and self._slip > 0
        )
        if not isinstance(opened, Position):
            self.watch()
            self._log(f"order {order.Id} rejected: {opened}")
            self.PendingOrders.Cancelled.fire(
                Arguments(PendingOrder=order, Reason=PendingOrderCancellationReason.Rejected)
            )
            return
        if opened.final is None:
            self._protect(opened, order.StopLossPips, order.TakeProfitPips, order.HasTrailingStop)
            if order.StopLossPrice is not None:
                opened.stop = self.rounded(order.StopLossPrice)
            if order.TakeProfitPrice is not None:
                opened.target = self.rounded(order.TakeProfitPrice)
        self.watch()
        self.PendingOrders.Filled.fire(Arguments(PendingOrder=order, Position=opened))
        self.Positions.Opened.fire(Arguments(Position=opened))

    @override
    def drop(self, order: PendingOrder, reason: PendingOrderCancellationReason) -> None:
        """Take an order away, and tell the robot."""
        self.orders.remove(order)
        self.watch()
        self.PendingOrders.Cancelled.fire(Arguments(PendingOrder=order, Reason=reason))

    @override
    def expire(self) -> None:
        """Cancel orders whose time is over."""
        now = self.moment(self.now_ns)
        for order in list(self.orders):
            if order.ExpirationTime is not None and order.ExpirationTime <= now:
                self.drop(order, PendingOrderCancellationReason.Expired)


def without_waiting(request: Callable[..., TradeResult]) -> Callable[..., TradeOperation]:
    """The request that does not wait: it is carried out at once, and tells the function that is given last."""

    def asked(*arguments: Any, **named: Any) -> TradeOperation:
        called = [a for a in arguments if callable(a)]
        result = request(*(a for a in arguments if not callable(a)), **named)
        for function in called:
            function(result)
        return TradeOperation(result)

    return asked
