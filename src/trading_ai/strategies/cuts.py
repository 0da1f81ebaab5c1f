"""Where bars are cut for the look-ahead check: after signals, and around the borders of every longer timeframe.

A strategy that joins bars to longer ones and uses the longer bar before it has ended looks causal wherever the data
ends with the longer bar. So cuts lie at the borders of all longer timeframes, one bar before, and one bar after: there
the unfinished bar is another one than the finished.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

import numpy as np
import numpy.typing as npt

from trading_ai.market.bars import Bars
from trading_ai.market.calendar import NS_PER_DAY, trading_day, week_start
from trading_ai.market.grid import grid_opens, on_day_grid
from trading_ai.market.timeframe import timeframe, timeframes

Ints = npt.NDArray[np.int64]

_SHORTEST = timeframe("M5")
_AFTER_SIGNALS = 3
"""Cuts after signals for each round through the timeframes: nothing shows more than a signal at the last bar."""
_MOST_ANYWHERE = 4096


def borders(bars: Bars) -> dict[str, Ints]:
    """The bars with which a bar of a longer timeframe begins, by timeframe: M5 to W1, and MN1 for months.

    From H2 on, on the grid of the symbol's trading day and on that of UTC (``H4 UTC``), where these differ. The
    longest come last.
    """
    kept = bars.derived.get("borders")
    if isinstance(kept, dict):
        return kept
    times = bars.open_time_ns
    market_days, utc_days = trading_day(bars.symbol, times), times // NS_PER_DAY
    bins: dict[str, Ints] = {}
    for length in timeframes():
        if length <= bars.timeframe or length < _SHORTEST or length.is_daily_or_longer:
            continue
        if on_day_grid(length):
            bins[length.name] = grid_opens(bars.symbol, times, length)
            bins[f"{length.name} UTC"] = times // length.ns
        else:
            bins[length.name] = times // length.ns
    both = (("", market_days), (" UTC", utc_days))
    bins |= {f"D1{suffix}": days for suffix, days in both}
    bins |= {f"W1{suffix}": week_start(days) for suffix, days in both}
    bins |= {
        f"MN1{suffix}": days.astype("datetime64[D]").astype("datetime64[M]").view(np.int64) for suffix, days in both
    }
    found: dict[str, Ints] = {}
    for name, bin_ in bins.items():
        begins = np.flatnonzero(bin_[1:] != bin_[:-1]) + 1
        # Borders at every bar are those of the bars' own timeframe.
        if begins.size and begins.size < len(bars) - 1 and not _same(found.get(name.removesuffix(" UTC")), begins):
            found[name] = begins
    bars.derived["borders"] = found
    return found


def _same(one: Ints | None, other: Ints) -> bool:
    return one is not None and np.array_equal(one, other)


def spread(n: int) -> Ints:
    """The numbers 0 to n-1 in an order of which every beginning is spread over all of them."""
    bits = max(int(n - 1).bit_length(), 1)
    numbers = np.arange(1 << bits, dtype=np.int64)
    turned = np.zeros_like(numbers)
    for bit in range(bits):
        turned |= (numbers >> bit & 1) << (bits - 1 - bit)
    return turned[turned < n]


def cuts(bars: Bars, active: Ints, fewest: int, most: int) -> Iterator[int]:
    """Numbers of bars to keep, each once, in the order in which they tell most.

    Args:
        bars: the bars.
        active: bars with a signal, shape (k,).
        fewest: no cut keeps fewer bars.
        most: number of cuts.
    """
    n, seen = len(bars), set[int]()
    for cut in _every(bars, active, most):
        if len(seen) >= most:
            return
        if fewest <= cut < n and cut not in seen:
            seen.add(cut)
            yield cut


def _every(bars: Bars, active: Ints, most: int) -> Iterator[int]:
    n = len(bars)
    after: list[int] = (active[spread(active.size)[: 2 * most]] + 1).tolist() if active.size else []
    rounds = [after[i::_AFTER_SIGNALS] for i in range(_AFTER_SIGNALS)]
    for begins in borders(bars).values():
        # A cut at b keeps what ended, one at b + 1 a bar that has just begun, one at b - 1 one that has not ended yet.
        chosen = begins[spread(begins.size)[:most]]
        rounds.append(np.stack((chosen + 1, chosen - 1, chosen), axis=1).ravel().tolist())
    steps = min(n, _MOST_ANYWHERE)
    anywhere: list[int] = (spread(steps) * n // steps).tolist()
    for row in zip_longest(*rounds, anywhere[: max(map(len, rounds))]):
        yield from (cut for cut in row if cut is not None)
    yield from anywhere


class Places:
    """At which borders cuts lie.

    Args:
        bars: the bars that are cut.
    """

    def __init__(self, bars: Bars) -> None:
        self._borders = borders(bars)

    def of(self, cut: int) -> list[str]:
        """The timeframes at whose border the cut lies, one bar before or one after; the longest last."""
        found = []
        for name, begins in self._borders.items():
            at = int(np.searchsorted(begins, cut - 1))
            if at < begins.size and begins[at] <= cut + 1:
                found.append(name)
        return found
