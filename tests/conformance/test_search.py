"""One suite for every search method."""

from __future__ import annotations

import numpy as np
import pytest

from trading_ai.errors import ParameterError
from trading_ai.search.registry import search_method, search_methods


def drain(method, step):
    found = []
    while (asked := method.ask(step)).size:
        assert asked.size <= step
        assert asked.dtype == np.int64
        method.tell(asked, np.zeros(asked.size))
        found.append(asked)
    return np.concatenate(found)


@pytest.mark.parametrize("name", search_methods())
@pytest.mark.parametrize(("n", "wanted"), [(527, 100), (527, 527), (527, 9999), (1, 1), (10**12, 500)])
def test_distinct_candidates_within_the_space(name, n, wanted):
    made = search_method(name, n, wanted, seed=3)
    found = drain(made, 64)
    assert found.size == made.n_total == min(n, wanted)
    assert np.unique(found).size == found.size
    assert found.min() >= 0
    assert found.max() < n


@pytest.mark.parametrize("name", search_methods())
def test_the_same_seed_gives_the_same_candidates_however_they_are_asked_for(name):
    first = drain(search_method(name, 10_000, 300, seed=5), 300)
    np.testing.assert_array_equal(first, drain(search_method(name, 10_000, 300, seed=5), 7))


def test_grid_is_every_candidate_in_order():
    assert drain(search_method("grid_search", 20), 7).tolist() == list(range(20))


def test_random_draws_evenly_and_by_seed():
    first = drain(search_method("random_search", 10**6, 4000, seed=1), 4000)
    assert abs(first.mean() - 5e5) < 2e4
    assert not np.array_equal(first, drain(search_method("random_search", 10**6, 4000, seed=2), 4000))
    with pytest.raises(ParameterError, match="max_iterations"):
        search_method("random_search", 10)


@pytest.mark.parametrize(
    ("name", "wanted", "message"), [("newton", 5, "Use one of grid_search"), ("grid_search", 0, "at least 1")]
)
def test_bad_requests_are_refused(name, wanted, message):
    with pytest.raises(ParameterError, match=message):
        search_method(name, 10, wanted)
