"""The times of a text table: one column or two, in a format that is guessed, settled by the values, or stated."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from trading_ai.errors import DataError
from trading_ai.importers.datetimes import (
    TimeFormat,
    clock_pattern,
    guess_time_format,
    order_of_day_and_month,
    parse_times,
    read_date_format,
    why_no_time,
    with_day_first,
)
from trading_ai.importers.raw import FormatFacts, Ints
from trading_ai.importers.sniff import Layout


def times_of(
    frame: pl.DataFrame,
    layout: Layout,
    facts: FormatFacts,
    source: str,
    line_of: Callable[[int], int],
    date_format: str | None,
    settled: TimeFormat | None = None,
) -> tuple[Ints, TimeFormat]:
    """The times of a frame, and how they are written; `settled` is what earlier rows of the file told."""
    values = frame["time"]
    samples = layout.sample("time")
    guessed = guess_time_format(samples)
    if "clock" in layout.roles:
        clock = frame["clock"]
        first = next((v for v in layout.sample("clock") if v), "")
        if ":" not in first:
            longest = max((len(v) for v in layout.sample("clock")), default=0)
            width = 4 if longest <= 4 else 6 if longest <= 6 else 9  # 9 with milliseconds
            clock = clock.str.zfill(width)
            first = first.zfill(width)
        pattern = clock_pattern(first)
        values = frame.select(pl.col("time") + " " + clock).to_series()
        if guessed and pattern:
            guessed = TimeFormat(guessed.date, " " + pattern[0], pattern[1], undecided=guessed.undecided)
    if settled is not None:
        format_ = settled
    elif date_format:
        format_ = read_date_format(date_format, guessed)
    elif guessed is None:
        raise DataError(
            "is not a time in a known format",
            file=source,
            line=line_of(0),
            parameter="time",
            value=samples[0] if samples else None,
            remedy='Give its format, as in date_format="%d.%m.%Y %H:%M"',
        )
    else:
        format_ = _decided(guessed, values, facts, source, line_of) if guessed.undecided else guessed
    time_ns, bad = parse_times(values, format_)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        rule, remedy = why_no_time(values[row], format_, values[0])
        raise DataError(
            rule, file=source, line=line_of(row), parameter="time", value=values[row] or None, remedy=remedy
        )
    return time_ns, format_


def _decided(
    guessed: TimeFormat, values: pl.Series, facts: FormatFacts, source: str, line_of: Callable[[int], int]
) -> TimeFormat:
    """Settle day and month by the values, the format, or the order of time; refuse where nothing tells."""
    remedy = 'Say which, as in date_format="dd.mm.yyyy" or date_format="mm/dd/yyyy"'
    try:
        day_first = order_of_day_and_month(values)
    except ValueError:
        raise DataError(
            "some dates have the day first, others the month",
            file=source,
            line=line_of(0),
            parameter="time",
            value=values[0],
            remedy="Export the file with one date format",
        ) from None
    if day_first is None:
        day_first = facts.day_first
    if day_first is None:
        ascending = []
        for order in (True, False):
            times, bad = parse_times(values, with_day_first(guessed, day_first=order))
            if not bad.any() and bool((times[1:] >= times[:-1]).all()):
                ascending.append(order)
        if len(ascending) == 1:
            day_first = ascending[0]
    if day_first is None:
        raise DataError(
            "could be day and month or month and day: no value in the file is above 12",
            file=source,
            line=line_of(0),
            parameter="date_format",
            value=values[0],
            remedy=remedy,
        )
    return with_day_first(guessed, day_first=day_first)
