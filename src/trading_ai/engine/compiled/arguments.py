"""What the simulators are given, in tuples: what belongs to each, and in which order, stands here alone.

A simulator names the tuples in its signature. Python calls it with their fields one after the other (``*market``), see
`_jit.njit_spread`. All arrays are C-contiguous; those of bars have shape (n_bars,), those of events (n_events,).

Inside, a field is as fast as a name of its own wherever an element of it is read. Where the whole array is handed on
to a function, Numba counts a new reference, which can take longer than a short function: fields that are handed on
inside loops are given a name before them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Places = npt.NDArray[np.uint64]
"""Indices. Unsigned, because a signed one costs a check for a negative value at every use."""


class Market(NamedTuple):
    """Execution bars.

    Attributes:
        time_ns: open times, ns since 1970, ascending.
        bid_open: prices at which longs leave and shorts enter; the three that follow likewise.
        bid_high: highest of the bar.
        bid_low: lowest of the bar.
        bid_close: last of the bar.
        ask_open: prices at which longs enter and shorts leave, and so on; the very arrays of the bid without a spread.
        ask_high: highest of the bar.
        ask_low: lowest of the bar.
        ask_close: last of the bar.
        bid_blocks: lowest low, highest high, lowest and highest close of every full block of `blocks.BLOCK` bars,
            shape (n_blocks, 4).
        ask_blocks: likewise at the ask.
    """

    time_ns: Ints
    bid_open: Floats
    bid_high: Floats
    bid_low: Floats
    bid_close: Floats
    ask_open: Floats
    ask_high: Floats
    ask_low: Floats
    ask_close: Floats
    bid_blocks: Floats
    ask_blocks: Floats


class Days(NamedTuple):
    """What depends on the date of a bar.

    Attributes:
        bar_day: ordinal of each bar's trading day, from 0.
        day_last_bar: last bar of each trading day, shape (n_days,).
        nights: swap nights up to each bar, or shape (0,) where no swap is charged.
        rates: account currency for one unit of quote currency at each bar, or shape (0,) where it does not change.
    """

    bar_day: Ints
    day_last_bar: Ints
    nights: Floats
    rates: Floats


class Events(NamedTuple):
    """Entry orders with everything that does not depend on stops and targets.

    Attributes:
        bar: execution bar at whose open the entry is filled, ascending.
        side: +1.0 long, -1.0 short.
        opens: 1 if the side may be opened, 0 if the order only closes the other side.
        entry: fill price.
        anchor: price that stop and target distances are measured from.
        forced: bar at whose open the position is closed if no stop or target was touched; n_bars where
            nothing closes it before the data ends.
        reason: the exit reason that goes with `forced`.
        after: first bar at which the next position may be opened after a forced exit.
    """

    bar: Ints
    side: Floats
    opens: npt.NDArray[np.int8]
    entry: Floats
    anchor: Floats
    forced: Ints
    reason: npt.NDArray[np.int8]
    after: Ints


class Plans(NamedTuple):
    """Entry orders that say more than their side.

    Attributes:
        bar: execution bar at whose open each is ordered, ascending.
        side: +1.0 long, -1.0 short.
        rows: what it says, columns as in `engine.plans`, shape (n_events, 14).
        signal_close: price that its distances are measured from, and those of the order of the other side beside it;
            NaN for the fill, shape (n_events, 2).
        exits: prices at which open positions are closed during each bar, shape (n_bars, 4) or (0, 4).
    """

    bar: Ints
    side: Floats
    rows: Floats
    signal_close: Floats
    exits: Floats


class Touches(NamedTuple):
    """When each level of some events is touched, and at what price; n_levels = n_stops + n_targets + 1.

    The last level is the forced exit. Levels are rows, so that a combination, which walks along the events of two
    levels, reads memory in order.

    Attributes:
        keys: 2 x bar, plus 1 if touched after the bar's open; shape (n_levels, n_events).
        values: fill price, then lowest and highest close from the entry's bar to the bar before the exit, then the
            last bar of each; shape (n_levels, n_events, 5).
    """

    keys: Ints
    values: Floats


class MoneyTable(NamedTuple):
    """Exits of every level of every event and what they earn; filled on demand, by all threads together.

    Where no shape is given it is (n_levels * n_events,), a level's events side by side: a combination, which walks
    along the events of two levels, reads in order.

    Attributes:
        filled: `_jit.READY` for events whose column is filled, uint8, shape (n_events,).
        keys: when the level is touched, see `Touches`; `money.NOT_TOUCHED` for never.
        net: net profit of the trade that ends there.
        delta: change of the balance at the exit; shape (0,) without commissions, when it is the net profit.
        worst: worst open profit at a close before the exit.
        best: best open profit likewise.
        best_bar: last bar with the best.
        charges: commission of the trade, or shape (0,) where there is none.
        slippages: slippage of the trade, or shape (0,).
        spreads: spread of the trade, or shape (0,).
        paid_in: commission of each entry, shape (n_events,).
    """

    filled: npt.NDArray[np.uint8]
    keys: npt.NDArray[np.int32]
    net: Floats
    delta: Floats
    worst: Floats
    best: Floats
    best_bar: npt.NDArray[np.int32]
    charges: Floats
    slippages: Floats
    spreads: Floats
    paid_in: Floats


class EntryTable(NamedTuple):
    """What a trade earns that is opened at a bar and ends at a stop or target, for every bar and both sides.

    Which strategy asked for the entry makes no difference, so that all sets of signals share the table; it is filled
    on demand, by all threads together. An entry is two times its bar, plus one if it is short. A level is looked for
    during `sets.HORIZON` bars.

    Attributes:
        filled: `_jit.READY` for entries that were looked at, uint8, shape (2 * n_bars,).
        keys: when each level is touched, see `Touches`; `money.NOT_TOUCHED` for not within the horizon. Shape
            (2 * n_bars, n_stops + n_targets).
        values: the money of each such trade, columns as in `money.EXIT_MONEY`, shape (2 * n_bars, n_levels, 8).
    """

    filled: npt.NDArray[np.uint8]
    keys: npt.NDArray[np.int32]
    values: Floats


class Sets(NamedTuple):
    """Sets of signals, each with the combinations that share it.

    Attributes:
        signals: where each set's signals are, columns as in `sets.SIGNALS`, shape (n_sets, 6).
        levels: numbers that are to be crossed above and below where there is no series, and the share by which values
            may differ and be equal, shape (n_sets, 3).
        time_exit: strategy bars after which a position of the set is closed, 0 for never, shape (n_sets,).
        ready: `_jit.READY` for sets whose signals are there, uint8, shape (n_sets,).
        first_row: where each set's combinations begin in `rows`, shape (n_sets + 1,).
        rows: where each combination's results go, shape (m,).
        stop_of: position of each combination's stop among the stops, shape (m,).
        target_of: position of its target likewise.
    """

    signals: Ints
    levels: Floats
    time_exit: Ints
    ready: npt.NDArray[np.uint8]
    first_row: Ints
    rows: Ints
    stop_of: Ints
    target_of: Ints


class Trades(NamedTuple):
    """The trades of one combination, on which a thread works; shape (n_events,), of which it uses a part.

    Attributes:
        first: bar of the entry.
        exit_bar: bar of the exit.
        side: +1.0 long, -1.0 short.
        entry: fill price.
        held: bars held.
        net: net profit.
        delta: change of the balance at the exit.
        worst: worst open profit at a close before the exit.
        best: best open profit likewise.
        best_bar: last bar with the best; -1 where it is not known.
        paid_in: commission of the entry.
        charge: commission of both sides.
        slippage: price lost to slippage.
        spread: price lost to the spread.
    """

    first: Ints
    exit_bar: Ints
    side: Floats
    entry: Floats
    held: Ints
    net: Floats
    delta: Floats
    worst: Floats
    best: Floats
    best_bar: Ints
    paid_in: Floats
    charge: Floats
    slippage: Floats
    spread: Floats


class Walk(NamedTuple):
    """The trades of one combination, on which a thread works in `grid`; shape (n_events,), of which it uses a part.

    Attributes:
        event_of: the event that each trade begins with.
        at_of: where its exit is in the arrays of `MoneyTable`.
        exit_of: the bar of its exit.
    """

    event_of: Places
    at_of: Places
    exit_of: Ints


class Rectangle(NamedTuple):
    """Combinations laid out in lanes and rows, for `lanes`: one axis is the stops, the other the targets.

    Attributes:
        place: position of each combination among those to simulate, -1 where there is none, shape (n_rows, n_lanes);
            n_lanes is a multiple of `layout.LANES`.
        lane_columns: the levels along the lanes, as rows of `Touches`, shape (n_lanes,).
        row_columns: the levels of the rows likewise, shape (n_rows,).
        lanes_are_stops: whether the lanes are stops and the rows are targets, or the other way round.
    """

    place: Ints
    lane_columns: Ints
    row_columns: Ints
    lanes_are_stops: bool


class LaneSpace(NamedTuple):
    """What a thread works on in `lanes`; columns as in `layout`, LANES numbers each, side by side.

    Attributes:
        lanes: exits of the lanes' levels for one block of events, N_EXIT columns an event.
        row: exits of the rows' levels likewise.
        lane_times: those columns of the lanes' exits that are times, ns, N_EXIT_TIMES columns an event.
        row_times: those of the rows likewise.
        first_days: trading day of the first entry at or after each event of the block, shape (BLOCK_EVENTS + 1,).
        latest: bar of the last exit of each event among all lanes, shape (BLOCK_EVENTS,).
        states: running figures of each row's combinations, N_STATE columns, shape (LANES, N_STATE * LANES).
        state_times: those that are times or flags, N_STATE_TIMES columns likewise.
    """

    lanes: Floats
    row: Floats
    lane_times: Ints
    row_times: Ints
    first_days: Ints
    latest: Floats
    states: Floats
    state_times: Ints
