"""Files whose times are the ends of bars: turning ends into opens, and noticing daily bars stamped so.

Bars are named by their open everywhere else. A bar stamped at its end and read as one stamped at its open is one bar
late, which is harmless until two timeframes, two files or a clock are compared.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trading_ai.market.calendar import (
    NS_PER_DAY,
    day_open_ns,
    rollover_seconds,
    rollover_zone,
    trading_day,
    week_start,
)
from trading_ai.market.expected_bars import calendar_of
from trading_ai.market.symbol import Symbol
from trading_ai.market.timeframe import NS_PER_SECOND, Timeframe
from trading_ai.market.timezones import from_utc

Ints = npt.NDArray[np.int64]

_FRIDAY, _SATURDAY, _SUNDAY = 1, 2, 3  # days since 1970-01-01, a Thursday, modulo 7


def opens_on_clock(ends_local: Ints, symbol: Symbol, timeframe: Timeframe) -> Ints | None:
    """Opens of bars of a day or longer whose ends are dates, on the file's clock; None for all others.

    A date that is itself a trading day (Monday to Friday of a market that rests on weekends) already names the day, and
    stays. A week opens on its Monday.

    Args:
        ends_local: ends of bars on the file's clock, ns, shape (n,).
        symbol: the instrument.
        timeframe: the bars' length.
    """
    if timeframe.seconds > 86400:
        return week_start((ends_local - 1) // NS_PER_DAY) * NS_PER_DAY
    if not timeframe.is_daily_or_longer or (ends_local % NS_PER_DAY).any():
        return None
    days = ends_local // NS_PER_DAY
    if symbol.kind != "crypto" and not _ends_on_saturday(days):
        return ends_local
    return ends_local - timeframe.ns


def opens_of_ends(ends_ns: Ints, symbol: Symbol, timeframe: Timeframe) -> Ints:
    """Opens of bars from their ends.

    A bar begins no earlier than the one before it ends, so that the short last bar of a session keeps its place. A
    daily bar opens with its trading day.

    Args:
        ends_ns: ends of bars, UTC ns, shape (n,), in any order.
        symbol: the instrument.
        timeframe: the bars' length.
    """
    if timeframe.is_daily_or_longer:
        return day_open_ns(symbol, trading_day(symbol, ends_ns - 1))
    distinct, back = np.unique(ends_ns, return_inverse=True)
    opens = distinct - timeframe.ns
    opens[1:] = np.maximum(opens[1:], distinct[:-1])
    found: Ints = opens[back.reshape(ends_ns.shape)]
    return found


def _ends_on_saturday(days: Ints) -> bool:
    share = np.bincount(days % 7, minlength=7) / max(1, len(days))
    return bool(share[_SATURDAY] >= 0.1 and share[_SUNDAY] <= 0.02)


def days_look_like_ends(local_ns: Ints, utc_ns: Ints, symbol: Symbol, timeframe: Timeframe) -> str:
    """Why the times of daily bars look like ends, in words; "" where they do not.

    Args:
        local_ns: times on the file's clock, ns, shape (n,).
        utc_ns: the same in UTC.
        symbol: the instrument; crypto trades every day, and nothing tells.
        timeframe: the bars' length.
    """
    if timeframe.seconds != 86400 or symbol.kind == "crypto" or len(local_ns) < 10:
        return ""
    if not (local_ns % NS_PER_DAY).any():
        if _ends_on_saturday(local_ns // NS_PER_DAY):
            return "the days run to Saturday and none is a Sunday, though the market rests on Saturdays"
        return ""
    calendar = calendar_of(symbol, np.sort(utc_ns))
    if calendar is not None and np.isin(utc_ns, calendar.close_ns).mean() >= 0.8:
        return f"{symbol.exchange} closes then"
    there = from_utc(rollover_zone(symbol), utc_ns)
    at_rollover = there % NS_PER_DAY == rollover_seconds(symbol) * NS_PER_SECOND
    weekdays = np.bincount(there // NS_PER_DAY % 7, minlength=7) / len(there)
    # Days that begin at the rollover begin from Sunday to Thursday, days that end there end from Monday to Friday.
    if rollover_seconds(symbol) and at_rollover.mean() >= 0.9 and weekdays[_FRIDAY] >= 0.1 >= 5 * weekdays[_SUNDAY]:
        return f"they run from Monday to Friday at {symbol.rollover} {symbol.rollover_timezone}, when a day ends"
    return ""
