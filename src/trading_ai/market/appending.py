"""Bars that grow: new ones behind old ones, without a change of what was there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trading_ai.errors import DataError
from trading_ai.market.bars import Bars, Floats

_PRICES = ("open", "high", "low", "close")
_COLUMNS = (*_PRICES, "volume", "spread", "ask_open", "ask_high", "ask_low", "ask_close")


@dataclass(frozen=True)
class Appended:
    """Bars with others behind them.

    Attributes:
        bars: all of them.
        n_new: bars that were added.
        n_same: bars of the new ones that were there already.
        last_replaced: whether the last old bar was complete only in the new ones, and was taken from there.
    """

    bars: Bars
    n_new: int
    n_same: int
    last_replaced: bool


def appended(old: Bars, new: Bars, source: str = "") -> Appended:
    """Old bars with new ones behind them.

    Where both have a bar, its prices must be equal. Only the last old bar may differ: a bar that had not ended when it
    was exported has the same open, and in the new bars reaches at least as far.

    Args:
        old: the bars to grow.
        new: bars of the same symbol and timeframe.
        source: where the new ones come from, for messages.

    Raises:
        DataError: they are of another symbol, timeframe or kind, contradict the old ones, or lie between them.
    """
    _check_kind(old, new, source)
    last = int(old.open_time_ns[-1])
    within = np.flatnonzero(new.open_time_ns <= last)
    place = np.searchsorted(old.open_time_ns, new.open_time_ns[within])
    known = old.open_time_ns[place] == new.open_time_ns[within]
    if not known.all():
        first = int(within[np.flatnonzero(~known)[0]])
        raise DataError(
            f"holds {int((~known).sum()):,} bars in holes of the dataset or before it; first", file=source,
            parameter="time", value=_iso(int(new.open_time_ns[first])),
            remedy="Appending adds bars at the end only: import all files together as a new dataset",
        )  # fmt: skip
    differs = np.zeros(within.size, dtype=np.bool_)
    for name in _PRICES:
        differs |= getattr(old, name)[place] != getattr(new, name)[within]
    last_replaced = bool(differs.size and differs[-1] and place[-1] == len(old) - 1 and _completes(old, new, within))
    if last_replaced:
        differs[-1] = False
    if differs.any():
        at = int(np.flatnonzero(differs)[0])
        had, has = (float(b.close[i]) for b, i in ((old, int(place[at])), (new, int(within[at]))))
        raise DataError(
            f"contradicts the dataset in {int(differs.sum()):,} bars; the first opens {_iso(_time(new, within, at))} "
            f"and closes at {has:g} instead of {had:g}", file=source, parameter="close", value=has,
            remedy="Check that it is the same symbol, feed and clock (--timezone), or import it as a new dataset",
        )  # fmt: skip
    n_new = len(new) - within.size
    if not n_new and not last_replaced:
        return Appended(old, 0, int(within.size), last_replaced=False)
    kept, begin = len(old) - last_replaced, within.size - last_replaced

    def joined(name: str) -> Floats | None:
        first, second = getattr(old, name), getattr(new, name)
        return None if first is None else np.concatenate((first[:kept], second[begin:]))

    times = np.concatenate((old.open_time_ns[:kept], new.open_time_ns[begin:]))
    columns = {name: joined(name) for name in _COLUMNS}
    bars = Bars(old.symbol, old.timeframe, times, **columns)  # type: ignore[arg-type]  # prices are always there
    return Appended(bars, n_new, int(within.size) - last_replaced, last_replaced)


def _completes(old: Bars, new: Bars, within: np.ndarray[tuple[int], np.dtype[np.intp]]) -> bool:
    """Whether the last old bar looks like the beginning of the same new one."""
    at = int(within[-1])
    return bool(new.open[at] == old.open[-1] and new.high[at] >= old.high[-1] and new.low[at] <= old.low[-1])


def _check_kind(old: Bars, new: Bars, source: str) -> None:
    def refuse(what: str, has: object, had: object) -> DataError:
        return DataError(f"has {what} {has}, the dataset {had}", file=source, parameter=what, value=str(has))

    if not len(old):
        raise DataError("there are no bars to append to", file=source)
    if new.symbol != old.symbol:
        raise refuse("symbol", new.symbol, old.symbol)
    if new.timeframe != old.timeframe:
        raise refuse("timeframe", new.timeframe, old.timeframe)
    for name in ("spread", "ask_open"):
        if (getattr(old, name) is None) != (getattr(new, name) is None):
            has, had = ("none" if getattr(b, name) is None else "one" for b in (new, old))
            raise refuse(name, has, had)


def _time(bars: Bars, within: np.ndarray[tuple[int], np.dtype[np.intp]], at: int) -> int:
    return int(bars.open_time_ns[within[at]])


def _iso(ns: int) -> str:
    return f"{np.datetime64(ns, 'ns').astype('datetime64[s]')}Z"
