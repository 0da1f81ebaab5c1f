"""Compiled: any rule, bar by bar. For stops that move (trailing, break-even) and several positions.

Stretches without a position are jumped over; inside a position every bar is visited, so the cost grows
with the bars held.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit, njit_spread
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.engine.compiled.arguments import Days, Events, Market
from trading_ai.engine.compiled.bookkeeping import (
    book_trade,
    commission,
    end_days,
    finish,
    margin_of,
    mark,
    mark_balance,
    position_size,
    price_profit,
    rounded,
    start,
    swap_credit,
    to_account,
)
from trading_ai.engine.compiled.carrying import (
    BEST,
    ENTRY,
    ENTRY_BAR,
    MARGIN,
    N_POSITION,
    PAID,
    SIDE,
    STOP,
    STOP_REASON,
    TARGET,
    UNITS,
    first_to_close,
    level_of_account,
    limit_of,
    open_value,
    taken_out,
)
from trading_ai.engine.records import (
    BREAK_EVEN,
    END_OF_DATA,
    SIGNAL,
    STOP_LOSS,
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
    net = gross - (p[PAID] + paid_out) + credit
    n_trades = int(tally[a.N_TRADES])
    book_trade(config, state, tally, side, net)
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
        # Entries always slip, and all exits but targets, which are limit orders.
        slipped = 1.0 if reason == TAKE_PROFIT else 2.0
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
        record["balance"] = state[a.BALANCE]
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


@njit_spread
def simulate_bars(
    stop_distances, target_distances, trailing_distances, break_even_distances, time_exits, events: Events, exit_long,
    exit_short, strategy_bar, market: Market, days: Days, config, state, tallies, daily, trades, curve,
):  # fmt: skip
    """Simulate combinations that share their signals, each with its own exits.

    Args:
        stop_distances: price units, inf for none, shape (m,).
        target_distances: likewise.
        trailing_distances: likewise.
        break_even_distances: likewise.
        time_exits: strategy bars, 0 for never, int64, shape (m,).
        events: entry orders; what would close their positions is found anew here, bar by bar.
        exit_long: order to close longs, by bar, or empty.
        exit_short: order to close shorts likewise.
        strategy_bar: strategy bar of each execution bar, or empty when they are the same.
        market: prices.
        days: trading days, swap nights and rates.
        config: see `bookkeeping.CONFIG`.
        state: work space of `bookkeeping.N_STATE` floats.
        tallies: out, shape (m, n_tallies).
        daily: out, float32, shape (m, n_days), zeroed; or (m, 0).
        trades: out, records for the first combination, or shape (0,).
        curve: out, equity at each bar's close for the first combination, shape (n,), or shape (0,).

    Returns:
        The number of trades of the last combination.
    """
    # Names of their own, because they are handed on inside loops: see `arguments`.
    time_ns, nights, rates = market.time_ns, days.nights, days.rates
    n = time_ns.shape[0]
    n_events = events.bar.shape[0]
    max_positions = int(config[a.MAX_POSITIONS])
    positions = np.empty((max_positions, N_POSITION))
    same_bars = strategy_bar.shape[0] == 0
    conversion = config[a.CONVERSION]
    target_first = config[a.TARGET_FIRST] != 0.0
    # Only then does the level of the account move while positions and balance stay what they are.
    level_moves = config[a.HAS_SWAP] != 0.0 or conversion == 3.0
    n_trades = 0
    for c in range(stop_distances.shape[0]):
        tally = tallies[c]
        day_profit = daily[c]
        start(config, state, tally)
        n_open = 0
        open_profit = 0.0
        level = 0.0
        is_level_known = False
        if curve.shape[0] > 0:
            curve[:] = state[a.BALANCE]
        k = 0
        t = 0
        while t < n:
            if n_open == 0:
                # Nothing happens until the next entry order.
                if k >= n_events:
                    break
                t = events.bar[k]
                end_days(state, tally, days.bar_day[t], state[a.BALANCE], day_profit)
                # An account that stood at its high all the while is in no drawdown: the next one begins here.
                if state[a.BALANCE] >= state[a.EQUITY_PEAK] and t - 1 > state[a.PEAK_BAR]:
                    state[a.PEAK_BAR] = t - 1
            order = 0.0
            if k < n_events and events.bar[k] == t:
                order = events.side[k]
            # 1. At the open: exits first, in order of opening.
            consumed = False
            was_any = n_open > 0
            i = 0
            while i < n_open:
                side = positions[i, SIDE]
                first = int(positions[i, ENTRY_BAR])
                reason = -1
                exits = exit_long if side > 0.0 else exit_short
                if exits.shape[0] > 0 and exits[t] != 0:
                    reason = SIGNAL
                elif time_exits[c] > 0 and (
                    (t - first if same_bars else strategy_bar[t] - strategy_bar[first]) >= time_exits[c]
                ):
                    reason = TIME_EXIT
                elif order == -side and config[a.OPPOSITE] != 2.0:  # 2: ignored, see `rules.OPPOSITE_CODES`
                    reason = SIGNAL
                    if config[a.OPPOSITE] == 1.0:  # closes, and opens nothing itself
                        consumed = True
                if reason < 0:
                    i += 1
                    continue
                price = market_fill(market.bid_open[t] if side > 0.0 else market.ask_open[t], side, config)
                n_open = close_position(
                    config, positions, i, n_open, t, price, reason, False, False, market, days, state, tally, trades
                )
                is_level_known = False
            if was_any and n_open == 0:
                mark(state, tally, state[a.BALANCE], t, time_ns)
            # 2. Entries.
            if order != 0.0:
                blocked = n_open > 0 and positions[0, SIDE] != order
                may_open = config[a.DIRECTION] == 0.0 or config[a.DIRECTION] == order
                if not consumed and not blocked and may_open and n_open < max_positions:
                    entry = events.entry[k]
                    leave = market.bid_open[t] if order > 0.0 else market.ask_open[t]
                    equity = state[a.BALANCE] + open_value(config, positions, n_open, nights, rates, t, leave)
                    units = position_size(config, state[a.BALANCE], equity, stop_distances[c], rates, t, entry)
                    margin = margin_of(config, units, entry, rates, t)
                    used = 0.0
                    for j in range(n_open):
                        used += positions[j, MARGIN]
                    # The margin over 1 is for rounding: all in, at a leverage of 1, is just possible.
                    if units <= 0.0 or equity < config[a.HALF_CENT] or margin > (equity - used) * (1.0 + 1e-9):
                        tally[a.N_SKIPPED] += 1.0
                    else:
                        p = positions[n_open]
                        p[ENTRY_BAR] = t
                        p[SIDE] = order
                        p[UNITS] = units
                        p[ENTRY] = entry
                        p[MARGIN] = margin
                        stop = rounded(events.anchor[k] - order * stop_distances[c], config[a.LEVEL_SCALE])
                        trail = rounded(entry - order * trailing_distances[c], config[a.LEVEL_SCALE])
                        p[STOP_REASON] = STOP_LOSS
                        if (trail - stop) * order > 0.0:
                            stop = trail
                            p[STOP_REASON] = TRAILING_STOP
                        p[STOP] = stop
                        p[TARGET] = rounded(events.anchor[k] + order * target_distances[c], config[a.LEVEL_SCALE])
                        p[BEST] = entry
                        p[PAID] = commission(config, units, entry, rates, t)
                        state[a.BALANCE] -= p[PAID]
                        mark_balance(state, tally)
                        n_open += 1
                        is_level_known = False
                k += 1
            was_open = n_open > 0
            # 3. Inside the bar.
            if n_open > 0:
                side = positions[0, SIDE]  # of all of them
                long = side > 0.0
                o = market.bid_open[t] if long else market.ask_open[t]
                worst = market.bid_low[t] if long else market.ask_high[t]
                best = market.bid_high[t] if long else market.ask_low[t]
                # Opened at or beyond a level: filled at the open, worse than the stop or better than the target.
                i = 0
                while i < n_open:
                    p = positions[i]
                    if (p[STOP] - o) * side >= 0.0:
                        reason, price = int(p[STOP_REASON]), market_fill(o, side, config)
                    elif (o - p[TARGET]) * side >= 0.0:
                        reason, price = TAKE_PROFIT, o
                    else:
                        i += 1
                        continue
                    n_open = close_position(
                        config, positions, i, n_open, t, price, reason, False, False, market, days, state, tally, trades
                    )
                    is_level_known = False
                if n_open > 0 and (level_moves or not is_level_known):
                    level = level_of_account(config, state[a.BALANCE], positions, n_open, nights, rates, t)
                    is_level_known = True
                while n_open > 0 and (level - o) * side >= 0.0:
                    n_open = stop_out(
                        config, positions, n_open, t, o, np.nan, market, days, state, tally, trades
                    )
                    if n_open > 0:
                        level = level_of_account(config, state[a.BALANCE], positions, n_open, nights, rates, t)
                # Targets that come first, then the way against the positions, then the other targets.
                at = o
                n_before = n_open
                for step in range(0 if target_first else 1, 3):
                    if step != 1:
                        i = 0
                        while i < n_open:
                            p = positions[i]
                            if (best - p[TARGET]) * side >= 0.0:
                                stopped = (p[STOP] - worst) * side >= 0.0
                                n_open = close_position(
                                    config, positions, i, n_open, t, p[TARGET], TAKE_PROFIT, stopped, False, market,
                                    days, state, tally, trades,
                                )  # fmt: skip
                            else:
                                i += 1
                        continue
                    while n_open > 0:
                        if n_open != n_before:
                            level = level_of_account(config, state[a.BALANCE], positions, n_open, nights, rates, t)
                            n_before = n_open
                        nearest = -1
                        for i in range(n_open):
                            stop = positions[i, STOP]
                            if (stop - worst) * side >= 0.0 and (
                                nearest < 0 or (stop - positions[nearest, STOP]) * side > 0.0
                            ):
                                nearest = i
                        out = at if (level - at) * side > 0.0 else level
                        if (out - worst) * side >= 0.0 and (
                            nearest < 0 or (out - positions[nearest, STOP]) * side > 0.0
                        ):
                            at = out
                            n_open = stop_out(
                                config, positions, n_open, t, at, best, market, days, state, tally, trades
                            )
                        elif nearest >= 0:
                            at = positions[nearest, STOP]
                            reached = (best - positions[nearest, TARGET]) * side >= 0.0
                            n_open = close_position(
                                config, positions, nearest, n_open, t, market_fill(at, side, config),
                                int(positions[nearest, STOP_REASON]), reached, False, market, days, state, tally, trades,
                            )  # fmt: skip
                        else:
                            break
                if n_open != n_before:
                    is_level_known = False
            # 4. After the bar: stops that move, from the next bar on.
            for i in range(n_open):
                p = positions[i]
                side = p[SIDE]
                best = market.bid_high[t] if side > 0.0 else market.ask_low[t]
                if (best - p[BEST]) * side > 0.0:
                    p[BEST] = best
                trail = rounded(p[BEST] - side * trailing_distances[c], config[a.LEVEL_SCALE])
                if (trail - p[STOP]) * side > 0.0:
                    p[STOP] = trail
                    p[STOP_REASON] = TRAILING_STOP
                trigger = rounded(p[ENTRY] + side * break_even_distances[c], config[a.LEVEL_SCALE])
                if (best - trigger) * side >= 0.0 and (p[ENTRY] - p[STOP]) * side > 0.0:
                    p[STOP] = p[ENTRY]
                    p[STOP_REASON] = BREAK_EVEN
            # 5. Value at the close: of what the account can carry there.
            open_profit = 0.0
            while n_open > 0:
                price = market.bid_close[t] if positions[0, SIDE] > 0.0 else market.ask_close[t]
                open_profit = open_value(config, positions, n_open, nights, rates, t, price)
                equity = state[a.BALANCE] + open_profit
                if equity > limit_of(config, positions, n_open) and equity >= config[a.HALF_CENT]:
                    break
                n_open = stop_out(config, positions, n_open, t, price, np.nan, market, days, state, tally, trades)
                is_level_known = False
                open_profit = 0.0
            if t == n - 1 and config[a.CLOSE_AT_END] != 0.0:
                while n_open > 0:
                    side = positions[0, SIDE]
                    price = market_fill(market.bid_close[t] if side > 0.0 else market.ask_close[t], side, config)
                    n_open = close_position(
                        config, positions, 0, n_open, t, price, END_OF_DATA, False, False, market, days, state, tally,
                        trades,
                    )  # fmt: skip
                open_profit = 0.0
            equity = state[a.BALANCE] + open_profit
            mark(state, tally, equity, t, time_ns)
            if curve.shape[0] > 0:
                curve[t] = equity
                if n_open == 0:
                    curve[t:] = equity  # flat until the next entry
            if was_open:
                tally[a.BARS_EXPOSED] += 1.0
            if t < n - 1 and days.bar_day[t + 1] != days.bar_day[t]:
                end_days(state, tally, days.bar_day[t] + 1, equity, day_profit)
            t += 1
        # The last bar's valuation stands for positions left open: the loop ends there while any is.
        n_trades = int(tally[a.N_TRADES])
        finish(state, tally, open_profit, days.day_last_bar.shape[0], n, time_ns, day_profit)
    return n_trades
