"""Compiled bookkeeping that the simulators share: money, marks, days, closed trades.

`config` is a float64 vector (see `CONFIG`), `state` the running figures of one combination (see the
constants below), `tally` its row of results (columns as in `records.TALLIES`). All money is account currency.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit
from trading_ai.engine.records import TALLIES

CONFIG = (
    "capital",
    "units",
    "risk_fraction",  # of the balance; 0 for other sizes
    "equity_fraction",  # of the equity; 0 for other sizes
    "volume_step",
    "min_volume",
    "max_volume",
    "slippage",  # price units
    "commission_per_unit",  # a side
    "commission_of_value",  # fraction of the traded value, a side
    "commission_per_trade",  # a side
    "has_commission",
    "swap_long",  # for one unit and night: quote currency, or account currency if swap_in_account
    "swap_short",
    "swap_in_account",
    "has_swap",
    "has_spread",
    "conversion",
    "rate",
    "level_scale",  # stop and target prices are rounded to 1 / level_scale; 0 for never
    "fill_scale",  # fills with slippage are rounded to 1 / fill_scale
    "same_bar",  # see `rules.SAME_BAR_CODES`
    "close_at_end",
    "opposite",
    "direction",
    "max_positions",
    "margin_fraction",  # of a position's value at its entry; 0 without margin
    "stop_out_level",  # fraction of the margin in use
    "half_cent",  # less than this is nothing: neither won, nor lost, nor left
    "safe_drawdown",  # of a fixed size: with a smaller one of the equity, the account surely carried every position
    "span",  # most that one unit earns or loses within a bar
    "swing",  # largest range of a bar as a fraction of its high
    "highest_rate",  # from quote to account currency
)
(
    CAPITAL,
    UNITS,
    RISK_FRACTION,
    EQUITY_FRACTION,
    VOLUME_STEP,
    MIN_VOLUME,
    MAX_VOLUME,
    SLIPPAGE,
    COMMISSION_PER_UNIT,
    COMMISSION_OF_VALUE,
    COMMISSION_PER_TRADE,
    HAS_COMMISSION,
    SWAP_LONG,
    SWAP_SHORT,
    SWAP_IN_ACCOUNT,
    HAS_SWAP,
    HAS_SPREAD,
    CONVERSION,
    RATE,
    LEVEL_SCALE,
    FILL_SCALE,
    SAME_BAR,
    CLOSE_AT_END,
    OPPOSITE,
    DIRECTION,
    MAX_POSITIONS,
    MARGIN_FRACTION,
    STOP_OUT_LEVEL,
    HALF_CENT,
    SAFE_DRAWDOWN,
    SPAN,
    SWING,
    HIGHEST_RATE,
) = range(len(CONFIG))

BALANCE, BALANCE_PEAK, EQUITY_PEAK, PEAK_BAR, WIN_STREAK, LOSS_STREAK, DAY_EQUITY, NEXT_DAY = range(8)
N_STATE = 8

(
    N_TRADES,
    N_LONG,
    N_WINS,
    N_LONG_WINS,
    N_LOSSES,
    GROSS_PROFIT,
    GROSS_LOSS,
    LONG_NET,
    SUM_NET,
    SUM_NET_SQUARED,
    LARGEST_WIN,
    LARGEST_LOSS,
    MAX_WIN_STREAK,
    MAX_LOSS_STREAK,
    BALANCE_DRAWDOWN,
    BALANCE_DRAWDOWN_FRACTION,
    EQUITY_DRAWDOWN,
    EQUITY_DRAWDOWN_FRACTION,
    EQUITY_DRAWDOWN_NS,
    BARS_HELD,
    BARS_EXPOSED,
    COMMISSION,
    SWAP,
    SLIPPAGE_PAID,
    SPREAD_PAID,
    SUM_DAILY,
    SUM_DAILY_SQUARED,
    SUM_DOWNSIDE_SQUARED,
    N_AMBIGUOUS,
    N_SKIPPED,
    FINAL_EQUITY,
    OPEN_PROFIT,
    RUINED,
    STOP_OUTS,
    RUINED_NS,
) = range(len(TALLIES))

IN_DOUBT = -1.0
"""In the tally RUINED, of simulators that do not know what an account can carry: `bars` must simulate that anew."""


@njit
def rounded(price, scale):
    """Round a price to 1 / scale; scale 0 leaves it."""
    if scale == 0.0:
        return price
    return np.floor(price * scale + 0.5) / scale


@njit
def is_high_nearer(open_, high, low):
    """Whether a bar is taken to go to its high before its low: to the extreme that is nearer to its open."""
    return high - open_ < open_ - low


@njit
def target_comes_first(same_bar, side, open_, high, low):
    """Whether a bar reaches what lies in favour of a position before what lies against it.

    Args:
        same_bar: see `rules.SAME_BAR_CODES`.
        side: +1.0 long, -1.0 short.
        open_: open of the bar at the bid.
        high: likewise.
        low: likewise.
    """
    if same_bar == 2.0:
        return is_high_nearer(open_, high, low) == (side > 0.0)
    return same_bar == 1.0


@njit
def to_account(conversion, rate, rates, bar, price):
    """Account currency for one unit of quote currency at `bar`, where the symbol trades at `price`."""
    if conversion == 0.0:
        return 1.0
    if conversion == 1.0:
        return rate
    if conversion == 2.0:
        return 1.0 / price
    return rates[bar]


@njit
def price_profit(side, units, entry, price, conversion, rate, rates, bar):
    """Profit of `units` opened at `entry` and valued at `price`.

    With the account in the base currency this is units x (1 - entry / price): every step is monotone in
    the price, so the extremes of a segment of closes give the exact extremes of its profit.
    """
    if conversion == 0.0:
        return (price - entry) * side * units
    if conversion == 1.0:
        return (price - entry) * side * units * rate
    if conversion == 2.0:
        return (1.0 - entry / price) * side * units
    return (price - entry) * side * units * rates[bar]


@njit
def commission(config, units, price, rates, bar):
    """Commission of one side of a trade."""
    if config[HAS_COMMISSION] == 0.0:
        return 0.0
    value = units * price * to_account(config[CONVERSION], config[RATE], rates, bar, price)
    return units * config[COMMISSION_PER_UNIT] + value * config[COMMISSION_OF_VALUE] + config[COMMISSION_PER_TRADE]


@njit
def swap_before_conversion(config, side, units, nights, entry_bar, bar):
    """Swap from the entry to `bar`, in the quote currency, or in the account's if it is charged in that."""
    if config[HAS_SWAP] == 0.0:
        return 0.0
    per_unit = config[SWAP_LONG] if side > 0.0 else config[SWAP_SHORT]
    return (nights[bar] - nights[entry_bar]) * units * per_unit


@njit
def swap_credit(config, side, units, nights, rates, entry_bar, bar, price):
    """Swap credited (+) or charged (-) to a position from its entry to `bar`."""
    if config[HAS_SWAP] == 0.0:
        return 0.0
    credit = swap_before_conversion(config, side, units, nights, entry_bar, bar)
    if config[SWAP_IN_ACCOUNT] != 0.0:
        return credit
    return credit * to_account(config[CONVERSION], config[RATE], rates, bar, price)


@njit
def position_size(config, balance, stop_distance, rates, bar, price):
    """Units to open, or 0 where nothing can be opened; for all sizes but those of `size_by_equity`."""
    if balance <= 0.0:
        return 0.0
    if config[RISK_FRACTION] == 0.0:
        return config[UNITS]
    loss = stop_distance * to_account(config[CONVERSION], config[RATE], rates, bar, price)
    units = balance * config[RISK_FRACTION] / loss
    if config[MAX_VOLUME] > 0.0:
        units = min(units, config[MAX_VOLUME])
    if config[VOLUME_STEP] > 0.0:
        # A size a rounding error below a whole step is that step.
        units = np.floor(units / config[VOLUME_STEP] + 1e-9) * config[VOLUME_STEP]
    if units < config[MIN_VOLUME]:
        return 0.0
    return units


@njit
def size_by_equity(config, balance, equity, rates, bar, price):
    """Units whose value and commission are a fraction of the equity, or 0 where nothing can be opened.

    Apart from `position_size`, because a longer function is no longer put in its place: half again the time.
    """
    if balance <= 0.0:
        return 0.0
    in_account = to_account(config[CONVERSION], config[RATE], rates, bar, price)
    price_of_one = price * in_account * (1.0 + config[COMMISSION_OF_VALUE]) + config[COMMISSION_PER_UNIT]
    units = (equity * config[EQUITY_FRACTION] - config[COMMISSION_PER_TRADE]) / price_of_one
    if config[MAX_VOLUME] > 0.0:
        units = min(units, config[MAX_VOLUME])
    if config[VOLUME_STEP] > 0.0:
        units = np.floor(units / config[VOLUME_STEP] + 1e-9) * config[VOLUME_STEP]
    if units < config[MIN_VOLUME]:
        return 0.0
    return units


@njit
def margin_of(config, units, price, rates, bar):
    """What a position ties up, from its entry on; 0 without margin."""
    if config[MARGIN_FRACTION] == 0.0:
        return 0.0
    in_account = to_account(config[CONVERSION], config[RATE], rates, bar, price)
    return units * price * in_account * config[MARGIN_FRACTION]


@njit
def start(config, state, tally):
    """Begin one combination."""
    state[:] = 0.0
    tally[:] = 0.0
    state[BALANCE] = config[CAPITAL]
    state[BALANCE_PEAK] = config[CAPITAL]
    state[EQUITY_PEAK] = config[CAPITAL]
    state[DAY_EQUITY] = config[CAPITAL]


@njit
def mark(state, tally, equity, bar, time_ns):
    """Take note of the equity at `bar`: a new high ends the drawdown, anything lower is one."""
    peak = state[EQUITY_PEAK]
    if equity >= peak:
        lasted = float(time_ns[bar] - time_ns[int(state[PEAK_BAR])])
        if bar - state[PEAK_BAR] > 1.0 and lasted > tally[EQUITY_DRAWDOWN_NS]:
            tally[EQUITY_DRAWDOWN_NS] = lasted
        state[EQUITY_PEAK] = equity
        state[PEAK_BAR] = bar
    else:
        drop = peak - equity
        tally[EQUITY_DRAWDOWN] = max(tally[EQUITY_DRAWDOWN], drop)
        tally[EQUITY_DRAWDOWN_FRACTION] = max(tally[EQUITY_DRAWDOWN_FRACTION], drop / peak)


@njit
def end_days(state, tally, until, equity, daily):
    """End every unfinished trading day before `until`, the first of them at `equity`."""
    day = int(state[NEXT_DAY])
    if day >= until:
        return
    last = state[DAY_EQUITY]
    profit = equity - last
    if daily.shape[0] > 0:
        daily[day] = profit
    if profit != 0.0:
        daily_return = profit / last
        tally[SUM_DAILY] += daily_return
        tally[SUM_DAILY_SQUARED] += daily_return * daily_return
        if daily_return < 0.0:
            tally[SUM_DOWNSIDE_SQUARED] += daily_return * daily_return
        state[DAY_EQUITY] = equity
    state[NEXT_DAY] = until


@njit
def mark_balance(balance, state, tally):
    """Take note of the balance after a trade."""
    if balance > state[BALANCE_PEAK]:
        state[BALANCE_PEAK] = balance
    else:
        drop = state[BALANCE_PEAK] - balance
        tally[BALANCE_DRAWDOWN] = max(tally[BALANCE_DRAWDOWN], drop)
        tally[BALANCE_DRAWDOWN_FRACTION] = max(tally[BALANCE_DRAWDOWN_FRACTION], drop / state[BALANCE_PEAK])


@njit
def book_trade(config, balance, state, tally, side, net):
    """Count a closed trade with its net profit, and the balance after it.

    One that nets less than half a cent has neither won nor lost.
    """
    tally[N_TRADES] += 1.0
    tally[SUM_NET] += net
    tally[SUM_NET_SQUARED] += net * net
    tally[LARGEST_WIN] = max(tally[LARGEST_WIN], net)
    tally[LARGEST_LOSS] = min(tally[LARGEST_LOSS], net)
    if side > 0.0:
        tally[N_LONG] += 1.0
        tally[LONG_NET] += net
    if net >= config[HALF_CENT]:
        tally[N_WINS] += 1.0
        tally[GROSS_PROFIT] += net
        if side > 0.0:
            tally[N_LONG_WINS] += 1.0
        state[WIN_STREAK] += 1.0
        state[LOSS_STREAK] = 0.0
        tally[MAX_WIN_STREAK] = max(tally[MAX_WIN_STREAK], state[WIN_STREAK])
    else:
        if net <= -config[HALF_CENT]:
            tally[N_LOSSES] += 1.0
            tally[GROSS_LOSS] += net
        state[LOSS_STREAK] += 1.0
        state[WIN_STREAK] = 0.0
        tally[MAX_LOSS_STREAK] = max(tally[MAX_LOSS_STREAK], state[LOSS_STREAK])
    mark_balance(balance, state, tally)


@njit
def finish(state, tally, open_profit, n_days, n_bars, time_ns, daily):
    """End one combination: last day, last drawdown, final equity."""
    equity = state[BALANCE] + open_profit
    end_days(state, tally, n_days, equity, daily)
    if equity >= state[EQUITY_PEAK]:
        state[PEAK_BAR] = n_bars - 1
    lasted = float(time_ns[n_bars - 1] - time_ns[int(state[PEAK_BAR])])
    tally[EQUITY_DRAWDOWN_NS] = max(tally[EQUITY_DRAWDOWN_NS], lasted)
    tally[FINAL_EQUITY] = equity
    tally[OPEN_PROFIT] = open_profit
