"""Compiled: any rule, bar by bar. For stops that move (trailing, break-even) and several positions.

Stretches without a position are jumped over; inside a position every bar is visited, so the cost grows
with the bars held.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit_spread
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.engine.compiled.arguments import Days, Events, Market
from trading_ai.engine.compiled.bookkeeping import (
    commission,
    end_days,
    finish,
    margin_of,
    mark,
    position_size,
    price_profit,
    rounded,
    size_by_equity,
    start,
    swap_credit,
    target_comes_first,
)
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
    level_of_account,
    limit_of,
    open_value,
)
from trading_ai.engine.compiled.closing import (
    close_at_end,
    close_inside_bar,
    close_position,
    market_fill,
    move_stop,
    stop_out,
)
from trading_ai.engine.records import SIGNAL, STOP_LOSS, TAKE_PROFIT, TIME_EXIT, TRAILING_STOP


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
    has_margin = config[a.MARGIN_FRACTION] != 0.0
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
                    if config[a.EQUITY_FRACTION] != 0.0:
                        units = size_by_equity(config, state[a.BALANCE], equity, rates, t, entry)
                    else:
                        units = position_size(config, state[a.BALANCE], stop_distances[c], rates, t, entry)
                    margin = margin_of(config, units, entry, rates, t) if has_margin else 0.0
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
                        p[ENTRY_SLIPS] = 1.0
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
                        n_open += 1
                        is_level_known = False
                k += 1
            was_open = n_open > 0
            # 3. Inside the bar.
            side = o = worst = best = 0.0
            if n_open > 0:
                side = positions[0, SIDE]  # of all of them
                long = side > 0.0
                o = market.bid_open[t] if long else market.ask_open[t]
                worst = market.bid_low[t] if long else market.ask_high[t]
                best = market.bid_high[t] if long else market.ask_low[t]
                if level_moves or not is_level_known:
                    level = level_of_account(config, state[a.BALANCE], positions, n_open, nights, rates, t)
                    is_level_known = True
            carried = (level - worst) * side < 0.0 and (level - o) * side < 0.0
            if n_open == 1 and carried:
                # What `close_inside_bar` does, by hand: this is nearly every bar, and each function that is handed
                # arrays takes longer than this.
                stop, target = positions[0, STOP], positions[0, TARGET]
                reason = -1
                price = 0.0
                ambiguous = False
                # Opened at or beyond a level: filled at the open, worse than the stop or better than the target.
                if (stop - o) * side >= 0.0:
                    reason, price = int(positions[0, STOP_REASON]), o
                elif (o - target) * side >= 0.0:
                    reason, price = TAKE_PROFIT, o
                else:
                    stopped = (stop - worst) * side >= 0.0
                    reached = (best - target) * side >= 0.0
                    ambiguous = stopped and reached
                    if stopped and not (
                        reached
                        and target_comes_first(
                            config[a.SAME_BAR], side, market.bid_open[t], market.bid_high[t], market.bid_low[t]
                        )
                    ):
                        reason, price = int(positions[0, STOP_REASON]), stop
                    elif reached:
                        reason, price = TAKE_PROFIT, target
                if reason >= 0:
                    if reason != TAKE_PROFIT:
                        price = market_fill(price, side, config)
                    n_open = close_position(
                        config, positions, 0, 1, t, price, reason, ambiguous, False, market, days, state, tally, trades
                    )
            elif n_open > 0:
                target_first = target_comes_first(
                    config[a.SAME_BAR], side, market.bid_open[t], market.bid_high[t], market.bid_low[t]
                )
                n_open = close_inside_bar(
                    config, positions, n_open, t, o, worst, best, target_first, market, days, state, tally, trades
                )
                is_level_known = False
            # 4. After the bar: stops that move, from the next bar on.
            for i in range(n_open):
                move_stop(positions, i, best, trailing_distances[c], break_even_distances[c], config[a.LEVEL_SCALE])
            # 5. Value at the close: of what the account can carry there.
            open_profit = 0.0
            while n_open > 0:
                price = market.bid_close[t] if positions[0, SIDE] > 0.0 else market.ask_close[t]
                open_profit = 0.0
                for i in range(n_open):
                    units = positions[i, UNITS]
                    open_profit += price_profit(
                        side, units, positions[i, ENTRY], price, conversion, config[a.RATE], rates, t
                    ) + swap_credit(config, side, units, nights, rates, int(positions[i, ENTRY_BAR]), t, price)
                equity = state[a.BALANCE] + open_profit
                limit = limit_of(config, positions, n_open) if has_margin else 0.0
                if equity > limit and equity >= config[a.HALF_CENT]:
                    break
                n_open = stop_out(config, positions, n_open, t, price, np.nan, market, days, state, tally, trades)
                is_level_known = False
                open_profit = 0.0
            if t == n - 1 and config[a.CLOSE_AT_END] != 0.0:
                n_open = close_at_end(config, positions, n_open, market, days, state, tally, trades)
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
