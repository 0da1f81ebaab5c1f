"""Compiled: how positions are closed: at a price, by the account, and by the levels that a bar touches."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.engine.compiled.bookkeeping import (
    book_trade,
    commission,
    price_profit,
    rounded,
    swap_credit,
    to_account,
)
from trading_ai.engine.compiled.carrying import (
    BEST,
    ENTRY,
    ENTRY_BAR,
    ENTRY_SLIPS,
    PAID,
    SIDE,
    STOP,
    STOP_REASON,
    TARGET,
    UNITS,
    first_to_close,
    level_of_account,
    open_value,
    taken_out,
)
from trading_ai.engine.records import (
    BREAK_EVEN,
    END_OF_DATA,
    SIGNAL,
    STOP_OUT,
    TAKE_PROFIT,
    TIME_EXIT,
    TRAILING_STOP,
)


@njit
def market_fill(price, side, config):
    """Price of a market or stop fill that leaves a position: slippage is adverse."""
    if config[a.SLIPPAGE] > 0.0:
        return np.floor((price - side * config[a.SLIPPAGE]) * config[a.FILL_SCALE] + 0.5) / config[a.FILL_SCALE]
    return price


@njit
def close_position(
    config, positions, i, n_open, exit_bar, price, reason, ambiguous, ruin, market, days, state, tally, trades
):
    """Close open position `i` at a price: book the trade and mark the balance.

    Where `ruin` closes all positions, the account owes nothing at any of them; otherwise nothing after the last.

    Returns:
        The number of positions that are left open, their order kept.
    """
    time_ns, nights, rates = market.time_ns, days.nights, days.rates
    p = positions[i]
    first = int(p[ENTRY_BAR])
    side = p[SIDE]
    units = p[UNITS]
    gross = price_profit(side, units, p[ENTRY], price, config[a.CONVERSION], config[a.RATE], rates, exit_bar)
    paid_out = commission(config, units, price, rates, exit_bar)
    credit = swap_credit(config, side, units, nights, rates, first, exit_bar, price)
    left = state[a.BALANCE] + (gross - paid_out + credit)
    is_last = n_open == 1
    nothing = left < config[a.HALF_CENT]
    if (nothing and (ruin or is_last)) or (ruin and is_last):
        # What is lost beyond the account is not owed.
        gross -= left
        left = 0.0
        if is_last:
            tally[a.RUINED] = 1.0
            tally[a.RUINED_NS] = float(time_ns[exit_bar] - time_ns[0])
    state[a.BALANCE] = left
    # The balance after a trade is what closed trades made: what the others paid at their entries is part of them.
    booked = left
    for j in range(n_open):
        if j != i:
            booked += positions[j, PAID]
    net = gross - (p[PAID] + paid_out) + credit
    n_trades = int(tally[a.N_TRADES])
    book_trade(config, booked, state, tally, side, net)
    if tally[a.RUINED] != 0.0:
        tally[a.SUM_NET] = -config[a.CAPITAL]  # to the last bit: nobody loses more than they had
    # A position that is closed by an order is gone at the bar's open; stops and targets are reached inside their bar.
    tally[a.BARS_HELD] += exit_bar - first if reason == SIGNAL or reason == TIME_EXIT else exit_bar - first + 1
    tally[a.COMMISSION] += p[PAID] + paid_out
    tally[a.SWAP] += credit
    if ambiguous:
        tally[a.N_AMBIGUOUS] += 1.0
    if reason == STOP_OUT:
        tally[a.STOP_OUTS] += 1.0
    in_account = to_account(config[a.CONVERSION], config[a.RATE], rates, exit_bar, price)
    if config[a.SLIPPAGE] > 0.0:
        # All entries slip but limit orders, and all exits but targets, which are limit orders.
        slipped = p[ENTRY_SLIPS] if reason == TAKE_PROFIT else p[ENTRY_SLIPS] + 1.0
        tally[a.SLIPPAGE_PAID] += slipped * config[a.SLIPPAGE] * units * in_account
    if config[a.HAS_SPREAD] != 0.0:
        crossed = first if side > 0.0 else exit_bar  # the order that is filled at the ask
        tally[a.SPREAD_PAID] += (market.ask_open[crossed] - market.bid_open[crossed]) * units * in_account
    if trades.shape[0] > 0:
        record = trades[n_trades]
        record["entry_bar"] = first
        record["exit_bar"] = exit_bar
        record["entry_time_ns"] = time_ns[first]
        record["exit_time_ns"] = time_ns[exit_bar]
        record["direction"] = 1 if side > 0.0 else -1
        record["exit_reason"] = reason
        record["ambiguous"] = ambiguous
        record["units"] = units
        record["entry_price"] = p[ENTRY]
        record["exit_price"] = price
        record["gross_profit"] = gross
        record["commission"] = p[PAID] + paid_out
        record["swap"] = credit
        record["net_profit"] = net
        record["balance"] = booked
    return taken_out(positions, i, n_open)


@njit
def stop_out(config, positions, n_open, bar, price, best, market, days, state, tally, trades):
    """Close what the account cannot carry at a price: the largest loser, or everything if nothing is left.

    Args:
        config: see `bookkeeping.CONFIG`.
        positions: the table of open positions.
        n_open: how many they are.
        bar: the bar.
        price: price of the side that they leave at.
        best: the bar's best price for them, if it may have come before; NaN if it may not.
        market: see `arguments.Market`.
        days: see `arguments.Days`.
        state: see `bookkeeping`.
        tally: see `bookkeeping`.
        trades: out, as in `simulate_bars`.

    Returns:
        The number of positions that are left open.
    """
    nights, rates = days.nights, days.rates
    value = open_value(config, positions, n_open, nights, rates, bar, price)
    ruin = state[a.BALANCE] + value < config[a.HALF_CENT]
    while True:
        i = first_to_close(config, positions, n_open, nights, rates, bar, price, ruin)
        side = positions[i, SIDE]
        unknown = (best - positions[i, TARGET]) * side >= 0.0
        fill = market_fill(price, side, config)
        n_open = close_position(
            config, positions, i, n_open, bar, fill, STOP_OUT, unknown, ruin, market, days, state, tally, trades
        )
        if not ruin or n_open == 0:
            return n_open


@njit
def close_at_open(config, positions, n_open, t, open_, market, days, state, tally, trades):
    """Close at the open what it is at or beyond: stops, worse than their level; targets, better; then the account's."""
    nights, rates = days.nights, days.rates
    side = positions[0, SIDE]  # of all of them
    i = 0
    while i < n_open:
        if (positions[i, STOP] - open_) * side >= 0.0:
            reason, price = int(positions[i, STOP_REASON]), market_fill(open_, side, config)
        elif (open_ - positions[i, TARGET]) * side >= 0.0:
            reason, price = TAKE_PROFIT, open_
        else:
            i += 1
            continue
        n_open = close_position(
            config, positions, i, n_open, t, price, reason, False, False, market, days, state, tally, trades
        )
    while n_open > 0:
        level = level_of_account(config, state[a.BALANCE], positions, n_open, nights, rates, t)
        if (level - open_) * side < 0.0:
            break
        n_open = stop_out(config, positions, n_open, t, open_, np.nan, market, days, state, tally, trades)
    return n_open


@njit
def close_at_targets(config, positions, n_open, t, worst, best, market, days, state, tally, trades):
    """Close the positions whose target lies inside the bar; ambiguous where their stop does too."""
    side = positions[0, SIDE]
    i = 0
    while i < n_open:
        target = positions[i, TARGET]
        if (best - target) * side < 0.0:
            i += 1
            continue
        stopped = (positions[i, STOP] - worst) * side >= 0.0
        n_open = close_position(
            config, positions, i, n_open, t, target, TAKE_PROFIT, stopped, False, market, days, state, tally, trades
        )
    return n_open


@njit
def close_on_the_way(config, positions, n_open, t, open_, worst, best, market, days, state, tally, trades):
    """Close what comes on the way against the positions, in the order of the prices.

    That is their stops, and the level at which the account no longer carries them; a stop at the same price first.
    """
    nights, rates = days.nights, days.rates
    side = positions[0, SIDE]
    at = open_
    while n_open > 0:
        nearest = -1
        for i in range(n_open):
            stop = positions[i, STOP]
            if (stop - worst) * side >= 0.0 and (nearest < 0 or (stop - positions[nearest, STOP]) * side > 0.0):
                nearest = i
        level = level_of_account(config, state[a.BALANCE], positions, n_open, nights, rates, t)
        if (level - at) * side > 0.0:
            level = at
        if (level - worst) * side >= 0.0 and (nearest < 0 or (level - positions[nearest, STOP]) * side > 0.0):
            at = level
            n_open = stop_out(config, positions, n_open, t, at, best, market, days, state, tally, trades)
        elif nearest >= 0:
            at = positions[nearest, STOP]
            reached = (best - positions[nearest, TARGET]) * side >= 0.0
            reason, price = int(positions[nearest, STOP_REASON]), market_fill(at, side, config)
            n_open = close_position(
                config, positions, nearest, n_open, t, price, reason, reached, False, market, days, state, tally, trades
            )
        else:
            break
    return n_open


@njit
def close_inside_bar(
    config, positions, n_open, t, open_, worst, best, target_first, market, days, state, tally, trades
):
    """Fill the levels that bar `t` touches, as the reference does; returns the number of positions left open.

    Args:
        config: see `bookkeeping.CONFIG`.
        positions: the table of open positions, at least one.
        n_open: how many they are.
        t: the bar.
        open_: its open, and below its worst and best price, on the side that the positions leave at.
        worst: lowest for longs, highest for shorts.
        best: highest for longs, lowest for shorts.
        target_first: whether it reaches its best price first, see `bookkeeping.target_comes_first`.
        market: see `arguments.Market`.
        days: see `arguments.Days`.
        state: see `bookkeeping`.
        tally: see `bookkeeping`.
        trades: out, as in `bars.simulate_bars`.
    """
    n_open = close_at_open(config, positions, n_open, t, open_, market, days, state, tally, trades)
    if n_open > 0 and target_first:
        n_open = close_at_targets(config, positions, n_open, t, worst, best, market, days, state, tally, trades)
    if n_open > 0:
        n_open = close_on_the_way(config, positions, n_open, t, open_, worst, best, market, days, state, tally, trades)
    if n_open > 0:
        n_open = close_at_targets(config, positions, n_open, t, worst, best, market, days, state, tally, trades)
    return n_open


@njit
def close_at_end(config, positions, n_open, market, days, state, tally, trades):
    """Close every open position at the last bar's close; returns that none is left open."""
    t = market.time_ns.shape[0] - 1
    while n_open > 0:
        side = positions[0, SIDE]
        price = market_fill(market.bid_close[t] if side > 0.0 else market.ask_close[t], side, config)
        n_open = close_position(
            config, positions, 0, n_open, t, price, END_OF_DATA, False, False, market, days, state, tally, trades
        )
    return n_open


@njit
def move_stop(positions, i, best, trailing, break_even, scale):
    """Move the stop of open position `i` after a bar, effective from the next one.

    Args:
        positions: see `carrying`.
        i: which of them.
        best: price of the bar that is best for it.
        trailing: distance at which its stop trails, price units, inf for none.
        break_even: profit at which its stop moves to the entry price likewise.
        scale: stops are rounded to 1 / scale.
    """
    side, entry = positions[i, SIDE], positions[i, ENTRY]
    if (best - positions[i, BEST]) * side > 0.0:
        positions[i, BEST] = best
    trail = rounded(positions[i, BEST] - side * trailing, scale)
    if (trail - positions[i, STOP]) * side > 0.0:
        positions[i, STOP] = trail
        positions[i, STOP_REASON] = TRAILING_STOP
    trigger = rounded(entry + side * break_even, scale)
    if (best - trigger) * side >= 0.0 and (entry - positions[i, STOP]) * side > 0.0:
        positions[i, STOP] = entry
        positions[i, STOP_REASON] = BREAK_EVEN
