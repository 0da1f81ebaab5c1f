"""Indicators and helpers for strategies: TA-Lib's where it has them, by hand where it has none.

All take and return float64 arrays of shape (n,); values before an indicator's first full window are NaN.
TA-Lib is called through `talib` directly (``from trading_ai.strategies.indicators import talib``). Averages that are
to be compared are best made of `in_points`: those of whole points are exact.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai._jit import njit, select
from trading_ai.strategies.memory import Functions
from trading_ai.strategies.points import in_points
from trading_ai.strategies.talib_series import import_talib
from trading_ai.ties import TIE, is_above

__all__ = [
    "crossed_above",
    "crossed_below",
    "in_points",
    "previous",
    "shared_talib",
    "supertrend",
    "supertrend_direction",
    "talib",
]

talib: Any = Functions(import_talib(), is_shared=False)
shared_talib: Any = Functions(import_talib(), is_shared=True)

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@njit
def _above(a, b, tie, tolerance):  # type: ignore[no-untyped-def]
    return is_above(a, b, tie) if tolerance == 0.0 else a - b > tolerance


@njit
def _crossed_level(a, level, up, tie, tolerance, crossed):  # type: ignore[no-untyped-def]
    for t in range(1, a.shape[0]):
        known = a[t - 1] == a[t - 1]
        if up:
            over = _above(a[t], level, tie, tolerance)
            crossed[t] = over & known & (not _above(a[t - 1], level, tie, tolerance))
        else:
            under = _above(level, a[t], tie, tolerance)
            crossed[t] = under & known & (not _above(level, a[t - 1], tie, tolerance))


@njit
def _crossed_series(a, b, tie, tolerance, crossed):  # type: ignore[no-untyped-def]
    for t in range(1, a.shape[0]):
        known = (a[t - 1] == a[t - 1]) & (b[t - 1] == b[t - 1])
        over = _above(a[t], b[t], tie, tolerance)
        crossed[t] = over & known & (not _above(a[t - 1], b[t - 1], tie, tolerance))


def crossed_above(a: Floats, b: Floats | float, *, tolerance: float | Floats | None = None) -> Bools:
    """Where `a` is above `b` and was not above it one bar earlier; NaN on either side is no crossing.

    Values that are equal but for rounding are equal: two averages of prices that tie do not cross, whatever their last
    bits are. Exact averages are those of `in_points`. Differences of prices (``fast - slow`` against 0.0, a MACD) have
    the rounding of the prices and not of their own size: compare the averages themselves, or give a tolerance such as
    ``1e-12 * bars.close``.

    Args:
        a: values, shape (n,).
        b: values likewise, or one level.
        tolerance: by how much, in the unit of the values, `a` must exceed `b` to be above it, one number or shape
            (n,); 0.0 compares to the last bit. None: a millionth of a millionth of the smaller of both.
    """
    return _crossed(a, b, tolerance, up=True)


def crossed_below(a: Floats, b: Floats | float, *, tolerance: float | Floats | None = None) -> Bools:
    """Where `a` is below `b` and was not below it one bar earlier; NaN on either side is no crossing.

    Args as in `crossed_above`.
    """
    return _crossed(a, b, tolerance, up=False)


def _crossed(a: Floats, b: Floats | float, tolerance: float | Floats | None, *, up: bool) -> Bools:
    crossed = np.zeros(a.shape[0], dtype=np.bool_)
    if isinstance(tolerance, np.ndarray):
        over = a > b + tolerance if up else a < b - tolerance
        known = ~(np.isnan(a) | np.isnan(b) | np.isnan(tolerance))
        crossed[1:] = over[1:] & known[:-1] & ~over[:-1]
        return crossed
    tie, allowed = (TIE, 0.0) if tolerance is None else (0.0, float(tolerance))
    if isinstance(b, np.ndarray):
        first, second = (a, b) if up else (b, a)
        _crossed_series(_readable(first), _readable(second), tie, allowed, crossed)
    else:
        _crossed_level(_readable(a), float(b), up, tie, allowed, crossed)
    return crossed


def _readable(values: Floats) -> Floats:
    # One array type, whatever a strategy passes, so that the loop is compiled once.
    flags = values.flags
    if flags.c_contiguous and not flags.writeable and values.dtype == np.float64:
        return values
    view = np.ascontiguousarray(values, dtype=np.float64).view()
    view.flags.writeable = False
    return view


def previous(values: Floats, bars: int = 1) -> Floats:
    """The values of `bars` bars ago; NaN where there are none."""
    shifted = np.full(values.shape[0], np.nan)
    if bars < values.shape[0]:
        shifted[bars:] = values[: values.shape[0] - bars]
    return shifted


@njit
def _supertrend(high, low, close, atr, multiplier, direction):  # type: ignore[no-untyped-def]
    t = 0
    while t < close.shape[0] and np.isnan(atr[t]):
        direction[t] = np.nan
        t += 1
    if t == close.shape[0]:
        return
    middle = (high[t] + low[t]) / 2.0
    upper, lower = middle + multiplier * atr[t], middle - multiplier * atr[t]
    trend = -1.0 if is_above(lower, close[t], TIE) else (1.0 if close[t] >= middle else -1.0)
    direction[t] = trend
    before = close[t]
    # No branches: whether a band moves cannot be predicted.
    for i in range(t + 1, close.shape[0]):
        middle = (high[i] + low[i]) / 2.0
        new_upper = middle + multiplier * atr[i]
        new_lower = middle - multiplier * atr[i]
        # A band only moves towards the price, unless the last close was beyond it.
        upper = select((new_upper < upper) | (before > upper), new_upper, upper)
        lower = select((new_lower > lower) | (before < lower), new_lower, lower)
        now = close[i]
        turned = select((trend < 0.0) & is_above(now, upper, TIE), 1.0, trend)
        trend = select((trend > 0.0) & is_above(lower, now, TIE), -1.0, turned)
        direction[i] = trend
        before = now


def supertrend(high: Floats, low: Floats, close: Floats, period: int, multiplier: float) -> Floats:
    """Direction of the supertrend: +1.0 up, -1.0 down, NaN before the first full ATR window (Seban).

    Args:
        high: highs.
        low: lows.
        close: closes.
        period: bars of the average true range (Wilder).
        multiplier: distance of the bands from the bar's middle, in average true ranges.
    """
    direction = np.empty(close.shape[0])
    atr = shared_talib.ATR(high, low, close, timeperiod=period)
    _supertrend(high, low, close, atr, float(multiplier), direction)
    return direction


def supertrend_direction(
    high: Floats, low: Floats, close: Floats, period: int, multiplier: float
) -> npt.NDArray[np.int8]:
    """`supertrend` in whole numbers, int8; 0 before the first full ATR window."""
    return np.nan_to_num(supertrend(high, low, close, period, multiplier)).astype(np.int8)
