"""The stationary bootstrap and its block length, number for number those of the package arch."""

from __future__ import annotations

import numpy as np
import pytest
from arch.bootstrap import StationaryBootstrap, optimal_block_length
from hypothesis import given
from hypothesis import strategies as st

from trading_ai.errors import ParameterError
from trading_ai.robustness.resampling import _optimal_block_days, stationary_resamples, suggested_block_days


@given(n_days=st.integers(1, 300), block_days=st.floats(1.0, 60.0), seed=st.integers(0, 2**32 - 1), n=st.integers(1, 5))
def test_days_are_drawn_as_arch_draws_them(n_days, block_days, seed, n):
    drawn = StationaryBootstrap(block_days, np.arange(n_days), seed=seed).bootstrap(n)
    expected = np.array([data[0] for data, _ in drawn])
    np.testing.assert_array_equal(stationary_resamples(n_days, block_days, n, seed), expected)


@pytest.mark.parametrize("name", ["n_days", "block_days", "n_resamples"])
def test_what_is_below_one_is_refused(name):
    with pytest.raises(ParameterError, match=name):
        stationary_resamples(**{"n_days": 5, "block_days": 2.0, "n_resamples": 3, "seed": 0} | {name: 0})


def series(kind: str, n: int, random: np.random.Generator) -> np.ndarray:
    """Daily profits that are independent, go on, turn back, wander, or are mostly none."""
    noise = random.normal(size=n)
    match kind:
        case "goes on":
            return noise + 0.7 * np.roll(noise, 1)
        case "turns back":
            return noise - 0.6 * np.roll(noise, 1)
        case "wanders":
            return np.cumsum(noise)
        case "mostly none":
            return np.where(random.random(n) < 0.8, 0.0, noise)
        case _:
            return noise


@pytest.mark.parametrize("kind", ["independent", "goes on", "turns back", "wanders", "mostly none"])
@pytest.mark.parametrize("n_days", [30, 64, 252, 777, 2600])
@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e6])
def test_the_block_length_is_that_of_arch(kind, n_days, scale):
    profits = scale * series(kind, n_days, np.random.default_rng(n_days))
    estimate = float(optimal_block_length(profits)["stationary"].iloc[0])
    assert _optimal_block_days(profits) == pytest.approx(estimate, rel=1e-12)
    expected = min(max(estimate, 1.0), n_days / 10.0)
    assert suggested_block_days(profits) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("profits", [np.full(100, 3.0), np.arange(5.0), np.zeros(1)])
def test_a_series_that_says_nothing_gets_the_root_of_its_days(profits):
    assert suggested_block_days(profits) == max(1, int(np.sqrt(profits.size)))
