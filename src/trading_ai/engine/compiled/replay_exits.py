"""Compiled: when a level touches each trade of a list, and which of its exits comes first.

A key tells when an exit happens: ``2 * bar`` at the bar's open, ``2 * bar + 1`` inside the bar.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit
from trading_ai.engine.compiled.blocks import BLOCK, WIDE
from trading_ai.engine.compiled.bookkeeping import rounded, target_comes_first
from trading_ai.engine.compiled.exits import UNTOUCHED
from trading_ai.engine.records import BREAK_EVEN, END_OF_DATA, STOP_LOSS, TAKE_PROFIT, TIME_EXIT, TRAILING_STOP


@njit
def find_touches(is_stop, level, side, bar, inside, until, bid, ask, slippage, fill_scale, keys, prices, unsure):
    """Find the first touch of one level of each trade.

    Args:
        is_stop: whether the level lies on the losing side.
        level: price of the level, NaN or infinite for none, shape (n_trades,).
        side: +1.0 long, -1.0 short, shape (n_trades,).
        bar: bar from which on it is looked for, shape (n_trades,).
        inside: whether that bar was under way: only its close counts then, shape (n_trades,).
        until: bar at whose end it is no longer looked for, shape (n_trades,).
        bid: open, high, low, close, blocks, wide blocks; longs leave there.
        ask: likewise; shorts leave there.
        slippage: of stops, price units.
        fill_scale: fills with slippage are rounded to 1 / fill_scale.
        keys: out, shape (n_trades,); UNTOUCHED without a touch.
        prices: out, fill.
        unsure: out, whether a bar under way reached the level before or after the start, which nobody knows.
    """
    for i in range(level.shape[0]):
        keys[i], prices[i], unsure[i] = UNTOUCHED, np.nan, False
        price = level[i]
        if not np.isfinite(price):
            continue
        open_, high, low, close, blocks, wide = bid if side[i] > 0.0 else ask
        n = open_.shape[0]
        # A stop of a long and a target of a short lie below.
        below = is_stop == (side[i] > 0.0)
        t, last = bar[i], min(until[i], n - 1)
        if t <= last and inside[i]:
            if (close[t] <= price) if below else (close[t] >= price):
                keys[i], prices[i] = 2 * t + 1, price
            else:
                unsure[i] = (low[t] <= price) if below else (high[t] >= price)
            t += 1
        while keys[i] == UNTOUCHED and t <= last:
            if t % WIDE == 0 and t // WIDE < wide.shape[0]:
                b = t // WIDE
                if (wide[b, 0] > price) if below else (wide[b, 1] < price):
                    t += WIDE
                    continue
            if t % BLOCK == 0 and t // BLOCK < blocks.shape[0]:
                b = t // BLOCK
                if (blocks[b, 0] > price) if below else (blocks[b, 1] < price):
                    t += BLOCK
                    continue
            if (low[t] <= price) if below else (high[t] >= price):
                gap = (open_[t] <= price) if below else (open_[t] >= price)
                keys[i] = 2 * t if gap else 2 * t + 1
                prices[i] = open_[t] if gap else price
            t += 1
        if keys[i] >> 1 > last:
            keys[i] = UNTOUCHED  # a block that was passed over may have reached farther
        if is_stop and keys[i] != UNTOUCHED and slippage > 0.0:
            prices[i] = np.floor((prices[i] - side[i] * slippage) * fill_scale + 0.5) / fill_scale


@njit
def find_moving(
    level, trail, trigger, entry, side, bar, inside, until, bid, ask, level_scale, slippage, fill_scale,
    keys, prices, reasons, unsure,
):  # fmt: skip
    """`find_touches` of stops that trail or move to the entry price; each follows its trade bar by bar.

    Args:
        level: price of the first stop, NaN for none, shape (n_trades,).
        trail: distance at which the stop trails, price units, inf for never.
        trigger: profit at which it moves to the entry price, price units, inf for never.
        entry: fill price, shape (n_trades,).
        side: see `find_touches`, as are the arguments that follow.
        bar: see there.
        inside: see there.
        until: see there.
        bid: see there.
        ask: see there.
        level_scale: prices of levels are rounded to 1 / level_scale; 0 for never.
        slippage: see `find_touches`.
        fill_scale: see there.
        keys: out, see there.
        prices: out, see there.
        reasons: out, what had set the stop that touched, `records.EXIT_REASONS`.
        unsure: out, see there.
    """
    for i in range(level.shape[0]):
        keys[i], prices[i], reasons[i], unsure[i] = UNTOUCHED, np.nan, STOP_LOSS, False
        open_, high, low, close, _, _ = bid if side[i] > 0.0 else ask
        long, s = side[i] > 0.0, side[i]
        stop = level[i] if np.isfinite(level[i]) else -s * np.inf
        trails = trail < np.inf
        if trails:
            moved = rounded(entry[i] - s * trail, level_scale)
            if (moved - stop) * s > 0.0:
                stop, reasons[i] = moved, TRAILING_STOP
        at = rounded(entry[i] + s * trigger, level_scale) if trigger < np.inf else s * np.inf
        extreme = entry[i]
        for t in range(bar[i], min(until[i], open_.shape[0] - 1) + 1):
            started = inside[i] and t == bar[i]
            worst = close[t] if started else (low[t] if long else high[t])
            best = close[t] if started else (high[t] if long else low[t])
            if (stop - worst) * s >= 0.0:
                gap = not started and (stop - open_[t]) * s >= 0.0
                keys[i] = 2 * t if gap else 2 * t + 1
                prices[i] = open_[t] if gap else stop
                if slippage > 0.0:
                    prices[i] = np.floor((prices[i] - s * slippage) * fill_scale + 0.5) / fill_scale
                break
            if started:
                unsure[i] = (stop - (low[t] if long else high[t])) * s >= 0.0
            # From the next bar on.
            if (best - extreme) * s > 0.0:
                extreme = best
            if trails:
                moved = rounded(extreme - s * trail, level_scale)
                if (moved - stop) * s > 0.0:
                    stop, reasons[i] = moved, TRAILING_STOP
            if (best - at) * s >= 0.0 and (entry[i] - stop) * s > 0.0:
                stop, reasons[i] = entry[i], BREAK_EVEN


@njit
def choose_exits(
    keep, entry_key, side, max_positions, same_bar, bid_open, bid_high, bid_low, stop_key, stop_price, stop_reason,
    stop_unsure, target_key, target_price, target_unsure, time_key, time_price, own_key, own_price, own_reason,
    end_price, taken, key, price, reason, ambiguous, is_own, open_keys,
):  # fmt: skip
    """Choose each trade's exit, and the trades that there is room for.

    Args:
        keep: whether the filters let a trade in, shape (n_trades,); trades are in order of entry.
        entry_key: when it begins.
        side: +1.0 long, -1.0 short.
        max_positions: positions that may be open at once; 0 for any number.
        same_bar: which of stop and target is taken where both lie inside one bar, see `rules.SAME_BAR_CODES`.
        bid_open: open of each bar at the bid.
        bid_high: likewise.
        bid_low: likewise.
        stop_key: see `find_touches`.
        stop_price: see there.
        stop_reason: see `find_moving`.
        stop_unsure: see `find_touches`.
        target_key: see there.
        target_price: see there.
        target_unsure: see there.
        time_key: of the time exit, UNTOUCHED without one.
        time_price: its fill.
        own_key: of the exit in the list, UNTOUCHED where it no longer holds.
        own_price: its fill.
        own_reason: its reason.
        end_price: fills of longs and of shorts at the last close.
        taken: out, trades that are made, in order of entry, shape (n_trades,).
        key: out, by trade.
        price: out, by trade.
        reason: out, by trade.
        ambiguous: out, by trade.
        is_own: out, whether the exit is that of the list.
        open_keys: work space, shape (n_trades,).

    Returns:
        Number of trades taken, and of those that there was no room for.
    """
    n_taken = n_open = n_refused = 0
    n_bars = int(end_price[2])
    for i in range(keep.shape[0]):
        if not keep[i]:
            continue
        if max_positions > 0:
            left = 0
            for k in range(n_open):
                if open_keys[k] > entry_key[i] or (open_keys[k] == entry_key[i] and entry_key[i] & 1 == 1):
                    open_keys[left] = open_keys[k]
                    left += 1
            n_open = left
            if n_open >= max_positions:
                n_refused += 1
                continue
        forced = min(own_key[i], time_key[i])
        stop, target = stop_key[i], target_key[i]
        both = stop == target and stop & 1 == 1 and stop != UNTOUCHED
        t = stop >> 1 if both else 0
        on_target = target < stop or (
            both and target_comes_first(same_bar, side[i], bid_open[t], bid_high[t], bid_low[t])
        )
        touched = min(stop, target)
        ambiguous[i] = stop_unsure[i] or target_unsure[i] or (both and stop < forced)
        is_own[i] = False
        if touched == forced and touched & 1 == 1 and touched != UNTOUCHED:
            # The list's exit and a level inside one bar, in an order that nobody knows: the worse of the two.
            ambiguous[i] = True
            on_force = on_target and target != stop
        else:
            on_force = forced != UNTOUCHED and forced <= touched
        if on_force:
            own = own_key[i] <= time_key[i]
            key[i] = forced
            price[i] = own_price[i] if own else time_price[i]
            reason[i] = own_reason[i] if own else TIME_EXIT
            is_own[i] = own
        elif touched != UNTOUCHED:
            key[i] = touched
            price[i] = target_price[i] if on_target else stop_price[i]
            reason[i] = TAKE_PROFIT if on_target else stop_reason[i]
        else:
            key[i] = 2 * n_bars - 1
            price[i] = end_price[0] if side[i] > 0.0 else end_price[1]
            reason[i] = END_OF_DATA
        taken[n_taken] = i
        n_taken += 1
        if max_positions > 0:
            open_keys[n_open] = key[i]
            n_open += 1
    return n_taken, n_refused
