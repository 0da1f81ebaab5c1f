from __future__ import annotations

import numpy as np
import pytest

from trading_ai.errors import ParameterError
from trading_ai.robustness.expected_maximum import expected_best_sharpe, expected_maximum


@pytest.mark.parametrize(("n_trials", "expected"), [(10, 1.5746), (45, 2.2356), (100, 2.5306)])
def test_published_values(n_trials: int, expected: float) -> None:
    assert expected_maximum(n_trials) == pytest.approx(expected, abs=5e-5)


def test_agrees_with_drawing() -> None:
    draws = np.random.default_rng(0).standard_normal((4_000, 500))
    assert expected_maximum(500) == pytest.approx(draws.max(axis=1).mean(), rel=0.01)


def test_one_trial_chooses_nothing_and_more_trials_never_expect_less() -> None:
    values = [expected_maximum(n) for n in (1, 2, 3, 10, 10**6, 10**18)]
    assert values[0] == 0.0
    assert values == sorted(values)
    assert np.isfinite(values).all()


def test_sharpe_scales_with_the_standard_error() -> None:
    # Five years at most 45 tries for an expected best annual Sharpe ratio of 1: the paper's own example.
    assert expected_best_sharpe(45, 5 * 252, 252) == pytest.approx(1.0, abs=2e-3)
    assert expected_best_sharpe(45, 252, 252) == pytest.approx(2.2356, abs=5e-5)


@pytest.mark.parametrize(("n_trials", "n_days"), [(0, 10), (10, 0)])
def test_refuses_empty_counts(n_trials: int, n_days: int) -> None:
    with pytest.raises(ParameterError):
        expected_best_sharpe(n_trials, n_days, 252)
