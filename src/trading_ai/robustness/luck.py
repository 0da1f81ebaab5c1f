"""The winner's Sharpe ratio against what the best of so many trials shows without skill."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan, sqrt

import numpy as np
import numpy.typing as npt

from trading_ai.errors import ParameterError
from trading_ai.robustness.effective_trials import EffectiveTrials
from trading_ai.robustness.selection import score_sets
from trading_ai.robustness.sharpe import (
    deflated_sharpe,
    expected_best,
    minimum_backtest_years,
    minimum_track_record,
    moments,
    probabilistic_sharpe,
)
from trading_ai.robustness.trials import Indices, Profits


@dataclass(frozen=True)
class Luck:
    """The Sharpe ratio of one trial and how much of it many trials explain.

    Ratios are of a day unless named annual; they are those of the daily profit over a fixed capital, which is why
    they may differ a little from the ratio of compounded returns.

    Attributes:
        n_days: days it was measured over.
        years: the same in years.
        sharpe: Sharpe ratio; NaN without deviation.
        annual_sharpe: times sqrt(days a year).
        skewness: of the daily profit.
        kurtosis: of the daily profit, raw.
        probabilistic_sharpe: probability that the true ratio is above zero, trials not counted.
        n_trials: trials ever run on this data.
        n_effective: independent trials that they amount to.
        between_trials: variance of the ratio between the trials of the sweep.
        expected_best_annual: annual ratio that the best of `n_trials` shows without skill, ratios spread as the
            sweep's are (the paper's own definition).
        expected_best_effective_annual: the same of `n_effective` trials, ratios spread by chance alone
            (variance 1 / (n_days - 1)).
        deflated_sharpe: probability that the true ratio is above the former, 0..1.
        deflated_sharpe_effective: above the latter, 0..1.
        minimum_track_record_days: days needed to tell the ratio from zero at 95 %; infinite if it is not positive.
        minimum_backtest_years: years of data below which `n_effective` unskilled trials are expected to have a
            best annual ratio of 1.
    """

    n_days: int
    years: float
    sharpe: float
    annual_sharpe: float
    skewness: float
    kurtosis: float
    probabilistic_sharpe: float
    n_trials: int
    n_effective: int
    between_trials: float
    expected_best_annual: float
    expected_best_effective_annual: float
    deflated_sharpe: float
    deflated_sharpe_effective: float
    minimum_track_record_days: float
    minimum_backtest_years: float


def luck(
    daily_profit: npt.NDArray[np.floating],
    *,
    between_trials: float,
    n_trials: int,
    n_effective: int,
    days_per_year: float,
) -> Luck:
    """Put one trial's Sharpe ratio beside the best that unskilled trials would show.

    Args:
        daily_profit: of the chosen trial, account currency, shape (n_days,).
        between_trials: variance of the trials' daily Sharpe ratios, NaN if undefined.
        n_trials: trials ever run on this data, at least 1.
        n_effective: independent trials that they amount to, at least 1.
        days_per_year: trading days a year.

    Raises:
        ParameterError: a count is below 1.
    """
    shape = moments(daily_profit)
    tails = {"skewness": shape.skewness, "kurtosis": shape.kurtosis}
    annual = sqrt(days_per_year)
    chance = 1.0 / (shape.n - 1) if shape.n > 1 else nan

    def best(n: int, variance: float) -> float:
        return nan if isnan(variance) else annual * expected_best(n, variance)

    return Luck(
        n_days=shape.n,
        years=shape.n / days_per_year,
        sharpe=shape.sharpe,
        annual_sharpe=annual * shape.sharpe,
        skewness=shape.skewness,
        kurtosis=shape.kurtosis,
        probabilistic_sharpe=probabilistic_sharpe(shape.sharpe, shape.n, **tails),
        n_trials=n_trials,
        n_effective=n_effective,
        between_trials=between_trials,
        expected_best_annual=best(n_trials, between_trials),
        expected_best_effective_annual=best(n_effective, chance),
        deflated_sharpe=deflated_sharpe(shape.sharpe, shape.n, n_trials=n_trials, variance=between_trials, **tails),
        deflated_sharpe_effective=deflated_sharpe(
            shape.sharpe, shape.n, n_trials=n_effective, variance=chance, **tails
        ),
        minimum_track_record_days=minimum_track_record(shape.sharpe, **tails),
        minimum_backtest_years=minimum_backtest_years(n_effective),
    )


def variance_between_trials(profits: Profits, rows: Indices) -> float:
    """Sample variance of the daily Sharpe ratios of some trials; NaN with fewer than two defined.

    Args:
        profits: daily profit in account currency, shape (n_trials, n_days).
        rows: the trials, shape (n,).
    """
    every_day = np.ones((1, profits.shape[1]), dtype=np.bool_)
    ratios = score_sets(profits, rows, every_day, "sharpe_ratio")[0]
    defined = ratios[~np.isnan(ratios)]
    return float(defined.var(ddof=1)) if defined.shape[0] > 1 else nan


def effective_of_ledger(effective: EffectiveTrials, n_ledger_trials: int) -> int:
    """Effective number of all trials ever run, when only this sweep's daily profits are at hand.

    The others are taken to be as different from one another as those of the sweep: the count grows in proportion.
    Trials much alike earlier ones make this an upper estimate.

    Args:
        effective: of the sweep.
        n_ledger_trials: trials ever run on this data, the sweep's included.

    Raises:
        ParameterError: `n_ledger_trials` is below 1.
    """
    if n_ledger_trials < 1:
        raise ParameterError("must be at least 1", parameter="n_ledger_trials", value=n_ledger_trials)
    finished = max(1, effective.sample.n_trials - effective.sample.n_failed)
    # To the nearest: one trial more than those of the sweep is not an independent one more.
    scaled = round(effective.n_effective * max(1.0, n_ledger_trials / finished))
    return min(scaled, max(n_ledger_trials, effective.n_effective))
