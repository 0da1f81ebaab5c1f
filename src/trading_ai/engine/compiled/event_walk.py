"""Compiled: what happens inside a bar to the positions and orders of an event strategy, and one bar as a whole."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit_once
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.engine.compiled import event_desk as e
from trading_ai.engine.compiled.bookkeeping import is_high_nearer, rounded
from trading_ai.engine.compiled.carrying import (
    BEST,
    ENTRY,
    MARGIN,
    SIDE,
    STOP,
    STOP_REASON,
    TARGET,
    UNITS,
    level_of_account,
    limit_of,
)
from trading_ai.engine.compiled.event_desk import cannot_carry, close_held, leave, open_value, stop_out_held
from trading_ai.engine.compiled.event_fills import execute, fill_at_price, keep_live, market_orders, waits_for_limit
from trading_ai.engine.records import END_OF_DATA, TAKE_PROFIT, TRAILING_STOP

_STOP, _ACCOUNT, _TARGET, _ORDER = range(4)


@njit_once
def sides_of(d):
    """+1.0 or -1.0 where all open positions are of that side; 0.0 where none are open; 2.0 where both are."""
    found = 0.0
    for i in range(int(d.account[e.N_OPEN])):
        side = d.positions[i, SIDE]
        if found == 0.0:
            found = side
        elif found != side:
            return 2.0
    return found


@njit_once
def is_quiet(d, t):
    """Whether bar t touches neither a level nor an order, and the account carries its positions through it."""
    bid_high, bid_low = d.prices[t, e.BID + 1], d.prices[t, e.BID + 2]
    ask_high, ask_low = d.prices[t, e.ASK + 1], d.prices[t, e.ASK + 2]
    p = d.positions
    for i in range(int(d.account[e.N_OPEN])):
        if p[i, SIDE] > 0.0:
            if p[i, STOP] >= bid_low or p[i, TARGET] <= bid_high:
                return False
        elif p[i, STOP] <= ask_high or p[i, TARGET] >= ask_low:
            return False
    for j in range(int(d.account[e.N_WAITING])):
        order = d.orders[j]
        if order[e.O_DUE] > t:
            continue
        side = order[e.O_SIDE]
        high, low = (ask_high, ask_low) if side > 0.0 else (bid_high, bid_low)
        if waits_for_limit(order):
            level, up = order[e.O_LIMIT], side < 0.0
        else:
            level, up = order[e.O_STOP_PRICE], side > 0.0
        if (high >= level) if up else (low <= level):
            return False
    # At the worst price of each side at once, which is at least as bad as any that there was.
    return not (d.account[e.N_OPEN] > 0.0 and cannot_carry(d, t, bid_low, ask_high))


@njit_once
def is_next(level, is_ask, up, begin_bid, begin_ask, end_bid, end_ask):
    """Whether a level lies on the way or behind its beginning, in its direction."""
    start, stop = (begin_ask, end_ask) if is_ask else (begin_bid, end_bid)
    if start == stop or (stop > start) != up:
        return False
    return level <= stop if up else level >= stop


@njit_once
def walk(d, t, begin, end):
    """Fill what lies on the straight way from one column of bar t's prices to another.

    Args:
        d: see `Desk`.
        t: the bar.
        begin: 0 open, 1 high, 2 low, 3 close.
        end: likewise.
    """
    begin_bid, begin_ask = d.prices[t, e.BID + begin], d.prices[t, e.ASK + begin]
    end_bid, end_ask = d.prices[t, e.BID + end], d.prices[t, e.ASK + end]
    at, now_bid, now_ask = 0.0, begin_bid, begin_ask
    p, account = d.positions, d.account
    while True:
        best_far, best_kind, best_at, best_price, best_ask = np.inf, 9, -1, 0.0, False
        side = sides_of(d)
        n_open = int(account[e.N_OPEN])
        n_all = 2 * n_open + 1 + int(account[e.N_WAITING])
        for k in range(n_all):
            if k < 2 * n_open:
                i, kind = k // 2, (_STOP if k % 2 == 0 else _TARGET)
                level = p[i, STOP if k % 2 == 0 else TARGET]
                is_ask = p[i, SIDE] < 0.0
                up = (p[i, SIDE] < 0.0) if k % 2 == 0 else (p[i, SIDE] > 0.0)
            elif k == 2 * n_open:
                if side == 0.0 or side == 2.0:
                    continue
                i, kind = -1, _ACCOUNT
                level = level_of_account(d.config, account[e.BALANCE], p, n_open, d.nights, d.rates, t)
                is_ask, up = side < 0.0, side < 0.0
            else:
                i, kind = k - 2 * n_open - 1, _ORDER
                order = d.orders[i]
                if order[e.O_LIVE] == 0.0 or order[e.O_DUE] > t:
                    continue
                is_ask = order[e.O_SIDE] > 0.0
                if waits_for_limit(order):
                    level, up = order[e.O_LIMIT], order[e.O_SIDE] < 0.0
                else:
                    level, up = order[e.O_STOP_PRICE], order[e.O_SIDE] > 0.0
            if np.isinf(level) or not is_next(level, is_ask, up, begin_bid, begin_ask, end_bid, end_ask):
                continue
            start, stop = (begin_ask, end_ask) if is_ask else (begin_bid, end_bid)
            now = now_ask if is_ask else now_bid
            price = now if ((level < now) if up else (level > now)) else level
            far = max((level - start) / (stop - start), at)
            if far < best_far or (far == best_far and kind < best_kind):
                best_far, best_kind, best_at, best_price, best_ask = far, kind, i, price, is_ask
        if best_at < 0 and best_kind == 9:
            break
        at = best_far
        now_bid = begin_bid + at * (end_bid - begin_bid)
        now_ask = begin_ask + at * (end_ask - begin_ask)
        if best_ask:
            now_ask = best_price
        else:
            now_bid = best_price
        reach(d, t, best_kind, best_at, best_price, now_bid, now_ask)
    if sides_of(d) == 2.0:
        while account[e.N_OPEN] > 0.0 and cannot_carry(d, t, end_bid, end_ask):
            stop_out_held(d, t, end_bid, end_ask, np.nan, np.nan)


@njit_once
def reach(d, t, kind, i, price, bid, ask):
    """Carry out what stands at a price that has been reached."""
    p = d.positions
    if kind == _ACCOUNT:
        stop_out_held(d, t, bid, ask, d.prices[t, e.BID + 1], d.prices[t, e.ASK + 2])
    elif kind == _ORDER:
        order = d.orders[i]
        if order[e.O_KIND] == e.STOP_LIMIT and not waits_for_limit(order):
            order[e.O_STOP_PRICE] = -order[e.O_SIDE] * np.inf  # from here on it is a limit
            if (order[e.O_LIMIT] - price) * order[e.O_SIDE] < 0.0:
                return
        execute(d, order, t, price, bid, ask, True)
    else:
        side = p[i, SIDE]
        worst, best = (e.BID + 2, e.BID + 1) if side > 0.0 else (e.ASK + 1, e.ASK + 2)
        if kind == _STOP:
            unknown = (d.prices[t, best] - p[i, TARGET]) * side >= 0.0
            leave(d, i, t, price, int(p[i, STOP_REASON]), 0.0, unknown, False)
        else:
            unknown = (p[i, STOP] - d.prices[t, worst]) * side >= 0.0
            close_held(d, i, t, price, TAKE_PROFIT, 0.0, unknown, False, False)


@njit_once
def goes_up_first(d, t):
    """Whether the way of bar t goes to its high before its low."""
    side, same_bar = sides_of(d), d.config[a.SAME_BAR]
    if same_bar == 2.0 or side == 0.0 or side == 2.0:
        return is_high_nearer(d.prices[t, e.BID], d.prices[t, e.BID + 1], d.prices[t, e.BID + 2])
    return (side < 0.0) == (same_bar == 0.0)


@njit_once
def inside_bar(d, t):
    """Fill what bar t reaches on its way."""
    if is_quiet(d, t):
        return
    first, second = (1, 2) if goes_up_first(d, t) else (2, 1)
    walk(d, t, 0, first)
    walk(d, t, first, second)
    walk(d, t, second, 3)


@njit_once
def after_bar(d, t):
    """Move trailing stops, effective from the next bar on."""
    p = d.positions
    for i in range(int(d.account[e.N_OPEN])):
        if p[i, e.TRAIL] > 0.0:
            side = p[i, SIDE]
            if p[i, e.IS_INSIDE] > 0.0:  # what came before its entry does not count
                best = d.prices[t, e.BID + 3 if side > 0.0 else e.ASK + 3]
            else:
                best = d.prices[t, e.BID + 1 if side > 0.0 else e.ASK + 2]
            p[i, BEST] = max(p[i, BEST], best) if side > 0.0 else min(p[i, BEST], best)
            trail = rounded(p[i, BEST] - side * p[i, e.TRAIL], d.config[a.LEVEL_SCALE])
            if (trail - p[i, STOP]) * side > 0.0:
                p[i, STOP], p[i, STOP_REASON] = trail, TRAILING_STOP
        p[i, e.IS_INSIDE] = 0.0


@njit_once
def at_close(d, t):
    """Close at a bar's close what the account cannot carry there, and everything at the end of the data."""
    bid, ask = d.prices[t, e.BID + 3], d.prices[t, e.ASK + 3]
    while d.account[e.N_OPEN] > 0.0 and cannot_carry(d, t, bid, ask):
        stop_out_held(d, t, bid, ask, np.nan, np.nan)
    if t == d.prices.shape[0] - 1 and d.config[a.CLOSE_AT_END] > 0.0:
        while d.account[e.N_OPEN] > 0.0:
            leave(d, 0, t, bid if d.positions[0, SIDE] > 0.0 else ask, END_OF_DATA, 0.0, False, False)


@njit_once
def one_bar(d, t):
    """Carry out what was ordered, and take bar t to its close; returns the equity there.

    Args:
        d: see `Desk`.
        t: the bar.
    """
    account = d.account
    bid, ask = d.prices[t, e.BID], d.prices[t, e.ASK]
    if account[e.N_REQUESTS] > 0.0:
        market_orders(d, t, bid, ask, False)
    if account[e.N_OPEN] == 0.0 and account[e.N_WAITING] == 0.0:
        return account[e.BALANCE]
    if t == d.prices.shape[0] - 1 or not is_quiet(d, t):
        held, before = account[e.N_OPEN] > 0.0, account[e.N_OPENED]
        fill_at_price(d, t, bid, ask, False)
        inside_bar(d, t)
        if held or account[e.N_OPENED] > before:
            account[e.EXPOSED] += 1.0
        keep_live(d)
        after_bar(d, t)
        at_close(d, t)
        return account[e.BALANCE] + open_value(d, t, d.prices[t, e.BID + 3], d.prices[t, e.ASK + 3])
    if account[e.N_WAITING] > 0.0:
        keep_live(d)
    if account[e.N_OPEN] == 0.0:
        return account[e.BALANCE]
    account[e.EXPOSED] += 1.0
    after_bar(d, t)
    equity = account[e.BALANCE] + open_value(d, t, d.prices[t, e.BID + 3], d.prices[t, e.ASK + 3])
    if equity <= limit_of(d.config, d.positions, int(account[e.N_OPEN])) or equity < d.config[a.HALF_CENT]:
        at_close(d, t)
        equity = account[e.BALANCE] + open_value(d, t, d.prices[t, e.BID + 3], d.prices[t, e.ASK + 3])
    return equity


@njit_once
def held_quietly(positions, config, prices, balance, t):
    """Equity at the close of bar t, which touches nothing of the only open position; NaN where it may.

    What is asked at most bars of most strategies, without all that is asked elsewhere: one position that does not
    trail, no swap, and a conversion that is the same at all bars. The numbers are those of `one_bar`.
    """
    if positions[0, e.TRAIL] > 0.0 or config[a.CONVERSION] > 1.0 or config[a.HAS_SWAP] != 0.0:
        return np.nan
    side, units, entry = positions[0, SIDE], positions[0, UNITS], positions[0, ENTRY]
    if side > 0.0:
        worst, best, close = prices[t, e.BID + 2], prices[t, e.BID + 1], prices[t, e.BID + 3]
    else:
        worst, best, close = prices[t, e.ASK + 1], prices[t, e.ASK + 2], prices[t, e.ASK + 3]
    if (positions[0, STOP] - worst) * side >= 0.0 or (best - positions[0, TARGET]) * side >= 0.0:
        return np.nan
    lowest, profit = (worst - entry) * side * units, (close - entry) * side * units
    if config[a.CONVERSION] == 1.0:
        lowest, profit = lowest * config[a.RATE], profit * config[a.RATE]
    lowest += balance
    if lowest <= positions[0, MARGIN] * config[a.STOP_OUT_LEVEL] or lowest < config[a.HALF_CENT]:
        return np.nan
    return balance + profit
