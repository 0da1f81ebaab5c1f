"""Compiled: when does each stop and each target of an entry touch, for all distances in one scan."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.engine.compiled.blocks import BLOCK
from trading_ai.engine.compiled.bookkeeping import rounded

UNTOUCHED = np.int64(2**62)
"""Key of a level that is never touched; see `arguments.Touches`."""


@njit
def last_equal(close, start, price):
    """The last bar of the block from `start` that closes at `price`."""
    t = start + BLOCK - 1
    while close[t] != price:
        t -= 1
    return t


@njit
def put(values, level, event, price, lowest, highest, lowest_bar, highest_bar):
    """Note a touch, see `arguments.Touches`."""
    values[level, event, 0] = price
    values[level, event, 1] = lowest
    values[level, event, 2] = highest
    values[level, event, 3] = lowest_bar
    values[level, event, 4] = highest_bar


@njit
def fill_exit_row(
    stops,
    targets,
    side,
    bar,
    anchor,
    forced,
    open_,
    high,
    low,
    close,
    blocks,
    config,
    event,
    touches,
):
    """Find the first touch of every stop and target of one entry, in one scan of its bars.

    Prices are those of the side that the position leaves at: bid for a long, ask for a short.

    Args:
        stops: stop distances in price units, ascending, inf for none; in the first column of shape (n_stops, 3).
        targets: target distances likewise, shape (n_targets,).
        side: +1.0 long, -1.0 short.
        bar: bar of the entry.
        anchor: price that distances are measured from.
        forced: bar at whose open the position ends at the latest.
        open_: opens of the execution bars.
        high: their highs.
        low: their lows.
        close: their closes.
        blocks: extremes of blocks of them, as in `arguments.Market`.
        config: see `bookkeeping.CONFIG`.
        event: column of `touches` to fill.
        touches: out, see `arguments.Touches`. Levels that the scan proves useless stay UNTOUCHED.
    """
    keys, values = touches.keys, touches.values
    level_scale, fill_scale, slippage = config[a.LEVEL_SCALE], config[a.FILL_SCALE], config[a.SLIPPAGE]
    n_stops = stops.shape[0]
    n_targets = targets.shape[0]
    n = open_.shape[0]
    keys[:, event] = UNTOUCHED
    # Levels lie farther and farther from the anchor, so only the nearest untouched one of each kind is watched.
    i = 0
    j = 0
    lowest = np.inf
    highest = -np.inf
    # The bars of both; of an extreme in a block that was passed over, the first of the block, until it is asked for.
    lowest_bar = highest_bar = bar
    low_in_block = high_in_block = False
    long = side > 0.0
    stop = rounded(anchor - side * stops[0, 0], level_scale)
    target = rounded(anchor + side * targets[0], level_scale)
    t = bar
    while t < forced:
        # A block in which neither is touched is passed over with its extreme closes. The last bar is in none that is:
        # its close is the exit, not a close before it.
        if t & (BLOCK - 1) == 0 and t + BLOCK <= forced and t + BLOCK < n:
            b = t // BLOCK
            if (
                (blocks[b, 0] > stop and blocks[b, 1] < target)
                if long
                else (blocks[b, 1] < stop and blocks[b, 0] > target)
            ):
                if blocks[b, 2] <= lowest:
                    lowest, lowest_bar, low_in_block = blocks[b, 2], t, True
                if blocks[b, 3] >= highest:
                    highest, highest_bar, high_in_block = blocks[b, 3], t, True
                t += BLOCK
                continue
        is_stopped = low[t] <= stop if long else high[t] >= stop
        is_reached = high[t] >= target if long else low[t] <= target
        if (is_stopped or is_reached) and low_in_block:
            lowest_bar, low_in_block = last_equal(close, lowest_bar, lowest), False
        if (is_stopped or is_reached) and high_in_block:
            highest_bar, high_in_block = last_equal(close, highest_bar, highest), False
        while i < n_stops and (low[t] <= stop if long else high[t] >= stop):
            gap = open_[t] <= stop if long else open_[t] >= stop
            price = open_[t] if gap else stop
            if slippage > 0.0:
                price = np.floor((price - side * slippage) * fill_scale + 0.5) / fill_scale
            keys[i, event] = 2 * t if gap else 2 * t + 1
            put(values, i, event, price, lowest, highest, lowest_bar, highest_bar)
            i += 1
            if i < n_stops:
                stop = rounded(anchor - side * stops[i, 0], level_scale)
        while j < n_targets and (high[t] >= target if long else low[t] <= target):
            gap = open_[t] >= target if long else open_[t] <= target
            keys[n_stops + j, event] = 2 * t if gap else 2 * t + 1
            put(values, n_stops + j, event, open_[t] if gap else target, lowest, highest, lowest_bar, highest_bar)
            j += 1
            if j < n_targets:
                target = rounded(anchor + side * targets[j], level_scale)
        if i == n_stops or j == n_targets:
            # Every stop (or every target) is touched: whatever comes later is never the exit.
            return
        if t == n - 1:
            break
        if close[t] <= lowest:
            lowest, lowest_bar, low_in_block = close[t], t, False
        if close[t] >= highest:
            highest, highest_bar, high_in_block = close[t], t, False
        t += 1
    if low_in_block:
        lowest_bar = last_equal(close, lowest_bar, lowest)
    if high_in_block:
        highest_bar = last_equal(close, highest_bar, highest)
    last = n_stops + n_targets
    keys[last, event] = 2 * forced
    price = open_[forced] if forced < n else close[n - 1]
    if slippage > 0.0:
        price = np.floor((price - side * slippage) * fill_scale + 0.5) / fill_scale
    put(values, last, event, price, lowest, highest, lowest_bar, highest_bar)


@njit
def fill_moving_row(
    stops, targets, side, bar, entry, anchor, forced, open_, high, low, close, config, event, touches,
):  # fmt: skip
    """`fill_exit_row` where stops move: each is followed bar by bar for itself.

    Args:
        stops: distance of each stop, distance at which it trails, and profit at which it moves to the entry price;
            price units, inf for none, shape (n_stops, 3), in any order.
        targets: see `fill_exit_row`, as are the arguments that follow.
        side: see there.
        bar: see there.
        entry: fill price.
        anchor: see there.
        forced: see there.
        open_: see there.
        high: see there.
        low: see there.
        close: see there.
        config: see there.
        event: see there.
        touches: see there.
    """
    keys, values = touches.keys, touches.values
    level_scale, fill_scale, slippage = config[a.LEVEL_SCALE], config[a.FILL_SCALE], config[a.SLIPPAGE]
    n_stops, n_targets = stops.shape[0], targets.shape[0]
    n = open_.shape[0]
    keys[:, event] = UNTOUCHED
    long = side > 0.0
    last = min(forced, n)  # first bar that no stop needs to be looked for in
    for s in range(-1, n_stops):
        # First all targets, in one scan: once each is touched, no stop matters any more. Then stop after stop.
        j = 0
        target = rounded(anchor + side * targets[0], level_scale)
        trails = s >= 0 and stops[s, 1] < np.inf
        stop = -side * np.inf
        trigger = side * np.inf
        if s >= 0:
            stop = rounded(anchor - side * stops[s, 0], level_scale)
            trigger = rounded(entry + side * stops[s, 2], level_scale)
            if trails:
                trail = rounded(entry - side * stops[s, 1], level_scale)
                stop = trail if (trail - stop) * side > 0.0 else stop
        extreme = entry
        lowest, highest = np.inf, -np.inf
        lowest_bar = highest_bar = bar
        t = bar
        is_touched = False
        while t < last:
            worst = low[t] if long else high[t]
            best = high[t] if long else low[t]
            if s >= 0 and (stop - worst) * side >= 0.0:
                gap = (stop - open_[t]) * side >= 0.0
                price = open_[t] if gap else stop
                if slippage > 0.0:
                    price = np.floor((price - side * slippage) * fill_scale + 0.5) / fill_scale
                keys[s, event] = 2 * t if gap else 2 * t + 1
                put(values, s, event, price, lowest, highest, lowest_bar, highest_bar)
                is_touched = True
                break
            while s < 0 and j < n_targets and (best - target) * side >= 0.0:
                gap = (open_[t] - target) * side >= 0.0
                keys[n_stops + j, event] = 2 * t if gap else 2 * t + 1
                put(values, n_stops + j, event, open_[t] if gap else target, lowest, highest, lowest_bar, highest_bar)
                j += 1
                if j < n_targets:
                    target = rounded(anchor + side * targets[j], level_scale)
            if s < 0 and j == n_targets:
                is_touched = True
                break
            if t == n - 1:
                break
            if s >= 0:
                # From the next bar on.
                if (best - extreme) * side > 0.0:
                    extreme = best
                if trails:
                    trail = rounded(extreme - side * stops[s, 1], level_scale)
                    if (trail - stop) * side > 0.0:
                        stop = trail
                if (best - trigger) * side >= 0.0 and (entry - stop) * side > 0.0:
                    stop = entry
            if close[t] <= lowest:
                lowest = close[t]
                lowest_bar = t
            if close[t] >= highest:
                highest = close[t]
                highest_bar = t
            t += 1
        if s < 0 and is_touched:
            last = min(last, t + 1)
        elif s < 0:
            price = open_[forced] if forced < n else close[n - 1]
            if slippage > 0.0:
                price = np.floor((price - side * slippage) * fill_scale + 0.5) / fill_scale
            keys[n_stops + n_targets, event] = 2 * forced
            put(values, n_stops + n_targets, event, price, lowest, highest, lowest_bar, highest_bar)


@njit
def stops_move(stops):
    """Whether any stop moves."""
    moving = False
    for s in range(stops.shape[0]):
        moving = moving or stops[s, 1] < np.inf or stops[s, 2] < np.inf
    return moving


@njit
def find_exits(stops, targets, side, first, entry, anchor, until, market, config, column, touches):
    """Find the touches of an entry's levels, on the prices that its position leaves at.

    Args:
        stops: see `fill_moving_row`; ascending where none moves.
        targets: target distances, price units, ascending, inf for none.
        side: +1.0 long, -1.0 short.
        first: bar of the entry.
        entry: fill price.
        anchor: price that distances are measured from.
        until: bar at whose open the position ends at the latest.
        market: see `arguments.Market`.
        config: see `bookkeeping.CONFIG`.
        column: column of `touches` to fill.
        touches: out, see `arguments.Touches`.
    """
    if stops_move(stops):
        if side > 0.0:
            fill_moving_row(
                stops, targets, side, first, entry, anchor, until, market.bid_open, market.bid_high, market.bid_low,
                market.bid_close, config, column, touches,
            )  # fmt: skip
        else:
            fill_moving_row(
                stops, targets, side, first, entry, anchor, until, market.ask_open, market.ask_high, market.ask_low,
                market.ask_close, config, column, touches,
            )  # fmt: skip
    elif side > 0.0:
        fill_exit_row(
            stops, targets, side, first, anchor, until, market.bid_open, market.bid_high, market.bid_low,
            market.bid_close, market.bid_blocks, config, column, touches,
        )  # fmt: skip
    else:
        fill_exit_row(
            stops, targets, side, first, anchor, until, market.ask_open, market.ask_high, market.ask_low,
            market.ask_close, market.ask_blocks, config, column, touches,
        )  # fmt: skip


@njit
def fill_event(stops, targets, events, k, market, config, column, touches):
    """Find the touches of event `k`; arguments as in `find_exits`."""
    find_exits(
        stops, targets, events.side[k], events.bar[k], events.entry[k], events.anchor[k], events.forced[k], market,
        config, column, touches,
    )  # fmt: skip
