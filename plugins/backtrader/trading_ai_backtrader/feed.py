"""Bars as a data feed, with what pandas' frame would have told."""

from __future__ import annotations

from datetime import date

import backtrader as bt
import numpy as np

from trading_ai.market.bars import Bars

_DAY_NS = 86_400 * 1_000_000_000
_EPOCH = date(1970, 1, 1).toordinal()
_KEY = "backtrader feed"


class BarsFeed(bt.feed.DataBase):
    """Feeds bars: times are those of their opens in UTC, as in a frame with an index of open times."""

    params = (("bars", None),)

    def __init__(self) -> None:
        super().__init__()
        self._columns = _columns(self.p.bars)
        self._next = 0

    def start(self) -> None:
        """Begin with the first bar."""
        super().start()
        self._next = 0

    def _load(self) -> bool:
        i = self._next
        times, opens, highs, lows, closes, volumes = self._columns
        if i >= len(times):
            return False
        lines = self.lines
        lines.datetime[0], lines.open[0], lines.high[0] = times[i], opens[i], highs[i]
        lines.low[0], lines.close[0], lines.volume[0], lines.openinterest[0] = lows[i], closes[i], volumes[i], 0.0
        self._next = i + 1
        return True


def feed_of(bars: Bars) -> BarsFeed:
    """A feed of bars, which knows their timeframe."""
    seconds = bars.timeframe.seconds
    for unit, length in (
        (bt.TimeFrame.Weeks, 604_800), (bt.TimeFrame.Days, 86_400), (bt.TimeFrame.Minutes, 60),
    ):  # fmt: skip
        if seconds % length == 0:
            return BarsFeed(bars=bars, timeframe=unit, compression=seconds // length)
    return BarsFeed(bars=bars, timeframe=bt.TimeFrame.Seconds, compression=seconds)


def _columns(bars: Bars) -> tuple[list[float], ...]:
    """The columns as lists, kept with the bars: a sweep reads them once for each combination."""
    if _KEY not in bars.derived:
        days, rest = np.divmod(bars.open_time_ns, _DAY_NS)
        times = (days + _EPOCH) + rest / _DAY_NS
        columns = (times, bars.open, bars.high, bars.low, bars.close, bars.volume)
        bars.derived[_KEY] = tuple(column.tolist() for column in columns)
    return bars.derived[_KEY]  # type: ignore[return-value]
