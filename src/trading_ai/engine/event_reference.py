"""The reference simulator of events: plain Python, one bar after the other, written to be read.

An order that the strategy places at a bar's close is carried out from the next execution bar on:

1. at its open, in this order: what was ordered at the market, in the order in which it was ordered; stops and targets
   that the open is at or beyond; what the account cannot carry; pending orders that the open is at or beyond;
2. inside it along a way from the open to one extreme, to the other, and to the close: whatever the price reaches first
   is filled first. The way goes against the open positions first (``same_bar="target_first"``: for them first). Where
   none are open, or some of both sides, or with ``"nearer_first"``, it goes to the extreme first that is nearer to the
   open, as TradingView's does;
3. after it trailing stops move; at its close the account is looked at again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from trading_ai.engine.account import Account
from trading_ai.engine.event_orders import MOST_ORDERS, EventOrder, ExitRequest, HeldPosition, part_of
from trading_ai.engine.event_reference_account import EventAccount
from trading_ai.engine.excursions import add_excursions
from trading_ai.engine.execution_data import ExecutionData
from trading_ai.engine.records import ROUNDING, SIGNAL, TAKE_PROFIT, TRADE, TRAILING_STOP
from trading_ai.engine.runs import Ran
from trading_ai.errors import EvaluationError

_STOP, _ACCOUNT, _TARGET, _ORDER = range(4)
"""What may stand at a level; of several at the very same price, in this order."""

_Level = tuple[float, int, HeldPosition | EventOrder | None, int, bool]
"""A price, what stands there, whose, 1 if it is an ask price (else 0), and whether it is reached on the way up."""


class EventSimulator(EventAccount):
    """Simulates one run; make one for each.

    Args:
        data: the execution bars.
        account: capital, sizing, costs and rules.
        netting: whether an order first closes positions of the other side.
        entry_delay: execution bars that orders are carried out late; exits are not.
    """

    def __init__(self, data: ExecutionData, account: Account, *, netting: bool = False, entry_delay: int = 0) -> None:
        super().__init__(data, account)
        self.netting, self.entry_delay = netting, entry_delay
        self.requests: list[EventOrder | ExitRequest] = []
        self.waiting: list[EventOrder] = []
        self.now = 0
        self.exposed = 0
        self.tick, self.quoted, self.touched = -1, (math.nan, math.nan), False
        self.marks: npt.NDArray[np.float64] = np.full(data.n_bars, np.nan)

    # --- what the strategy asks for -------------------------------------------------------------------

    def place(self, order: EventOrder) -> None:
        """Take an order of the strategy; it is carried out from the next bar's open on."""
        order.due, self.touched = self.now + self.entry_delay, True
        if order.kind == "market":
            self.requests.append(order)
            return
        if len(self.waiting) >= MOST_ORDERS:
            raise EvaluationError(
                f"more than {MOST_ORDERS} orders are waiting at once: give them an expiry, or cancel them"
            )
        self.waiting.append(order)

    def close_later(self, size: float | None, position: HeldPosition | None = None, side: int = 0) -> None:
        """Close positions at the next open.

        Args:
            size: lots, rounded down to the volume step; less than one step, or NaN, closes nothing. None for all.
            position: one position; None for those of `side`, oldest first.
            side: +1 long ones only, -1 short ones only, 0 both.

        Raises:
            EvaluationError: the size is not above 0, or infinite.
        """
        if size is not None and (size <= 0.0 or size == math.inf):
            raise EvaluationError(f"size: must be above 0 lots, not {size}; leave it out to close everything")
        units = 0.0 if size is None else self.whole_steps(size * self.symbol.lot_size)
        if size is None or units > 0.0:
            self.touched = True
            self.requests.append(ExitRequest(position, units, side))

    def of_symbol(self, name: str) -> EventSimulator:
        """What carries out the orders on a symbol: itself, on its own.

        Raises:
            EvaluationError: orders on that symbol cannot be carried out.
        """
        if name == self.symbol.name:
            return self
        raise EvaluationError(
            f"{name} cannot be traded here: a strategy that has on_tick trades its own symbol only, because bars do "
            "not say where another symbol's price is at its ticks. Decide in on_bar, and leave on_tick out."
        )

    def expire(self, strategy_bar: int) -> None:
        """Cancel orders whose last bar has ended."""
        for order in self.waiting:
            if 0 <= order.last_bar <= strategy_bar:
                order.is_live = False
        self.waiting = [order for order in self.waiting if order.is_live]

    @property
    def moment(self) -> tuple[int, float, float]:
        """What the strategy looks at: a bar, bid and ask; the last close, except at a tick."""
        if self.tick >= 0:
            return self.now, *self.quoted
        bar = self.now - 1
        return (bar, self.bid[3][bar], self.ask[3][bar]) if bar >= 0 else (bar, *self.data.close_before)

    # --- at the open ------------------------------------------------------------------------------------

    def market_orders(self, t: int, bid: float, ask: float, inside: bool) -> None:
        """Carry out at these prices of bar t what was ordered at the market, in the order in which it was ordered."""
        late: list[EventOrder | ExitRequest] = []
        for request in self.requests:
            if isinstance(request, ExitRequest):
                self.exit_now(t, request, bid, ask, inside)
            elif request.due > t:
                late.append(request)
            elif request.is_live:
                self.execute(request, t, ask if request.side > 0 else bid, bid, ask, inside)
        self.requests = late

    def exit_now(self, t: int, request: ExitRequest, bid: float, ask: float, inside: bool) -> None:
        """Close at these prices of bar t what a request names."""
        left = request.units or math.inf
        for p in [request.position] if request.position is not None else list(self.open):
            if left <= request.units * ROUNDING or p not in self.open or (request.side and p.side != request.side):
                continue
            units = part_of(p.units, left)
            left -= units
            self.leave(p, t, bid if p.side > 0 else ask, SIGNAL, units=units)
            if not self.open and not inside:
                self.marks[t] = self.balance

    def execute(self, order: EventOrder, t: int, quoted: float, bid: float, ask: float, inside: bool) -> None:
        """Fill an order at a price.

        With netting, positions of the other side are closed first, oldest first; an order that reverses closes all of
        them in any account, and then opens its whole size.
        """
        if order.pyramiding and sum(p.side == order.side for p in self.open) >= order.pyramiding:
            order.is_live = False
            return
        others = [p for p in self.open if p.side != order.side] if self.netting or order.reverses else []
        if others:
            is_limit = order.kind in {"limit", "stop_limit"}
            price = quoted if is_limit else self.slipped(quoted, order.side)
            wanted = self.units_of(order, t, price, self.equity_at(t, bid, ask))
            left = math.inf if order.reverses else wanted
            for p in others:
                if left <= wanted * ROUNDING:
                    break
                units = part_of(p.units, left)
                left -= units
                self.close(p, t, price, SIGNAL, units=units, slips=not is_limit)
                if not self.open and not inside:
                    self.marks[t] = self.balance
            if left <= wanted * ROUNDING or left < self.smallest:
                order.is_live = False
                self.cancel_group(order, wanted > 0.0)
                return
            if not order.reverses:
                order.units = left
        before = self.n_opened
        self.fill(order, t, quoted, bid, ask, inside)
        self.cancel_group(order, self.n_opened > before or (order.reverses and bool(others)))

    def cancel_group(self, order: EventOrder, is_filled: bool) -> None:
        """Cancel the other orders of a group, once one of them is filled."""
        if order.oco is None or not is_filled:
            return
        for other in (*self.waiting, *self.requests):
            is_part = isinstance(other, EventOrder) and other.bundle == order.bundle != 0
            if isinstance(other, EventOrder) and other.oco == order.oco and not is_part:
                other.is_live = False

    def at_price(self, t: int, bid: float, ask: float, inside: bool) -> None:
        """Fill what these prices of bar t, its open or a moment inside it, are at or beyond."""
        self.levels_at(t, bid, ask)
        while self.open and self.cannot_carry(t, bid, ask):
            self.stop_out(t, bid, ask)
        before = self.n_opened
        for order in list(self.waiting):
            if not order.is_live or order.due > t:
                continue
            price = ask if order.side > 0 else bid
            if order.kind in {"stop", "stop_limit"} and (price - order.stop_price) * order.side >= 0:
                if order.kind == "stop_limit":
                    order.stop_price = -order.side * math.inf  # from here on it is a limit
                else:
                    self.execute(order, t, price, bid, ask, inside)
            if order.is_live and is_limit(order) and (order.limit - price) * order.side >= 0:
                self.execute(order, t, price, bid, ask, inside)
        if self.n_opened > before:
            self.levels_at(t, bid, ask)

    def levels_at(self, t: int, bid: float, ask: float) -> None:
        """Close positions whose stop or target these prices of bar t are at or beyond."""
        for p in list(self.open):
            price = bid if p.side > 0 else ask
            if (p.stop - price) * p.side >= 0:
                self.leave(p, t, price, p.stop_reason)
            elif (price - p.target) * p.side >= 0:
                self.close(p, t, price, TAKE_PROFIT)

    # --- inside the bar -----------------------------------------------------------------------------------

    def is_quiet(self, t: int) -> bool:
        """Whether nothing can happen inside bar t."""
        bid_high, bid_low, ask_high, ask_low = self.bid[1][t], self.bid[2][t], self.ask[1][t], self.ask[2][t]
        for p in self.open:
            if p.side > 0:
                if p.stop >= bid_low or p.target <= bid_high:
                    return False
            elif p.stop <= ask_high or p.target >= ask_low:
                return False
        for order in self.waiting:
            if order.due > t:
                continue
            high, low = (ask_high, ask_low) if order.side > 0 else (bid_high, bid_low)
            level, up = (order.limit, order.side < 0) if is_limit(order) else (order.stop_price, order.side > 0)
            if (high >= level) if up else (low <= level):
                return False
        # At the worst price of each side at once, which is at least as bad as any that there was.
        return not (self.open and self.cannot_carry(t, bid_low, ask_high))

    def goes_up_first(self, t: int) -> bool:
        """Whether the way of bar t goes to its high before its low."""
        sides = {p.side for p in self.open}
        if len(sides) == 1 and self.rules.same_bar != "nearer_first":
            return (-1 in sides) == (self.rules.same_bar == "stop_first")
        return bool(self.bid[1][t] - self.bid[0][t] < self.bid[0][t] - self.bid[2][t])

    def inside_bar(self, t: int) -> None:
        """Fill what bar t reaches on its way."""
        if self.is_quiet(t):
            return
        way = (0, 1, 2, 3) if self.goes_up_first(t) else (0, 2, 1, 3)
        for begin, end in pairwise(way):
            self.walk(t, (self.bid[begin][t], self.ask[begin][t]), (self.bid[end][t], self.ask[end][t]))

    def walk(self, t: int, begin: tuple[float, float], end: tuple[float, float]) -> None:
        """Fill what lies on the straight way between two moments of bar t, each a bid and an ask price."""
        at, side, now = 0.0, 0, [begin[0], begin[1]]
        while True:
            first: tuple[float, int, HeldPosition | EventOrder | None, float] | None = None  # how far, then as `reach`
            for level, kind, what, is_ask, up in self.levels(t):
                start, stop = begin[is_ask], end[is_ask]
                if start == stop or (stop > start) != up or (level > stop if up else level < stop):
                    continue
                # What the price is beyond already is filled at the price that there is.
                is_behind = level < now[is_ask] if up else level > now[is_ask]
                price = now[is_ask] if is_behind else level
                far = max((level - start) / (stop - start), at)
                if first is None or (far, kind) < first[:2]:
                    first, side = (far, kind, what, price), is_ask
            if first is None:
                break
            at, kind, what, price = first
            now = [b + at * (e - b) for b, e in zip(begin, end, strict=True)]
            now[side] = price
            self.reach(t, kind, what, price, now)
        if len({p.side for p in self.open}) > 1:
            while self.open and self.cannot_carry(t, *end):
                self.stop_out(t, *end)

    def levels(self, t: int) -> list[_Level]:
        """Every price at which something happens."""
        found: list[_Level] = []
        sides = set()
        for p in self.open:
            sides.add(p.side)
            is_ask = int(p.side < 0)
            if not math.isinf(p.stop):
                found.append((p.stop, _STOP, p, is_ask, p.side < 0))
            if not math.isinf(p.target):
                found.append((p.target, _TARGET, p, is_ask, p.side > 0))
        if len(sides) == 1:
            side = self.open[0].side
            level = self.level_of_account(t)
            if not math.isinf(level):
                found.append((level, _ACCOUNT, None, int(side < 0), side < 0))
        for order in self.waiting:
            if order.is_live and order.due <= t:
                is_ask = int(order.side > 0)
                if is_limit(order):
                    found.append((order.limit, _ORDER, order, is_ask, order.side < 0))
                else:
                    found.append((order.stop_price, _ORDER, order, is_ask, order.side > 0))
        return found

    def reach(self, t: int, kind: int, what: HeldPosition | EventOrder | None, price: float, now: list[float]) -> None:
        """Carry out what stands at a price that has been reached."""
        bid, ask = now
        if kind == _ACCOUNT:
            self.stop_out(t, bid, ask, self.bid[1][t], self.ask[2][t])
        elif isinstance(what, EventOrder):
            if what.kind == "stop_limit" and not is_limit(what):
                what.stop_price = -what.side * math.inf  # from here on it is a limit
                if (what.limit - price) * what.side < 0:
                    return
            self.execute(what, t, price, bid, ask, True)
        elif what is not None:
            worst, best = (2, 1) if what.side > 0 else (1, 2)
            quotes = self.bid if what.side > 0 else self.ask
            if kind == _STOP:
                unknown = (quotes[best][t] - what.target) * what.side >= 0
                self.leave(what, t, price, what.stop_reason, ambiguous=unknown)
            else:
                unknown = (what.stop - quotes[worst][t]) * what.side >= 0
                self.close(what, t, price, TAKE_PROFIT, ambiguous=unknown)

    # --- bar by bar ---------------------------------------------------------------------------------------

    def after_bar(self, t: int) -> None:
        """Move trailing stops, effective from the next bar on."""
        for p in self.open:
            if not p.trail > 0.0:  # a distance that is not known yet is none
                continue
            best = (self.bid[1] if p.side > 0 else self.ask[2])[t]
            if p.is_inside:  # what came before its entry does not count
                best = (self.bid[3] if p.side > 0 else self.ask[3])[t]
            p.best = max(p.best, best) if p.side > 0 else min(p.best, best)
            trail = self.level(p.best - p.side * p.trail)
            if (trail - p.stop) * p.side > 0:
                p.stop, p.stop_reason = trail, TRAILING_STOP
        for p in self.open:
            p.is_inside = False

    def one_bar(self, t: int) -> None:
        """Carry out what was ordered, and take bar t to its close."""
        bid, ask = self.bid[0][t], self.ask[0][t]
        if self.requests:
            self.market_orders(t, bid, ask, False)
        if self.open or self.waiting:
            held, before = bool(self.open), self.n_opened
            self.at_price(t, bid, ask, False)
            self.inside_bar(t)
            self.exposed += held or self.n_opened > before
            self.end_of(t)

    def end_of(self, t: int) -> None:
        """What is done once the way of bar t has been walked."""
        self.waiting = [order for order in self.waiting if order.is_live]
        self.after_bar(t)
        self.at_close(t)

    def run(self, starts: npt.NDArray[np.int64], decide: Callable[[int], None]) -> Ran:
        """Simulate every bar.

        Args:
            starts: the execution bar at whose open each of the strategy's bars opens, shape (n_seen,); what is decided
                at the close of bar i is carried out from bar ``starts[i + 1]`` on.
            decide: called with i at each of these closes.
        """
        n = self.data.n_bars
        equity = np.empty(n)
        next_start: list[int] = starts[1:].tolist()
        i = int(np.searchsorted(starts[1:], 0))
        for t in range(n):
            self.now = t
            while i < len(next_start) and next_start[i] == t:
                if self.ruined_at is None:
                    if self.waiting:
                        self.expire(i)
                    decide(i)
                i += 1
            self.one_bar(t)
            equity[t] = self.balance
            if self.open:
                equity[t] += self.open_value(t, self.bid[3][t], self.ask[3][t])
        trades = np.array(self.trades, dtype=TRADE)
        add_excursions(trades, self.data)
        return Ran(
            trades, equity,
            open_profit=self.open_value(n - 1, self.bid[3][n - 1], self.ask[3][n - 1]),
            n_skipped=self.skipped, bars_exposed=self.exposed, slippage=self.slippage, spread=self.spread,
            ruined_bar=-1 if self.ruined_at is None else self.ruined_at, marks=self.marks,
        )  # fmt: skip


def is_limit(order: EventOrder) -> bool:
    """Whether an order waits for its limit: a limit order, or a stop-limit whose stop price was reached."""
    return order.kind == "limit" or (order.kind == "stop_limit" and order.stop_price == -order.side * math.inf)
