"""Published figures; periods are days, weeks or months as in the papers."""

from __future__ import annotations

from math import inf, isnan, nan, sqrt

import numpy as np
import pytest
from scipy import stats

from trading_ai.errors import ParameterError
from trading_ai.robustness.sharpe import (
    deflated_sharpe,
    expected_best,
    minimum_backtest_years,
    minimum_backtest_years_bound,
    minimum_track_record,
    moments,
    probabilistic_sharpe,
)

HEDGE_FUND = {"sharpe": 0.036 / 0.079, "skewness": -2.448, "kurtosis": 10.164}


def test_probabilistic_sharpe_of_the_paper() -> None:
    sharpe = HEDGE_FUND["sharpe"]
    assert probabilistic_sharpe(sharpe, 24) == pytest.approx(0.9812, abs=1e-3)  # the paper prints 0.982
    assert probabilistic_sharpe(n=24, **HEDGE_FUND) == pytest.approx(0.9127, abs=5e-4)
    assert probabilistic_sharpe(n=36, **HEDGE_FUND) == pytest.approx(0.9530, abs=5e-4)


def test_the_variance_is_taken_at_the_estimate() -> None:
    # The later definition takes it at the benchmark and would say 0.987 here.
    assert probabilistic_sharpe(n=24, **HEDGE_FUND) < 0.92


def test_deflated_sharpe_of_the_paper() -> None:
    case = {"sharpe": 2.5 / sqrt(250), "n": 1250, "variance": 0.5 / 250}
    fat = {"skewness": -3.0, "kurtosis": 10.0}
    assert expected_best(100, 0.5 / 250) == pytest.approx(0.1132, abs=5e-5)
    assert deflated_sharpe(**case, **fat, n_trials=100) == pytest.approx(0.9004, abs=5e-5)
    assert deflated_sharpe(**case, **fat, n_trials=46) == pytest.approx(0.9505, abs=5e-5)
    assert deflated_sharpe(**case, **fat, n_trials=10) == pytest.approx(0.9939, abs=5e-5)
    assert deflated_sharpe(**case, n_trials=88) == pytest.approx(0.9505, abs=5e-5)


@pytest.mark.parametrize(("a_year", "years"), [(252, 2.731), (52, 2.829), (12, 3.240)])
def test_minimum_track_record_of_the_paper(a_year: int, years: float) -> None:
    periods = minimum_track_record(2 / sqrt(a_year), benchmark=1 / sqrt(a_year))
    assert periods / a_year == pytest.approx(years, abs=5e-4)


def test_minimum_track_record_with_fat_tails() -> None:
    periods = minimum_track_record(2 / sqrt(12), benchmark=1 / sqrt(12), skewness=-0.72, kurtosis=5.78)
    assert periods / 12 == pytest.approx(4.991, abs=5e-4)
    assert minimum_track_record(**HEDGE_FUND) == pytest.approx(34.76, abs=0.05)


def test_a_record_of_the_minimum_length_has_just_the_confidence() -> None:
    n = minimum_track_record(0.1, benchmark=0.02, skewness=-0.5, kurtosis=5.0, confidence=0.9)
    low = probabilistic_sharpe(0.1, int(n), benchmark=0.02, skewness=-0.5, kurtosis=5.0)
    high = probabilistic_sharpe(0.1, int(n) + 1, benchmark=0.02, skewness=-0.5, kurtosis=5.0)
    assert low < 0.9 <= high


def test_minimum_backtest_years_of_the_paper() -> None:
    assert minimum_backtest_years(45) == pytest.approx(4.998, abs=5e-4)
    assert minimum_backtest_years(10) == pytest.approx(2.479, abs=5e-4)
    assert minimum_backtest_years(45, 2.0) == pytest.approx(4.998 / 4, abs=5e-4)
    assert all(minimum_backtest_years(n) <= minimum_backtest_years_bound(n) for n in (5, 45, 10_000))


def test_moments_agree_with_scipy() -> None:
    values = np.random.default_rng(3).gamma(2.0, size=400) - 1.5
    found = moments(values)
    assert found.sharpe == pytest.approx(values.mean() / values.std(ddof=1))
    assert found.skewness == pytest.approx(stats.skew(values))
    assert found.kurtosis == pytest.approx(stats.kurtosis(values, fisher=False))
    assert moments((values * 7).astype(np.float32)).sharpe == pytest.approx(found.sharpe, rel=1e-5)


@pytest.mark.parametrize("values", [[], [1.0], [0.1] * 50, [0.0] * 5, [1.0, nan]])
def test_moments_without_deviation_are_undefined(values: list[float]) -> None:
    assert isnan(moments(np.array(values)).sharpe)


def test_undefined_stays_undefined() -> None:
    assert isnan(probabilistic_sharpe(nan, 100))
    assert isnan(probabilistic_sharpe(0.1, 1))
    assert isnan(probabilistic_sharpe(5.0, 100, skewness=3.0))  # impossible moments: a negative variance
    assert isnan(deflated_sharpe(nan, 100, n_trials=10, variance=0.01))
    assert isnan(deflated_sharpe(0.1, 100, n_trials=10, variance=nan))
    assert isnan(minimum_track_record(nan))
    assert minimum_track_record(0.1, benchmark=0.1) == inf


def test_more_trials_deflate_more_and_one_trial_not_at_all() -> None:
    values = [deflated_sharpe(0.15, 500, n_trials=n, variance=1 / 500) for n in (1, 2, 10, 1000, 10**6)]
    assert values[0] == probabilistic_sharpe(0.15, 500)
    assert values == sorted(values, reverse=True)


def test_refuses_impossible_numbers() -> None:
    with pytest.raises(ParameterError, match="n_trials"):
        deflated_sharpe(0.1, 100, n_trials=0, variance=0.1)
    with pytest.raises(ParameterError, match="variance"):
        deflated_sharpe(0.1, 100, n_trials=5, variance=-0.1)
    with pytest.raises(ParameterError, match="confidence"):
        minimum_track_record(0.1, confidence=1.0)
    with pytest.raises(ParameterError, match="target"):
        minimum_backtest_years(5, 0.0)
    with pytest.raises(ParameterError, match="n_trials"):
        minimum_backtest_years_bound(0)
