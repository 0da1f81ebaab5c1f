"""Bars made for tests: hand-written ones and random walks."""

from __future__ import annotations

import numpy as np

from trading_ai.market.bars import Bars
from trading_ai.market.symbol import Symbol
from trading_ai.market.timeframe import timeframe

EURUSD = Symbol("EURUSD", 0.0001, 5, 100_000.0, "USD", "EUR", "fx", 1000.0, 1000.0)
USDJPY = Symbol("USDJPY", 0.01, 3, 100_000.0, "JPY", "USD", "fx", 1000.0, 1000.0)
MONDAY_NS = 1_483_365_600_000_000_000  # 2017-01-02 14:00 UTC


def bars_of(rows, *, symbol=EURUSD, tf="H1", start_ns=MONDAY_NS, **extra) -> Bars:
    """Bars from (open, high, low, close) rows."""
    table = np.asarray(rows, dtype=np.float64)
    frame = timeframe(tf)
    times = start_ns + np.arange(len(table)) * frame.ns
    return Bars(symbol, frame, times, *table.T, **extra)


def random_bars(n, seed, *, symbol=EURUSD, tf="H1", start=1.1, volatility=1e-3, gaps=0.1, decimals=None) -> Bars:
    """A random walk with opening gaps, repeated prices and missing bars, rounded to the symbol's digits."""
    rng = np.random.default_rng(seed)
    digits = symbol.digits if decimals is None else decimals
    close = start * np.exp(np.cumsum(rng.normal(0, volatility, n)))
    gap = np.where(rng.random(n) < gaps, rng.normal(0, 3 * volatility * start, n), 0.0)
    open_ = np.r_[start, close[:-1]] + gap
    high = np.maximum(open_, close) + np.abs(rng.normal(0, volatility * start, n))
    low = np.minimum(open_, close) - np.abs(rng.normal(0, volatility * start, n))
    frame = timeframe(tf)
    steps = 1 + (rng.random(n) < 0.02) * rng.integers(1, 60, n)  # weekends and holes
    times = MONDAY_NS + np.cumsum(steps) * frame.ns
    return Bars(symbol, frame, times, *(np.round(p, digits) for p in (open_, high, low, close)))
