"""Orders on one of several symbols of an account: the simulator of events, with cash, margin and ruin in common."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from typing_extensions import override

from trading_ai.engine.event_orders import EventOrder, HeldPosition, new_stop, new_target
from trading_ai.engine.event_reference import EventSimulator
from trading_ai.engine.markets import Market, ends_ns
from trading_ai.engine.records import STOP_OUT
from trading_ai.market.symbol import Symbol

WALK, SETTLE, CARRY, DECIDE, QUOTE, OPEN = range(6)
"""What happens at one moment, in this order, and each for all symbols before the next: bars that end are walked, their
closes become the prices that are known, and the account is looked at; the strategy decides; bars that begin are quoted,
and what was ordered is carried out at their opens."""

END = 2**63 - 1
"""A time after every bar."""

Moment = tuple[int, int]
"""A time, ns UTC, and which of these is next."""


class SharedAccount:
    """What several symbols have in common.

    Args:
        capital: account currency.

    Attributes:
        balance: account currency.
        simulators: one for each symbol that is traded, the strategy's own first.
        closed: closed trades in order: whose, and its place among that one's.
        ruined_ns: open of the bar in which nothing was left; None without one.
        is_exposed: whether a position was open since this was last reset.
    """

    def __init__(self, capital: float) -> None:
        self.balance = capital
        self.simulators: list[SymbolSimulator] = []
        self.closed: list[tuple[SymbolSimulator, int]] = []
        self.ruined_ns: int | None = None
        self.is_exposed = False

    def everything(self) -> list[HeldPosition]:
        """Every open position."""
        return [p for each in self.simulators for p in each.open]

    def value(self, without: SymbolSimulator | None = None) -> float:
        """Profit and swap of open positions at the last known prices, but for those of one symbol."""
        total = 0.0
        for each in self.simulators:
            if each.open and each is not without:
                total += each.known_value()
        return total

    def equity(self) -> float:
        """Balance and open positions at the last known prices."""
        return self.balance + self.value()


class SymbolSimulator(EventSimulator):
    """Carries out the orders on one symbol.

    Its bars are taken in steps, so that those of several symbols follow each other in time. A bar's open is a price
    that is known when it begins. What lies inside it is walked when it ends, because a strategy may decide in between,
    and must not see what comes later. Until then the other symbols count it with its open.

    Args:
        market: its bars.
        shared: the account.
        netting: as of `EventSimulator`.
        entry_delay: likewise.
        since: the first moment that is traded, ns UTC.
        until: bars that open at or after this moment do not exist, ns UTC.

    Attributes:
        ends: when each bar is over, ns UTC.
        opened: place of the first bar that has not begun.
        next: when something happens next.
        known: the bar whose price was last known, its bid and its ask.
    """

    def __init__(
        self, market: Market, shared: SharedAccount, *, netting: bool, entry_delay: int, since: int, until: int
    ) -> None:
        self.shared, balance = shared, shared.balance
        super().__init__(market.data, market.account, netting=netting, entry_delay=entry_delay)
        shared.balance = balance  # which goes on, and does not begin with the capital again
        self.ends: list[int] = ends_ns(market.data.bars).tolist()
        self._since, self._end = since, bisect_left(self.times, until)
        self._later: list[Callable[[], None]] = []
        self.opened = 0
        self.known = (-1, math.nan, math.nan)
        self.next: Moment = (END, QUOTE)
        shared.simulators.append(self)

    # --- what is common --------------------------------------------------------------------------------

    @property  # type: ignore[explicit-override]  # mypy does not see it where there is a setter
    @override
    def balance(self) -> float:
        """Balance of the account."""
        return self.shared.balance

    @balance.setter
    @override
    def balance(self, value: float) -> None:
        self.shared.balance = value

    @property  # type: ignore[explicit-override]  # likewise
    @override
    def ruined_at(self) -> int | None:
        """None as long as something is left; `shared` knows when that ended."""
        return None if self.shared.ruined_ns is None else 0

    @ruined_at.setter
    @override
    def ruined_at(self, bar: int | None) -> None:
        if bar is not None:
            self.shared.ruined_ns = self.times[bar]

    @property
    @override
    def n_closed(self) -> int:
        return len(self.shared.closed)

    @override
    def closed(self, i: int) -> tuple[tuple[Any, ...], Symbol]:
        whose, place = self.shared.closed[i]
        return whose.trades[place], whose.symbol

    @override
    def everything(self) -> Sequence[HeldPosition]:
        return self.shared.everything()

    @override
    def cash(self) -> float:
        return self.shared.balance + self.shared.value(without=self)

    @override
    def equity_at(self, bar: int, bid: float, ask: float) -> float:
        return self.shared.balance + (self.shared.value(without=self) + self.open_value(bar, bid, ask))

    def known_value(self) -> float:
        """Profit and swap of its open positions at its last known price; 0 if entered inside a bar that goes on."""
        bar, bid, ask = self.known
        total = 0.0
        for p in self.open:
            if not p.is_inside:
                price = bid if p.side > 0 else ask
                total += self.profit(p, price, bar) + self.swap(p, bar, price)
        return total

    @override
    def close(self, p: HeldPosition, bar: int, price: float, reason: int, **how: Any) -> None:
        self.shared.closed.append((self, len(self.trades)))
        super().close(p, bar, price, reason, **how)

    @override
    def stop_out(
        self, bar: int, bid: float, ask: float, best_bid: float = math.nan, best_ask: float = math.nan
    ) -> None:
        """Close the largest loser of all symbols, each at its last known price; see `EventAccount.stop_out`."""

        def place_of(whose: SymbolSimulator, p: HeldPosition) -> tuple[int, float]:
            if whose is not self and p.is_inside:
                return whose.known[0], p.entry  # the bar's open was before it, what came after is not known yet
            at, at_bid, at_ask = (bar, bid, ask) if whose is self else whose.known
            return at, at_bid if p.side > 0 else at_ask

        def worth(held: tuple[SymbolSimulator, HeldPosition]) -> float:
            whose, p = held
            at, price = place_of(whose, p)
            return whose.profit(p, price, at) + whose.swap(p, at, price)

        ruin = self.equity_at(bar, bid, ask) < self.half_cent
        every = [(each, p) for each in self.shared.simulators for p in each.open]
        for whose, p in sorted(every, key=worth, reverse=True) if ruin else [min(every, key=worth)]:
            at, price = place_of(whose, p)
            best = (best_bid if p.side > 0 else best_ask) if whose is self else math.nan
            unknown = (best - p.target) * p.side >= 0
            whose.leave(p, at, price, STOP_OUT, ambiguous=unknown, ruin=ruin)
        if (
            self.shared.ruined_ns is not None
        ):  # which was at this price, whenever the last one that was closed had its own
            self.shared.ruined_ns = self.times[bar]

    # --- what is ordered -------------------------------------------------------------------------------

    @override
    def place(self, order: EventOrder) -> None:
        super().place(order)
        order.due = self.opened + self.entry_delay

    @override
    def change(self, change: Callable[[], None], due: int = 0) -> None:
        """Change what is in the market: after the bar that is under way, if it takes part in that."""
        if due < self.opened > self.now:
            self._later.append(change)
        else:
            change()

    @override
    def reserve(self, p: HeldPosition, units: float, stop: float, target: float, trail: float) -> HeldPosition:
        """Reserve a part; its levels hold from the end of a bar that is under way on, see `change`."""
        if self.opened == self.now:
            return super().reserve(p, units, stop, target, trail)
        levels = p.stop, p.stop_reason, p.target, p.trail, p.best
        part = super().reserve(p, units, math.nan, math.nan, 0.0)
        best = part.best
        part.stop, part.stop_reason, part.target, part.trail, part.best = levels

        def change() -> None:
            new_stop(part, self.level(stop))
            new_target(part, self.level(target))
            part.trail, part.best = trail, best

        self.change(change)
        return part

    @override
    def expire(self, strategy_bar: int) -> None:
        for order in self.waiting:
            if 0 <= order.last_bar <= strategy_bar:
                self.change(lambda order=order: setattr(order, "is_live", False), order.due)  # type: ignore[misc]
        self.waiting = [order for order in self.waiting if order.is_live]

    @property
    @override
    def moment(self) -> tuple[int, float, float]:
        return self.known

    # --- step by step ----------------------------------------------------------------------------------

    def begin(self, now: Moment) -> None:
        """Stand at a moment; what was before it happened without any order."""
        first = bisect_left(self.times, self._since)
        now = max(now, (self._since, DECIDE))
        begun = bisect_left(self.times, now[0])
        ended = bisect_right(self.ends, now[0], hi=begun)
        self.opened, self.now = max(first, begun), max(first, ended)
        if begun > ended:
            self.known = (ended, self.bid[0][ended], self.ask[0][ended])
            # What began before the first moment is not traded, and its close is known as it ends all the same.
            self.next = (self.ends[ended], WALK if self.opened > self.now else SETTLE)
            return
        if ended:
            self.known = (ended - 1, self.bid[3][ended - 1], self.ask[3][ended - 1])
        self._wait()

    def proceed(self) -> None:
        """Do what happens next."""
        time, what = self.next
        k = self.opened - 1
        if what == QUOTE:
            k = self.opened
            self.opened += 1
            self.known = (k, self.bid[0][k], self.ask[0][k])
            # A bar that begins without anything in the market has nothing to carry out, at its open or inside it.
            is_idle = not (self.requests or self.waiting or self.open)
            self.next = (self.ends[k], SETTLE) if is_idle else (time, OPEN)
        elif what == OPEN:
            self.at_open(k)
            self.next = (self.ends[k], WALK)
        elif what == WALK:
            if self.open or self.waiting:
                before = self.n_opened
                self.shared.is_exposed |= bool(self.open)
                self.inside_bar(k)
                self.shared.is_exposed |= self.n_opened > before
            self.next = (time, SETTLE)
        elif what == SETTLE:
            if self.open or self.waiting:
                self.waiting = [order for order in self.waiting if order.is_live]
                self.after_bar(k)
            self.now = self.opened
            self.known = (k, self.bid[3][k], self.ask[3][k])
            if self._later:
                for change in self._later:
                    change()
                self._later.clear()
            if self.open:
                self.next = (time, CARRY)
            else:
                self._wait()
        else:
            self.at_close(k)
            self._wait()

    def at_open(self, t: int) -> None:
        """Carry out at the open of bar t what waits for it."""
        bid, ask = self.bid[0][t], self.ask[0][t]
        if self.requests:
            self.market_orders(t, bid, ask, False)
        if self.open or self.waiting:
            before = self.n_opened
            self.shared.is_exposed |= bool(self.open)
            self.at_price(t, bid, ask, False)
            self.shared.is_exposed |= self.n_opened > before

    @override
    def at_close(self, bar: int) -> None:
        """Close at a bar's close what the account cannot carry there."""
        bid, ask = self.bid[3][bar], self.ask[3][bar]
        while self.shared.everything() and self.cannot_carry(bar, bid, ask):
            self.stop_out(bar, bid, ask)

    def _wait(self) -> None:
        """Wait for the next bar, if there is one."""
        self.next = (self.times[self.opened], QUOTE) if self.opened < self._end else (END, QUOTE)
