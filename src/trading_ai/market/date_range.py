"""Date ranges: reading their ends, and cutting bars at them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from trading_ai.errors import ParameterError
from trading_ai.market.bars import Bars
from trading_ai.market.timeframe import NS_PER_SECOND

_NS_PER_MICROSECOND = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS = (1900, 2200)  # what nanoseconds in 64 bits reach, with room for arithmetic


def moment_ns(moment: object, parameter: str) -> int:
    """Nanoseconds since 1970 of a date or time; UTC where it names no zone.

    Args:
        moment: ISO 8601 such as ``2017-01-01`` or ``2017-01-01T08:30``, or a date that prints itself so.
        parameter: what an error calls it.

    Raises:
        ParameterError: it is something else, or lies outside the years 1900 to 2200.
    """
    try:
        read = datetime.fromisoformat(str(moment).strip())
    except ValueError:
        read = None
    if read is None or not _YEARS[0] <= read.year <= _YEARS[1]:
        raise ParameterError(
            "must be a date or time in UTC", parameter=parameter, value=str(moment),
            remedy="For example 2017-01-01 or 2017-01-01T08:30.",
        )  # fmt: skip
    since = (read if read.tzinfo else read.replace(tzinfo=UTC)) - _EPOCH
    whole = since.days * 86_400 + since.seconds
    return whole * NS_PER_SECOND + since.microseconds * _NS_PER_MICROSECOND


def moment_text(ns: int) -> str:
    """The one way to write a moment (UTC, whole microseconds): ``2017-01-01``, or ``2017-01-01T08:30:00``."""
    text = str(np.datetime64(ns, "ns").astype("datetime64[us]"))
    date, _, clock = text.partition("T")
    return date if clock == "00:00:00.000000" else f"{date}T{clock.removesuffix('.000000')}"


def range_text(start: object, end: object) -> tuple[str | None, str | None]:
    """Both ends of a range written in the one way, so that equal ranges are equal texts.

    Args:
        start: first moment, or None.
        end: the moment after the last, or None.

    Raises:
        ParameterError: an end cannot be read, or the range holds nothing.
    """
    first = None if start is None else moment_ns(start, "start")
    last = None if end is None else moment_ns(end, "end")
    if first is not None and last is not None and first >= last:
        raise ParameterError(f"must lie after the start, {moment_text(first)}", parameter="end", value=str(end))
    return None if first is None else moment_text(first), None if last is None else moment_text(last)


def bars_before(bars: Bars, end: str | None) -> Bars:
    """Bars that open before `end`; the same object where that is all of them.

    Raises:
        ParameterError: there is none.
    """
    if end is None or not len(bars):
        return bars
    n = int(np.searchsorted(bars.open_time_ns, moment_ns(end, "end")))
    if not n:
        raise ParameterError("must lie after the first bar", parameter="end", value=end, remedy=_covered(bars))
    return bars if n == len(bars) else bars.slice(0, n)


def both_before(bars: Bars, detail: Bars, end: str | None) -> tuple[Bars, Bars]:
    """Bars and the finer ones that decide exits, both before `end`.

    Where the finer ones have a gap up to `end`, bars that open in it are left out: nothing could be filled on them.

    Raises:
        ParameterError: there are none.
    """
    shorter, finer = bars_before(bars, end), bars_before(detail, end)
    if finer is not detail and finer.open_time_ns[-1] < shorter.open_time_ns[-1]:
        n = int(np.searchsorted(shorter.open_time_ns, finer.open_time_ns[-1], side="right"))
        shorter = shorter.slice(0, n)
    return shorter, finer


def first_bar(bars: Bars, start: str | None) -> int:
    """Position of the first bar that opens at or after `start`.

    Raises:
        ParameterError: there is none.
    """
    if start is None or not len(bars):
        return 0
    first = int(np.searchsorted(bars.open_time_ns, moment_ns(start, "start")))
    if first == len(bars):
        raise ParameterError(
            "must not lie after the last bar to trade", parameter="start", value=start, remedy=_covered(bars)
        )
    return first


def _covered(bars: Bars) -> str:
    first, last = bars.open_time_ns[[0, -1]].astype("datetime64[ns]").astype("datetime64[m]")
    return f"The bars open from {first} to {last} UTC."
