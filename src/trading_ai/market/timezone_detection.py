"""Which clock wrote a file? The market's own opening hours tell.

FX opens on Sunday at 17:00 and closes on Friday at 17:00 in New York, summer and winter. Read with the right zone,
every week of the file opens and closes then; read with a wrong one, weeks between the switching dates do not.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from trading_ai.market.calendar import NS_PER_DAY
from trading_ai.market.symbol import Symbol
from trading_ai.market.timeframe import NS_PER_SECOND
from trading_ai.market.timezones import Zone, from_utc, parse_timezone, to_utc

Ints = npt.NDArray[np.int64]

# Where several clocks explain a file equally well, the earlier one is named.
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
_MINUTE = 60 * NS_PER_SECOND
_HOUR = 60 * _MINUTE
_LATE = 15 * _MINUTE  # the first tick of a week may take a while, the last may come early
_WEEK = 7 * NS_PER_DAY
_SUNDAY, _FRIDAY = 3 * NS_PER_DAY, NS_PER_DAY  # 1970-01-04 and 1970-01-02
_DAYS = ("Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed")
_ENOUGH = {"fx": 0.6, "metal": 0.6, "index": 0.7, "stock": 0.7}
# (open, close) in New York; brokers differ on metals and indices.
_HOURS: dict[str, tuple[tuple[int, int], ...]] = {
    "fx": ((17 * _HOUR, 17 * _HOUR),),
    "metal": ((18 * _HOUR, 17 * _HOUR), (17 * _HOUR, 17 * _HOUR)),
    "index": ((18 * _HOUR, 17 * _HOUR), (17 * _HOUR, 17 * _HOUR), (18 * _HOUR, 16 * _HOUR + 15 * _MINUTE)),
    "stock": ((9 * _HOUR + 30 * _MINUTE, 16 * _HOUR),),
}


@dataclass(frozen=True)
class TimezoneEvidence:
    """What the opening hours say about a file's clock.

    Attributes:
        zone: the clock that explains the file best, or None where nothing decides.
        sentence: the evidence in words.
        hits: opens and closes explained, by candidate.
        total: opens and closes looked at.
        equals: other candidates that explain just as many.
        weekly_opens: how often each local time of week opened a week, most frequent first.
    """

    zone: Zone | None
    sentence: str
    hits: dict[str, int] = field(default_factory=dict)
    total: int = 0
    equals: tuple[str, ...] = ()
    weekly_opens: dict[str, int] = field(default_factory=dict)

    def contradicts(self, zone: Zone) -> bool:
        """Whether `zone` explains clearly fewer opens and closes (two or more) than the best candidate."""
        if self.zone is None:
            return False
        return self.hits[self.zone.name] - self.hits.get(zone.name, 0) >= 2

    def says_of(self, zone: Zone) -> str:
        """How well `zone` explains the file, in words."""
        return f"{zone} explains {self.hits.get(zone.name, 0)} of {self.total} opens and closes"


def detect_timezone(
    open_local: Ints, symbol: Symbol, *, length_ns: int = 0, also: tuple[Zone, ...] = ()
) -> TimezoneEvidence:
    """Judge by the market's opening hours which clock wrote the times.

    Args:
        open_local: bars' opens on the file's clock, ns, shape (n,), in any order.
        symbol: FX, metal, index or US stock; other kinds have no common opening hour.
        length_ns: a bar's length; 0 takes the commonest spacing.
        also: zones to judge besides `CANDIDATES`; on a draw they are preferred, the first first.

    Returns:
        The best candidate, or zone None with the reason in the sentence.
    """
    if symbol.kind not in _HOURS:
        return TimezoneEvidence(None, f"{symbol.name} ({symbol.kind}) has no weekly open that would tell the clock")
    times = open_local if bool((open_local[1:] >= open_local[:-1]).all()) else np.sort(open_local)
    steps = np.diff(times)
    if not length_ns:
        length_ns = _commonest(steps)
    if length_ns <= 0 or length_ns >= NS_PER_DAY:
        return TimezoneEvidence(None, "daily or longer bars say nothing about the hour")
    daily = symbol.kind == "stock"
    # A stock's night is 17.5 hours, an FX weekend 48; longer holes are holes in the file, not weekends.
    breaks = np.flatnonzero((steps > (12 * _HOUR if daily else NS_PER_DAY)) & (steps < 5 * NS_PER_DAY))
    opened, last = times[breaks + 1], times[breaks]
    seen = _weekly_opens(opened)
    if len(breaks) < 1:
        return TimezoneEvidence(None, "the file holds no weekend, so no weekly open tells the clock")
    zones = {zone.name: zone for zone in (*also, *(parse_timezone(name) for name in CANDIDATES))}
    period = NS_PER_DAY if daily else _WEEK
    hits = {
        name: max(
            _explained(zone, opened, last, length_ns, period, hours, daily=daily) for hours in _HOURS[symbol.kind]
        )
        for name, zone in zones.items()
    }
    total = 2 * len(breaks)
    best = max(hits, key=lambda name: hits[name])  # the first of equals
    equals = tuple(name for name in hits if hits[name] == hits[best] and name != best)
    where = "daily opens and closes" if daily else "weekly opens and closes"
    common = ", ".join(f"{label} ({count}x)" for label, count in list(seen.items())[:2])
    if hits[best] < _ENOUGH[symbol.kind] * total:
        sentence = (
            f"no clock explains the {where}: the best, {best}, fits {hits[best]} of {total} "
            f"(the file's weeks open at {common})"
        )
        return TimezoneEvidence(None, sentence, hits, total, equals, seen)
    runner = max((n for n in hits if hits[n] < hits[best]), key=lambda name: hits[name], default="")
    sentence = (
        f"{best} explains {hits[best]} of {total} {where} (the market opens at {_clock(symbol)} New York; "
        f"the file's own clock shows {common})"
    )
    if runner:
        sentence += f"; next best {runner} with {hits[runner]}"
    if equals:
        sentence += f"; as good on these dates: {', '.join(equals)}"
    return TimezoneEvidence(zones[best], sentence, hits, total, equals, seen)


def _clock(symbol: Symbol) -> str:
    return {"fx": "Sunday 17:00", "stock": "09:30"}.get(symbol.kind, "Sunday 18:00")


def _explained(
    zone: Zone, opened: Ints, last: Ints, length_ns: int, period: int, hours: tuple[int, int], *, daily: bool
) -> int:
    new_york = parse_timezone("America/New_York")

    def away(local: Ints, target: int) -> Ints:
        there = from_utc(new_york, to_utc(zone, local, check=False))
        return (there - target + period // 2) % period - period // 2

    first = away(opened, hours[0] + (0 if daily else _SUNDAY))
    final = away(last, hours[1] + (0 if daily else _FRIDAY)) + length_ns
    good_open = (first > -length_ns) & (first <= _LATE)
    good_close = (final < length_ns) & (final >= -_LATE)
    return int(good_open.sum() + good_close.sum())


def _commonest(steps: Ints) -> int:
    positive = steps[steps > 0][:100_000]
    if not len(positive):
        return 0
    values, counts = np.unique(positive, return_counts=True)
    return int(values[counts.argmax()])


def _weekly_opens(opened: Ints) -> dict[str, int]:
    minutes = opened // _MINUTE
    labels = Counter(
        f"{_DAYS[int(minute // 1440 % 7)]} {int(minute % 1440 // 60):02d}:{int(minute % 60):02d}" for minute in minutes
    )
    return dict(labels.most_common(8))
