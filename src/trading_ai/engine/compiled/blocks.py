"""Compiled: extremes of blocks of bars, so that a scan can pass over those where nothing is touched."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit

BLOCK = 16
"""Bars summarised together, so that a scan can pass over blocks where nothing is touched."""

WIDE = 16 * BLOCK
"""Bars of a wide block, so that a level that is far away costs little."""


@njit
def block_extremes(high, low, close, size, out):
    """Lowest low, highest high, lowest and highest close of every full block of `size` bars."""
    for b in range(out.shape[0]):
        lo, hi, lc, hc = np.inf, -np.inf, np.inf, -np.inf
        for t in range(b * size, (b + 1) * size):
            lo = min(lo, low[t])
            hi = max(hi, high[t])
            lc = min(lc, close[t])
            hc = max(hc, close[t])
        out[b, 0] = lo
        out[b, 1] = hi
        out[b, 2] = lc
        out[b, 3] = hc
