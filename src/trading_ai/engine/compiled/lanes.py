"""Compiled: `grid` for whole rectangles of stops and targets, many combinations in each instruction.

Where every event opens a position, whatever happened before, all combinations walk through the same events. They then
lie side by side in the lanes of the processor's vector registers: one axis of the rectangle (say the stops) along the
lanes, the other (the targets) row after row. What a lane computes, and in which order, is what `grid` does for
that combination: results are equal to the last bit.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import begin, is_ready, njit_spread, set_ready, take
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.engine.compiled.arguments import Days, Events, LaneSpace, Market, MoneyTable, Rectangle, Touches
from trading_ai.engine.compiled.exits import fill_event
from trading_ai.engine.compiled.lane_steps import add_cost, end_day, keep_day, look_closer, trade, write_tally
from trading_ai.engine.compiled.layout import (
    BALANCE,
    BALANCE_PEAK,
    BLOCK_EVENTS,
    CHARGE,
    COMMISSION,
    DAY_EQUITY,
    DROP,
    EXIT_BAR,
    LANES,
    N_EXIT,
    N_EXIT_TIMES,
    PEAK,
    PEAK_TIME,
    SLIPPAGE,
    SLIPPAGE_PAID,
    SPREAD,
    SPREAD_PAID,
    lay_out,
)
from trading_ai.engine.compiled.marks import profit_of
from trading_ai.engine.compiled.money import fill_money

AT_ONCE = 8
"""Events that a thread fills at a time."""


LONG_AGO = np.int64(-(2**62))
"""Stands for the time before the first bar. Nothing is ever computed from it: no high is older than that bar."""


@njit_spread
def simulate_lanes(
    rectangle: Rectangle, at_once, rows, stops, targets, events: Events, market: Market, days: Days, config,
    table: MoneyTable, taken, lost, touches: Touches, space: LaneSpace, tallies, daily,
):  # fmt: skip
    """Simulate a rectangle of stops and targets.

    Every event that opens must end by the bar of the next one, see `events.fill_events`. Several threads may run this
    at once, as they may `grid.simulate_grid`.

    Args:
        rectangle: which combinations, and where they lie.
        at_once: rows that a thread takes at a time.
        rows: where each combination's results go in `tallies` and `daily`, int64, shape (m,).
        stops: see `exits.find_exits`.
        targets: see there.
        events: what all combinations walk along.
        market: prices.
        days: trading days and rates.
        config: see `bookkeeping.CONFIG`.
        table: exits and their money, shared by all threads.
        taken: events and pieces of the rectangle that threads have taken so far, int64, shape (2,).
        lost: out, positions of combinations that others must simulate, as in `grid`, int64, shape (m,).
        touches: work space of this thread, for one event.
        space: work space of this thread.
        tallies: out, shape (n_rows_of_results, n_tallies).
        daily: out, float32, shape (n_rows_of_results, n_days), zeroed; or (n_rows_of_results, 0) to leave it.

    Returns:
        The number of combinations in `lost`.
    """
    # Names of their own, because they are handed on inside loops: see `arguments`.
    time_ns = market.time_ns
    place, lane_columns, row_columns, lanes_are_stops = rectangle
    lanes, row, lane_times, row_times, first_days, latest, states, state_times = space
    n_events = events.bar.shape[0]
    n = time_ns.shape[0]
    n_days = days.day_last_bar.shape[0]
    units, rate, half_cent = config[a.UNITS], config[a.RATE], config[a.HALF_CENT]
    own_price = config[a.CONVERSION] == 2.0
    tie_to_lane = (config[a.SAME_BAR] == 1.0) != lanes_are_stops

    # 1. Fill the exits of every event. Threads share the events out among themselves.
    while True:
        k0 = take(taken[:1], AT_ONCE)
        if k0 >= n_events:
            break
        for k in range(k0, min(k0 + AT_ONCE, n_events)):
            if events.opens[k] != 0 and begin(table.filled, k):
                fill_event(stops, targets, events, k, market, config, 0, touches)
                fill_money(config, k, stops.shape[0], events, market, touches, table)
                set_ready(table.filled, k)

    # 2. Pieces of the rectangle: some rows of one tile of lanes.
    n_rows, n_lanes = place.shape
    pieces = (min(n_rows, LANES) + at_once - 1) // at_once
    row_tiles = (n_rows + LANES - 1) // LANES
    block = max(1, min(BLOCK_EVENTS, n_events))
    n_long = n_trades = 0
    for k in range(n_events):
        n_trades += events.opens[k] != 0
        n_long += events.opens[k] != 0 and events.side[k] > 0.0
    n_lost = 0
    laid_out = -1
    while True:
        item = take(taken[1:], 1)
        # Pieces are numbered tile by tile: a thread that takes the next one often finds its exits still laid out.
        if item >= n_lanes // LANES * row_tiles * pieces:
            return n_lost
        tile = item // pieces
        lane0, tile0 = tile // row_tiles * LANES, tile % row_tiles * LANES
        row0 = tile0 + item % pieces * at_once
        n_here = min(row0 + at_once, tile0 + LANES, n_rows) - row0
        if n_here <= 0:
            continue
        states[:n_here] = 0.0
        state_times[:n_here] = 0
        for r in range(n_here):
            for column in (BALANCE, BALANCE_PEAK, PEAK, DAY_EQUITY):
                states[r, column : column + np.uint64(LANES)] = config[a.CAPITAL]
            state_times[r, PEAK_TIME : PEAK_TIME + np.uint64(LANES)] = time_ns[0]
        for k0 in range(0, n_events, block):
            n_block = min(block, n_events - k0)
            if laid_out != tile or block < n_events:
                for b in range(n_block):
                    while events.opens[k0 + b] != 0 and not is_ready(table.filled, k0 + b):
                        pass  # another thread is at it
                columns = lane_columns[lane0 : lane0 + LANES]
                lay_out(columns, k0, n_block, events, time_ns, table, lanes, lane_times)
                columns = row_columns[tile0 : tile0 + LANES]
                lay_out(columns, k0, n_block, events, time_ns, table, row, row_times)
                ahead = n_days
                for k in range(k0 + n_block, n_events):
                    if events.opens[k] != 0:
                        ahead = days.bar_day[events.bar[k]]
                        break
                first_days[n_block] = ahead
                for b in range(n_block - 1, -1, -1):
                    if events.opens[k0 + b] != 0:
                        ahead = days.bar_day[events.bar[k0 + b]]
                    first_days[b] = ahead
                    at = b * N_EXIT * LANES + int(EXIT_BAR)
                    latest[b] = 0.0
                    for lane in range(LANES):
                        latest[b] = max(latest[b], lanes[at + lane])
                laid_out = tile
            for r in range(n_here):
                s, st = states[r], state_times[r]
                u_row = np.uint64(row0 + r - tile0)
                for b in range(n_block):
                    k = k0 + b
                    if events.opens[k] == 0:
                        continue
                    side, entry, first = events.side[k], events.entry[k], events.bar[k]
                    close = market.bid_close if side > 0.0 else market.ask_close
                    e = np.uint64(b * N_EXIT * LANES)
                    et = np.uint64(b * N_EXIT_TIMES * LANES)
                    er, ert = e + u_row, et + u_row
                    marked = trade(
                        s, st, lanes, lane_times, e, et, row, row_times, er, ert, tie_to_lane, float(first),
                        2.0 * events.forced[k] if events.forced[k] < n else np.inf,
                        time_ns[first - 1] if first > 0 else LONG_AGO, table.paid_in[k],
                        1.0 if side > 0.0 else 0.0, half_cent,
                    )  # fmt: skip
                    if marked > 0:
                        blocks = market.bid_blocks if side > 0.0 else market.ask_blocks
                        look_closer(s, st, first, close, blocks, own_price, side, units, entry, rate, time_ns)
                    if table.charges.shape[0] > 0:
                        add_cost(s, COMMISSION, lanes, e, row, er, CHARGE, tie_to_lane)
                    if table.slippages.shape[0] > 0:
                        add_cost(s, SLIPPAGE_PAID, lanes, e, row, er, SLIPPAGE, tie_to_lane)
                    if table.spreads.shape[0] > 0:
                        add_cost(s, SPREAD_PAID, lanes, e, row, er, SPREAD, tie_to_lane)
                    # No day changes anything between the last exit and the next entry.
                    last_day = days.bar_day[int(min(latest[b], row[er + EXIT_BAR]))]
                    for day in range(first_days[b], min(first_days[b + 1], last_day + 1)):
                        last_bar = days.day_last_bar[day]
                        earned = profit_of(own_price, side, units, entry, close[last_bar], rate)
                        if daily.shape[1] > 0:
                            here = place[row0 + r, lane0 : lane0 + LANES]
                            keep_day(s, day, float(last_bar), earned, here, rows, daily)
                        end_day(s, float(last_bar), earned)
        for r in range(n_here):
            for lane in range(LANES):
                c = place[row0 + r, lane0 + lane]
                if c >= 0:
                    u = np.uint64(lane)
                    write_tally(tallies[rows[c]], states[r], state_times[r], u, n_trades, n_long, time_ns[n - 1])
                    if not states[r, DROP + u] < config[a.SAFE_DRAWDOWN]:
                        lost[n_lost] = c
                        n_lost += 1
