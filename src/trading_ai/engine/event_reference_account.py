"""The account of the reference simulator of events: positions of both sides, opened, closed in parts, stopped out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any

from trading_ai.engine.account import Account
from trading_ai.engine.event_orders import MOST_POSITIONS, EventOrder, HeldPosition, new_stop, new_target, part_of
from trading_ai.engine.execution_data import ExecutionData
from trading_ai.engine.records import END_OF_DATA, STOP_LOSS, STOP_OUT, TRAILING_STOP
from trading_ai.engine.reference_account import Exits, ReferenceAccount
from trading_ai.errors import EvaluationError
from trading_ai.market.symbol import Symbol

_NONE = Exits()


class EventAccount(ReferenceAccount):
    """Balance, positions and closed trades of one run; all money in account currency.

    Args:
        data: the execution bars.
        account: capital, sizing, costs and rules.
    """

    open: list[HeldPosition]  # type: ignore[assignment]

    def __init__(self, data: ExecutionData, account: Account) -> None:
        super().__init__(
            data, _NONE, capital=account.capital, sizing=account.sizing, costs=account.costs, rules=account.rules
        )
        self.trades: list[tuple[Any, ...]] = []
        self.skipped = 0
        self.slippage = self.spread = 0.0
        self.n_opened = self.n_ordered = 0
        self.half_cent = data.cent / 2
        sizing, symbol = self.sizing, self.symbol
        self.step = symbol.volume_step if sizing.volume_step is None else sizing.volume_step
        self.smallest = symbol.min_volume if sizing.min_volume is None else sizing.min_volume

    # Lists give Python's own numbers, which are quicker than NumPy's one at a time.

    @cached_property
    def bid(self) -> list[list[float]]:
        """Open, high, low, close of each bar at the bid."""
        return [price.tolist() for price in self.data.bid]

    @cached_property
    def ask(self) -> list[list[float]]:
        """The same at the ask."""
        return self.bid if self.data.ask[0] is self.data.bid[0] else [price.tolist() for price in self.data.ask]

    @cached_property
    def times(self) -> list[int]:
        """Open time of each bar, ns UTC."""
        times: list[int] = self.data.bars.open_time_ns.tolist()
        return times

    @property
    def n_closed(self) -> int:
        """Number of closed trades of the account."""
        return len(self.trades)

    def closed(self, i: int) -> tuple[tuple[Any, ...], Symbol]:
        """Closed trade i of the account, and its symbol."""
        return self.trades[i], self.symbol

    def change(self, change: Callable[[], None], due: int = 0) -> None:  # noqa: ARG002 - another one may wait for it
        """Change something that is in the market: at once.

        Args:
            change: what does it.
            due: the first bar in which what is changed may be carried out.
        """
        change()

    # --- what positions are worth ----------------------------------------------------------------------

    def open_value(self, bar: int, bid: float, ask: float) -> float:
        """Profit and swap of all open positions at these prices."""
        total = 0.0
        for p in self.open:
            price = bid if p.side > 0 else ask
            total += self.profit(p, price, bar) + self.swap(p, bar, price)
        return total

    def equity_at(self, bar: int, bid: float, ask: float) -> float:
        """Balance and open positions at these prices."""
        return self.balance + self.open_value(bar, bid, ask)

    def cannot_carry(self, bar: int, bid: float, ask: float) -> bool:
        """Whether the equity at these prices is down to what the account needs."""
        equity = self.equity_at(bar, bid, ask)
        return equity <= self.limit() or equity < self.half_cent

    # --- opening ----------------------------------------------------------------------------------------

    def whole_steps(self, units: float) -> float:
        """A size in whole steps of the volume; as it is where there are none."""
        return math.floor(units / self.step + 1e-9) * self.step if self.step and not math.isnan(units) else units

    def units_of(self, order: EventOrder, bar: int, price: float, equity: float) -> float:
        """Size of a fill in units, in whole steps of the volume; 0 where nothing can be opened."""
        if self.balance <= 0.0:
            return 0.0
        if order.units:
            units = self.whole_steps(order.units)
        else:
            distance = 0.0
            if self.sizing.mode == "risk_percent":
                distance = order.stop_pips or abs(price - order.stop) / self.pip
                if not distance > 0.0:
                    return 0.0  # what a position without a stop risks is not known
            units = self.size(bar, price, equity, distance * self.pip)
            # A fixed size was given for the own symbol, and may be too small for another one.
            return units if units >= self.smallest else 0.0
        if self.sizing.max_volume:
            units = min(units, self.sizing.max_volume)
        return units if units >= self.smallest else 0.0

    def fill(self, order: EventOrder, bar: int, quoted: float, bid: float, ask: float, inside: bool) -> None:
        """Open what an order says, if the rules and the balance allow it.

        Args:
            order: the order, which is used up either way.
            bar: the execution bar.
            quoted: the price it is filled at, before slippage.
            bid: bid price at that moment.
            ask: ask price at that moment.
            inside: whether the moment lies inside the bar instead of at its open.
        """
        order.is_live = False
        side = order.side
        if {"both": side, "long": 1, "short": -1}[self.rules.direction] != side:
            return
        is_limit = order.kind in {"limit", "stop_limit"}
        entry = quoted if is_limit else self.slipped(quoted, side)
        equity = self.equity_at(bar, bid, ask)
        units = self.units_of(order, bar, entry, equity)
        margin = used = 0.0
        if self.rules.leverage:
            margin = units * entry * self.rate(bar, entry) * (1.0 / self.rules.leverage)
        for p in self.everything():
            used += p.margin
        # The margin over 1 is for rounding: all in, at a leverage of 1, is just possible.
        if units <= 0.0 or equity < self.half_cent or margin > (equity - used) * (1.0 + 1e-9):
            self.skipped += 1
            return
        if len(self.open) >= MOST_POSITIONS:
            raise EvaluationError(
                f"more than {MOST_POSITIONS} positions are open at once: ask `if not ctx.position` first"
            )
        stop, reason = -side * math.inf, STOP_LOSS
        if order.stop_pips:
            stop = self.level(entry - side * (order.stop_pips * self.pip))
        elif not math.isnan(order.stop):
            stop = self.level(order.stop)
        if order.trail:
            trail = self.level(entry - side * order.trail)
            if (trail - stop) * side > 0:
                stop, reason = trail, TRAILING_STOP
        target = side * math.inf
        if order.target_pips:
            target = self.level(entry + side * (order.target_pips * self.pip))
        elif not math.isnan(order.target):
            target = self.level(order.target)
        paid = self.commission(units, entry, bar)
        self.balance -= paid
        self.n_opened += 1
        slips = 0.0 if is_limit else self.costs.slippage_pips * self.pip
        self.open.append(
            HeldPosition(
                bar, side, units, entry, stop, reason, target, entry, paid, margin,
                number=self.n_opened, trail=order.trail, is_inside=inside, slips=slips,
            )
        )  # fmt: skip

    def reserve(self, p: HeldPosition, units: float, stop: float, target: float, trail: float) -> HeldPosition:
        """Reserve a part of a position for an exit of its own: from here on it is a position of its own.

        Args:
            p: the position.
            units: how much of it; all of it where that is not less.
            stop: price of the part's stop, NaN for none.
            target: price of its target, NaN for none.
            trail: distance of its trailing stop, price units; 0 for none.
        """
        part = p
        if part_of(p.units, units) < p.units:
            if len(self.open) >= MOST_POSITIONS:
                raise EvaluationError(f"more than {MOST_POSITIONS} positions are open at once, their parts included")
            share = units / p.units
            self.n_opened += 1
            part = replace(
                p, units=units, commission=p.commission * share, margin=p.margin * share, number=self.n_opened
            )
            p.units -= units
            p.commission -= part.commission
            p.margin -= part.margin
            self.open.insert(self.open.index(p) + 1, part)
        new_stop(part, self.level(stop))
        new_target(part, self.level(target))
        part.trail, part.best, part.is_reserved = trail, part.entry, True
        return part

    # --- closing ----------------------------------------------------------------------------------------

    def close(
        self, p: HeldPosition, bar: int, price: float, reason: int, *,
        units: float = 0.0, ambiguous: bool = False, ruin: bool = False, slips: bool = False,
    ) -> None:  # fmt: skip
        """Close a position, or `units` of it, at a price.

        Where `ruin` closes all of them, the account owes nothing at any of them.
        """
        if not 0.0 < units < p.units:
            units = p.units
        share = units / p.units
        part = p
        if units < p.units:
            part = HeldPosition(
                p.entry_bar, p.side, units, p.entry, p.stop, p.stop_reason, p.target, p.best, p.commission * share,
                p.margin * share, slips=p.slips,
            )  # fmt: skip
        gross = self.profit(part, price, bar)
        paid_out = self.commission(units, price, bar)
        credit = self.swap(part, bar, price)
        left = self.balance + (gross - paid_out + credit)
        gross, left = self.owed(gross, left, bar, is_last=len(self.everything()) == 1 and part is p, ruin=ruin)
        self.balance = left
        # The balance after a trade is what closed trades made: what the others paid at their entries is part of them.
        booked = left
        if part is p:
            self.open.remove(p)
        else:
            p.units -= units
            p.commission -= part.commission
            p.margin -= part.margin
        for other in self.everything():
            booked += other.commission
        paid = part.commission + paid_out
        rate = self.rate(bar, price)
        self.slippage += (p.slips + (self.costs.slippage_pips * self.pip if slips else 0.0)) * units * rate
        crossed = p.entry_bar if p.side > 0 else bar
        self.spread += (self.ask[0][crossed] - self.bid[0][crossed]) * units * rate
        self.trades.append(
            (
                p.entry_bar, bar, self.times[p.entry_bar], self.times[bar], p.side, reason, ambiguous, units, p.entry,
                price, gross, paid, credit, gross - paid + credit, booked, 0.0, 0.0,
            )
        )  # fmt: skip

    def leave(
        self, p: HeldPosition, bar: int, price: float, reason: int, *,
        units: float = 0.0, ambiguous: bool = False, ruin: bool = False,
    ) -> None:  # fmt: skip
        """Close at a price that slips: a market or a stop order."""
        price = self.slipped(price, -p.side)
        self.close(p, bar, price, reason, units=units, ambiguous=ambiguous, ruin=ruin, slips=True)

    def stop_out(
        self, bar: int, bid: float, ask: float, best_bid: float = math.nan, best_ask: float = math.nan
    ) -> None:
        """Close what the account cannot carry at these prices: the largest loser, or everything if nothing is left.

        Args:
            bar: the bar.
            bid: bid price.
            ask: ask price.
            best_bid: the bar's best price for longs, if it may have come before; NaN if it may not.
            best_ask: likewise for shorts.
        """

        def worth(p: HeldPosition) -> float:
            price = bid if p.side > 0 else ask
            return self.profit(p, price, bar) + self.swap(p, bar, price)

        ruin = self.equity_at(bar, bid, ask) < self.half_cent
        for p in sorted(self.open, key=worth, reverse=True) if ruin else [min(self.open, key=worth)]:
            best = best_bid if p.side > 0 else best_ask
            unknown = (best - p.target) * p.side >= 0
            self.leave(p, bar, bid if p.side > 0 else ask, STOP_OUT, ambiguous=unknown, ruin=ruin)

    def at_close(self, bar: int) -> None:
        """Close at a bar's close what the account cannot carry there, and everything at the end of the data."""
        bid, ask = self.bid[3][bar], self.ask[3][bar]
        while self.open and self.cannot_carry(bar, bid, ask):
            self.stop_out(bar, bid, ask)
        if bar == self.data.n_bars - 1 and self.rules.close_at_end:
            for p in list(self.open):
                self.leave(p, bar, bid if p.side > 0 else ask, END_OF_DATA)
