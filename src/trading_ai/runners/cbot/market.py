"""The bars that a robot sees, the ticks of its run, and its price series: made ready once for many runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.engine.execution_data import ExecutionData
from trading_ai.errors import DataError
from trading_ai.market.bars import Bars
from trading_ai.market.resample import resample
from trading_ai.runners.cbot.lines import Floats, Frame, Ints, Line, each
from trading_ai.strategies.points import are_exact, in_points

MODES = {"ohlc": 4, "open": 1}
"""Ticks of an execution bar in each mode: its open, low and high in the order of `path`, and close; or its open."""

_KEPT_BYTES = 400e6
"""What series of indicators that are kept for other combinations of a sweep may take, roughly."""


def path(bars: tuple[Floats, Floats, Floats, Floats]) -> Floats:
    """The way that prices are taken to go inside bars, shape (n, 4).

    A bar that closes at or above its open goes to its low first and then to its high, others the other way round: the
    way of MetaTrader's testers where they have no ticks.
    """
    open_, high, low, close = bars
    rises = close >= open_
    return np.column_stack((open_, np.where(rises, low, high), np.where(rises, high, low), close))


class Market:
    """What every run on the same bars shares; arrays are read-only by custom.

    Args:
        seen: bars that the robot sees.
        starts: execution bar at whose open each of them opens; negative before the first traded one.
        data: execution bars.
        mode: one of `MODES`.

    Attributes:
        ticks_a_bar: ticks of an execution bar.
        bar_of: bar that is seen to form in each execution bar, int64, shape (n_execution_bars,).
        bid: bid at each tick, shape (n_ticks,).
        ask: ask at each tick.
        tick_time_ns: moment of each tick, UTC: those of a bar are spread evenly over it.
        frame: the seen bars and their ticks.
        kept: series of indicators that were asked for, by what they are.
    """

    def __init__(self, seen: Bars, starts: npt.NDArray[np.int64], data: ExecutionData, mode: str) -> None:
        self.seen, self.data, self.mode = seen, data, mode
        self.ticks_a_bar = k = MODES[mode]
        self.bar_of: Ints = np.searchsorted(starts, np.arange(data.n_bars), side="right") - 1
        self._path = path(data.bid)[:, :k] if k > 1 else data.bid[0][:, None]
        self.bid: Floats = np.ascontiguousarray(self._path).ravel()
        ask = path(data.ask)[:, :k] if k > 1 else data.ask[0][:, None]
        # The way of the ask is that of the bid: both sides move together.
        if k > 1 and data.has_spread:
            rises = data.bid[3] >= data.bid[0]
            open_, high, low, close = data.ask
            ask = np.column_stack((open_, np.where(rises, low, high), np.where(rises, high, low), close))
        self.ask: Floats = np.ascontiguousarray(ask).ravel()
        times = data.bars.open_time_ns
        self.tick_time_ns: Ints = (times[:, None] + np.arange(k) * (data.bars.timeframe.ns // k)).ravel()
        self.frame = Frame(len(seen), np.repeat(self.bar_of, k))
        self.kept: dict[Any, Any] = {}
        self._others: dict[str, tuple[Bars, dict[str, Line]]] = {}

    @cached_property
    def lines(self) -> dict[str, Line]:
        """Price series of the seen bars, by name: open, high, low, close, volume, median, typical, weighted."""
        return self._lines(self.seen, self.frame)

    def other(self, name: str) -> tuple[Bars, dict[str, Line]]:
        """Bars of a longer timeframe and their price series.

        Raises:
            DataError: they cannot be made of the seen bars.
        """
        if name not in self._others:
            bars = resample(self.seen, name)
            first = int(self.data.bars.open_time_ns[0])
            if bars.timeframe < self.seen.timeframe:
                raise DataError("is shorter than the bars", parameter="timeframe", value=name)
            places = np.searchsorted(bars.open_time_ns, self.data.bars.open_time_ns, side="right") - 1
            frame = Frame(len(bars), np.repeat(places, self.ticks_a_bar))
            lines = self._lines(bars, frame)
            if int(bars.open_time_ns[places[0]]) < first:
                self._take_in_earlier(lines, bars, int(places[0]), first)
            self._others[name] = (bars, lines)
        return self._others[name]

    def keep(self, key: Any, make: Callable[[], Any]) -> Any:
        """What was made for a key, or makes it; the oldest ones go where there are many."""
        if key not in self.kept:
            # An indicator holds some four series, its own and those that it is made of.
            if len(self.kept) >= max(8, _KEPT_BYTES / (4 * 8 * (self.bid.size + len(self.seen)))):
                self.kept.pop(next(iter(self.kept)))
            self.kept[key] = make()
        return self.kept[key]

    def _lines(self, bars: Bars, frame: Frame) -> dict[str, Line]:
        scale = _points(bars)

        def price(name: str, forming: Callable[[], Floats]) -> Line:
            return Line(frame, getattr(bars, name), forming, scale)

        high = price("high", lambda: self._extreme(frame, np.maximum, self.data.bid[1]))
        low = price("low", lambda: self._extreme(frame, np.minimum, self.data.bid[2]))
        close = price("close", lambda: self.bid)
        open_ = price("open", lambda: self._first_of(frame))
        volume = Line(frame, bars.volume, lambda: self._ticks_so_far(frame))
        lines = {"open": open_, "high": high, "low": low, "close": close, "volume": volume}
        lines["median"] = each(lambda h, l: (h + l) / 2, high, low)  # noqa: E741
        lines["typical"] = each(lambda h, l, c: (h + l + c) / 3, high, low, close)  # noqa: E741
        lines["weighted"] = each(lambda h, l, c: (c * 2 + h + l) / 4, high, low, close)  # noqa: E741
        for name, line in lines.items():
            line.key = (bars.timeframe.name, name)
        return lines

    def _begins(self, frame: Frame) -> npt.NDArray[np.bool_]:
        """Whether a bar begins with each execution bar, shape (n_execution_bars,)."""
        bars = frame.bar_of_tick[:: self.ticks_a_bar]
        return np.concatenate(([True], bars[1:] != bars[:-1]))

    def _first_of(self, frame: Frame) -> Floats:
        begins = self._begins(frame)
        first = np.maximum.accumulate(np.where(begins, np.arange(begins.size), 0))
        return np.repeat(self.data.bid[0][first], self.ticks_a_bar)

    def _extreme(self, frame: Frame, best: Any, whole: Floats) -> Floats:
        """The highest or lowest price of the forming bar up to each tick."""
        inside = best.accumulate(self._path, axis=1)
        begins = self._begins(frame)
        if begins.all():
            return np.ascontiguousarray(inside).ravel()
        # Of the execution bars before in the same bar, all prices are known.
        group = np.cumsum(begins)
        so_far, step = whole.copy(), 1
        while step < begins.size:
            same = group[step:] == group[:-step]
            if not same.any():
                break
            so_far[step:] = np.where(same, best(so_far[step:], so_far[:-step]), so_far[step:])
            step *= 2
        before = np.concatenate((so_far[:1], so_far[:-1]))
        before = np.where(begins, inside[:, 0], before)
        return np.ascontiguousarray(best(inside, before[:, None])).ravel()

    def _ticks_so_far(self, frame: Frame) -> Floats:
        # How many ticks a bar will have is not known while it forms: those that came are counted.
        bars = frame.bar_of_tick
        first = np.maximum.accumulate(np.where(np.diff(bars, prepend=-1) != 0, np.arange(bars.size), 0))
        return (np.arange(bars.size) - first + 1).astype(np.float64)

    def _take_in_earlier(self, lines: dict[str, Line], bars: Bars, place: int, first_ns: int) -> None:
        """Make the first forming bar of a longer timeframe know what was seen of it before the first tick."""
        begin = int(np.searchsorted(self.seen.open_time_ns, bars.open_time_ns[place]))
        end = int(np.searchsorted(self.seen.open_time_ns, first_ns))
        if begin >= end:
            return
        ticks = lines["open"].frame.bar_of_tick == place
        earlier = self.seen.slice(begin, end)
        for name, value, best in (
            ("open", earlier.open[0], None), ("high", earlier.high.max(), np.maximum),
            ("low", earlier.low.min(), np.minimum),
        ):  # fmt: skip
            forming = lines[name].forming.copy()
            forming[ticks] = value if best is None else best(forming[ticks], value)
            lines[name].forming = forming


def _points(bars: Bars) -> float:
    """Units of price in which every price of the bars is a whole number; 0 where there is none."""
    if not are_exact(bars) or not len(bars):
        return 0.0
    whole = in_points(bars)
    return float(np.rint(whole[0] / bars.close[0])) if bars.close[0] else 0.0
