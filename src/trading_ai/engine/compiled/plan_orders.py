"""Compiled: the orders that a signal's plan has waiting, one or one of each side, and where a bar fills them."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit
from trading_ai.engine.compiled.bookkeeping import rounded
from trading_ai.engine.plan_columns import (
    KIND,
    LIMIT,
    LIMIT_OF,
    MARKET,
    OTHER_KIND,
    OTHER_LIMIT,
    OTHER_PRICE,
    PRICE_OF,
    STOP_LIMIT,
    STOP_ORDER,
)

O_LIVE, O_SIDE, O_KIND, O_PRICE, O_LIMIT = range(5)
"""Columns of the two orders."""
F_LEG, F_FAR, F_PRICE, F_KIND = range(4)
"""Columns of their fills inside a bar, see `reference_plans.Fill`; a leg of -1 for none."""


@njit
def take_up(orders, rows, k, side, scale):
    """Let the orders of row `k` of the plan wait, in place of others; their prices are rounded to 1 / scale."""
    orders[0, O_LIVE], orders[0, O_SIDE], orders[0, O_KIND] = 1.0, side, rows[k, KIND]
    orders[0, O_PRICE], orders[0, O_LIMIT] = rounded(rows[k, PRICE_OF], scale), rounded(rows[k, LIMIT_OF], scale)
    orders[1, O_LIVE] = 0.0
    orders[1, O_SIDE] = -side
    if not np.isnan(rows[k, OTHER_KIND]):
        orders[1, O_LIVE], orders[1, O_KIND] = 1.0, rows[k, OTHER_KIND]
        orders[1, O_PRICE] = rounded(rows[k, OTHER_PRICE], scale)
        orders[1, O_LIMIT] = rounded(rows[k, OTHER_LIMIT], scale)


@njit
def fills_at_its_stop(orders, j):
    """Whether an order is filled at its stop price, once that is reached."""
    if orders[j, O_KIND] == STOP_LIMIT:
        return (orders[j, O_LIMIT] - orders[j, O_PRICE]) * orders[j, O_SIDE] >= 0.0
    return orders[j, O_KIND] == STOP_ORDER


@njit
def trigger(orders, j):
    """What becomes of a stop-limit order whose stop price was reached."""
    orders[j, O_KIND], orders[j, O_PRICE] = LIMIT, orders[j, O_LIMIT]


@njit
def reached_at_open(orders, bid, ask):
    """Which of the two orders is carried out at these opening prices; -1 for none.

    Args:
        orders: the two orders, shape (2, 5).
        bid: open at the bid.
        ask: open at the ask.
    """
    for j in range(2):
        if orders[j, O_LIVE] == 0.0:
            continue
        if orders[j, O_KIND] == MARKET:
            return j
        side = orders[j, O_SIDE]
        opened = ask if side > 0.0 else bid
        if orders[j, O_KIND] == STOP_LIMIT and (opened - orders[j, O_PRICE]) * side >= 0.0:
            trigger(orders, j)
        beyond = (orders[j, O_PRICE] - opened) * side
        if (beyond if orders[j, O_KIND] == LIMIT else -beyond) >= 0.0:
            return j
    return -1


@njit
def is_reached(orders, j, high, low):
    """Whether a bar with this high and low, on the side that is entered at, reaches the price of order `j`."""
    rises = (orders[j, O_SIDE] > 0.0) == (orders[j, O_KIND] != LIMIT)
    return high >= orders[j, O_PRICE] if rises else low <= orders[j, O_PRICE]


@njit
def fill_of(orders, j, fills, may_return, same_bar, high_nearer, open_, high, low, close):
    """Note where a bar fills an order that it reaches; a stop-limit order that is triggered only becomes a limit order.

    Args:
        orders: the two orders.
        j: which of them.
        fills: out, columns as above, shape (2, 4).
        may_return: whether a stop-limit order may be filled in the bar in which the price comes back to its limit.
        same_bar: see `rules.SAME_BAR_CODES`.
        high_nearer: see `bookkeeping.is_high_nearer`.
        open_: open of the bar, and below its high, low and close, on the side that is entered at.
        high: highest.
        low: lowest.
        close: last.
    """
    side, kind, price = orders[j, O_SIDE], orders[j, O_KIND], orders[j, O_PRICE]
    rises = (side > 0.0) == (kind != LIMIT)
    first = rises == high_nearer
    turn, other = (high, low) if rises else (low, high)
    if kind == LIMIT or fills_at_its_stop(orders, j):
        fills[j, F_LEG], fills[j, F_FAR] = (0.0 if first else 1.0), abs(price - (open_ if first else other))
        fills[j, F_PRICE], fills[j, F_KIND] = price, (LIMIT if kind == LIMIT else STOP_ORDER)
        return
    limit = orders[j, O_LIMIT]
    leg = -1.0
    if may_return and same_bar == 2.0 and first:
        if (limit - other) * side >= 0.0:
            leg = 1.0
    elif may_return and (limit - close) * side >= 0.0:
        leg = 2.0
    if leg < 0.0:
        trigger(orders, j)
        return
    fills[j, F_LEG], fills[j, F_FAR], fills[j, F_PRICE], fills[j, F_KIND] = leg, abs(limit - turn), limit, LIMIT


@njit
def first_of(fills):
    """Which of the two fills comes first on the way; -1 where there is none."""
    best = -1
    for j in range(2):
        if fills[j, F_LEG] < 0.0:
            continue
        if (
            best < 0
            or fills[j, F_LEG] < fills[best, F_LEG]
            or (fills[j, F_LEG] == fills[best, F_LEG] and fills[j, F_FAR] < fills[best, F_FAR])
        ):
            best = j
    return best
