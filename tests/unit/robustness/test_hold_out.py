from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from trading_ai.errors import ParameterError
from trading_ai.robustness.hold_out import hold_out

DAYS = np.arange(100, 200)


def noise(n: int = 30, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, 100))


@pytest.mark.parametrize("objective", ["sharpe_ratio", "net_profit"])
def test_equals_the_plain_definition(objective: str) -> None:
    profits = noise()
    found = hold_out(profits, DAYS, 170, objective=objective)
    parts = [profits[:, :70], profits[:, 70:]]
    before, after = (
        p.sum(axis=1) if objective == "net_profit" else p.mean(axis=1) / p.std(axis=1, ddof=1) for p in parts
    )
    best = int(before.argmax())
    assert (found.n_train, found.n_test, found.chosen) == (70, 30, best)
    assert found.in_sample == pytest.approx(before[best])
    assert found.out_of_sample == pytest.approx(after[best])
    assert found.net_profit == pytest.approx(parts[1][best].sum())
    assert found.percentile == pytest.approx((after < after[best]).sum() / 29)
    assert found.rank_correlation == pytest.approx(spearmanr(before, after).statistic)


def test_a_planted_trial_beats_all_others() -> None:
    profits = noise()
    profits[[3, 4]] = np.nan
    profits[11] += 2.0
    found = hold_out(profits, DAYS, 150)
    assert (found.chosen, found.percentile, found.sample.n_failed) == (11, 1.0, 2)
    assert found.in_sample_scores.shape == found.rows.shape == (28,)


def test_a_choice_without_trades_afterwards_ranks_lowest() -> None:
    profits = noise(5)
    profits[2, :50] += 3.0
    profits[2, 50:] = 0.0
    found = hold_out(profits, DAYS, 150)
    assert found.chosen == 2
    assert np.isnan(found.out_of_sample)
    assert (found.percentile, found.net_profit) == (0.0, 0.0)


def test_undefined_without_a_choice() -> None:
    found = hold_out(np.zeros((4, 100)), DAYS, 150)
    assert found.chosen == -1
    assert np.isnan([found.in_sample, found.out_of_sample, found.net_profit, found.percentile]).all()
    assert np.isnan(hold_out(noise(1), DAYS, 150).percentile)


@pytest.mark.parametrize("first_day", [0, 100, 200])
def test_refuses_dates_outside_the_data(first_day: int) -> None:
    with pytest.raises(ParameterError, match="before and after"):
        hold_out(noise(), DAYS, first_day)
