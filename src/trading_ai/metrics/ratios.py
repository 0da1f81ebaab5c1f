"""From tallies to metrics: every figure of the catalogue, compiled, one row a combination."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trading_ai._jit import njit
from trading_ai.engine.compiled import bookkeeping as a
from trading_ai.metrics import columns as c
from trading_ai.metrics.benchmark import NO_BENCHMARK, BuyAndHold
from trading_ai.metrics.catalog import METRICS

Floats = npt.NDArray[np.float64]

_NS_PER_DAY = 86_400e9

_RATIOS = (c.PROFIT_FACTOR, c.SHARPE_RATIO, c.SORTINO_RATIO, c.CALMAR_RATIO, c.RECOVERY_FACTOR, c.SQN)
"""What a ruined account has none of."""


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
def _fill(
    tallies, capital, position_percent, n_bars, n_days, periods_per_year, years, market_return, market_drawdown, out
):
    annual = np.sqrt(periods_per_year)
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
        # Minutes of data raised to a year have no number.
        if final > 0.0 and np.log(final / capital) / years < 700.0:
            growth = 100.0 * ((final / capital) ** (1.0 / years) - 1.0)
        row = out[i]
        row[c.NET_PROFIT] = net
        row[c.GROSS_PROFIT] = t[a.GROSS_PROFIT]
        row[c.GROSS_LOSS] = t[a.GROSS_LOSS]
        row[c.PROFIT_FACTOR] = _ratio(t[a.GROSS_PROFIT], -t[a.GROSS_LOSS])
        row[c.TOTAL_TRADES] = n
        row[c.LONG_TRADES] = longs
        row[c.SHORT_TRADES] = shorts
        row[c.WIN_RATE] = 100.0 * _ratio(wins, n)
        row[c.LONG_WIN_RATE] = 100.0 * _ratio(t[a.N_LONG_WINS], longs)
        row[c.SHORT_WIN_RATE] = 100.0 * _ratio(wins - t[a.N_LONG_WINS], shorts)
        row[c.LONG_NET_PROFIT] = t[a.LONG_NET]
        row[c.SHORT_NET_PROFIT] = net - t[a.LONG_NET]
        row[c.EXPECTANCY] = _ratio(net, n)
        row[c.AVERAGE_WIN] = _ratio(t[a.GROSS_PROFIT], wins)
        row[c.AVERAGE_LOSS] = _ratio(t[a.GROSS_LOSS], losses)
        row[c.LARGEST_WIN] = t[a.LARGEST_WIN] if wins > 0.0 else np.nan
        row[c.LARGEST_LOSS] = t[a.LARGEST_LOSS] if losses > 0.0 else np.nan
        row[c.MAX_CONSECUTIVE_WINS] = t[a.MAX_WIN_STREAK]
        row[c.MAX_CONSECUTIVE_LOSSES] = t[a.MAX_LOSS_STREAK]
        row[c.MAX_BALANCE_DRAWDOWN] = t[a.BALANCE_DRAWDOWN]
        row[c.MAX_BALANCE_DRAWDOWN_PERCENT] = 100.0 * t[a.BALANCE_DRAWDOWN_FRACTION]
        row[c.MAX_DRAWDOWN] = drawdown
        row[c.MAX_DRAWDOWN_PERCENT] = drawdown_percent
        row[c.MAX_DRAWDOWN_DAYS] = t[a.EQUITY_DRAWDOWN_NS] / _NS_PER_DAY
        row[c.SHARPE_RATIO] = annual * _ratio(mean, deviation)
        row[c.SORTINO_RATIO] = annual * _ratio(mean, downside)
        row[c.CALMAR_RATIO] = _ratio(growth, drawdown_percent)
        row[c.RECOVERY_FACTOR] = _ratio(net, drawdown)
        row[c.SQN] = np.sqrt(n) * _ratio(_ratio(net, n), _deviation(net, t[a.SUM_NET_SQUARED], n))
        row[c.EXPOSURE_PERCENT] = 100.0 * t[a.BARS_EXPOSED] / n_bars
        row[c.AVERAGE_BARS_HELD] = _ratio(t[a.BARS_HELD], n)
        row[c.COMMISSION_PAID] = t[a.COMMISSION]
        row[c.SWAP_PAID] = 0.0 - t[a.SWAP]
        row[c.SLIPPAGE_PAID] = t[a.SLIPPAGE_PAID]
        row[c.SPREAD_PAID] = t[a.SPREAD_PAID]
        row[c.RUINED] = t[a.RUINED]
        row[c.STOP_OUTS] = t[a.STOP_OUTS]
        row[c.RUINED_AFTER_DAYS] = t[a.RUINED_NS] / _NS_PER_DAY
        if t[a.RUINED] > 0.0:
            for ratio in _RATIOS:
                row[ratio] = np.nan
        row[c.POSITION_PERCENT] = position_percent
        row[c.FINAL_EQUITY] = final
        row[c.RETURN_PERCENT] = 100.0 * (final / capital - 1.0)
        row[c.ANNUAL_RETURN_PERCENT] = growth
        row[c.AMBIGUOUS_EXITS] = t[a.N_AMBIGUOUS]
        row[c.SKIPPED_ENTRIES] = t[a.N_SKIPPED]
        row[c.BUY_AND_HOLD_PERCENT] = market_return
        row[c.BUY_AND_HOLD_DRAWDOWN_PERCENT] = market_drawdown
        row[c.FITNESS] = np.nan  # no matter of tallies: the strategy may say it


def metrics_from_tallies(
    tallies: Floats,
    *,
    capital: float,
    n_bars: int,
    n_days: int,
    periods_per_year: float,
    years: float,
    benchmark: BuyAndHold = NO_BENCHMARK,
    position_percent: float = np.nan,
) -> Floats:
    """Compute every metric of `catalog.METRICS`.

    Args:
        tallies: what a simulator counted, columns as in `records.TALLIES`, shape (m, n_tallies).
        capital: starting balance, account currency.
        n_bars: number of execution bars.
        n_days: number of trading days, or of bars where they are longer: the periods of returns.
        periods_per_year: how many of them make a year.
        years: calendar years that they cover, above 0.
        benchmark: what the market did.
        position_percent: value of a position, percent of the capital; see `engine.account.Account.first_position`.

    Returns:
        Columns as in `catalog.METRICS`, shape (m, n_metrics); undefined values are NaN.
    """
    out = np.empty((tallies.shape[0], len(METRICS)))
    _fill(
        tallies,
        float(capital),
        float(position_percent),
        float(n_bars),
        float(n_days),
        float(periods_per_year),
        float(years),
        *benchmark,
        out,
    )
    return out
