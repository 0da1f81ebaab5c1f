"""Candidates as points, and the untried ones among them."""

from __future__ import annotations

import numpy as np
import pytest

from trading_ai.search.candidates import Candidates, Untried


def test_points_and_positions_are_each_others_inverse():
    kept = np.array([0, 3, 4, 11, 17, 23])
    space = Candidates(6, (2, 3, 4), kept)
    points = space.points(np.arange(6))
    assert points.tolist()[3] == [0, 2, 3]
    np.testing.assert_array_equal(space.positions(points), np.arange(6))
    assert space.positions(np.array([[0, 0, 1], [1, 2, 2]])).tolist() == [-1, -1]


def test_distance_counts_an_axis_as_one_and_values_without_order_alike():
    space = Candidates(500, (100, 5), ordered=(True, False))
    points = np.array([[10, 0], [0, 1], [0, 4]])
    np.testing.assert_allclose(space.distances(points, np.array([0, 0])), [0.01, 1.0, 1.0])


def test_nearest_untried_walks_outwards():
    space = Candidates(100, (100,))
    untried = Untried(space, np.random.default_rng(0))
    found = []
    for _ in range(100):
        found.append(untried.nearest(np.array([30])))
        untried.take(found[-1])
    assert found[0] == 30
    assert [abs(p - 30) for p in found] == sorted(abs(p - 30) for p in found)
    assert sorted(found) == list(range(100))
    with pytest.raises(IndexError):
        untried.draw()


def test_nearest_keeps_to_what_rules_leave_and_to_fine_axes():
    shape = (40, 4)
    kept = np.array([p for p in range(160) if p // 4 != 20])
    space = Candidates(kept.size, shape, kept)
    untried = Untried(space, np.random.default_rng(0))
    first = space.point(untried.nearest(np.array([20, 2])))
    assert first.tolist() in ([19, 2], [21, 2])  # one of 40 steps is nearer than one of 4


def test_draws_every_candidate_once_even_of_a_nearly_used_up_space():
    untried = Untried(Candidates(1000), np.random.default_rng(1))
    found = []
    for _ in range(1000):
        found.append(untried.draw())
        untried.take(found[-1])
    assert sorted(found) == list(range(1000))


def test_spaces_beyond_any_list():
    space = Candidates(10**15, (10**6, 10**9))
    untried = Untried(space, np.random.default_rng(0))
    middle = np.array([500_000, 500_000_000])
    untried.take(space.position(middle))
    away = space.point(untried.nearest(middle)) - middle
    assert abs(away[0]) <= 1
    assert abs(away[1]) <= 1000
