from __future__ import annotations

import numpy as np
import pytest

from trading_ai.errors import ParameterError
from trading_ai.robustness.effective_trials import effective_trials
from trading_ai.robustness.expected_maximum import expected_maximum


def noise(n: int, n_days: int = 400, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, n_days))


def test_independent_trials_count_in_full() -> None:
    # Few trials over many days: their sample correlations are negligible.
    found = effective_trials(noise(30, 3000), seed=1, n_draws=4000)
    assert 24 <= found.n_effective <= 30
    assert found.mean_correlation == pytest.approx(0.0, abs=0.01)
    assert found.n_by_correlation == pytest.approx(30, abs=0.3)


def test_copies_count_once() -> None:
    distinct = noise(20, 2000)
    once = effective_trials(distinct, seed=1)
    copied = effective_trials(np.repeat(distinct * 100, 50, axis=0), seed=1)
    assert copied.n_effective == once.n_effective
    assert effective_trials(np.repeat(distinct[:1], 500, axis=0), seed=1).n_effective == 1


def test_opposites_are_two_trials() -> None:
    one = noise(1, 500)
    found = effective_trials(np.vstack((one, -one)), seed=2, n_draws=4000)
    # E[max(z, -z)] = sqrt(2 / pi) = 0.798, more than two independent trials have.
    assert found.expected_maximum == pytest.approx(0.798, abs=0.03)
    assert found.n_effective == 2


def test_equally_correlated_trials_have_the_known_expectation() -> None:
    days, n, rho = 4000, 200, 0.75
    profits = np.sqrt(rho) * noise(1, days, 5) + np.sqrt(1 - rho) * noise(n, days, 6)
    found = effective_trials(profits, seed=3, n_draws=4000)
    assert found.expected_maximum == pytest.approx(np.sqrt(1 - rho) * expected_maximum(n), rel=0.05)
    assert found.mean_correlation == pytest.approx(rho, abs=0.03)
    assert found.n_effective < 12


def test_order_and_scale_change_nothing_and_flat_trials_do_not_count() -> None:
    profits = noise(40)
    found = effective_trials(profits, seed=4)
    other = effective_trials(np.random.default_rng(9).permutation(profits) * 0.01, seed=4)
    assert other.n_effective == found.n_effective
    assert other.expected_maximum == pytest.approx(found.expected_maximum)
    flat = np.vstack((profits, np.zeros((500, 400)), np.full((5, 400), 0.1), np.full((2, 400), np.nan)))
    with_flat = effective_trials(flat, seed=4)
    assert with_flat.n_effective == found.n_effective
    assert (with_flat.n_traded, with_flat.sample.n_failed) == (40, 2)


def test_nothing_traded() -> None:
    found = effective_trials(np.zeros((10, 20)), seed=0)
    assert (found.n_effective, found.n_traded, found.expected_maximum) == (1, 0, 0.0)


def test_a_sample_counts_no_more() -> None:
    profits = noise(300)
    assert effective_trials(profits, seed=0, limit=50).n_effective <= 50
    assert effective_trials(profits, seed=0, limit=50).sample.is_sampled


def test_refuses_no_draws() -> None:
    with pytest.raises(ParameterError, match="n_draws"):
        effective_trials(noise(3), seed=0, n_draws=0)
