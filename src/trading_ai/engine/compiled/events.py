"""Compiled: where entries are, and everything of an event that does not depend on stops and targets."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit, njit_spread
from trading_ai.engine.compiled.arguments import Events
from trading_ai.engine.records import END_OF_DATA, SIGNAL, TIME_EXIT

NEVER = np.int64(2**62)


@njit
def positions_of(flags, words):
    """Positions of the nonzero values of `flags`, int8, shape (n,); `words` views its first n // 8 * 8 as int64."""
    # Orders are rare: eight bars without one are passed over in one comparison.
    count = 0
    for w in range(words.shape[0]):
        if words[w] != 0:
            for t in range(8 * w, 8 * w + 8):
                count += flags[t] != 0
    for t in range(8 * words.shape[0], flags.shape[0]):
        count += flags[t] != 0
    found = np.empty(count, np.int64)
    i = 0
    for w in range(words.shape[0]):
        if words[w] != 0:
            for t in range(8 * w, 8 * w + 8):
                if flags[t] != 0:
                    found[i] = t
                    i += 1
    for t in range(8 * words.shape[0], flags.shape[0]):
        if flags[t] != 0:
            found[i] = t
            i += 1
    return found


@njit_spread
def fill_events(
    entry_order, exits_long, exits_short, strategy_bar, time_exit, ignore_opposite, reverse, only_side, bid_open,
    ask_open, bid_close, ask_close, bid_before, ask_before, anchor_on_close, slippage, scale, events: Events,
):  # fmt: skip
    """Fill the arrays of events, all but `bar`; one pass over the entry orders there, from the last to the first.

    Args:
        entry_order: side of the entry order of each bar, int8, 0 for none, shape (n_bars,).
        exits_long: bars with an order to close longs, ascending.
        exits_short: bars with an order to close shorts likewise.
        strategy_bar: strategy bar of each execution bar, or empty when they are the same.
        time_exit: strategy bars after which a position is closed; 0 for never.
        ignore_opposite: whether an entry order of the other side leaves a position alone.
        reverse: whether it may open a position of its own at the bar at which it closes one.
        only_side: +1.0 or -1.0 if only that side is opened, 0.0 for both.
        bid_open: see `arguments.Market`.
        ask_open: see there.
        bid_close: see there.
        ask_close: see there.
        bid_before: bid at the close of the bar before the first.
        ask_before: ask likewise.
        anchor_on_close: whether distances are measured from the close of the bar before, not from the fill.
        slippage: adverse price change of fills, price units.
        scale: fills with slippage are rounded to 1 / scale.
        events: out, but for `bar`, which is given.

    Returns:
        Whether every position ends by the time of the next entry, so that no entry is ever passed over.
    """
    bar, side, opens, entry, anchor, forced, reason, after = events
    n = entry_order.shape[0]
    # From the last to the first, because what ends a position lies ahead of its entry and is then known.
    every_opens = True
    next_open = NEVER  # bar of the next event that may open
    next_long = n  # next entry order of each side
    next_short = n
    i = exits_long.shape[0]  # position of the next exit order of each side, among all of them
    j = exits_short.shape[0]
    for k in range(bar.shape[0] - 1, -1, -1):
        t = bar[k]
        while i > 0 and exits_long[i - 1] > t:
            i -= 1
        while j > 0 and exits_short[j - 1] > t:
            j -= 1
        long = entry_order[t] > 0
        side[k] = 1.0 if long else -1.0
        opens[k] = 1 if only_side == 0.0 or only_side == side[k] else 0
        price = ask_open[t] if long else bid_open[t]
        if slippage > 0.0:
            price = np.floor((price + side[k] * slippage) * scale + 0.5) / scale
        entry[k] = price
        if anchor_on_close and t == 0:
            anchor[k] = ask_before if long else bid_before
        elif anchor_on_close:
            anchor[k] = ask_close[t - 1] if long else bid_close[t - 1]
        else:
            anchor[k] = price
        opposite = next_short if long else next_long
        if long:
            exit_bar = exits_long[i] if i < exits_long.shape[0] else n
        else:
            exit_bar = exits_short[j] if j < exits_short.shape[0] else n
        end, why, nxt = n, END_OF_DATA, n
        if exit_bar < end:
            end, why, nxt = exit_bar, SIGNAL, exit_bar
        if time_exit > 0:
            if strategy_bar.shape[0] == 0:
                timed = min(t + time_exit, n)
            else:
                timed = np.searchsorted(strategy_bar, strategy_bar[t] + time_exit)
            if timed < end:
                end, why, nxt = timed, TIME_EXIT, timed
        # The opposite order closes, and takes the place of its own entry unless it also reverses.
        if not ignore_opposite and opposite < end:
            end, why, nxt = opposite, SIGNAL, opposite if reverse else opposite + 1
        forced[k] = end
        reason[k] = why
        after[k] = nxt
        if opens[k] != 0:
            every_opens &= end <= next_open and nxt <= next_open
            next_open = t
        if long:
            next_long = t
        else:
            next_short = t
    return every_opens
