"""One run of a strategy through Cerebro, and what it did as a run's records."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import backtrader as bt
import numpy as np

from trading_ai.engine.records import END_OF_DATA, SIGNAL, STOP_LOSS, STOP_OUT, TAKE_PROFIT, TRAILING_STOP
from trading_ai.engine.reported import Closed, Floats, SeenBars, trade_records
from trading_ai.engine.runs import Ran, RunRequest
from trading_ai_backtrader.broker import Broker, Fill, Order, Sizer, commission_of
from trading_ai_backtrader.feed import feed_of

KEPT_LOG = 65_536
"""Characters of what a run printed that are kept: the last ones."""

_REASONS = {
    Order.Stop: STOP_LOSS, Order.StopLimit: STOP_LOSS, Order.Limit: TAKE_PROFIT,
    Order.StopTrail: TRAILING_STOP, Order.StopTrailLimit: TRAILING_STOP,
}  # fmt: skip


class Recorder(bt.Analyzer):
    """Writes value and position down at each bar's close, and ends the run of an account that is ruined.

    It also makes the strategy wait until trading begins: bars before are seen by its indicators only.
    """

    params = (("n_warm", 0),)

    def __init__(self) -> None:
        super().__init__()
        self.values: list[float] = []
        self.sizes: list[float] = []
        self.ruined = False

    def start(self) -> None:
        """Let `next` be called from the close of the last bar before trading begins on."""
        waits = self.strategy._minperiods
        waits[0] = max(waits[0], self.p.n_warm)

    def next(self) -> None:
        """Write down; Backtrader also calls it for bars before the strategy's first."""
        broker = self.strategy.broker
        value = broker.getvalue()
        self.values.append(value)
        self.sizes.append(broker.getposition(self.data).size)
        if value <= 0.0 and not self.ruined:
            self.ruined = True
            self.strategy.env.runstop()


class _Tail(io.TextIOBase):
    """Keeps the end of what is written to it."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0

    def write(self, text: str) -> int:
        self._parts.append(text)
        self._length += len(text)
        if self._length > 2 * KEPT_LOG:
            kept = "".join(self._parts)[-KEPT_LOG:]
            self._parts, self._length = [kept], len(kept)
        return len(text)

    def text(self) -> str:
        return "".join(self._parts)[-KEPT_LOG:]


@contextmanager
def _same_luck() -> Iterator[None]:
    """Strategies that ask for luck have the same in each run, and nobody else's luck changes."""
    before, before_numpy = random.getstate(), np.random.get_state()
    random.seed(0)
    np.random.seed(0)
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(before_numpy)


def run(kind: type[Any], request: RunRequest) -> Ran:
    """Run a strategy class with one combination of parameters.

    Args:
        kind: a ``bt.Strategy`` class.
        request: bars, costs, account and parameters; its conversion is one fixed rate.

    Raises:
        Exception: whatever the strategy raises.
    """
    account, data, symbol = request.account, request.data, request.seen.symbol
    seen, rate = SeenBars(request), data.rate
    broker = Broker(seen)
    broker.setcash(account.capital / rate)
    broker.addcommissioninfo(commission_of(account, symbol, rate))
    if account.costs.slippage_pips:
        broker.set_slippage_fixed(account.costs.slippage_pips * symbol.pip_size)
    cerebro = bt.Cerebro()
    cerebro.setbroker(broker)
    feed = feed_of(request.seen)
    cerebro.adddata(feed, name=symbol.name)
    cerebro.addsizer(Sizer, account=account, symbol=symbol, rate=rate, spread=seen.ask_minus_bid)
    cerebro.addstrategy(kind, **request.parameters)
    cerebro.addanalyzer(Recorder, n_warm=seen.n_warm, _name="trading_ai_recorder")
    printed = _Tail()
    with redirect_stdout(printed), _same_luck():
        made = cerebro.run()
    if not made:  # bt.errors.StrategySkipError: it declined these parameters
        raise ValueError("the strategy asked to be skipped with these parameters")
    recorder = made[0].analyzers.trading_ai_recorder
    multiplier = broker.getcommissioninfo(feed).profitandloss(1.0, 0.0, 1.0)
    return _Result(request, seen, broker, recorder, multiplier).ran(printed.text())


class _Result:
    """What a run did."""

    def __init__(
        self, request: RunRequest, seen: SeenBars, broker: Broker, recorder: Recorder, multiplier: float
    ) -> None:
        self.request, self.seen, self.broker, self.multiplier = request, seen, broker, multiplier
        self.rate = request.data.rate
        self.values, self.sizes, self.ruined = np.array(recorder.values), np.array(recorder.sizes), recorder.ruined
        self.last_seen = len(recorder.values) - 1
        self.last = seen.last_of(self.last_seen)
        self._at = {id(fill): self._bar_of(fill) for fill in broker.fills}

    def ran(self, log: str) -> Ran:
        """The run's records."""
        request, data = self.request, self.request.data
        equity = self._equity()
        closed = list(self._closed())
        at_end, left = self._at_end(equity)
        if at_end is not None:
            closed.append(at_end)
        spreads = sum(abs(f.size) * self._spread(f) for f in self.broker.fills if f.size > 0)
        refused = self.broker.n_refused
        if refused:
            log += f"\n{refused} orders were refused by the broker: for want of cash, or placed too early."
        return Ran(
            trade_records(closed, data, request.account), equity, open_profit=left, n_skipped=refused, log=log,
            slippage=sum(abs(f.size) * f.slipped for f in self.broker.fills) * self.rate,
            spread=spreads * self.rate, ruined_bar=self.last if self.ruined else -1,
        )  # fmt: skip

    def _bar_of(self, fill: Fill) -> int:
        """The execution bar of a fill: the first of the feed's bar for an order at its open."""
        if fill.kind == Order.Market:
            return self.seen.first_of(fill.seen)
        if fill.kind == Order.Close:
            return self.seen.last_of(fill.seen)
        return self.seen.reached(fill.seen, fill.price, is_buy=fill.size > 0)

    def _spread(self, fill: Fill) -> float:
        bar, data = self._at[id(fill)], self.request.data
        return float(data.ask[3][bar] - data.bid[3][bar])

    def _equity(self) -> Floats:
        """Equity at each execution bar's close.

        Within a bar of the feed that spans several execution bars, the position is valued at each of their closes, and
        a fill counts from its own bar on. Shorts are valued at the ask.
        """
        data = self.request.data
        inside = np.minimum(self.seen.inside, self.last_seen)
        bid, ask = data.bid[3], data.ask[3]
        sizes = self.sizes[inside] * self.multiplier
        after = np.arange(data.n_bars) > self.last
        equity = self.values[inside] + sizes * (bid - self.request.seen.close[inside])
        equity -= np.maximum(-sizes, 0.0) * (ask - bid)
        for fill in self.broker.fills:
            before = slice(self.seen.first_of(fill.seen), self._at[id(fill)])
            held = fill.size * self.multiplier * (bid[before] - fill.price)
            equity[before] -= held - fill.closed_commission - fill.opened_commission
        equity[after] = equity[self.last]
        return equity * self.rate

    def _closed(self) -> Iterator[Closed]:
        """A trade for each fill that closes: of the position's average price, open since it was last flat."""
        entry_bar, size, commission = 0, 0.0, 0.0
        for fill in self.broker.fills:
            bar = self._at[id(fill)]
            if fill.closed:
                share = commission * min(abs(fill.closed / size), 1.0) if size else 0.0
                commission -= share
                yield Closed(
                    entry_bar, max(bar, entry_bar), 1 if fill.closed < 0 else -1, abs(fill.closed),
                    fill.entry_price, fill.price, fill.profit * self.rate,
                    (share + fill.closed_commission) * self.rate, exit_reason=_REASONS.get(fill.kind, SIGNAL),
                )  # fmt: skip
                size += fill.closed
            if fill.opened:
                if not size:
                    entry_bar, commission = bar, 0.0
                size += fill.opened
                commission += fill.opened_commission
        self._open = (entry_bar, size, commission)

    def _at_end(self, equity: Floats) -> tuple[Closed | None, float]:
        """The trade that closes what is left open, and the open profit of what is left out; changes the last equity."""
        entry_bar, size, commission = self._open
        if not size:
            return None, 0.0
        data, costs = self.request.data, self.request.account.costs
        side = 1 if size > 0 else -1
        price = float((data.bid if side > 0 else data.ask)[3][self.last])
        entry = self.broker.getposition(self.broker.cerebro.datas[0]).price
        if not (self.request.account.rules.close_at_end or self.ruined):
            return None, (price - entry) * size * self.multiplier * self.rate
        slipped = side * costs.slippage_pips * self.request.seen.symbol.pip_size
        info = self.broker.getcommissioninfo(self.broker.cerebro.datas[0])
        paid = info.getcommission(size, price - slipped)
        equity[self.last :] -= (abs(size) * abs(slipped) * self.multiplier + paid) * self.rate
        return Closed(
            entry_bar, self.last, side, abs(size), entry, price - slipped,
            (price - slipped - entry) * size * self.multiplier * self.rate, (commission + paid) * self.rate,
            exit_reason=STOP_OUT if self.ruined else END_OF_DATA,
        ), 0.0  # fmt: skip
