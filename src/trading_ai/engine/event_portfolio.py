"""Several symbols on one account: the strategy's own bars give the time, those of the others follow between them.

All bars are put in one order of time, see `event_symbols`. Results stand at the bars of the strategy's own symbol: the
equity at each of their closes, and a trade's bars as places among them, whatever symbol it is of.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.engine.event_symbols import DECIDE, END, QUOTE, WALK, Moment, SharedAccount, SymbolSimulator
from trading_ai.engine.excursions import add_excursions
from trading_ai.engine.markets import Market, Markets, ends_ns
from trading_ai.engine.records import END_OF_DATA, TRADE, trade_of_symbols
from trading_ai.engine.runs import Ran, RunRequest

Ints = npt.NDArray[np.int64]


class PortfolioSimulator(SymbolSimulator):
    """Carries out orders on the strategy's own symbol, and has a `SymbolSimulator` for each other one that it trades.

    Args:
        request: bars, costs and account of the run.
        netting: as of `EventSimulator`.
    """

    def __init__(self, request: RunRequest, *, netting: bool) -> None:
        own, shared = Market(request.data, request.account), SharedAccount(request.account.capital)
        bars = request.data.bars
        self._since, self._until = int(bars.open_time_ns[0]), int(ends_ns(bars)[-1])
        super().__init__(
            own, shared, netting=netting, entry_delay=request.entry_delay, since=self._since, until=self._until
        )
        self._markets = request.markets or Markets(request.seen, request.account, request.account_currency)
        self._closes = ends_ns(request.seen)
        self._by_name: dict[str, SymbolSimulator] = {self.symbol.name: self}
        self._now: Moment = (-1, DECIDE)
        self._total_marks = np.full(request.data.n_bars, np.nan)
        self.known = (-1, *request.data.close_before)
        self._wait()

    @override
    def of_symbol(self, name: str) -> SymbolSimulator:
        if name not in self._by_name:
            made = SymbolSimulator(
                self._markets.of(name), self.shared, netting=self.netting, entry_delay=self.entry_delay,
                since=self._since, until=self._until,
            )  # fmt: skip
            made.begin(self._now)
            self._by_name[name] = made
        return self._by_name[name]

    @property
    def trades_others(self) -> bool:
        """Whether orders on another symbol were looked after in this run."""
        return len(self._by_name) > 1

    @override
    def run(self, starts: Ints, decide: Callable[[int], None]) -> Ran:
        n = self.data.n_bars
        equity = np.empty(n)
        next_start: list[int] = starts[1:].tolist()
        times = self._decisions(starts)
        i = int(np.searchsorted(starts[1:], 0))
        for t in range(n):
            while i < len(next_start) and next_start[i] == t:
                self._now = (times[i], DECIDE)
                if self.trades_others:
                    self._advance(self._now)
                if self.ruined_at is None:
                    for each in self.shared.simulators:
                        if each.waiting:
                            each.expire(i)
                    decide(i)
                i += 1
            if not self.trades_others:
                self._alone(t)
                equity[t] = self.shared.equity() if self.open else self.shared.balance
                continue
            self._advance((self.ends[t], DECIDE))
            equity[t] = self.shared.equity()
            self.exposed += self.shared.is_exposed or any(each.open for each in self.shared.simulators)
            self.shared.is_exposed = False
        return self._ended(equity)

    def _decisions(self, starts: Ints) -> list[int]:
        """When each decision is made: as the strategy's bar ends, and not before its last execution bar has."""
        opens, ends = self.data.bars.open_time_ns, np.asarray(self.ends)
        start = starts[1:]
        inside = (start > 0) & (start < len(opens))
        place = np.clip(start, 1, len(opens) - 1) if len(opens) > 1 else np.zeros(len(start), dtype=np.int64)
        ended = np.maximum(self._closes[: len(start)], ends[place - 1])
        times = np.where(inside, np.minimum(ended, opens[place]), opens[0])
        made: list[int] = times.tolist()
        return made

    def _alone(self, t: int) -> None:
        """Take bar t to its close, where no other symbol is traded."""
        self.opened = t + 1
        if self.requests or self.waiting or self.open:
            self.known = (t, self.bid[0][t], self.ask[0][t])
            self.one_bar(t)
            self._total_marks[t] = self.marks[t]
        self.now = t + 1
        self.known = (t, self.bid[3][t], self.ask[3][t])
        self._wait()

    def _advance(self, until: Moment) -> None:
        """Take every symbol to a moment."""
        every = self.shared.simulators
        while True:
            first: SymbolSimulator = self
            for each in every:
                if each.next < first.next:
                    first = each
            if first.next >= until:
                return
            first.proceed()
            if first.next[1] == WALK:
                self._mark(first)

    def _mark(self, each: SymbolSimulator) -> None:
        """Note what the account is worth where an exit at an open left no position of any symbol."""
        bar = each.opened - 1
        left = each.marks[bar]
        if not math.isnan(left) and not any(other.open for other in self.shared.simulators if other is not each):
            self._total_marks[self._place_of(each, bar)] = left

    def _place_of(self, each: SymbolSimulator, bar: int) -> int:
        """The own symbol's bar in which a bar of some symbol begins, or which was the last before it."""
        if each is self:
            return bar
        return int(np.searchsorted(self.data.bars.open_time_ns, each.times[bar], side="right")) - 1

    def _ended(self, equity: npt.NDArray[np.float64]) -> Ran:
        """What the run gave, once every symbol's last bar has ended."""
        self._advance((END, QUOTE))
        every, ended_ruined = self.shared.simulators, self.shared.ruined_ns is not None
        if self.rules.close_at_end:
            for each in every:
                bar, bid, ask = each.known
                for p in list(each.open):
                    each.leave(p, bar, bid if p.side > 0 else ask, END_OF_DATA)
            if self.shared.ruined_ns is not None and not ended_ruined:
                self.shared.ruined_ns = self.times[-1]
        equity[-1] = self.shared.equity()
        ruined = self.shared.ruined_ns
        opens = self.data.bars.open_time_ns
        return Ran(
            self._trades(), equity,
            open_profit=self.shared.value(),
            n_skipped=sum(each.skipped for each in every),
            bars_exposed=self.exposed,
            slippage=sum(each.slippage for each in every),
            spread=sum(each.spread for each in every),
            ruined_bar=-1 if ruined is None else int(np.searchsorted(opens, ruined, side="right")) - 1,
            marks=self._total_marks,
        )  # fmt: skip

    def _trades(self) -> npt.NDArray[np.void]:
        """Closed trades of all symbols in order of closing."""
        made = {}
        for each in self.shared.simulators:
            trades = np.array(each.trades, dtype=TRADE)
            add_excursions(trades, each.data)
            made[each] = trades
        if not self.trades_others:
            return made[self]
        opens = self.data.bars.open_time_ns
        joined = np.zeros(len(self.shared.closed), dtype=trade_of_symbols(self._by_name))
        for row, (each, place) in enumerate(self.shared.closed):
            joined[row] = (*made[each][place].item(), each.symbol.name)
        for bar, time in (("entry_bar", "entry_time_ns"), ("exit_bar", "exit_time_ns")):
            joined[bar] = np.searchsorted(opens, joined[time], side="right") - 1
        return joined
