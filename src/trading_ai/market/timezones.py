"""Time zones of data files: reading their names, and turning local times into UTC.

A zone is an IANA zone (or none) plus a fixed shift. That covers the two clocks of FX brokers which have no
name of their own: ``NY+7`` (New York plus seven hours, so that the trading day ends at midnight; US daylight
saving) and ``EET-7``, (New York's hours switched on European dates). ``EET`` itself switches on European
dates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.errors import DataError
from trading_ai.market.timeframe import NS_PER_SECOND

Ints = npt.NDArray[np.int64]

_SECONDS_PER_DAY = 86400
_ALIASES = {
    "NY": "America/New_York",
    "NEW_YORK": "America/New_York",
    "EST5EDT": "America/New_York",
    "ET": "America/New_York",
    "LONDON": "Europe/London",
    "EET": "Europe/Helsinki",
    "CET": "Europe/Berlin",
    "TOKYO": "Asia/Tokyo",
    "UTC": "UTC",
    "GMT": "UTC",
    "Z": "UTC",
    "ZULU": "UTC",
}
# "EST" is what data vendors call New York's winter clock kept all year.
_FIXED = {"EST": -5, "CST": -6, "MST": -7, "PST": -8, "JST": 9}
_LONGER_THAN_A_REPEATED_HOUR = 3 * 3600 * NS_PER_SECOND
_REMEDY = (
    "Use UTC, a fixed offset such as UTC-5 or EST, an IANA name such as America/New_York, "
    "or a broker's clock: NY+7, EET, EET-7"
)


@dataclass(frozen=True)
class Zone:
    """The clock that a file's times were written by.

    Attributes:
        name: how it is shown, such as ``"NY+7"``.
        base: IANA name whose daylight saving it follows, or "" for none.
        shift_seconds: seconds added to the base's local time.
    """

    name: str
    base: str
    shift_seconds: int

    @override
    def __str__(self) -> str:
        return self.name

    def transitions(self, first_year: int, last_year: int) -> tuple[Ints, Ints]:
        """UTC instants (ns) from which an offset holds, and the offsets (ns)."""
        at, offsets = _transitions(self.base, first_year, last_year)
        return at, offsets + self.shift_seconds * NS_PER_SECOND


@lru_cache(maxsize=64)
def _transitions(base: str, first_year: int, last_year: int) -> tuple[Ints, Ints]:
    if not base:
        return np.zeros(1, np.int64), np.zeros(1, np.int64)
    zone = ZoneInfo(base)

    def offset(seconds: int) -> int:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        delta = moment.astimezone(zone).utcoffset()
        return 0 if delta is None else int(delta.total_seconds())

    start = int(datetime(first_year, 1, 1, tzinfo=UTC).timestamp())
    end = int(datetime(last_year + 1, 1, 1, tzinfo=UTC).timestamp())
    at, offsets = [start], [offset(start)]
    # No zone changes twice within a week, so one look a week finds every change and bisection its second.
    for later in range(start + 7 * _SECONDS_PER_DAY, end + 7 * _SECONDS_PER_DAY, 7 * _SECONDS_PER_DAY):
        now = offset(later)
        if now != offsets[-1]:
            old = offsets[-1]
            same, changed = later - 7 * _SECONDS_PER_DAY, later
            while changed - same > 1:
                middle = (same + changed) // 2
                same, changed = (middle, changed) if offset(middle) == old else (same, middle)
            at.append(changed)
            offsets.append(now)
    return np.array(at, np.int64) * NS_PER_SECOND, np.array(offsets, np.int64) * NS_PER_SECOND


def parse_timezone(text: str | Zone) -> Zone:
    """Read a time zone option.

    Args:
        text: ``UTC``; ``UTC-5``, ``GMT+2`` (east is positive), ``+05:30``; ``EST`` (UTC-5 all year); an IANA
            name; ``NY`` or any of these with a shift in hours: ``NY+7``, ``EET-7``, ``Europe/London+2``.

    Raises:
        DataError: no such zone.
    """
    if isinstance(text, Zone):
        return text
    stripped = text.strip()
    key = stripped.upper()
    if key in _FIXED:
        return Zone(key, "", _FIXED[key] * 3600)
    if base := _base(stripped):
        return Zone("UTC" if base == "UTC" else stripped if "/" in stripped else key, _daylight(base), 0)
    match = re.fullmatch(r"(.*?)\s*([+-])\s*(\d{1,2})(?::?([0-5]\d))?\s*H?", stripped, re.IGNORECASE)
    if match:
        head, sign, hours, minutes = match.groups()
        shift = (int(hours) * 3600 + int(minutes or 0) * 60) * (1 if sign == "+" else -1)
        base = _base(head) if head else "UTC"
        if base and abs(shift) <= 14 * 3600:
            label = (head.upper() if "/" not in head else head) if base != "UTC" else "UTC"
            suffix = f"{sign}{int(hours)}" + (f":{minutes}" if minutes and int(minutes) else "")
            return Zone(label + suffix if shift else label, _daylight(base), shift)
    raise DataError("is not a known time zone", parameter="timezone", value=text, remedy=_REMEDY)


def _daylight(base: str) -> str:
    return "" if base == "UTC" else base


@cache
def _iana_names() -> dict[str, str]:
    return {name.upper(): name for name in available_timezones()}


def _base(text: str) -> str:
    """The IANA name meant by `text`, or ""."""
    if text.upper() in _ALIASES:
        return _ALIASES[text.upper()]
    if "/" not in text:
        return ""  # only names with a region are unmistakable; the useful short ones are aliases above
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return _iana_names().get(text.upper(), "")


def _years(time_ns: Ints) -> tuple[int, int]:
    low, high = (int(value.astype("datetime64[Y]").astype(int)) + 1970 for value in _extremes(time_ns))
    return max(1902, low - 1), min(2200, high + 1)


def _extremes(time_ns: Ints) -> npt.NDArray[np.datetime64]:
    return np.array([time_ns.min(), time_ns.max()]).astype("datetime64[ns]")


def _looked_up(boundaries: Ints, values: Ints, time_ns: Ints, *, ascending: bool) -> Ints:
    """`values[k]` for each time, where `boundaries[k] <= time < boundaries[k + 1]`."""
    if len(values) == 1:
        return np.full(time_ns.shape, values[0])
    if ascending:  # few boundaries into many sorted times is far cheaper than the reverse
        cuts = np.searchsorted(time_ns, boundaries[1:], side="left")
        lengths = np.diff(np.concatenate(([0], cuts, [len(time_ns)])))
        return np.repeat(values, lengths)
    return values[np.maximum(np.searchsorted(boundaries, time_ns, side="right") - 1, 0)]


def utc_offsets(zone: Zone, time_ns: Ints) -> Ints:
    """The zone's offset from UTC (ns) at each UTC time (ns), shape (n,)."""
    if not len(time_ns):
        return np.zeros(0, np.int64)
    at, offsets = zone.transitions(*_years(time_ns))
    ascending = bool((time_ns[1:] >= time_ns[:-1]).all())
    return _looked_up(at, offsets, time_ns, ascending=ascending)


def from_utc(zone: Zone, time_ns: Ints) -> Ints:
    """Local time (ns since 1970 on the zone's clock) of UTC times."""
    local: Ints = time_ns + utc_offsets(zone, time_ns)
    return local


def to_utc(zone: Zone, local_ns: Ints, *, check: bool = True) -> Ints:
    """UTC of local times.

    An hour that the clock shows twice (autumn) is read in file order: its first pass up to the row where the
    time steps back, its second pass from there on. Where each pass holds one row (H1 bars), the second of two
    equal times is the second pass. Without a second pass in the file it is the first. A file that runs from new
    to old is read from its end.

    Args:
        zone: the clock.
        local_ns: local times, ns since 1970 on that clock, in file order.
        check: refuse times that the zone's clock never shows; False maps them to the hour after the change.

    Raises:
        DataError: a time never shown by that clock (spring), or a repeated hour that steps back more than
            once.
    """
    if not len(local_ns):
        return np.zeros(0, np.int64)
    if _runs_backwards(local_ns):
        return to_utc(zone, local_ns[::-1], check=check)[::-1].copy()
    at, offsets = zone.transitions(*_years(local_ns))
    ascending = bool((local_ns[1:] >= local_ns[:-1]).all())
    before, after = offsets[:-1], offsets[1:]
    # A repeated hour belongs to the offset before the change (its first pass), a skipped one to that after
    # it.
    boundaries = np.concatenate((at[:1], at[1:] + before))
    utc: Ints = local_ns - _looked_up(boundaries, offsets, local_ns, ascending=ascending)
    for change, old, new in zip(at[1:], before, after, strict=True):
        low, high = change + min(old, new), change + max(old, new)
        rows = _rows_between(local_ns, low, high, ascending=ascending)
        if not len(rows):
            continue
        if new > old:
            if check:
                raise _never_shown(zone, int(local_ns[rows[0]]))
            continue
        times = local_ns[rows]
        back = np.flatnonzero(times[1:] < times[:-1]) + 1
        if len(back) > 1 and check:
            raise DataError(
                "the hour that the clock shows twice steps back more than once, so its two passes cannot be told apart",
                parameter="timezone",
                value=f"{_shown(int(times[back[1]]))} in {zone}",
                remedy="Sort the file by its true time, or export it in UTC",
            )
        if not len(back) and len(times) == 2 and times[0] == times[1]:
            back = np.array([1])  # one bar an hour: both passes open at the same time
        if len(back):
            utc[rows[back[0] :]] += old - new
    return utc


def _runs_backwards(local_ns: Ints) -> bool:
    """Whether the file runs from new to old: most steps go back, few forward (as where an hour is shown twice)."""
    if local_ns[0] - local_ns[-1] <= _LONGER_THAN_A_REPEATED_HOUR:
        return False
    return int((local_ns[1:] < local_ns[:-1]).sum()) > 0.9 * (len(local_ns) - 1)


def _rows_between(local_ns: Ints, low: int, high: int, *, ascending: bool) -> Ints:
    if ascending:
        first, stop = np.searchsorted(local_ns, [low, high])
        return np.arange(first, stop)
    return np.flatnonzero((local_ns >= low) & (local_ns < high))


def _shown(time_ns: int) -> str:
    return str(np.datetime64(time_ns, "ns").astype("datetime64[s]")).replace("T", " ")


def _never_shown(zone: Zone, local: int) -> DataError:
    return DataError(
        f"the clock of {zone} never shows this time (it skips that hour in spring), so the time zone is wrong",
        parameter="timezone",
        value=_shown(local),
        remedy="Try UTC or a fixed offset such as UTC-5",
    )
