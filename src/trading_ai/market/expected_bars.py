"""Which bars ought to be there? Judged by the exchange's calendar and by the file's own week.

Brokers' indices, shares with and without extended hours, commodities and futures all keep other hours, so the hours are
taken from the file: a time of the week at which there is a bar in most weeks is one at which a bar is expected. Which
days are traded, and how long, says the exchange's calendar where the symbol has one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trading_ai.market.calendar import NS_PER_DAY, trading_day
from trading_ai.market.exchange_sessions import NO_BREAK, Sessions, sessions
from trading_ai.market.symbol import Symbol
from trading_ai.market.timeframe import NS_PER_SECOND, Timeframe
from trading_ai.market.timezones import Zone, from_utc, parse_timezone, utc_offsets

Ints = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

_WEEK = 7 * NS_PER_DAY
_MONDAY_SHIFT = 3 * NS_PER_DAY  # 1970-01-01 was a Thursday
_WEEKS = 26  # hours are learned from half a year at a time, because brokers change them
_SESSION_SHAPED = 0.7  # of the day; brokers' indices trade for more than 20 hours
_HALF_HOUR = 30 * 60 * NS_PER_SECOND
_FEW = 4  # fewer weeks than this say little of one weekday, so weekdays speak for each other


def calendar_of(symbol: Symbol, time_ns: Ints) -> Sessions | None:
    """Sessions of a symbol's exchange over some bars, or None where it has none or the calendar does not reach."""
    if not symbol.exchange or not len(time_ns):
        return None
    first, last = int(time_ns[0]), int(time_ns[-1])
    found = sessions(symbol.exchange, first, last)
    return found if found.covers(first // NS_PER_DAY, last // NS_PER_DAY) else None


def missing_days(symbol: Symbol, time_ns: Ints, before: Ints, after: Ints) -> Ints:
    """Trading days missing between pairs of bars of a day or less, shape (n,).

    Sessions of the symbol's exchange; without a calendar weekdays, of which single ones are taken for holidays (for
    FX and metals they are counted).

    Args:
        symbol: the instrument.
        time_ns: all bars' opens, UTC ns, ascending.
        before: opens of the bars before the holes.
        after: opens of the bars after them.
    """
    first, last = (trading_day(symbol, times) for times in (before, after))
    calendar = calendar_of(symbol, time_ns)
    if calendar is not None:
        found: Ints = np.searchsorted(calendar.days, last) - np.searchsorted(calendar.days, first + 1)
        return np.maximum(0, found)
    weekdays = [(day + 3) // 7 * 5 + np.minimum((day + 3) % 7, 5) for day in (first, last)]
    skipped: Ints = np.maximum(0, weekdays[1] - weekdays[0] - 1)
    return skipped if symbol.kind in {"fx", "metal"} else np.where(skipped > 1, skipped, 0)


def missing_by_pattern(symbol: Symbol, timeframe: Timeframe, time_ns: Ints, before: Ints, after: Ints) -> Ints:
    """Intraday bars missing between pairs of neighbouring bars, by the calendar and the file's own week, shape (n,).

    Args:
        symbol: the instrument; its exchange and rollover say on which clock its hours stand still.
        timeframe: shorter than a day.
        time_ns: all bars' opens, UTC ns, ascending.
        before: opens of the bars before the holes.
        after: opens of the bars after them.
    """
    calendar = calendar_of(symbol, time_ns)
    names = dict.fromkeys([calendar.timezone] if calendar is not None else [])
    names |= dict.fromkeys([symbol.rollover_timezone, "UTC"])
    best: Ints | None = None
    for name in names:  # on a wrong clock the hours move twice a year, and bars seem to miss
        found = _Pattern(time_ns, timeframe.ns, parse_timezone(name), calendar, symbol.kind == "stock").missing(
            before, after
        )
        if best is None or found.sum() < best.sum():
            best = found
    assert best is not None
    return best


class _Pattern:
    """The bars of a file on a grid of weeks and times of the week."""

    def __init__(
        self, time_ns: Ints, length_ns: int, zone: Zone, calendar: Sessions | None, in_session_only: bool
    ) -> None:
        self._length, self._zone, self._calendar = length_ns, zone, calendar
        self._in_session_only = in_session_only
        local = from_utc(zone, time_ns)
        values, counts = np.unique(local[:20_000] % length_ns, return_counts=True)
        self._offset = int(values[counts.argmax()])
        self._per_week, self._per_day = _WEEK // length_ns, NS_PER_DAY // length_ns
        self._slots = self._slot(local)
        self._usual_times = np.zeros((7, self._per_day), np.bool_)
        self._first_week = int(self._slots[0] // self._per_week)
        n_weeks = int(self._slots[-1] // self._per_week) - self._first_week + 1
        n_pieces = max(1, round(n_weeks / _WEEKS))
        self._cuts = self._first_week + np.linspace(0, n_weeks, n_pieces + 1).astype(np.int64)

    def _slot(self, local: Ints) -> Ints:
        slots: Ints = (local + _MONDAY_SHIFT - self._offset) // self._length
        return slots

    def missing(self, before: Ints, after: Ints) -> Ints:
        """Expected bars strictly between each pair of neighbours, shape (n,)."""
        starts, stops = self._slot(from_utc(self._zone, before)) + 1, self._slot(from_utc(self._zone, after))
        counted, counts = np.zeros((2, len(before)), np.int64), 0
        for first, stop in zip(self._cuts[:-1], self._cuts[1:], strict=True):
            low, high = first * self._per_week, stop * self._per_week
            total = np.concatenate(([0], np.cumsum(self._expected(int(first), int(stop)), dtype=np.int64))) + counts
            for row, slots in zip(counted, (starts, stops), strict=True):
                inside = (slots >= low) & (slots <= high)
                row[inside] = total[slots[inside] - low]
            counts = int(total[-1])
        found: Ints = np.maximum(0, counted[1] - counted[0])
        return found

    def _expected(self, first: int, stop: int) -> Booleans:
        """Which slots of some weeks a bar is expected in, flat."""
        n, low = stop - first, first * self._per_week
        a, b = np.searchsorted(self._slots, [low, stop * self._per_week])
        there = np.zeros(n * self._per_week, np.bool_)
        there[self._slots[a:b] - low] = True
        grid = there.reshape(n, 7, self._per_day)
        has: Booleans = np.asarray(grid.any(axis=2))
        if a < b:
            self._usual_times = self._usual(grid, has)
        usual = self._usual_times  # in a hole of half a year, those before it
        return (usual[None] & self._traded(first, n, has)[:, :, None] & self._open(first, n)).ravel()

    def _usual(self, grid: Booleans, has: Booleans) -> Booleans:
        """Times of each weekday at which most of its days have a bar, shape (7, slots of a day)."""
        days = has.sum(axis=0)
        counts = grid.sum(axis=0)
        share = counts / np.maximum(days, 1)[:, None]
        # Fridays end early where the weekend begins in the evening; elsewhere they are days like the others.
        alike = slice(0, 4) if has[:, 5:].any() else slice(0, 5)
        pooled = counts[alike].sum(axis=0) / max(1, int(days[alike].sum()))
        if len(grid) < _FEW:
            share[alike] = pooled
        busy = share[share > 0]
        # Where a third of all rows is missing, each time has two thirds of its bars: the level is the file's own.
        least = 0.5 * float(np.quantile(busy, 0.9)) if len(busy) else 1.0
        usual: Booleans = share >= least
        # What other days have within this one's hours is missing here, even if it is missing every week.
        within = np.logical_or.accumulate(usual, axis=1)
        within &= np.logical_or.accumulate(usual[:, ::-1], axis=1)[:, ::-1]
        if self._calendar is not None and usual.any(axis=0).mean() < _SESSION_SHAPED:
            within[alike] = within[alike].any(axis=0)  # an exchange keeps the same hours from Monday to Friday
            usual |= within & ~self._in_break()  # and has no pause but its lunch
        usual[alike] |= (pooled >= least) & within[alike]
        usual[days < 0.1 * days.max()] = False  # a Saturday now and then
        return usual

    def _in_break(self) -> Booleans:
        """Times of the day in the exchange's lunch break, shape (slots of a day,)."""
        assert self._calendar is not None
        out = np.zeros(self._per_day, np.bool_)
        broken = np.flatnonzero(self._calendar.break_start_ns != NO_BREAK)
        if not len(broken):
            return out
        starts = np.arange(self._per_day) * self._length + self._offset
        begins, ends = (
            int(np.median((times + utc_offsets(self._zone, times)) % NS_PER_DAY))
            for times in (self._calendar.break_start_ns[broken], self._calendar.break_end_ns[broken])
        )
        out[(starts >= begins) & (starts < ends)] = True
        return out

    def _traded(self, first: int, n: int, has: Booleans) -> Booleans:
        """Which days ought to have bars, shape (weeks, 7)."""
        if self._calendar is None:
            # Single empty weekdays are holidays; several in a row are a hole.
            empty = ~has[:, :5].ravel()
            run = np.zeros(len(empty) + 2, np.bool_)
            run[1:-1] = empty
            hole = (run[1:-1] & (run[:-2] | run[2:])).reshape(n, 5)
            traded = has.copy()
            traded[:, :5] |= hole
            return traded
        days = (first * 7 - 3 + np.arange(n * 7)).reshape(n, 7)
        session = self._calendar.at(days.ravel()).reshape(n, 7) >= 0
        # A broker's Sunday evening is no session; a weekday that is none is a holiday, on which hours are shorter.
        weekend = np.zeros(7, np.bool_)
        weekend[5:] = True
        return session | (weekend & has)

    def _open(self, first: int, n: int) -> Booleans:
        """Slots at which the exchange does not forbid a bar, shape (weeks, 7, slots of a day).

        Shares are expected in the exchange's hours only: before and after them they trade now and then. Indices of
        brokers trade around the clock, and stop early where their exchange does.
        """
        out = np.ones((n * 7, self._per_day), np.bool_)
        if self._calendar is None:
            return out.reshape(n, 7, self._per_day)
        calendar, clock = self._calendar, parse_timezone(self._calendar.timezone)
        days = first * 7 - 3 + np.arange(n * 7)
        position = calendar.at(days)
        rows = np.flatnonzero(position >= 0)
        edges = []
        for times in (calendar.open_ns[position[rows]], calendar.close_ns[position[rows]]):
            of_day = times + utc_offsets(clock, times) - days[rows] * NS_PER_DAY
            usual = int(np.median(of_day)) if len(rows) else 0
            edges.append((of_day - usual, times + utc_offsets(self._zone, times) - days[rows] * NS_PER_DAY))
        (opens_late, opens), (closes_late, closes) = edges
        late = (opens_late > _HALF_HOUR) | self._in_session_only
        early = (closes_late < -_HALF_HOUR) | self._in_session_only
        starts = np.arange(self._per_day) * self._length + self._offset
        out[rows[late]] &= starts[None] >= opens[late][:, None] // self._length * self._length
        out[rows[early]] &= starts[None] < closes[early][:, None]
        return out.reshape(n, 7, self._per_day)
