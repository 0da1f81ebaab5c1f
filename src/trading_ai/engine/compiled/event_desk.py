"""Compiled: the account of an event strategy as tables, and what positions of both sides are worth and cost.

One row of the table of positions begins with the columns of `carrying`; those after them stand below. Rows of waiting
orders and of requests have the same columns.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from trading_ai._jit import kind_of_borrowed, njit_once
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.engine.compiled.bookkeeping import commission, price_profit, swap_credit, to_account
from trading_ai.engine.compiled.carrying import (
    BEST,
    ENTRY,
    ENTRY_BAR,
    MARGIN,
    N_POSITION,
    PAID,
    SIDE,
    STOP,
    STOP_REASON,
    TARGET,
    UNITS,
    limit_of,
    taken_out,
)
from trading_ai.engine.compiled.closing import market_fill
from trading_ai.engine.records import STOP_OUT

NUMBER, TRAIL, IS_INSIDE, SLIPS, IS_RESERVED = range(N_POSITION, N_POSITION + 5)
N_HELD = N_POSITION + 5

MARKET, LIMIT, STOP_ENTRY, STOP_LIMIT, EXIT = range(5)
(
    O_KIND, O_SIDE, O_UNITS, O_LIMIT, O_STOP_PRICE, O_STOP, O_TARGET, O_STOP_PIPS, O_TARGET_PIPS, O_TRAIL, O_LAST_BAR,
    O_OCO, O_DUE, O_LIVE, O_POSITION, O_REVERSES, O_PYRAMIDING,
) = range(17)  # fmt: skip
N_ORDER = 17

(
    BALANCE, N_OPEN, N_WAITING, N_REQUESTS, N_CLOSED, N_SKIPPED, SLIPPAGE, SPREAD, RUINED_BAR, N_OPENED, TROUBLE,
    NOW, DELAY, NETTING, PIP, LOT, EXPOSED, TICK, QUOTE_BID, QUOTE_ASK, TOUCHED, BEFORE_BID, BEFORE_ASK, UP_FIRST,
    HELD, OPENED_BEFORE,
) = range(26)  # fmt: skip
N_ACCOUNT = 26
TOO_MANY_TRADES, TOO_MANY_POSITIONS, TOO_MANY_ORDERS = 1.0, 2.0, 3.0

(
    T_ENTRY_BAR, T_EXIT_BAR, T_SIDE, T_REASON, T_AMBIGUOUS, T_UNITS, T_ENTRY, T_EXIT, T_GROSS, T_PAID, T_SWAP, T_NET,
    T_BALANCE,
) = range(13)  # fmt: skip
N_TRADE = 13

BID, ASK = 0, 4
"""First column of each side in a row of prices: open, high, low, close."""


class Desk(NamedTuple):
    """Everything that compiled code reads and writes of one run.

    Attributes:
        config: see `bookkeeping.CONFIG`, shape (n_config,).
        prices: open, high, low, close at the bid, then at the ask, shape (n_bars, 8).
        rates: see `Days`.
        nights: see `Days`.
        positions: open positions, oldest first, shape (most, N_HELD).
        orders: waiting orders, oldest first, shape (most, N_ORDER).
        requests: what is to be done at the next open, shape (most, N_ORDER).
        account: numbers of the account, shape (N_ACCOUNT,).
        trades: out: closed trades, columns as above, shape (room, N_TRADE); they become records after the run.
        marks: out: balance where an exit at a bar's open left no position, shape (n_bars,).
        far: addresses of what is called by them, see `event_far`, int64, shape (n,).
    """

    config: Any
    prices: Any
    rates: Any
    nights: Any
    positions: Any
    orders: Any
    requests: Any
    account: Any
    trades: Any
    marks: Any
    far: Any


_READ_ONLY = np.frombuffer(b"")
DESK = kind_of_borrowed(
    Desk(
        np.empty(0), np.empty((0, 0)), _READ_ONLY, _READ_ONLY, np.empty((0, 0)),
        np.empty((0, 0)), np.empty((0, 0)), np.empty(0), np.empty((0, 0)), np.empty(0), np.empty(0, np.int64),
    )
)  # fmt: skip
"""The one type of a desk: what is compiled for it serves every strategy."""


@njit_once
def worth_of(d, i, t, bid, ask):
    """Price profit and swap of position `i` at these prices."""
    side, units, entry = d.positions[i, SIDE], d.positions[i, UNITS], d.positions[i, ENTRY]
    price = bid if side > 0.0 else ask
    return price_profit(side, units, entry, price, d.config[a.CONVERSION], d.config[a.RATE], d.rates, t) + swap_credit(
        d.config, side, units, d.nights, d.rates, int(d.positions[i, ENTRY_BAR]), t, price
    )


@njit_once
def open_value(d, t, bid, ask):
    """Profit and swap of all open positions at these prices."""
    total = 0.0
    for i in range(int(d.account[N_OPEN])):
        total += worth_of(d, i, t, bid, ask)
    return total


@njit_once
def cannot_carry(d, t, bid, ask):
    """Whether the equity at these prices is down to what the account needs."""
    equity = d.account[BALANCE] + open_value(d, t, bid, ask)
    return equity <= limit_of(d.config, d.positions, int(d.account[N_OPEN])) or equity < d.config[a.HALF_CENT]


@njit_once
def close_held(d, i, t, price, reason, units, ambiguous, ruin, slips):
    """Close position `i`, or `units` of it (0 for all), at a price; returns whether all of it was closed.

    Where `ruin` closes all positions, the account owes nothing at any of them.
    """
    p, config, account = d.positions, d.config, d.account
    whole = not 0.0 < units < p[i, UNITS]
    if whole:
        units = p[i, UNITS]
    share = units / p[i, UNITS]
    entry_paid = p[i, PAID] if whole else p[i, PAID] * share
    margin = p[i, MARGIN] if whole else p[i, MARGIN] * share
    first, side, entry = int(p[i, ENTRY_BAR]), p[i, SIDE], p[i, ENTRY]
    gross = price_profit(side, units, entry, price, config[a.CONVERSION], config[a.RATE], d.rates, t)
    paid_out = commission(config, units, price, d.rates, t)
    credit = swap_credit(config, side, units, d.nights, d.rates, first, t, price)
    left = account[BALANCE] + (gross - paid_out + credit)
    is_last = account[N_OPEN] == 1.0 and whole
    nothing = left < config[a.HALF_CENT]
    if (nothing and (ruin or is_last)) or (ruin and is_last):
        # What is lost beyond the account is not owed.
        gross -= left
        left = 0.0
        if is_last:
            account[RUINED_BAR] = t
    account[BALANCE] = left
    in_account = to_account(config[a.CONVERSION], config[a.RATE], d.rates, t, price)
    account[SLIPPAGE] += (p[i, SLIPS] + (config[a.SLIPPAGE] if slips else 0.0)) * units * in_account
    crossed = first if side > 0.0 else t
    account[SPREAD] += (d.prices[crossed, ASK] - d.prices[crossed, BID]) * units * in_account
    if whole:
        taken_out(p, i, int(account[N_OPEN]))
        account[N_OPEN] -= 1.0
    else:
        p[i, UNITS] -= units
        p[i, PAID] -= entry_paid
        p[i, MARGIN] -= margin
    booked = left
    for j in range(int(account[N_OPEN])):
        booked += p[j, PAID]
    k = int(account[N_CLOSED])
    if k >= d.trades.shape[0]:
        account[TROUBLE] = TOO_MANY_TRADES
        return whole
    account[N_CLOSED] += 1.0
    paid = entry_paid + paid_out
    row = d.trades
    row[k, T_ENTRY_BAR], row[k, T_EXIT_BAR], row[k, T_SIDE], row[k, T_REASON] = first, t, side, reason
    row[k, T_AMBIGUOUS], row[k, T_UNITS], row[k, T_ENTRY], row[k, T_EXIT] = ambiguous, units, entry, price
    row[k, T_GROSS], row[k, T_PAID], row[k, T_SWAP], row[k, T_NET] = gross, paid, credit, gross - paid + credit
    row[k, T_BALANCE] = booked
    return whole


@njit_once
def leave(d, i, t, price, reason, units, ambiguous, ruin):
    """Close at a price that slips: a market or a stop order; returns whether all of it was closed."""
    price = market_fill(price, d.positions[i, SIDE], d.config)
    return close_held(d, i, t, price, reason, units, ambiguous, ruin, True)


@njit_once
def stop_out_held(d, t, bid, ask, best_bid, best_ask):
    """Close what the account cannot carry at these prices: the largest loser, or everything if nothing is left.

    Args:
        d: see `Desk`.
        t: the bar.
        bid: bid price.
        ask: ask price.
        best_bid: the bar's best price for longs, if it may have come before; NaN if it may not.
        best_ask: likewise for shorts.
    """
    ruin = d.account[BALANCE] + open_value(d, t, bid, ask) < d.config[a.HALF_CENT]
    while True:
        chosen, chosen_worth = 0, 0.0
        for i in range(int(d.account[N_OPEN])):
            worth = worth_of(d, i, t, bid, ask)
            if i == 0 or (worth > chosen_worth if ruin else worth < chosen_worth):
                chosen, chosen_worth = i, worth
        side = d.positions[chosen, SIDE]
        best = best_bid if side > 0.0 else best_ask
        unknown = (best - d.positions[chosen, TARGET]) * side >= 0.0
        leave(d, chosen, t, bid if side > 0.0 else ask, STOP_OUT, 0.0, unknown, ruin)
        if not ruin or d.account[N_OPEN] == 0.0:
            return


@njit_once
def put_position(d, t, side, units, entry, stop, reason, target, paid, margin, trail, inside, slips):
    """Add an open position to the table."""
    i = int(d.account[N_OPEN])
    if i >= d.positions.shape[0]:
        d.account[TROUBLE] = TOO_MANY_POSITIONS
        return
    d.account[N_OPEN] += 1.0
    d.account[N_OPENED] += 1.0
    p = d.positions
    p[i, ENTRY_BAR], p[i, SIDE], p[i, UNITS], p[i, ENTRY] = t, side, units, entry
    p[i, STOP], p[i, STOP_REASON], p[i, TARGET], p[i, BEST] = stop, reason, target, entry
    p[i, PAID], p[i, MARGIN], p[i, NUMBER], p[i, TRAIL] = paid, margin, d.account[N_OPENED], trail
    p[i, IS_INSIDE], p[i, SLIPS], p[i, IS_RESERVED] = (1.0 if inside else 0.0), slips, 0.0


@njit_once
def bid_now(d):
    """Bid price of the tick at hand, or of the last close."""
    t = int(d.account[NOW]) - 1
    if d.account[TICK] >= 0.0:
        return d.account[QUOTE_BID]
    return d.prices[t, BID + 3] if t >= 0 else d.account[BEFORE_BID]


@njit_once
def ask_now(d):
    """Ask price likewise."""
    t = int(d.account[NOW]) - 1
    if d.account[TICK] >= 0.0:
        return d.account[QUOTE_ASK]
    return d.prices[t, ASK + 3] if t >= 0 else d.account[BEFORE_ASK]


@njit_once
def bar_now(d):
    """The bar that these prices belong to."""
    return int(d.account[NOW]) - (0 if d.account[TICK] >= 0.0 else 1)


@njit_once
def equity_now(d):
    """Equity at the last close or the tick at hand, as the strategy sees it."""
    if d.account[N_OPEN] == 0.0:
        return d.account[BALANCE]
    return d.account[BALANCE] + open_value(d, bar_now(d), bid_now(d), ask_now(d))


@njit_once
def margin_now(d):
    """Margin in use."""
    used = 0.0
    for i in range(int(d.account[N_OPEN])):
        used += d.positions[i, MARGIN]
    return used


@njit_once
def profit_now(d):
    """Price profit and swap of the oldest position at the last close or the tick at hand; 0 without one."""
    if d.account[N_OPEN] == 0.0:
        return 0.0
    return worth_of(d, 0, bar_now(d), bid_now(d), ask_now(d))


@njit_once
def finite_or_nan(price):
    """A level as the strategy sees it: NaN where there is none."""
    return np.nan if np.isinf(price) else price
