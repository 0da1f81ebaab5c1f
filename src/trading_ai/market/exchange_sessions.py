"""Sessions of exchanges: opens, closes, lunch breaks and holidays, day by day, from the calendar library.

`exchange_calendars` is maintained for this and works offline. It needs pandas, so it is imported when the first
session is asked for, not with the package.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from trading_ai.errors import SymbolError
from trading_ai.market.exchanges import EXCHANGES
from trading_ai.market.timeframe import NS_PER_SECOND

Ints = npt.NDArray[np.int64]

_NS_PER_DAY = 86400 * NS_PER_SECOND
_FIRST_YEAR, _LAST_YEAR = 1950, 2100
NO_BREAK = np.iinfo(np.int64).min
"""Stands for the break of a session without one."""


@dataclass(frozen=True)
class Sessions:
    """Sessions of an exchange, ascending; arrays of shape (n,), read-only.

    Attributes:
        exchange: its code.
        timezone: IANA name of its clock.
        days: days since 1970-01-01 of the local date.
        open_ns: when trading begins, UTC ns.
        close_ns: when it ends, UTC ns.
        break_start_ns: when the lunch break begins, UTC ns; `NO_BREAK` where there is none.
        break_end_ns: when it ends.
    """

    exchange: str
    timezone: str
    days: Ints
    open_ns: Ints
    close_ns: Ints
    break_start_ns: Ints
    break_end_ns: Ints

    def at(self, days: Ints) -> Ints:
        """Position of the session of each day, or -1 where the exchange is closed all day."""
        if not len(self.days):
            return np.full(len(days), -1)
        position = np.minimum(np.searchsorted(self.days, days), len(self.days) - 1)
        return np.where(self.days[position] == days, position, -1)

    def covers(self, first_day: int, last_day: int) -> bool:
        """Whether the calendar knows all of a period, give or take a fortnight at its ends."""
        return bool(len(self.days)) and self.days[0] <= first_day + 14 and self.days[-1] >= last_day - 14


def check_exchange(code: str) -> str:
    """The code of an exchange in the library's spelling, with its clock.

    Raises:
        SymbolError: the calendar library does not know it.
    """
    known = code.strip().upper()
    if known in EXCHANGES:
        return known
    import exchange_calendars as calendars  # noqa: PLC0415 - pandas takes 0.4 s

    names = calendars.get_calendar_names(include_aliases=True)
    if known not in names or "/" in known:
        raise SymbolError(
            "is not a known exchange",
            parameter="exchange",
            value=code,
            remedy="Give a market identifier code, such as XNYS, XLON, XETR, XTKS or XHKG",
        )
    return str(calendars.resolve_alias(known))


def exchange_timezone(code: str) -> str:
    """IANA name of an exchange's clock.

    Raises:
        SymbolError: the exchange is not known.
    """
    known = check_exchange(code)
    if known in EXCHANGES:
        return EXCHANGES[known].timezone
    import exchange_calendars as calendars  # noqa: PLC0415 - pandas takes 0.4 s

    try:
        return str(calendars.get_calendar(known).tz)
    except (ValueError, NotImplementedError) as error:
        raise SymbolError(
            "is an exchange whose calendar cannot be made", parameter="exchange", value=code, remedy="Leave it out"
        ) from error


def sessions(code: str, first_ns: int, last_ns: int) -> Sessions:
    """Sessions of an exchange from some days before one UTC time to some days after another, as far as known."""
    first_day, last_day = first_ns // _NS_PER_DAY - 10, last_ns // _NS_PER_DAY + 10
    # Whole years, so that files of one market share what is kept; calendars of other centuries are guesses.
    first, last = (
        min(max(int(np.datetime64(int(day), "D").astype("datetime64[Y]").astype(int)) + 1970, _FIRST_YEAR), _LAST_YEAR)
        for day in (first_day, last_day)
    )
    return _sessions(code, first, last)


@lru_cache(maxsize=16)
def _sessions(code: str, first_year: int, last_year: int) -> Sessions:
    import exchange_calendars as calendars  # noqa: PLC0415 - pandas takes 0.4 s
    import pandas  # noqa: PLC0415

    known = check_exchange(code)
    empty = np.zeros(0, np.int64)
    unknown = Sessions(known, exchange_timezone(known), empty, empty, empty, empty, empty)
    start, end = pandas.Timestamp(first_year, 1, 1), pandas.Timestamp(last_year, 12, 31)
    try:
        kind = type(calendars.get_calendar(known, start="2020-01-06", end="2020-03-06"))  # for the bounds it keeps
        earliest, latest = kind.bound_min(), kind.bound_max()
        start = max(start, earliest) if earliest is not None else start
        end = min(end, latest) if latest is not None else end
        if start >= end:
            return unknown
        schedule = kind(start=start, end=end).schedule
    except (ValueError, NotImplementedError):  # some calendars of the library fail; a file is not to be blamed for it
        return unknown

    def utc(name: str) -> Ints:
        values: Ints = schedule[name].dt.tz_convert(None).to_numpy().astype("datetime64[ns]").astype(np.int64)
        values.flags.writeable = False
        return values

    days = schedule.index.to_numpy().astype("datetime64[D]").astype(np.int64)
    days.flags.writeable = False
    return Sessions(
        known, exchange_timezone(known), days, utc("open"), utc("close"), utc("break_start"), utc("break_end")
    )
