"""The reference simulator of events for strategies that see ticks: four of each bar, in the order of its way.

The ticks of a bar are its open, the extreme that its way goes to first, the other, and its close; the way is that of
`event_reference`, and is chosen after the first tick. Each is shown when the price is there, so none tells of what
comes after it. What is ordered at a tick is carried out there: at the market at its price, and a pending order, stop or
target that its price is at or beyond likewise.
"""

from __future__ import annotations

from collections.abc import Callable

from typing_extensions import override

from trading_ai.engine.account import Account
from trading_ai.engine.event_reference import EventSimulator
from trading_ai.engine.execution_data import ExecutionData


class TickSimulator(EventSimulator):
    """Simulates one run of a strategy that has `on_tick`.

    Args:
        data: the execution bars; finer ones give more ticks.
        account: capital, sizing, costs and rules.
        netting: as of `EventSimulator`.
        entry_delay: likewise; bars, so with any delay what is ordered at a tick waits for the open of a later bar.

    Attributes:
        on_tick: called at each tick; None until the strategy has seen a bar close, since until then it knows no bar.
    """

    def __init__(self, data: ExecutionData, account: Account, *, netting: bool = False, entry_delay: int = 0) -> None:
        super().__init__(data, account, netting=netting, entry_delay=entry_delay)
        self.on_tick: Callable[[], None] | None = None

    @override
    def one_bar(self, t: int) -> None:
        if self.on_tick is None or self.ruined_at is not None:
            super().one_bar(t)
            return
        bid, ask = self.bid[0][t], self.ask[0][t]
        if self.requests:
            self.market_orders(t, bid, ask, False)
        held, before = bool(self.open), self.n_opened
        if self.open or self.waiting:
            self.at_price(t, bid, ask, False)
        self.show(t, 0, 0)
        way = (0, 1, 2, 3) if self.goes_up_first(t) else (0, 2, 1, 3)
        for k in (1, 2, 3):
            if not self.is_quiet(t):
                begin, end = way[k - 1], way[k]
                self.walk(t, (self.bid[begin][t], self.ask[begin][t]), (self.bid[end][t], self.ask[end][t]))
            self.show(t, k, way[k])
        self.exposed += held or self.n_opened > before
        self.end_of(t)

    def show(self, t: int, k: int, column: int) -> None:
        """Show tick k of bar t to the strategy, and carry out what it orders there.

        Args:
            t: the bar.
            k: 0 its open, 1 and 2 its extremes, 3 its close.
            column: which of its prices: 0 open, 1 high, 2 low, 3 close.
        """
        if self.ruined_at is not None or self.on_tick is None:
            return
        bid, ask = self.bid[column][t], self.ask[column][t]
        self.tick, self.quoted, self.touched = k, (bid, ask), False
        self.on_tick()
        self.tick = -1
        if self.touched:
            self.market_orders(t, bid, ask, k > 0)
            self.at_price(t, bid, ask, k > 0)
