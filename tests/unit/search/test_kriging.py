"""The Gaussian process against textbook formulas, and its compiled parts against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from tests.effort import IS_PLAIN
from trading_ai.search.kriging import Kriging, Posterior
from trading_ai.search.linear_algebra import factor, inverse, solve_lower, weighted_sum


def matrix(n, seed=0):
    rows = np.random.default_rng(seed).normal(size=(n, n))
    return rows @ rows.T + n * np.eye(n)


@pytest.mark.parametrize("n", [1, 2, 5, 37])
def test_compiled_parts_equal_numpy(n):
    a, right = matrix(n), np.random.default_rng(1).normal(size=(n, 300))
    lower = factor(a)
    np.testing.assert_allclose(lower, np.linalg.cholesky(a), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(solve_lower(lower, right), np.linalg.solve(lower, right), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(inverse(lower), np.linalg.inv(a), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(weighted_sum(right[:, 0].copy(), right), right[:, 0] @ right, rtol=1e-10, atol=1e-12)


@pytest.mark.skipif(IS_PLAIN, reason="nothing is compiled")
@pytest.mark.parametrize("n", [1, 9, 14])
def test_compiled_parts_equal_their_plain_twins_bit_for_bit(n):
    a, right = matrix(n), np.random.default_rng(1).normal(size=(n, 140))
    lower = factor(a)
    np.testing.assert_array_equal(lower, factor.py_func(a))
    np.testing.assert_array_equal(inverse(lower), inverse.py_func(lower))
    np.testing.assert_array_equal(solve_lower(lower, right), solve_lower.py_func(lower, right))
    np.testing.assert_array_equal(weighted_sum(a[0].copy(), right), weighted_sum.py_func(a[0].copy(), right))


def test_a_matrix_that_rounding_made_singular_is_factored_all_the_same():
    assert np.isfinite(factor(np.ones((4, 4)))).all()


def places(n, seed=0):
    rng = np.random.default_rng(seed)
    return np.stack([rng.integers(20, size=n), rng.integers(3, size=n), rng.integers(30, size=n)], axis=1)


def model():
    return Kriging((20, 3, 30), (True, False, True))


def test_the_slope_of_the_misfit_is_its_slope():
    process, points = model(), places(25)
    scores = np.random.default_rng(2).normal(size=25)
    squared = [process._squared(points, points, axis) for axis in range(3)]
    logs = np.array([-1.0, -0.3, -1.5, 0.2, -2.0])
    _, slope = process._misfit(logs, squared, scores)
    np.testing.assert_allclose(
        slope, approx_fprime(logs, lambda at: process._misfit(at, squared, scores)[0]), rtol=1e-3
    )


def test_learns_which_axes_matter():
    process, points = model(), places(80)
    scores = np.sin(points[:, 0] / 3.0) + 0.1 * np.random.default_rng(3).normal(size=80)
    process.learn(points, (scores - scores.mean()) / scores.std())
    lengths = np.exp(process._learned[:3])
    assert lengths[0] < 0.5 * lengths[1]
    assert lengths[0] < 0.5 * lengths[2]
    assert process.noise < 0.1


def test_posterior_equals_the_textbook_also_as_the_batch_grows():
    process, points = model(), np.unique(places(30), axis=0)
    known, running, wanted = points[:12], points[12:15], points[15:]
    scores = np.random.default_rng(4).normal(size=12)
    posterior = Posterior(process, known, scores, running, wanted)
    posterior.add_running(2)
    among = process.covariance(known, known) + process.noise * np.eye(12)
    mean = process.covariance(wanted, known) @ np.linalg.solve(among, scores)
    np.testing.assert_allclose(posterior.mean, mean, rtol=1e-9)
    tried = np.concatenate([known, running, wanted[2:3]])
    among = process.covariance(tried, tried) + process.noise * np.eye(16)
    cross = process.covariance(wanted, tried)
    variance = process.variance - np.einsum("ij,ij->i", cross, np.linalg.solve(among, cross.T).T)
    np.testing.assert_allclose(posterior.variance, variance, rtol=1e-8)
