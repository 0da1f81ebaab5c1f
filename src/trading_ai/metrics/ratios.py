"""From tallies to metrics: every figure of the catalogue, compiled, one row a combination."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trading_ai._jit import njit
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.metrics.catalog import METRICS

Floats = npt.NDArray[np.float64]

_NS_PER_DAY = 86_400e9


@njit
def _ratio(numerator, denominator):
    """Quotient; NaN where the denominator is zero."""
    return numerator / denominator if denominator != 0.0 else np.nan


@njit
def _deviation(total, squares, n):
    """Sample standard deviation (n - 1) from sums; NaN below two values."""
    if n < 2.0:
        return np.nan
    spread = squares - total * total / n
    # Sums of equal values leave a spread of a few rounding errors: that is a deviation of zero.
    if spread <= 1e-14 * squares:
        return 0.0
    return np.sqrt(spread / (n - 1.0))


@njit
def _fill(tallies, capital, n_bars, n_days, days_per_year, out):
    annual = np.sqrt(days_per_year)
    for i in range(tallies.shape[0]):
        t = tallies[i]
        n = t[a.N_TRADES]
        longs = t[a.N_LONG]
        shorts = n - longs
        wins, losses = t[a.N_WINS], t[a.N_LOSSES]
        net = t[a.SUM_NET]
        final = t[a.FINAL_EQUITY]
        drawdown = t[a.EQUITY_DRAWDOWN]
        drawdown_percent = 100.0 * t[a.EQUITY_DRAWDOWN_FRACTION]
        mean = t[a.SUM_DAILY] / n_days
        deviation = _deviation(t[a.SUM_DAILY], t[a.SUM_DAILY_SQUARED], n_days)
        downside = np.sqrt(t[a.SUM_DOWNSIDE_SQUARED] / n_days)
        growth = np.nan
        if final > 0.0:
            growth = 100.0 * ((final / capital) ** (days_per_year / n_days) - 1.0)
        m = out[i]
        m[0] = net
        m[1] = t[a.GROSS_PROFIT]
        m[2] = t[a.GROSS_LOSS]
        m[3] = _ratio(t[a.GROSS_PROFIT], -t[a.GROSS_LOSS])
        m[4] = n
        m[5] = longs
        m[6] = shorts
        m[7] = 100.0 * _ratio(wins, n)
        m[8] = 100.0 * _ratio(t[a.N_LONG_WINS], longs)
        m[9] = 100.0 * _ratio(wins - t[a.N_LONG_WINS], shorts)
        m[10] = t[a.LONG_NET]
        m[11] = net - t[a.LONG_NET]
        m[12] = _ratio(net, n)
        m[13] = _ratio(t[a.GROSS_PROFIT], wins)
        m[14] = _ratio(t[a.GROSS_LOSS], losses)
        m[15] = t[a.LARGEST_WIN] if wins > 0.0 else np.nan
        m[16] = t[a.LARGEST_LOSS] if losses > 0.0 else np.nan
        m[17] = t[a.MAX_WIN_STREAK]
        m[18] = t[a.MAX_LOSS_STREAK]
        m[19] = t[a.BALANCE_DRAWDOWN]
        m[20] = 100.0 * t[a.BALANCE_DRAWDOWN_FRACTION]
        m[21] = drawdown
        m[22] = drawdown_percent
        m[23] = t[a.EQUITY_DRAWDOWN_NS] / _NS_PER_DAY
        m[24] = annual * _ratio(mean, deviation)
        m[25] = annual * _ratio(mean, downside)
        m[26] = _ratio(growth, drawdown_percent)
        m[27] = _ratio(net, drawdown)
        m[28] = np.sqrt(n) * _ratio(_ratio(net, n), _deviation(net, t[a.SUM_NET_SQUARED], n))
        m[29] = 100.0 * t[a.BARS_EXPOSED] / n_bars
        m[30] = _ratio(t[a.BARS_HELD], n)
        m[31] = t[a.COMMISSION]
        m[32] = 0.0 - t[a.SWAP]
        m[33] = t[a.SLIPPAGE_PAID]
        m[34] = t[a.SPREAD_PAID]
        m[35] = final
        m[36] = 100.0 * (final / capital - 1.0)
        m[37] = growth
        m[38] = t[a.N_AMBIGUOUS]
        m[39] = t[a.N_SKIPPED]


def metrics_from_tallies(tallies: Floats, *, capital: float, n_bars: int, n_days: int, days_per_year: int) -> Floats:
    """Compute every metric of `catalog.METRICS`.

    Args:
        tallies: what a simulator counted, columns as in `records.TALLIES`, shape (m, n_tallies).
        capital: starting balance, account currency.
        n_bars: number of execution bars.
        n_days: number of trading days.
        days_per_year: trading days a year.

    Returns:
        Columns as in `catalog.METRICS`, shape (m, n_metrics); undefined values are NaN.
    """
    out = np.empty((tallies.shape[0], len(METRICS)))
    _fill(tallies, float(capital), float(n_bars), float(n_days), float(days_per_year), out)
    return out
