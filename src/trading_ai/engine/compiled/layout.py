"""Compiled: where `lanes` keeps the exits of events, and the running figures of combinations, side by side."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit, select
from trading_ai.engine.compiled.arguments import LaneSpace

LANES = 32
"""Combinations side by side. A constant, because loops of a known length need no special last round."""

BLOCK_EVENTS = 128
"""Events whose exits are laid out at a time; more would not stay in the processor's second cache."""


def _offsets(n: int) -> tuple[np.uint64, ...]:
    # Unsigned, because a signed index costs a check for a negative one at every use.
    return tuple(np.uint64(i * LANES) for i in range(n))


# Where the lanes of each column begin. Everything that is written lies in one array with columns at constant
# distances: the compiler then sees that they do not overlap. Numbers that are whole are float64 all the same.
N_EXIT, N_EXIT_TIMES, N_STATE, N_STATE_TIMES = 10, 2, 33, 3
(KEY, NET, DELTA, WORST, BEST, BEST_BAR, EXIT_BAR, CHARGE, SLIPPAGE, SPREAD) = _offsets(N_EXIT)
(EXIT_TIME, BEST_TIME) = _offsets(N_EXIT_TIMES)
(
    SUM_NET, SUM_SQUARED, LONG_NET, WINS, LONG_WINS, LOSSES, GROSS_PROFIT, GROSS_LOSS, LARGEST_WIN, LARGEST_LOSS,
    WIN_STREAK, LOSS_STREAK, MAX_WIN_STREAK, MAX_LOSS_STREAK, BARS_HELD, AMBIGUOUS, COMMISSION, SLIPPAGE_PAID,
    SPREAD_PAID, BALANCE, BALANCE_PEAK, BALANCE_DROP, BALANCE_FRACTION, PEAK, PEAK_BAR, DROP, FRACTION,
    DAY_EQUITY, SUM_DAILY, SUM_DAILY_SQUARED, SUM_DOWNSIDE, HELD_BALANCE, HELD_UNTIL,
) = _offsets(N_STATE)  # fmt: skip
(PEAK_TIME, LONGEST, LOOK_CLOSER) = _offsets(N_STATE_TIMES)


def lane_space() -> LaneSpace:
    """What one thread writes on while it runs `simulate_lanes`; may be used again and again."""
    n, n_times = BLOCK_EVENTS * N_EXIT * LANES, BLOCK_EVENTS * N_EXIT_TIMES * LANES
    return LaneSpace(
        lanes=np.empty(n),
        row=np.empty(n),
        lane_times=np.empty(n_times, np.int64),
        row_times=np.empty(n_times, np.int64),
        first_days=np.empty(BLOCK_EVENTS + 1, np.int64),
        latest=np.empty(BLOCK_EVENTS),
        states=np.empty((LANES, N_STATE * LANES)),
        state_times=np.empty((LANES, N_STATE_TIMES * LANES), np.int64),
    )


@njit
def lay_out(columns, first_event, n_block, events, time_ns, table, exits, exit_times):
    """Lay out the exits of up to LANES levels side by side, for a block of events.

    A level that is touched after the forced exit, or never, becomes the forced exit: what remains to be chosen is the
    earlier of two.

    Args:
        columns: the levels, int64, shape (at most LANES,).
        first_event: first event of the block.
        n_block: number of its events.
        events: see `arguments.Events`.
        time_ns: see `arguments.Market`.
        table: see `arguments.MoneyTable`.
        exits: out, see `arguments.LaneSpace.lanes`.
        exit_times: out, see `arguments.LaneSpace.lane_times`.
    """
    opens, forced = events.opens, events.forced
    keys, net_of, delta_of, worst_of, best_of = table.keys, table.net, table.delta, table.worst, table.best
    best_bar_of, charges, slippages, spreads = table.best_bar, table.charges, table.slippages, table.spreads
    n_events = opens.shape[0]
    n_levels = keys.shape[0] // max(n_events, 1)
    n = time_ns.shape[0]
    for b in range(n_block):
        k = first_event + b
        if opens[k] == 0:
            continue
        forced_key = 2 * forced[k]
        forced_at = np.uint64((n_levels - 1) * n_events + k)
        for i in range(columns.shape[0]):
            e = np.uint64(b * N_EXIT * LANES + i)
            et = np.uint64(b * N_EXIT_TIMES * LANES + i)
            at = np.uint64(columns[i] * n_events + k)
            touched = np.int64(keys[at])
            on_force = touched >= forced_key
            key = select(on_force, forced_key, touched)
            at = select(on_force, forced_at, at)
            exit_bar = min(key >> 1, n - 1)
            best_bar = np.int64(best_bar_of[at])
            best_bar = select((best_bar >= 0) & (best_bar < n), best_bar, 0)  # of an exit that nobody can choose
            exits[e + KEY] = key
            exits[e + NET] = net_of[at]
            exits[e + DELTA] = delta_of[at] if delta_of.shape[0] > 0 else net_of[at]
            exits[e + WORST] = worst_of[at]
            exits[e + BEST] = best_of[at]
            exits[e + BEST_BAR] = best_bar
            exits[e + EXIT_BAR] = exit_bar
            if charges.shape[0] > 0:
                exits[e + CHARGE] = charges[at]
            if slippages.shape[0] > 0:
                exits[e + SLIPPAGE] = slippages[at]
            if spreads.shape[0] > 0:
                exits[e + SPREAD] = spreads[at]
            exit_times[et + EXIT_TIME] = time_ns[np.uint64(exit_bar)]
            exit_times[et + BEST_TIME] = time_ns[np.uint64(best_bar)]
