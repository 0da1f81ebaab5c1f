"""An event strategy that does what a table says, and both simulators on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trading_ai.engine.account import Account
from trading_ai.engine.compiled.event_desk import equity_now
from trading_ai.engine.costs import Costs
from trading_ai.engine.event_compile import compiled
from trading_ai.engine.event_compiled_run import run_compiled
from trading_ai.engine.event_context import EventContext
from trading_ai.engine.event_reference import EventSimulator
from trading_ai.engine.execution_data import prepare
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.runs import RunRequest
from trading_ai.engine.sizing import Sizing
from trading_ai.evaluation.event_runs import run_events
from trading_ai.strategies.event import EventStrategy

(
    NOTHING,
    MARKET,
    LIMIT,
    STOP,
    STOP_LIMIT,
    EXIT,
    CLOSE,
    MOVE_STOP,
    MOVE_TARGET,
    TRAIL,
    CANCEL,
    LEVELS,
    GROUP,
    REVERSE,
    RESERVE,
) = range(15)
N_COLUMNS = 9


class Program(EventStrategy):
    """Carries out the rows of its table: what, side, size, price, second price, stop, target, trail, expiry."""

    def on_bar(self, ctx):
        for k in range(self.table.shape[1]):
            what, side, size = self.table[ctx.bar, k, 0], self.table[ctx.bar, k, 1], self.table[ctx.bar, k, 2]
            price, second = self.table[ctx.bar, k, 3], self.table[ctx.bar, k, 4]
            stop, target = self.table[ctx.bar, k, 5], self.table[ctx.bar, k, 6]
            trail, expiry = self.table[ctx.bar, k, 7], int(self.table[ctx.bar, k, 8])
            self.n_done += what > 0
            if what == MARKET and side > 0:
                ctx.buy(size, stop_pips=stop, target_pips=target, trail=trail)
            elif what == MARKET:
                ctx.sell(size, stop_pips=stop, target_pips=target, trail_pips=trail * 10000)
            elif what == LIMIT and side > 0:
                ctx.buy(size, limit=price, stop_pips=stop, target_pips=target, trail=trail, expiry=expiry)
            elif what == LIMIT:
                ctx.sell(size, limit=price, stop_pips=stop, target_pips=target, trail=trail, expiry=expiry)
            elif what == STOP and side > 0:
                ctx.buy(size, stop_price=price, stop_pips=stop, target_pips=target, expiry=expiry, trail=trail)
            elif what == STOP:
                ctx.sell(size, stop_price=price, stop_pips=stop, target_pips=target, expiry=expiry)
            elif what == STOP_LIMIT and side > 0:
                ctx.buy(size, stop_price=price, limit=second, stop_pips=stop, target_pips=target, expiry=expiry)
            elif what == STOP_LIMIT:
                ctx.sell(size, stop_price=price, limit=second, stop_pips=stop, target_pips=target, expiry=expiry)
            elif what == LEVELS and side > 0:
                ctx.buy(size, stop=price, target=second)
            elif what == LEVELS:
                ctx.sell(stop=price, target=second)
            elif what == GROUP:
                ctx.buy(size, stop_price=price, oco="both", stop_pips=stop)
                ctx.sell(size, stop_price=second, oco="both", target_pips=target)
            elif what == EXIT and size > 0:
                ctx.exit(size, side)
            elif what == EXIT:
                ctx.exit(side=side)
            elif what == CLOSE and size > 0:
                ctx.position.close(size)
            elif what == CLOSE:
                ctx.position.close()
            elif what == MOVE_STOP:
                ctx.position.modify(stop=price)
            elif what == MOVE_TARGET:
                ctx.position.modify(target=price)
            elif what == TRAIL:
                ctx.position.trail(trail)
            elif what == REVERSE and side > 0 and trail > 0:
                ctx.buy(reverse=True, pyramiding=expiry, stop_pips=stop, target_pips=target)
            elif what == REVERSE and side > 0:
                ctx.buy(size, stop_price=price, reverse=True, pyramiding=1, stop_pips=stop, oco="both")
            elif what == REVERSE and trail > 0:
                ctx.sell(size, limit=price, reverse=expiry > 1, stop_pips=stop, target_pips=target)
            elif what == REVERSE:
                ctx.sell(size, stop_price=price, limit=second, reverse=True, stop_pips=stop, target_pips=target)
            elif what == RESERVE and target > 0:
                ctx.position.reserve(size / 2, stop=price, target=second)
            elif what == RESERVE and expiry > 0:
                ctx.position.reserve(size, target=second, trail=trail)
            elif what == RESERVE:
                ctx.position.reserve(stop=price)
            elif what == CANCEL:
                ctx.cancel_all()
        if self.watches and ctx.position.profit < -50.0 and ctx.equity > 0.9 * ctx.balance:
            ctx.exit(side=1)


class NettingProgram(Program):
    """The same on a netting account."""

    account_mode = "netting"


class TickProgram(Program):
    """Carries out the rows of `table` as bars close, and those of `ticks` at each tick."""

    def on_tick(self, ctx):
        what, side = self.ticks[ctx.bar, ctx.tick, 0], self.ticks[ctx.bar, ctx.tick, 1]
        size, price = self.ticks[ctx.bar, ctx.tick, 2], self.ticks[ctx.bar, ctx.tick, 3]
        stop, target = self.ticks[ctx.bar, ctx.tick, 5], self.ticks[ctx.bar, ctx.tick, 6]
        trail, expiry = self.ticks[ctx.bar, ctx.tick, 7], int(self.ticks[ctx.bar, ctx.tick, 8])
        self.n_done += what > 0
        if what == MARKET and side > 0:
            ctx.buy(size, stop_pips=stop, target_pips=target, trail=trail)
        elif what == MARKET:
            ctx.sell(size, stop_pips=stop, target_pips=target)
        elif what == LIMIT and side > 0:
            ctx.buy(size, limit=price, stop_pips=stop, target_pips=target, expiry=expiry)
        elif what == LIMIT:
            ctx.sell(size, limit=price, stop_pips=stop, target_pips=target)
        elif what == STOP and side > 0:
            ctx.buy(size, stop_price=price, stop_pips=stop, target_pips=target, oco="ticks")
        elif what == STOP:
            ctx.sell(size, stop_price=price, stop_pips=stop, target_pips=target, trail=trail, oco="ticks")
        elif what == EXIT and size > 0.06:
            ctx.exit(size, side)
        elif what == EXIT:
            ctx.exit()
        elif what == CLOSE:
            ctx.position.close()
        elif what == MOVE_STOP:
            ctx.position.modify(stop=price)
        elif what == MOVE_TARGET:
            ctx.position.modify(target=price)
        elif what == TRAIL:
            ctx.position.trail(trail)
        elif what == CANCEL:
            ctx.cancel_all()
        if self.watches and ctx.position.profit < -20.0 and ctx.equity > 0.9 * ctx.balance:
            ctx.exit(side=-1)
        if self.watches and ctx.position.side > 0 and ctx.ask - ctx.position.entry > 0.003:
            ctx.position.close(0.05)


class NettingTickProgram(TickProgram):
    """The same on a netting account."""

    account_mode = "netting"


class SilentTickProgram(Program):
    """Looks at ticks and does nothing there."""

    def on_tick(self, ctx):
        self.n_done += ctx.tick


def table_of(n, *rows):
    """A table for n bars: rows are (bar, what) and any of side, size, price, second, stop, target, trail, expiry."""
    names = ("what", "side", "size", "price", "second", "stop", "target", "trail", "expiry")
    most = max([sum(1 for other in rows if other[0] == row[0]) for row in rows], default=1)
    table = np.zeros((n, most, N_COLUMNS))
    table[:, :, 2] = 0.1
    used = dict.fromkeys(range(n), 0)
    for bar, what, given in rows:
        for name, value in {"what": what, "side": 1.0, **given}.items():
            table[bar, used[bar], names.index(name)] = value
        used[bar] += 1
    return table


def run_both(
    bars, table, *, netting=False, entry_delay=0, watches=False, capital=10_000.0, costs=None, rules=None, sizing=None,
    compiles=True, starts=None, seen=None, currency="USD", conversion=None, ticks=None, kind=None,
):  # fmt: skip
    """The run in plain Python, after the compiled one has been held against it to the last bit."""
    costs, rules, sizing = costs or Costs(), rules or ExecutionRules(), sizing or Sizing()
    data = prepare(bars, costs, currency, conversion)
    account = Account(capital, sizing, costs, rules).sized(data)
    starts = np.arange(len(bars)) if starts is None else starts
    request = RunRequest(bars if seen is None else seen, starts, data, account, currency, {}, entry_delay)

    def made():
        usual = (NettingProgram if netting else Program) if ticks is None else (
            NettingTickProgram if netting else TickProgram
        )  # fmt: skip
        strategy = (kind or usual)()
        if ticks is not None:
            strategy.ticks = ticks
        strategy.table, strategy.watches, strategy.n_done = table, watches, 0
        return strategy

    plain = run_events(made(), request, compiles=False)
    if compiles:
        agree(plain, run_code(made(), request))
    return plain


def run_code(strategy, request):
    """A run of compiled code; an error where there is none, and no second try in plain Python."""
    if not hasattr(equity_now, "overloads"):  # compiling is switched off
        return run_events(strategy, request)
    ctx = EventContext(request.seen, EventSimulator(request.data, request.account))
    strategy.on_start(ctx)
    return run_compiled(compiled(strategy), strategy, ctx, request)


def request_on(bars, costs=None, rules=None):
    """A run on whole bars with 10,000 USD."""
    data = prepare(bars, costs or Costs(), "USD", None)
    account = Account(10_000.0, Sizing(), costs or Costs(), rules or ExecutionRules()).sized(data)
    return RunRequest(bars, np.arange(len(bars)), data, account, "USD", {})


def agree(plain, compiled):
    """Two runs are the same to the last bit."""
    for name in plain.trades.dtype.names:
        np.testing.assert_array_equal(plain.trades[name], compiled.trades[name], err_msg=name)
    np.testing.assert_array_equal(plain.equity, compiled.equity)
    np.testing.assert_array_equal(plain.marks, compiled.marks)
    rest = [replace(each, trades=None, equity=None, marks=None) for each in (plain, compiled)]
    assert vars(rest[0]) == vars(rest[1])
