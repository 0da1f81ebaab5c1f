"""The reference simulator of signals that say more than sides: levels, waiting orders, exit prices by the bar.

Plain Python, written to be read, like `reference`, and held to the compiled twin `compiled.plans` bit for bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.engine.plan_columns import (
    KIND,
    LIMIT,
    LIMIT_OF,
    LONG_STOP,
    MARKET,
    OTHER_KIND,
    OTHER_LIMIT,
    OTHER_PRICE,
    PERCENT,
    PRICE,
    PRICE_OF,
    SHORT_STOP,
    SIZE,
    STOP,
    STOP_CODE,
    STOP_LIMIT,
    STOP_ORDER,
    TARGET,
    TARGET_CODE,
    TRAIL,
    TRAIL_CODE,
    UNTIL,
)
from trading_ai.engine.plans import Plan
from trading_ai.engine.records import STOP_LOSS
from trading_ai.engine.reference import Aims, ReferenceSimulator
from trading_ai.engine.reference_account import Position


@dataclass(frozen=True, eq=False)
class Entry:
    """An entry order.

    Attributes:
        side: +1 buys, -1 sells.
        bar: the bar at whose open it was ordered.
        row: what it says, a row of the plan.
        kind: MARKET, LIMIT, STOP_ORDER or STOP_LIMIT; the last becomes a LIMIT once its stop price is reached.
        price: price that it waits for; of a STOP_LIMIT its stop price.
        limit: limit of a STOP_LIMIT.
    """

    side: int
    bar: int
    row: npt.NDArray[np.float64]
    kind: int
    price: float
    limit: float

    @property
    def fills_at_its_stop(self) -> bool:
        """Whether it is filled at its stop price, once that is reached."""
        is_better = self.kind == STOP_LIMIT and (self.limit - self.price) * self.side >= 0
        return self.kind == STOP_ORDER or is_better

    def triggered(self) -> Entry:
        """What becomes of a stop-limit order whose stop price was reached."""
        return replace(self, kind=LIMIT, price=self.limit)


class Fill(NamedTuple):
    """Where an order is filled on the way of a bar.

    Attributes:
        leg: 0 on the way to the first extreme, 1 to the second, 2 to the close.
        far: distance from where that leg begins, price.
        price: the fill, before slippage.
        kind: how it is reached: LIMIT against its side, STOP_ORDER towards it.
    """

    leg: int
    far: float
    price: float
    kind: int


class PlannedReference(ReferenceSimulator):
    """Simulates one combination of signals with a plan; arguments as of `ReferenceSimulator`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        assert self.orders.plan is not None
        self.plan: Plan = self.orders.plan
        self.row_at = {int(bar): i for i, bar in enumerate(self.plan.bar)}
        self.waiting: list[Entry] = []
        self.filled: tuple[Position, float] | None = None

    @override
    def before_close(self, t: int) -> bool:
        order = self.order_at_open(t)
        consumed = self.exits_at_open(t, order.side if order else 0)
        while order:
            opened = not consumed and self.enter_order(t, order)
            if consumed or opened:
                self.waiting = []
            # One that opened nothing cancels none: the open may be beyond the other one's price as well.
            order = self.reached_at_open(t)
            if order:
                consumed = self.exits_at_open(t, order.side)
        was_open = bool(self.open)
        held = self.open[0].side if self.open else 0
        self.inside_planned_bar(t)
        self.filled = None
        return self.fill_waiting(t, held) or was_open

    def order_at_open(self, t: int) -> Entry | None:
        """The order that is carried out at the open of bar t: a new one, or one that waited and is jumped over."""
        gone = {1: self.orders.exit_long, -1: self.orders.exit_short}
        self.waiting = [order for order in self.waiting if not (gone[order.side].size and gone[order.side][t])]
        if self.orders.entry[t]:
            self.waiting = self.ordered(t)
        self.waiting = [order for order in self.waiting if t < order.row[UNTIL]]
        return self.reached_at_open(t)

    def reached_at_open(self, t: int) -> Entry | None:
        """The first of the waiting orders that the open of bar t is at or beyond, which waits no longer."""
        for place, waiting in enumerate(self.waiting):
            order = waiting
            if order.kind != MARKET:
                open_ = self.entry_prices(order.side)[0][t]
                if order.kind == STOP_LIMIT and (open_ - self.level(order.price)) * order.side >= 0:
                    order = self.waiting[place] = order.triggered()
                price = self.level(order.price)
                beyond = (price - open_) * order.side if order.kind == LIMIT else (open_ - price) * order.side
                if beyond < 0:
                    continue
            del self.waiting[place]
            return order
        return None

    def ordered(self, t: int) -> list[Entry]:
        """The orders of a decision: one, or one of each side, of which the first that is filled cancels the other."""
        row = self.plan.rows[self.row_at[t]]
        side = int(self.orders.entry[t])
        orders = [Entry(side, t, row, int(row[KIND]), row[PRICE_OF], row[LIMIT_OF])]
        if not math.isnan(row[OTHER_KIND]):
            orders.append(Entry(-side, t, row, int(row[OTHER_KIND]), row[OTHER_PRICE], row[OTHER_LIMIT]))
        return orders

    def entry_prices(self, side: int) -> tuple[npt.NDArray[np.float64], ...]:
        """Open, high, low and close of the side that is entered at."""
        return self.data.ask if side > 0 else self.data.bid

    def fill_waiting(self, t: int, held: int) -> bool:
        """Carry out what bar t reaches of the waiting orders, in the order of its way; returns whether one opened.

        Args:
            t: the bar.
            held: side of the positions that were open before it was walked, 0 without any.
        """
        found: list[tuple[Fill, Entry]] = []
        for place, order in enumerate(self.waiting):
            closes = held == -order.side and self.rules.opposite_signal != "ignore"
            fill, is_triggered = self.fill_of(t, order, may_return=not closes)
            if fill:
                found.append((fill, order))
            elif is_triggered:
                self.waiting[place] = order.triggered()
        for fill, order in sorted(found, key=lambda each: each[0][:2]):
            self.waiting.remove(order)
            closed = held == -order.side and self.rules.opposite_signal == "close"
            opened = not closed and self.enter_order(t, order, fill)
            if closed or opened:  # the other order is cancelled
                self.waiting = []
                return opened
        return False

    def fill_of(self, t: int, order: Entry, may_return: bool) -> tuple[Fill | None, bool]:
        """Where bar t fills a waiting order, and whether it reaches the stop price of a stop-limit order.

        A limit below the stop price of a buy is reached afterwards only: by the way if the rules are sure of it, or
        else by the close, which is the end of every way.
        """
        open_, high, low, close = (float(x[t]) for x in self.entry_prices(order.side))
        price = self.level(order.price)
        rises = (order.side > 0) == (order.kind != LIMIT)
        if not (high >= price if rises else low <= price):
            return None, False
        is_first = rises == self.is_high_nearer(t)
        turn, other = (high, low) if rises else (low, high)  # the extreme beyond its price, and the other one
        if order.kind == LIMIT or order.fills_at_its_stop:
            kind = LIMIT if order.kind == LIMIT else STOP_ORDER
            return Fill(0 if is_first else 1, abs(price - (open_ if is_first else other)), price, kind), False
        limit = self.level(order.limit)
        if may_return and self.rules.same_bar == "nearer_first" and is_first:
            if (limit - other) * order.side >= 0:
                return Fill(1, abs(limit - turn), limit, LIMIT), True
        elif may_return and (limit - close) * order.side >= 0:
            return Fill(2, abs(limit - turn), limit, LIMIT), True
        return None, True

    def inside_planned_bar(self, t: int) -> None:
        """The levels of bar t, with those of it alone: exit prices, and waiting orders of the other side."""
        own = [(p, p.stop, p.stop_reason, p.target) for p in self.open]
        for p in self.open:
            if self.plan.exits.size:
                first = LONG_STOP if p.side > 0 else SHORT_STOP
                self.bring_near(p, self.plan.exits[t, first], self.plan.exits[t, first + 1])
            for order in self.waiting:
                if order.side != p.side and self.rules.opposite_signal != "ignore":
                    if order.kind == LIMIT:
                        self.bring_near(p, math.nan, order.price)
                    elif order.fills_at_its_stop:
                        self.bring_near(p, order.price, math.nan)
        self.inside_bar(t)
        for p, stop, reason, target in own:
            p.stop, p.stop_reason, p.target = stop, reason, target

    def bring_near(self, p: Position, stop: float, target: float) -> None:
        """Let nearer levels count for a position; NaN for none."""
        if (self.level(stop) - p.stop) * p.side > 0:
            p.stop, p.stop_reason = self.level(stop), STOP_LOSS
        if (p.target - self.level(target)) * p.side > 0:
            p.target = self.level(target)

    def enter_order(self, t: int, order: Entry, fill: Fill | None = None) -> bool:
        """Carry out an order at the open of bar t, or at its fill inside it; returns whether it opened a position.

        The rest of a bar inside which a position was opened is like a bar of its own, see `rest_of`.
        """
        side = order.side
        if not self.may_enter(side):
            return False
        leaving = self.data.bid if side > 0 else self.data.ask
        open_, high, low, _ = (float(x[t]) for x in leaving)
        if fill is None:
            price, leave = float(self.entry_prices(side)[0][t]), open_
        else:
            price = fill.price
            spread = float(self.data.ask[0][t] - self.data.bid[0][t])
            leave = price
            if self.data.has_spread:
                scale = self.data.price_scale
                leave = math.floor((price - side * spread) * scale + 0.5) / scale
            leave = min(max(leave, low), high)
        entry = price if order.kind in {LIMIT, STOP_LIMIT} else self.slipped(price, side)
        opened = self.open_at(t, side, entry, leave, self.aims_of(order, entry))
        if opened and fill is not None:
            worst, best, target_first = self.rest_of(t, side, fill, leave)
            self.filled = (self.open[-1], best)
            self.touch(t, leave, worst, best, target_first)
        return opened

    def rest_of(self, t: int, side: int, fill: Fill, leave: float) -> tuple[float, float, bool]:
        """Worst and best price of bar t after an order was filled inside it, and whether the best comes first.

        It knows what surely came after the fill. Of what may have come before, it knows what goes against the position,
        or with `target_first` what goes in its favour; with `nearer_first`, the way of the bar says what came before.
        """
        _, high, low, close = (float(x[t]) for x in (self.data.bid if side > 0 else self.data.ask))
        worst, best = (low, high) if side > 0 else (high, low)
        nearer, further = (max, min) if side > 0 else (min, max)
        target_first = self.rules.same_bar == "target_first"
        # Which extreme was there before the fill, if that is known: it is left out.
        was_worst = fill.kind == STOP_ORDER and target_first
        was_best = fill.kind == LIMIT and self.rules.same_bar == "stop_first"
        if self.rules.same_bar == "nearer_first":
            target_first = fill.kind == STOP_ORDER
            was_worst = fill.leg == 2 or (fill.leg == 1 and target_first)
            was_best = fill.leg == 2 or (fill.leg == 1 and not target_first)
        if was_best:
            best = nearer(close, leave)
        if was_worst:
            worst = further(close, leave)
        return worst, best, target_first

    def aims_of(self, order: Entry, entry: float) -> Aims:
        """What an order aims at: by the parameters, where its signal says nothing."""
        side, row = order.side, order.row
        anchor = self.anchor(order.bar, side, entry)
        aims = self.aims(side, anchor)
        stop, target, trail, risk = aims.stop, aims.target, aims.trail, aims.risk
        if not math.isnan(row[STOP]):
            stop = self.level(self.placed(row[STOP], int(row[STOP_CODE]), anchor, -side))
            risk = (entry - stop) * side
        if not math.isnan(row[TARGET]):
            target = self.level(self.placed(row[TARGET], int(row[TARGET_CODE]), anchor, side))
        if not math.isnan(row[TRAIL]):
            trail = entry * (row[TRAIL] / 100.0) if row[TRAIL_CODE] == PERCENT else row[TRAIL]
        return Aims(stop, target, trail, risk, float(row[SIZE]))

    @staticmethod
    def placed(value: float, code: int, anchor: float, direction: int) -> float:
        """The price of a level that lies in a direction from a price, up (+1) or down (-1)."""
        if code == PRICE:
            return value
        return anchor + direction * (anchor * (value / 100.0) if code == PERCENT else value)

    @override
    def best_of(self, p: Position, t: int) -> float:
        if self.filled and self.filled[0] is p:
            return self.filled[1]
        return super().best_of(p, t)
