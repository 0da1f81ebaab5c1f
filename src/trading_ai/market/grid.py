"""Where bars of two to twelve hours begin: a grid of hours that starts with the symbol's trading day.

H4 bars of FX begin at 17:00, 21:00, 01:00, 05:00, 09:00 and 13:00 in New York, in winter as in summer, so that six of
them make a D1 bar and none is a stub of a Sunday or a Friday. The hours are those that the wall clock shows: the bar in
which the clock is put forward lasts an hour less, the one in which it is put back an hour more (for FX that is within
the weekend). Bars of an hour and less lie on the UTC grid.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from trading_ai.errors import DataError
from trading_ai.market.calendar import rollover_seconds, rollover_zone
from trading_ai.market.symbol import Symbol
from trading_ai.market.timeframe import NS_PER_SECOND, Timeframe
from trading_ai.market.timezones import Zone, from_utc, parse_timezone, to_utc

if TYPE_CHECKING:
    from trading_ai.market.bars import Bars

Ints = npt.NDArray[np.int64]

_HOUR_SECONDS = 3600
_MOST_OFF = 0.05
"""Share of bars that may lie off a grid that the others lie on: the first bar of each week, say."""

USUAL = ("17:00 America/New_York", "UTC", "EET", "00:00 America/New_York", "Europe/London", "Europe/Berlin")
"""Day starts whose grids files of H2 to H12 are found on; the symbol's own comes before them."""


def on_day_grid(timeframe: Timeframe) -> bool:
    """Whether bars of that length lie on the grid of the trading day: H2 to H12."""
    return _HOUR_SECONDS < timeframe.seconds < 86400


def parse_day_start(text: str) -> tuple[str, str]:
    """Read when a trading day starts: the time of day ``HH:MM`` and the zone that it is in, "" for the symbol's own.

    Args:
        text: ``17:00 America/New_York``, ``17:00`` (in the symbol's zone), or a zone alone for its midnight: ``UTC``,
            ``NY+7``.

    Raises:
        DataError: it is neither.
    """
    time, _, zone = text.strip().partition(" ")
    match = re.fullmatch(r"(\d{1,2}):([0-5]\d)", time)
    if match and int(match[1]) < 24:
        clock, zone = f"{int(match[1]):02d}:{match[2]}", zone.strip()
    else:
        clock, zone = "00:00", text.strip()
    try:
        if zone or not match:
            parse_timezone(zone)
    except DataError as error:
        raise DataError(
            "must be a time of day and a zone, or a zone alone for its midnight",
            parameter="day_start",
            value=text,
            remedy="Such as '17:00 America/New_York', NY+7 or UTC",
        ) from error
    return clock, zone


def with_day_start(symbol: Symbol, day_start: str | None) -> Symbol:
    """The symbol with its trading day starting as `parse_day_start` reads it; None leaves it as it is."""
    if day_start is None:
        return symbol
    clock, zone = parse_day_start(day_start)
    return replace(symbol, rollover=clock, rollover_timezone=zone or symbol.rollover_timezone)


def day_start_text(symbol: Symbol) -> str:
    """When the symbol's trading day starts, as `parse_day_start` reads it."""
    zone = rollover_zone(symbol)
    return "UTC" if rollover_seconds(symbol) == 0 and zone.name == "UTC" else f"{symbol.rollover} {zone}"


def grid_opens(symbol: Symbol, open_time_ns: Ints, timeframe: Timeframe) -> Ints:
    """When the H2 to H12 bar begins that each moment lies in, UTC ns.

    Args:
        symbol: gives the start of the trading day and its zone.
        open_time_ns: moments, UTC ns, ascending, shape (n,).
        timeframe: a length that divides a day.
    """
    if not len(open_time_ns):
        return np.zeros(0, np.int64)
    zone, start = rollover_zone(symbol), rollover_seconds(symbol) * NS_PER_SECOND
    bins = _floor(from_utc(zone, open_time_ns), start, timeframe.ns)
    changes = _changes(zone, open_time_ns)
    for at, old, new in changes:
        if new < old:  # what the clock shows for the second time lies in no bar before the one that it left
            first, stop = np.searchsorted(open_time_ns, [at, at + old - new])
            bins[first:stop] = np.maximum(bins[first:stop], _floor(np.int64(at + old - 1), start, timeframe.ns))
    begins = np.flatnonzero(np.concatenate(([True], bins[1:] != bins[:-1])))
    local = bins[begins]
    opens = to_utc(zone, local, check=False)
    for at, old, new in changes:
        if new > old:  # a bar that would begin at an hour that the clock skips begins where it goes on
            opens[(local >= at + old) & (local < at + new)] = at
    return np.repeat(opens, np.diff(np.concatenate((begins, [len(open_time_ns)]))))


def _floor(local: Ints | np.int64, start: int, length: int) -> Ints:
    return np.asarray((local - start) // length * length + start, dtype=np.int64)


def _changes(zone: Zone, time_ns: Ints) -> list[tuple[int, int, int]]:
    """When the zone's clock changes around these times: UTC ns, offset before, offset after (ns)."""
    first, last = (int(t.astype("datetime64[Y]").astype(int)) + 1970 for t in time_ns[[0, -1]].astype("datetime64[ns]"))
    at, offsets = zone.transitions(max(1902, first - 1), min(2200, last + 1))
    return [(int(at[i]), int(offsets[i - 1]), int(offsets[i])) for i in range(1, len(at))]


def share_off(symbol: Symbol, bars: Bars, timeframe: Timeframe) -> float:
    """Share of the bars that begin in one bar of that grid and end in another, 0..1."""
    opens = bars.open_time_ns
    if not len(opens):
        return 0.0
    step = 900  # every zone's offset is a multiple of it
    if step % bars.timeframe.seconds == 0 and rollover_seconds(symbol) % bars.timeframe.seconds == 0:
        return 0.0
    begins = grid_opens(symbol, opens, timeframe)
    ends = grid_opens(symbol, opens + bars.timeframe.ns - 1, timeframe)
    # The last bar of a 23-hour day ends an hour late by its length: it is on the grid all the same.
    crossed = (begins != ends) & (begins != opens)
    return float(crossed.mean())


def own_grid(bars: Bars) -> str | None:
    """The day start whose grid H2 to H12 bars lie on, or None where that is none of the usual ones.

    Of several that fit, the symbol's own counts, then the first of `USUAL`.
    """
    if not on_day_grid(bars.timeframe) or not len(bars):
        return None

    def off(text: str) -> float:
        opens = grid_opens(with_day_start(bars.symbol, text), bars.open_time_ns, bars.timeframe)
        return float((opens != bars.open_time_ns).mean())

    shares = {text: off(text) for text in (day_start_text(bars.symbol), *USUAL)}
    best = min(shares, key=lambda text: shares[text])
    return best if shares[best] <= _MOST_OFF else None


def grid_symbol(bars: Bars, timeframe: Timeframe, day_start: str | None) -> Symbol:
    """The symbol whose trading day gives the grid on which bars are joined.

    Bars that are cut by the grid of the symbol's day cannot be joined on it; where nobody asked for that grid, they
    are joined on the one that they lie on themselves.

    Args:
        bars: the source.
        timeframe: the length of the joined bars, H2 to H12.
        day_start: what was asked for, see `parse_day_start`; None for the symbol's own.

    Raises:
        DataError: the grid asked for cuts the bars, or none of the usual ones does not.
    """
    asked = with_day_start(bars.symbol, day_start)
    if share_off(asked, bars, timeframe) <= _MOST_OFF:
        return asked
    own = own_grid(bars)
    if day_start is None:
        others = [with_day_start(bars.symbol, text) for text in ((own,) if own is not None else USUAL)]
        best = min(others, key=lambda other: share_off(other, bars, timeframe))
        if share_off(best, bars, timeframe) <= _MOST_OFF:
            return best
    raise DataError(
        f"{timeframe} bars that begin with this day would cut the {bars.timeframe} bars",
        parameter="day_start",
        value=day_start_text(asked) if day_start is None else day_start,
        remedy="Import finer bars, or state a day start that does not cut them" + (f", such as {own}" if own else ""),
    )
