"""Compiled: the equity of a replay, with any number of positions open at once."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit
from trading_ai.engine.compiled.replay_reach import (
    CONVERT_OWN_PRICE,
    CONVERT_RATES,
    SHORT_BITS,
    equity_bounds,
    stretch_market,
    stretch_reach,
)  # fmt: skip
from trading_ai.engine.compiled.replay_tally import tally_trades
from trading_ai.engine.records import STOP_OUT, TALLY

EQUITY_DRAWDOWN, EQUITY_FRACTION = TALLY["equity_drawdown"], TALLY["equity_drawdown_fraction"]
EQUITY_NS, N_SKIPPED, FINAL_EQUITY = TALLY["equity_drawdown_ns"], TALLY["n_skipped"], TALLY["final_equity"]
DAILY, DAILY_SQUARED = TALLY["sum_daily_return"], TALLY["sum_daily_return_squared"]
DOWNSIDE_SQUARED, RUINED, RUINED_NS = TALLY["sum_downside_squared"], TALLY["ruined"], TALLY["ruined_ns"]

SAFE = 1e-6
"""Distance from a bound, account currency, within which a stretch is looked at bar by bar."""

_FEW = 4
"""Bars of a stretch that are looked at one by one at once."""


@njit
def worth(conversion, rate, rates, t, units, cost, price):
    """Profit of ``units`` bought for ``cost`` at a price, account currency; negative units were sold."""
    value = units * price - cost
    if conversion == CONVERT_OWN_PRICE:
        return value / price
    return value * (rates[t] if conversion == CONVERT_RATES else rate)


@njit
def lowest_equity(base, rate, long_units, bought, short_units, sold, bid_close, ask_close, first, end):
    """Lowest equity at the closes of these bars, by the same arithmetic as `worth`, at a fixed rate."""
    # Costs that rounding has left of positions that are closed are nobody's.
    bought, sold = (bought if long_units != 0.0 else 0.0), (sold if short_units != 0.0 else 0.0)
    lowest = np.inf
    for t in range(first, end):
        value = base + (long_units * bid_close[t] - bought) * rate + (-short_units * ask_close[t] + sold) * rate
        lowest = value if value < lowest else lowest
    return lowest


@njit
def is_uneventful(high, low, peak, fall, fraction):
    """Whether an equity between these makes neither a new high nor a deeper fall, and stays above zero."""
    deepest = peak - low + SAFE
    return high + SAFE < peak and low > SAFE and deepest < fall and deepest < fraction * peak


@njit
def settle_replay(
    capital, half_cent, conversion, rate, rates, bid_close, ask_close, by_block, by_wide, market, time_ns, day_last_bar,
    night_bar, night_count, side, units, entry_bar, entry, entry_night, taken, n_taken, n_refused, order, key, price,
    reason, ambiguous, gross, commission, swap, net, slipped, crossed, accrued, accrued_quote, tallies, daily, equity,
):  # fmt: skip
    """Book the trades in order of closing and follow the equity over the bars' closes.

    Stretches of bars without an entry or an exit are passed over whole, or in blocks, where their extreme closes make
    neither a new high nor a deeper fall. Ends at a close at which the equity is not above zero.

    Args:
        capital: starting balance.
        half_cent: less than this is neither won nor lost.
        conversion: see `execution_data.CONVERT_NONE`.
        rate: fixed rate.
        rates: rate of each bar, or empty.
        bid_close: closes at the bid, shape (n_bars,).
        ask_close: at the ask.
        by_block: see `replay_reach.reach_of_closes`.
        by_wide: see there.
        market: see `replay_reach.market_bounds`; one row where they hold for all bars.
        time_ns: open of each bar.
        day_last_bar: last bar of each trading day.
        night_bar: bars from which on another number of nights is charged; the first is 0.
        night_count: nights charged up to those bars.
        side: +1.0 long, -1.0 short, shape (n_trades,).
        units: size.
        entry_bar: bar of the entry.
        entry: fill.
        entry_night: nights charged up to the entry's bar.
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
        accrued: swap of a night while a trade is open, account currency, shape (n_trades,).
        accrued_quote: the same in quote currency.
        tallies: out, see `records.TALLIES`, zeroed.
        daily: out, daily profits, shape (n_days,).
        equity: out, shape (n_bars,), or empty to leave it; then every bar is looked at.

    Returns:
        Number of trades booked; those of a ruined account that came later are left out. `order` begins with them.
    """
    n, n_days = bid_close.shape[0], day_last_bar.shape[0]
    tallies[:] = 0.0
    balance = peak = capital
    fall = fraction = 0.0
    long_units = long_cost = short_units = short_cost = reserved = 0.0
    account_swap = account_before = long_swap = long_before = short_swap = short_before = 0.0
    e = x = day = night = 0
    last_high, longest = 0, 0
    ruined = -1
    yesterday = capital
    own_price, in_stretches = conversion == CONVERT_OWN_PRICE, equity.shape[0] == 0
    t = 0
    while t < n:
        # 1. What happens in this bar: entries, then exits; an exit is never before its entry.
        while ruined < 0 and e < n_taken and entry_bar[taken[e]] <= t:
            i = taken[e]
            e += 1
            reserved += 0.5 * commission[i]
            account_swap += accrued[i]
            account_before += accrued[i] * entry_night[i]
            if side[i] > 0.0:
                long_units += units[i]
                long_cost += units[i] * entry[i]
                long_swap += accrued_quote[i]
                long_before += accrued_quote[i] * entry_night[i]
            else:
                short_units += units[i]
                short_cost += units[i] * entry[i]
                short_swap += accrued_quote[i]
                short_before += accrued_quote[i] * entry_night[i]
        while ruined < 0 and x < n_taken and key[taken[order[x]]] >> 1 <= t:
            i = taken[order[x]]
            x += 1
            reserved -= 0.5 * commission[i]
            account_swap -= accrued[i]
            account_before -= accrued[i] * entry_night[i]
            if side[i] > 0.0:
                long_units -= units[i]
                long_cost -= units[i] * entry[i]
                long_swap -= accrued_quote[i]
                long_before -= accrued_quote[i] * entry_night[i]
            else:
                short_units -= units[i]
                short_cost -= units[i] * entry[i]
                short_swap -= accrued_quote[i]
                short_before -= accrued_quote[i] * entry_night[i]
            balance += net[i]
        if e == x:
            long_units = long_cost = short_units = short_cost = reserved = 0.0
            account_swap = account_before = long_swap = long_before = short_swap = short_before = 0.0
            if balance <= 0.0 and ruined < 0:
                ruined = t
        until = n
        if ruined < 0:
            if e < n_taken:
                until = min(until, entry_bar[taken[e]])
            if x < n_taken:
                until = min(until, key[taken[order[x]]] >> 1)
        # 2. The equity at this close, and at those that follow until something happens.
        if e == x and in_stretches:
            # Flat until something happens: the equity does not move.
            value = balance
            if value >= peak:
                peak = value
                if t - last_high > 1:
                    longest = max(longest, time_ns[t] - time_ns[last_high])
                last_high = until - 1
            elif peak - value > fall or peak - value > fraction * peak:
                fall = max(fall, peak - value)
                fraction = max(fraction, (peak - value) / peak)
            while day < n_days and day_last_bar[day] < until:
                daily[day] = value - yesterday
                yesterday = value
                day += 1
            t = until
            continue
        u, look_at, since = t, t, -1
        while u < until:
            while night + 1 < night_bar.shape[0] and night_bar[night + 1] <= u:
                night += 1
            if since != night:
                since, nights = night, night_count[night]
                base = balance - reserved + (account_swap * nights - account_before)
                bought = long_cost - (long_swap * nights - long_before)
                sold = short_cost + (short_swap * nights - short_before)
            # A day's last bar is always looked at: its equity is the day's.
            stop = min(until, day_last_bar[day]) if day < n_days else until
            if night + 1 < night_bar.shape[0]:
                stop = min(stop, night_bar[night + 1])
            b = u >> SHORT_BITS
            if in_stretches and u >= look_at and stop - u > _FEW:
                look_at = n
                last = (stop - 1) >> SHORT_BITS
                low, high = stretch_reach(by_block, by_wide, b, last)
                least, most, slow, fast = stretch_market(market, b, last)
                above, below = equity_bounds(
                    own_price, base, long_units, bought, short_units, sold, low, high, least, most, slow, fast
                )
                if is_uneventful(above, below, peak, fall, fraction):
                    u = stop
                    continue
            end = min((b + 1) << SHORT_BITS, stop) if u < stop else u + 1
            if in_stretches and end - u > _FEW:
                least, most, slow, fast = stretch_market(market, b, b)
                above, below = equity_bounds(
                    own_price, base, long_units, bought, short_units, sold, by_block[b, 0], by_block[b, 1], least, most,
                    slow, fast,
                )  # fmt: skip
                if is_uneventful(above, below, peak, fall, fraction):
                    u = end
                    continue
                look_at = end  # what follows may be seen in one again
                if above + SAFE < peak and conversion < CONVERT_OWN_PRICE:
                    # No new high: of these bars, the deepest decides alone.
                    lowest = lowest_equity(
                        base, rate, long_units, bought, short_units, sold, bid_close, ask_close, u, end
                    )
                    if lowest > 0.0:
                        if peak - lowest > fall or peak - lowest > fraction * peak:
                            fall, fraction = max(fall, peak - lowest), max(fraction, (peak - lowest) / peak)
                        u = end
                        continue
            # Bar by bar to the end of the block, or of the day.
            while u < end:
                value = base
                if long_units != 0.0:
                    value += worth(conversion, rate, rates, u, long_units, bought, bid_close[u])
                if short_units != 0.0:
                    value += worth(conversion, rate, rates, u, -short_units, -sold, ask_close[u])
                if value <= 0.0 and ruined < 0:
                    ruined = until = end = u
                    break
                if not in_stretches:
                    equity[u] = value
                if value >= peak:
                    peak = value
                    if u - last_high > 1:
                        longest = max(longest, time_ns[u] - time_ns[last_high])
                    last_high = u
                elif peak - value > fall or peak - value > fraction * peak:
                    fall = max(fall, peak - value)
                    fraction = max(fraction, (peak - value) / peak)
                u += 1
            while day < n_days and day_last_bar[day] < u:
                daily[day] = value - yesterday
                yesterday = value
                day += 1
                look_at = u
        t = u
        if ruined == u:
            # 3. Whatever is open ends at this close, in order of entry, and nothing follows.
            for q in range(e):
                i = taken[q]
                if key[i] >> 1 <= u:
                    continue
                key[i], reason[i] = 2 * u + 1, STOP_OUT
                price[i] = bid_close[u] if side[i] > 0.0 else ask_close[u]
                gross[i] = worth(
                    conversion, rate, rates, u, side[i] * units[i], side[i] * units[i] * entry[i], price[i]
                )
                net[i] = gross[i] - commission[i] + swap[i]
                balance += net[i]
                order[x] = q
                x += 1
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
    tally_trades(
        capital, half_cent, side, entry_bar, taken, n_taken, order, x, n if ruined < 0 else ruined, key, reason,
        ambiguous, commission, swap, net, slipped, crossed, tallies,
    )  # fmt: skip
    tallies[N_SKIPPED] = n_refused
    tallies[EQUITY_DRAWDOWN], tallies[EQUITY_FRACTION], tallies[EQUITY_NS] = fall, fraction, longest
    tallies[FINAL_EQUITY] = value
    if ruined >= 0:
        tallies[RUINED] = 1.0
        tallies[RUINED_NS] = time_ns[ruined] - time_ns[0]
    return x
