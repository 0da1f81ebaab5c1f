"""Compiled: what the chosen exits of a replay add up to, with any number of positions open at once."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from trading_ai._jit import njit
from trading_ai.engine.compiled.blocks import BLOCK
from trading_ai.engine.compiled.replay_exits import WIDE
from trading_ai.engine.records import SIGNAL, STOP_OUT, TALLY, TIME_EXIT

N_TRADES, N_LONG, N_WINS, N_LONG_WINS = TALLY["n_trades"], TALLY["n_long"], TALLY["n_wins"], TALLY["n_long_wins"]
N_LOSSES, GROSS_PROFIT, GROSS_LOSS = TALLY["n_losses"], TALLY["gross_profit"], TALLY["gross_loss"]
LONG_NET, SUM_NET, SUM_NET_SQUARED = TALLY["long_net"], TALLY["sum_net"], TALLY["sum_net_squared"]
LARGEST_WIN, LARGEST_LOSS = TALLY["largest_win"], TALLY["largest_loss"]
WIN_STREAK, LOSS_STREAK = TALLY["max_win_streak"], TALLY["max_loss_streak"]
BALANCE_DRAWDOWN, BALANCE_FRACTION = TALLY["balance_drawdown"], TALLY["balance_drawdown_fraction"]
EQUITY_DRAWDOWN, EQUITY_FRACTION = TALLY["equity_drawdown"], TALLY["equity_drawdown_fraction"]
EQUITY_NS, BARS_HELD, BARS_EXPOSED = TALLY["equity_drawdown_ns"], TALLY["bars_held"], TALLY["bars_exposed"]
COMMISSION, SWAP, SLIPPAGE, SPREAD = TALLY["commission"], TALLY["swap"], TALLY["slippage"], TALLY["spread"]
DAILY, DAILY_SQUARED = TALLY["sum_daily_return"], TALLY["sum_daily_return_squared"]
DOWNSIDE_SQUARED, N_AMBIGUOUS, N_SKIPPED = TALLY["sum_downside_squared"], TALLY["n_ambiguous"], TALLY["n_skipped"]
FINAL_EQUITY, RUINED, STOP_OUTS, RUINED_NS = (
    TALLY["final_equity"], TALLY["ruined"], TALLY["stop_outs"], TALLY["ruined_ns"],
)  # fmt: skip

CONVERT_OWN_PRICE, CONVERT_RATES = 2, 3
SAFE = 1e-6
"""Distance from a bound, account currency, within which a block is looked at bar by bar."""


@njit
def worth(conversion, rate, rates, t, units, cost, price):
    """Profit of ``units`` bought for ``cost`` at a price, account currency; negative units were sold."""
    value = units * price - cost
    if conversion == CONVERT_OWN_PRICE:
        return value / price
    return value * (rates[t] if conversion == CONVERT_RATES else rate)


@njit
def held_until(key, reason):
    """First bar at which a trade is no longer open; one that a decision ends at an open leaves before its bar."""
    at_open = key & 1 == 0 and (reason == SIGNAL or reason == TIME_EXIT)
    return (key >> 1) + (0 if at_open else 1)


@njit
def settle_replay(
    capital, half_cent, conversion, rate, rates, bid_close, ask_close, bid_blocks, ask_blocks,
    bid_wide, ask_wide, time_ns,
    day_last_bar,
    side, units, entry_bar, entry, taken, n_taken, n_refused, order, key, price, reason, ambiguous, gross, commission,
    swap, net, slipped, crossed, nights, accrued, accrued_quote, opened, tallies, daily, equity,
):  # fmt: skip
    """Book the trades in order of closing and follow the equity over the bars' closes.

    Stretches of bars without an entry or an exit are passed over in blocks whose extreme closes neither make a new
    high nor a deeper fall. Ends at a close at which the equity is not above zero.

    Args:
        capital: starting balance.
        half_cent: less than this is neither won nor lost.
        conversion: see `execution_data.CONVERT_NONE`.
        rate: fixed rate.
        rates: rate of each bar, or empty.
        bid_close: closes at the bid, shape (n_bars,).
        ask_close: at the ask.
        bid_blocks: see `blocks.block_extremes`.
        ask_blocks: likewise.
        bid_wide: of wide blocks.
        ask_wide: likewise.
        time_ns: open of each bar.
        day_last_bar: last bar of each trading day.
        side: +1.0 long, -1.0 short, shape (n_trades,).
        units: size.
        entry_bar: bar of the entry.
        entry: fill.
        taken: trades that are made, in order of entry.
        n_taken: their number.
        n_refused: entries without room.
        order: places in `taken` in order of closing, shape (n_taken,).
        key: exits, see `replay_exits.choose_exits`; of a ruined account, out.
        price: fills; likewise.
        reason: reasons; likewise.
        ambiguous: see there.
        gross: price profit, account currency, shape (n_trades,); of a ruined account, out.
        commission: both sides.
        swap: credit.
        net: net profit; likewise.
        slipped: paid by slippage.
        crossed: paid by the spread.
        nights: nights charged up to each bar, shape (n_bars,).
        accrued: swap of a night while a trade is open, account currency, shape (n_trades,).
        accrued_quote: the same in quote currency.
        opened: work space, positions that are open, shape (n_trades,).
        tallies: out, see `records.TALLIES`, zeroed.
        daily: out, daily profits, shape (n_days,).
        equity: out, shape (n_bars,), or empty to leave it; then blocks are not passed over.

    Returns:
        Number of trades booked; those of a ruined account that came later are left out. `order` begins with them.
    """
    n, n_days = bid_close.shape[0], day_last_bar.shape[0]
    tallies[:] = 0.0
    balance = peak = balance_peak = capital
    fall = fraction = 0.0
    long_units = long_cost = short_units = short_cost = reserved = 0.0
    account_swap = account_before = long_swap = long_before = short_swap = short_before = 0.0
    n_open = e = x = booked = day = 0
    wins = losses = 0
    last_high, longest = 0, 0
    ruined = -1
    yesterday = capital
    by_blocks = equity.shape[0] == 0 and conversion != CONVERT_RATES
    t = 0
    while t < n:
        # 1. What happens in this bar: entries, then exits; an exit is never before its entry.
        while e < n_taken and entry_bar[taken[e]] <= t:
            i = taken[e]
            e += 1
            opened[n_open] = i
            n_open += 1
            reserved += 0.5 * commission[i]
            account_swap += accrued[i]
            account_before += accrued[i] * nights[entry_bar[i]]
            if side[i] > 0.0:
                long_units += units[i]
                long_cost += units[i] * entry[i]
                long_swap += accrued_quote[i]
                long_before += accrued_quote[i] * nights[entry_bar[i]]
            else:
                short_units += units[i]
                short_cost += units[i] * entry[i]
                short_swap += accrued_quote[i]
                short_before += accrued_quote[i] * nights[entry_bar[i]]
        begin = x
        while x < n_taken and key[taken[order[x]]] >> 1 <= t:
            x += 1
        is_end = False
        for _ in range(2):
            for q in range(begin, x):
                i = taken[order[q]]
                for k in range(n_open):
                    if opened[k] == i:
                        n_open -= 1
                        opened[k] = opened[n_open]
                        break
                reserved -= 0.5 * commission[i]
                account_swap -= accrued[i]
                account_before -= accrued[i] * nights[entry_bar[i]]
                if side[i] > 0.0:
                    long_units -= units[i]
                    long_cost -= units[i] * entry[i]
                    long_swap -= accrued_quote[i]
                    long_before -= accrued_quote[i] * nights[entry_bar[i]]
                else:
                    short_units -= units[i]
                    short_cost -= units[i] * entry[i]
                    short_swap -= accrued_quote[i]
                    short_before -= accrued_quote[i] * nights[entry_bar[i]]
                balance += net[i]
                booked += 1
                tallies[SUM_NET] += net[i]
                tallies[SUM_NET_SQUARED] += net[i] * net[i]
                if side[i] > 0.0:
                    tallies[N_LONG] += 1.0
                    tallies[LONG_NET] += net[i]
                if net[i] >= half_cent:
                    tallies[N_WINS] += 1.0
                    tallies[N_LONG_WINS] += side[i] > 0.0
                    tallies[GROSS_PROFIT] += net[i]
                    wins, losses = wins + 1, 0
                elif net[i] <= -half_cent:
                    tallies[N_LOSSES] += 1.0
                    tallies[GROSS_LOSS] += net[i]
                    wins, losses = 0, losses + 1
                else:
                    wins = losses = 0
                tallies[WIN_STREAK] = max(tallies[WIN_STREAK], wins)
                tallies[LOSS_STREAK] = max(tallies[LOSS_STREAK], losses)
                tallies[LARGEST_WIN] = max(tallies[LARGEST_WIN], net[i])
                tallies[LARGEST_LOSS] = min(tallies[LARGEST_LOSS], net[i])
                tallies[COMMISSION] += commission[i]
                tallies[SWAP] += swap[i]
                tallies[SLIPPAGE] += slipped[i]
                tallies[SPREAD] += crossed[i]
                tallies[N_AMBIGUOUS] += ambiguous[i]
                tallies[STOP_OUTS] += reason[i] == STOP_OUT
                tallies[BARS_HELD] += held_until(key[i], reason[i]) - entry_bar[i]
                balance_peak = max(balance_peak, balance)
                tallies[BALANCE_DRAWDOWN] = max(tallies[BALANCE_DRAWDOWN], balance_peak - balance)
                if balance_peak > 0.0:
                    tallies[BALANCE_FRACTION] = max(tallies[BALANCE_FRACTION], (balance_peak - balance) / balance_peak)
            if n_open == 0:
                long_units = long_cost = short_units = short_cost = reserved = 0.0
                account_swap = account_before = long_swap = long_before = short_swap = short_before = 0.0
            value = balance - reserved + (account_swap * nights[t] - account_before)
            bought = long_cost - (long_swap * nights[t] - long_before)
            sold = short_cost + (short_swap * nights[t] - short_before)
            if long_units != 0.0:
                value += worth(conversion, rate, rates, t, long_units, bought, bid_close[t])
            if short_units != 0.0:
                value += worth(conversion, rate, rates, t, -short_units, -sold, ask_close[t])
            if value > 0.0 or is_end:
                break
            # 2. Ruined: whatever is open ends at this close, and nothing follows.
            is_end, ruined, begin = True, t, x
            for k in range(n_open):
                i = opened[k]
                key[i], reason[i] = 2 * t + 1, STOP_OUT
                price[i] = bid_close[t] if side[i] > 0.0 else ask_close[t]
                gross[i] = worth(
                    conversion, rate, rates, t, side[i] * units[i], side[i] * units[i] * entry[i], price[i]
                )
                net[i] = gross[i] - commission[i] + swap[i]
            # Those that are open come next in the order of closing, in order of entry.
            left = x
            for q in range(n_taken):
                i = taken[q]
                for k in range(n_open):
                    if opened[k] == i:
                        order[left] = q
                        left += 1
            x = left
        # 3. The equity at this close, and at those that follow until something happens.
        until = n
        if ruined < 0:
            if e < n_taken:
                until = min(until, entry_bar[taken[e]])
            if x < n_taken:
                until = min(until, key[taken[order[x]]] >> 1)
        u = t
        while u < until:
            passed = 0
            if by_blocks and u % BLOCK == 0:
                for size in (WIDE, BLOCK):
                    b, last = u // size, u + size - 1
                    lows_highs, asks = (bid_wide, ask_wide) if size == WIDE else (bid_blocks, ask_blocks)
                    if u % size != 0 or last >= until or b >= lows_highs.shape[0] or nights[u] != nights[last]:
                        continue
                    if day < n_days and day_last_bar[day] <= last:
                        continue
                    high = low = balance - reserved + (account_swap * nights[u] - account_before)
                    bought = long_cost - (long_swap * nights[u] - long_before)
                    sold = short_cost + (short_swap * nights[u] - short_before)
                    if long_units != 0.0:
                        high += worth(conversion, rate, rates, u, long_units, bought, lows_highs[b, 3])
                        low += worth(conversion, rate, rates, u, long_units, bought, lows_highs[b, 2])
                    if short_units != 0.0:
                        high += worth(conversion, rate, rates, u, -short_units, -sold, asks[b, 2])
                        low += worth(conversion, rate, rates, u, -short_units, -sold, asks[b, 3])
                    deepest = peak - low + SAFE
                    if high + SAFE < peak and low > SAFE and deepest < fall and deepest < fraction * peak:
                        passed = size
                        break
            if passed > 0:
                u += passed
                continue
            value = balance - reserved + (account_swap * nights[u] - account_before)
            bought = long_cost - (long_swap * nights[u] - long_before)
            sold = short_cost + (short_swap * nights[u] - short_before)
            if long_units != 0.0:
                value += worth(conversion, rate, rates, u, long_units, bought, bid_close[u])
            if short_units != 0.0:
                value += worth(conversion, rate, rates, u, -short_units, -sold, ask_close[u])
            if value <= 0.0 and ruined < 0:
                break
            if equity.shape[0] > 0:
                equity[u] = value
            if value >= peak:
                peak = value
                if u - last_high > 1:
                    longest = max(longest, time_ns[u] - time_ns[last_high])
                last_high = u
            elif peak - value > fall or (peak > 0.0 and peak - value > fraction * peak):
                fall = max(fall, peak - value)
                if peak > 0.0:
                    fraction = max(fraction, (peak - value) / peak)
            while day < n_days and day_last_bar[day] <= u:
                daily[day] = value - yesterday
                yesterday = value
                day += 1
            u += 1
            if n_open == 0 and equity.shape[0] == 0:
                # Flat until something happens: the equity does not move.
                if value >= peak and until - 1 > last_high:
                    last_high = until - 1
                while day < n_days and day_last_bar[day] < until:
                    daily[day] = value - yesterday
                    yesterday = value
                    day += 1
                u = until
        t = u
    if n - 1 - last_high > 1:
        longest = max(longest, time_ns[n - 1] - time_ns[last_high])
    before = capital
    for d in range(n_days):
        r = daily[d] / before if before > half_cent else 0.0
        tallies[DAILY] += r
        tallies[DAILY_SQUARED] += r * r
        if r < 0.0:
            tallies[DOWNSIDE_SQUARED] += r * r
        before += daily[d]
    covered = exposed = 0
    for q in range(n_taken):
        i = taken[q]
        if ruined >= 0 and entry_bar[i] > ruined:
            break
        end = max(held_until(key[i], reason[i]), entry_bar[i] + 1)
        exposed += max(0, end - max(entry_bar[i], covered))
        covered = max(covered, end)
    tallies[BARS_EXPOSED] = exposed
    tallies[N_TRADES] = booked
    tallies[N_SKIPPED] = n_refused
    tallies[EQUITY_DRAWDOWN], tallies[EQUITY_FRACTION], tallies[EQUITY_NS] = fall, fraction, longest
    tallies[FINAL_EQUITY] = value
    if ruined >= 0:
        tallies[RUINED] = 1.0
        tallies[RUINED_NS] = time_ns[ruined] - time_ns[0]
    return booked
