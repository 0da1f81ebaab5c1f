from __future__ import annotations

import numpy as np
import pytest

from trading_ai.errors import ParameterError
from trading_ai.robustness import plateau as module
from trading_ai.robustness.plateau import parameter_importance, plateau


def grid(*sizes: int) -> np.ndarray:
    return np.array(list(np.ndindex(*sizes)))


def plain(positions: np.ndarray, scores: np.ndarray, moving: list[int]) -> tuple[np.ndarray, ...]:
    n = len(scores)
    score, median, worst, count = np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan), np.zeros(n, dtype=int)
    for i in range(n):
        apart = np.abs(positions - positions[i])
        still = [a for a in range(positions.shape[1]) if a not in moving]
        near = (apart.max(axis=1) == 1) & (apart[:, still].sum(axis=1) == 0) & ~np.isnan(scores)
        count[i] = near.sum()
        if near.any():
            median[i], worst[i] = np.median(scores[near]), scores[near].min()
        if not np.isnan(scores[i]):
            score[i] = np.median(np.append(scores[near], scores[i]))
    return score, median, worst, count


@pytest.mark.parametrize("sizes", [(7,), (6, 5), (4, 3, 5), (3, 1, 4), (2, 3, 2, 3)])
@pytest.mark.parametrize("dense", [True, False])
def test_equals_the_plain_definition(sizes: tuple[int, ...], dense: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(len(sizes))
    positions = random.permutation(grid(*sizes))
    positions = positions[: max(2, int(0.8 * len(positions)))]
    scores = random.standard_normal(len(positions))
    scores[::5] = np.nan
    if not dense:
        monkeypatch.setattr(module, "_CELLS_PER_TRIAL", -1_000_000)
    found = plateau(positions + 3, scores)
    expected = plain(positions, scores, [a for a, s in enumerate(sizes) if s > 1])
    for name, values in zip(("score", "median_neighbour", "worst_neighbour", "n_neighbours"), expected, strict=True):
        np.testing.assert_allclose(getattr(found, name), values, err_msg=name)
    full = 3 ** sum(s > 1 for s in sizes) - 1
    assert found.n_neighbours_full == full
    np.testing.assert_array_equal(found.n_missing, full - expected[3])


def test_picks_the_plateau_and_not_the_spike() -> None:
    scores = np.zeros((9, 9))
    scores[1, 1] = 10.0  # alone
    scores[4:8, 4:8] = 3.0
    found = plateau(grid(9, 9), scores.ravel())
    assert grid(9, 9)[found.pick].tolist() == [4, 5]  # most of its neighbours are on the plateau; first of equals
    assert found.pick_score == 3.0
    spike = 1 * 9 + 1
    assert (found.score[spike], found.median_neighbour[spike], found.worst_neighbour[spike]) == (0.0, 0.0, 0.0)


def test_a_trial_at_the_edge_has_missing_neighbours_and_is_not_picked_for_it() -> None:
    scores = np.ones((5, 5))
    scores[0, 0] = scores[0, 1] = scores[1, 0] = 9.0
    scores[1, 1] = 1.0
    found = plateau(grid(5, 5), scores.ravel())
    assert (found.n_neighbours[0], found.n_missing[0]) == (3, 5)
    assert found.score[0] == 9.0
    assert found.pick != 0


def test_names_are_no_neighbours_of_each_other() -> None:
    positions, scores = grid(5, 3), np.random.default_rng(0).standard_normal(15)
    found = plateau(positions, scores, ordered=np.array([True, False]))
    np.testing.assert_allclose(found.score, plain(positions, scores, [0])[0])
    assert found.n_neighbours_full == 2


def test_order_of_trials_changes_nothing() -> None:
    random = np.random.default_rng(0)
    positions, scores = grid(8, 6, 4), random.standard_normal(192)
    order = random.permutation(192)
    found, other = plateau(positions, scores), plateau(positions[order], scores[order])
    np.testing.assert_array_equal(other.score, found.score[order])
    assert order[other.pick] == found.pick


def test_many_axes_use_single_steps() -> None:
    positions = grid(3, 3, 3, 3, 3, 3)
    scores = positions.sum(axis=1).astype(float)
    found = plateau(positions, scores)
    assert (found.neighbourhood, found.n_neighbours_full) == ("single steps", 12)
    centre = len(scores) // 2
    assert found.n_neighbours[centre] == 12
    assert (found.median_neighbour[centre], found.worst_neighbour[centre]) == (6.0, 5.0)


def test_nothing_defined_and_no_axes() -> None:
    found = plateau(grid(3, 3), np.full(9, np.nan))
    assert (found.pick, np.isnan(found.pick_score), found.n_neighbours.sum()) == (-1, True, 0)
    alone = plateau(np.zeros((1, 0), dtype=int), np.array([2.0]))
    assert (alone.pick, alone.score[0], alone.n_neighbours_full) == (0, 2.0, 0)
    assert np.isnan(alone.median_neighbour[0])


def test_refuses_places_taken_twice_and_wrong_shapes() -> None:
    with pytest.raises(ParameterError, match="twice"):
        plateau(np.array([[0, 1], [0, 1]]), np.zeros(2))
    with pytest.raises(ParameterError, match="n_trials, n_axes"):
        plateau(grid(3, 3), np.zeros(8))
    with pytest.raises(ParameterError, match="too many places"):
        plateau(np.array([[0] * 3, [1 << 40] * 3]), np.zeros(2))
    with pytest.raises(ParameterError, match="ordered"):
        plateau(grid(3, 3), np.zeros(9), ordered=np.array([True]))


def test_importance_of_a_known_function() -> None:
    positions = grid(4, 5, 3)
    x, y = positions[:, 0].astype(float), positions[:, 1].astype(float)
    found = parameter_importance(positions, 3 * x + y)
    shares = np.array([9 * x.var(), y.var(), 0.0])
    np.testing.assert_allclose(found.main_effect, shares / shares.sum(), atol=1e-12)
    assert found.interaction == pytest.approx(0.0, abs=1e-12)
    assert found.covers_grid


def test_pure_interaction_has_no_main_effect() -> None:
    positions = grid(2, 2)
    found = parameter_importance(positions, np.array([1.0, -1.0, -1.0, 1.0]))
    np.testing.assert_allclose(found.main_effect, 0.0, atol=1e-12)
    assert found.interaction == pytest.approx(1.0)


def test_importance_leaves_out_undefined_scores() -> None:
    positions, scores = grid(4, 4), np.arange(16.0)
    scores[5] = np.nan
    found = parameter_importance(positions, scores)
    assert (found.n_trials, found.covers_grid) == (15, False)
    assert found.main_effect[0] > 0.8
    assert np.isnan(parameter_importance(positions, np.ones(16)).main_effect).all()
    assert parameter_importance(positions, np.ones(16)).covers_grid
    assert not parameter_importance(positions[1:], np.ones(15)).covers_grid
    assert np.isnan(parameter_importance(positions, np.full(16, np.nan)).interaction)
