"""Compiled: what every exit of one event earns, for sizes that are fixed."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.engine.compiled.bookkeeping import commission, to_account
from trading_ai.engine.compiled.exits import UNTOUCHED
from trading_ai.engine.compiled.marks import profit_of

NOT_TOUCHED = np.int32(2**31 - 1)


@njit
def fill_money(config, k, n_stops, events, market, rates, touches, table):
    """Turn the touches of event `k` into money, for every level touched and the forced exit.

    Args:
        config: see `bookkeeping.CONFIG`.
        k: the event.
        n_stops: number of stops among the levels.
        events: see `arguments.Events`.
        market: see `arguments.Market`.
        rates: see `arguments.Days`.
        touches: those of the event, in column 0; see `arguments.Touches`.
        table: out, see `arguments.MoneyTable`.
    """
    n_events, n = events.bar.shape[0], market.time_ns.shape[0]
    side, first, entry = events.side[k], events.bar[k], events.entry[k]
    touch_key, touch = touches.keys, touches.values
    keys, net, worst, best, best_bar = table.keys, table.net, table.worst, table.best, table.best_bar
    units = config[a.UNITS]
    own_price = config[a.CONVERSION] == 2.0
    rate = config[a.RATE]
    long = side > 0.0
    paid = commission(config, units, entry, rates, first)
    table.paid_in[k] = paid
    n_levels = touch_key.shape[0]
    # Adding 0.0 turns a negative zero into zero, as adding no swap does in `chain`.
    for column in range(n_levels):
        at = column * n_events + k
        if touch_key[column, 0] == UNTOUCHED:
            keys[at] = NOT_TOUCHED  # the rest is never read
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
        if table.charges.shape[0] > 0:
            table.delta[at] = gross - paid_out + 0.0
            table.charges[at] = paid + paid_out
        in_account = to_account(config[a.CONVERSION], rate, rates, exit_bar, price)
        if table.slippages.shape[0] > 0:
            slipped = 2.0 if column < n_stops or column == n_levels - 1 else 1.0
            table.slippages[at] = slipped * config[a.SLIPPAGE] * units * in_account
        if table.spreads.shape[0] > 0:
            crossed = first if long else exit_bar
            table.spreads[at] = (market.ask_open[crossed] - market.bid_open[crossed]) * units * in_account
