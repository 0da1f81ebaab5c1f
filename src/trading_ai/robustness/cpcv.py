"""Combinatorial purged cross-validation: many out-of-sample histories of "take the best so far" from one sweep.

López de Prado, "Advances in Financial Machine Learning", 2018, chapter 12.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from math import comb, nan

import numpy as np

from trading_ai.errors import ParameterError
from trading_ai.robustness.overfitting import block_edges
from trading_ai.robustness.selection import best_of_sets, daily_score
from trading_ai.robustness.trials import NOT_IN_JSON, Bools, Floats, Indices, Profits, TrialSample, sample_trials

MAX_SPLITS = 5_000


@dataclass(frozen=True)
class Cpcv:
    """Out-of-sample histories of the selection "best in sample".

    Attributes:
        n_groups: groups of days.
        n_test_groups: groups held out in each split.
        n_splits: number of splits.
        n_paths: number of histories, each covering every day once, out of sample.
        purge_days: days left out of the training before each held-out group.
        embargo_days: days left out of the training after each held-out group.
        objective: what the best was chosen by.
        path_sharpe: Sharpe ratio of each history's days, not annualised, NaN where undefined, shape (n_paths,).
        path_profit: its net profit, account currency, shape (n_paths,).
        share_of_losing_paths: share of histories whose net profit is not above zero.
        median_sharpe: median of the defined `path_sharpe`; NaN if there is none.
        chosen: row of `profits` chosen in each split, -1 where no score is defined (flat then), (n_splits,).
        sample: which trials were used.
        daily_profit: each history's daily profit, account currency, shape (n_paths, n_days).
    """

    n_groups: int
    n_test_groups: int
    n_splits: int
    n_paths: int
    purge_days: int
    embargo_days: int
    objective: str
    path_sharpe: Floats
    path_profit: Floats
    share_of_losing_paths: float
    median_sharpe: float
    chosen: Indices
    sample: TrialSample
    daily_profit: Floats = field(repr=False, metadata=NOT_IN_JSON)


def cpcv(
    profits: Profits,
    *,
    n_groups: int = 10,
    n_test_groups: int = 2,
    purge_days: int = 1,
    embargo_days: int = 5,
    objective: str = "sharpe_ratio",
    limit: int = 1_000_000,
    seed: int = 0,
) -> Cpcv:
    """Choose the best trial on every choice of training groups and follow it through the groups held out.

    The days are cut into `n_groups` groups. Each choice of `n_test_groups` of them is a split: the best trial of
    the other days is chosen. ``C(n, k)`` splits hold each group out ``C(n - 1, k - 1)`` times, which makes that
    many histories of all days: the j-th takes each group from the j-th split that held it out.

    Args:
        profits: daily profit in account currency, shape (n_trials, n_days); rows with NaN are left out.
        n_groups: groups of days, at least 2.
        n_test_groups: groups held out at a time, 1 .. n_groups - 1.
        purge_days: training days dropped right before a held-out group, at least 0.
        embargo_days: training days dropped right after it, at least 0.
        objective: "sharpe_ratio" or "net_profit".
        limit: most trials to use; above it a seeded sample stands for all.
        seed: seed of that sample.

    Raises:
        ParameterError: impossible numbers, an unknown objective, or `profits` is no matrix of trials by days.
    """
    sample = sample_trials(profits, limit, seed)
    n_days = profits.shape[1]
    if not 2 <= n_groups <= n_days:
        raise ParameterError(f"must be 2..{n_days}, the number of days", parameter="n_groups", value=n_groups)
    if not 1 <= n_test_groups < n_groups:
        raise ParameterError(f"must be 1..{n_groups - 1}", parameter="n_test_groups", value=n_test_groups)
    if comb(n_groups, n_test_groups) > MAX_SPLITS:
        raise ParameterError(f"makes more than {MAX_SPLITS:,} splits", parameter="n_groups", value=n_groups)
    if purge_days < 0 or embargo_days < 0:
        raise ParameterError("must not be negative", parameter="purge_days, embargo_days")
    edges = block_edges(n_days, n_groups)
    splits = list(combinations(range(n_groups), n_test_groups))
    chosen, _ = best_of_sets(
        profits, sample.rows, training_days(n_days, edges, splits, purge_days, embargo_days), objective
    )
    n_paths = comb(n_groups - 1, n_test_groups - 1)
    daily = np.zeros((n_paths, n_days))
    filled = [0] * n_groups
    for split, row in zip(splits, chosen.tolist(), strict=True):
        for group in split:
            days = slice(int(edges[group]), int(edges[group + 1]))
            if row >= 0:
                daily[filled[group], days] = profits[row, days]
            filled[group] += 1
    sharpe = np.array([daily_score(path, "sharpe_ratio") for path in daily])
    profit = daily.sum(axis=1)
    defined = sharpe[~np.isnan(sharpe)]
    return Cpcv(
        n_groups=n_groups,
        n_test_groups=n_test_groups,
        n_splits=len(splits),
        n_paths=n_paths,
        purge_days=purge_days,
        embargo_days=embargo_days,
        objective=objective,
        path_sharpe=sharpe,
        path_profit=profit,
        share_of_losing_paths=float((profit <= 0.0).mean()) if sample.n_used else nan,
        median_sharpe=float(np.median(defined)) if defined.size else nan,
        chosen=chosen,
        sample=sample,
        daily_profit=daily,
    )


def training_days(
    n_days: int, edges: Indices, splits: list[tuple[int, ...]], purge_days: int, embargo_days: int
) -> Bools:
    """Days that each split may learn from, shape (n_splits, n_days).

    Args:
        n_days: number of days.
        edges: first day of each group, and the end, shape (n_groups + 1,).
        splits: held-out groups of each split.
        purge_days: days dropped right before a held-out group.
        embargo_days: days dropped right after it.
    """
    days = np.ones((len(splits), n_days), dtype=np.bool_)
    for i, split in enumerate(splits):
        for group in split:
            days[i, max(0, int(edges[group]) - purge_days) : int(edges[group + 1]) + embargo_days] = False
    return days
