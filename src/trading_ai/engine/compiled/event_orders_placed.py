"""Compiled: what the code of an event strategy may call, its own calls of `ctx` being rewritten to these."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit_once
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.engine.compiled import event_desk as e
from trading_ai.engine.compiled.bookkeeping import rounded
from trading_ai.engine.compiled.carrying import BEST, ENTRY, MARGIN, PAID, SIDE, STOP, STOP_REASON, TARGET, UNITS
from trading_ai.engine.compiled.event_fills import part_of, whole_steps
from trading_ai.engine.records import STOP_LOSS

BAD_ORDER = 4.0
BAD_INDEX = 5.0


@njit_once
def at(d, values, bar, key):
    """Value of a series: key -1 is the current bar's; NaN before the first."""
    if key >= 0:
        d.account[e.TROUBLE] = BAD_INDEX
        return np.nan
    place = bar + 1 + key
    return values[place] if place >= 0 else np.nan


@njit_once
def at_known(d, values, known, bar, key):
    """Value of a series of other bars, of which ``known[bar]`` is the last finished one: key -1 is that one's."""
    if key >= 0:
        d.account[e.TROUBLE] = BAD_INDEX
        return np.nan
    place = known[bar] + 1 + key
    return values[place] if place >= 0 else np.nan


@njit_once
def order(
    d, bar, side, size, limit, stop_price, stop, target, stop_pips, target_pips, trail, trail_pips, expiry, reverse,
    pyramiding, group, given,
):  # fmt: skip
    """Place an order.

    Args:
        d: see `Desk`.
        bar: the strategy's bar at hand.
        side: +1.0 buys, -1.0 sells.
        size: lots; unused unless given.
        limit: likewise, and the prices that follow.
        stop_price: price.
        stop: price.
        target: price.
        stop_pips: 0 for none, and the distances that follow.
        target_pips: pips.
        trail: price.
        trail_pips: pips.
        expiry: bars; 0 for none.
        reverse: other than 0 to close all positions of the other side first.
        pyramiding: number of positions of its own side from which on it is not filled; 0 for any.
        group: number of its group; 0 for none.
        given: sum of 1 for size, 2 limit, 4 stop_price, 8 stop, 16 target: those that the strategy names.
    """
    account = d.account
    if (given & 1 and (size <= 0.0 or size == np.inf)) or min(
        stop_pips, target_pips, trail, trail_pips, float(expiry), float(pyramiding)
    ) < 0.0:
        account[e.TROUBLE] = BAD_ORDER
        return
    unknown = (given & 1 and np.isnan(size)) or (given & 2 and np.isnan(limit))
    unknown = unknown or (given & 4 and np.isnan(stop_price)) or (given & 8 and np.isnan(stop))
    unknown = unknown or (given & 16 and np.isnan(target))
    if unknown or np.isnan(stop_pips + target_pips + trail + trail_pips + expiry + pyramiding):
        account[e.N_SKIPPED] += 1.0
        return
    kind = e.MARKET
    if given & 2:
        kind = e.STOP_LIMIT if given & 4 else e.LIMIT
    elif given & 4:
        kind = e.STOP_ENTRY
    rows, count = (d.requests, e.N_REQUESTS) if kind == e.MARKET else (d.orders, e.N_WAITING)
    i = int(account[count])
    if i >= rows.shape[0]:
        account[e.TROUBLE] = e.TOO_MANY_ORDERS
        return
    account[count] += 1.0
    account[e.TOUCHED] = 1.0
    rows[i, e.O_KIND], rows[i, e.O_SIDE] = kind, side
    rows[i, e.O_UNITS] = size * account[e.LOT] if given & 1 else 0.0
    rows[i, e.O_LIMIT], rows[i, e.O_STOP_PRICE] = limit, stop_price
    rows[i, e.O_STOP], rows[i, e.O_TARGET] = stop, target
    rows[i, e.O_STOP_PIPS], rows[i, e.O_TARGET_PIPS] = stop_pips, target_pips
    rows[i, e.O_TRAIL] = trail if trail > 0.0 else trail_pips * account[e.PIP]
    rows[i, e.O_LAST_BAR] = bar + expiry if expiry > 0 else -1.0
    rows[i, e.O_OCO], rows[i, e.O_DUE] = group, account[e.NOW] + account[e.DELAY]
    rows[i, e.O_LIVE], rows[i, e.O_POSITION] = 1.0, 0.0
    rows[i, e.O_REVERSES], rows[i, e.O_PYRAMIDING] = (1.0 if reverse != 0.0 else 0.0), pyramiding


@njit_once
def request_exit(d, number, units, side):
    """Close position `number` (0: those of `side`, oldest first), or so many units, at the next open."""
    account = d.account
    i = int(account[e.N_REQUESTS])
    if i >= d.requests.shape[0]:
        account[e.TROUBLE] = e.TOO_MANY_ORDERS
        return
    account[e.N_REQUESTS] += 1.0
    account[e.TOUCHED] = 1.0
    r = d.requests
    r[i, e.O_KIND], r[i, e.O_SIDE], r[i, e.O_UNITS], r[i, e.O_POSITION] = e.EXIT, side, units, number
    r[i, e.O_OCO], r[i, e.O_LIVE], r[i, e.O_DUE] = 0.0, 1.0, 0.0


@njit_once
def close_some(d, number, size, side):
    """Close so many lots in whole steps of the volume; nothing where that is less than one, or NaN."""
    if size <= 0.0 or size == np.inf:
        d.account[e.TROUBLE] = BAD_ORDER
        return
    units = whole_steps(size * d.account[e.LOT], d.config[a.VOLUME_STEP])
    if units > 0.0:
        request_exit(d, number, units, side)


@njit_once
def n_waiting(d):
    """`len(ctx.orders)`: pending orders that are neither filled nor cancelled."""
    n = 0
    for j in range(int(d.account[e.N_WAITING])):
        if d.orders[j, e.O_LIVE] > 0.0:
            n += 1
    return n


@njit_once
def cancel_all(d):
    """`ctx.cancel_all`."""
    for j in range(int(d.account[e.N_WAITING])):
        d.orders[j, e.O_LIVE] = 0.0


@njit_once
def move_stop(d, stop):
    """`ctx.position.modify(stop=...)`; NaN removes it."""
    if d.account[e.N_OPEN] > 0.0:
        p = d.positions
        d.account[e.TOUCHED] = 1.0
        p[0, STOP] = -p[0, SIDE] * np.inf if np.isnan(stop) else rounded(stop, d.config[a.LEVEL_SCALE])
        p[0, STOP_REASON] = STOP_LOSS


@njit_once
def move_target(d, target):
    """`ctx.position.modify(target=...)`; NaN removes it."""
    if d.account[e.N_OPEN] > 0.0:
        p = d.positions
        d.account[e.TOUCHED] = 1.0
        p[0, TARGET] = p[0, SIDE] * np.inf if np.isnan(target) else rounded(target, d.config[a.LEVEL_SCALE])


@njit_once
def trail_oldest(d, distance):
    """`ctx.position.trail`."""
    if distance < 0.0:
        d.account[e.TROUBLE] = BAD_ORDER
    elif d.account[e.N_OPEN] > 0.0:
        d.account[e.TOUCHED] = 1.0
        d.positions[0, e.TRAIL] = distance


@njit_once
def reserve(d, size, stop, target, trail, given):
    """`ctx.position.reserve`.

    Args:
        d: see `Desk`.
        size: lots; unused unless given.
        stop: price, and below its target; likewise.
        target: price.
        trail: distance, price; 0 for none.
        given: sum of 1 for size, 2 stop, 4 target: those that the strategy names.
    """
    p, account, scale = d.positions, d.account, d.config[a.LEVEL_SCALE]
    if (given & 1 and (size <= 0.0 or size == np.inf)) or trail < 0.0:
        account[e.TROUBLE] = BAD_ORDER
        return
    n = int(account[e.N_OPEN])
    unknown = (given & 1 and np.isnan(size)) or (given & 2 and np.isnan(stop)) or (given & 4 and np.isnan(target))
    if n == 0 or p[0, e.IS_RESERVED] > 0.0 or unknown or np.isnan(trail):
        return
    units = np.inf
    if given & 1:
        units = whole_steps(size * account[e.LOT], d.config[a.VOLUME_STEP])
        if not units > 0.0:
            return
    i = 0
    if part_of(p[0, UNITS], units) < p[0, UNITS]:
        if n >= p.shape[0]:
            account[e.TROUBLE] = e.TOO_MANY_POSITIONS
            return
        for k in range(n, 0, -1):
            for c in range(e.N_HELD):
                p[k, c] = p[k - 1, c]
        account[e.N_OPEN] += 1.0
        account[e.N_OPENED] += 1.0
        share = units / p[0, UNITS]
        p[1, UNITS], p[1, PAID], p[1, MARGIN] = units, p[0, PAID] * share, p[0, MARGIN] * share
        p[1, e.NUMBER] = account[e.N_OPENED]
        p[0, UNITS] -= units
        p[0, PAID] -= p[1, PAID]
        p[0, MARGIN] -= p[1, MARGIN]
        i = 1
    side = p[i, SIDE]
    p[i, STOP] = rounded(stop, scale) if given & 2 else -side * np.inf
    p[i, TARGET] = rounded(target, scale) if given & 4 else side * np.inf
    p[i, STOP_REASON], p[i, BEST], p[i, e.TRAIL], p[i, e.IS_RESERVED] = STOP_LOSS, p[i, ENTRY], trail, 1.0
    account[e.TOUCHED] = 1.0


@njit_once
def of_oldest(d, column, without):
    """A number of the oldest position, or `without` where none is open."""
    return d.positions[0, column] if d.account[e.N_OPEN] > 0.0 else without


@njit_once
def of_last_trade(d, field):
    """A number of the trade that was closed last: 0 side, 1 units, 2 entry, 3 exit, 4 net profit; NaN without one."""
    k = int(d.account[e.N_CLOSED]) - 1
    if k < 0:
        return np.nan
    if field == 0:
        return d.trades[k, e.T_SIDE]
    if field == 1:
        return d.trades[k, e.T_UNITS]
    if field == 2:
        return d.trades[k, e.T_ENTRY]
    return d.trades[k, e.T_EXIT if field == 3 else e.T_NET]


@njit_once
def round_to(value, digits):
    """Python's ``round(value, digits)``, to the last bit: Numba's own rounds the product, which is rounded already.

    Ten to the power of `digits` is exact, so the product's rounding error can be had exactly (Dekker 1971) and says on
    which side of a half the value lies; and the quotient of two whole numbers is the nearest to what was meant.

    Args:
        value: any number.
        digits: 0 to 22.
    """
    power = 10.0**digits
    product = value * power
    if digits < 0 or digits > 22 or not abs(product) < 9007199254740992.0:  # 2**53: no finer digits there
        return round_or_leave(value, digits)
    high_value, low_value = halves(value)
    high_power, low_power = halves(power)
    rest = low_value * low_power - (
        ((product - high_value * high_power) - low_value * high_power) - high_value * low_power
    )
    whole = np.floor(product)
    beside = (product - whole - 0.5) + rest
    if beside > 0.0 or (beside == 0.0 and whole % 2.0 != 0.0):
        whole += 1.0
    return np.copysign(whole / power, value)


@njit_once
def halves(value):
    """A number as a sum of two with half of its digits each (Veltkamp)."""
    product = value * 134217729.0
    high = product - (product - value)
    return high, value - high


@njit_once
def round_or_leave(value, digits):
    """Of a number too large to have such digits, the number itself; before the point nothing is rounded."""
    if digits < 0:
        raise ValueError("round: digits must not be below 0 here")
    return value


@njit_once
def whole_number(value):
    """Python's ``int(value)``, which refuses what is no number."""
    if not abs(value) < 9.2e18:
        raise ValueError("int of a number that is none")
    return int(value)
