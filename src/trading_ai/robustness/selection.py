"""Choosing the best trial on some days: the one decision that every out-of-sample method repeats."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trading_ai.errors import ParameterError, did_you_mean
from trading_ai.robustness.trials import Bools, Floats, Indices, Profits, row_blocks

OBJECTIVES = ("sharpe_ratio", "net_profit")

HOLD_OUT_SHARE = 0.25
"""Share of the days at the end that out-of-sample figures hold out where nobody says."""

# Sums of equal values leave a spread of a few rounding errors: that is a deviation of zero.
ROUNDING = 1e-14


def check_objective(objective: str) -> None:
    """Refuse an unknown objective.

    Raises:
        ParameterError: `objective` is neither "sharpe_ratio" nor "net_profit".
    """
    if objective not in OBJECTIVES:
        raise ParameterError(
            "must be one of " + ", ".join(OBJECTIVES),
            parameter="objective",
            value=objective,
            remedy=did_you_mean(objective, OBJECTIVES).rstrip(),
        )


def score_sums(sums: Floats, squares: Floats, n_days: Floats | npt.NDArray[np.int64] | float, objective: str) -> Floats:
    """Score of trials from the sums of their daily profits.

    Args:
        sums: sum of the daily profits, account currency, any shape.
        squares: sum of their squares, same shape; not read for net profit.
        n_days: number of days summed over; broadcasts against `sums`.
        objective: "sharpe_ratio" (mean / sample deviation of a day, not annualised; NaN where the deviation is
            zero or there are fewer than two days) or "net_profit" (the sum itself).

    Returns:
        Same shape as `sums`.
    """
    if objective == "net_profit":
        return sums
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = sums / n_days
        spread = squares - sums * mean
        spread[spread <= ROUNDING * squares] = np.nan
        spread /= np.asarray(n_days) - 1.0
        np.sqrt(spread, out=spread)
        result: Floats = np.divide(mean, spread, out=mean)
    return result


def daily_score(daily_profit: npt.NDArray[np.floating], objective: str) -> float:
    """Score of one series of daily profits, shape (n_days,); NaN if empty or undefined."""
    check_objective(objective)
    if daily_profit.shape[0] == 0:
        return float("nan")
    values = daily_profit.astype(np.float64)
    sums, squares = np.array([values.sum()]), np.array([np.square(values).sum()])
    return float(score_sums(sums, squares, float(values.shape[0]), objective)[0])


def score_sets(profits: Profits, rows: Indices, day_sets: Bools, objective: str) -> Floats:
    """Score of each trial on each of several sets of days.

    Args:
        profits: daily profit in account currency, shape (n_trials, n_days).
        rows: the trials to score, shape (n,).
        day_sets: which days belong to each set, shape (n_sets, n_days).
        objective: "sharpe_ratio" (of a day, not annualised) or "net_profit" (account currency).

    Returns:
        Shape (n_sets, n); NaN where undefined.

    Raises:
        ParameterError: unknown objective.
    """
    check_objective(objective)
    members = np.ascontiguousarray(day_sets.T, dtype=np.float64)
    n_days = members.sum(axis=0)
    scores = np.empty((day_sets.shape[0], rows.shape[0]))
    for start, block in row_blocks(profits, rows):
        scores[:, start : start + block.shape[0]] = _score_block(block, members, n_days, objective).T
    return scores


def best_of_sets(profits: Profits, rows: Indices, day_sets: Bools, objective: str) -> tuple[Indices, Floats]:
    """The best trial on each of several sets of days; holds a block of trials at a time, whatever their number.

    Args:
        profits: daily profit in account currency, shape (n_trials, n_days).
        rows: the trials to choose from, ascending, shape (n,).
        day_sets: which days belong to each set, shape (n_sets, n_days).
        objective: "sharpe_ratio" (of a day, not annualised) or "net_profit" (account currency).

    Returns:
        The chosen row of `profits` for each set, the first of equals, -1 where every score is undefined; and its
        score, NaN where there is none. Both of shape (n_sets,).

    Raises:
        ParameterError: unknown objective.
    """
    check_objective(objective)
    members = np.ascontiguousarray(day_sets.T, dtype=np.float64)
    n_days = members.sum(axis=0)
    n_sets = day_sets.shape[0]
    chosen, best = np.full(n_sets, -1, dtype=np.int64), np.full(n_sets, -np.inf)
    for start, block in row_blocks(profits, rows):
        scores = _score_block(block, members, n_days, objective)
        scores[np.isnan(scores)] = -np.inf
        place = scores.argmax(axis=0)
        top = scores[place, np.arange(n_sets)]
        better = top > best
        chosen[better] = rows[start + place[better]]
        best[better] = top[better]
    best[chosen < 0] = np.nan
    return chosen, best


def _score_block(block: Floats, members: Floats, n_days: Floats, objective: str) -> Floats:
    sums = block @ members
    squares = np.square(block) @ members if objective == "sharpe_ratio" else sums
    return score_sums(sums, squares, n_days, objective)
