"""Compiled: many sets of signals with few exits each, for sizes that are fixed; what their entries share is kept.

Where a strategy's own parameters are searched, each combination has entries of its own, but they lie on the same bars:
the stop and the target of an entry are found once for its bar and side, whoever asks, and a set only picks its trades.
A set may still be on its way when this is called: the threads wait for it without the interpreter.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import begin, byte_at, is_ready, njit, njit_spread, number_at, set_ready, take, word_at
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.engine.compiled.arguments import Days, EntryTable, Events, Market, Sets, Touches, Trades
from trading_ai.engine.compiled.bookkeeping import target_comes_first
from trading_ai.engine.compiled.events import fill_events
from trading_ai.engine.compiled.exits import UNTOUCHED, find_exits, stops_move
from trading_ai.engine.compiled.marks import profit_of
from trading_ai.engine.compiled.money import NOT_TOUCHED, commission_of, money_of, terms_of
from trading_ai.engine.compiled.settle import NOT_SCANNED, settle
from trading_ai.ties import is_above

HORIZON = 4096
"""Bars during which the table looks for an entry's levels. A level that is farther away is looked for by each trade
that lasts so long: they are few, and entries that no trade holds so long must not cost a walk through all bars."""

NET, DELTA, WORST, BEST, BEST_BAR, CHARGE, SLIPPAGE, SPREAD = range(8)
N_MONEY = 8
"""Columns of `EntryTable.values`; one line of the processor's cache."""

DONE, WAITING = 0, 1


NOTHING, ORDERS, DECISIONS, CROSSING = range(4)
"""How a set's signals are given: none; orders by execution bar, int8; decisions, booleans, each carried out a bar
later; series that cross."""

KIND, FIRST, SECOND, THIRD, EXIT_LONG, EXIT_SHORT = range(6)
N_SIGNALS = 6
"""Columns of `arguments.Sets.signals`: how the set is given, and the addresses of its arrays, 0 for none. FIRST are the
entry orders, or the decisions to buy, or the series that crosses; SECOND the decisions to sell, or what must be crossed
above to buy; THIRD what must be crossed below to sell. Exits are orders where entries are, and decisions otherwise."""


@njit
def find_positions(flags, n, late, found):
    """Positions of the nonzero bytes among the first `n` at the address `flags`, each plus `late`, and below `n`.

    Returns:
        Their number.
    """
    # Orders are rare: eight bars without one are passed over in one comparison.
    i = 0
    for w in range(n // 8):
        if word_at(flags, w) != 0:
            for t in range(8 * w, 8 * w + 8):
                if byte_at(flags, t) != 0:
                    found[i] = t + late
                    i += 1
    for t in range(n // 8 * 8, n):
        if byte_at(flags, t) != 0:
            found[i] = t + late
            i += 1
    if i > 0 and found[i - 1] >= n:
        i -= 1
    return i


@njit
def order_decisions(buy, sell, n, flags):
    """Entry orders of booleans at two addresses (0 for never), each a bar after its decision; both at once are none."""
    flags[0] = 0
    if sell == 0:
        for t in range(n - 1):
            flags[t + 1] = byte_at(buy, t)
    elif buy == 0:
        for t in range(n - 1):
            flags[t + 1] = -byte_at(sell, t)
    else:
        for t in range(n - 1):
            flags[t + 1] = byte_at(buy, t) - byte_at(sell, t)


@njit
def order_crossings(series, above, below, above_level, below_level, tie, n, flags):
    """Entry orders where a series crosses others; the comparisons of `indicators.crossed_above` and its kin.

    Args:
        series: address of the series that crosses, float64, `n` numbers.
        above: address of what it must cross above to buy, or 0.
        below: address of what it must cross below to sell, or 0.
        above_level: what it must cross above where there is no such series.
        below_level: what it must cross below likewise.
        tie: see `ties.is_above`.
        n: number of bars.
        flags: out, entry order of each bar, a bar after its decision; int8, at least `n` long.
    """
    flags[0] = 0
    flags[min(1, n - 1)] = 0
    if above != 0 and above == below and tie == 0.0:
        # Exact values need no tolerance: a difference is above zero where the one is above the other.
        for t in range(1, n - 1):
            was, now = number_at(series, t - 1), number_at(series, t)
            other_was, other_now = number_at(above, t - 1), number_at(above, t)
            buy = (now > other_now) & (was <= other_was)
            sell = (now < other_now) & (was >= other_was)
            flags[t + 1] = np.int8(buy) - np.int8(sell)
        return
    for t in range(1, n - 1):
        was, now = number_at(series, t - 1), number_at(series, t)
        low_was = low_now = below_level
        high_was = high_now = above_level
        if above != 0:
            high_was, high_now = number_at(above, t - 1), number_at(above, t)
        if below != 0:
            low_was, low_now = number_at(below, t - 1), number_at(below, t)
        buy = is_above(now, high_now, tie) & (not (np.isnan(was) | np.isnan(high_was) | is_above(was, high_was, tie)))
        sell = is_above(low_now, now, tie) & (not (np.isnan(was) | np.isnan(low_was) | is_above(low_was, was, tie)))
        flags[t + 1] = np.int8(buy) - np.int8(sell)


@njit
def fill_entry(u, stops, targets, side, entry, anchor, market, config, touches, table):
    """Find the touches of one entry's levels within the horizon, and what each earns.

    Args:
        u: the entry, see `arguments.EntryTable`.
        stops: see `exits.find_exits`.
        targets: see there.
        side: +1.0 long, -1.0 short.
        entry: fill price.
        anchor: price that distances are measured from.
        market: see `arguments.Market`.
        config: see `bookkeeping.CONFIG`.
        touches: work space for one event.
        table: out.
    """
    n = market.time_ns.shape[0]
    first = u >> 1
    units, rate, long = config[a.UNITS], config[a.RATE], side > 0.0
    own_price = config[a.CONVERSION] == 2.0
    find_exits(stops, targets, side, first, entry, anchor, min(first + HORIZON, n), market, config, 0, touches)
    terms = terms_of(config)
    paid = commission_of(terms, units, entry)
    for column in range(stops.shape[0] + targets.shape[0]):
        key = touches.keys[column, 0]
        if key == UNTOUCHED:
            table.keys[u, column] = NOT_TOUCHED
            continue
        table.keys[u, column] = key
        low, high = touches.values[column, 0, 1], touches.values[column, 0, 2]
        slips = 2.0 if column < stops.shape[0] else 1.0
        crossed_at = first if long else key >> 1
        crossed = market.ask_open[crossed_at] - market.bid_open[crossed_at]
        net, delta, charge, slipped, spread = money_of(
            terms, side, units, entry, touches.values[column, 0, 0], paid, slips, crossed
        )
        table.values[u, column, NET] = net
        table.values[u, column, DELTA] = delta
        table.values[u, column, WORST] = profit_of(own_price, side, units, entry, low if long else high, rate)
        table.values[u, column, BEST] = profit_of(own_price, side, units, entry, high if long else low, rate)
        table.values[u, column, BEST_BAR] = touches.values[column, 0, 4] if long else touches.values[column, 0, 3]
        table.values[u, column, CHARGE] = charge
        table.values[u, column, SLIPPAGE] = slipped
        table.values[u, column, SPREAD] = spread


@njit_spread
def simulate_sets(
    sets: Sets, stops, targets, strategy_bar, ignore_opposite, reverse, only_side, bid_before, ask_before,
    anchor_on_close, market: Market, days: Days, config, table: EntryTable, taken, own, n_spins, lost, flags, flags_at,
    events: Events, bars_long, bars_short, touches: Touches, trades: Trades, tallies, daily,
):  # fmt: skip
    """Simulate sets of signals, each with the combinations that share it; several threads may run this at once.

    Args:
        sets: the sets; they may come while this runs.
        stops: see `exits.find_exits`.
        targets: see there.
        strategy_bar: see `events.fill_events`, as are the six arguments that follow.
        ignore_opposite: see there.
        reverse: see there.
        only_side: see there.
        bid_before: see there.
        ask_before: see there.
        anchor_on_close: see there.
        market: prices.
        days: trading days and rates.
        config: see `bookkeeping.CONFIG`.
        table: exits and their money, shared by all threads.
        taken: number of sets that threads have taken so far, int64, shape (1,).
        own: the set that this thread has taken and not simulated, -1 for none, int64, shape (1,).
        n_spins: how often to look whether a set that is not there has come.
        lost: out, whether another simulator must run the combination, because its account may not have carried its
            trades, shape (m,).
        flags: work space of this thread, int8, shape (n_bars,).
        flags_at: its address.
        events: work space of this thread, shape (n_bars,).
        bars_long: work space, int64, shape (n_bars,).
        bars_short: work space likewise.
        touches: work space for one event.
        trades: work space, shape (n_bars,).
        tallies: out, shape (n_rows_of_results, n_tallies).
        daily: out, float32, shape (n_rows_of_results, n_days), zeroed; or (n_rows_of_results, 0) to leave it.

    Returns:
        DONE when there is no further set, WAITING when one has not come in time: call again.
    """
    ready = sets.ready
    n = market.time_ns.shape[0]
    n_stops = stops.shape[0]
    bid_open, ask_open, bid_close, ask_close = market.bid_open, market.ask_open, market.bid_close, market.ask_close
    slippage, fill_scale = config[a.SLIPPAGE], config[a.FILL_SCALE]
    units, terms = config[a.UNITS], terms_of(config)
    same_bar, bid_high, bid_low = config[a.SAME_BAR], market.bid_high, market.bid_low
    no_levels = n_stops == 1 and targets.shape[0] == 1 and stops[0, 0] == targets[0] == np.inf and not stops_move(stops)
    filled, keys, values = table.filled, table.keys, table.values
    day_bid = bid_close[days.day_last_bar]  # side by side, because every trade that is held overnight reads them
    day_ask = ask_close[days.day_last_bar]
    none = bars_long[:0]
    while True:
        if own[0] < 0:
            own[0] = take(taken, 1)
        s = own[0]
        if s >= ready.shape[0]:
            own[0] = -1
            return DONE
        looks = 0
        while not is_ready(ready, s):
            looks += 1
            if looks > n_spins:
                return WAITING
        own[0] = -1

        # 1. The set's events.
        signals = sets.signals[s]
        kind, n_events = signals[KIND], 0
        flags[0] = 0
        if kind == ORDERS:
            n_events = find_positions(signals[FIRST], n, 0, events.bar)
            for k in range(n_events):
                flags[events.bar[k]] = byte_at(signals[FIRST], events.bar[k])
        elif kind == DECISIONS:
            order_decisions(signals[FIRST], signals[SECOND], n, flags)
        elif kind == CROSSING:
            order_crossings(
                signals[FIRST], signals[SECOND], signals[THIRD], sets.levels[s, 0], sets.levels[s, 1],
                sets.levels[s, 2], n, flags,
            )  # fmt: skip
        if kind == DECISIONS or kind == CROSSING:
            n_events = find_positions(flags_at, n, 0, events.bar)
        late = 0 if kind == ORDERS else 1
        until_long, until_short = none, none
        if signals[EXIT_LONG] != 0:
            until_long = bars_long[: find_positions(signals[EXIT_LONG], n, late, bars_long)]
        if signals[EXIT_SHORT] != 0:
            until_short = bars_short[: find_positions(signals[EXIT_SHORT], n, late, bars_short)]
        fill_events(
            flags, until_long, until_short, strategy_bar, sets.time_exit[s], ignore_opposite, reverse, only_side,
            bid_open, ask_open, bid_close, ask_close, bid_before, ask_before, anchor_on_close, slippage, fill_scale,
            events.bar[:n_events], events.side, events.opens, events.entry, events.anchor, events.forced,
            events.reason, events.after,
        )  # fmt: skip

        for c in range(sets.first_row[s], sets.first_row[s + 1]):
            # 2. Walk: which events become trades, and what each earns.
            stop_column, target_column = sets.stop_of[c], n_stops + sets.target_of[c]
            n_trades = n_ambiguous = 0
            earliest = 0
            for k in range(n_events):
                first = events.bar[k]
                if first < earliest or events.opens[k] == 0:
                    continue
                side, entry, forced = events.side[k], events.entry[k], events.forced[k]
                long = side > 0.0
                forced_key = 2 * forced
                stop_key = target_key = np.int64(NOT_TOUCHED)
                u = 2 * first + (0 if long else 1)
                if not no_levels:
                    if not is_ready(filled, u):
                        if begin(filled, u):
                            fill_entry(u, stops, targets, side, entry, events.anchor[k], market, config, touches, table)
                            set_ready(filled, u)
                        while not is_ready(filled, u):
                            pass  # another thread is at it, and takes a microsecond
                    stop_key = np.int64(keys[u, stop_column])
                    target_key = np.int64(keys[u, target_column])
                paid = commission_of(terms, units, entry)
                far = False
                if stop_key == NOT_TOUCHED and target_key == NOT_TOUCHED and forced > first + HORIZON and not no_levels:
                    # Neither within the horizon: on from the entry with these two, as far as this trade may last.
                    far = True
                    find_exits(
                        stops[stop_column : stop_column + 1], targets[sets.target_of[c] : sets.target_of[c] + 1], side,
                        first, entry, events.anchor[k], forced, market, config, 0, touches,
                    )  # fmt: skip
                    stop_key, target_key = touches.keys[0, 0], touches.keys[1, 0]
                # Equal and odd: both were reached inside one bar, in an order that nobody knows.
                ambiguous = target_key == stop_key and stop_key & 1 == 1 and stop_key < forced_key
                both = stop_key >> 1
                on_target = target_key < stop_key or (
                    ambiguous and target_comes_first(same_bar, side, bid_open[both], bid_high[both], bid_low[both])
                )
                key = min(stop_key, target_key)
                on_force = key >= forced_key
                exit_bar = min(key, forced_key) >> 1
                at_end = exit_bar == n
                exit_bar = n - 1 if at_end else exit_bar
                trades.first[n_trades] = first
                trades.exit_bar[n_trades] = exit_bar
                trades.side[n_trades] = side
                trades.entry[n_trades] = entry
                trades.paid_in[n_trades] = paid
                trades.held[n_trades] = exit_bar - first + (0 if on_force and not at_end else 1)
                if on_force or far:
                    if on_force:
                        if at_end:
                            price = bid_close[n - 1] if long else ask_close[n - 1]
                        else:
                            price = bid_open[exit_bar] if long else ask_open[exit_bar]
                        if slippage > 0.0:
                            price = np.floor((price - side * slippage) * fill_scale + 0.5) / fill_scale
                    else:
                        price = touches.values[1 if on_target else 0, 0, 0]
                    crossed_at = first if long else exit_bar
                    net, delta, charge, slipped, spread = money_of(
                        terms, side, units, entry, price, paid, 1.0 if on_target and not on_force else 2.0,
                        ask_open[crossed_at] - bid_open[crossed_at],
                    )  # fmt: skip
                    trades.net[n_trades] = net
                    trades.delta[n_trades] = delta
                    trades.best_bar[n_trades] = NOT_SCANNED
                    trades.charge[n_trades] = charge
                    trades.slippage[n_trades] = slipped
                    trades.spread[n_trades] = spread
                else:
                    column = target_column if on_target else stop_column
                    trades.net[n_trades] = values[u, column, NET]
                    trades.delta[n_trades] = values[u, column, DELTA]
                    trades.worst[n_trades] = values[u, column, WORST]
                    trades.best[n_trades] = values[u, column, BEST]
                    # Before any close there is no best: it is never asked for.
                    trades.best_bar[n_trades] = int(values[u, column, BEST_BAR]) if exit_bar > first else first
                    trades.charge[n_trades] = values[u, column, CHARGE]
                    trades.slippage[n_trades] = values[u, column, SLIPPAGE]
                    trades.spread[n_trades] = values[u, column, SPREAD]
                n_trades += 1
                n_ambiguous += ambiguous
                earliest = n if at_end else (events.after[k] if on_force else exit_bar + 1)

            # 3. What they add up to.
            to = sets.rows[c]
            is_safe = settle(
                config, market, days, day_bid, day_ask, trades, n_trades, n_ambiguous, tallies[to], daily[to]
            )
            lost[c] = not is_safe
