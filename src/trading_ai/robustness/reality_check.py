"""Is the best trial better than not trading, given how many were tried? Hansen's SPA and Romano and Wolf's StepM."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan, sqrt

import numpy as np

from trading_ai.errors import ParameterError
from trading_ai.robustness.resampling import (
    long_run_variances,
    resample_weights,
    stationary_resamples,
    suggested_block_days,
)
from trading_ai.robustness.trials import (
    NOT_IN_JSON,
    Bools,
    Floats,
    Indices,
    Profits,
    TrialSample,
    row_blocks,
    sample_trials,
)

_N_LENGTHS = 25


@dataclass(frozen=True)
class RealityCheck:
    """Test that no trial has a positive mean daily profit.

    Attributes:
        p_lower: p-value if trials with a loss are taken as poor as they look; a lower bound.
        p_consistent: Hansen's consistent p-value: trials far below zero are not counted as competitors. NaN where
            no trial has any deviation.
        p_upper: p-value if every trial counts as if its true mean were zero, as in White 2000; an upper bound.
        statistic: largest studentised mean (sqrt(n_days) mean / deviation), or largest mean in account currency.
        n_superior: trials with a positive mean at the stated error rate, found stepwise (StepM).
        size: probability of any wrong one among them.
        block_days: mean length of a block, days.
        n_resamples: number of resamples.
        studentized: whether means are divided by their deviation first.
        n_without_deviation: used trials left out because their profit never changes.
        sample: which trials were used.
        superior: rows of `profits` of the superior trials, ascending, shape (n_superior,).
    """

    p_lower: float
    p_consistent: float
    p_upper: float
    statistic: float
    n_superior: int
    size: float
    block_days: float
    n_resamples: int
    studentized: bool
    n_without_deviation: int
    sample: TrialSample
    superior: Indices = field(repr=False, metadata=NOT_IN_JSON)


def reality_check(
    profits: Profits,
    *,
    seed: int,
    n_resamples: int = 1000,
    block_days: float | None = None,
    size: float = 0.05,
    studentized: bool = True,
    limit: int = 20_000,
) -> RealityCheck:
    """Test whether the best of the trials makes money beyond luck; the benchmark is not trading.

    SPA: Hansen, "A Test for Superior Predictive Ability", Journal of Business and Economic Statistics 23(4), 2005.
    StepM: Romano and Wolf, "Stepwise Multiple Testing as Formalized Data Snooping", Econometrica 73(4), 2005.
    Resamples are those of `arch`; every trial's resampled mean is found by matrix product, which lets thousands of
    trials take part. Without studentising, the figures are those of ``arch.bootstrap.SPA(0, -profits)`` with the
    same seed; that class (arch 8.0) does not divide by the deviation whatever its ``studentize`` says.

    Args:
        profits: daily profit in account currency, shape (n_trials, n_days); rows with NaN are left out.
        seed: seed of the resamples, and of the sample.
        n_resamples: number of resamples; 1000 settle a p-value of 0.05 to about 0.007.
        block_days: mean length of a block of the stationary bootstrap; None: the median of what suits 25 of the
            trials (see `suggested_block_days`). Blocks longer than the memory of the profits make the deviations
            noisy and the test too willing: on trials of a random walk over four years, blocks of 32 days, the
            root of their number, reject at 5 % in 30 % of cases when studentised.
        size: probability of any wrong trial among the superior ones, between 0 and 1.
        studentized: divide each mean by its deviation, as Hansen advises where trials differ in size.
        limit: most trials to use; above it a seeded sample stands for all, and the test is about the sample.

    Raises:
        ParameterError: fewer than three days, an impossible number, or `profits` is no matrix of trials by days.
    """
    sample = sample_trials(profits, limit, seed)
    n_days = profits.shape[1]
    if n_days < 3:
        raise ParameterError("needs at least three days", parameter="profits", value=profits.shape)
    if not 0.0 < size < 1.0:
        raise ParameterError("must be between 0 and 1", parameter="size", value=size)
    length = _block_days(profits, sample) if block_days is None else float(block_days)
    weights = resample_weights(stationary_resamples(n_days, length, n_resamples, seed))
    means, valid, drawn, rows = _statistics(profits, sample, weights, length, studentized=studentized)
    n_flat = sample.n_used - rows.shape[0]
    if rows.shape[0] == 0:
        return RealityCheck(
            nan, nan, nan, nan, 0, size, length, n_resamples, studentized, n_flat, sample, rows
        )  # fmt: skip
    best = float(means.max())
    consistent = np.where(valid, means, 0.0)
    p_lower, p_consistent, p_upper = (
        float((_largest(drawn, centre) > best).mean()) for centre in (np.maximum(means, 0.0), consistent, means)
    )
    better = _superior(drawn, means, consistent, size)
    return RealityCheck(
        p_lower=p_lower,
        p_consistent=p_consistent,
        p_upper=p_upper,
        statistic=best * (sqrt(n_days) if studentized else 1.0),
        n_superior=int(better.sum()),
        size=size,
        block_days=length,
        n_resamples=n_resamples,
        studentized=studentized,
        n_without_deviation=n_flat,
        sample=sample,
        superior=rows[better],
    )


def _block_days(profits: Profits, sample: TrialSample) -> float:
    """Median of the block lengths that suit some trials, evenly spaced among those that traded."""
    places = np.unique(np.linspace(0, max(sample.n_used - 1, 0), min(_N_LENGTHS, sample.n_used)).astype(np.int64))
    series = profits[sample.rows[places]].astype(np.float64)
    lengths = [suggested_block_days(row) for row in series if np.ptp(row) > 0.0]
    return float(np.median(lengths)) if lengths else 1.0


def _statistics(
    profits: Profits, sample: TrialSample, weights: Floats, block_days: float, *, studentized: bool
) -> tuple[Floats, Bools, Floats, Indices]:
    """Mean of each trial, whether it competes, its resampled means (n_resamples, n), and its row."""
    n_days = profits.shape[1]
    bound = -sqrt(2.0 * np.log(np.log(n_days)) / n_days)
    drawn = np.empty((weights.shape[0], sample.n_used))
    means = np.empty(sample.n_used)
    valid = np.empty(sample.n_used, dtype=np.bool_)
    kept = np.empty(sample.n_used, dtype=np.int64)
    n = 0
    for start, block in row_blocks(profits, sample.rows):
        deviation = np.sqrt(long_run_variances(block, block_days))
        has = deviation > 0.0
        part = slice(n, n + int(has.sum()))
        n = part.stop
        deviation = deviation[has]
        series = block[has] / deviation[:, None] if studentized else block[has]
        means[part] = series.mean(axis=1)
        valid[part] = means[part] >= bound * (1.0 if studentized else deviation)
        kept[part] = sample.rows[start : start + block.shape[0]][has]
        drawn[:, part] = weights @ series.T
    return means[:n], valid[:n], drawn[:, :n], kept[:n]


def _largest(drawn: Floats, centre: Floats) -> Floats:
    """Largest resampled mean less its centre, for each resample, shape (n_resamples,)."""
    return np.array([(row - centre).max() for row in drawn])


def _superior(drawn: Floats, means: Floats, centre: Floats, size: float) -> Bools:
    """StepM: reject what exceeds the critical value, then ask again without it, until nothing more is rejected."""
    better = np.zeros(means.shape[0], dtype=np.bool_)
    while not better.all():
        left = np.flatnonzero(~better)
        largest = np.array([(row[left] - centre[left]).max() for row in drawn])
        found = left[means[left] > np.percentile(largest, 100.0 * (1.0 - size))]
        if found.shape[0] == 0:
            break
        better[found] = True
    return better
