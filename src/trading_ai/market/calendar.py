"""Trading days and swap nights of a symbol, for whole arrays of bars at once.

A trading day ends at the symbol's rollover (17:00 in New York for FX) and bears the date on which it ends: a
bar at Sunday 17:05 New York belongs to Monday. Daylight saving is that of `Symbol.rollover_timezone`.

Bars of a day or longer often open at 00:00 UTC because their file gave a date and no hour. Where every given
open is at 00:00 UTC, that date is taken as the trading day (for FX and crypto this changes nothing, for
stocks it keeps Monday's bar out of Sunday). A W1 bar has the day of its open.
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from trading_ai.errors import SymbolError
from trading_ai.market.symbol import Symbol
from trading_ai.market.timeframe import NS_PER_SECOND
from trading_ai.market.timezones import Zone, from_utc, parse_timezone, to_utc

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

NS_PER_DAY = 86400 * NS_PER_SECOND
_MONDAY_SHIFT = 3  # 1970-01-01 was a Thursday: (day + 3) % 7 is 0 on Mondays


def rollover_seconds(symbol: Symbol) -> int:
    """Seconds after local midnight at which the symbol's trading day ends, 0 to 86,399."""
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", symbol.rollover)
    if not match:
        raise SymbolError(
            "must be a time of day HH:MM", parameter="rollover", value=symbol.rollover, remedy="Such as 17:00"
        )
    return int(match[1]) * 3600 + int(match[2]) * 60


def rollover_zone(symbol: Symbol) -> Zone:
    """The zone that the symbol's rollover is in."""
    return parse_timezone(symbol.rollover_timezone)


def _lead_ns(symbol: Symbol) -> int:
    # The day that ends at 00:00 is the one just begun: its date is that of its hours, not that of its end.
    seconds = rollover_seconds(symbol)
    return (86400 - seconds) * NS_PER_SECOND if seconds else 0


def trading_day(symbol: Symbol, open_time_ns: Ints) -> Ints:
    """The trading day of each bar.

    Args:
        symbol: gives the rollover and its zone.
        open_time_ns: bars' opens, UTC ns, shape (n,).

    Returns:
        Days since 1970-01-01 of the local date on which each bar's trading day ends (for a rollover at 00:00,
        the date that the day covers), shape (n,).
    """
    if not len(open_time_ns):
        return np.zeros(0, np.int64)
    if rollover_seconds(symbol) == 0 and not (open_time_ns[:3] % NS_PER_DAY).any():
        days = open_time_ns // NS_PER_DAY
        if np.array_equal(days * NS_PER_DAY, open_time_ns):
            return days
    return (from_utc(rollover_zone(symbol), open_time_ns) + _lead_ns(symbol)) // NS_PER_DAY


def day_open_ns(symbol: Symbol, days: Ints) -> Ints:
    """When the given trading days begin, UTC ns: the rollover before each of them."""
    return to_utc(rollover_zone(symbol), days * NS_PER_DAY - _lead_ns(symbol), check=False)


@lru_cache(maxsize=64)
def day_opens(symbol: Symbol, first_day: int, last_day: int) -> Ints:
    """When each trading day from `first_day` to `last_day` begins, UTC ns; kept, and read-only."""
    opens = day_open_ns(symbol, np.arange(first_day, last_day + 1))
    opens.flags.writeable = False
    return opens


def week_start(days: Ints) -> Ints:
    """Day number of the Monday on or before each day."""
    return (days + _MONDAY_SHIFT) // 7 * 7 - _MONDAY_SHIFT


def swap_nights(symbol: Symbol, open_time_ns: Ints) -> Floats:
    """Weighted nights up to each bar; a position held from bar i to bar j pays `out[j] - out[i]` of them.

    Crossing the rollover that ends a weekday counts one night, that of `triple_swap_weekday` three and those
    of Saturday and Sunday none; with `triple_swap_weekday` None every calendar night counts once.

    Args:
        symbol: gives rollover, zone and the triple weekday.
        open_time_ns: bars' opens, UTC ns, shape (n,).

    Returns:
        Cumulative nights from an arbitrary start, shape (n,).
    """
    days = trading_day(symbol, open_time_ns)
    if symbol.triple_swap_weekday is None:
        return days.astype(np.float64)
    weights = np.array([1, 1, 1, 1, 1, 0, 0])
    weights[symbol.triple_swap_weekday] = 3
    before = np.concatenate(([0], np.cumsum(weights)[:-1]))
    # Bars of one day share their count, so the table is read once a day, not once a bar.
    first = int(days.min()) if len(days) else 0
    every = np.arange(first, int(days.max()) + 1 if len(days) else 0)
    shifted = every + _MONDAY_SHIFT
    counts = (shifted // 7) * int(weights.sum()) + before[shifted % 7]
    nights: Floats = counts.astype(np.float64)[days - first]
    return nights
