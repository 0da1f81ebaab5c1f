"""Prices that stick out of their surroundings and come straight back: bad ticks, or a flash crash.

Nothing is dropped: whether a spike was traded is a question for the source. A price is told from its surroundings by
the opens and closes around it, which a single bad tick leaves alone, so that a market that moved and stayed is never
one, however far it moved.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trading_ai.market.symbol import Symbol

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# What a tick may stray at least, as a share of the price: quiet hours have ranges of nothing, news has long wicks.
_SHARE = {"fx": 0.005, "metal": 0.0075, "index": 0.01, "future": 0.015, "stock": 0.03, "crypto": 0.05}
_RANGES = 10.0  # and how many times the usual range of the bars around it
_BLOCK = 200  # bars whose ranges' median is the usual one; the larger of a bar's own block and its neighbours' counts
_PIECE = 1 << 16  # bars looked at in one go
_PRICES = ("open", "close", "low", "high")  # a body that is wrong explains the wick on its side, so bodies come first
_AROUND = 2  # bars on each side whose opens and closes are looked at


@dataclass(frozen=True)
class Spikes:
    """Prices that stick out, the farthest first.

    Attributes:
        rows: the bars, shape (n,).
        columns: which price of each, such as ``low``.
        values: the price.
        usual: the nearest open or close around it.
    """

    rows: Ints
    columns: tuple[str, ...]
    values: Floats
    usual: Floats


def spikes(columns: Mapping[str, Floats], symbol: Symbol) -> Spikes:
    """Find prices far off the opens and closes of the bars around them.

    Args:
        columns: `open`, `high`, `low`, `close`, and where present the four ask prices; shape (n,), positive.
        symbol: its kind says how far is far.

    Returns:
        One price a bar at most, the one that is farthest off.
    """
    n = len(columns["close"])
    share = _SHARE.get(symbol.kind, 0.03)
    found: dict[int, tuple[float, str, float, float]] = {}
    for prefix in ("", "ask_") if "ask_open" in columns else ("",):
        usual_range = _usual_range(columns[prefix + "high"], columns[prefix + "low"])
        for first in range(0, n, _PIECE):  # a million bars need no dozen arrays of a million
            start, stop = max(0, first - _AROUND), min(n, first + _PIECE + _AROUND)
            prices = {name: columns[prefix + name][start:stop] for name in _PRICES}
            limit = np.maximum(share * prices["close"], _RANGES * usual_range[start:stop])
            for name, (lowest, highest) in _references(prices).items():
                price = prices[name]
                away = np.maximum(lowest - price, price - highest)
                for k in np.flatnonzero(away > limit).tolist():
                    row = start + k
                    if not first <= row < first + _PIECE:
                        continue
                    near = float(lowest[k] if price[k] < lowest[k] else highest[k])
                    far = abs(float(np.log(price[k] / near)))
                    if row not in found or far > found[row][0] * (1 + 1e-9):
                        found[row] = (far, prefix + name, float(price[k]), near)
    rows = sorted(found, key=lambda row: (-found[row][0], row))
    return Spikes(
        np.array(rows, np.int64),
        tuple(found[row][1] for row in rows),
        np.array([found[row][2] for row in rows]),
        np.array([found[row][3] for row in rows]),
    )


def _references(prices: Mapping[str, Floats]) -> dict[str, tuple[Floats, Floats]]:
    """For each price the lowest and highest price that it is compared with, in the order of `_PRICES`."""
    open_, close = prices["open"], prices["close"]
    low, high = np.minimum(open_, close), np.maximum(open_, close)
    before, after = _shifted(close, 1), _shifted(open_, -1)
    around_low, around_high = low.copy(), high.copy()
    for step in range(1, _AROUND + 1):
        for shift in (step, -step):
            np.minimum(around_low, _shifted(low, shift), out=around_low)
            np.maximum(around_high, _shifted(high, shift), out=around_high)
    later = _shifted(close, -1)
    return {
        "open": (np.minimum(before, close), np.maximum(before, close)),
        "close": (np.minimum(np.minimum(open_, after), later), np.maximum(np.maximum(open_, after), later)),
        "low": (around_low, around_high),
        "high": (around_low, around_high),
    }


def _shifted(values: Floats, by: int) -> Floats:
    """The value `by` bars before; at the ends the bar's own."""
    out = values.copy()
    if by > 0:
        out[by:] = values[:-by]
    elif len(values) > -by:
        out[:by] = values[-by:]
    return out


def _usual_range(high: Floats, low: Floats) -> Floats:
    """Median range of the block of bars around each bar, the larger of it and the neighbouring blocks'."""
    ranges = high - low
    n = len(ranges)
    n_blocks = max(1, n // _BLOCK)
    cuts = np.linspace(0, n, n_blocks + 1).astype(np.int64)
    medians = np.array([np.median(ranges[a:b]) for a, b in itertools.pairwise(cuts)])
    wide = medians.copy()
    np.maximum(wide[1:], medians[:-1], out=wide[1:])
    np.maximum(wide[:-1], medians[1:], out=wide[:-1])
    return np.repeat(wide, np.diff(cuts))
