"""Positions that a robot opens, changes and closes at the price now, and the events it is told of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from math import inf
from typing import Any

from typing_extensions import override

from trading_ai.engine.account import Account
from trading_ai.engine.records import END_OF_DATA, SIGNAL, STOP_OUT, TAKE_PROFIT
from trading_ai.runners.cbot.enums import (
    ErrorCode,
    PositionCloseReason,
    TradeType,
)
from trading_ai.runners.cbot.levels import Levels
from trading_ai.runners.cbot.market import Market
from trading_ai.runners.cbot.positions import (
    Collection,
    HistoricalTrade,
    PendingOrder,
    Position,
    TradeResult,
)
from trading_ai.runners.cbot.symbols import RobotSymbol
from trading_ai.runners.cbot.system import Arguments, DateTime

_REASONS = {SIGNAL: PositionCloseReason.Closed, END_OF_DATA: PositionCloseReason.Closed,
            TAKE_PROFIT: PositionCloseReason.TakeProfit, STOP_OUT: PositionCloseReason.StopOut}  # fmt: skip
_FAILED = TradeResult
_NOT_GIVEN: Any = object()
_DIRECTIONS = {"both": (1, -1), "long": (1,), "short": (-1,)}


class MarketOrders(Levels):
    """An account with positions; pending orders are added in `account`.

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
        self,
        side: int,
        units: float,
        price: float,
        label: Any,
        comment: Any,
        *,
        slipped: bool,
        into: Position | None = None,
    ) -> Position | ErrorCode:
        """Open a position at a price, or say why not; the caller sets its levels and tells of it.

        Args:
            side: +1 to buy, -1 to sell.
            units: size.
            price: of the fill.
            label: the robot's label.
            comment: the robot's comment.
            slipped: whether the fill slipped.
            into: position that it makes larger, or None.
        """
        existing = into or (self.positions[0] if self.is_netted and self.positions else None)
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
        if not self.symbol.is_volume(units):
            return _FAILED(ErrorCode.BadVolume)
        if units <= position.units:
            return self.ClosePosition(position, position.units - units) if units < position.units else TradeResult()
        price = self.slipped(self.ask if position.side > 0 else self.bid, position.side)
        more = units - position.units
        made = self._open(position.side, more, price, None, None, slipped=True, into=position)
        if not isinstance(made, Position):
            return _FAILED(made)
        self.watch()
        self.Positions.Modified.fire(Arguments(Position=position))
        return TradeResult(position=position)

    def ModifyPosition(
        self, position: Position, stopLoss: Any = None, takeProfit: Any = _NOT_GIVEN, hasTrailingStop: Any = None,
        *_: Any,
    ) -> TradeResult:  # fmt: skip
        """Set stop and target of a position by price, None takes one away; with one number, set its volume."""
        if takeProfit is _NOT_GIVEN and stopLoss is not None and not hasTrailingStop:
            return self.resize(position, float(stopLoss))
        target = position.TakeProfit if takeProfit is _NOT_GIVEN else takeProfit
        return self.modify(position, stopLoss, target, hasTrailingStop)

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
