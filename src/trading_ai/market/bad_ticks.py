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
_PRICES = ("open", "close", "low", "high")
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
            for name, price, lowest, highest in _compared(prices):
                away = np.maximum(lowest - price, price - highest)
                for k in np.flatnonzero(away > limit).tolist():
                    row = start + k
                    if not first <= row < first + _PIECE:
                        continue
                    near = float(lowest[k] if price[k] < lowest[k] else highest[k])
                    far = abs(float(np.log(price[k] / near)))
                    if row not in found or far > found[row][0] * (1 + 1e-9):
                        found[row] = (far, prefix + name, float(prices[name][k]), near)
    rows = sorted(found, key=lambda row: (-found[row][0], row))
    return Spikes(
        np.array(rows, np.int64),
        tuple(found[row][1] for row in rows),
        np.array([found[row][2] for row in rows]),
        np.array([found[row][3] for row in rows]),
    )


def _compared(prices: Mapping[str, Floats]) -> list[tuple[str, Floats, Floats, Floats]]:
    """Which prices are compared with what: column, price, lowest and highest price around it, each of shape (n,)."""
    open_, close = prices["open"], prices["close"]
    low, high = np.minimum(open_, close), np.maximum(open_, close)
    before, after, later = _shifted(close, 1), _shifted(open_, -1), _shifted(close, -1)
    steps = [step for size in range(1, _AROUND + 1) for step in (size, -size)]
    around_low = np.minimum.reduce([_shifted(low, step) for step in steps])
    around_high = np.maximum.reduce([_shifted(high, step) for step in steps])
    anything = np.zeros_like(low), np.full_like(high, np.inf)
    return [
        # An open or close that is wrong explains the wick on its side, so these come first.
        ("open", open_, np.minimum(before, close), np.maximum(before, close)),
        ("close", close, np.minimum.reduce([open_, after, later]), np.maximum.reduce([open_, after, later])),
        # A bar that is off as a whole: its nearer end counts.
        ("close", high, around_low, anything[1]),
        ("close", low, anything[0], around_high),
        ("low", prices["low"], np.minimum(around_low, low), np.maximum(around_high, high)),
        ("high", prices["high"], np.minimum(around_low, low), np.maximum(around_high, high)),
    ]


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
