"""Compiled: from the trades of one combination to its tallies, where the money of each is known.

`grid` has these sums in its own walk, over places in its table: to lay out the trades for this function first took it
forty percent longer.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.engine.compiled.blocks import BLOCK
from trading_ai.engine.compiled.marks import NEARLY, profit_of, scan_marks

NOT_SCANNED = -1
"""Instead of the bar with the best open profit: neither it nor the best and worst profits are known."""


@njit
def settle(config, market, days, day_bid, day_ask, trades, n_trades, n_ambiguous, tally, daily):
    """Add up the trades of one combination that start flat and end flat.

    Args:
        config: see `bookkeeping.CONFIG`.
        market: see `arguments.Market`.
        days: see `arguments.Days`.
        day_bid: bid at the close of each trading day's last bar, shape (n_days,).
        day_ask: ask likewise.
        trades: see `arguments.Trades`; the first `n_trades` are read.
        n_trades: number of trades.
        n_ambiguous: number of exits that the same-bar rule decided.
        tally: out, shape (n_tallies,).
        daily: out, float32, profit of each day, shape (n_days,), zeroed; or (0,) to leave it.

    Returns:
        Whether the account surely carried these trades: if not, it may have closed or refused one of them.
    """
    time_ns, bid_close, ask_close = market.time_ns, market.bid_close, market.ask_close
    bid_blocks, ask_blocks = market.bid_blocks, market.ask_blocks
    first_of, exit_of, side_of, entry_of = trades.first, trades.exit_bar, trades.side, trades.entry
    net_of, delta_of, worst_of, best_of = trades.net, trades.delta, trades.worst, trades.best
    best_bar_of, paid_in = trades.best_bar, trades.paid_in
    n = time_ns.shape[0]
    n_days = days.day_last_bar.shape[0]
    n_blocks = bid_blocks.shape[0]
    units = config[a.UNITS]
    rate = config[a.RATE]
    half_cent = config[a.HALF_CENT]
    own_price = config[a.CONVERSION] == 2.0
    has_commission = config[a.HAS_COMMISSION] != 0.0
    keep_days = daily.shape[0] > 0

    # 1. Totals. No branches: whether a trade won cannot be predicted, and a wrong guess is dear.
    n_long = n_wins = n_long_wins = n_losses = held_total = 0
    win_streak = loss_streak = max_win_streak = max_loss_streak = 0
    gross_profit = gross_loss = long_net = sum_net = sum_squared = 0.0
    largest_win = largest_loss = 0.0
    for j in range(n_trades):
        net = net_of[j]
        long = side_of[j] > 0.0
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
        held_total += trades.held[j]

    # 2. The way of balance and equity, and the trading days.
    balance = config[a.CAPITAL]
    balance_peak = peak = day_equity = balance
    peak_bar = day = 0
    drop = fraction = longest = balance_drop = balance_fraction = 0.0
    sum_daily = sum_daily_squared = sum_downside = 0.0
    for j in range(n_trades):
        first = first_of[j]
        exit_bar = exit_of[j]
        first_day = days.bar_day[first]
        if day < first_day:
            profit = balance - day_equity
            if profit != 0.0:
                if keep_days:
                    daily[day] = profit
                change = profit / day_equity
                sum_daily += change
                sum_daily_squared += change * change
                sum_downside += min(change, 0.0) * min(change, 0.0)
                day_equity = balance
            day = first_day
        if balance >= peak:
            peak_bar = max(peak_bar, first - 1)
        if has_commission:
            balance -= paid_in[j]
        if exit_bar > first:
            long = side_of[j] > 0.0
            if best_bar_of[j] == NOT_SCANNED:
                # Most trades neither reach a new high nor fall as far as any before, and bounds are enough to see it.
                low, high = np.inf, -np.inf
                last_block = (exit_bar - 1) // BLOCK
                for b in range(first // BLOCK, min(last_block + 1, n_blocks)):
                    low = min(low, bid_blocks[b, 2] if long else ask_blocks[b, 2])
                    high = max(high, bid_blocks[b, 3] if long else ask_blocks[b, 3])
                if last_block >= n_blocks:  # bars after the last full block
                    for t in range(max(first, n_blocks * BLOCK), exit_bar):
                        low = min(low, bid_close[t] if long else ask_close[t])
                        high = max(high, bid_close[t] if long else ask_close[t])
                if not long:
                    low, high = high, low
                highest = balance + profit_of(own_price, side_of[j], units, entry_of[j], high, rate)
                fall = peak - (balance + profit_of(own_price, side_of[j], units, entry_of[j], low, rate))
                is_sure = highest < peak and fall <= drop and fall <= fraction * peak * NEARLY
            else:
                highest = balance + best_of[j]
                fall = peak - (balance + worst_of[j])
                is_sure = False
            if is_sure:
                pass
            elif best_bar_of[j] >= 0 and highest < peak:
                drop = max(drop, fall)
                if fall > fraction * peak * NEARLY:
                    fraction = max(fraction, fall / peak)
            elif (
                best_bar_of[j] >= 0
                and max(fall, best_of[j] - worst_of[j]) < min(drop, fraction * peak) * NEARLY
                and time_ns[exit_bar] - time_ns[peak_bar] <= longest
            ):
                # A new high, but no fall inside the trade can be a new record: no need to look closer.
                peak = highest
                peak_bar = best_bar_of[j]
            elif long:
                peak, peak_bar, drop, fraction, longest = scan_marks(
                    first, exit_bar, bid_close, bid_blocks, own_price, 1.0, units, entry_of[j],
                    rate, balance, peak, peak_bar, drop, fraction, longest, time_ns,
                )  # fmt: skip
            else:
                peak, peak_bar, drop, fraction, longest = scan_marks(
                    first, exit_bar, ask_close, ask_blocks, own_price, -1.0, units, entry_of[j],
                    rate, balance, peak, peak_bar, drop, fraction, longest, time_ns,
                )  # fmt: skip
            last_day = days.bar_day[exit_bar]
            while day < last_day:
                price = day_bid[day] if side_of[j] > 0.0 else day_ask[day]
                equity = balance + profit_of(own_price, side_of[j], units, entry_of[j], price, rate)
                profit = equity - day_equity
                if keep_days:
                    daily[day] = profit
                change = profit / day_equity
                sum_daily += change
                sum_daily_squared += change * change
                sum_downside += min(change, 0.0) * min(change, 0.0)
                day_equity = equity
                day += 1
        balance += delta_of[j]
        balance_peak = max(balance_peak, balance)
        fall = balance_peak - balance
        balance_drop = max(balance_drop, fall)
        balance_fraction = max(balance_fraction, fall / balance_peak)
        if balance >= peak:
            if exit_bar - peak_bar > 1:
                longest = max(longest, float(time_ns[exit_bar] - time_ns[peak_bar]))
            peak = balance
            peak_bar = exit_bar
        else:
            fall = peak - balance
            drop = max(drop, fall)
            if fall > fraction * peak * NEARLY:
                fraction = max(fraction, fall / peak)
    if day < n_days:
        profit = balance - day_equity
        if keep_days:
            daily[day] = profit
        change = profit / day_equity
        sum_daily += change
        sum_daily_squared += change * change
        sum_downside += min(change, 0.0) * min(change, 0.0)
    if balance >= peak:
        peak_bar = n - 1
    longest = max(longest, float(time_ns[n - 1] - time_ns[peak_bar]))

    # 3. Costs that were paid, where there are any.
    commission_total = slippage_total = spread_total = 0.0
    if has_commission:
        for j in range(n_trades):
            commission_total += trades.charge[j]
    if config[a.SLIPPAGE] > 0.0:
        for j in range(n_trades):
            slippage_total += trades.slippage[j]
    if config[a.HAS_SPREAD] != 0.0:
        for j in range(n_trades):
            spread_total += trades.spread[j]

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
    return drop < config[a.SAFE_DRAWDOWN]
