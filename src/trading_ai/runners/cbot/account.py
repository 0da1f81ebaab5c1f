"""The account that a robot trades on: positions and pending orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from typing_extensions import override

from trading_ai.runners.cbot.enums import (
    ErrorCode,
    PendingOrderCancellationReason,
    PendingOrderType,
    ProtectionType,
    TradeType,
)
from trading_ai.runners.cbot.market_orders import MarketOrders
from trading_ai.runners.cbot.positions import PendingOrder, Position, TradeOperation, TradeResult
from trading_ai.runners.cbot.system import Arguments
from trading_ai.runners.cbot.unsupported import unsupported

_OPTIONAL = (
    "label", "stopLossPips", "takeProfitPips", "expiration", "comment", "hasTrailingStop", "stopLossTriggerMethod",
    "stopOrderTriggerMethod",
)  # fmt: skip
"""Arguments of pending orders after the price, in the platform's order."""


class RobotAccount(MarketOrders):
    """An account with positions and pending orders; arguments as of `MarketOrders`."""

    def _place(
        self, kind: PendingOrderType, tradeType: TradeType, symbol: Any, volume: float, price: float,
        rest: Sequence[Any], limit_pips: float | None = None,
    ) -> TradeResult:  # fmt: skip
        error = self._bad_request(symbol, volume)
        if error is not None:
            return TradeResult(error)
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
        self, tradeType: TradeType, symbol: Any, volume: float, targetPrice: float, *rest: Any, **named: Any
    ) -> TradeResult:
        """Place an order that fills at a price or a better one."""
        return self._place(PendingOrderType.Limit, tradeType, symbol, volume, targetPrice, _in_order(rest, named))

    def PlaceStopOrder(
        self, tradeType: TradeType, symbol: Any, volume: float, targetPrice: float, *rest: Any, **named: Any
    ) -> TradeResult:
        """Place an order that becomes a market order at a price."""
        return self._place(PendingOrderType.Stop, tradeType, symbol, volume, targetPrice, _in_order(rest, named))

    def PlaceStopLimitOrder(
        self, tradeType: TradeType, symbol: Any, volume: float, targetPrice: float, stopLimitRangePips: float,
        *rest: Any, **named: Any,
    ) -> TradeResult:  # fmt: skip
        """Place an order that at a price becomes a limit order so many pips beyond it."""
        return self._place(
            PendingOrderType.StopLimit,
            tradeType,
            symbol,
            volume,
            targetPrice,
            _in_order(rest, named),
            float(stopLimitRangePips),
        )

    def ModifyPendingOrder(
        self, order: PendingOrder, targetPrice: float | None = None, stopLossPips: Any = ..., takeProfitPips: Any = ...,
        expirationTime: Any = ..., volume: float | None = None, hasTrailingStop: bool | None = None,
        stopLossTriggerMethod: Any = None, stopOrderTriggerMethod: Any = None, stopLimitRangePips: Any = None,
    ) -> TradeResult:  # fmt: skip
        """Change a pending order."""
        if order not in self.orders:
            return TradeResult(ErrorCode.EntityNotFound)
        if volume is not None and not self.symbol.is_volume(volume):
            return TradeResult(ErrorCode.BadVolume)
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
            return TradeResult(ErrorCode.EntityNotFound)
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


def _in_order(given: Sequence[Any], named: dict[str, Any]) -> list[Any]:
    """Arguments after the price, those by name brought to their places."""
    values = list(given)
    for name, value in named.items():
        if name not in _OPTIONAL:
            unsupported(f"the argument {name} of a pending order")
        place = _OPTIONAL.index(name)
        values += [None] * (place + 1 - len(values))
        values[place] = value
    return values


def without_waiting(request: Callable[..., TradeResult]) -> Callable[..., TradeOperation]:
    """The request that does not wait: it is carried out at once, and tells the function that is given last."""

    def asked(*arguments: Any, **named: Any) -> TradeOperation:
        called = [a for a in arguments if callable(a)]
        result = request(*(a for a in arguments if not callable(a)), **named)
        for function in called:
            function(result)
        return TradeOperation(result)

    return asked
