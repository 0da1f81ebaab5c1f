"""One suite for every search method."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest

from trading_ai.errors import ParameterError
from trading_ai.search.registry import METHODS, search_method, search_methods

LEARNING = [name for name in search_methods() if METHODS[name].learns]
FIXED = [name for name in search_methods() if not METHODS[name].learns]
SEVERAL = [name for name in LEARNING if METHODS[name].several_objectives]

SHAPE = (12, 3, 15)  # the middle axis has no order
N = math.prod(SHAPE)
ORDERED = (True, False, True)


def grid(shape, indices):
    return np.stack(np.unravel_index(indices, shape), axis=1) / (np.array(shape) - 1.0)


def bowl(shape, indices=None):
    """Scores of a smooth hill on the grid's points, larger is better."""
    indices = np.arange(math.prod(shape)) if indices is None else indices
    return -((grid(shape, indices) - 0.63) ** 2).sum(axis=1)


def valid():
    """Candidates of `SHAPE` whose first place lies below the last: the kind that rules of parameters leave."""
    first, _, last = np.unravel_index(np.arange(N), SHAPE)
    return np.flatnonzero(first < last).astype(np.int64)


def drain(method, step, scores=None):
    """Everything it asks for, in batches, each told before the next."""
    found = []
    while (asked := method.ask(step)).size:
        assert asked.size <= step
        assert asked.dtype == np.int64
        method.tell(asked, np.zeros(asked.size) if scores is None else scores[asked])
        found.append(asked)
    return np.concatenate(found)


def made(name, wanted, seed=0, batch_size=8):
    """A method on the constrained space, and the candidates' scores."""
    candidates = valid()
    method = search_method(
        name, candidates.size, wanted, seed, shape=SHAPE, candidates=candidates, ordered=ORDERED, batch_size=batch_size
    )
    return method, bowl(SHAPE, candidates)


@pytest.mark.parametrize("name", search_methods())
@pytest.mark.parametrize(("n", "wanted"), [(127, 40), (127, 127), (127, 9999), (1, 1), (2, 5), (10**12, 150)])
def test_distinct_candidates_within_the_space(name, n, wanted):
    method = search_method(name, n, wanted, seed=3)
    found = drain(method, 32)
    assert found.size == method.n_total == min(n, wanted)
    assert np.unique(found).size == found.size
    assert found.min() >= 0
    assert found.max() < n
    assert method.ask(5).size == 0


@pytest.mark.parametrize("name", search_methods())
@pytest.mark.parametrize("wanted", [60, 10**6])
def test_candidates_that_rules_leave_on_axes_with_and_without_order(name, wanted):
    method, scores = made(name, wanted)
    found = drain(method, 8, scores)
    assert found.size == method.n_total == min(wanted, valid().size)
    assert np.unique(found).size == found.size
    assert (found >= 0).all()
    assert (found < valid().size).all()


@pytest.mark.parametrize("name", search_methods())
@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (1, 7, 1), (2, 2), (1, 2, 1, 3)])
@pytest.mark.parametrize("flag", [True, False])
def test_tiny_spaces(name, shape, flag):
    n = math.prod(shape)
    method = search_method(name, n, 50, shape=shape, ordered=[flag] * len(shape))
    assert sorted(drain(method, 2).tolist()) == list(range(n))


@pytest.mark.parametrize("name", search_methods())
def test_whatever_is_asked_first_more_comes_before_anything_is_told(name):
    method, scores = made(name, 60)
    first, second = method.ask(20), method.ask(20)
    assert first.size + second.size == 40
    method.tell(second[::-1], scores[second[::-1]])
    method.tell(first, scores[first])
    found = np.concatenate([first, second, drain(method, 7, scores)])
    assert np.unique(found).size == found.size == 60


@pytest.mark.parametrize("name", search_methods())
def test_the_same_seed_and_batches_give_the_same_candidates(name):
    first = drain(made(name, 80, seed=5)[0], 8, made(name, 80)[1])
    np.testing.assert_array_equal(first, drain(made(name, 80, seed=5)[0], 8, made(name, 80)[1]))
    if name != "grid_search":
        assert not np.array_equal(first, drain(made(name, 80, seed=6)[0], 8, made(name, 80)[1]))


@pytest.mark.parametrize("name", FIXED)
def test_a_fixed_order_is_the_same_however_it_is_asked_for(name):
    first = drain(search_method(name, 10_000, 300, seed=5), 300)
    np.testing.assert_array_equal(first, drain(search_method(name, 10_000, 300, seed=5), 7))


@pytest.mark.parametrize("name", search_methods())
def test_failed_trials_are_no_reason_to_stop(name):
    method, scores = made(name, 90)
    scores[::3] = np.nan
    scores[1::7] = np.inf
    assert drain(method, 8, scores).size == 90
    method, scores = made(name, 90)
    assert drain(method, 8, np.full_like(scores, np.nan)).size == 90


@pytest.mark.parametrize("name", LEARNING)
def test_failed_trials_are_avoided(name):
    failed = grid(SHAPE, valid())[:, 0] < 0.5
    shares, gaps = [], []
    for seed in range(5):
        method, scores = made(name, 60, seed)
        scores[failed] = np.nan
        found = drain(method, 5, scores)
        shares.append(failed[found].mean())
        gaps.append(np.nanmax(scores) - np.nanmax(scores[found]))
    assert np.mean(shares) < 0.85 * failed.mean()
    assert np.median(gaps) == 0


@pytest.mark.parametrize("name", search_methods())
def test_resumes_from_what_is_told(name):
    method, scores = made(name, 80, seed=2)
    done = np.concatenate([method.ask(20) for _ in range(2) if method.tell(a := method.ask(8), scores[a]) is None])
    resumed, _ = made(name, 80, seed=2)
    resumed.tell(done[::-1], scores[done[::-1]])
    found = drain(resumed, 8, scores)
    assert not np.isin(found, done).any()
    assert np.unique(found).size == found.size == 80 - done.size


@pytest.mark.parametrize("name", LEARNING)
def test_starts_from_results_of_another_search(name):
    method, scores = made(name, 100)
    known = np.random.default_rng(0).permutation(scores.size)[:60]
    method.tell(known, scores[known])
    method.tell(known[:5], scores[known[:5]])  # told twice is told once
    found = drain(method, 8, scores)
    assert found.size == 40
    assert not np.isin(found, known).any()
    assert scores[found].mean() > scores.mean()


@pytest.mark.slow
@pytest.mark.parametrize("name", LEARNING)
def test_best_of_200_on_a_smooth_hill_is_in_the_top_percent(name):
    shape = (64, 64)
    scores = bowl(shape)
    threshold = np.sort(scores)[-41]
    hits, half = 0, 0
    for seed in range(10):
        found = drain(search_method(name, 4096, 200, seed, shape=shape, batch_size=20), 20, scores)
        hits += scores[found].max() >= threshold
        half += scores[found[:100]].max() >= threshold
    assert hits >= 9
    assert half >= 8  # drawing at random reaches it in 6 of 10 cases


@pytest.mark.parametrize("name", SEVERAL)
@pytest.mark.parametrize("k", [1, 2, 3])
def test_several_objectives(name, k):
    method, _ = made(name, 120, seed=1)
    places = grid(SHAPE, valid())
    targets = [0.2, 0.8, 0.5][:k]
    scores = np.stack([-((places[:, [0, 2]] - target) ** 2).sum(axis=1) for target in targets], axis=1)
    scores[5::11] = np.nan
    found = drain(method, 6, scores)
    assert np.unique(found).size == found.size == 120
    between = (places[:, 0] - places[:, 2]) ** 2  # of two points, all between them is best in some way
    assert between[found[60:]].mean() < between.mean()


@pytest.mark.parametrize("name", LEARNING)
def test_objectives_are_counted(name):
    method, scores = made(name, 60)
    first = method.ask(8)
    if name in SEVERAL:
        method.tell(first[:4], np.stack([scores, -scores], axis=1)[first[:4]])
        with pytest.raises(ParameterError, match="2 columns"):
            method.tell(first[4:], scores[first[4:]])
    else:
        with pytest.raises(ParameterError, match="one objective"):
            method.tell(first, np.stack([scores, -scores], axis=1)[first])
    with pytest.raises(ParameterError, match="must lie in"):
        made(name, 60)[0].tell(np.array([scores.size]), np.zeros(1))


@pytest.mark.parametrize("name", search_methods())
def test_what_the_registry_says_of_a_method_is_so(name):
    described = METHODS[name]
    assert described.description.endswith(".")
    assert search_method(name, 50, 10).learns == described.learns
    if described.needs_max_iterations:
        with pytest.raises(ParameterError, match="max_iterations"):
            search_method(name, 10)
    else:
        assert search_method(name, 50).n_total == 50
        assert search_method(name, 4000).n_total == (200 if described.learns else 4000)


def test_grid_is_every_candidate_in_order():
    assert drain(search_method("grid_search", 20), 7).tolist() == list(range(20))


def test_random_draws_evenly_and_by_seed():
    first = drain(search_method("random_search", 10**6, 4000, seed=1), 4000)
    assert abs(first.mean() - 5e5) < 2e4
    assert not np.array_equal(first, drain(search_method("random_search", 10**6, 4000, seed=2), 4000))


def test_quasi_random_leaves_smaller_gaps_than_random_and_begins_alike_whatever_the_budget():
    def widest_gap(name):
        asked = [drain(search_method(name, 100**2, 256, seed, shape=(100, 100)), 256) for seed in range(5)]
        return np.mean([np.diff(np.sort(np.unravel_index(a, (100, 100))[0])).max() for a in asked])

    assert widest_gap("quasi_random") < 0.6 * widest_gap("random_search")
    few, many = (drain(search_method("quasi_random", 2500, k, shape=(50, 50)), 100) for k in (40, 400))
    np.testing.assert_array_equal(few, many[:40])


@pytest.mark.parametrize(
    ("name", "wanted", "message"), [("newton", 5, "Use one of grid_search"), ("grid_search", 0, "at least 1")]
)
def test_bad_requests_are_refused(name, wanted, message):
    with pytest.raises(ParameterError, match=message):
        search_method(name, 10, wanted)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": (3, 3)}, "n_candidates"),
        ({"shape": (2, 5), "ordered": (True,)}, "ordered"),
        ({"candidates": np.arange(10)}, "shape"),
        ({"shape": (4, 5), "candidates": np.arange(10)[::-1]}, "ascending"),
        ({"shape": (4, 5), "candidates": np.arange(11, 21)}, "ascending"),
        ({"shape": (4, 5), "candidates": np.arange(9)}, "n_candidates"),
        ({"batch_size": 0}, "batch_size"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        search_method("bayesian", 10, 5, **options)


# --- spaces too large to list -----------------------------------------------------------------------------

VAST = (1000, 10, 1000, 100, 1000)  # 10^12; the second axis has no order
VAST_ORDERED = (True, False, True, True, True)


def first_below_third(flat):
    """A rule of parameters on the vast space."""
    places = np.unravel_index(flat, VAST)
    return places[0] < places[2]


def vast(name, wanted, allowed=None, share=1.0, seed=0):
    return search_method(
        name, math.prod(VAST), wanted, seed, shape=VAST, ordered=VAST_ORDERED, batch_size=16, allowed=allowed,
        share=share,
    )  # fmt: skip


def tried(method, step=16):
    found = []
    while (asked := method.ask(step)).size:
        method.tell(asked, bowl(VAST, asked))
        found.append(asked)
    return np.concatenate(found)


@pytest.mark.parametrize("name", search_methods())
def test_a_space_of_a_million_millions_is_searched_in_little_memory(name):
    search_method(name, 100, 20, shape=(10, 10))  # what it imports is not its own
    tracemalloc.start()
    found = tried(vast(name, 60))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.size == np.unique(found).size == 60
    assert found.min() >= 0
    assert found.max() < 10**12
    assert peak < 150e6


@pytest.mark.parametrize("name", [name for name in search_methods() if not METHODS[name].lists_all])
@pytest.mark.parametrize(
    ("allowed", "share"),
    [(first_below_third, 0.4995), (lambda flat: flat % 977 == 5, 1 / 977)],
    ids=["half", "one in a thousand"],
)
def test_rules_hold_in_a_space_that_is_not_listed(name, allowed, share):
    found = tried(vast(name, 60, allowed, share))
    assert found.size == np.unique(found).size == 60
    assert allowed(found).all()
    again = tried(vast(name, 60, allowed, share))
    np.testing.assert_array_equal(found, again)
    assert not np.array_equal(found, tried(vast(name, 60, allowed, share, seed=1)))


@pytest.mark.parametrize("name", LEARNING)
def test_a_search_of_a_vast_space_goes_on_from_what_was_tried(name):
    method = vast(name, 80, first_below_third, 0.5)
    first = [method.ask(16) for _ in range(3)]
    known = np.concatenate(first)
    other = vast(name, 80, first_below_third, 0.5)
    other.tell(known, bowl(VAST, known))
    rest = tried(other)
    assert rest.size == 80 - known.size
    assert not np.isin(rest, known).any()
    assert first_below_third(rest).all()


@pytest.mark.parametrize("name", [name for name in LEARNING if name != "coarse_to_fine"])
def test_what_is_learned_in_a_vast_space_beats_chance(name):
    drawn = bowl(VAST, tried(vast("random_search", 160))).max()
    assert bowl(VAST, tried(vast(name, 160))).max() > drawn


def test_a_method_that_lists_the_grid_takes_no_rule_of_an_unlisted_one():
    with pytest.raises(ParameterError, match="lists the whole grid"):
        vast("grid_search", 10, first_below_third)
    with pytest.raises(ParameterError, match="not listed"):
        search_method("random_search", 2, 2, shape=(3,), candidates=np.array([0, 2]), allowed=lambda flat: flat > 0)
