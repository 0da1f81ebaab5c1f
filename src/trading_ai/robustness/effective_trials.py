"""How many independent trials a sweep of similar trials amounts to."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np

from trading_ai.errors import ParameterError
from trading_ai.robustness.expected_maximum import expected_maximum
from trading_ai.robustness.trials import Floats, Profits, TrialSample, row_blocks, sample_trials

_ROUNDING = 1e-14


@dataclass(frozen=True)
class EffectiveTrials:
    """Independent trials that a sweep of similar ones amounts to.

    Attributes:
        n_effective: independent trials whose best is expected to be as far out as the best of these; whole, at
            least 1, at most the trials that traded.
        expected_maximum: expected largest of the trials' unskilled Sharpe ratios, in their standard error.
        mean_correlation: mean correlation of two trials' daily profits; NaN below two trials that traded.
        n_by_correlation: ``rho + (1 - rho) N``, the estimate of the paper on the deflated Sharpe ratio (Bailey
            and López de Prado 2014, appendix 3); it stays near N wherever N is large.
        n_traded: trials with any deviation among those used; the others cannot be the luckiest.
        sample: which trials were used.
        method: name of the method of `n_effective`.
    """

    n_effective: int
    expected_maximum: float
    mean_correlation: float
    n_by_correlation: float
    n_traded: int
    sample: TrialSample
    method: str = "multiplier bootstrap of daily profits"


def effective_trials(profits: Profits, *, seed: int, n_draws: int = 500, limit: int = 200_000) -> EffectiveTrials:
    """Count the independent trials that would have a winner as lucky as these trials have.

    Each trial's daily profits, centred and scaled to unit length, are multiplied by the same random normal
    numbers, one a day: the products are Sharpe ratios of trials without skill, in standard errors, correlated
    as the trials are (the Gaussian multiplier bootstrap of a maximum: Chernozhukov, Chetverikov and Kato, Annals
    of Statistics 41(6), 2013). The mean of the largest over many draws is an expected maximum, and the number of
    independent trials with the same expectation (see `expected_maximum`) is the answer. Neighbours that trade
    alike add almost nothing to it; days are taken as independent.

    Args:
        profits: daily profit in account currency, shape (n_trials, n_days); rows with NaN are left out.
        seed: seed of the draws, and of the sample.
        n_draws: random draws; 500 settle the expectation to about 1 %, the count to about 5 %.
        limit: most trials to use; above it a seeded sample stands for all, which can only lower the count.

    Raises:
        ParameterError: `profits` is no matrix of trials by days, or a count is below 1.
    """
    if n_draws < 1:
        raise ParameterError("must be at least 1", parameter="n_draws", value=n_draws)
    sample = sample_trials(profits, limit, seed)
    n_days = profits.shape[1]
    # Half of the draws are the others with their signs turned: the mean of each trial is then exactly zero.
    half = np.random.default_rng(seed).standard_normal((n_days, (n_draws + 1) // 2))
    largest: Floats = np.full(2 * half.shape[1], -np.inf)
    total: Floats = np.zeros(n_days)
    n_traded = 0
    for _, block in row_blocks(profits, sample.rows):
        centred = block - block.mean(axis=1, keepdims=True)
        spread = np.square(centred).sum(axis=1)
        traded = spread > _ROUNDING * np.square(block).sum(axis=1)
        unit = centred[traded] / np.sqrt(spread[traded])[:, None]
        n_traded += unit.shape[0]
        if unit.shape[0]:
            total += unit.sum(axis=0)
            luck = unit @ half
            np.maximum(largest[: half.shape[1]], luck.max(axis=0), out=largest[: half.shape[1]])
            np.maximum(largest[half.shape[1] :], -luck.min(axis=0), out=largest[half.shape[1] :])
    if n_traded == 0:
        return EffectiveTrials(1, 0.0, nan, 1.0, 0, sample)
    expected = float(largest.mean())
    correlation = nan
    if n_traded > 1:
        correlation = (float(total @ total) - n_traded) / (n_traded * (n_traded - 1.0))
    by_correlation = correlation + (1.0 - correlation) * n_traded if n_traded > 1 else 1.0
    return EffectiveTrials(_n_with_maximum(expected, n_traded), expected, correlation, by_correlation, n_traded, sample)


def _n_with_maximum(expected: float, most: int) -> int:
    """Smallest number of independent trials, at most `most`, expected to reach at least `expected`."""
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        if expected_maximum(middle) >= expected - 1e-9:
            high = middle
        else:
            low = middle + 1
    return low
