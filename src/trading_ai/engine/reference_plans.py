"""The reference simulator of signals that say more than sides: levels, waiting orders, exit prices by the bar.

Plain Python, written to be read, like `reference`, and held to the compiled twin `compiled.plans` bit for bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.engine.plan_columns import (
    KIND,
    LIMIT,
    LONG_STOP,
    MARKET,
    PERCENT,
    PRICE,
    PRICE_OF,
    SHORT_STOP,
    SIZE,
    STOP,
    STOP_CODE,
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


@dataclass(frozen=True)
class Entry:
    """An entry order: its side, the bar at whose open it was ordered, and its row of the plan."""

    side: int
    bar: int
    row: npt.NDArray[np.float64]

    @property
    def kind(self) -> int:
        """MARKET, LIMIT or STOP_ORDER."""
        return int(self.row[KIND])


class PlannedReference(ReferenceSimulator):
    """Simulates one combination of signals with a plan; arguments as of `ReferenceSimulator`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        assert self.orders.plan is not None
        self.plan: Plan = self.orders.plan
        self.row_at = {int(bar): i for i, bar in enumerate(self.plan.bar)}
        self.waiting: Entry | None = None
        self.filled: tuple[Position, float] | None = None

    @override
    def before_close(self, t: int) -> bool:
        order = self.order_at_open(t)
        side = order.side if order else 0
        consumed = self.exits_at_open(t, side)
        if order and not consumed:
            self.enter_order(t, order, at_open=True)
        was_open = bool(self.open)
        opposite = bool(self.waiting and was_open and self.open[0].side != self.waiting.side)
        self.inside_planned_bar(t)
        self.filled = None
        waiting = self.waiting
        if waiting and self.is_touched(t, waiting):
            self.waiting = None
            if not (opposite and self.rules.opposite_signal == "close"):
                was_open = self.enter_order(t, waiting, at_open=False) or was_open
        return was_open

    def order_at_open(self, t: int) -> Entry | None:
        """The order that is carried out at the open of bar t: a new one, or one that waited and is jumped over."""
        exits = (self.orders.exit_long, self.orders.exit_short)
        if self.waiting:
            gone = exits[0] if self.waiting.side > 0 else exits[1]
            if t >= self.waiting.row[UNTIL] or (gone.size and gone[t]):
                self.waiting = None
        if self.orders.entry[t]:
            self.waiting = Entry(int(self.orders.entry[t]), t, self.plan.rows[self.row_at[t]])
        if not self.waiting or t >= self.waiting.row[UNTIL]:
            self.waiting = None
            return None
        order = self.waiting
        if order.kind != MARKET:
            price, open_ = self.level(order.row[PRICE_OF]), self.entry_prices(order.side)[0][t]
            beyond = (price - open_) * order.side if order.kind == LIMIT else (open_ - price) * order.side
            if beyond < 0:
                return None
        self.waiting = None
        return order

    def entry_prices(self, side: int) -> tuple[npt.NDArray[np.float64], ...]:
        """Open, high, low and close of the side that is entered at."""
        return self.data.ask if side > 0 else self.data.bid

    def is_touched(self, t: int, order: Entry) -> bool:
        """Whether bar t reaches the price of a waiting order."""
        _, high, low, _ = (float(x[t]) for x in self.entry_prices(order.side))
        price = self.level(order.row[PRICE_OF])
        from_above = (order.side > 0) == (order.kind == LIMIT)
        return low <= price if from_above else high >= price

    def inside_planned_bar(self, t: int) -> None:
        """The levels of bar t, with those of it alone: exit prices, and waiting orders of the other side."""
        own = [(p, p.stop, p.stop_reason, p.target) for p in self.open]
        for p in self.open:
            if self.plan.exits.size:
                first = LONG_STOP if p.side > 0 else SHORT_STOP
                self.bring_near(p, self.plan.exits[t, first], self.plan.exits[t, first + 1])
            order = self.waiting
            if order and order.side != p.side and self.rules.opposite_signal != "ignore":
                price = order.row[PRICE_OF]
                self.bring_near(p, *((price, math.nan) if order.kind == STOP_ORDER else (math.nan, price)))
        self.inside_bar(t)
        for p, stop, reason, target in own:
            p.stop, p.stop_reason, p.target = stop, reason, target

    def bring_near(self, p: Position, stop: float, target: float) -> None:
        """Let nearer levels count for a position; NaN for none."""
        if (self.level(stop) - p.stop) * p.side > 0:
            p.stop, p.stop_reason = self.level(stop), STOP_LOSS
        if (p.target - self.level(target)) * p.side > 0:
            p.target = self.level(target)

    def enter_order(self, t: int, order: Entry, *, at_open: bool) -> bool:
        """Carry out an order at the open of bar t, or at its own price inside it; returns whether it opened a position.

        The rest of a bar inside which a position was opened is like a bar of its own, see `rest_of`.
        """
        side = order.side
        if not self.may_enter(side):
            return False
        leaving = self.data.bid if side > 0 else self.data.ask
        open_, high, low, _ = (float(x[t]) for x in leaving)
        if at_open:
            price, leave = float(self.entry_prices(side)[0][t]), open_
        else:
            price = self.level(order.row[PRICE_OF])
            spread = float(self.data.ask[0][t] - self.data.bid[0][t])
            leave = price
            if self.data.has_spread:
                scale = self.data.price_scale
                leave = math.floor((price - side * spread) * scale + 0.5) / scale
            leave = min(max(leave, low), high)
        entry = price if order.kind == LIMIT else self.slipped(price, side)
        opened = self.open_at(t, side, entry, leave, self.aims_of(order, entry))
        if opened and not at_open:
            worst, best, target_first = self.rest_of(t, order, leave)
            self.filled = (self.open[-1], best)
            self.touch(t, leave, worst, best, target_first)
        return opened

    def rest_of(self, t: int, order: Entry, leave: float) -> tuple[float, float, bool]:
        """Worst and best price of bar t after an order was filled inside it, and whether the best comes first.

        It knows what surely came after the fill. Of what may have come before, it knows what goes against the position,
        or with `target_first` what goes in its favour; with `nearer_first`, the way of the bar says what came before.
        """
        side = order.side
        _, high, low, close = (float(x[t]) for x in (self.data.bid if side > 0 else self.data.ask))
        worst, best = (low, high) if side > 0 else (high, low)
        nearer, further = (max, min) if side > 0 else (min, max)
        rises = (side > 0) == (order.kind == STOP_ORDER)  # to its price
        target_first = self.rules.same_bar == "target_first"
        # Which extreme was there before the fill, if that is known: it is left out.
        was_worst = order.kind == STOP_ORDER and target_first
        was_best = order.kind == LIMIT and self.rules.same_bar == "stop_first"
        if self.rules.same_bar == "nearer_first":
            target_first = order.kind == STOP_ORDER
            if rises != self.is_high_nearer(t):
                was_worst, was_best = target_first, not target_first
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
