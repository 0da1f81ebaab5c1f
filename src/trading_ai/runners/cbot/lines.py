"""Series with two faces: their value at each closed bar, and what they are at each tick while a bar still forms.

A robot that looks at an indicator on a tick sees the value that it would have if the bar ended there. All these values
are found at once, with NumPy: at a tick the history is that of the closed bars, and only the newest value differs. So
an indicator is written once, of the operations below, and has both faces. Nothing looks ahead: a value at a tick is
made of closed bars before its own and of the ticks of its own bar up to then.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import lfilter

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_ROWS = 65_536
"""Rows that a rolling window works on at once: keeps the memory of long windows over many bars small."""


def quick(values: npt.NDArray[Any]) -> Any:
    """Values in a form that gives Python's numbers fastest, one at a time."""
    whole: Any = np.ascontiguousarray(values)
    return memoryview(whole)


class Frame:
    """The bars of one timeframe, and the bar that each tick of the run belongs to.

    Attributes:
        n_bars: number of bars.
        bar_of_tick: place of the bar that is forming at each tick, int64, shape (n_ticks,).
    """

    def __init__(self, n_bars: int, bar_of_tick: Ints) -> None:
        self.n_bars, self.bar_of_tick = n_bars, bar_of_tick

    @cached_property
    def before(self) -> Ints:
        """Place of the last closed bar at each tick, shape (n_ticks,); -1 where there is none."""
        return self.bar_of_tick - 1


class Line:
    """A series; see the module.

    Attributes:
        frame: the bars that it belongs to.
        closed: value at each closed bar, NaN where there is none, float64, shape (n_bars,).
        key: what tells it from every other series of the same bars; hashable.
        redrawn: of a series whose past changes with every bar, how many bars back it does, and what gives the series of
            the values so many bars back; None of all others.
        points: units of price in which its closed values are whole numbers, 0 where they are not: sums are then exact.
    """

    def __init__(self, frame: Frame, closed: Floats, forming: Callable[[], Floats], points: float = 0.0) -> None:
        self.frame, self.closed, self._make, self.points = frame, closed, forming, points
        self.key: Any = id(self)
        self.redrawn: tuple[int, Callable[[int], Line]] | None = None

    @cached_property
    def forming(self) -> Floats:
        """Value at each tick, as if the bar ended there, shape (n_ticks,)."""
        return self._make()


def at(values: Floats, places: Ints) -> Floats:
    """Values at places; NaN where a place is negative, as the platform's series give it."""
    found = values[np.maximum(places, 0)]
    found[places < 0] = np.nan
    return found


def each(function: Callable[..., Any], *lines: Line) -> Line:
    """A function of the values at the same bar; it must take and give arrays."""
    with np.errstate(all="ignore"):
        closed = np.asarray(function(*(line.closed for line in lines)), dtype=np.float64)

    def forming() -> Floats:
        with np.errstate(all="ignore"):
            return np.asarray(function(*(line.forming for line in lines)), dtype=np.float64)

    return Line(lines[0].frame, closed, forming)


def back(line: Line, n: int) -> Line:
    """The value `n` bars earlier, n >= 0."""
    if n == 0:
        return line
    closed = np.full_like(line.closed, np.nan)
    closed[n:] = line.closed[:-n]
    return Line(line.frame, closed, lambda: at(line.closed, line.frame.bar_of_tick - n), line.points)


def since(line: Line, first: int) -> Line:
    """The same, NaN before bar `first`."""
    closed = line.closed.copy()
    closed[:first] = np.nan
    return Line(
        line.frame, closed, lambda: np.where(line.frame.bar_of_tick < first, np.nan, line.forming)
    )  # fmt: skip


def rolling(function: Callable[..., Floats], line: Line, periods: int, *beside: Line) -> Line:
    """A function of the last `periods` values.

    Args:
        function: of an array of shape (m, periods), oldest value first, and of one array of shape (m,) for each line of
            `beside`; gives shape (m,).
        line: the series; before its first bar lie NaN.
        periods: length of the window, at least 1.
        beside: series whose value at the window's end the function needs too.
    """
    padded = np.concatenate((np.full(periods - 1, np.nan), line.closed))
    windows = sliding_window_view(padded, periods) if line.closed.size else np.empty((0, periods))

    def applied(n: int, rows: Callable[[slice], Floats], others: list[Floats]) -> Floats:
        out = np.empty(n)
        with np.errstate(all="ignore"):
            for begin in range(0, n, _ROWS):
                part = slice(begin, min(begin + _ROWS, n))
                out[part] = function(rows(part), *(values[part] for values in others))
        return out

    closed = applied(line.closed.size, lambda part: windows[part], [other.closed for other in beside])

    def forming() -> Floats:
        bars, newest = line.frame.bar_of_tick, line.forming

        def rows(part: slice) -> Floats:
            found: Floats = windows[bars[part]]
            found[:, -1] = newest[part]
            return found

        return applied(bars.size, rows, [other.forming for other in beside])

    return Line(line.frame, closed, forming)


def highest(line: Line, periods: int) -> Line:
    """Highest of the last `periods` values; NaN where one of them is."""
    return rolling(lambda w: w.max(axis=1), line, periods)


def lowest(line: Line, periods: int) -> Line:
    """Lowest of the last `periods` values; NaN where one of them is."""
    return rolling(lambda w: w.min(axis=1), line, periods)


def total(line: Line, periods: int, parts: int = 1) -> Line:
    """Sum of the last `periods` values, divided into `parts`; NaN where one of them is.

    Of prices, sums are exact: two averages of equal worth are equal, as in `trading_ai.strategies.points`.
    """
    if not line.points:
        return rolling(lambda w: w.sum(axis=1) / parts, line, periods)
    points, whole = line.points, np.rint(line.closed * line.points)
    closed = np.concatenate((np.full(periods - 1, np.nan), _sliding_sums(whole, periods)))[: whole.size]

    def forming() -> Floats:
        # Of the window at each tick, all but its newest value are closed.
        older = np.concatenate((np.full(periods - 1, np.nan), _sliding_sums(whole, periods - 1)))
        return (older[line.frame.bar_of_tick] + line.forming * points) / parts / points

    return Line(line.frame, closed / parts / points, forming)


def _sliding_sums(whole: Floats, periods: int) -> Floats:
    """Sums of every `periods` whole numbers in a row, exact, shape (n - periods + 1,)."""
    sums = np.concatenate(([0.0], np.cumsum(whole)))
    found: Floats = sums[periods:] - sums[: sums.size - periods]
    return found


def smoothed(line: Line, alpha: float) -> Line:
    """Exponential smoothing as the platform does it: it begins with the first value, and again after a NaN."""
    closed = np.full_like(line.closed, np.nan)
    known = ~np.isnan(line.closed)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], known, [False])).astype(np.int8)))
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        values = line.closed[begin:end]
        state = np.array([(1.0 - alpha) * values[0]])
        # alpha x + (1 - alpha) y of the bar before, whose first y is the first x.
        closed[begin:end] = lfilter([alpha], [1.0, alpha - 1.0], values, zi=state)[0]

    def forming() -> Floats:
        previous = at(closed, line.frame.before)
        return np.where(np.isnan(previous), line.forming, line.forming * alpha + previous * (1.0 - alpha))

    return Line(line.frame, closed, forming)


def stepped(step: Callable[..., tuple[float, ...]], first: tuple[float, ...], *lines: Line) -> list[Line]:
    """Series that are made step by step: state and values of a bar from the state of the bar before.

    Args:
        step: of the state of the bar before, the bar's place, and the value of each line at the bar; gives the state at
            the bar, as a tuple of numbers.
        first: state before the first bar.
        lines: what it reads.

    Returns:
        A line for each number of the state.
    """
    frame = lines[0].frame
    states = np.empty((frame.n_bars + 1, len(first)))
    states[0] = state = first
    columns = [line.closed.tolist() for line in lines]
    for i, values in enumerate(zip(*columns, strict=True)):
        states[i + 1] = state = step(state, i, *values)

    def make(column: int) -> Callable[[], Floats]:
        return lambda: forming()[:, column]

    kept: list[Floats] = []

    def forming() -> Floats:
        if not kept:
            found = np.empty((frame.bar_of_tick.size, len(first)))
            before = list(map(tuple, states[frame.bar_of_tick].tolist()))
            ticks = zip(before, frame.bar_of_tick.tolist(), *(line.forming.tolist() for line in lines), strict=True)
            for t, (earlier, i, *values) in enumerate(ticks):
                found[t] = step(earlier, i, *values)
            kept.append(found)
        return kept[0]

    return [
        Line(frame, np.ascontiguousarray(states[1:, column]), make(column)) for column in range(len(first))
    ]  # fmt: skip


def running_total(line: Line, start: float = 0.0) -> Line:
    """Sum of all values so far, which begins with `start`; a NaN counts as nothing."""
    known = np.nan_to_num(line.closed, nan=0.0)
    closed = start + np.cumsum(known)

    def forming() -> Floats:
        before = np.where(line.frame.before < 0, start, at(closed, line.frame.before))
        return before + np.nan_to_num(line.forming, nan=0.0)

    return Line(line.frame, closed, forming)
