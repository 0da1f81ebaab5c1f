"""Which clock wrote a file? The market's own opening hours tell.

FX opens on Sunday at 17:00 and closes on Friday at 17:00 in New York, summer and winter. Read with the right
zone, every week of the file opens and closes then; read with a wrong one, weeks between the switching dates
do not.
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
    "stock": ((9 * _HOUR + 30 * _MINUTE, 16 * _HOUR), (4 * _HOUR, 20 * _HOUR)),
}
_SHOWN = {
    "fx": "open Sunday 17:00 to Friday 17:00 in New York",
    "metal": "open Sunday 18:00 to Friday 17:00 in New York",
    "index": "open Sunday 18:00 to Friday 17:00 in New York",
    "stock": "open 09:30 to 16:00 in New York",
}


@dataclass(frozen=True)
class TimezoneEvidence:
    """What the opening hours say about a file's clock.

    Attributes:
        zone: the clock that explains the file best, or None where nothing decides.
        sentence: the evidence in words.
        hits: opens and closes explained, by candidate.
        n_weeks: weekends (nights, for stocks) looked at: one open and one close each.
        equals: other candidates that explain just as many.
        weekly_opens: how often each local time of week opened a week, most frequent first.
    """

    zone: Zone | None
    sentence: str
    hits: dict[str, tuple[int, int]] = field(default_factory=dict)
    n_weeks: int = 0
    equals: tuple[str, ...] = ()
    weekly_opens: dict[str, int] = field(default_factory=dict)

    def contradicts(self, zone: Zone) -> bool:
        """Whether `zone` explains clearly less (more than one open or close) than the best candidate."""
        if self.zone is None:
            return False
        return _weight(self.hits[self.zone.name]) - _weight(self.hits.get(zone.name, (0, 0))) >= 3

    def says_of(self, zone: Zone) -> str:
        """How well `zone` explains the file, in words."""
        return f"{zone} explains {_counted(self.hits.get(zone.name, (0, 0)), self.n_weeks)}"


def _weight(hits: tuple[int, int]) -> int:
    # Closes count double: some files begin a week late, at a fixed hour of their own, but none trades past
    # its end.
    return hits[0] + 2 * hits[1]


def _counted(hits: tuple[int, int], n_weeks: int) -> str:
    return f"{hits[0]} of {n_weeks} opens and {hits[1]} of {n_weeks} closes"


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
    length_ns = length_ns or _commonest(steps)
    if length_ns <= 0 or length_ns >= NS_PER_DAY:
        return TimezoneEvidence(None, "daily or longer bars say nothing about the hour")
    daily = symbol.kind == "stock"
    # A stock's night is 17.5 hours (8 with extended hours), an FX weekend 48; longer holes are no weekends.
    breaks = np.flatnonzero((steps > (7 * _HOUR if daily else NS_PER_DAY)) & (steps < 5 * NS_PER_DAY))
    if not len(breaks):
        return TimezoneEvidence(None, "the file holds no weekend, so no weekly open tells the clock")
    opened, last = times[breaks + 1], times[breaks]
    judge = _Judge(opened, last, length_ns, symbol.kind)
    named = {zone.name: zone for zone in (*also, *(parse_timezone(name) for name in CANDIDATES))}
    found = judge.evidence(named)
    if found.zone is None:  # an unusual clock: any fixed offset, any shift of New York
        halves = [f"UTC{'+' if h >= 0 else '-'}{abs(h) // 2}:{abs(h) % 2 * 30:02d}" for h in range(-24, 29)]
        shifts = [f"NY{h:+d}" for h in range(-8, 15) if h]
        unusual = {zone.name: zone for zone in map(parse_timezone, halves + shifts)}
        other = judge.evidence(named | unusual)
        return other if other.zone is not None else found
    return found


@dataclass(frozen=True)
class _Judge:
    """Counts how many weekly opens and closes a clock explains."""

    opened: Ints
    last: Ints
    length_ns: int
    kind: str

    def hits(self, zone: Zone) -> tuple[int, int]:
        daily = self.kind == "stock"
        period = NS_PER_DAY if daily else _WEEK
        new_york = parse_timezone("America/New_York")
        there_open, there_last = (
            from_utc(new_york, to_utc(zone, local, check=False)) for local in (self.opened, self.last)
        )

        def away(there: Ints, target: int) -> Ints:
            return (there - target + period // 2) % period - period // 2

        # Some brokers' weeks begin at their own midnight, even where the market opened an hour before.
        midnight = self.opened % NS_PER_DAY <= _LATE
        best = (0, 0)
        for opens_at, closes_at in _HOURS[self.kind]:
            first = away(there_open, opens_at + (0 if daily else _SUNDAY))
            final = away(there_last, closes_at + (0 if daily else _FRIDAY)) + self.length_ns
            in_time = first <= _LATE + np.where(midnight & (not daily), _HOUR, 0)
            good_open = (first > -self.length_ns) & in_time
            good_close = (final < self.length_ns) & (final >= -_LATE)
            best = max(best, (int(good_open.sum()), int(good_close.sum())), key=_weight)
        return best

    def evidence(self, zones: dict[str, Zone]) -> TimezoneEvidence:
        n = len(self.opened)
        hits = {name: self.hits(zone) for name, zone in zones.items()}
        seen = _weekly_opens(self.opened)
        best = max(hits, key=lambda name: _weight(hits[name]))  # the first of equals
        top = _weight(hits[best])
        equals = tuple(name for name in hits if _weight(hits[name]) == top and name != best)
        runner = max((k for k in hits if _weight(hits[k]) < top), key=lambda k: _weight(hits[k]), default="")
        second = _weight(hits[runner]) if runner else 0
        share = _ENOUGH[self.kind]
        # Opens or closes alone are enough where they single out one clock: the other end may be cut off.
        alone = max(hits[best]) >= share * n and top >= 1.4 * second
        common = ", ".join(f"{label} ({count}x)" for label, count in list(seen.items())[:2])
        if not n or (top < share * 3 * n and not alone):
            sentence = (
                f"no clock explains the market's opens and closes: the best, {best}, explains "
                f"{_counted(hits[best], n)} (on the file's own clock trading begins at {common})"
            )
            return TimezoneEvidence(None, sentence, hits, n, equals, seen)
        sentence = (
            f"{best} explains {_counted(hits[best], n)} of the market ({_SHOWN[self.kind]}; on the file's "
            "own clock "
            f"trading begins at {common})"
        )
        if runner:
            sentence += f"; next best {runner}: {hits[runner][0]} and {hits[runner][1]}"
        if equals:
            sentence += f"; as good on these dates: {', '.join(equals[:4])}"
        return TimezoneEvidence(zones[best], sentence, hits, n, equals, seen)


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
