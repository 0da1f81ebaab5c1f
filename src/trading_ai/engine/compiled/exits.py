"""Compiled: when does each stop and each target of an entry touch, for all distances in one scan."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit
from trading_ai.engine.compiled.blocks import BLOCK
from trading_ai.engine.compiled.bookkeeping import rounded

UNTOUCHED = np.int64(2**62)
"""Key of a level that is never touched. A key is 2 x bar, plus 1 if touched after the bar's open."""


@njit
def last_equal(close, start, price):
    """The last bar of the block from `start` that closes at `price`."""
    t = start + BLOCK - 1
    while close[t] != price:
        t -= 1
    return t


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
    level_scale,
    slippage,
    fill_scale,
    event,
    keys,
    values,
):
    """Find the first touch of every stop and target of one entry, in one scan of its bars.

    Prices are those of the side that the position leaves at: bid for a long, ask for a short.

    Args:
        stops: stop distances in price units, ascending, inf for none.
        targets: target distances likewise.
        side: +1.0 long, -1.0 short.
        bar: bar of the entry.
        anchor: price that distances are measured from.
        forced: bar at whose open the position ends at the latest.
        open_: opens of the execution bars; `high`, `low`, `close` likewise.
        blocks: lowest low, highest high, lowest and highest close of every block of bars.
        level_scale: stop and target prices are rounded to 1 / level_scale.
        slippage: adverse price change of a stop's fill.
        fill_scale: fills with slippage are rounded to 1 / fill_scale.
        event: column of `keys` and `values` to fill.
        keys: out, int64, shape (n_stops + n_targets + 1, n_events): when each level is touched; the last
            row is the forced exit. Levels that the scan proves useless stay UNTOUCHED. Levels are rows, so
            that a combination, which walks along the events of two levels, reads memory in order.
        values: out, float64, shape (n_stops + n_targets + 1, n_events, 5): fill price; lowest and highest
            close from the entry bar to the bar before the exit, and the last bar of each.
    """
    n_stops = stops.shape[0]
    n_targets = targets.shape[0]
    n = open_.shape[0]
    keys[:, event] = UNTOUCHED
    i = 0
    j = 0
    lowest = np.inf
    highest = -np.inf
    lowest_bar = highest_bar = bar
    long = side > 0.0
    stop = rounded(anchor - side * stops[0], level_scale)
    target = rounded(anchor + side * targets[0], level_scale)
    t = bar
    while t < forced:
        if t & (BLOCK - 1) == 0 and t + BLOCK <= forced and t + BLOCK < n:
            b = t // BLOCK
            if (
                (blocks[b, 0] > stop and blocks[b, 1] < target)
                if long
                else (blocks[b, 1] < stop and blocks[b, 0] > target)
            ):
                if blocks[b, 2] <= lowest:
                    lowest = blocks[b, 2]
                    lowest_bar = last_equal(close, t, lowest)
                if blocks[b, 3] >= highest:
                    highest = blocks[b, 3]
                    highest_bar = last_equal(close, t, highest)
                t += BLOCK
                continue
        while i < n_stops and (low[t] <= stop if long else high[t] >= stop):
            gap = open_[t] <= stop if long else open_[t] >= stop
            price = open_[t] if gap else stop
            if slippage > 0.0:
                price = np.floor((price - side * slippage) * fill_scale + 0.5) / fill_scale
            keys[i, event] = 2 * t if gap else 2 * t + 1
            values[i, event, 0] = price
            values[i, event, 1] = lowest
            values[i, event, 2] = highest
            values[i, event, 3] = lowest_bar
            values[i, event, 4] = highest_bar
            i += 1
            if i < n_stops:
                stop = rounded(anchor - side * stops[i], level_scale)
        while j < n_targets and (high[t] >= target if long else low[t] <= target):
            gap = open_[t] >= target if long else open_[t] <= target
            keys[n_stops + j, event] = 2 * t if gap else 2 * t + 1
            values[n_stops + j, event, 0] = open_[t] if gap else target
            values[n_stops + j, event, 1] = lowest
            values[n_stops + j, event, 2] = highest
            values[n_stops + j, event, 3] = lowest_bar
            values[n_stops + j, event, 4] = highest_bar
            j += 1
            if j < n_targets:
                target = rounded(anchor + side * targets[j], level_scale)
        if i == n_stops or j == n_targets:
            # Every stop (or every target) is touched: whatever comes later is never the exit.
            return
        if t == n - 1:
            break
        if close[t] <= lowest:
            lowest = close[t]
            lowest_bar = t
        if close[t] >= highest:
            highest = close[t]
            highest_bar = t
        t += 1
    last = n_stops + n_targets
    keys[last, event] = 2 * forced
    price = open_[forced] if forced < n else close[n - 1]
    if slippage > 0.0:
        price = np.floor((price - side * slippage) * fill_scale + 0.5) / fill_scale
    values[last, event, 0] = price
    values[last, event, 1] = lowest
    values[last, event, 2] = highest
    values[last, event, 3] = lowest_bar
    values[last, event, 4] = highest_bar
