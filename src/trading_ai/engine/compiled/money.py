"""Compiled: what every exit of one event earns, for sizes that are fixed."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.engine.compiled.bookkeeping import commission, to_account
from trading_ai.engine.compiled.exits import UNTOUCHED, fill_exit_row
from trading_ai.engine.compiled.marks import profit_of

NOT_TOUCHED = np.int32(2**31 - 1)


@njit
def fill_money(
    config, k, n_events, first, side, entry, n, rates, bid_open, ask_open, n_stops, touch_key, touch,
    keys, net, delta, worst, best, best_bar, charges, slippages, spreads,
):  # fmt: skip
    """Turn the touches of one event (`touch_key`, `touch`) into money, for every level touched and the forced exit."""
    units = config[a.UNITS]
    own_price = config[a.CONVERSION] == 2.0
    rate = config[a.RATE]
    long = side > 0.0
    paid = commission(config, units, entry, rates, first)
    n_levels = touch_key.shape[0]
    for column in range(n_levels):
        at = column * n_events + k
        if touch_key[column, 0] == UNTOUCHED:
            keys[at] = NOT_TOUCHED
            continue
        keys[at] = touch_key[column, 0]
        exit_bar = min(touch_key[column, 0] >> 1, n - 1)
        price = touch[column, 0, 0]
        low, high = touch[column, 0, 1], touch[column, 0, 2]
        gross = profit_of(own_price, side, units, entry, price, rate)
        paid_out = commission(config, units, price, rates, exit_bar)
        net[at] = gross - (paid + paid_out) + 0.0
        worst[at] = profit_of(own_price, side, units, entry, low if long else high, rate)
        best[at] = profit_of(own_price, side, units, entry, high if long else low, rate)
        best_bar[at] = int(touch[column, 0, 4] if long else touch[column, 0, 3])
        if charges.shape[0] > 0:
            delta[at] = gross - paid_out + 0.0
            charges[at] = paid + paid_out
        in_account = to_account(config[a.CONVERSION], rate, rates, exit_bar, price)
        if slippages.shape[0] > 0:
            slipped = 2.0 if column < n_stops or column == n_levels - 1 else 1.0
            slippages[at] = slipped * config[a.SLIPPAGE] * units * in_account
        if spreads.shape[0] > 0:
            crossed = first if long else exit_bar
            spreads[at] = (ask_open[crossed] - bid_open[crossed]) * units * in_account


@njit
def fill_event(
    stops, targets, side, first, anchor, forced, bid_open, bid_high, bid_low, bid_close, bid_blocks, ask_open,
    ask_high, ask_low, ask_close, ask_blocks, config, touch_key, touch,
):  # fmt: skip
    """Find the touches of one event on the prices that its position leaves at."""
    if side > 0.0:
        fill_exit_row(
            stops, targets, side, first, anchor, forced, bid_open, bid_high, bid_low, bid_close, bid_blocks,
            config[a.LEVEL_SCALE], config[a.SLIPPAGE], config[a.FILL_SCALE], 0, touch_key, touch,
        )  # fmt: skip
    else:
        fill_exit_row(
            stops, targets, side, first, anchor, forced, ask_open, ask_high, ask_low, ask_close, ask_blocks,
            config[a.LEVEL_SCALE], config[a.SLIPPAGE], config[a.FILL_SCALE], 0, touch_key, touch,
        )  # fmt: skip
