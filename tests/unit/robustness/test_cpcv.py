from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from trading_ai.errors import ParameterError
from trading_ai.robustness.cpcv import cpcv, training_days


def noise(n: int = 25, n_days: int = 97, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, n_days))


@pytest.mark.parametrize(("n", "k", "n_splits", "n_paths"), [(6, 2, 15, 5), (10, 2, 45, 9), (8, 4, 70, 35)])
def test_number_of_splits_and_paths(n: int, k: int, n_splits: int, n_paths: int) -> None:
    found = cpcv(noise(), n_groups=n, n_test_groups=k)
    assert (found.n_splits, found.n_paths) == (n_splits, n_paths)
    assert found.path_sharpe.shape == found.path_profit.shape == (n_paths,)
    assert found.chosen.shape == (n_splits,)


def test_paths_equal_the_plain_definition() -> None:
    profits, purge, embargo = noise(), 2, 3
    found = cpcv(profits, n_groups=5, n_test_groups=2, purge_days=purge, embargo_days=embargo)
    edges = [97 * g // 5 for g in range(6)]
    paths = [np.zeros(97) for _ in range(4)]
    filled = [0] * 5
    for s, split in enumerate(combinations(range(5), 2)):
        train = [
            d
            for d in range(97)
            if not any(edges[g] - purge <= d < edges[g + 1] + embargo for g in split)
        ]  # fmt: skip
        part = profits[:, train]
        best = int((part.mean(axis=1) / part.std(axis=1, ddof=1)).argmax())
        assert found.chosen[s] == best
        for g in split:
            paths[filled[g]][edges[g] : edges[g + 1]] = profits[best, edges[g] : edges[g + 1]]
            filled[g] += 1
    np.testing.assert_array_equal(found.daily_profit, paths)
    np.testing.assert_allclose(found.path_sharpe, [p.mean() / p.std(ddof=1) for p in paths])
    assert found.share_of_losing_paths == np.mean([p.sum() <= 0 for p in paths])
    assert found.median_sharpe == pytest.approx(np.median(found.path_sharpe))


def test_training_keeps_its_distance_from_the_days_held_out() -> None:
    edges = np.array([0, 10, 20, 30])
    days = training_days(30, edges, [(1,), (0, 2)], purge_days=2, embargo_days=4)
    assert np.flatnonzero(days[0]).tolist() == [*range(8), *range(24, 30)]
    assert np.flatnonzero(days[1]).tolist() == [14, 15, 16, 17]


def test_a_planted_edge_is_followed_and_a_regime_flip_is_not() -> None:
    planted = noise()
    planted[7] += 0.8
    found = cpcv(planted, n_groups=6)
    assert set(found.chosen.tolist()) == {7}
    np.testing.assert_array_equal(found.daily_profit, np.tile(planted[7], (5, 1)))
    # Each trial earns in its own group and loses in the others: whatever was best loses.
    flip = np.full((6, 96), -1.0) + np.random.default_rng(0).normal(0, 0.1, (6, 96))
    for g in range(6):
        flip[g, 16 * g : 16 * (g + 1)] += 3.0
    found = cpcv(flip, n_groups=6, purge_days=0, embargo_days=0)
    assert found.share_of_losing_paths == 1.0
    assert (found.path_sharpe < 0).all()


def test_order_of_trials_and_failed_trials_change_nothing() -> None:
    profits = noise()
    found = cpcv(profits)
    order = np.random.default_rng(1).permutation(25)
    np.testing.assert_array_equal(order[cpcv(profits[order]).chosen], found.chosen)
    holed = np.insert(profits, 0, np.nan, axis=0)
    np.testing.assert_array_equal(cpcv(holed).chosen, found.chosen + 1)
    assert cpcv(holed).sample.n_failed == 1


def test_undefined_when_nothing_traded() -> None:
    found = cpcv(np.zeros((3, 40)))
    assert np.isnan(found.path_sharpe).all()
    assert np.isnan(found.median_sharpe)
    assert set(found.chosen.tolist()) == {-1}
    assert found.share_of_losing_paths == 1.0
    assert np.isnan(cpcv(np.full((3, 40), np.nan)).share_of_losing_paths)


@pytest.mark.parametrize(
    "options",
    [
        {"n_groups": 1},
        {"n_groups": 200},
        {"n_test_groups": 0},
        {"n_test_groups": 10},
        {"purge_days": -1},
        {"embargo_days": -1},
        {"n_groups": 30, "n_test_groups": 15},
    ],
)
def test_refuses_impossible_groups(options: dict) -> None:
    with pytest.raises(ParameterError):
        cpcv(noise(), **options)
