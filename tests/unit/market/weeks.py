"""Synthetic bars on the real trading week."""

from __future__ import annotations

import numpy as np

from trading_ai.market.bars import Bars
from trading_ai.market.symbol_table import symbol
from trading_ai.market.timeframe import timeframe
from trading_ai.market.trading_week import weekend_bars

MINUTE = 60 * 10**9


def fx_minutes(first: str, end: str) -> np.ndarray:
    """Every minute (UTC ns) that FX is open from `first` to `end`."""
    start, stop = np.array([first, end], "datetime64[ns]").astype(np.int64)
    minutes = np.arange(start, stop, MINUTE)
    return minutes[~weekend_bars(symbol("EURUSD"), minutes, MINUTE)]


def walk(times: np.ndarray, seed: int = 0, start: float = 1.1) -> dict[str, np.ndarray]:
    """A random walk with valid open, high, low, close and volume, five decimals."""
    rng = np.random.default_rng(seed)
    n = len(times)
    close = np.round(start + np.cumsum(rng.normal(0, 1e-4, n)), 5)
    open_ = np.concatenate(([start], close[:-1]))
    high = np.round(np.maximum(open_, close) + rng.integers(0, 20, n) * 1e-5, 5)
    low = np.round(np.minimum(open_, close) - rng.integers(0, 20, n) * 1e-5, 5)
    return {"open": open_, "high": high, "low": low, "close": close, "volume": rng.integers(1, 99, n) * 1.0}


def fx_bars(first: str = "2018-03-01", end: str = "2018-04-01", name: str = "M1", seed: int = 0) -> Bars:
    """Bars of EURUSD."""
    length = timeframe(name)
    times = fx_minutes(first, end)
    times = times[times % length.ns == 0]
    columns = walk(times, seed)
    return Bars(symbol("EURUSD"), length, times, *(columns[k] for k in ("open", "high", "low", "close", "volume")))
