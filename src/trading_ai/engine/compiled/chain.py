"""Compiled: one position at a time, stops and targets fixed at entry. Jumps from event to event.

An entry's exit depends only on the entry and the two levels, so it is found once for all combinations
(`exits`) and a combination is a walk along its trades: its cost grows with trades, not with bars.

What an account can carry is not looked at, only bounded from below: a combination whose account may have come near its
limit is marked as `IN_DOUBT`, and `bars` must simulate it.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit_spread
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.engine.compiled.arguments import Days, Events, Market, Touches
from trading_ai.engine.compiled.bookkeeping import (
    commission,
    margin_of,
    position_size,
    rounded,
    size_by_equity,
    swap_credit,
    target_comes_first,
    to_account,
)
from trading_ai.engine.compiled.exits import fill_event
from trading_ai.engine.compiled.marks import NEARLY, profit_of, scan_marks, scan_marks_slowly
from trading_ai.engine.records import STOP_LOSS, TAKE_PROFIT


@njit_spread
def simulate_chain(
    stop_of, target_of, stops, targets, events: Events, market: Market, days: Days, config, filled, touches: Touches,
    tallies, daily, trades,
):  # fmt: skip
    """Simulate combinations that share their events.

    Args:
        stop_of: position of each combination's stop in `stops`, int64, shape (m,).
        target_of: position of each combination's target in `targets`, int64, shape (m,).
        stops: see `exits.find_exits`.
        targets: see there.
        events: what all combinations walk along.
        market: prices.
        days: trading days, swap nights and rates.
        config: see `bookkeeping.CONFIG`.
        filled: 1 for events whose touches are known, 0 for others; found on demand, uint8, shape (n_events,).
        touches: touches of the levels of all events.
        tallies: out, shape (m, n_tallies); of a combination in doubt (see above) nothing else stands.
        daily: out, float32, shape (m, n_days), zeroed; or (m, 0) to leave it.
        trades: out, records of `records.TRADE` for the first combination; shape (0,) to leave it.

    Returns:
        The number of trades of the last combination.
    """
    # Names of their own, because they are handed on inside loops: see `arguments`.
    time_ns, bid_close, ask_close = market.time_ns, market.bid_close, market.ask_close
    bid_blocks, ask_blocks = market.bid_blocks, market.ask_blocks
    nights, rates = days.nights, days.rates
    n_events, n = events.bar.shape[0], time_ns.shape[0]
    n_days, n_stops = days.day_last_bar.shape[0], stops.shape[0]
    last_column = n_stops + targets.shape[0]
    slippage = config[a.SLIPPAGE]
    own_price = config[a.CONVERSION] == 2.0
    by_bar = config[a.CONVERSION] == 3.0
    has_swap = config[a.HAS_SWAP] != 0.0
    has_commission = config[a.HAS_COMMISSION] != 0.0
    has_spread = config[a.HAS_SPREAD] != 0.0
    by_equity = config[a.EQUITY_FRACTION] != 0.0
    fixed_size = config[a.RISK_FRACTION] == 0.0 and not by_equity
    has_margin = config[a.MARGIN_FRACTION] != 0.0
    half_cent = config[a.HALF_CENT]
    stop_out_level = config[a.STOP_OUT_LEVEL]
    span = config[a.SPAN]
    swing = config[a.SWING]
    # How far another price of the same bar may be, as a fraction of this one.
    within_bar = swing / (1.0 - swing) if swing < 1.0 else np.inf
    same_bar = config[a.SAME_BAR]
    close_at_end = config[a.CLOSE_AT_END] != 0.0
    keep_days = daily.shape[1] > 0
    # Where nothing but the price moves, extreme closes give extreme equities: no need to visit every bar.
    monotone = not by_bar and not has_swap
    n_trades = 0
    for c in range(stop_of.shape[0]):
        stop_column = stop_of[c]
        target_column = n_stops + target_of[c]
        balance = balance_peak = peak = config[a.CAPITAL]
        peak_bar = 0
        drop = fraction = longest = 0.0
        balance_drop = balance_fraction = 0.0
        n_long = n_wins = n_long_wins = n_losses = 0
        win_streak = loss_streak = max_win_streak = max_loss_streak = 0
        gross_profit = gross_loss = long_net = sum_net = sum_squared = 0.0
        largest_win = largest_loss = 0.0
        held_total = exposed = n_ambiguous = n_skipped = 0
        commission_total = swap_total = slippage_total = spread_total = 0.0
        day = 0
        day_equity = balance
        sum_daily = sum_daily_squared = sum_downside = 0.0
        open_profit = 0.0
        n_trades = 0
        in_doubt = False
        earliest = k = 0
        while k < n_events:
            first = events.bar[k]
            if first < earliest or events.opens[k] == 0:
                k += 1
                continue
            side = events.side[k]
            long = side > 0.0
            entry = events.entry[k]
            if fixed_size:
                units = config[a.UNITS] if balance > 0.0 else 0.0
            elif by_equity:
                units = size_by_equity(config, balance, balance, rates, first, entry)
            else:
                units = position_size(config, balance, stops[stop_column, 0], rates, first, entry)
            margin = margin_of(config, units, entry, rates, first) if has_margin else 0.0
            if units <= 0.0 or margin > balance * (1.0 + 1e-9):
                n_skipped += 1
                k += 1
                continue
            if filled[k] == 0:
                fill_event(stops, targets, events, k, market, config, k, touches)
                filled[k] = 1

            # Which exit comes first.
            stop_key = touches.keys[stop_column, k]
            target_key = touches.keys[target_column, k]
            forced_key = 2 * events.forced[k]
            # Equal and odd: both were reached inside one bar, in an order that nobody knows.
            ambiguous = target_key == stop_key and stop_key & 1 == 1 and stop_key < forced_key
            t = stop_key >> 1
            on_target = target_key < stop_key or (
                ambiguous
                and target_comes_first(same_bar, side, market.bid_open[t], market.bid_high[t], market.bid_low[t])
            )
            column = target_column if on_target else stop_column
            key = min(stop_key, target_key)
            on_force = key >= forced_key
            column = last_column if on_force else column
            key = min(key, forced_key)
            exit_bar = key >> 1
            at_end = exit_bar == n  # nothing closed it: it is valued, or closed, at the last close
            if at_end:
                exit_bar = n - 1
            marks_end = n if at_end and not close_at_end else exit_bar

            # Days that ended before this entry ended flat, and so did the bars before it.
            first_day = days.bar_day[first]
            if day < first_day:
                profit = balance - day_equity
                if profit != 0.0:
                    if keep_days:
                        daily[c, day] = profit
                    change = profit / day_equity
                    sum_daily += change
                    sum_daily_squared += change * change
                    if change < 0.0:
                        sum_downside += change * change
                    day_equity = balance
                day = first_day
            if balance >= peak and first - 1 > peak_bar:
                peak_bar = first - 1
            paid = 0.0
            if has_commission:
                paid = commission(config, units, entry, rates, first)
                balance -= paid
            rate = config[a.RATE]
            lowest = balance_in = balance
            peak_before = peak

            if marks_end > first:
                if monotone and marks_end == exit_bar:
                    low = touches.values[column, k, 1]
                    high = touches.values[column, k, 2]
                    best = balance + profit_of(own_price, side, units, entry, high if long else low, rate)
                    if best < peak:
                        worst = balance + profit_of(own_price, side, units, entry, low if long else high, rate)
                        fall = peak - worst
                        drop = max(drop, fall)
                        if fall > fraction * peak * NEARLY:
                            fraction = max(fraction, fall / peak)
                    elif long:
                        peak, peak_bar, drop, fraction, longest = scan_marks(
                            first, marks_end, bid_close, bid_blocks, own_price, side, units, entry,
                            rate, balance, peak, peak_bar, drop, fraction, longest, time_ns,
                        )  # fmt: skip
                    else:
                        peak, peak_bar, drop, fraction, longest = scan_marks(
                            first, marks_end, ask_close, ask_blocks, own_price, side, units, entry,
                            rate, balance, peak, peak_bar, drop, fraction, longest, time_ns,
                        )  # fmt: skip
                elif long:
                    peak, peak_bar, drop, fraction, longest, lowest = scan_marks_slowly(
                        config, first, marks_end, bid_close, nights, rates, own_price, side, units,
                        entry, balance, peak, peak_bar, drop, fraction, longest, time_ns,
                    )  # fmt: skip
                else:
                    peak, peak_bar, drop, fraction, longest, lowest = scan_marks_slowly(
                        config, first, marks_end, ask_close, nights, rates, own_price, side, units,
                        entry, balance, peak, peak_bar, drop, fraction, longest, time_ns,
                    )  # fmt: skip
                last_day = days.bar_day[min(marks_end, n - 1)]
                while day < last_day:
                    t = days.day_last_bar[day]
                    price = bid_close[t] if long else ask_close[t]
                    if by_bar:
                        rate = rates[t]
                    value = profit_of(own_price, side, units, entry, price, rate)
                    if has_swap:
                        value += swap_credit(config, side, units, nights, rates, first, t, price)
                    equity = balance + value
                    profit = equity - day_equity
                    if profit != 0.0:
                        if keep_days:
                            daily[c, day] = profit
                        change = profit / day_equity
                        sum_daily += change
                        sum_daily_squared += change * change
                        if change < 0.0:
                            sum_downside += change * change
                        day_equity = equity
                    day += 1

            if at_end and not close_at_end:
                price = bid_close[n - 1] if long else ask_close[n - 1]
                if by_bar:
                    rate = rates[n - 1]
                open_profit = profit_of(own_price, side, units, entry, price, rate)
                if has_swap:
                    open_profit += swap_credit(config, side, units, nights, rates, first, n - 1, price)
                exposed += n - first
                lowest = min(lowest, balance + open_profit)
                limit = max(margin * stop_out_level, half_cent) + 1e-9 * peak
                far = units * config[a.SPAN]
                if has_swap:
                    far += within_bar * abs(swap_credit(config, side, units, nights, rates, first, n - 1, price))
                in_doubt = in_doubt or not min(lowest, peak_before - drop) - far > limit
                break

            price = touches.values[column, k, 0]
            if by_bar:
                rate = rates[exit_bar]
            gross = profit_of(own_price, side, units, entry, price, rate)
            paid_out = 0.0
            credit = 0.0
            if has_commission:
                paid_out = commission(config, units, price, rates, exit_bar)
            if has_swap:
                credit = swap_credit(config, side, units, nights, rates, first, exit_bar, price)
                swap_total += credit
            balance += gross - paid_out + credit
            net = gross - (paid + paid_out) + credit
            commission_total += paid + paid_out
            # The equity inside a bar is that of its close, or what the exit left, less at most a bar's range: a bound
            # by the largest of all, which is nearly always enough, or else one by prices and stop of this trade.
            limit = max(margin * stop_out_level, half_cent) + 1e-9 * peak
            if has_swap or not min(peak_before - drop, balance) - units * span > limit:
                top, bottom = max(entry, price + slippage), min(entry, price)
                if marks_end > first:
                    low, high = touches.values[column, k, 1], touches.values[column, k, 2]
                    top, bottom = max(top, high), min(bottom, low)
                    if monotone:
                        lowest += profit_of(own_price, side, units, entry, low if long else high, rate)
                far = within_bar * units * (entry / bottom if own_price else top * config[a.HIGHEST_RATE])
                if has_swap:
                    far += within_bar * abs(credit)
                if not min(lowest, balance) - far > limit:
                    # Before the exit no price was beyond the stop: what the entry left, less the loss there.
                    at_stop = rounded(events.anchor[k] - side * stops[stop_column, 0], config[a.LEVEL_SCALE])
                    at_worst = balance_in + profit_of(own_price, side, units, entry, at_stop, rate)
                    in_doubt = in_doubt or not (monotone and at_stop > 0.0 and min(at_worst, balance) > limit)

            # No branches here: whether a trade won cannot be predicted, and a wrong guess costs more than this.
            won = net >= half_cent
            lost = net <= -half_cent
            n_trades += 1
            sum_net += net
            sum_squared += net * net
            n_long += long
            long_net += net if long else 0.0
            n_wins += won
            n_long_wins += won & long
            n_losses += lost
            gross_profit += net if won else 0.0
            gross_loss += net if lost else 0.0
            largest_win = max(largest_win, net)
            largest_loss = min(largest_loss, net)
            win_streak = win_streak + 1 if won else 0
            loss_streak = 0 if won else loss_streak + 1
            max_win_streak = max(max_win_streak, win_streak)
            max_loss_streak = max(max_loss_streak, loss_streak)
            balance_peak = max(balance_peak, balance)
            fall = balance_peak - balance
            balance_drop = max(balance_drop, fall)
            if fall > balance_fraction * balance_peak * NEARLY:
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
            held = exit_bar - first + (0 if on_force and not at_end else 1)
            held_total += held
            exposed += held
            n_ambiguous += ambiguous
            if slippage > 0.0:
                slipped = 1.0 if on_target and not on_force else 2.0
                slippage_total += (
                    slipped * slippage * units * to_account(config[a.CONVERSION], rate, rates, exit_bar, price)
                )
            if has_spread:
                crossed = first if long else exit_bar
                spread_total += (
                    (market.ask_open[crossed] - market.bid_open[crossed])
                    * units
                    * to_account(config[a.CONVERSION], rate, rates, exit_bar, price)
                )
            if trades.shape[0] > 0:
                record = trades[n_trades - 1]
                record["entry_bar"] = first
                record["exit_bar"] = exit_bar
                record["entry_time_ns"] = time_ns[first]
                record["exit_time_ns"] = time_ns[exit_bar]
                record["direction"] = 1 if long else -1
                record["exit_reason"] = events.reason[k] if on_force else (TAKE_PROFIT if on_target else STOP_LOSS)
                record["ambiguous"] = ambiguous
                record["units"] = units
                record["entry_price"] = entry
                record["exit_price"] = price
                record["gross_profit"] = gross
                record["commission"] = paid + paid_out
                record["swap"] = credit
                record["net_profit"] = net
                record["balance"] = balance
            if at_end:
                break
            earliest = events.after[k] if on_force else exit_bar + 1
            k += 1

        equity = balance + open_profit
        profit = equity - day_equity
        if day < n_days and profit != 0.0:
            if keep_days:
                daily[c, day] = profit
            change = profit / day_equity
            sum_daily += change
            sum_daily_squared += change * change
            if change < 0.0:
                sum_downside += change * change
        if equity >= peak:
            peak_bar = n - 1
        longest = max(longest, float(time_ns[n - 1] - time_ns[peak_bar]))

        tally = tallies[c]
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
        tally[a.BARS_EXPOSED] = exposed
        tally[a.COMMISSION] = commission_total
        tally[a.SWAP] = swap_total
        tally[a.SLIPPAGE_PAID] = slippage_total
        tally[a.SPREAD_PAID] = spread_total
        tally[a.SUM_DAILY] = sum_daily
        tally[a.SUM_DAILY_SQUARED] = sum_daily_squared
        tally[a.SUM_DOWNSIDE_SQUARED] = sum_downside
        tally[a.N_AMBIGUOUS] = n_ambiguous
        tally[a.N_SKIPPED] = n_skipped
        tally[a.FINAL_EQUITY] = equity
        tally[a.OPEN_PROFIT] = open_profit
        tally[a.RUINED] = a.IN_DOUBT if in_doubt else 0.0
        tally[a.STOP_OUTS] = 0.0
        tally[a.RUINED_NS] = 0.0
    return n_trades
