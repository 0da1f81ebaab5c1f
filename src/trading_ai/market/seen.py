"""Other bars than the ones a strategy trades on: longer ones and those of another symbol, as far as they are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from trading_ai.errors import DataError, did_you_mean
from trading_ai.market.exchanges import EXCHANGES
from trading_ai.market.resample import bin_opens, resample
from trading_ai.market.timeframe import NS_PER_SECOND
from trading_ai.market.timeframe import timeframe as parse_timeframe
from trading_ai.market.timezones import from_utc, parse_timezone

if TYPE_CHECKING:
    from trading_ai.market.bars import Bars

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_DAY_SECONDS = 86_400


@dataclass(frozen=True, eq=False)
class SeenBars:
    """Bars that are known, up to the last finished one, at the closes of other bars.

    Work indicators out on `bars`, all at once, and bring them over with `to_bars`: at each bar the value of the last
    finished one counts, so nothing of the future is seen.

    Attributes:
        bars: the longer bars, or those of another symbol.
        last: the last of them that is finished at each bar's close, -1 before the first, int64, shape (n_bars,).
    """

    bars: Bars
    last: Ints

    def to_bars(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Values of these bars at the bars that they are seen from.

        Args:
            values: one for each of `bars`.

        Returns:
            Shape (n_bars,); NaN where none of `bars` is finished yet, False for booleans.

        Raises:
            DataError: there is not one value for each of `bars`.
        """
        given = np.asarray(values)
        if given.shape != (len(self.bars),):
            rule = f"must have one value for each of the {len(self.bars)} {self.bars.timeframe} bars"
            raise DataError(rule, parameter="values", value=given.shape)
        known = self.last >= 0
        if given.dtype == np.bool_:
            seen = np.zeros(self.last.shape[0], dtype=np.bool_)
        else:
            seen = np.full(self.last.shape[0], np.nan)
        seen[known] = given[self.last[known]]
        return seen


def longer(bars: Bars, timeframe: str, day_start: str | None = None) -> SeenBars:
    """Longer bars made of these, as far as they are finished at each bar's close.

    A longer bar is finished at a close at or after its end by the clock, see `market.resample`.

    Args:
        bars: the bars that are traded.
        timeframe: a whole multiple of theirs, such as ``H4``.
        day_start: when the day starts that bars of H2 and longer lie in; None for the symbol's own.

    Raises:
        DataError: the timeframe is unknown, shorter than the bars' or no multiple of it.
    """
    target = parse_timeframe(timeframe)
    made = resample(bars, target, day_start=day_start)
    if made is bars:
        return SeenBars(bars, np.arange(len(bars), dtype=np.int64))
    if not len(bars):
        return SeenBars(made, np.zeros(0, dtype=np.int64))
    # What is finished lies before the longer bar that the moment of the close lies in.
    now = bin_opens(bars, bars.open_time_ns + bars.timeframe.ns, target, day_start)
    return SeenBars(made, np.searchsorted(made.open_time_ns, now).astype(np.int64) - 1)


def other(bars: Bars, name: str) -> SeenBars:
    """Bars of another symbol that came with these, as far as they are finished at each bar's close.

    Those of the bars' own symbol are the bars themselves.

    Raises:
        DataError: no bars of that symbol came with them.
    """
    if name == bars.symbol.name:
        return SeenBars(bars, np.arange(len(bars), dtype=np.int64))
    if name not in bars.others:
        raise DataError(
            "no bars of it came with these bars",
            parameter="bars.other",
            value=name,
            remedy=did_you_mean(name, bars.others)
            + (f"There are: {', '.join(bars.others)}. " if bars.others else "")
            + "Name its dataset with --other, or give others=[bars] to ta.backtest or ta.sweep.",
        )
    found = bars.others[name]
    closes, own = found.open_time_ns + found.timeframe.ns, bars.open_time_ns + bars.timeframe.ns
    return SeenBars(found, np.searchsorted(closes, own, side="right").astype(np.int64) - 1)


def between(bars: Bars, start: str, end: str, clock: str = "UTC") -> npt.NDArray[np.bool_]:
    """Bars that open within hours of a day, by any clock; changes to and from daylight saving are its own.

    Args:
        bars: the bars.
        start: first time of day, ``HH:MM`` or ``HH:MM:SS``.
        end: time of day after the last; before `start` for hours that pass midnight.
        clock: a time zone, such as ``America/New_York``, ``UTC`` or ``NY+7``, or an exchange's code, such as ``XNYS``.

    Returns:
        Shape (n_bars,).

    Raises:
        DataError: a time or the clock cannot be read, or both times are the same.
    """
    first, last = (_seconds(text, name) for text, name in ((start, "start"), (end, "end")))
    if first == last:
        raise DataError("must be another time than start", parameter="end", value=end)
    exchange = EXCHANGES.get(clock.strip().upper())
    zone = parse_timezone(clock if exchange is None else exchange.timezone)
    seconds = from_utc(zone, bars.open_time_ns) // NS_PER_SECOND % _DAY_SECONDS
    after, before = seconds >= first, seconds < last
    inside: npt.NDArray[np.bool_] = (after & before) if first < last else (after | before)
    return inside


def _seconds(text: str, name: str) -> int:
    parts = text.split(":")
    if len(parts) in {2, 3} and all(part.isdigit() and len(part) == 2 for part in parts):
        hours, minutes, seconds = (int(part) for part in (*parts, "00")[:3])
        if hours < 24 and minutes < 60 and seconds < 60:
            return hours * 3600 + minutes * 60 + seconds
    raise DataError("must be a time of day", parameter=name, value=text, remedy="Such as 09:30.")
