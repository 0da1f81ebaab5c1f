"""Compiled: what an account can carry: its open positions, their margin, and the price at which it no longer can.

All open positions are of one side, so the equity falls in one direction of the price, and there is one such price.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.engine.compiled.bookkeeping import price_profit, swap_before_conversion, swap_credit

# Columns of the table of open positions.
ENTRY_BAR, SIDE, UNITS, ENTRY, STOP, TARGET, BEST, STOP_REASON, PAID, MARGIN, ENTRY_SLIPS = range(11)
N_POSITION = 11


@njit
def open_value(config, positions, n_open, nights, rates, bar, price):
    """Profit and swap of the open positions, valued at one price."""
    total = 0.0
    conversion, rate = config[a.CONVERSION], config[a.RATE]
    for i in range(n_open):
        # No views of rows here and below: each would be counted, and that takes longer than the sums.
        side, units, entry = positions[i, SIDE], positions[i, UNITS], positions[i, ENTRY]
        total += price_profit(side, units, entry, price, conversion, rate, rates, bar) + swap_credit(
            config, side, units, nights, rates, int(positions[i, ENTRY_BAR]), bar, price
        )
    return total


@njit
def limit_of(config, positions, n_open):
    """The equity at which the account no longer carries its positions; 0 without margin."""
    if config[a.MARGIN_FRACTION] == 0.0:
        return 0.0
    used = 0.0
    for i in range(n_open):
        used += positions[i, MARGIN]
    return used * config[a.STOP_OUT_LEVEL]


@njit
def level_of_account(config, balance, positions, n_open, nights, rates, bar):
    """The first price, on the way against the open positions, at which the equity is down to its limit.

    Equity is a straight line in the price, or in 1 / price where the account holds the base currency. Rounded against
    the positions. Infinite where no price is: below the limit at any price for longs, above it at any for shorts.
    """
    side = positions[0, SIDE]
    units = 0.0
    cost = 0.0
    swap = 0.0
    for i in range(n_open):
        units += positions[i, UNITS]
        cost += positions[i, ENTRY] * positions[i, UNITS]
        swap += swap_before_conversion(config, side, positions[i, UNITS], nights, int(positions[i, ENTRY_BAR]), bar)
    lacking = limit_of(config, positions, n_open) - balance
    if config[a.SWAP_IN_ACCOUNT] != 0.0:
        lacking, swap = lacking - swap, 0.0
    if config[a.CONVERSION] == 2.0:
        owed = side * cost - swap
        worth = side * units - lacking
        if worth * side <= 0.0:
            return np.inf
        price = owed / worth
    else:
        rate = rates[bar] if config[a.CONVERSION] == 3.0 else config[a.RATE]
        price = (lacking / rate + side * cost - swap) / (side * units)
    ticks = price * config[a.FILL_SCALE]
    # A price a rounding error beside a whole tick is that tick.
    return (np.floor(ticks + 1e-3) if side > 0.0 else np.ceil(ticks - 1e-3)) / config[a.FILL_SCALE]


@njit
def first_to_close(config, positions, n_open, nights, rates, bar, price, ruin):
    """The position to close first at a price: the largest loser, or where all are closed, the largest winner."""
    chosen = 0
    chosen_worth = 0.0
    for i in range(n_open):
        p = positions[i]
        worth = price_profit(
            p[SIDE], p[UNITS], p[ENTRY], price, config[a.CONVERSION], config[a.RATE], rates, bar
        ) + swap_credit(config, p[SIDE], p[UNITS], nights, rates, int(p[ENTRY_BAR]), bar, price)
        if i == 0 or (worth > chosen_worth if ruin else worth < chosen_worth):
            chosen, chosen_worth = i, worth
    return chosen


@njit
def taken_out(positions, i, n_open):
    """Take position `i` out of the table, the order of the others kept; returns how many are left."""
    for j in range(i, n_open - 1):
        positions[j] = positions[j + 1]
    return n_open - 1
