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
def take_up(orders, row, side):
    """Let the orders of a row of the plan wait, in place of others."""
    orders[0, O_LIVE], orders[0, O_SIDE] = 1.0, side
    orders[0, O_KIND], orders[0, O_PRICE], orders[0, O_LIMIT] = row[KIND], row[PRICE_OF], row[LIMIT_OF]
    orders[1, O_LIVE], orders[1, O_SIDE] = (0.0 if np.isnan(row[OTHER_KIND]) else 1.0), -side
    orders[1, O_KIND], orders[1, O_PRICE], orders[1, O_LIMIT] = row[OTHER_KIND], row[OTHER_PRICE], row[OTHER_LIMIT]


@njit
def fills_at_its_stop(order):
    """Whether an order is filled at its stop price, once that is reached."""
    if order[O_KIND] == STOP_LIMIT:
        return (order[O_LIMIT] - order[O_PRICE]) * order[O_SIDE] >= 0.0
    return order[O_KIND] == STOP_ORDER


@njit
def trigger(order):
    """What becomes of a stop-limit order whose stop price was reached."""
    order[O_KIND], order[O_PRICE] = LIMIT, order[O_LIMIT]


@njit
def reached_at_open(orders, bid, ask, scale):
    """Which of the two orders is carried out at these opening prices; -1 for none.

    Args:
        orders: the two orders, shape (2, 5).
        bid: open at the bid.
        ask: open at the ask.
        scale: prices of orders are rounded to 1 / scale.
    """
    for j in range(2):
        order = orders[j]
        if order[O_LIVE] == 0.0:
            continue
        if order[O_KIND] == MARKET:
            return j
        side = order[O_SIDE]
        opened = ask if side > 0.0 else bid
        if order[O_KIND] == STOP_LIMIT and (opened - rounded(order[O_PRICE], scale)) * side >= 0.0:
            trigger(order)
        beyond = (rounded(order[O_PRICE], scale) - opened) * side
        if (beyond if order[O_KIND] == LIMIT else -beyond) >= 0.0:
            return j
    return -1


@njit
def fill_of(order, fill, may_return, same_bar, high_nearer, open_, high, low, close, scale):
    """Note where a bar fills a waiting order; a stop-limit order that is triggered only becomes a limit order.

    Args:
        order: one of the two.
        fill: out, columns as above.
        may_return: whether a stop-limit order may be filled in the bar in which the price comes back to its limit.
        same_bar: see `rules.SAME_BAR_CODES`.
        high_nearer: see `bookkeeping.is_high_nearer`.
        open_: open of the bar, and below its high, low and close, on the side that is entered at.
        high: highest.
        low: lowest.
        close: last.
        scale: as of `reached_at_open`.
    """
    fill[F_LEG] = -1.0
    if order[O_LIVE] == 0.0:
        return
    side, kind, price = order[O_SIDE], order[O_KIND], rounded(order[O_PRICE], scale)
    rises = (side > 0.0) == (kind != LIMIT)
    if not (high >= price if rises else low <= price):
        return
    first = rises == high_nearer
    turn, other = (high, low) if rises else (low, high)
    if kind == LIMIT or fills_at_its_stop(order):
        fill[F_LEG], fill[F_FAR] = (0.0 if first else 1.0), abs(price - (open_ if first else other))
        fill[F_PRICE], fill[F_KIND] = price, (LIMIT if kind == LIMIT else STOP_ORDER)
        return
    limit = rounded(order[O_LIMIT], scale)
    leg = -1.0
    if may_return and same_bar == 2.0 and first:
        if (limit - other) * side >= 0.0:
            leg = 1.0
    elif may_return and (limit - close) * side >= 0.0:
        leg = 2.0
    if leg < 0.0:
        trigger(order)
        return
    fill[F_LEG], fill[F_FAR], fill[F_PRICE], fill[F_KIND] = leg, abs(limit - turn), limit, LIMIT


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
