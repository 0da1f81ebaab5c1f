"""Compiled: signals that say more than sides, bar by bar: levels by signal, waiting orders, exit prices by the bar.

The twin of `engine.reference_plans`. Like `bars`, it jumps over stretches without a position; with an order waiting it
visits every bar.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit_spread
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.engine.compiled.arguments import Days, Market, Plans
from trading_ai.engine.compiled.bookkeeping import (
    end_days,
    finish,
    is_high_nearer,
    mark,
    rounded,
    start,
    target_comes_first,
)
from trading_ai.engine.compiled.carrying import (
    ENTRY_BAR,
    SIDE,
    STOP,
    STOP_REASON,
    TARGET,
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
from trading_ai.engine.compiled.plan_entries import (
    INSIDE,
    OWN_REASON,
    OWN_STOP,
    OWN_TARGET,
    TRAILS,
    WIDTH,
    bring_near,
    open_planned,
    rest_of,
)
from trading_ai.engine.compiled.plan_orders import (
    F_KIND,
    F_LEG,
    F_PRICE,
    O_KIND,
    O_LIVE,
    O_PRICE,
    O_SIDE,
    fill_of,
    fills_at_its_stop,
    first_of,
    is_reached,
    reached_at_open,
    take_up,
)
from trading_ai.engine.plan_columns import LIMIT, LONG_STOP, SHORT_STOP, STOP_ORDER, UNTIL
from trading_ai.engine.records import SIGNAL, TIME_EXIT


@njit_spread
def simulate_plans(
    stop_distances, target_distances, trailing_distances, break_even_distances, time_exits, plans: Plans, exit_long,
    exit_short, strategy_bar, market: Market, days: Days, config, state, tallies, daily, trades, curve,
):  # fmt: skip
    """Simulate combinations that share signals with a plan, each with its own exits.

    Args:
        stop_distances: price units, inf for none, shape (m,).
        target_distances: likewise.
        trailing_distances: likewise.
        break_even_distances: likewise.
        time_exits: strategy bars, 0 for never, int64, shape (m,).
        plans: entry orders and what they say.
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
    time_ns, nights, rates = market.time_ns, days.nights, days.rates
    plan_bar, plan_side, plan_rows, signal_close, exit_prices = plans
    n, n_orders = time_ns.shape[0], plan_bar.shape[0]
    max_positions = int(config[a.MAX_POSITIONS])
    positions = np.empty((max_positions, WIDTH))
    same_bars = strategy_bar.shape[0] == 0
    opposite_rule, scale = config[a.OPPOSITE], config[a.LEVEL_SCALE]
    orders, fills = np.zeros((2, 5)), np.zeros((2, 4))
    n_trades = 0
    for c in range(stop_distances.shape[0]):
        tally = tallies[c]
        day_profit = daily[c]
        start(config, state, tally)
        n_open = 0
        open_profit = 0.0
        if curve.shape[0] > 0:
            curve[:] = state[a.BALANCE]
        k = 0  # the next order
        waiting = -1  # the row whose orders wait
        t = 0
        while t < n:
            if n_open == 0 and waiting < 0:
                # Nothing happens until the next entry order.
                if k >= n_orders:
                    break
                t = plan_bar[k]
                end_days(state, tally, days.bar_day[t], state[a.BALANCE], day_profit)
                # An account that stood at its high all the while is in no drawdown: the next one begins here.
                if state[a.BALANCE] >= state[a.EQUITY_PEAK] and t - 1 > state[a.PEAK_BAR]:
                    state[a.PEAK_BAR] = t - 1
            # 1. The order that is carried out at this open: a new one, or one that waited and is jumped over.
            if waiting >= 0:
                for j in range(2):
                    gone = exit_long if orders[j, O_SIDE] > 0.0 else exit_short
                    if gone.shape[0] > 0 and gone[t] != 0:
                        orders[j, O_LIVE] = 0.0
            if k < n_orders and plan_bar[k] == t:
                waiting = k
                take_up(orders, plan_rows, k, plan_side[k], scale)
                k += 1
            if waiting >= 0 and (
                t >= plan_rows[waiting, UNTIL] or (orders[0, O_LIVE] == 0.0 and orders[1, O_LIVE] == 0.0)
            ):
                waiting = -1
            row = max(waiting, 0)
            consumed, is_first = False, True
            # An order that opens nothing cancels none: the open may be beyond the other one's price as well.
            while not consumed:
                now = -1
                if waiting >= 0:
                    now = reached_at_open(orders, market.bid_open[t], market.ask_open[t])
                    if now >= 0:
                        orders[now, O_LIVE] = 0.0
                if now < 0 and not is_first:
                    break
                is_first = False
                order = orders[now, O_SIDE] if now >= 0 else 0.0
                # 2. At the open: exits first, in order of opening.
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
                    elif order == -side and opposite_rule != 2.0:  # 2: ignored, see `rules.OPPOSITE_CODES`
                        reason = SIGNAL
                        if opposite_rule == 1.0:  # closes, and opens nothing itself
                            consumed = True
                    if reason < 0:
                        i += 1
                        continue
                    price = market_fill(market.bid_open[t] if side > 0.0 else market.ask_open[t], side, config)
                    n_open = close_position(
                        config, positions, i, n_open, t, price, reason, False, False, market, days, state, tally, trades
                    )
                if was_any and n_open == 0:
                    mark(state, tally, state[a.BALANCE], t, time_ns)
                # 3. Entry at the open.
                if now >= 0 and not consumed and n_open < max_positions:
                    allowed = config[a.DIRECTION] == 0.0 or config[a.DIRECTION] == order
                    if allowed and (n_open == 0 or positions[0, SIDE] == order):
                        entry = market.ask_open[t] if order > 0.0 else market.bid_open[t]
                        leave = market.bid_open[t] if order > 0.0 else market.ask_open[t]
                        slips = 0.0 if orders[now, O_KIND] == LIMIT else 1.0
                        if slips > 0.0:
                            entry = market_fill(entry, -order, config)
                        n_before = n_open
                        n_open = open_planned(
                            config, positions, n_open, t, order, plan_rows[row], slips, signal_close[row, now], entry,
                            leave, stop_distances[c], target_distances[c], trailing_distances[c], days, state, tally,
                        )  # fmt: skip
                        if n_open > n_before:
                            waiting = -1  # the other order is cancelled
                            break
                if now < 0:
                    break
            if consumed or (waiting >= 0 and orders[0, O_LIVE] == 0.0 and orders[1, O_LIVE] == 0.0):
                waiting = -1
            was_open = n_open > 0
            held = positions[0, SIDE] if was_open else 0.0
            # 4. Inside the bar: with levels that only hold during it.
            if n_open > 0:
                side = positions[0, SIDE]  # of all of them
                for i in range(n_open):
                    positions[i, OWN_STOP] = positions[i, STOP]
                    positions[i, OWN_REASON] = positions[i, STOP_REASON]
                    positions[i, OWN_TARGET] = positions[i, TARGET]
                    if exit_prices.shape[0] > 0:
                        column = LONG_STOP if side > 0.0 else SHORT_STOP
                        bring_near(positions, i, exit_prices[t, column], exit_prices[t, column + 1], scale)
                    for j in range(2):
                        waits = waiting >= 0 and orders[j, O_LIVE] != 0.0 and orders[j, O_SIDE] == -side
                        if waits and opposite_rule != 2.0:
                            if orders[j, O_KIND] == LIMIT:
                                bring_near(positions, i, np.nan, orders[j, O_PRICE], scale)
                            elif fills_at_its_stop(orders, j):
                                bring_near(positions, i, orders[j, O_PRICE], np.nan, scale)
                long = side > 0.0
                o = market.bid_open[t] if long else market.ask_open[t]
                worst = market.bid_low[t] if long else market.ask_high[t]
                best = market.bid_high[t] if long else market.ask_low[t]
                target_first = target_comes_first(
                    config[a.SAME_BAR], side, market.bid_open[t], market.bid_high[t], market.bid_low[t]
                )
                n_open = close_inside_bar(
                    config, positions, n_open, t, o, worst, best, target_first, market, days, state, tally, trades
                )
                for i in range(n_open):
                    positions[i, STOP] = positions[i, OWN_STOP]
                    positions[i, STOP_REASON] = positions[i, OWN_REASON]
                    positions[i, TARGET] = positions[i, OWN_TARGET]
            # 5. Waiting orders that the bar reaches, in the order of its way.
            filled_best = np.nan
            reaches = False
            if waiting >= 0:
                for j in range(2):
                    fills[j, F_LEG] = -1.0
                    long = orders[j, O_SIDE] > 0.0
                    high = market.ask_high[t] if long else market.bid_high[t]
                    low = market.ask_low[t] if long else market.bid_low[t]
                    if orders[j, O_LIVE] != 0.0 and is_reached(orders, j, high, low):
                        reaches = True
                        closes = held == -orders[j, O_SIDE] and opposite_rule != 2.0
                        high_nearer = is_high_nearer(market.bid_open[t], market.bid_high[t], market.bid_low[t])
                        fill_of(
                            orders, j, fills, not closes, config[a.SAME_BAR], high_nearer,
                            market.ask_open[t] if long else market.bid_open[t], high, low,
                            market.ask_close[t] if long else market.bid_close[t],
                        )  # fmt: skip
            while reaches and waiting >= 0:
                j = first_of(fills)
                if j < 0:
                    break
                order, price, leg, kind = orders[j, O_SIDE], fills[j, F_PRICE], fills[j, F_LEG], fills[j, F_KIND]
                long = order > 0.0
                orders[j, O_LIVE] = 0.0
                fills[j, F_LEG] = -1.0
                is_last = orders[1 - j, O_LIVE] == 0.0
                allowed = config[a.DIRECTION] == 0.0 or config[a.DIRECTION] == order
                room = n_open < max_positions and (n_open == 0 or positions[0, SIDE] == order)
                n_before = n_open
                if held == -order and opposite_rule == 1.0:
                    is_last = True
                elif allowed and room:
                    low = market.bid_low[t] if long else market.ask_low[t]
                    high = market.bid_high[t] if long else market.ask_high[t]
                    close = market.bid_close[t] if long else market.ask_close[t]
                    leave = price
                    if config[a.HAS_SPREAD] != 0.0:
                        leave = rounded(price - order * (market.ask_open[t] - market.bid_open[t]), config[a.FILL_SCALE])
                    leave = min(max(leave, low), high)
                    slips = 1.0 if orders[j, O_KIND] == STOP_ORDER else 0.0
                    entry = market_fill(price, -order, config) if slips > 0.0 else price
                    n_open = open_planned(
                        config, positions, n_open, t, order, plan_rows[waiting], slips, signal_close[waiting, j], entry,
                        leave, stop_distances[c], target_distances[c], trailing_distances[c], days, state, tally,
                    )  # fmt: skip
                if n_open > n_before:
                    was_open = True
                    is_last = True
                    # The rest of the bar is like a bar of its own, see `reference_plans`.
                    worst, best, target_first = rest_of(config[a.SAME_BAR], leg, kind, long, leave, high, low, close)
                    positions[n_before, INSIDE] = t
                    filled_best = best
                    n_open = close_inside_bar(
                        config, positions, n_open, t, leave, worst, best, target_first, market, days, state, tally,
                        trades,
                    )  # fmt: skip
                if is_last:  # the other order is cancelled, or gone
                    waiting = -1
            # 6. After the bar: stops that move, from the next bar on.
            for i in range(n_open):
                side = positions[i, SIDE]
                best = market.bid_high[t] if side > 0.0 else market.ask_low[t]
                if positions[i, INSIDE] == t:
                    best = filled_best
                move_stop(positions, i, best, positions[i, TRAILS], break_even_distances[c], scale)
            # 7. Value at the close: of what the account can carry there.
            open_profit = 0.0
            while n_open > 0:
                price = market.bid_close[t] if positions[0, SIDE] > 0.0 else market.ask_close[t]
                open_profit = open_value(config, positions, n_open, nights, rates, t, price)
                equity = state[a.BALANCE] + open_profit
                if equity > limit_of(config, positions, n_open) and equity >= config[a.HALF_CENT]:
                    break
                n_open = stop_out(config, positions, n_open, t, price, np.nan, market, days, state, tally, trades)
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
        n_trades = int(tally[a.N_TRADES])
        finish(state, tally, open_profit, days.day_last_bar.shape[0], n, time_ns, day_profit)
    return n_trades
