"""Compiled: how entries that say more than their side become positions."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.engine.compiled.bookkeeping import commission, margin_of, position_size, rounded, size_by_equity
from trading_ai.engine.compiled.carrying import (
    BEST,
    ENTRY,
    ENTRY_BAR,
    ENTRY_SLIPS,
    MARGIN,
    N_POSITION,
    PAID,
    SIDE,
    STOP,
    STOP_REASON,
    TARGET,
    UNITS,
    open_value,
)
from trading_ai.engine.plan_columns import PERCENT, PRICE, SIZE, STOP_ORDER, TRAIL, TRAIL_CODE
from trading_ai.engine.plan_columns import STOP as PLAN_STOP
from trading_ai.engine.plan_columns import STOP_CODE as PLAN_STOP_CODE
from trading_ai.engine.plan_columns import TARGET as PLAN_TARGET
from trading_ai.engine.plan_columns import TARGET_CODE as PLAN_TARGET_CODE
from trading_ai.engine.records import STOP_LOSS, TRAILING_STOP

# Columns of the table of open positions besides those of `carrying`: how far its stop trails, and its own levels while
# nearer ones hold for a bar, and the bar inside which a waiting order opened it, -1 for an entry at an open.
TRAILS, OWN_STOP, OWN_REASON, OWN_TARGET, INSIDE = range(N_POSITION, N_POSITION + 5)
WIDTH = N_POSITION + 5


@njit
def placed(value, code, anchor, direction):
    """The price of a level that lies in a direction from a price, up (+1) or down (-1)."""
    if code == PRICE:
        return value
    if code == PERCENT:
        return anchor + direction * (anchor * (value / 100.0))
    return anchor + direction * value


@njit
def whole_size(config, balance, units):
    """The size that a signal asks for, in whole steps; 0 where nothing can be opened."""
    if balance <= 0.0:
        return 0.0
    if config[a.MAX_VOLUME] > 0.0:
        units = min(units, config[a.MAX_VOLUME])
    if config[a.VOLUME_STEP] > 0.0:
        units = np.floor(units / config[a.VOLUME_STEP] + 1e-9) * config[a.VOLUME_STEP]
    return units if units >= config[a.MIN_VOLUME] else 0.0


@njit
def open_planned(
    config, positions, n_open, t, side, row, slips, signal_close, entry, leave, stop_far, target_far, trail_far, days,
    state, tally,
):  # fmt: skip
    """Open a position at a price, if the account can carry it.

    Args:
        config: see `bookkeeping.CONFIG`.
        positions: the table of open positions, with room for one more.
        n_open: how many they are.
        t: the bar.
        side: +1.0 long, -1.0 short.
        row: of the plan.
        slips: 1.0 where the entry slipped, 0.0 for one at a limit.
        signal_close: price that distances are measured from; NaN for the fill.
        entry: the fill.
        leave: price at which positions of that side could be closed at that moment.
        stop_far: distance of the stop by the parameters, price units, inf for none.
        target_far: of the target likewise.
        trail_far: of the trailing stop likewise.
        days: see `arguments.Days`.
        state: see `bookkeeping`.
        tally: see `bookkeeping`.

    Returns:
        The number of open positions.
    """
    nights, rates = days.nights, days.rates
    scale = config[a.LEVEL_SCALE]
    anchor = entry if np.isnan(signal_close) else signal_close
    risk = stop_far
    stop = rounded(anchor - side * stop_far, scale)
    if not np.isnan(row[PLAN_STOP]):
        stop = rounded(placed(row[PLAN_STOP], row[PLAN_STOP_CODE], anchor, -side), scale)
        risk = (entry - stop) * side
    target = rounded(anchor + side * target_far, scale)
    if not np.isnan(row[PLAN_TARGET]):
        target = rounded(placed(row[PLAN_TARGET], row[PLAN_TARGET_CODE], anchor, side), scale)
    trails = trail_far
    if not np.isnan(row[TRAIL]):
        trails = entry * (row[TRAIL] / 100.0) if row[TRAIL_CODE] == PERCENT else row[TRAIL]
    equity = state[a.BALANCE] + open_value(config, positions, n_open, nights, rates, t, leave)
    if not np.isnan(row[SIZE]):
        units = whole_size(config, state[a.BALANCE], row[SIZE])
    elif config[a.EQUITY_FRACTION] != 0.0:
        units = size_by_equity(config, state[a.BALANCE], equity, rates, t, entry)
    elif config[a.RISK_FRACTION] != 0.0 and risk <= 0.0:
        units = 0.0
    else:
        units = position_size(config, state[a.BALANCE], risk, rates, t, entry)
    margin = margin_of(config, units, entry, rates, t)
    used = 0.0
    for j in range(n_open):
        used += positions[j, MARGIN]
    # The margin over 1 is for rounding: all in, at a leverage of 1, is just possible.
    if units <= 0.0 or equity < config[a.HALF_CENT] or margin > (equity - used) * (1.0 + 1e-9):
        tally[a.N_SKIPPED] += 1.0
        return n_open
    p = positions[n_open]
    p[ENTRY_BAR] = t
    p[SIDE] = side
    p[UNITS] = units
    p[ENTRY] = entry
    p[MARGIN] = margin
    p[ENTRY_SLIPS] = slips
    p[STOP_REASON] = STOP_LOSS
    p[TRAILS] = trails
    p[INSIDE] = -1.0
    trail = rounded(entry - side * trails, scale)
    if (trail - stop) * side > 0.0:
        stop = trail
        p[STOP_REASON] = TRAILING_STOP
    p[STOP] = stop
    p[TARGET] = target
    p[BEST] = entry
    p[PAID] = commission(config, units, entry, rates, t)
    state[a.BALANCE] -= p[PAID]
    return n_open + 1


@njit
def rest_of(same_bar, leg, kind, long, leave, high, low, close):
    """Worst and best price of a bar after an order was filled inside it, and whether the best comes first.

    Args:
        same_bar: see `rules.SAME_BAR_CODES`.
        leg: on which part of the way it was filled, see `plan_orders`.
        kind: how it was reached, see there.
        long: whether it opened a long.
        leave: price at which the position could be left at its fill.
        high: highest of the bar, and below its lowest and its last, on the side that the position leaves at.
        low: lowest.
        close: last.
    """
    is_stop = kind == STOP_ORDER
    worst, best = (low, high) if long else (high, low)
    target_first = is_stop if same_bar == 2.0 else same_bar == 1.0
    # Which extreme was there before the fill, if that is known: it is left out.
    was_worst = is_stop and same_bar == 1.0
    was_best = not is_stop and same_bar == 0.0
    if same_bar == 2.0:
        was_worst = leg == 2.0 or (leg == 1.0 and is_stop)
        was_best = leg == 2.0 or (leg == 1.0 and not is_stop)
    if was_best:
        best = max(close, leave) if long else min(close, leave)
    if was_worst:
        worst = min(close, leave) if long else max(close, leave)
    return worst, best, target_first


@njit
def bring_near(positions, i, stop, target, scale):
    """Let nearer levels count for a position; NaN for none."""
    side = positions[i, SIDE]
    level = rounded(stop, scale)
    if (level - positions[i, STOP]) * side > 0.0:
        positions[i, STOP] = level
        positions[i, STOP_REASON] = STOP_LOSS
    level = rounded(target, scale)
    if (positions[i, TARGET] - level) * side > 0.0:
        positions[i, TARGET] = level
