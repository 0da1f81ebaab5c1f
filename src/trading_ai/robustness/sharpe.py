"""Sharpe ratios with their error: probable, deflated, and how long a record has to be.

Every ratio here is per period (a day, for daily profits), not annualised, and without a risk-free rate; kurtosis
is raw (3 for a normal distribution). Dividing the profits by the capital changes none of these figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, log, nan, sqrt
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from trading_ai.errors import ParameterError
from trading_ai.robustness.expected_maximum import expected_maximum

_BELL = NormalDist()
_ROUNDING = 1e-14


@dataclass(frozen=True)
class Moments:
    """Shape of a series of profits.

    Attributes:
        n: number of values.
        sharpe: mean / sample standard deviation (n - 1); NaN below two values or without deviation.
        skewness: third standardised moment (population form, 0 for a normal distribution), NaN likewise.
        kurtosis: fourth standardised moment, raw (3 for a normal distribution), NaN likewise.
    """

    n: int
    sharpe: float
    skewness: float
    kurtosis: float


def moments(values: npt.NDArray[np.floating]) -> Moments:
    """Sharpe ratio, skewness and kurtosis of a series.

    Args:
        values: profits or returns per period, shape (n,).
    """
    data = values.astype(np.float64)
    n = data.shape[0]
    if n < 2:
        return Moments(n, nan, nan, nan)
    mean = float(data.mean())
    centred = data - mean
    variance = float(np.square(centred).mean())
    if variance <= _ROUNDING * float(np.square(data).mean()):
        return Moments(n, nan, nan, nan)
    scaled = centred / sqrt(variance)
    sharpe = mean / sqrt(variance * n / (n - 1))
    return Moments(n, sharpe, float((scaled**3).mean()), float((scaled**4).mean()))


def sharpe_variance(sharpe: float, skewness: float, kurtosis: float) -> float:
    """Sampling variance of an estimated Sharpe ratio, times (n - 1).

    ``1 - g3 SR + (g4 - 1)/4 SR^2`` at the estimate: Mertens 2002; Bailey and López de Prado, "The Sharpe Ratio
    Efficient Frontier", Journal of Risk 15(2), 2012. NaN if the moments are impossible together.
    """
    variance = 1.0 - skewness * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe
    return variance if variance > 0.0 else nan


def probabilistic_sharpe(
    sharpe: float, n: int, *, benchmark: float = 0.0, skewness: float = 0.0, kurtosis: float = 3.0
) -> float:
    """Probability that the true Sharpe ratio is above a benchmark.

    ``Phi[(SR - SR*) sqrt(n - 1) / sqrt(1 - g3 SR + (g4 - 1)/4 SR^2)]``, the definition of 2012 (Bailey and López
    de Prado, Journal of Risk 15(2)): the variance is taken at the estimate. The definition of 2025 takes it at
    the benchmark instead and gives other numbers.

    Args:
        sharpe: estimated ratio, per period.
        n: number of periods.
        benchmark: ratio to beat, per period.
        skewness: of the periods' profits.
        kurtosis: of the periods' profits, raw.

    Returns:
        A probability, 0..1; NaN if undefined (below two periods, NaN moments).
    """
    variance = sharpe_variance(sharpe, skewness, kurtosis)
    z = (sharpe - benchmark) * sqrt(max(n - 1, 0)) / sqrt(variance)
    return nan if n < 2 or isnan(z) else _BELL.cdf(z)


def expected_best(n_trials: int, variance: float) -> float:
    """Sharpe ratio that the best of `n_trials` trials without skill is expected to show, per period.

    Args:
        n_trials: number of independent trials, at least 1.
        variance: variance of the trials' Sharpe ratios, per period.

    Raises:
        ParameterError: `n_trials` is below 1 or `variance` is negative.
    """
    if variance < 0.0:
        raise ParameterError("must not be negative", parameter="variance", value=variance)
    return sqrt(variance) * expected_maximum(n_trials)


def deflated_sharpe(
    sharpe: float, n: int, *, n_trials: int, variance: float, skewness: float = 0.0, kurtosis: float = 3.0
) -> float:
    """Probability that the true Sharpe ratio is above what the best of `n_trials` unskilled trials would show.

    The probabilistic Sharpe ratio with `expected_best` as benchmark: Bailey and López de Prado, "The Deflated
    Sharpe Ratio", Journal of Portfolio Management 40(5), 2014.

    Args:
        sharpe: ratio of the chosen trial, per period.
        n: number of periods.
        n_trials: number of independent trials it was chosen from, at least 1.
        variance: variance of the trials' Sharpe ratios, per period.
        skewness: of the chosen trial's profits.
        kurtosis: of the chosen trial's profits, raw.

    Returns:
        A probability, 0..1; NaN if undefined.

    Raises:
        ParameterError: `n_trials` is below 1 or `variance` is negative.
    """
    benchmark = expected_best(n_trials, variance)
    return probabilistic_sharpe(sharpe, n, benchmark=benchmark, skewness=skewness, kurtosis=kurtosis)


def minimum_track_record(
    sharpe: float,
    *,
    benchmark: float = 0.0,
    skewness: float = 0.0,
    kurtosis: float = 3.0,
    confidence: float = 0.95,
) -> float:
    """Periods needed before the Sharpe ratio is above the benchmark with some confidence.

    ``1 + (1 - g3 SR + (g4 - 1)/4 SR^2) (Z_confidence / (SR - SR*))^2``: Bailey and López de Prado 2012, as above.

    Args:
        sharpe: estimated ratio, per period.
        benchmark: ratio to beat, per period.
        skewness: of the periods' profits.
        kurtosis: of the periods' profits, raw.
        confidence: between 0 and 1, both excluded.

    Returns:
        Periods, not rounded; infinite where the ratio is not above the benchmark, NaN if undefined.

    Raises:
        ParameterError: `confidence` is not between 0 and 1.
    """
    if not 0.0 < confidence < 1.0:
        raise ParameterError("must be between 0 and 1", parameter="confidence", value=confidence)
    variance = sharpe_variance(sharpe, skewness, kurtosis)
    if isnan(variance) or isnan(benchmark):
        return nan
    if sharpe <= benchmark:
        return float("inf")
    return 1.0 + variance * (_BELL.inv_cdf(confidence) / (sharpe - benchmark)) ** 2


def minimum_backtest_years(n_trials: int, target: float = 1.0) -> float:
    """Years of data below which the best of `n_trials` unskilled trials is expected to reach a Sharpe ratio.

    ``(E[max_N] / target)^2``: Bailey, Borwein, López de Prado and Zhu, "Pseudo-Mathematics and Financial
    Charlatanism", Notices of the AMS 61(5), 2014, theorem 1.

    Args:
        n_trials: number of independent trials, at least 1.
        target: annualised Sharpe ratio, above 0.

    Raises:
        ParameterError: `n_trials` is below 1 or `target` is not above 0.
    """
    if not target > 0.0:
        raise ParameterError("must be above 0", parameter="target", value=target)
    return (expected_maximum(n_trials) / target) ** 2


def minimum_backtest_years_bound(n_trials: int, target: float = 1.0) -> float:
    """Upper bound of `minimum_backtest_years`, ``2 ln N / target^2``, from the same paper.

    Raises:
        ParameterError: `n_trials` is below 1 or `target` is not above 0.
    """
    if n_trials < 1:
        raise ParameterError("must be at least 1", parameter="n_trials", value=n_trials)
    if not target > 0.0:
        raise ParameterError("must be above 0", parameter="target", value=target)
    return 2.0 * log(n_trials) / target**2
