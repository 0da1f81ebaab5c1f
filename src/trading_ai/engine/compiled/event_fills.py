"""Compiled: orders of an event strategy carried out at an open or a tick; the rules are those of `event_reference`."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit_once
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.engine.compiled import event_desk as e
from trading_ai.engine.compiled.bookkeeping import commission, margin_of, position_size, rounded, size_by_equity
from trading_ai.engine.compiled.carrying import MARGIN, SIDE, STOP, STOP_REASON, TARGET, UNITS
from trading_ai.engine.compiled.closing import market_fill
from trading_ai.engine.compiled.event_desk import (
    cannot_carry,
    close_held,
    leave,
    open_value,
    put_position,
    stop_out_held,
)
from trading_ai.engine.records import ROUNDING, SIGNAL, STOP_LOSS, TAKE_PROFIT, TRAILING_STOP


@njit_once
def waits_for_limit(order):
    """Whether an order waits for its limit: a limit order, or a stop-limit whose stop price was reached."""
    return order[e.O_KIND] == e.LIMIT or (
        order[e.O_KIND] == e.STOP_LIMIT and order[e.O_STOP_PRICE] == -order[e.O_SIDE] * np.inf
    )


@njit_once
def whole_steps(units, step):
    """A size in whole steps of the volume; as it is where there are none."""
    return np.floor(units / step + 1e-9) * step if step > 0.0 else units


@njit_once
def part_of(held, left):
    """How much of a position goes where so much is left to close: all of it, where they differ by rounding only."""
    return held if left >= held * (1.0 - ROUNDING) else left


@njit_once
def units_of(d, order, t, price, equity):
    """Size of a fill in units, in whole steps of the volume; 0 where nothing can be opened."""
    config, balance = d.config, d.account[e.BALANCE]
    if balance <= 0.0:
        return 0.0
    units = order[e.O_UNITS]
    if units == 0.0:
        if config[a.EQUITY_FRACTION] > 0.0:
            return size_by_equity(config, balance, equity, d.rates, t, price)
        distance = 0.0
        if config[a.RISK_FRACTION] > 0.0:
            pip = d.account[e.PIP]
            distance = order[e.O_STOP_PIPS] if order[e.O_STOP_PIPS] > 0.0 else abs(price - order[e.O_STOP]) / pip
            if not distance > 0.0:
                return 0.0  # what a position without a stop risks is not known
            distance *= pip
        return position_size(config, balance, distance, d.rates, t, price)
    units = whole_steps(units, config[a.VOLUME_STEP])
    if config[a.MAX_VOLUME] > 0.0:
        units = min(units, config[a.MAX_VOLUME])
    return units if units >= config[a.MIN_VOLUME] else 0.0


@njit_once
def fill(d, order, t, quoted, bid, ask, inside):
    """Open what an order says, if the rules and the balance allow it; the order is used up either way."""
    order[e.O_LIVE] = 0.0
    config, account, side = d.config, d.account, order[e.O_SIDE]
    if config[a.DIRECTION] * side < 0.0:
        return
    is_limit = order[e.O_KIND] == e.LIMIT or order[e.O_KIND] == e.STOP_LIMIT
    entry = quoted if is_limit else market_fill(quoted, -side, config)
    equity = account[e.BALANCE] + open_value(d, t, bid, ask)
    units = units_of(d, order, t, entry, equity)
    margin = margin_of(config, units, entry, d.rates, t)
    used = 0.0
    for i in range(int(account[e.N_OPEN])):
        used += d.positions[i, MARGIN]
    # The margin over 1 is for rounding: all in, at a leverage of 1, is just possible.
    if units <= 0.0 or equity < config[a.HALF_CENT] or margin > (equity - used) * (1.0 + 1e-9):
        account[e.N_SKIPPED] += 1.0
        return
    scale, pip = config[a.LEVEL_SCALE], account[e.PIP]
    stop, reason = -side * np.inf, STOP_LOSS
    if order[e.O_STOP_PIPS] > 0.0:
        stop = rounded(entry - side * (order[e.O_STOP_PIPS] * pip), scale)
    elif not np.isnan(order[e.O_STOP]):
        stop = rounded(order[e.O_STOP], scale)
    if order[e.O_TRAIL] > 0.0:
        trail = rounded(entry - side * order[e.O_TRAIL], scale)
        if (trail - stop) * side > 0.0:
            stop, reason = trail, TRAILING_STOP
    target = side * np.inf
    if order[e.O_TARGET_PIPS] > 0.0:
        target = rounded(entry + side * (order[e.O_TARGET_PIPS] * pip), scale)
    elif not np.isnan(order[e.O_TARGET]):
        target = rounded(order[e.O_TARGET], scale)
    paid = commission(config, units, entry, d.rates, t)
    account[e.BALANCE] -= paid
    slips = 0.0 if is_limit else config[a.SLIPPAGE]
    put_position(d, t, side, units, entry, stop, reason, target, paid, margin, order[e.O_TRAIL], inside, slips)


@njit_once
def close_other_side(d, order, t, quoted, bid, ask, inside):
    """Close positions of the other side, oldest first; returns whether anything is left to open.

    With netting as much as the order's size, of an order that reverses all of them.
    """
    account, p, side = d.account, d.positions, order[e.O_SIDE]
    other = False
    for i in range(int(account[e.N_OPEN])):
        other = other or p[i, SIDE] != side
    if not other:
        return True
    is_limit = order[e.O_KIND] == e.LIMIT or order[e.O_KIND] == e.STOP_LIMIT
    price = quoted if is_limit else market_fill(quoted, -side, d.config)
    wanted = units_of(d, order, t, price, account[e.BALANCE] + open_value(d, t, bid, ask))
    reverses = order[e.O_REVERSES] > 0.0
    left = np.inf if reverses else wanted
    i = 0
    while i < account[e.N_OPEN] and left > wanted * ROUNDING:
        if p[i, SIDE] == side:
            i += 1
            continue
        units = part_of(p[i, UNITS], left)
        left -= units
        if not close_held(d, i, t, price, SIGNAL, units, False, False, not is_limit):
            i += 1
        if account[e.N_OPEN] == 0.0 and not inside:
            d.marks[t] = account[e.BALANCE]
    if left <= wanted * ROUNDING or left < d.config[a.MIN_VOLUME]:
        order[e.O_LIVE] = 0.0
        if wanted > 0.0:
            cancel_group(d, order[e.O_OCO])
        return False
    if not reverses:
        order[e.O_UNITS] = left
    return True


@njit_once
def execute(d, order, t, quoted, bid, ask, inside):
    """Fill an order at a price."""
    if order[e.O_PYRAMIDING] > 0.0:
        same = 0
        for i in range(int(d.account[e.N_OPEN])):
            same += d.positions[i, SIDE] == order[e.O_SIDE]
        if same >= order[e.O_PYRAMIDING]:
            order[e.O_LIVE] = 0.0
            return
    reverses, n_closed = order[e.O_REVERSES] > 0.0, d.account[e.N_CLOSED]
    if (reverses or d.account[e.NETTING] > 0.0) and not close_other_side(d, order, t, quoted, bid, ask, inside):
        return
    before = d.account[e.N_OPENED]
    group = order[e.O_OCO]
    fill(d, order, t, quoted, bid, ask, inside)
    if d.account[e.N_OPENED] > before or (reverses and d.account[e.N_CLOSED] > n_closed):
        cancel_group(d, group)


@njit_once
def cancel_group(d, group):
    """Cancel the orders of a group, one of which has been filled."""
    if group == 0.0:
        return
    for j in range(int(d.account[e.N_WAITING])):
        if d.orders[j, e.O_OCO] == group:
            d.orders[j, e.O_LIVE] = 0.0
    for j in range(int(d.account[e.N_REQUESTS])):
        if d.requests[j, e.O_OCO] == group:
            d.requests[j, e.O_LIVE] = 0.0


@njit_once
def keep_live(d):
    """Take out of the waiting orders what was filled, cancelled or refused."""
    kept = 0
    for j in range(int(d.account[e.N_WAITING])):
        if d.orders[j, e.O_LIVE] > 0.0:
            if kept != j:
                for c in range(e.N_ORDER):
                    d.orders[kept, c] = d.orders[j, c]
            kept += 1
    d.account[e.N_WAITING] = kept


@njit_once
def expire(d, strategy_bar):
    """Cancel orders whose last bar has ended."""
    for j in range(int(d.account[e.N_WAITING])):
        if 0.0 <= d.orders[j, e.O_LAST_BAR] <= strategy_bar:
            d.orders[j, e.O_LIVE] = 0.0
    keep_live(d)


@njit_once
def exit_now(d, request, t, bid, ask, inside):
    """Close at these prices of bar t what a request names."""
    left = request[e.O_UNITS] if request[e.O_UNITS] > 0.0 else np.inf
    side, number = request[e.O_SIDE], request[e.O_POSITION]
    p = d.positions
    nothing = request[e.O_UNITS] * ROUNDING
    i = 0
    while i < d.account[e.N_OPEN] and left > nothing:
        if (number > 0.0 and p[i, e.NUMBER] != number) or (side != 0.0 and p[i, SIDE] != side):
            i += 1
            continue
        units = part_of(p[i, UNITS], left)
        left -= units
        price = bid if p[i, SIDE] > 0.0 else ask
        if not leave(d, i, t, price, SIGNAL, units, False, False):
            i += 1
        if d.account[e.N_OPEN] == 0.0 and not inside:
            d.marks[t] = d.account[e.BALANCE]


@njit_once
def market_orders(d, t, bid, ask, inside):
    """Carry out at these prices of bar t what was ordered at the market, in the order in which it was ordered."""
    late = 0
    for j in range(int(d.account[e.N_REQUESTS])):
        request = d.requests[j]
        if request[e.O_KIND] == e.EXIT:
            exit_now(d, request, t, bid, ask, inside)
        elif request[e.O_DUE] > t:
            if late != j:
                for c in range(e.N_ORDER):
                    d.requests[late, c] = d.requests[j, c]
            late += 1
        elif request[e.O_LIVE] > 0.0:
            execute(d, request, t, ask if request[e.O_SIDE] > 0.0 else bid, bid, ask, inside)
    d.account[e.N_REQUESTS] = late


@njit_once
def levels_at(d, t, bid, ask):
    """Close positions whose stop or target these prices of bar t are at or beyond."""
    p = d.positions
    i = 0
    while i < d.account[e.N_OPEN]:
        side = p[i, SIDE]
        price = bid if side > 0.0 else ask
        if (p[i, STOP] - price) * side >= 0.0:
            leave(d, i, t, price, int(p[i, STOP_REASON]), 0.0, False, False)
        elif (price - p[i, TARGET]) * side >= 0.0:
            close_held(d, i, t, price, TAKE_PROFIT, 0.0, False, False, False)
        else:
            i += 1


@njit_once
def fill_at_price(d, t, bid, ask, inside):
    """Fill what these prices of bar t, its open or a moment inside it, are at or beyond."""
    levels_at(d, t, bid, ask)
    while d.account[e.N_OPEN] > 0.0 and cannot_carry(d, t, bid, ask):
        stop_out_held(d, t, bid, ask, np.nan, np.nan)
    before = d.account[e.N_OPENED]
    for j in range(int(d.account[e.N_WAITING])):
        order = d.orders[j]
        if order[e.O_LIVE] == 0.0 or order[e.O_DUE] > t:
            continue
        side, kind = order[e.O_SIDE], order[e.O_KIND]
        price = ask if side > 0.0 else bid
        if (kind == e.STOP_ENTRY or kind == e.STOP_LIMIT) and (price - order[e.O_STOP_PRICE]) * side >= 0.0:
            if kind == e.STOP_LIMIT:
                order[e.O_STOP_PRICE] = -side * np.inf  # from here on it is a limit
            else:
                execute(d, order, t, price, bid, ask, inside)
        if order[e.O_LIVE] > 0.0 and waits_for_limit(order) and (order[e.O_LIMIT] - price) * side >= 0.0:
            execute(d, order, t, price, bid, ask, inside)
    if d.account[e.N_OPENED] > before:
        levels_at(d, t, bid, ask)
