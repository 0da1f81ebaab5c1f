"""What prices do to a robot's account: stops, targets, pending orders, trailing stops, and the stop-out.

Prices are taken to go the way of `market.path` inside a bar. The rules are those of `docs/explanation/execution-rules`:
a level that the open has passed fills at the open, every other one at its own price; stops slip and targets do not;
where stop and target of a position both lie in what is left of the bar, `same_bar` decides.
"""

from __future__ import annotations

import math
from itertools import count
from math import inf
from typing import Any

from trading_ai.engine.account import Account
from trading_ai.engine.execution_data import CONVERT_OWN_PRICE, CONVERT_RATES
from trading_ai.engine.records import STOP_LOSS, STOP_OUT, TAKE_PROFIT, TRAILING_STOP
from trading_ai.errors import EvaluationError
from trading_ai.runners.cbot.enums import PendingOrderCancellationReason, PendingOrderType
from trading_ai.runners.cbot.lines import quick
from trading_ai.runners.cbot.market import Market
from trading_ai.runners.cbot.money import Money
from trading_ai.runners.cbot.positions import PendingOrder, Position

Point = tuple[float, float]
"""Bid and ask at one place of the way inside a bar."""

_MOST_EVENTS = 10_000

_STOP, _OUT, _ORDER, _TARGET = range(4)
"""What comes first at one price."""


class Levels(Money):
    """An account whose levels prices may touch.

    Attributes:
        orders: pending orders, oldest first.
        point: place on the way inside the bar, 0 for its open to 3 for its close.
    """

    def __init__(self, market: Market, account: Account) -> None:
        super().__init__(market.data, account)
        self.market = market
        self.orders: list[PendingOrder] = []
        self.point = 0
        self._bids, self._asks = ([quick(values) for values in side] for side in (self.data.bid, self.data.ask))
        _, self._bid_highs, self._bid_lows, _ = self._bids
        _, self._ask_highs, self._ask_lows, _ = self._asks
        self._changes_nightly = self.has_swap or self.data.conversion == CONVERT_RATES
        self.is_watching = self.has_trailing = self.has_expiry = False
        self.bid_low = self.ask_low = -inf
        self.bid_high = self.ask_high = inf

    # --- what a robot's account does, see `account` --------------------------------------------------

    def leave(self, p: Position, price: float, reason: int, *, ambiguous: bool = False, ruin: bool = False) -> None:
        """Close a position at a price, and tell the robot."""
        raise NotImplementedError

    def fill(self, order: PendingOrder, price: float) -> None:
        """Fill a pending order at a price, and tell the robot."""
        raise NotImplementedError

    def drop(self, order: PendingOrder, reason: PendingOrderCancellationReason) -> None:
        """Take a pending order away, and tell the robot."""
        raise NotImplementedError

    # --- bounds --------------------------------------------------------------------------------------

    def watch(self) -> None:
        """Find anew between which prices nothing happens; to be called when a position or an order has changed."""
        bid_low = ask_low = -inf
        bid_high = ask_high = inf
        trailing = False
        for p in self.positions:
            trailing = trailing or p.trail > 0.0
            if p.side > 0:
                bid_low, bid_high = max(bid_low, p.stop), min(bid_high, p.target)
            else:
                ask_high, ask_low = min(ask_high, p.stop), max(ask_low, p.target)
        expiry = False
        for o in self.orders:
            expiry = expiry or o.ExpirationTime is not None
            if o.side > 0:
                if o.is_stop:
                    ask_high = min(ask_high, o.TargetPrice)
                else:
                    ask_low = max(ask_low, o.TargetPrice)
            elif o.is_stop:
                bid_low = max(bid_low, o.TargetPrice)
            else:
                bid_high = min(bid_high, o.TargetPrice)
        self.has_trailing, self.has_expiry = trailing, expiry
        self.is_watching = bool(self.positions or self.orders)
        self.out_bid, self.out_ask = self._level_of_account()
        self.bid_low, self.bid_high = max(bid_low, self.out_bid), bid_high
        self.ask_low, self.ask_high = ask_low, min(ask_high, self.out_ask)

    out_bid, out_ask = -inf, inf

    def _limit(self) -> float:
        return self.used_margin() * (self.rules.stop_out_level / 100.0)

    def _level_of_account(self) -> tuple[float, float]:
        """Bid at or below which, and ask at or above which, the account no longer carries its positions.

        Equity is a straight line in the price, or in 1 / price where the account holds the base currency; of longs and
        shorts together, in the price of the larger side, with the spread as it is now.
        """
        if not self.positions:
            return -inf, inf
        net = cost = swap = 0.0
        spread = self.ask - self.bid
        for p in self.positions:
            net += p.side * p.units
            cost += p.side * p.units * p.EntryPrice
            swap += self.swap_before_conversion(p)
        if abs(net) < 1e-9:
            return -inf, inf
        side = 1 if net > 0 else -1
        for p in self.positions:
            if p.side != side:  # the smaller side is left at the other price
                cost += side * p.units * spread if side > 0 else -side * p.units * spread
        lacking = self._limit() - self.balance
        if self.costs.swap_unit == "account":
            lacking, swap = lacking - swap, 0.0
        if self.data.conversion == CONVERT_OWN_PRICE:
            owed, worth = cost - swap, net - lacking
            if worth * side <= 0.0:
                return (inf, inf) if side > 0 else (-inf, inf)
            price = owed / worth
        else:
            price = (lacking / self.rate(1.0) + cost - swap) / net
        ticks = price * self.data.price_scale
        if side > 0:
            return math.floor(ticks + 1e-3) / self.data.price_scale, inf
        return -inf, math.ceil(ticks - 1e-3) / self.data.price_scale

    # --- a bar ---------------------------------------------------------------------------------------

    def points(self, bar: int) -> list[Point]:
        """The way inside a bar: open, two extremes, close."""
        bo, bh, bl, bc = [view[bar] for view in self._bids]
        ao, ah, al, ac = [view[bar] for view in self._asks]
        if bc >= bo:
            return [(bo, ao), (bl, al), (bh, ah), (bc, ac)]
        return [(bo, ao), (bh, ah), (bl, al), (bc, ac)]

    def at_open(self) -> None:
        """Fill what the open of the bar has passed, at the open."""
        if self._changes_nightly:
            self.watch()
        bid, ask = self.bid, self.ask
        if self.has_expiry:
            self.expire()
        if self.bid_low < bid < self.bid_high and self.ask_low < ask < self.ask_high:
            return
        for p in list(self.positions):
            if p not in self.positions:
                continue
            price = self.exit_price(p.side)
            if (p.stop - price) * p.side >= 0:
                self.leave(p, price, self.stop_reason(p))
            elif (price - p.target) * p.side >= 0:
                self.leave(p, price, TAKE_PROFIT)
        for order in list(self.orders):
            if order in self.orders and self.is_reached(order):
                self.trigger(order)
        self.stop_out()

    def is_reached(self, order: PendingOrder) -> bool:
        """Whether the price now is the order's or beyond it."""
        price = self.ask if order.side > 0 else self.bid
        beyond = (price - order.TargetPrice) * order.side
        return beyond >= 0 if order.is_stop else beyond <= 0

    def trigger(self, order: PendingOrder) -> None:
        """Fill an order at the price now; a stop-limit that was jumped over becomes a limit order."""
        price = self.ask if order.side > 0 else self.bid
        if order.OrderType is PendingOrderType.StopLimit and order.is_stop:
            limit = order.TargetPrice + order.side * (order.StopLimitRangePips or 0.0) * self.pip_size
            if (price - limit) * order.side > 0:
                order.is_stop, order.TargetPrice = False, self.rounded(limit)
                self.watch()
                return
        self.fill(order, self.slipped(price, order.side) if order.is_stop else price)

    def inside(self, bar: int) -> None:
        """Walk the whole way of a bar, from its open to its close."""
        if not (
            self._bid_lows[bar] > self.bid_low and self._bid_highs[bar] < self.bid_high
            and self._ask_lows[bar] > self.ask_low and self._ask_highs[bar] < self.ask_high
        ):  # fmt: skip
            points = self.points(bar)
            for j in range(3):
                self.segment(points, j)
                if not self.is_watching:
                    break
        if self.has_trailing:
            for p in self.positions:
                if p.trail:
                    self.trail(p, self._bid_highs[bar] if p.side > 0 else self._ask_lows[bar])
            self.watch()

    def step(self, bar: int, j: int, bid: float, ask: float) -> None:
        """Walk to point `j` of a bar's way, from the one before.

        Args:
            bar: execution bar.
            j: the point, 1 to 3.
            bid: bid there.
            ask: ask there.
        """
        if not (self.bid_low < bid < self.bid_high and self.ask_low < ask < self.ask_high):
            self.segment(self.points(bar), j - 1)
        self.point, self.bid, self.ask = j, bid, ask
        if self.has_trailing:
            for p in self.positions:
                if p.trail:
                    self.trail(p, self.exit_price(p.side))
            self.watch()

    def trail(self, p: Position, best: float) -> None:
        """Let a stop follow a price."""
        stop = self.rounded(best - p.side * p.trail)
        if (stop - p.stop) * p.side > 0:
            p.stop, p.stop_moved = stop, True
            p.since = (self.bar, self.point)

    def stop_reason(self, p: Position) -> int:
        """Reason of a stop: trailing where the stop has moved by itself."""
        return TRAILING_STOP if p.stop_moved else STOP_LOSS

    def segment(self, points: list[Point], j: int) -> None:
        """Walk from point `j` to the next, and carry out what lies between, in the order of prices."""
        self.bid, self.ask = points[j]
        self.point = j
        bid_end, ask_end = points[j + 1]
        up = bid_end > self.bid or (bid_end == self.bid and ask_end > self.ask)
        for n in count():
            found = self._next(up, bid_end, ask_end) if self.is_watching else None
            if found is None:
                break
            if n > _MOST_EVENTS:
                raise EvaluationError(
                    f"more than {_MOST_EVENTS:,} fills between two prices of one bar: the robot opens a position for "
                    "every one that closes, with a stop or a target at its entry"
                )
            distance, what, item = found
            move = distance if up else -distance
            self.bid, self.ask = self.bid + move, self.ask + move
            self.point = j + 1  # what is opened here has the rest of the way before it
            if what == _OUT:
                self._carry_out_stop_out(up)
            elif what == _ORDER:
                self.trigger_at(item)
            else:
                self._touched(item, what, points)
        self.bid, self.ask = bid_end, ask_end

    def trigger_at(self, order: PendingOrder) -> None:
        """Fill an order at its own price."""
        price = order.TargetPrice
        self.fill(order, self.slipped(price, order.side) if order.is_stop else price)

    def _next(self, up: bool, bid_end: float, ask_end: float) -> tuple[float, int, Any] | None:
        """What is touched next: distance, kind, and the position or order."""
        best: tuple[float, int, Any] | None = None

        def consider(level: float, of_ask: bool, what: int, item: Any) -> None:
            nonlocal best
            now, end = (self.ask, ask_end) if of_ask else (self.bid, bid_end)
            distance = level - now if up else now - level
            if (end - level if up else level - end) < 0:
                return
            distance = max(distance, 0.0)
            if best is None or (distance, what) < best[:2]:
                best = (distance, what, item)

        for p in self.positions:
            against = (p.side > 0) is not up
            consider(p.stop if against else p.target, p.side < 0, _STOP if against else _TARGET, p)
        for o in self.orders:
            if o.is_stop is ((o.side > 0) is up):
                consider(o.TargetPrice, o.side > 0, _ORDER, o)
        level = self.out_ask if up else self.out_bid
        if level < inf if up else level > -inf:
            consider(level, up, _OUT, None)
        return best

    def _target_comes_first(self, side: int) -> bool:
        """Which of stop and target the rules take where both lie in what is left of the bar."""
        if self.rules.same_bar == "nearer_first":
            bar = self.bar
            open_, high, low = self._bids[0][bar], self._bid_highs[bar], self._bid_lows[bar]
            is_high_nearer = bool(high - open_ < open_ - low)
            return is_high_nearer == (side > 0)
        return self.rules.same_bar == "target_first"

    def _touched(self, p: Position, what: int, points: list[Point]) -> None:
        """Close a position whose stop or target is touched; where both lie in reach, the rule decides which."""
        bar, point = p.since
        rest = points if bar < self.bar else points[point:]
        prices = [pair[0] if p.side > 0 else pair[1] for pair in rest]
        worst, best = (min(prices), max(prices)) if p.side > 0 else (max(prices), min(prices))
        both = (p.stop - worst) * p.side >= 0 and (best - p.target) * p.side >= 0
        if both:
            what = _TARGET if self._target_comes_first(p.side) else _STOP
        if what == _STOP:
            self.leave(p, p.stop, self.stop_reason(p), ambiguous=both)
        else:
            self.leave(p, p.target, TAKE_PROFIT, ambiguous=both)

    # --- the account's own end -----------------------------------------------------------------------

    def stop_out(self) -> None:
        """Close, at prices as they are, what the account cannot carry."""
        while self.positions:
            equity = self.equity()
            if equity > self._limit() and equity >= self.data.cent / 2:
                return
            self._close_worst(equity)

    def _carry_out_stop_out(self, up: bool) -> None:
        # The walk has come there but for rounding.
        if not up and abs(self.out_bid - self.bid) < self.pip_size * 1e-6:
            self.bid = self.out_bid
        elif up and abs(self.out_ask - self.ask) < self.pip_size * 1e-6:
            self.ask = self.out_ask
        self._close_worst(self.equity())
        self.stop_out()

    def _close_worst(self, equity: float) -> None:
        """Close the largest loser, or everything where nothing is left."""

        def worth(p: Position) -> float:
            price = self.exit_price(p.side)
            return self.profit(p, price) + self.swap(p, price)

        ruin = equity < self.data.cent / 2
        closed = sorted(self.positions, key=worth, reverse=True) if ruin else [min(self.positions, key=worth)]
        for p in closed:
            if p in self.positions:
                self.leave(p, self.exit_price(p.side), STOP_OUT, ruin=ruin)

    def expire(self) -> None:
        """Cancel orders whose time is over."""
        raise NotImplementedError
