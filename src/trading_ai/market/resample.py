"""Longer bars out of shorter ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trading_ai.errors import DataError
from trading_ai.market.calendar import day_open_ns, trading_day, week_start
from trading_ai.market.grid import grid_opens, grid_symbol, on_day_grid, with_day_start
from trading_ai.market.timeframe import Timeframe
from trading_ai.market.timeframe import timeframe as parse_timeframe

if TYPE_CHECKING:
    from trading_ai.market.bars import Bars, Floats, Ints  # which can make longer bars of itself


def resample(bars: Bars, timeframe: str | Timeframe, *, day_start: str | None = None) -> Bars:
    """Join bars into longer ones.

    Up to an hour, bars lie on a UTC grid. H2 to H12 lie on the grid of the symbol's trading day: H4 of FX opens at
    17:00, 21:00, 01:00, ... in New York, of crypto at 00:00, 04:00, ... UTC (see `market.grid`). A D1 bar is a trading
    day of the symbol and opens at the rollover before it (17:00 in New York for FX), a W1 bar begins with Monday's
    trading day. A bar belongs where it opens, so daily bars of a coarse grid (H4 and up) take in what a bar
    holds past the rollover. There is no bar where the source has none.

    Bars of H2 to H12 that lie on another grid, such as UTC, are joined to longer ones below a day on their own.

    Volume is summed, ask prices are joined like bid prices, and a spread column keeps the spread of the first
    bar: the one at the open, where orders fill.

    Args:
        bars: the source.
        timeframe: a whole multiple of the source's timeframe; the same timeframe returns `bars` itself.
        day_start: when the day begins that longer bars lie in: ``17:00 America/New_York``, ``NY+7`` or ``UTC`` (its
            midnight); None for the symbol's own rollover.

    Raises:
        DataError: the timeframe is shorter than the bars', or not a multiple of it, or the bars lie on another grid
            than the one asked for.
    """
    target = parse_timeframe(timeframe)
    if target == bars.timeframe:
        return bars
    if target.seconds % bars.timeframe.seconds:
        rule = "is shorter than" if target.seconds < bars.timeframe.seconds else "is not a multiple of"
        raise DataError(
            f"{rule} the bars' own timeframe {bars.timeframe}",
            parameter="timeframe",
            value=target.name,
            remedy="Import finer bars and resample those",
        )
    if not len(bars):
        none = np.empty(0)
        return type(bars)(bars.symbol, target, np.empty(0, np.int64), none, none, none, none)
    opens = bin_opens(bars, bars.open_time_ns, target, day_start)
    first = np.flatnonzero(np.concatenate(([True], opens[1:] != opens[:-1])))
    last = np.concatenate((first[1:], [len(bars)])) - 1

    def of_first(values: Floats | None) -> Floats | None:
        return None if values is None else values[first]

    return type(bars)(
        bars.symbol,
        target,
        opens[first],
        bars.open[first],
        np.maximum.reduceat(bars.high, first),
        np.minimum.reduceat(bars.low, first),
        bars.close[last],
        np.add.reduceat(bars.volume, first),
        spread=of_first(bars.spread),
        ask_open=of_first(bars.ask_open),
        ask_high=None if bars.ask_high is None else np.maximum.reduceat(bars.ask_high, first),
        ask_low=None if bars.ask_low is None else np.minimum.reduceat(bars.ask_low, first),
        ask_close=None if bars.ask_close is None else bars.ask_close[last],
    ).with_others(bars.others.values())


def bin_opens(bars: Bars, times: Ints, target: Timeframe, day_start: str | None = None) -> Ints:
    """The open of the longer bar that each moment falls in, UTC ns, shape (n,).

    Args:
        bars: the source, whose symbol and grid count.
        times: moments, UTC ns, ascending, shape (n,), at least one.
        target: the length of the longer bars.
        day_start: as of `resample`.

    Raises:
        DataError: the source lies on another grid than the one asked for.
    """
    if on_day_grid(target):
        return grid_opens(grid_symbol(bars, target, day_start), times, target)
    if not target.is_daily_or_longer:
        return times // target.ns * target.ns
    symbol = with_day_start(bars.symbol, day_start)
    days = trading_day(symbol, times)
    if target.seconds > 86400:
        days = week_start(days)
    changes = np.flatnonzero(np.concatenate(([True], days[1:] != days[:-1])))
    opens = day_open_ns(symbol, days[changes])
    return np.repeat(opens, np.diff(np.concatenate((changes, [len(days)]))))
