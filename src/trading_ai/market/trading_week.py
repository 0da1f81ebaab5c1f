"""When a symbol's market is open, as far as that is the same everywhere: FX week, gold's break, 24/7.

Exchange sessions and holidays differ by venue and year: `expected_bars` judges those.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trading_ai.market.calendar import NS_PER_DAY, rollover_zone
from trading_ai.market.expected_bars import missing_by_pattern, missing_days
from trading_ai.market.symbol import Symbol
from trading_ai.market.timeframe import NS_PER_SECOND, Timeframe
from trading_ai.market.timezones import from_utc

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

_HOUR = 3600 * NS_PER_SECOND
_WEEK = 7 * NS_PER_DAY
# 1970-01-04 17:00 was a Sunday: the FX week begins there in New York.
_SUNDAY_OPEN = 3 * NS_PER_DAY + 17 * _HOUR


def open_ns(symbol: Symbol, time_ns: Ints) -> Ints:
    """How long the FX or metal market was open up to each UTC time, ns from an arbitrary start, shape (n,).

    FX is open from Sunday 17:00 to Friday 17:00 in New York; metals besides pause from 17:00 to 18:00 each
    day.
    """
    local = from_utc(rollover_zone(symbol), time_ns) - _SUNDAY_OPEN
    weeks, rest = local // _WEEK, local % _WEEK
    if symbol.kind != "metal":
        return np.asarray(weeks * (5 * NS_PER_DAY) + np.minimum(rest, 5 * NS_PER_DAY))
    days, hours = rest // NS_PER_DAY, rest % NS_PER_DAY
    session = NS_PER_DAY - _HOUR
    within = np.where(days < 5, np.maximum(0, hours - _HOUR), 0)
    total: Ints = weeks * (5 * session) + np.minimum(days, 5) * session + within
    return total


def weekend_bars(symbol: Symbol, time_ns: Ints, length_ns: int) -> Booleans:
    """Which intraday bars lie wholly in the FX weekend, shape (n,); none for other kinds."""
    if symbol.kind not in {"fx", "metal"}:
        return np.zeros(len(time_ns), np.bool_)
    rest = (from_utc(rollover_zone(symbol), time_ns) - _SUNDAY_OPEN) % _WEEK
    closed: Booleans = (rest >= 5 * NS_PER_DAY) & (rest + length_ns <= _WEEK)
    return closed


def missing_bars(symbol: Symbol, timeframe: Timeframe, time_ns: Ints, before_ns: Ints, after_ns: Ints) -> Ints:
    """How many bars are missing between each pair of neighbouring bars, shape (n,).

    FX and metals count against the trading week, crypto around the clock, bars of a day against the sessions of the
    symbol's exchange or else against weekdays, shorter bars of other kinds against the exchange's calendar and the
    hours that the file itself keeps.

    Args:
        symbol: the instrument.
        timeframe: the bars' length.
        time_ns: all bars' opens, UTC ns, ascending.
        before_ns: opens of the bars before the holes.
        after_ns: opens of the bars after them.
    """
    if symbol.kind == "crypto" or symbol.triple_swap_weekday is None:
        return (after_ns - before_ns) // timeframe.ns - 1
    if timeframe.seconds > 86400:
        return (after_ns - before_ns + timeframe.ns // 2) // timeframe.ns - 1
    if timeframe.is_daily_or_longer:
        return missing_days(symbol, time_ns, before_ns, after_ns)
    if symbol.kind not in {"fx", "metal"}:
        return missing_by_pattern(symbol, timeframe, time_ns, before_ns, after_ns)
    span = open_ns(symbol, after_ns) - open_ns(symbol, before_ns)
    return np.asarray(np.maximum(0, span // timeframe.ns - 1))
