"""Compiled: a bar of which the strategy sees the ticks; the rules are those of `event_reference_ticks`."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from trading_ai._jit import njit_once
from trading_ai.engine.compiled import event_desk as e
from trading_ai.engine.compiled.event_desk import open_value
from trading_ai.engine.compiled.event_fills import fill_at_price, keep_live, market_orders
from trading_ai.engine.compiled.event_walk import after_bar, at_close, goes_up_first, is_quiet, walk


@njit_once
def column_of(d, k):
    """Which price of its bar tick `k` is: 0 open, 1 high, 2 low, 3 close."""
    if k == 0 or k == 3:
        return k
    return 1 if (k == 1) == (d.account[e.UP_FIRST] > 0.0) else 2


@njit_once
def to_tick(d, t, k):
    """Take bar t from the tick before to tick `k`: 0 its open, 1 and 2 its extremes, 3 its close.

    Args:
        d: see `Desk`.
        t: the bar.
        k: the tick.
    """
    account = d.account
    if k == 0:
        bid, ask = d.prices[t, e.BID], d.prices[t, e.ASK]
        if account[e.N_REQUESTS] > 0.0:
            market_orders(d, t, bid, ask, False)
        account[e.HELD], account[e.OPENED_BEFORE] = account[e.N_OPEN], account[e.N_OPENED]
        if account[e.N_OPEN] > 0.0 or account[e.N_WAITING] > 0.0:
            fill_at_price(d, t, bid, ask, False)
        return
    if k == 1:
        account[e.UP_FIRST] = 1.0 if goes_up_first(d, t) else 0.0
    if not is_quiet(d, t):
        walk(d, t, column_of(d, k - 1), column_of(d, k))


@njit_once
def show(d, t, k):
    """Make tick `k` of bar t the one at hand."""
    column, account = column_of(d, k), d.account
    account[e.TICK], account[e.TOUCHED] = k, 0.0
    account[e.QUOTE_BID], account[e.QUOTE_ASK] = d.prices[t, e.BID + column], d.prices[t, e.ASK + column]


@njit_once
def carry_out(d, t):
    """Carry out what was ordered at the tick at hand, which is over then."""
    bid, ask, inside = d.account[e.QUOTE_BID], d.account[e.QUOTE_ASK], d.account[e.TICK] > 0.0
    d.account[e.TICK] = -1.0
    market_orders(d, t, bid, ask, inside)
    fill_at_price(d, t, bid, ask, inside)


@njit_once
def end_of_ticks(d, t):
    """End bar t after its last tick; returns the equity at its close."""
    account = d.account
    if account[e.HELD] > 0.0 or account[e.N_OPENED] > account[e.OPENED_BEFORE]:
        account[e.EXPOSED] += 1.0
    keep_live(d)
    after_bar(d, t)
    at_close(d, t)
    if account[e.N_OPEN] == 0.0:
        return account[e.BALANCE]
    return account[e.BALANCE] + open_value(d, t, d.prices[t, e.BID + 3], d.prices[t, e.ASK + 3])
