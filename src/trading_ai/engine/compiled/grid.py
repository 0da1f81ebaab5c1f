"""Compiled: the fast path of `chain` for fixed sizes, where money too depends only on entry and exit.

With a fixed size, no swap and a rate that does not change, the profit of a trade, and the best and worst
equity on its way, are the same for every combination that makes the trade. They are computed once; a
combination then only picks its trades and adds them up, in short loops that keep the processor busy.
Combinations whose account may have come near what it can carry, or lost everything, are left to the others.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import begin, is_ready, njit_spread, set_ready, take
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.engine.compiled.arguments import Days, Events, Market, MoneyTable, Touches, Walk
from trading_ai.engine.compiled.bookkeeping import target_comes_first
from trading_ai.engine.compiled.exits import fill_event
from trading_ai.engine.compiled.marks import NEARLY, profit_of, scan_marks
from trading_ai.engine.compiled.money import fill_money

AT_ONCE = 4
"""Combinations that a thread takes at a time."""

LINE = 8
"""Numbers in one line of the processor's cache: two threads that write to one line wait for each other."""


@njit_spread
def simulate_grid(
    rows, stop_of, target_of, stops, targets, events: Events, market: Market, days: Days, config, table: MoneyTable,
    taken, lost, touches: Touches, walk: Walk, tallies, daily,
):  # fmt: skip
    """Simulate combinations that share their events.

    Several threads may run this at once on the same arrays, apart from the work space of each: they take
    combinations by `taken`, and what one has filled the others read.

    Args:
        rows: where each combination's results go in `tallies` and `daily`, int64, shape (m,).
        stop_of: position of each combination's stop in `stops`, int64, shape (m,).
        target_of: position of its target in `targets` likewise.
        stops: see `exits.find_exits`.
        targets: see there.
        events: what all combinations walk along.
        market: prices.
        days: trading days and rates.
        config: see `bookkeeping.CONFIG`.
        table: exits and their money, shared by all threads.
        taken: number of combinations that a thread has taken so far, int64, shape (1,).
        lost: out, combinations taken here whose equity fell as far as `bookkeeping.SAFE_DRAWDOWN`, int64, shape
            (m,): others must simulate those.
        touches: work space of this thread, for one event.
        walk: work space of this thread.
        tallies: out, shape (n_rows_of_results, n_tallies).
        daily: out, float32, shape (n_rows_of_results, n_days), zeroed; or (n_rows_of_results, 0) to leave it.

    Returns:
        The number of combinations in `lost`.
    """
    # Names of their own, because they are handed on inside loops: see `arguments`.
    time_ns, bid_close, ask_close = market.time_ns, market.bid_close, market.ask_close
    bid_blocks, ask_blocks = market.bid_blocks, market.ask_blocks
    event_of, at_of, exit_of = walk
    n_events = events.bar.shape[0]
    n = time_ns.shape[0]
    n_days = days.day_last_bar.shape[0]
    n_stops = stops.shape[0]
    last_column = n_stops + targets.shape[0]
    slippage = config[a.SLIPPAGE]
    units = config[a.UNITS]
    rate = config[a.RATE]
    half_cent = config[a.HALF_CENT]
    own_price = config[a.CONVERSION] == 2.0
    has_commission = config[a.HAS_COMMISSION] != 0.0
    has_spread = config[a.HAS_SPREAD] != 0.0
    same_bar = config[a.SAME_BAR]
    target_first, by_bar = same_bar == 1.0, same_bar == 2.0
    bid_open, bid_high, bid_low = market.bid_open, market.bid_high, market.bid_low
    keep_days = daily.shape[1] > 0
    u_events = np.uint64(n_events)
    m = stop_of.shape[0]
    c = last_taken = n_lost = 0
    day_bid = bid_close[days.day_last_bar]  # side by side, because every trade that is held overnight reads them
    day_ask = ask_close[days.day_last_bar]
    while True:
        if c == last_taken:
            c = take(taken, AT_ONCE)
            last_taken = min(c + AT_ONCE, m)
        if c >= m:
            break
        row_of = rows[c]
        stop_row = np.uint64(stop_of[c]) * u_events
        target_row = np.uint64(n_stops + target_of[c]) * u_events
        forced_row = np.uint64(last_column) * u_events
        n_ambiguous = held_total = 0

        # 1. Walk: which events become trades, and how each ends.
        n_trades = 0
        earliest = 0
        k = 0
        while k < n_events:
            first = events.bar[np.uint64(k)]
            if first < earliest or events.opens[np.uint64(k)] == 0:
                k += 1
                continue
            if not is_ready(table.filled, k):
                ahead, until = k, k + 1
                while True:
                    while ahead < until:
                        if events.opens[ahead] != 0 and begin(table.filled, ahead):
                            fill_event(stops, targets, events, ahead, market, config, 0, touches)
                            fill_money(config, ahead, n_stops, events, market, touches, table)
                            set_ready(table.filled, ahead)
                        ahead += 1
                    if is_ready(table.filled, k):
                        break
                    # Another thread is at it: meanwhile, find the next events that share no cache line with its own.
                    ahead = min((ahead + LINE - 1) // LINE * LINE, n_events)
                    until = min(ahead + LINE, n_events)
            u = np.uint64(k)
            stop_key = np.int64(table.keys[stop_row + u])
            target_key = np.int64(table.keys[target_row + u])
            forced_key = 2 * events.forced[u]
            # Equal and odd: both were reached inside one bar, in an order that nobody knows.
            ambiguous = target_key == stop_key and stop_key & 1 == 1 and stop_key < forced_key
            on_target = target_key < stop_key or (ambiguous and target_first)
            if by_bar and ambiguous:
                both = np.uint64(stop_key >> 1)
                on_target = target_comes_first(same_bar, events.side[u], bid_open[both], bid_high[both], bid_low[both])
            row = target_row if on_target else stop_row
            key = min(stop_key, target_key)
            on_force = key >= forced_key
            row = forced_row if on_force else row
            exit_bar = min(key, forced_key) >> 1
            at_end = exit_bar == n
            exit_bar = n - 1 if at_end else exit_bar
            trade = np.uint64(n_trades)
            event_of[trade] = u
            at_of[trade] = row + u
            exit_of[trade] = exit_bar
            n_trades += 1
            n_ambiguous += ambiguous
            held_total += exit_bar - first + (0 if on_force and not at_end else 1)
            earliest = n if at_end else (events.after[u] if on_force else exit_bar + 1)
            k += 1

        # 2. Totals. No branches: whether a trade won cannot be predicted, and a wrong guess is dear.
        n_long = n_wins = n_long_wins = n_losses = 0
        win_streak = loss_streak = max_win_streak = max_loss_streak = 0
        gross_profit = gross_loss = long_net = sum_net = sum_squared = 0.0
        largest_win = largest_loss = 0.0
        for j in range(np.uint64(n_trades)):
            net = table.net[at_of[j]]
            long = events.side[event_of[j]] > 0.0
            won = net >= half_cent
            lose = net <= -half_cent
            sum_net += net
            sum_squared += net * net
            n_long += long
            long_net += net if long else 0.0
            n_wins += won
            n_long_wins += won & long
            n_losses += lose
            gross_profit += net if won else 0.0
            gross_loss += net if lose else 0.0
            largest_win = max(largest_win, net)
            largest_loss = min(largest_loss, net)
            win_streak = win_streak + 1 if won else 0
            loss_streak = 0 if won else loss_streak + 1
            max_win_streak = max(max_win_streak, win_streak)
            max_loss_streak = max(max_loss_streak, loss_streak)

        # 3. The way of balance and equity, and the trading days.
        balance = config[a.CAPITAL]
        balance_peak = peak = day_equity = balance
        peak_bar = day = 0
        drop = fraction = longest = balance_drop = balance_fraction = 0.0
        sum_daily = sum_daily_squared = sum_downside = commission_total = 0.0
        for j in range(np.uint64(n_trades)):
            k = event_of[j]
            at = at_of[j]
            first = events.bar[k]
            exit_bar = exit_of[j]
            first_day = days.bar_day[np.uint64(first)]
            if day < first_day:
                profit = balance - day_equity
                if profit != 0.0:
                    if keep_days:
                        daily[row_of, day] = profit
                    change = profit / day_equity
                    sum_daily += change
                    sum_daily_squared += change * change
                    sum_downside += min(change, 0.0) * min(change, 0.0)
                    day_equity = balance
                day = first_day
            if balance >= peak:
                peak_bar = max(peak_bar, first - 1)
            if has_commission:
                balance -= table.paid_in[k]
            if exit_bar > first:
                highest = balance + table.best[at]
                fall = peak - (balance + table.worst[at])
                if highest < peak:
                    drop = max(drop, fall)
                    if fall > fraction * peak * NEARLY:
                        fraction = max(fraction, fall / peak)
                elif (
                    max(fall, table.best[at] - table.worst[at]) < min(drop, fraction * peak) * NEARLY
                    and time_ns[np.uint64(exit_bar)] - time_ns[np.uint64(peak_bar)] <= longest
                ):
                    # A new high, but no fall inside the trade can be a new record: no need to look closer.
                    peak = highest
                    peak_bar = int(table.best_bar[at])
                elif events.side[k] > 0.0:
                    peak, peak_bar, drop, fraction, longest = scan_marks(
                        first, exit_bar, bid_close, bid_blocks, own_price, 1.0, units, events.entry[k],
                        rate, balance, peak, peak_bar, drop, fraction, longest, time_ns,
                    )  # fmt: skip
                else:
                    peak, peak_bar, drop, fraction, longest = scan_marks(
                        first, exit_bar, ask_close, ask_blocks, own_price, -1.0, units, events.entry[k],
                        rate, balance, peak, peak_bar, drop, fraction, longest, time_ns,
                    )  # fmt: skip
                last_day = days.bar_day[np.uint64(exit_bar)]
                while day < last_day:
                    price = day_bid[np.uint64(day)] if events.side[k] > 0.0 else day_ask[np.uint64(day)]
                    equity = balance + profit_of(own_price, events.side[k], units, events.entry[k], price, rate)
                    profit = equity - day_equity
                    if keep_days:
                        daily[row_of, day] = profit
                    change = profit / day_equity
                    sum_daily += change
                    sum_daily_squared += change * change
                    sum_downside += min(change, 0.0) * min(change, 0.0)
                    day_equity = equity
                    day += 1
            balance += table.delta[at] if has_commission else table.net[at]
            balance_peak = max(balance_peak, balance)
            fall = balance_peak - balance
            balance_drop = max(balance_drop, fall)
            balance_fraction = max(balance_fraction, fall / balance_peak)
            if balance >= peak:
                if exit_bar - peak_bar > 1:
                    longest = max(longest, float(time_ns[np.uint64(exit_bar)] - time_ns[np.uint64(peak_bar)]))
                peak = balance
                peak_bar = exit_bar
            else:
                fall = peak - balance
                drop = max(drop, fall)
                if fall > fraction * peak * NEARLY:
                    fraction = max(fraction, fall / peak)
        # Its account may have closed a position, or refused one, which this walk cannot see.
        if not drop < config[a.SAFE_DRAWDOWN]:
            lost[n_lost] = c
            n_lost += 1
        if day < n_days:
            profit = balance - day_equity
            if keep_days:
                daily[row_of, day] = profit
            change = profit / day_equity
            sum_daily += change
            sum_daily_squared += change * change
            sum_downside += min(change, 0.0) * min(change, 0.0)
        if balance >= peak:
            peak_bar = n - 1
        longest = max(longest, float(time_ns[n - 1] - time_ns[peak_bar]))

        # 4. Costs that were paid, where there are any.
        slippage_total = spread_total = 0.0
        if has_commission:
            for j in range(np.uint64(n_trades)):
                commission_total += table.charges[at_of[j]]
        if slippage > 0.0:
            for j in range(np.uint64(n_trades)):
                slippage_total += table.slippages[at_of[j]]
        if has_spread:
            for j in range(np.uint64(n_trades)):
                spread_total += table.spreads[at_of[j]]

        tally = tallies[row_of]
        tally[a.N_TRADES] = n_trades
        tally[a.N_LONG] = n_long
        tally[a.N_WINS] = n_wins
        tally[a.N_LONG_WINS] = n_long_wins
        tally[a.N_LOSSES] = n_losses
        tally[a.GROSS_PROFIT] = gross_profit
        tally[a.GROSS_LOSS] = gross_loss
        tally[a.LONG_NET] = long_net
        tally[a.SUM_NET] = sum_net
        tally[a.SUM_NET_SQUARED] = sum_squared
        tally[a.LARGEST_WIN] = largest_win
        tally[a.LARGEST_LOSS] = largest_loss
        tally[a.MAX_WIN_STREAK] = max_win_streak
        tally[a.MAX_LOSS_STREAK] = max_loss_streak
        tally[a.BALANCE_DRAWDOWN] = balance_drop
        tally[a.BALANCE_DRAWDOWN_FRACTION] = balance_fraction
        tally[a.EQUITY_DRAWDOWN] = drop
        tally[a.EQUITY_DRAWDOWN_FRACTION] = fraction
        tally[a.EQUITY_DRAWDOWN_NS] = longest
        tally[a.BARS_HELD] = held_total
        tally[a.BARS_EXPOSED] = held_total
        tally[a.COMMISSION] = commission_total
        tally[a.SWAP] = 0.0
        tally[a.SLIPPAGE_PAID] = slippage_total
        tally[a.SPREAD_PAID] = spread_total
        tally[a.SUM_DAILY] = sum_daily
        tally[a.SUM_DAILY_SQUARED] = sum_daily_squared
        tally[a.SUM_DOWNSIDE_SQUARED] = sum_downside
        tally[a.N_AMBIGUOUS] = n_ambiguous
        tally[a.N_SKIPPED] = 0.0
        tally[a.FINAL_EQUITY] = balance
        tally[a.OPEN_PROFIT] = 0.0
        tally[a.RUINED] = 0.0
        tally[a.STOP_OUTS] = 0.0
        tally[a.RUINED_NS] = 0.0
        c += 1
    return n_lost
