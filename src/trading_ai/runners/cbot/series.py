"""Series and bars as robots see them: the newest value first, and nothing of what comes later."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from math import nan
from typing import Any

import numpy as np
from typing_extensions import override

from trading_ai.market.bars import Bars
from trading_ai.runners.cbot.lines import Line, quick
from trading_ai.runners.cbot.system import DateTime, Event
from trading_ai.runners.cbot.unsupported import Ignored, Supported, unsupported


class View:
    """Where a run is, on the bars of one timeframe.

    Attributes:
        last: place of the newest bar that is seen.
        tick: tick at which that bar forms; -1 while it is a closed one.
    """

    __slots__ = ("last", "tick")

    def __init__(self) -> None:
        self.last, self.tick = -1, -1


class DataSeries(Supported):
    """A price series, or what an indicator gives.

    Attributes:
        line: the whole series.
        Line: its line in a chart, ignored.
    """

    def __init__(self, line: Line, view: View, shown_as: str = "DataSeries") -> None:
        self.line, self.view, self.shown_as = line, view, shown_as
        self.Line = self.LineOutput = Ignored()

    @cached_property
    def closed(self) -> Any:
        """Values at closed bars."""
        return quick(self.line.closed)

    @cached_property
    def forming(self) -> Any:
        """Values at ticks."""
        return quick(self.line.forming)

    def Last(self, index: int = 0) -> float:
        """The value `index` bars ago, 0 for the newest; NaN where there is none."""
        view = self.view
        if index == 0 and view.tick >= 0:
            newest: float = self.forming[view.tick]
            return newest
        place = view.last - index
        if place < 0 or index < 0:
            return nan
        found: float = self.closed[place]
        return found

    @property
    def LastValue(self) -> float:
        """The newest value."""
        return self.Last(0)

    @property
    def Count(self) -> int:
        """Number of values."""
        return self.view.last + 1

    def __len__(self) -> int:
        return self.view.last + 1

    def __getitem__(self, index: int) -> float:
        """The value at a place, 0 for the oldest; NaN where there is none."""
        return self.Last(self.view.last - index)

    def __iter__(self) -> Iterator[float]:
        return (self[i] for i in range(self.view.last + 1))

    def _tail(self, periods: int) -> list[float]:
        return [self.Last(i) for i in range(min(periods, self.view.last + 1))]

    def Maximum(self, periods: int) -> float:
        """Highest of the newest values."""
        return max(self._tail(periods), default=nan)

    def Minimum(self, periods: int) -> float:
        """Lowest of the newest values."""
        return min(self._tail(periods), default=nan)

    def Sum(self, periods: int) -> float:
        """Sum of the newest values."""
        return sum(self._tail(periods))

    def IsRising(self) -> bool:
        """Whether the newest value is above the one before."""
        return self.Last(0) > self.Last(1)

    def IsFalling(self) -> bool:
        """Whether the newest value is below the one before."""
        return self.Last(0) < self.Last(1)

    def HasCrossedAbove(self, other: Any, periods: int) -> bool:
        """See `Functions`."""
        return Functions.HasCrossedAbove(self, other, periods)

    def HasCrossedBelow(self, other: Any, periods: int) -> bool:
        """See `Functions`."""
        return Functions.HasCrossedBelow(self, other, periods)


class RedrawnSeries(DataSeries):
    """A series that every new bar draws anew, so many bars back: the past is that which the newest bar draws."""

    def __init__(self, line: Line, view: View, shown_as: str) -> None:
        super().__init__(line, view, shown_as)
        assert line.redrawn is not None
        self._reach, self._make = line.redrawn
        self._drawn: dict[int, DataSeries] = {}

    @override
    def Last(self, index: int = 0) -> float:
        if index <= 0:
            return super().Last(index)
        # Bars beyond the reach keep what was drawn when they were the last ones within it.
        back = min(index, self._reach)
        if back not in self._drawn:
            self._drawn[back] = DataSeries(self._make(back), self.view, self.shown_as)
        return self._drawn[back].Last(index - back)


class TimeSeries(Supported):
    """Open times of bars."""

    shown_as = "api.Bars.OpenTimes"

    def __init__(self, bars: Bars, view: View) -> None:
        self._times, self._view = bars.open_time_ns, view

    def Last(self, index: int = 0) -> DateTime:
        """Open time of the bar `index` bars ago."""
        return self[self._view.last - index]

    @property
    def LastValue(self) -> DateTime:
        """Open time of the newest bar."""
        return self.Last(0)

    @property
    def Count(self) -> int:
        """Number of bars."""
        return self._view.last + 1

    def __len__(self) -> int:
        return self._view.last + 1

    def __getitem__(self, index: int) -> DateTime:
        if not 0 <= index <= self._view.last:
            unsupported(f"{self.shown_as}[{index}], of {self.Count} bars,")
        return DateTime.at(int(self._times[index]))

    def GetIndexByTime(self, moment: DateTime) -> int:
        """Place of the bar that a moment lies in, -1 before the first."""
        return min(int(np.searchsorted(self._times, moment.ns, side="right")) - 1, self._view.last)

    def GetIndexByExactTime(self, moment: DateTime) -> int:
        """Place of the bar that opens at a moment, -1 where none does."""
        found = self.GetIndexByTime(moment)
        return found if found >= 0 and int(self._times[found]) == moment.ns else -1


class Bar(Supported):
    """One bar; it stays what it is, also while later ones come."""

    __slots__ = ("_of", "_place", "_tick")
    shown_as = "bar"

    def __init__(self, of: RobotBars, index: int) -> None:
        view = of.view
        self._of, self._place = of, view.last - index
        self._tick = view.tick if index == 0 else -1

    def _value(self, series: DataSeries) -> float:
        value: float
        if self._tick >= 0:
            value = series.forming[self._tick]
        elif self._place < 0:
            return nan
        else:
            value = series.closed[self._place]
        return value

    @property
    def Open(self) -> float:
        """Open price."""
        return self._value(self._of.OpenPrices)

    @property
    def High(self) -> float:
        """Highest price."""
        return self._value(self._of.HighPrices)

    @property
    def Low(self) -> float:
        """Lowest price."""
        return self._value(self._of.LowPrices)

    @property
    def Close(self) -> float:
        """Close, or the newest price."""
        return self._value(self._of.ClosePrices)

    @property
    def TickVolume(self) -> float:
        """Volume of the data; of a forming bar, its ticks so far."""
        return self._value(self._of.TickVolumes)

    @property
    def OpenTime(self) -> DateTime:
        """Moment at which it opened, UTC."""
        return DateTime.at(int(self._of.bars.open_time_ns[self._place]))


class RobotBars(Supported):
    """Bars of one timeframe.

    Attributes:
        view: where the run is on them.
        BarOpened: event of a bar that opens.
        BarClosed: event of a bar that closed.
        Tick: event of every tick.
    """

    def __init__(self, bars: Bars, lines: dict[str, Line], view: View, shown_as: str = "api.Bars") -> None:
        self.bars, self.lines, self.view, self.shown_as = bars, lines, view, shown_as
        self.BarOpened, self.BarClosed = Event(f"{shown_as}.BarOpened"), Event(f"{shown_as}.BarClosed")
        self.Tick = Event(f"{shown_as}.Tick")
        self.SymbolName, self.TimeFrame = bars.symbol.name, TimeFrame.of(bars.timeframe.name)

        def series(name: str, of: str) -> DataSeries:
            return DataSeries(lines[of], view, f"{shown_as}.{name}")

        self.OpenPrices, self.HighPrices = series("OpenPrices", "open"), series("HighPrices", "high")
        self.LowPrices, self.ClosePrices = series("LowPrices", "low"), series("ClosePrices", "close")
        self.MedianPrices, self.TypicalPrices = series("MedianPrices", "median"), series("TypicalPrices", "typical")
        self.WeightedPrices, self.TickVolumes = series("WeightedPrices", "weighted"), series("TickVolumes", "volume")
        self.OpenTimes = TimeSeries(bars, view)
        self._newest = Bar(self, 0)

    def Last(self, index: int = 0) -> Bar:
        """The bar `index` bars ago, 0 for the newest."""
        return Bar(self, index)

    @property
    def LastBar(self) -> Bar:
        """The newest bar."""
        newest, view = self._newest, self.view  # asked for several times a call by many robots
        if newest._place != view.last or newest._tick != view.tick:
            newest = self._newest = Bar(self, 0)
        return newest

    @property
    def Count(self) -> int:
        """Number of bars."""
        return self.view.last + 1

    def __len__(self) -> int:
        return self.view.last + 1

    def __getitem__(self, index: int) -> Bar:
        return Bar(self, self.view.last - index)

    def __iter__(self) -> Iterator[Bar]:
        return (self[i] for i in range(self.view.last + 1))

    def LoadMoreHistory(self, *_: Any) -> int:
        """Earlier bars than the backtest has: there are none."""
        return 0


class TimeFrame(Supported):
    """A timeframe by the platform's name, such as ``TimeFrame.Hour4``.

    Attributes:
        frame: its name here, such as ``H4``.
        Name: its name there.
    """

    shown_as = "TimeFrame"

    def __init__(self, frame: str, name: str) -> None:
        self.frame, self.Name = frame, name

    @classmethod
    def of(cls, frame: str) -> TimeFrame:
        """The timeframe of a name of ours."""
        return TIMEFRAMES.get(_SHORT.get(frame, frame)) or TimeFrame(frame, frame)

    @classmethod
    def Parse(cls, text: str) -> TimeFrame:
        """Read a name of the platform's: ``Hour4``, ``h4``, ``m5``, ``Daily``."""
        found = TIMEFRAMES.get(text) or TIMEFRAMES.get(_SHORT.get(text.upper(), ""))
        if found is None:
            unsupported(f"TimeFrame.Parse({text!r})")
        return found

    @override
    def __str__(self) -> str:
        return self.Name

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, TimeFrame) and other.frame == self.frame

    @override
    def __hash__(self) -> int:
        return hash(self.frame)


_SHORT = {
    **{f"M{n}": "Minute" if n == 1 else f"Minute{n}" for n in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 45)},
    **{f"H{n}": "Hour" if n == 1 else f"Hour{n}" for n in (1, 2, 3, 4, 6, 8, 12)},
    "D1": "Daily", "W1": "Weekly",
}  # fmt: skip
TIMEFRAMES = {name: TimeFrame(frame, name) for frame, name in _SHORT.items()}
"""Timeframes by the platform's name."""
for _name, _frame in TIMEFRAMES.items():
    setattr(TimeFrame, _name, _frame)


class Functions(Supported):
    """Questions about two series."""

    shown_as = "Functions"

    @staticmethod
    def HasCrossedAbove(first: DataSeries, second: Any, periods: int) -> bool:
        """Whether the first was not above the second, and then was, at one of the newest ``periods + 1`` bars.

        Args:
            first: a series.
            second: a series or a number.
            periods: how many bars to look back, 0 for the newest one only.
        """
        other = second.Last if isinstance(second, DataSeries) else lambda _: second
        mine = first.Last
        now, against = mine(0), other(0)
        for i in range(periods + 1):
            before, against_before = mine(i + 1), other(i + 1)
            if now > against and before <= against_before:
                return True
            now, against = before, against_before
        return False

    @staticmethod
    def HasCrossedBelow(first: DataSeries, second: Any, periods: int) -> bool:
        """The same downwards."""
        other = second.Last if isinstance(second, DataSeries) else lambda _: second
        mine = first.Last
        now, against = mine(0), other(0)
        for i in range(periods + 1):
            before, against_before = mine(i + 1), other(i + 1)
            if now < against and before >= against_before:
                return True
            now, against = before, against_before
        return False

    @staticmethod
    def IsRising(series: DataSeries) -> bool:
        """Whether its newest value is above the one before."""
        return series.IsRising()

    @staticmethod
    def IsFalling(series: DataSeries) -> bool:
        """Whether its newest value is below the one before."""
        return series.IsFalling()

    @staticmethod
    def Maximum(series: DataSeries, periods: int) -> float:
        """Highest of its newest values."""
        return series.Maximum(periods)

    @staticmethod
    def Minimum(series: DataSeries, periods: int) -> float:
        """Lowest of its newest values."""
        return series.Minimum(periods)

    @staticmethod
    def Sum(series: DataSeries, periods: int) -> float:
        """Sum of its newest values."""
        return series.Sum(periods)
