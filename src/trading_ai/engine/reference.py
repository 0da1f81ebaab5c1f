"""The reference simulator: plain Python, one bar after the other, written to be read.

It is slow on purpose and shares no code with the compiled simulators; tests hold them to the same trades,
equity and daily profits, bit for bit. Where the documentation of a rule and this file disagree, one of
them has a bug.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from trading_ai.engine.costs import Costs
from trading_ai.engine.excursions import add_excursions
from trading_ai.engine.execution_data import ExecutionData
from trading_ai.engine.orders import BarMap, Orders
from trading_ai.engine.records import (
    BREAK_EVEN,
    END_OF_DATA,
    SIGNAL,
    STOP_LOSS,
    STOP_OUT,
    TAKE_PROFIT,
    TIME_EXIT,
    TRADE,
    TRAILING_STOP,
)
from trading_ai.engine.reference_account import Exits, Position, ReferenceAccount
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing


@dataclass(frozen=True)
class Aims:
    """What an entry aims at.

    Attributes:
        stop: price of its stop; infinitely far for none.
        target: price of its target likewise.
        trail: distance of its trailing stop, price units; 0 for none.
        risk: distance from the entry to its stop, price units, which sizes by risk are made of.
        units: its size; NaN for the account's.
    """

    stop: float
    target: float
    trail: float
    risk: float
    units: float = math.nan


@dataclass
class ReferenceResult:
    """What the reference simulator saw.

    Attributes:
        trades: closed trades in order of closing, `records.TRADE`.
        equity: equity at each bar's close, shape (n_bars,).
        marks: (bar, equity) of every valuation, in order: each bar's close, and the balance whenever an
            exit at an open leaves no position.
        daily_profit: change of equity over each trading day, shape (n_days,).
        open_profit: profit of positions left open at the end.
        skipped: entries that were not opened for want of size, balance or margin.
        bars_exposed: bars with at least one open position.
        ruined_at: bar at which the equity reached zero, or None.
    """

    trades: npt.NDArray[np.void]
    equity: npt.NDArray[np.float64]
    marks: list[tuple[int, float]] = field(default_factory=list)
    daily_profit: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    open_profit: float = 0.0
    skipped: int = 0
    bars_exposed: int = 0
    ruined_at: int | None = None


class ReferenceSimulator(ReferenceAccount):
    """Simulates one combination; make one for each run."""

    def __init__(
        self,
        data: ExecutionData,
        orders: Orders,
        bar_map: BarMap,
        exits: Exits,
        *,
        capital: float,
        sizing: Sizing,
        costs: Costs,
        rules: ExecutionRules,
    ) -> None:
        super().__init__(data, exits, capital=capital, sizing=sizing, costs=costs, rules=rules)
        self.orders, self.bar_map = orders, bar_map
        self.trades: list[tuple[object, ...]] = []
        self.marks: list[tuple[int, float]] = []
        self.skipped = 0
        self.bars_exposed = 0

    def close(
        self, p: Position, bar: int, price: float, reason: int, ambiguous: bool = False, ruin: bool = False
    ) -> None:
        """Close a position at a price; where `ruin` closes all of them, the account owes nothing at any of them."""
        gross = self.profit(p, price, bar)
        paid_out = self.commission(p.units, price, bar)
        credit = self.swap(p, bar, price)
        left = self.balance + (gross - paid_out + credit)
        gross, left = self.owed(gross, left, bar, is_last=len(self.open) == 1, ruin=ruin)
        self.balance = left
        # The balance after a trade is what closed trades made: what the others paid at their entries is part of them.
        booked = left
        for other in self.open:
            if other is not p:
                booked += other.commission
        paid = p.commission + paid_out
        times = self.data.bars.open_time_ns
        self.trades.append(
            (
                p.entry_bar,
                bar,
                times[p.entry_bar],
                times[bar],
                p.side,
                reason,
                ambiguous,
                p.units,
                p.entry,
                price,
                gross,
                paid,
                credit,
                gross - paid + credit,
                booked,
                0.0,
                0.0,
            )
        )
        self.open.remove(p)

    def stop_out(self, bar: int, price: float, best: float | None = None) -> None:
        """Close what the account cannot carry at a price: the largest loser, or everything if nothing is left.

        Args:
            bar: the bar.
            price: price of the side that the positions leave at.
            best: the bar's best price for them, if it may have come before; None if it may not.
        """

        def worth(p: Position) -> float:
            return self.profit(p, price, bar) + self.swap(p, bar, price)

        ruin = self.equity(bar, price) < self.data.cent / 2
        closed = sorted(self.open, key=worth, reverse=True) if ruin else [min(self.open, key=worth)]
        for p in closed:
            unknown = best is not None and (best - p.target) * p.side >= 0
            self.close(p, bar, self.slipped(price, -p.side), STOP_OUT, unknown, ruin)

    def exits_at_open(self, t: int, order: int) -> bool:
        """Carry out exits at the open of bar t; returns whether the entry order was used up by one."""
        consumed = False
        for p in list(self.open):
            wanted = self.orders.exit_long if p.side > 0 else self.orders.exit_short
            inside = self.bar_map.strategy_bar
            held = int(inside[t] - inside[p.entry_bar]) if inside.size else t - p.entry_bar
            if wanted.size and wanted[t]:
                reason = SIGNAL
            elif self.exits.time_exit and held >= self.exits.time_exit:
                reason = TIME_EXIT
            elif order == -p.side and self.rules.opposite_signal != "ignore":
                reason = SIGNAL
                consumed = consumed or self.rules.opposite_signal == "close"
            else:
                continue
            price = (self.data.bid if p.side > 0 else self.data.ask)[0][t]
            self.close(p, t, self.slipped(float(price), -p.side), reason)
            if not self.open:
                self.marks.append((t, self.balance))
        return consumed

    def enter(self, t: int, side: int) -> None:
        """Open a position at the open of bar t, if the rules and the balance allow it."""
        if self.may_enter(side):
            entry = self.slipped(float((self.data.ask if side > 0 else self.data.bid)[0][t]), side)
            leave = float((self.data.bid if side > 0 else self.data.ask)[0][t])
            self.open_at(t, side, entry, leave, self.aims(side, self.anchor(t, side, entry)))

    def may_enter(self, side: int) -> bool:
        """Whether the rules leave room for a position of that side."""
        wanted = {"both": (1, -1), "long": (1,), "short": (-1,)}[self.rules.direction]
        if side not in wanted or len(self.open) >= self.rules.max_positions:
            return False
        return all(p.side == side for p in self.open)

    def anchor(self, t: int, side: int, entry: float) -> float:
        """The price that distances are measured from, of an entry that was ordered at the open of bar t."""
        if self.rules.level_anchor != "signal_close":
            return entry
        close = (self.data.ask if side > 0 else self.data.bid)[3]
        return float(close[t - 1]) if t else self.data.close_before[side > 0]

    def aims(self, side: int, anchor: float) -> Aims:
        """Where an entry's stop and target lie, by the exit parameters."""
        x = self.exits
        stop = self.level(anchor - side * (x.stop_loss * self.pip)) if x.stop_loss else -side * math.inf
        target = self.level(anchor + side * (x.take_profit * self.pip)) if x.take_profit else side * math.inf
        return Aims(stop, target, x.trailing_stop * self.pip, x.stop_loss * self.pip)

    def open_at(self, t: int, side: int, entry: float, leave: float, aims: Aims) -> bool:
        """Open a position at a price, if the account can carry it; returns whether it was opened.

        Args:
            t: the bar.
            side: +1 long, -1 short.
            entry: the fill.
            leave: price at which positions of that side could be closed at that moment.
            aims: stop, target and size.
        """
        equity = self.equity(t, leave)
        units = self.size(t, entry, equity, aims.risk, aims.units)
        margin = used = 0.0
        if self.rules.leverage:
            margin = units * entry * self.rate(t, entry) * (1.0 / self.rules.leverage)
        for p in self.open:
            used += p.margin
        # The margin over 1 is for rounding: all in, at a leverage of 1, is just possible.
        if units <= 0 or equity < self.data.cent / 2 or margin > (equity - used) * (1.0 + 1e-9):
            self.skipped += 1
            return False
        paid = self.commission(units, entry, t)
        self.balance -= paid
        self.open.append(self.position(t, side, units, entry, aims, paid, margin))
        return True

    def position(
        self, t: int, side: int, units: float, entry: float, aims: Aims, paid: float = 0.0, margin: float = 0.0
    ) -> Position:
        """A position as it is opened: its stop is the nearer one of its own and the trailing one.

        Args:
            t: the bar.
            side: +1 long, -1 short.
            units: its size.
            entry: the fill.
            aims: stop, target and distance of the trailing stop.
            paid: commission paid for the entry, account currency.
            margin: what it ties up, account currency.
        """
        stop, reason = aims.stop, STOP_LOSS
        if aims.trail:
            trail = self.level(entry - side * aims.trail)
            if (trail - stop) * side > 0:
                stop, reason = trail, TRAILING_STOP
        return Position(t, side, units, entry, stop, reason, aims.target, entry, paid, margin, aims.trail)

    def inside_bar(self, t: int) -> None:
        """Fill the levels that bar t touches: its open decides first, then the way against the positions."""
        if not self.open:
            return
        side = self.open[0].side
        open_, high, low, _ = (float(x[t]) for x in (self.data.bid if side > 0 else self.data.ask))
        worst, best = (low, high) if side > 0 else (high, low)
        self.touch(t, open_, worst, best, self.target_comes_first(t, side))

    def is_high_nearer(self, t: int) -> bool:
        """Whether bar t is taken to go to its high before its low: to the extreme that is nearer to its open."""
        open_, high, low, _ = (float(x[t]) for x in self.data.bid)
        return high - open_ < open_ - low

    def target_comes_first(self, t: int, side: int) -> bool:
        """Whether bar t reaches what lies in favour of a position before what lies against it."""
        if self.rules.same_bar == "nearer_first":
            return self.is_high_nearer(t) == (side > 0)
        return self.rules.same_bar == "target_first"

    def touch(self, t: int, open_: float, worst: float, best: float, target_first: bool) -> None:
        """Fill the levels of the open positions between prices of bar t.

        On the way against the positions come, in the order of their prices, their stops and the level at which the
        account can no longer carry them; a stop at the very same price comes first. Targets are reached after it, or
        before it.

        Args:
            t: the bar.
            open_: the first price, of the side that the positions leave at.
            worst: the price furthest against them.
            best: the price furthest in their favour.
            target_first: whether the best price comes before the worst.
        """
        side = self.open[0].side
        for p in list(self.open):
            if (p.stop - open_) * side >= 0:
                self.close(p, t, self.slipped(open_, -side), p.stop_reason)
            elif (open_ - p.target) * side >= 0:
                self.close(p, t, open_, TAKE_PROFIT)
        while self.open and (self.level_of_account(t) - open_) * side >= 0:
            self.stop_out(t, open_)
        if target_first:
            self.reach_targets(t, best, worst)
        at = open_
        while self.open:
            level = self.level_of_account(t)
            level = at if (level - at) * side > 0 else level
            stopped = [p for p in self.open if (p.stop - worst) * side >= 0]
            nearest = max(stopped, key=lambda p: p.stop * side) if stopped else None
            if (level - worst) * side >= 0 and (nearest is None or (level - nearest.stop) * side > 0):
                at = level
                self.stop_out(t, level, best)
            elif nearest is not None:
                at = nearest.stop
                reached = (best - nearest.target) * side >= 0
                self.close(nearest, t, self.slipped(at, -side), nearest.stop_reason, reached)
            else:
                break
        self.reach_targets(t, best, worst)

    def reach_targets(self, t: int, best: float, worst: float) -> None:
        """Close positions whose target lies inside the bar; ambiguous where their stop does too."""
        for p in list(self.open):
            if (best - p.target) * p.side >= 0:
                self.close(p, t, p.target, TAKE_PROFIT, (p.stop - worst) * p.side >= 0)

    def after_bar(self, t: int) -> None:
        """Move trailing and break-even stops, effective from the next bar."""
        for p in self.open:
            best = self.best_of(p, t)
            p.best = max(p.best, best) if p.side > 0 else min(p.best, best)
            if p.trail:
                trail = self.level(p.best - p.side * p.trail)
                if (trail - p.stop) * p.side > 0:
                    p.stop, p.stop_reason = trail, TRAILING_STOP
            if self.exits.break_even:
                trigger = self.level(p.entry + p.side * (self.exits.break_even * self.pip))
                if (best - trigger) * p.side >= 0 and (p.entry - p.stop) * p.side > 0:
                    p.stop, p.stop_reason = p.entry, BREAK_EVEN

    def best_of(self, p: Position, t: int) -> float:
        """The best price that bar t had for a position."""
        return float(self.data.bid[1][t] if p.side > 0 else self.data.ask[2][t])

    def open_profit(self, t: int) -> float:
        """Profit of the open positions at bar t's close."""
        total = 0.0
        for p in self.open:
            price = float((self.data.bid if p.side > 0 else self.data.ask)[3][t])
            total += self.profit(p, price, t) + self.swap(p, t, price)
        return total

    def at_close(self, t: int) -> None:
        """Close at bar t's close what the account cannot carry there, and everything at the end of the data."""
        while self.open:
            price = float((self.data.bid if self.open[0].side > 0 else self.data.ask)[3][t])
            equity = self.equity(t, price)
            if equity > self.limit() and equity >= self.data.cent / 2:
                break
            self.stop_out(t, price)
        if t == self.data.n_bars - 1 and self.rules.close_at_end:
            for p in list(self.open):
                price = float((self.data.bid if p.side > 0 else self.data.ask)[3][t])
                self.close(p, t, self.slipped(price, -p.side), END_OF_DATA)

    def before_close(self, t: int) -> bool:
        """What happens at the open of bar t and inside it; returns whether a position was open."""
        order = int(self.orders.entry[t])
        consumed = self.exits_at_open(t, order)
        if order and not consumed:
            self.enter(t, order)
        was_open = bool(self.open)
        self.inside_bar(t)
        return was_open

    def run(self) -> ReferenceResult:
        """Simulate every bar."""
        n = self.data.n_bars
        equity = np.empty(n)
        for t in range(n):
            self.bars_exposed += self.before_close(t)
            self.after_bar(t)
            self.at_close(t)
            equity[t] = self.balance + self.open_profit(t)
            self.marks.append((t, float(equity[t])))
        day_equity = np.concatenate([[self.capital], equity[self.data.day_last_bar]])
        trades = np.array(self.trades, dtype=TRADE)
        add_excursions(trades, self.data)
        return ReferenceResult(
            trades=trades,
            equity=equity,
            marks=self.marks,
            daily_profit=np.diff(day_equity),
            open_profit=self.open_profit(n - 1),
            skipped=self.skipped,
            bars_exposed=self.bars_exposed,
            ruined_at=self.ruined_at,
        )
