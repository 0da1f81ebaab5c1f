"""How good the best of many trials looks when none of them has any skill."""

from __future__ import annotations

from math import e, sqrt
from statistics import NormalDist

from trading_ai.errors import ParameterError

EULER_GAMMA = 0.5772156649015329


def expected_maximum(n_trials: int) -> float:
    """Expected largest value of `n_trials` independent standard normal numbers.

    ``(1 - g) Phi^-1(1 - 1/N) + g Phi^-1(1 - 1/(N e))`` with g the Euler-Mascheroni constant: Bailey, Borwein,
    López de Prado and Zhu, "Pseudo-Mathematics and Financial Charlatanism", Notices of the AMS 61(5), 2014,
    proposition 1. An approximation for large N, good to a few percent from N = 5.

    Args:
        n_trials: number of trials N, at least 1.

    Returns:
        The expectation in standard deviations; 0 for one trial, the mean of a single draw.

    Raises:
        ParameterError: `n_trials` is below 1.
    """
    if n_trials < 1:
        raise ParameterError("must be at least 1", parameter="n_trials", value=n_trials)
    if n_trials == 1:
        return 0.0
    quantile = NormalDist().inv_cdf
    # Above about 1e16 trials 1 - 1/N is 1 in floating point; the lower tail of the same bell is exact.
    return -(1 - EULER_GAMMA) * quantile(1 / n_trials) - EULER_GAMMA * quantile(1 / (n_trials * e))


def expected_best_sharpe(n_trials: int, n_days: int, days_per_year: float) -> float:
    """Annual Sharpe ratio that the best of `n_trials` independent trials without skill is expected to show.

    Without skill a daily Sharpe ratio over T days is normal around 0 with standard error 1 / sqrt(T)
    (Lo, "The Statistics of Sharpe Ratios", Financial Analysts Journal 58(4), 2002, at a ratio of zero).
    Trials with similar parameters are correlated, so the number is an upper estimate for a dense grid.

    Args:
        n_trials: number of trials, at least 1.
        n_days: trading days that each Sharpe ratio was measured over, at least 1.
        days_per_year: trading days a year.

    Returns:
        The expected best annualised Sharpe ratio.

    Raises:
        ParameterError: a count is below 1.
    """
    if n_days < 1:
        raise ParameterError("must be at least 1", parameter="n_days", value=n_days)
    return expected_maximum(n_trials) * sqrt(days_per_year / n_days)
