"""Resampled days: the stationary bootstrap, which keeps runs of neighbouring days together."""

from __future__ import annotations

from math import ceil, isfinite, log10, sqrt

import numpy as np
import numpy.typing as npt
from scipy.fft import next_fast_len, rfft

from trading_ai.errors import ParameterError
from trading_ai.robustness.trials import Floats


def stationary_resamples(n_days: int, block_days: float, n_resamples: int, seed: int) -> npt.NDArray[np.int32]:
    """Days of each resample: blocks of random days, on average `block_days` long, wrapping round the end.

    Politis and Romano, "The Stationary Bootstrap", Journal of the American Statistical Association 89, 1994. Drawn as
    `arch.bootstrap.StationaryBootstrap` draws, number for number, so that either can check the other.

    Args:
        n_days: number of days, at least 1.
        block_days: mean length of a block in days, at least 1.
        n_resamples: number of resamples, at least 1.
        seed: seed of the draws.

    Returns:
        Column numbers, shape (n_resamples, n_days).

    Raises:
        ParameterError: a number is below 1.
    """
    for name, value in (("n_days", n_days), ("block_days", block_days), ("n_resamples", n_resamples)):
        if not value >= 1:
            raise ParameterError("must be at least 1", parameter=name, value=value)
    generator = np.random.default_rng(seed)
    positions = np.arange(n_days)
    result = np.empty((n_resamples, n_days), dtype=np.int32)
    for i in range(n_resamples):
        starts = generator.integers(n_days, size=n_days)
        begins = generator.random(n_days) <= 1.0 / block_days
        begins[0] = True
        # The position at which the block of each day began.
        begun = np.maximum.accumulate(np.where(begins, positions, 0))
        result[i] = (starts[begun] + positions - begun) % n_days
    return result


def resample_weights(days: npt.NDArray[np.int32]) -> Floats:
    """How often each day is in each resample, over the number of days: a resampled mean is a product with it.

    Args:
        days: column numbers, shape (n_resamples, n_days).

    Returns:
        Shape (n_resamples, n_days); each row sums to 1.
    """
    n_days = days.shape[1]
    weights = np.empty(days.shape)
    for i in range(days.shape[0]):
        weights[i] = np.bincount(days[i], minlength=n_days)
    weights /= n_days
    return weights


def suggested_block_days(daily_profit: Floats) -> float:
    """Mean block length that suits one series of daily profits.

    The estimate of Politis and White (Econometric Reviews 23, 2004; corrected by Patton, Politis and White 2009)
    for the mean, at least 1 and at most a tenth of the days; ``sqrt(n_days)`` where the series has no deviation.

    Args:
        daily_profit: shape (n_days,).
    """
    n_days = daily_profit.shape[0]
    fallback = max(1.0, float(int(sqrt(n_days))))
    if n_days < 10 or not np.ptp(daily_profit) > 0.0:
        return fallback
    length = _optimal_block_days(daily_profit)
    return min(max(length, 1.0), max(1.0, n_days / 10.0)) if isfinite(length) else fallback


def _optimal_block_days(series: Floats) -> float:
    """The estimate itself, with Patton's choice of the lags that count and of the largest length.

    Lags count up to twice the first after which five autocorrelations lie within 2 sqrt(log10(n) / n); a length is at
    most 3 sqrt(n), and a third of the days.
    """
    n = series.shape[0]
    centred = series - series.mean()
    n_quiet = max(5, int(log10(n)))
    last = ceil(sqrt(n)) + n_quiet
    band = 2.0 * sqrt(log10(n) / n)
    covariance, within = np.zeros(last + 1), np.zeros(last + 1, dtype=np.bool_)
    for lag in range(last + 1):
        product = centred[lag:] @ centred[: n - lag]
        covariance[lag] = product / n
        spread = (centred[lag + 1 :] @ centred[lag + 1 :]) * (centred[: -(lag + 1)] @ centred[: -(lag + 1)])
        within[lag] = spread > 0.0 and abs(product) / sqrt(spread) < band
    quiet = (lag for lag in range(last - n_quiet + 1) if within[lag : lag + n_quiet].all())
    n_lags = min(2 * max(next(quiet, last), 1), last)
    lags = np.arange(1, n_lags + 1)
    weights = np.minimum(1.0, 2.0 * (1.0 - lags / n_lags))
    slope = 2.0 * weights @ (lags * covariance[1 : n_lags + 1])
    variance = covariance[0] + 2.0 * weights @ covariance[1 : n_lags + 1]
    length = (slope / variance) ** 2 * n if variance else np.inf
    return min(float(np.cbrt(length)), float(ceil(min(3.0 * sqrt(n), n / 3.0))))


def long_run_variances(block: Floats, block_days: float) -> Floats:
    """Variance of sqrt(n_days) times the stationary-bootstrap mean, found without drawing.

    A weighted sum of autocovariances: Politis and Romano 1994, lemma 1; Hansen, "A Test for Superior Predictive
    Ability", Journal of Business and Economic Statistics 23(4), 2005, section 3. It is taken in the frequency
    domain, where it costs one transform a series.

    Args:
        block: daily profits, shape (n, n_days).
        block_days: mean length of a block in days.

    Returns:
        Shape (n,), in squared units of `block`; 0 where a series has no deviation.
    """
    n_days = block.shape[1]
    centred = block - block.mean(axis=1, keepdims=True)
    lags = np.arange(n_days)
    keep = 1.0 - 1.0 / block_days
    kernel = (1.0 - lags / n_days) * keep**lags + (lags / n_days) * keep ** (n_days - lags)
    kernel[0] = 1.0
    size = next_fast_len(2 * n_days, real=True)
    both_sides = np.zeros(size)
    both_sides[:n_days] = kernel
    both_sides[size - n_days + 1 :] = kernel[:0:-1]
    weights = rfft(both_sides).real / (size * n_days)
    # A real series' negative frequencies mirror the positive ones; zero, and the middle of an even size, are alone.
    weights[1 : (size + 1) // 2] *= 2.0
    spectrum = rfft(centred, size, axis=1)
    variance: Floats = (np.square(spectrum.real) + np.square(spectrum.imag)) @ weights
    spread = np.square(centred).sum(axis=1)
    variance[spread <= 1e-14 * np.square(block).sum(axis=1)] = 0.0
    return np.maximum(variance, 0.0)
