"""Monthly returns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trading_ai.figures import theme
from trading_ai.figures.theme import Floats

Ints = npt.NDArray[np.int64]
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def monthly_returns(day_numbers: Ints, daily_profit: Floats, capital: float) -> tuple[Ints, Floats]:
    """Return of each month in percent of the equity at its start.

    Args:
        day_numbers: trading days, days since 1970-01-01, ascending, shape (d,).
        daily_profit: profit of each day, account currency, shape (d,); non-finite ones count as zero.
        capital: equity before the first day, account currency.

    Returns:
        The years, shape (y,), and the returns, shape (y, 12); NaN for months without a trading day, and for
        those that start without any equity.
    """
    if day_numbers.size == 0:
        return np.empty(0, np.int64), np.empty((0, 12))
    month = np.asarray(day_numbers, np.int64).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    profit = np.where(np.isfinite(daily_profit), daily_profit, 0.0).astype(np.float64)
    first = np.flatnonzero(np.r_[True, month[1:] != month[:-1]])
    earned = np.add.reduceat(profit, first)
    start = capital + np.r_[0.0, np.cumsum(earned)[:-1]]
    year, column = month[first] // 12 + 1970, month[first] % 12
    years = np.arange(year[0], year[-1] + 1)
    percent = np.full((years.size, 12), np.nan)
    percent[year - years[0], column] = np.where(start > 0, 100 * earned / np.where(start > 0, start, 1.0), np.nan)
    return years, percent


def year_totals(percent: Floats) -> Floats:
    """Return of each year in percent: its months compounded; NaN for years without any, shape (y,)."""
    known = np.isfinite(percent)
    growth = np.where(known, 1 + percent / 100, 1.0).prod(axis=1)
    result: Floats = np.where(known.any(axis=1), 100 * (growth - 1), np.nan)
    return result


def month_colours(percent: Floats) -> list[list[str]]:
    """Background of each cell, ``#rrggbb``: blue for gains, orange for losses, white where undefined."""
    known = np.abs(percent[np.isfinite(percent)])
    limit = float(np.percentile(known, 95)) if known.size else 1.0
    scale = theme.stops(theme.DIVERGING)
    return [
        [theme.colour_at(scale, 0.5 + v / (limit or 1.0) / 2) if np.isfinite(v) else theme.PAPER for v in row]
        for row in percent
    ]
