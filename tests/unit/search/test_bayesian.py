"""The model that `bayesian` learns by, what it finds on fixed landscapes, and the size of its batches."""

from __future__ import annotations

import numpy as np
import pytest

from tests.effort import IS_PLAIN
from trading_ai.search.budget import batch_of
from trading_ai.search.registry import search_method

SHAPE = (31, 17)


def landscape(seed):
    """Two smooth hills of different widths, with steps and a little noise: like scores of stops and targets."""
    rng = np.random.default_rng(seed)
    a, b = np.meshgrid(*(np.linspace(0, 1, n) for n in SHAPE), indexing="ij")
    x, y = rng.uniform(0.1, 0.9, 2), rng.uniform(0.1, 0.9, 2)
    hills = np.exp(-(((a - x[0]) / 0.15) ** 2) - ((b - y[0]) / 0.3) ** 2)
    hills += 0.7 * np.exp(-(((a - x[1]) / 0.4) ** 2) - ((b - y[1]) / 0.2) ** 2)
    return (np.round(hills * 20) / 20 + 0.02 * rng.normal(size=SHAPE)).ravel()


def best_found(name, scores, seed, n_trials=26, batch_size=2):
    method = search_method(name, scores.size, n_trials, seed, shape=SHAPE, batch_size=batch_size)
    best = -np.inf
    while (asked := method.ask(batch_size)).size:
        method.tell(asked, scores[asked])
        best = max(best, float(scores[asked].max()))
    return best


@pytest.mark.skipif(IS_PLAIN, reason="takes minutes where nothing is compiled")
def test_twenty_six_trials_of_527_reach_the_five_best_nearly_always():
    reached = {"bayesian": 0, "random_search": 0}
    for place in range(4):
        scores = landscape(place)
        fifth = np.sort(scores)[-5]
        for seed in range(4):
            for name in reached:
                reached[name] += best_found(name, scores, seed) >= fifth
    assert reached["bayesian"] >= 14
    assert reached["random_search"] <= 7


@pytest.mark.parametrize(
    ("shape", "ordered", "is_process"),
    [
        ((31, 17), (True, True), True),
        ((31, 17, 3), (True, True, False), True),
        ((5, 4, 3), (True, False, False), False),
        ((9, 9), (False, False), False),
        ((3,) * 10, (True,) * 10, True),
        ((3,) * 11, (True,) * 11, False),
        ((3, *(1,) * 11), (True,) * 12, True),  # axes of one value are none
    ],
)
def test_the_model_is_chosen_by_the_space(shape, ordered, is_process):
    method = search_method("bayesian", int(np.prod(shape)), 20, shape=shape, ordered=ordered)
    assert (method._plan is not None) == is_process


def test_several_objectives_told_while_trials_are_under_way_turn_to_the_parzen_estimator():
    method = search_method("bayesian", 527, 60, seed=1, shape=SHAPE, batch_size=6)
    scores = np.stack([landscape(0), landscape(1)], axis=1)
    first, waiting = method.ask(12), method.ask(6)
    method.tell(first, scores[first])
    assert method._plan is None
    found = [first, waiting, method.ask(6)]
    method.tell(waiting, scores[waiting])
    method.tell(found[-1], scores[found[-1]])
    while (asked := method.ask(6)).size:
        method.tell(asked, scores[asked])
        found.append(asked)
    assert np.unique(np.concatenate(found)).size == 60


@pytest.mark.parametrize(
    ("batch_size", "n_total", "expected"), [(16, 26, 2), (16, 5, 1), (16, 100, 8), (16, 192, 16), (4, 10_000, 4)]
)
def test_a_search_of_few_trials_has_a_dozen_batches(batch_size, n_total, expected):
    assert batch_of(batch_size, n_total) == expected
