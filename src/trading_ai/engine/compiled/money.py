"""Compiled: what every exit of one event earns, for sizes that are fixed."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.engine.compiled.exits import UNTOUCHED
from trading_ai.engine.compiled.marks import profit_of

NOT_TOUCHED = np.int32(2**31 - 1)


@njit
def money_of(terms, side, units, entry, price, paid, slips, crossed):
    """What a trade of a fixed size earns.

    Args:
        terms: see `terms_of`. Plain numbers, because an array that is handed on inside a loop costs more than this.
        side: +1.0 long, -1.0 short.
        units: its size.
        entry: price of the entry.
        price: price of the exit.
        paid: commission of the entry.
        slips: how many of its two fills slip.
        crossed: spread at the fill that crossed it, quote currency.

    Returns:
        Net profit, change of the balance at the exit, commission, slippage, spread.
    """
    rate, own_price, slippage = terms[0], terms[1], terms[2]
    gross = profit_of(own_price, side, units, entry, price, rate)
    in_account = 1.0 / price if own_price else rate
    slipped, spread = slips * slippage * units * in_account, crossed * units * in_account
    # Adding 0.0 turns a negative zero into zero, as adding no swap does in `chain`.
    if not terms[3]:
        return gross + 0.0, gross + 0.0, 0.0, slipped, spread
    paid_out = commission_of(terms, units, price)
    return gross - (paid + paid_out) + 0.0, gross - paid_out + 0.0, paid + paid_out, slipped, spread


@njit
def commission_of(terms, units, price):
    """`bookkeeping.commission` where the conversion does not change from bar to bar."""
    if not terms[3]:
        return 0.0
    value = units * price * (1.0 / price if terms[1] else terms[0])
    return units * terms[4] + value * terms[5] + terms[6]


@njit
def terms_of(config):
    """Rate, whether it is the own price's, slippage, whether there are commissions, and the three kinds of these."""
    return (
        config[a.RATE], config[a.CONVERSION] == 2.0, config[a.SLIPPAGE], config[a.HAS_COMMISSION] != 0.0,
        config[a.COMMISSION_PER_UNIT], config[a.COMMISSION_OF_VALUE], config[a.COMMISSION_PER_TRADE],
    )  # fmt: skip


@njit
def fill_money(config, k, n_stops, events, market, touches, table):
    """Turn the touches of event `k` into money, for every level touched and the forced exit.

    Args:
        config: see `bookkeeping.CONFIG`.
        k: the event.
        n_stops: number of stops among the levels.
        events: see `arguments.Events`.
        market: see `arguments.Market`.
        touches: those of the event, in column 0; see `arguments.Touches`.
        table: out, see `arguments.MoneyTable`.
    """
    n_events, n = events.bar.shape[0], market.time_ns.shape[0]
    side, first, entry = events.side[k], events.bar[k], events.entry[k]
    touch_key, touch = touches.keys, touches.values
    keys, net, worst, best, best_bar = table.keys, table.net, table.worst, table.best, table.best_bar
    units, rate = config[a.UNITS], config[a.RATE]
    own_price = config[a.CONVERSION] == 2.0
    terms = terms_of(config)
    long = side > 0.0
    paid = commission_of(terms, units, entry)
    table.paid_in[k] = paid
    n_levels = touch_key.shape[0]
    for column in range(n_levels):
        at = column * n_events + k
        if touch_key[column, 0] == UNTOUCHED:
            keys[at] = NOT_TOUCHED  # the rest is never read
            continue
        keys[at] = touch_key[column, 0]
        low, high = touch[column, 0, 1], touch[column, 0, 2]
        worst[at] = profit_of(own_price, side, units, entry, low if long else high, rate)
        best[at] = profit_of(own_price, side, units, entry, high if long else low, rate)
        best_bar[at] = int(touch[column, 0, 4] if long else touch[column, 0, 3])
        crossed_at = first if long else min(touch_key[column, 0] >> 1, n - 1)
        slips = 2.0 if column < n_stops or column == n_levels - 1 else 1.0
        earned, delta, charge, slipped, spread = money_of(
            terms, side, units, entry, touch[column, 0, 0], paid, slips,
            market.ask_open[crossed_at] - market.bid_open[crossed_at],
        )  # fmt: skip
        net[at] = earned
        if table.charges.shape[0] > 0:
            table.delta[at] = delta
            table.charges[at] = charge
        if table.slippages.shape[0] > 0:
            table.slippages[at] = slipped
        if table.spreads.shape[0] > 0:
            table.spreads[at] = spread
