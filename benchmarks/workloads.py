"""The data and the grids that every system is timed on.

One strategy everywhere: long when SMA(fast) crosses above SMA(slow), short when it crosses below, one
position, filled at the next bar's open, an opposite cross reverses at the next open; stop-loss and
take-profit inside the bar; size 10,000 units, 0.5 of cost per side.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PIP = 0.0001
UNITS = 10_000.0
COST_PER_SIDE = 0.5
CASH = 1_000_000.0
SEED = 12345


@dataclass(frozen=True, eq=False)
class Data:
    """Plain arrays of one series, oldest first; `open_time_ns` in UTC."""

    name: str
    timeframe: str
    open_time_ns: npt.NDArray[np.int64]
    open: Floats
    high: Floats
    low: Floats
    close: Floats

    def __len__(self) -> int:
        return len(self.close)


@dataclass(frozen=True)
class Grid:
    """Parameter values; the combinations are their product, the last parameter varying fastest."""

    name: str
    fast: tuple[int, ...]
    slow: tuple[int, ...]
    stop_loss: tuple[int, ...]
    take_profit: tuple[int, ...]

    @cached_property
    def combinations(self) -> list[tuple[int, int, int, int]]:
        return list(itertools.product(self.fast, self.slow, self.stop_loss, self.take_profit))

    def __len__(self) -> int:
        return len(self.fast) * len(self.slow) * len(self.stop_loss) * len(self.take_profit)

    def sample(self, n: int) -> list[tuple[int, int, int, int]]:
        """`n` combinations spread evenly over the grid (all of them if it has no more)."""
        everything = self.combinations
        if n >= len(everything):
            return everything
        picked = np.linspace(0, len(everything) - 1, max(n, 1)).round().astype(int)
        return [everything[i] for i in np.unique(picked)]


def eurusd_h1() -> Data:
    """5,000 real hourly bars, read from the installed backtesting.py package; never copied elsewhere."""
    from backtesting.test import EURUSD

    times = EURUSD.index.to_numpy().astype("datetime64[ns]").astype(np.int64)
    columns = [EURUSD[name].to_numpy(dtype=np.float64) for name in ("Open", "High", "Low", "Close")]
    return Data("eurusd_h1", "H1", times, *columns)


def random_walk(name: str, n: int) -> Data:
    """A random walk of 1-minute bars without weekends.

    With z and (u, d) standard normal draws of `default_rng(12345)`, in pips: a bar opens at the previous
    close, closes z away from its open, and reaches |u| / 2 above the higher and |d| / 2 below the lower
    of the two. Prices are rounded to a tenth of a pip, as quotes are.
    """
    rng = np.random.default_rng(SEED)
    close = np.round(1.1 + np.cumsum(rng.standard_normal(n)) * PIP, 5)
    open_ = np.concatenate(([1.1], close[:-1]))
    high = np.round(np.maximum(open_, close) + np.abs(rng.standard_normal(n)) * 0.5 * PIP, 5)
    low = np.round(np.minimum(open_, close) - np.abs(rng.standard_normal(n)) * 0.5 * PIP, 5)
    start = np.datetime64("2018-01-01T00:00", "ns").astype(np.int64)
    times = start + np.arange(n, dtype=np.int64) * 60_000_000_000
    return Data(name, "M1", times, open_, high, low, close)


DATA = {
    "eurusd_h1": eurusd_h1,
    "synth_100k": lambda: random_walk("synth_100k", 100_000),
    "synth_1m": lambda: random_walk("synth_1m", 1_000_000),
}


def grid(name: str, data: str) -> Grid:
    """The grid `name` with the averages that suit that data: hours or minutes."""
    hourly = data == "eurusd_h1"
    fast, slow = (10, 30) if hourly else (60, 240)
    many_fast = tuple(range(5, 25)) if hourly else tuple(range(30, 130, 5))
    stops, targets = tuple(range(20, 81, 2)), tuple(range(40, 201, 10))
    return {
        "a31": Grid("a31", (fast,), (slow,), stops, (100,)),
        "b527": Grid("b527", (fast,), (slow,), stops, targets),
        "c1000": Grid("c1000", many_fast[:10], (slow,), tuple(range(20, 80, 6)), tuple(range(40, 200, 16))),
        "d10540": Grid("d10540", many_fast, (slow,), stops, targets),
        "f1000": Grid("f1000", tuple(range(5, 45)), tuple(range(60, 110, 2)), (40,), (100,)),
        "f5000": Grid("f5000", tuple(range(5, 105)), tuple(range(110, 210, 2)), (40,), (100,)),
    }[name]


def rolling_mean(values: Floats, n: int) -> Floats:
    """Mean of the last `n` values, NaN for the first n - 1; for systems without an SMA of their own."""
    result = np.full(len(values), np.nan)
    total = np.cumsum(values)
    result[n - 1 :] = total[n - 1 :]
    result[n:] -= total[:-n]
    result[n - 1 :] /= n
    return result


def crosses(fast: Floats, slow: Floats) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Bars where `fast` gets above `slow`, and below it; never where the bar before is undefined."""
    above, below = np.zeros(len(fast), dtype=bool), np.zeros(len(fast), dtype=bool)
    above[1:] = (fast[1:] > slow[1:]) & (fast[:-1] <= slow[:-1])
    below[1:] = (fast[1:] < slow[1:]) & (fast[:-1] >= slow[:-1])
    return above, below


def next_bar(signal: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The signal moved to the bar at whose open it is filled."""
    return np.concatenate(([False], signal[:-1]))
