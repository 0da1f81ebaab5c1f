"""Compiled: what happens to combinations that lie side by side, one trade or one day at a time; see `lanes`."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit, select
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.engine.compiled.layout import (
    AMBIGUOUS,
    BALANCE,
    BALANCE_DROP,
    BALANCE_FRACTION,
    BALANCE_PEAK,
    BARS_HELD,
    BEST,
    BEST_BAR,
    BEST_TIME,
    COMMISSION,
    DAY_EQUITY,
    DELTA,
    DROP,
    EXIT_BAR,
    EXIT_TIME,
    FRACTION,
    GROSS_LOSS,
    GROSS_PROFIT,
    HELD_BALANCE,
    HELD_UNTIL,
    KEY,
    LANES,
    LARGEST_LOSS,
    LARGEST_WIN,
    LONG_NET,
    LONG_WINS,
    LONGEST,
    LOOK_CLOSER,
    LOSS_STREAK,
    LOSSES,
    MAX_LOSS_STREAK,
    MAX_WIN_STREAK,
    NET,
    PEAK,
    PEAK_BAR,
    PEAK_TIME,
    SLIPPAGE_PAID,
    SPREAD_PAID,
    SUM_DAILY,
    SUM_DAILY_SQUARED,
    SUM_DOWNSIDE,
    SUM_NET,
    SUM_SQUARED,
    WIN_STREAK,
    WINS,
    WORST,
)
from trading_ai.engine.compiled.marks import NEARLY, scan_marks


@njit
def trade(s, st, lanes, lane_times, e, et, row, row_times, r, rt, tie_to_lane, first, forced, time_before, paid,
          long, half_cent):  # fmt: skip
    """One trade of LANES combinations; no branches, so that it becomes vector instructions.

    Args:
        s: running figures of the combinations, columns as in `layout`.
        st: those that are times or flags, int64.
        lanes: exits of the lanes' levels, see `arguments.LaneSpace`.
        lane_times: those columns of them that are times.
        e: where those of this event begin in `lanes`.
        et: where they begin in `lane_times`.
        row: exits of the rows' levels likewise.
        row_times: their times.
        r: where the exit of this row's level is in `row`, but for the column.
        rt: where it is in `row_times` likewise.
        tie_to_lane: which exit counts where one bar holds both levels.
        first: bar of the entry, as a float.
        forced: key of the forced exit; infinite where that is the end of the data, through which the last bar is held.
        time_before: open time of the bar before it.
        paid: commission of the entry.
        long: 1.0 for a long, 0.0 for a short.
        half_cent: less than this is neither won nor lost.

    Returns:
        Number of combinations marked with LOOK_CLOSER: their equity has a new high, and perhaps a record fall, inside
        the trade.
    """
    marked = np.int64(0)
    row_key, row_net, row_delta, row_worst = row[r + KEY], row[r + NET], row[r + DELTA], row[r + WORST]
    row_best, row_best_bar, row_bar = row[r + BEST], row[r + BEST_BAR], row[r + EXIT_BAR]
    row_time, row_best_time = row_times[rt + EXIT_TIME], row_times[rt + BEST_TIME]
    inside_bar = int(row_key) & 1 == 1
    tie_to_lane = tie_to_lane and inside_bar
    for lane in range(LANES):
        u = np.uint64(lane)
        lane_key = lanes[e + KEY + u]
        chosen = (lane_key < row_key) | ((lane_key == row_key) & tie_to_lane)
        key = select(chosen, lane_key, row_key)
        net = select(chosen, lanes[e + NET + u], row_net)
        delta = select(chosen, lanes[e + DELTA + u], row_delta)
        worst = select(chosen, lanes[e + WORST + u], row_worst)
        best = select(chosen, lanes[e + BEST + u], row_best)
        best_bar = select(chosen, lanes[e + BEST_BAR + u], row_best_bar)
        exit_bar = select(chosen, lanes[e + EXIT_BAR + u], row_bar)
        exit_time = select(chosen, lane_times[et + EXIT_TIME + u], row_time)
        best_time = select(chosen, lane_times[et + BEST_TIME + u], row_best_time)

        # Totals.
        won = net >= half_cent
        lost = net <= -half_cent
        s[SUM_NET + u] += net
        s[SUM_SQUARED + u] += net * net
        s[LONG_NET + u] += net * long
        s[WINS + u] += select(won, 1.0, 0.0)
        s[LONG_WINS + u] += select(won, long, 0.0)
        s[LOSSES + u] += select(lost, 1.0, 0.0)
        s[GROSS_PROFIT + u] += select(won, net, 0.0)
        s[GROSS_LOSS + u] += select(lost, net, 0.0)
        s[LARGEST_WIN + u] = select(net > s[LARGEST_WIN + u], net, s[LARGEST_WIN + u])
        s[LARGEST_LOSS + u] = select(net < s[LARGEST_LOSS + u], net, s[LARGEST_LOSS + u])
        wins = select(won, s[WIN_STREAK + u] + 1.0, 0.0)
        losses = select(won, 0.0, s[LOSS_STREAK + u] + 1.0)
        s[WIN_STREAK + u] = wins
        s[LOSS_STREAK + u] = losses
        s[MAX_WIN_STREAK + u] = select(wins > s[MAX_WIN_STREAK + u], wins, s[MAX_WIN_STREAK + u])
        s[MAX_LOSS_STREAK + u] = select(losses > s[MAX_LOSS_STREAK + u], losses, s[MAX_LOSS_STREAK + u])
        s[BARS_HELD + u] += exit_bar - first + select(key == forced, 0.0, 1.0)
        s[AMBIGUOUS + u] += select((lane_key == row_key) & inside_bar, 1.0, 0.0)

        # The way of equity while the position is open.
        peak, peak_bar, peak_time = s[PEAK + u], s[PEAK_BAR + u], st[PEAK_TIME + u]
        drop, fraction, longest = s[DROP + u], s[FRACTION + u], st[LONGEST + u]
        stayed = (s[BALANCE + u] >= peak) & (first - 1.0 > peak_bar)
        peak_bar = select(stayed, first - 1.0, peak_bar)
        peak_time = select(stayed, time_before, peak_time)
        held = s[BALANCE + u] - paid
        inside = exit_bar > first
        highest = held + best
        fall = peak - (held + worst)
        below = inside & (highest < peak)
        above = inside & (highest >= peak)
        deepest = select(fall > best - worst, fall, best - worst)
        record = select(drop < fraction * peak, drop, fraction * peak)
        # A new high, but no fall inside the trade can be a new record: no need to look closer.
        plain = above & (deepest < record * NEARLY) & (exit_time - peak_time <= longest)
        look = above & (not plain)
        new_peak = select(plain, highest, peak)
        new_bar = select(plain, best_bar, peak_bar)
        new_time = select(plain, best_time, peak_time)

        # The exit.
        balance = held + delta
        top = select(balance > s[BALANCE_PEAK + u], balance, s[BALANCE_PEAK + u])
        under = top - balance
        share = under / top
        s[BALANCE_PEAK + u] = top
        s[BALANCE_DROP + u] = select(under > s[BALANCE_DROP + u], under, s[BALANCE_DROP + u])
        s[BALANCE_FRACTION + u] = select(share > s[BALANCE_FRACTION + u], share, s[BALANCE_FRACTION + u])
        high = balance >= new_peak
        gap = exit_time - new_time
        longer = high & (exit_bar - new_bar > 1.0) & (gap > longest)
        # Both falls are from the same peak: one division for the deeper of them.
        fall = select(below, fall, 0.0)
        last_fall = select(high, 0.0, new_peak - balance)
        fall = select(fall > last_fall, fall, last_fall)
        share = fall / new_peak
        s[DROP + u] = select((fall > drop) & (not look), fall, drop)
        s[FRACTION + u] = select((share > fraction) & (not look), share, fraction)
        s[PEAK + u] = select(look, peak, select(high, balance, new_peak))
        s[PEAK_BAR + u] = select(look, peak_bar, select(high, exit_bar, new_bar))
        st[PEAK_TIME + u] = select(look, peak_time, select(high, exit_time, new_time))
        st[LONGEST + u] = select(longer & (not look), gap, longest)
        s[BALANCE + u] = balance
        s[HELD_BALANCE + u] = held
        s[HELD_UNTIL + u] = exit_bar
        st[LOOK_CLOSER + u] = np.int64(look)
        marked += np.int64(look)
    return marked


@njit
def look_closer(s, st, first, close, blocks, own_price, side, units, entry, rate, time_ns):
    """The way of equity through one trade, bar by bar, for the combinations that `trade` has marked."""
    for lane in range(LANES):
        u = np.uint64(lane)
        if st[LOOK_CLOSER + u] == 0:
            continue
        exit_bar = int(s[HELD_UNTIL + u])
        peak, peak_bar, drop, fraction, longest = scan_marks(
            first, exit_bar, close, blocks, own_price, side, units, entry, rate, s[HELD_BALANCE + u], s[PEAK + u],
            int(s[PEAK_BAR + u]), s[DROP + u], s[FRACTION + u], float(st[LONGEST + u]), time_ns,
        )  # fmt: skip
        balance = s[BALANCE + u]
        if balance >= peak:
            if exit_bar - peak_bar > 1:
                longest = max(longest, float(time_ns[exit_bar] - time_ns[peak_bar]))
            peak, peak_bar = balance, exit_bar
        else:
            drop = max(drop, peak - balance)
            fraction = max(fraction, (peak - balance) / peak)
        s[PEAK + u], s[PEAK_BAR + u], s[DROP + u], s[FRACTION + u] = peak, peak_bar, drop, fraction
        st[PEAK_TIME + u] = time_ns[peak_bar]
        st[LONGEST + u] = int(longest)


@njit
def end_day(s, last_bar, open_profit):
    """Close a trading day; a position that is still open after its last bar has earned `open_profit`."""
    for lane in range(LANES):
        u = np.uint64(lane)
        before = s[DAY_EQUITY + u]
        equity = select(s[HELD_UNTIL + u] > last_bar, s[HELD_BALANCE + u] + open_profit, s[BALANCE + u])
        change = (equity - before) / before
        down = select(change < 0.0, change, 0.0)
        s[SUM_DAILY + u] += change
        s[SUM_DAILY_SQUARED + u] += change * change
        s[SUM_DOWNSIDE + u] += down * down
        s[DAY_EQUITY + u] = equity


@njit
def keep_day(s, day, last_bar, open_profit, place, rows, daily):
    """What that day earned, before `end_day`."""
    for lane in range(LANES):
        if place[lane] >= 0:
            u = np.uint64(lane)
            equity = s[HELD_BALANCE + u] + open_profit if s[HELD_UNTIL + u] > last_bar else s[BALANCE + u]
            daily[rows[place[lane]], day] = equity - s[DAY_EQUITY + u]


@njit
def add_cost(s, total, lanes, e, row, r, column, tie_to_lane):
    """Add one kind of cost of one trade."""
    row_key = row[r + KEY]
    tie_to_lane = tie_to_lane and int(row_key) & 1 == 1
    for lane in range(LANES):
        u = np.uint64(lane)
        chosen = (lanes[e + KEY + u] < row_key) | ((lanes[e + KEY + u] == row_key) & tie_to_lane)
        s[total + u] += select(chosen, lanes[e + column + u], row[r + column])


@njit
def write_tally(tally, s, st, u, n_trades, n_long, last_time):
    """One combination's row of results."""
    end = last_time if s[BALANCE + u] >= s[PEAK + u] else st[PEAK_TIME + u]
    tally[:] = 0.0
    tally[a.N_TRADES] = n_trades
    tally[a.N_LONG] = n_long
    tally[a.N_WINS] = s[WINS + u]
    tally[a.N_LONG_WINS] = s[LONG_WINS + u]
    tally[a.N_LOSSES] = s[LOSSES + u]
    tally[a.GROSS_PROFIT] = s[GROSS_PROFIT + u]
    tally[a.GROSS_LOSS] = s[GROSS_LOSS + u]
    tally[a.LONG_NET] = s[LONG_NET + u]
    tally[a.SUM_NET] = s[SUM_NET + u]
    tally[a.SUM_NET_SQUARED] = s[SUM_SQUARED + u]
    tally[a.LARGEST_WIN] = s[LARGEST_WIN + u]
    tally[a.LARGEST_LOSS] = s[LARGEST_LOSS + u]
    tally[a.MAX_WIN_STREAK] = s[MAX_WIN_STREAK + u]
    tally[a.MAX_LOSS_STREAK] = s[MAX_LOSS_STREAK + u]
    tally[a.BALANCE_DRAWDOWN] = s[BALANCE_DROP + u]
    tally[a.BALANCE_DRAWDOWN_FRACTION] = s[BALANCE_FRACTION + u]
    tally[a.EQUITY_DRAWDOWN] = s[DROP + u]
    tally[a.EQUITY_DRAWDOWN_FRACTION] = s[FRACTION + u]
    tally[a.EQUITY_DRAWDOWN_NS] = max(st[LONGEST + u], last_time - end)
    tally[a.BARS_HELD] = s[BARS_HELD + u]
    tally[a.BARS_EXPOSED] = s[BARS_HELD + u]
    tally[a.COMMISSION] = s[COMMISSION + u]
    tally[a.SLIPPAGE_PAID] = s[SLIPPAGE_PAID + u]
    tally[a.SPREAD_PAID] = s[SPREAD_PAID + u]
    tally[a.SUM_DAILY] = s[SUM_DAILY + u]
    tally[a.SUM_DAILY_SQUARED] = s[SUM_DAILY_SQUARED + u]
    tally[a.SUM_DOWNSIDE_SQUARED] = s[SUM_DOWNSIDE + u]
    tally[a.N_AMBIGUOUS] = s[AMBIGUOUS + u]
    tally[a.FINAL_EQUITY] = s[BALANCE + u]
