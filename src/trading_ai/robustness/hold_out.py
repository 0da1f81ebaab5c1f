"""Hold-out: choose on the days before a date, look at the days after it once."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import nan

import numpy as np
import numpy.typing as npt
import polars as pl

from trading_ai.errors import ParameterError
from trading_ai.robustness.selection import check_objective, score_sets
from trading_ai.robustness.trials import (
    NOT_IN_JSON,
    Floats,
    Indices,
    Profits,
    TrialSample,
    check_day_numbers,
    sample_trials,
)


@dataclass(frozen=True)
class HoldOut:
    """The best trial of the days before a date, on the days from that date on.

    Attributes:
        first_day: first day held out, days since 1970-01-01.
        n_train: days before it.
        n_test: days held out.
        objective: what the best was chosen by.
        chosen: row of `profits` that is best before the date, -1 where no score is defined.
        in_sample: its score before the date (Sharpe ratio of a day, or money), NaN if there is none.
        out_of_sample: its score on the days held out, NaN if undefined.
        net_profit: its net profit on the days held out, account currency; NaN if no trial could be chosen.
        percentile: share of the other trials that it beats on the days held out, equals half, 0..1; undefined
            scores rank lowest; NaN with fewer than two trials.
        rank_correlation: Spearman's correlation of the trials' scores before and after, NaN if undefined.
        sample: which trials were used.
        rows: rows of the used trials, shape (n,).
        in_sample_scores: their scores before the date, shape (n,).
        out_of_sample_scores: their scores on the days held out, shape (n,).
    """

    first_day: int
    n_train: int
    n_test: int
    objective: str
    chosen: int
    in_sample: float
    out_of_sample: float
    net_profit: float
    percentile: float
    rank_correlation: float
    sample: TrialSample
    rows: Indices = field(repr=False, metadata=NOT_IN_JSON)
    in_sample_scores: Floats = field(repr=False, metadata=NOT_IN_JSON)
    out_of_sample_scores: Floats = field(repr=False, metadata=NOT_IN_JSON)


def hold_out(
    profits: Profits,
    day_numbers: npt.NDArray[np.integer],
    first_day: int,
    *,
    objective: str = "sharpe_ratio",
    limit: int = 1_000_000,
    seed: int = 0,
) -> HoldOut:
    """Choose the best trial before a date and score it, and every other, from that date on.

    Args:
        profits: daily profit in account currency, shape (n_trials, n_days); rows with NaN are left out.
        day_numbers: date of each day, days since 1970-01-01, ascending, shape (n_days,).
        first_day: first day held out, days since 1970-01-01.
        objective: "sharpe_ratio" or "net_profit".
        limit: most trials to use; above it a seeded sample stands for all.
        seed: seed of that sample.

    Raises:
        ParameterError: no day before or after the date, unknown objective, or the shapes disagree.
    """
    check_objective(objective)
    sample = sample_trials(profits, limit, seed)
    days = check_day_numbers(day_numbers, profits.shape[1])
    after = days >= first_day
    if after.all() or not after.any():
        raise ParameterError(
            "must leave days before and after it", parameter="first_day", value=str(np.datetime64(first_day, "D")),
            remedy=f"The data runs from {np.datetime64(int(days[0]), 'D')} to {np.datetime64(int(days[-1]), 'D')}.",
        )  # fmt: skip
    before_scores, after_scores = score_sets(profits, sample.rows, np.array([~after, after]), objective)
    n_train, n_test = int((~after).sum()), int(after.sum())
    if sample.n_used == 0 or np.isnan(before_scores).all():
        return HoldOut(
            first_day, n_train, n_test, objective, -1, nan, nan, nan, nan, nan,
            sample, sample.rows, before_scores, after_scores,
        )  # fmt: skip
    best = int(np.nanargmax(before_scores))
    chosen = int(sample.rows[best])
    ranked = np.where(np.isnan(after_scores), -np.inf, after_scores)
    others = sample.n_used - 1
    beaten = (ranked < ranked[best]).sum() + 0.5 * ((ranked == ranked[best]).sum() - 1)
    return HoldOut(
        first_day=first_day,
        n_train=n_train,
        n_test=n_test,
        objective=objective,
        chosen=chosen,
        in_sample=float(before_scores[best]),
        out_of_sample=float(after_scores[best]),
        net_profit=float(profits[chosen, after].sum(dtype=np.float64)),
        percentile=float(beaten) / others if others else nan,
        rank_correlation=_rank_correlation(before_scores, after_scores),
        sample=sample,
        rows=sample.rows,
        in_sample_scores=before_scores,
        out_of_sample_scores=after_scores,
    )


def _rank_correlation(x: Floats, y: Floats) -> float:
    both = ~(np.isnan(x) | np.isnan(y))
    if both.sum() < 3:
        return nan
    # SciPy's statistics, which rank too, take a second to load at every start.
    a, b = (pl.Series(scores[both]).rank().to_numpy() for scores in (x, y))
    if not (np.ptp(a) > 0.0 and np.ptp(b) > 0.0):
        return nan
    return float(np.corrcoef(a, b)[0, 1])
