"""Which clock wrote a file? The market's own opening hours tell.

FX opens on Sunday at 17:00 and closes on Friday at 17:00 in New York, summer and winter; an exchange opens and closes
by its calendar. Read with the right zone, every week (every day) of the file opens and closes then; read with a wrong
one, weeks between the switching dates do not. Where several clocks explain a file equally well, all of them are named.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from trading_ai.market.calendar import NS_PER_DAY
from trading_ai.market.exchange_sessions import sessions
from trading_ai.market.opening_hours import HOUR, MINUTE, OpeningHours, SessionHours, WeekHours, weight
from trading_ai.market.symbol import Symbol
from trading_ai.market.timeframe import NS_PER_SECOND
from trading_ai.market.timezones import Zone, parse_timezone

Ints = npt.NDArray[np.int64]

# Where several clocks explain a file equally well, the earlier one is taken (and the others are said).
CANDIDATES = (
    "UTC",
    "NY+7",
    "EET",
    "America/New_York",
    "UTC-5",
    "EET-7",
    "Europe/London",
    "Europe/Berlin",
    "UTC+1",
    "UTC+2",
    "UTC+3",
    "America/Chicago",
    "UTC-4",
    "Asia/Tokyo",
    "UTC+8",
)
_DAYS = ("Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed")
_ENOUGH = {"fx": 0.6, "metal": 0.6}
_ENOUGH_OF_OTHERS = 0.7
_BIN = 30 * MINUTE
_NIGHTS = 3
_SHIFT = 30 * MINUTE  # clocks differ by no less
_NIGHT = 5  # empty bins in a row that make a night; a broker's daily pause is of one hour


@dataclass(frozen=True)
class TimezoneEvidence:
    """What the opening hours say about a file's clock.

    Attributes:
        zone: the clock that explains the file best, or None where nothing decides.
        sentence: the evidence in words.
        hits: opens and closes explained, by candidate.
        n_weeks: weekends (nights, for a market in sessions) looked at: one open and one close each.
        equals: other candidates that explain just as many.
        weekly_opens: how often each local time of week opened a week, most frequent first.
        hours: the opens and closes compared, or None where there are none.
        at_end: whether `zone` explains the file only if its times are the ends of bars.
    """

    zone: Zone | None
    sentence: str
    hits: dict[str, tuple[int, int]] = field(default_factory=dict)
    n_weeks: int = 0
    equals: tuple[str, ...] = ()
    weekly_opens: dict[str, int] = field(default_factory=dict)
    hours: OpeningHours | None = field(default=None, compare=False, repr=False)
    at_end: bool = False

    def contradicts(self, zone: Zone) -> bool:
        """Whether `zone` explains clearly less (more than one open or close) than the best candidate.

        A night or two of a market in sessions prove nothing: hours of a broker's own may look like another clock's.
        """
        if self.zone is None or self.at_end:
            return False
        if isinstance(self.hours, SessionHours) and self.n_weeks < _NIGHTS:
            return False
        return weight(self.hits[self.zone.name]) - weight(self.hits.get(zone.name, (0, 0))) >= 3

    def end_hits(self, zone: Zone) -> int:
        """Opens and closes that `zone` explains if the times are the ends of bars; 0 where they do not look like it."""
        return self.hours.end_hits(zone) if self.hours is not None else 0

    def says_ends(self, zone: Zone) -> bool:
        """Whether the times look like the ends of bars on the clock of `zone`."""
        return self.end_hits(zone) > 0

    def says_of(self, zone: Zone) -> str:
        """How well `zone` explains the file, in words."""
        return f"{zone} explains {_counted(self.hits.get(zone.name, (0, 0)), self.n_weeks)}"


def _counted(hits: tuple[int, int], n_weeks: int) -> str:
    return f"{hits[0]} of {n_weeks} opens and {hits[1]} of {n_weeks} closes"


def detect_timezone(
    open_local: Ints, symbol: Symbol, *, length_ns: int = 0, also: tuple[Zone, ...] = ()
) -> TimezoneEvidence:
    """Judge by the market's opening hours which clock wrote the times.

    Args:
        open_local: bars' opens on the file's clock, ns, shape (n,), in any order.
        symbol: its kind and exchange say which hours the market keeps; crypto and others have none.
        length_ns: a bar's length; 0 takes the commonest spacing.
        also: zones to judge besides `CANDIDATES`; on a draw they are preferred, the first first.

    Returns:
        The best candidate, or zone None with the reason in the sentence.
    """
    times = open_local if bool((open_local[1:] >= open_local[:-1]).all()) else np.sort(open_local)
    length_ns = length_ns or _commonest(np.diff(times))
    hours = _hours(times, symbol, length_ns)
    if isinstance(hours, str):
        return TimezoneEvidence(None, hours)
    zones = dict.fromkeys(CANDIDATES)
    if isinstance(hours, SessionHours):  # the exchange's own clock is the likeliest
        zones = dict.fromkeys((hours.sessions.timezone, *CANDIDATES))
    named = {zone.name: zone for zone in (*also, *(parse_timezone(name) for name in zones))}
    share = _ENOUGH.get(symbol.kind, _ENOUGH_OF_OTHERS)
    found = _evidence(hours, named, share)
    likely = max(named.values(), key=hours.end_hits)  # the first of equals
    ends = likely if hours.end_hits(likely) else None
    explained = 0 if found.zone is None else sum(found.hits[found.zone.name])
    # Ends of half hours and hours on one clock are opens on another: there the clock is named, with the same result.
    if ends is not None and not _SHIFT <= length_ns <= HOUR and hours.end_hits(ends) > explained:
        return _at_end(hours, ends, found)
    if found.zone is not None:
        return found
    # An unusual clock: any fixed offset, any shift of New York.
    halves = [f"UTC{'+' if h >= 0 else '-'}{abs(h) // 2}:{abs(h) % 2 * 30:02d}" for h in range(-24, 29)]
    shifts = [f"NY{h:+d}" for h in range(-8, 15) if h]
    unusual = {zone.name: zone for zone in map(parse_timezone, halves + shifts)}
    if ends is not None and length_ns <= HOUR:
        later = _later(ends, length_ns)
        unusual[later.name] = later
    other = _evidence(hours, named | unusual, share)
    if other.zone is None and ends is not None:
        return _at_end(hours, ends, found)
    return other if other.zone is not None else found


def _later(zone: Zone, by_ns: int) -> Zone:
    """The clock that is ahead of another by some minutes."""
    shift = zone.shift_seconds + by_ns // NS_PER_SECOND
    hours, minutes = divmod(abs(shift) // 60, 60)
    base = {"America/New_York": "NY", "Europe/Helsinki": "EET", "": "UTC"}.get(zone.base, zone.base)
    return parse_timezone(f"{base}{'-' if shift < 0 else '+'}{hours}:{minutes:02d}")


def _hours(times: Ints, symbol: Symbol, length_ns: int) -> OpeningHours | str:
    """The file's opens and closes and the market's, or why there are none."""
    if symbol.kind in {"crypto", "other"} and not symbol.exchange:
        return f"{symbol.name} ({symbol.kind}) has no weekly open that would tell the clock"
    if length_ns <= 0 or length_ns >= NS_PER_DAY:
        return "daily or longer bars say nothing about the hour"
    night = _night(times, length_ns)
    steps = np.diff(times)
    if not night:
        if symbol.kind not in {"fx", "metal", "index", "future"}:
            return f"{symbol.name} ({symbol.kind}) trades around the clock in this file, so no open tells the clock"
        breaks = np.flatnonzero((steps > NS_PER_DAY) & (steps < 5 * NS_PER_DAY))
        if not len(breaks):
            return "the file holds no weekend, so no weekly open tells the clock"
        # An index of New York's hours; those of other countries' brokers merely resemble them.
        abroad = symbol.kind in {"index", "future"} and symbol.exchange not in {"", "XNYS", "CMES"}
        return WeekHours(times[breaks + 1], times[breaks], length_ns, symbol.kind, abroad)
    if symbol.kind in {"fx", "metal"} or not symbol.exchange:
        advice = "" if symbol.kind in {"fx", "metal"} else "; exchange= (--exchange XETR, say) names one"
        return f"the file holds hours of the day only, and {symbol.name} ({symbol.kind}) has no known exchange{advice}"
    breaks = np.flatnonzero((steps > max(night - 90 * MINUTE, length_ns)) & (steps < 5 * NS_PER_DAY))
    if not len(breaks):
        return "the file holds no night, so no open tells the clock"
    found = sessions(symbol.exchange, int(times[0]), int(times[-1]))
    if not found.covers(int(times[0]) // NS_PER_DAY, int(times[-1]) // NS_PER_DAY):
        return f"the calendar of {symbol.exchange} does not reach over the file"
    return SessionHours(times[breaks + 1], times[breaks], length_ns, found)


def _night(times: Ints, length_ns: int) -> int:
    """How long the file is silent every day, ns; 0 where it is not."""
    if len(times) < 2 or times[-1] - times[0] < 2 * NS_PER_DAY:
        return 0
    bins = NS_PER_DAY // _BIN
    covered = max(1, -(-length_ns // _BIN))
    counts = np.bincount((times % NS_PER_DAY // _BIN).astype(np.int64), minlength=bins)
    busy = sum(np.roll(counts, k) for k in range(covered))
    silent = np.asarray(busy < 0.05 * np.max(busy))
    if silent.all() or not silent.any():
        return 0
    start = int(np.flatnonzero(~silent)[0])  # so that no silence wraps around
    longest = run = 0
    for is_silent in np.roll(silent, -start).tolist():
        run = run + 1 if is_silent else 0
        longest = max(longest, run)
    return longest * _BIN if longest >= _NIGHT else 0


def _evidence(hours: OpeningHours, zones: dict[str, Zone], share: float) -> TimezoneEvidence:
    n = len(hours.opened)
    hits = {name: hours.hits(zone) for name, zone in zones.items()}
    seen = _weekly_opens(hours.opened)
    best = max(hits, key=lambda name: weight(hits[name]))  # the first of equals
    top = weight(hits[best])
    equals = tuple(name for name in hits if weight(hits[name]) == top and name != best)
    runner = max((k for k in hits if weight(hits[k]) < top), key=lambda k: weight(hits[k]), default="")
    second = weight(hits[runner]) if runner else 0
    # Opens or closes alone are enough where they single out one clock: the other end may be cut off.
    alone = not hours.needs_both and max(hits[best]) >= share * n and top >= 1.4 * second
    enough = min(hits[best]) >= share * n if hours.needs_both else top >= share * 3 * n
    common = ", ".join(f"{label} ({count}x)" for label, count in list(seen.items())[:2])
    if not n or not (enough or alone):
        sentence = (
            f"no clock explains the market's opens and closes ({hours.shown}): the best, {best}, explains "
            f"{_counted(hits[best], n)} (on the file's own clock trading begins at {common})"
        )
        return TimezoneEvidence(None, sentence, hits, n, equals, seen, hours)
    sentence = (
        f"{best} explains {_counted(hits[best], n)} of the market ({hours.shown}; on the file's own clock "
        f"trading begins at {common})"
    )
    if runner:
        sentence += f"; next best {runner}: {hits[runner][0]} and {hits[runner][1]}"
    if equals:
        sentence += f"; as good on these dates: {', '.join(equals[:4])}"
    return TimezoneEvidence(zones[best], sentence, hits, n, equals, seen, hours)


def _at_end(hours: OpeningHours, zone: Zone, found: TimezoneEvidence) -> TimezoneEvidence:
    common = ", ".join(f"{label} ({count}x)" for label, count in list(found.weekly_opens.items())[:2])
    sentence = (
        f"{zone} explains the market's opens and closes ({hours.shown}) if the times are the ends of bars: on the "
        f"file's own clock trading begins at {common}, one bar after the open, and ends with the close"
    )
    return TimezoneEvidence(zone, sentence, found.hits, found.n_weeks, (), found.weekly_opens, hours, at_end=True)


def _commonest(steps: Ints) -> int:
    positive = steps[steps > 0][:100_000]
    if not len(positive):
        return 0
    values, counts = np.unique(positive, return_counts=True)
    return int(values[counts.argmax()])


def _weekly_opens(opened: Ints) -> dict[str, int]:
    minutes = opened // MINUTE
    labels = Counter(
        f"{_DAYS[int(minute // 1440 % 7)]} {int(minute % 1440 // 60):02d}:{int(minute % 60):02d}" for minute in minutes
    )
    return dict(labels.most_common(8))
