"""What a file's weeks and nights say of the clock that wrote it: opens and closes, compared with the market's.

Two shapes are told apart. A market around the clock (FX, metals, most brokers' indices) has one open and one close a
week, in New York. A market in sessions (shares, the cash hours of an index) has them every day, at its exchange.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.market.calendar import NS_PER_DAY
from trading_ai.market.exchange_sessions import Sessions
from trading_ai.market.timeframe import NS_PER_SECOND
from trading_ai.market.timezones import Zone, from_utc, parse_timezone, to_utc

Ints = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

MINUTE = 60 * NS_PER_SECOND
HOUR = 60 * MINUTE
LATE = 15 * MINUTE
"""The first tick of a week may take a while, the last may come early; an auction may follow the close."""

_WEEK = 7 * NS_PER_DAY
_SUNDAY, _FRIDAY = 3 * NS_PER_DAY, NS_PER_DAY  # 1970-01-04 and 1970-01-02
# (open, close) in New York; brokers differ on metals and indices.
_WEEKS: dict[str, tuple[tuple[int, int], ...]] = {
    "fx": ((17 * HOUR, 17 * HOUR),),
    "metal": ((18 * HOUR, 17 * HOUR), (17 * HOUR, 17 * HOUR)),
    "index": ((18 * HOUR, 17 * HOUR), (17 * HOUR, 17 * HOUR), (18 * HOUR, 16 * HOUR + 15 * MINUTE)),
}
_WEEKS["future"] = _WEEKS["index"]
# Hours besides the exchange's own, on its clock: trading before and after them, and brokers' long days.
_EUROPE = ((8 * HOUR, 22 * HOUR), (HOUR, 22 * HOUR), (HOUR + 15 * MINUTE, 22 * HOUR))
_LONGER: dict[str, tuple[tuple[int, int], ...]] = {
    "XNYS": ((4 * HOUR, 20 * HOUR),),
    "XETR": _EUROPE,
    "XPAR": _EUROPE,
    "XLON": ((HOUR, 21 * HOUR), (8 * HOUR, 21 * HOUR)),
}


def weight(hits: tuple[int, int]) -> int:
    """Opens and closes explained, as one number; closes count double.

    Some files begin a week late, at a fixed hour of their own, but none trades past its end.
    """
    return hits[0] + 2 * hits[1]


@dataclass(frozen=True)
class OpeningHours(ABC):
    """The opens and closes of a file, and the market's.

    Attributes:
        opened: opens of the first bars after a pause, on the file's clock, shape (n,).
        last: opens of the last bars before them.
        length_ns: a bar's length.
    """

    opened: Ints
    last: Ints
    length_ns: int

    @abstractmethod
    def offsets(self, zone: Zone) -> list[tuple[Ints, Ints]]:
        """How long after the market's open each first bar opens, and after its close each last bar ends, ns.

        One pair of arrays, shape (n,), for each of the hours that the market may keep.
        """

    @property
    @abstractmethod
    def shown(self) -> str:
        """The hours in words."""

    @property
    @abstractmethod
    def needs_both(self) -> bool:
        """Whether opens alone, or closes alone, prove nothing."""

    def _grace(self) -> Ints:
        return np.zeros(len(self.opened), np.int64)

    def hits(self, zone: Zone) -> tuple[int, int]:
        """Opens and closes that a clock explains, by the hours that explain most."""
        best = (0, 0)
        for first, final in self.offsets(zone):
            opens = (first > -self.length_ns) & (first <= LATE + self._grace())
            closes = (final < self.length_ns + self._auction) & (final >= -LATE)
            best = max(best, (int(opens.sum()), int(closes.sum())), key=weight)
        return best

    @property
    def _auction(self) -> int:
        return 0

    def end_hits(self, zone: Zone) -> int:
        """Opens and closes that a clock explains if the times are the ends of bars; 0 where they do not look like it.

        They look like it where the first bar is stamped after the open and the last one at the close, or later: a file
        of opens has a bar that opens with the market or before it, and none that opens as it closes.
        """
        if len(self.opened) < (1 if self.length_ns >= 5 * MINUTE else 3):
            return 0
        best = 0
        for first, final in self.offsets(zone):
            late = (first > 0) & (first <= self.length_ns + LATE + self._grace())
            early = (first > -self.length_ns) & (first <= 0)
            past = (final >= self.length_ns) & (final < 2 * self.length_ns)
            if late.mean() >= 0.6 and early.mean() <= 0.1 and past.mean() >= 0.5:
                best = max(best, int(late.sum()) + int(past.sum()))
        return best


@dataclass(frozen=True)
class WeekHours(OpeningHours):
    """A market that opens once a week.

    Attributes:
        kind: the symbol's.
        abroad: whether it is an index of another country, whose week only resembles New York's.
    """

    kind: str
    abroad: bool = False

    @override
    def offsets(self, zone: Zone) -> list[tuple[Ints, Ints]]:
        new_york = parse_timezone("America/New_York")
        there_open, there_last = (
            from_utc(new_york, to_utc(zone, local, check=False)) for local in (self.opened, self.last)
        )

        def away(there: Ints, target: int) -> Ints:
            return (there - target + _WEEK // 2) % _WEEK - _WEEK // 2

        return [
            (away(there_open, opens_at + _SUNDAY), away(there_last, closes_at + _FRIDAY) + self.length_ns)
            for opens_at, closes_at in _WEEKS[self.kind]
        ]

    @override
    def _grace(self) -> Ints:
        # Some brokers' weeks begin at their own midnight, even where the market opened an hour before.
        return np.where(self.opened % NS_PER_DAY <= LATE, HOUR, 0)

    @property
    @override
    def shown(self) -> str:
        opens = "17:00" if self.kind == "fx" else "18:00"
        return f"open Sunday {opens} to Friday 17:00 in New York"

    @property
    @override
    def needs_both(self) -> bool:
        return self.abroad


@dataclass(frozen=True)
class SessionHours(OpeningHours):
    """A market that opens every day.

    Attributes:
        sessions: the exchange's calendar.
    """

    sessions: Sessions

    @override
    def offsets(self, zone: Zone) -> list[tuple[Ints, Ints]]:
        clock = parse_timezone(self.sessions.timezone)
        opened, last = (to_utc(zone, local, check=False) for local in (self.opened, self.last))
        there_open, there_last = from_utc(clock, opened), from_utc(clock, last)
        # A last bar that opens at midnight of the exchange is far off its session anyway.
        at_open, at_last = (self.sessions.at(there // NS_PER_DAY) for there in (there_open, there_last))
        far = _WEEK
        first = np.where(at_open >= 0, opened - self.sessions.open_ns[at_open], far)
        final = np.where(at_last >= 0, last + self.length_ns - self.sessions.close_ns[at_last], far)
        found = [(first, final)]
        for opens_at, closes_at in _LONGER.get(self.sessions.exchange, ()):
            ended = there_last % NS_PER_DAY + self.length_ns
            found.append((there_open % NS_PER_DAY - opens_at, ended - closes_at))
        return found

    @property
    @override
    def shown(self) -> str:
        def usual(times: Ints) -> str:
            minutes = from_utc(parse_timezone(self.sessions.timezone), times) % NS_PER_DAY // MINUTE
            middle = int(np.median(minutes)) if len(minutes) else 0
            return f"{middle // 60:02d}:{middle % 60:02d}"

        hours = f"{usual(self.sessions.open_ns)} to {usual(self.sessions.close_ns)}"
        return f"open {hours} in {self.sessions.timezone}, by the calendar of {self.sessions.exchange}"

    @property
    @override
    def needs_both(self) -> bool:
        return True

    @property
    @override
    def _auction(self) -> int:
        # The closing auction makes a bar of its own after the close.
        return max(1, LATE - self.length_ns + 1)
