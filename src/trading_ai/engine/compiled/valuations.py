"""Compiled: how far an account fell from its highest value and for how long, and between which prices trades were held.

One pass over the bars each, where NumPy's functions took several and as many copies; the numbers are theirs. A value
that is not known (NaN) makes what depends on it NaN, as it does there.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np

from trading_ai._jit import njit


@njit
def fallen(value, highest, money, fraction):
    """The highest value, and the largest falls from it, once a value is added to those before it."""
    if value > highest or np.isnan(value):
        highest = value
    fall = highest - value
    if fall > money or np.isnan(fall):
        money = fall
    if highest > 0.0:
        part = fall / highest
        if part > fraction or np.isnan(part):
            fraction = part
    return highest, money, fraction


@njit
def largest_falls(first, values, marks):
    """The largest falls of an account from its highest value until then.

    Args:
        first: its value before all others, money.
        values: its values, money, shape (n,).
        marks: a value just before each of them, NaN where there was none, shape (n,); shape (0,) for none at all.

    Returns:
        The largest fall in money, and the largest as a fraction of the highest value; 0.0 without one.
    """
    highest, money, fraction = fallen(first, first, 0.0, 0.0)
    has_marks = marks.shape[0] > 0
    for i in range(values.shape[0]):
        if has_marks and not np.isnan(marks[i]):
            highest, money, fraction = fallen(marks[i], highest, money, fraction)
        highest, money, fraction = fallen(values[i], highest, money, fraction)
    return money, fraction


@njit
def longest_between_highs(first, values, times):
    """Longest time from a highest value to the next one, or to the end; bars beside each other have none between them.

    Args:
        first: the value before all others, money.
        values: value at each bar, money, shape (n,).
        times: time of each bar, ns, shape (n,).

    Returns:
        Nanoseconds; 0 without such a time.
    """
    longest, since, n = 0, 0, values.shape[0]
    highest = first
    for i in range(n):
        if values[i] > highest or np.isnan(values[i]):
            highest = values[i]
        if values[i] >= highest or i == n - 1:
            if i - since > 1:
                longest = max(longest, times[i] - times[since])
            since = i
    return longest


@njit
def widen(first, end, lows, highs, low, high):
    """Widen the range of each trade by those of the bars at which it was held.

    Args:
        first: its first bar, shape (n,).
        end: the bar after its last, shape (n,).
        lows: of each bar, shape (n_bars,).
        highs: likewise.
        low: in and out: of each trade, shape (n,).
        high: likewise.
    """
    for k in range(first.shape[0]):
        lowest, highest = low[k], high[k]
        for i in range(first[k], end[k]):
            if lows[i] < lowest or np.isnan(lows[i]):
                lowest = lows[i]
            if highs[i] > highest or np.isnan(highs[i]):
                highest = highs[i]
        low[k], high[k] = lowest, highest
