from __future__ import annotations

import numpy as np
import pytest
from arch.bootstrap import SPA, StepM

from trading_ai.errors import ParameterError
from trading_ai.robustness.reality_check import reality_check
from trading_ai.robustness.resampling import (
    long_run_variances,
    resample_weights,
    stationary_resamples,
    suggested_block_days,
)


def noise(n: int = 50, n_days: int = 1000, seed: int = 1) -> np.ndarray:
    return np.ascontiguousarray(np.random.default_rng(seed).standard_normal((n_days, n)).T)


def p_values(found: object) -> list[float]:
    return [found.p_lower, found.p_consistent, found.p_upper]  # type: ignore[attr-defined]


def test_known_figures_without_studentising() -> None:
    found = reality_check(noise(), seed=42, block_days=31, studentized=False)
    assert p_values(found) == pytest.approx([0.459, 0.592, 0.623])
    assert found.n_superior == 0


def test_a_planted_trial_is_found() -> None:
    profits = np.vstack((noise(), noise(1, seed=7) + 0.3))
    for studentized in (False, True):
        found = reality_check(profits, seed=42, studentized=studentized)
        assert p_values(found) == [0.0, 0.0, 0.0]
        assert found.superior.tolist() == [50]


@pytest.mark.parametrize("seed", [0, 1])
def test_studentised_figures_are_those_of_scaled_trials_in_arch(seed: int) -> None:
    # arch does not divide by the deviation itself, so the trials are divided before.
    random = np.random.default_rng(seed)
    profits = noise(12, 300, seed) * random.uniform(0.1, 9.0, (12, 1)) + random.normal(0.05, 0.1, (12, 1))
    profits[:2] += 0.9 * random.uniform(1.0, 2.0)
    scaled = profits / np.sqrt(long_run_variances(profits, 17))[:, None]
    oracle = SPA(np.zeros(300), -scaled.T, seed=5)
    oracle.compute()
    found = reality_check(profits, seed=5, block_days=17)
    assert p_values(found) == pytest.approx(oracle.pvalues.to_list())
    steps = StepM(np.zeros(300), -scaled.T, seed=5)
    steps.compute()
    assert found.superior.tolist() == steps.superior_models


def test_variances_are_those_of_arch_and_of_the_draws() -> None:
    profits = np.cumsum(noise(4, 300), axis=1) * 0.1 + noise(4, 300, 9)
    oracle = SPA(np.zeros(300), -profits.T, block_size=17, reps=2, seed=0)
    oracle.compute()
    np.testing.assert_allclose(long_run_variances(profits, 17), oracle._loss_diff_var, rtol=1e-9)
    odd = profits[:, :299]
    oracle = SPA(np.zeros(299), -odd.T, block_size=5, reps=2, seed=0)
    oracle.compute()
    np.testing.assert_allclose(long_run_variances(odd, 5), oracle._loss_diff_var, rtol=1e-9)
    weights = resample_weights(stationary_resamples(300, 17, 4000, seed=0))
    np.testing.assert_allclose((profits @ weights.T).var(axis=1) * 300, long_run_variances(profits, 17), rtol=0.1)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)


@pytest.mark.parametrize("seed", range(5))
def test_p_values_are_ordered(seed: int) -> None:
    profits = noise(30, 200, seed) + np.random.default_rng(seed).normal(0, 0.2, (30, 1))
    for studentized in (False, True):
        p = p_values(reality_check(profits, seed=seed, n_resamples=200, studentized=studentized))
        assert p == sorted(p)


def test_scale_of_a_trial_does_not_matter_when_studentised() -> None:
    profits = noise(20, 300)
    factors = np.random.default_rng(0).uniform(0.01, 100, (20, 1))
    assert p_values(reality_check(profits * factors, seed=3)) == p_values(reality_check(profits, seed=3))
    assert p_values(reality_check(profits[::-1], seed=3)) == p_values(reality_check(profits, seed=3))


def test_false_alarms_are_as_rare_as_stated() -> None:
    alarms = [
        reality_check(noise(20, 250, seed), seed=seed, n_resamples=200).p_consistent <= 0.05 for seed in range(100)
    ]
    assert sum(alarms) <= 12  # 5 expected


def test_failed_and_flat_trials_are_left_out_and_counted() -> None:
    profits = noise(20, 300)
    more = np.vstack((np.full((1, 300), np.nan), np.zeros((2, 300)), profits, np.full((1, 300), 0.1)))
    found = reality_check(more, seed=3)
    assert p_values(found) == p_values(reality_check(profits, seed=3))
    assert (found.sample.n_failed, found.n_without_deviation) == (1, 3)
    planted = more.copy()
    planted[10] += 1.0
    assert reality_check(planted, seed=3).superior.tolist() == [10]


def test_undefined_when_nothing_traded() -> None:
    found = reality_check(np.zeros((3, 50)), seed=0)
    assert np.isnan(p_values(found)).all()
    assert found.n_superior == 0


def test_sampling_is_reported() -> None:
    found = reality_check(noise(60, 100), seed=0, limit=20)
    assert (found.sample.n_used, found.sample.is_sampled) == (20, True)


def test_block_length_follows_the_memory_of_the_series() -> None:
    quick = noise(1, 2000)[0]
    slow = np.convolve(quick, np.ones(20), "valid")
    assert suggested_block_days(quick) < 5 < suggested_block_days(slow)
    assert suggested_block_days(np.zeros(400)) == 20.0


def test_refuses_impossible_numbers() -> None:
    for options in ({"size": 0.0}, {"n_resamples": 0}, {"block_days": 0.5}):
        with pytest.raises(ParameterError):
            reality_check(noise(3, 50), seed=0, **options)
    with pytest.raises(ParameterError, match="three days"):
        reality_check(np.zeros((3, 2)), seed=0)


def test_the_statistic_is_the_best_mean_or_its_t_value() -> None:
    profits = noise(4, 400) * np.array([[1.0], [2.0], [3.0], [4.0]])
    profits[2] += 0.5
    plain = reality_check(profits, seed=1, block_days=10, studentized=False)
    assert plain.statistic == pytest.approx(profits.mean(axis=1).max())
    scaled = profits.mean(axis=1) / np.sqrt(long_run_variances(profits, 10))
    assert reality_check(profits, seed=1, block_days=10).statistic == pytest.approx(np.sqrt(400) * scaled.max())
