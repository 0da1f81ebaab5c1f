from __future__ import annotations

from math import isnan, nan, sqrt

import numpy as np
import pytest

from trading_ai.errors import ParameterError
from trading_ai.robustness.effective_trials import effective_trials
from trading_ai.robustness.expected_maximum import expected_best_sharpe
from trading_ai.robustness.luck import effective_of_ledger, luck, variance_between_trials
from trading_ai.robustness.sharpe import deflated_sharpe, moments


def test_figures_belong_together() -> None:
    days = np.random.default_rng(0).normal(0.1, 1.0, 500)
    found = luck(days, between_trials=0.002, n_trials=1000, n_effective=40, days_per_year=250)
    shape = moments(days)
    tails = {"skewness": shape.skewness, "kurtosis": shape.kurtosis}
    assert found.annual_sharpe == pytest.approx(days.mean() / days.std(ddof=1) * sqrt(250))
    assert found.deflated_sharpe == deflated_sharpe(shape.sharpe, 500, n_trials=1000, variance=0.002, **tails)
    assert found.deflated_sharpe_effective == deflated_sharpe(shape.sharpe, 500, n_trials=40, variance=1 / 499, **tails)
    assert found.expected_best_effective_annual == pytest.approx(expected_best_sharpe(40, 499, 250))
    assert found.years == 2.0
    assert found.probabilistic_sharpe > found.deflated_sharpe_effective


def test_a_trial_that_never_traded_is_undefined() -> None:
    found = luck(np.zeros(100), between_trials=nan, n_trials=10, n_effective=2, days_per_year=250)
    assert isnan(found.sharpe)
    assert isnan(found.deflated_sharpe)
    assert isnan(found.deflated_sharpe_effective)
    assert isnan(found.minimum_track_record_days)


def test_variance_between_trials() -> None:
    profits = np.random.default_rng(0).standard_normal((30, 50))
    ratios = profits.mean(axis=1) / profits.std(axis=1, ddof=1)
    assert variance_between_trials(profits, np.arange(30)) == pytest.approx(ratios.var(ddof=1))
    assert isnan(variance_between_trials(np.zeros((5, 50)), np.arange(5)))


def test_the_ledger_counts_in_proportion() -> None:
    profits = np.random.default_rng(0).standard_normal((20, 300))
    profits = np.vstack((profits, profits, np.full((2, 300), np.nan)))
    effective = effective_trials(profits, seed=0)
    assert effective_of_ledger(effective, 40) == effective.n_effective
    assert effective_of_ledger(effective, 400) == 10 * effective.n_effective
    assert effective_of_ledger(effective, 5) == effective.n_effective
    with pytest.raises(ParameterError, match="n_ledger_trials"):
        effective_of_ledger(effective, 0)
