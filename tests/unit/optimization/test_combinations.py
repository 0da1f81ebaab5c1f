"""Which combinations may be tried: listed, and told one by one where they are too many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading_ai.errors import ParameterError
from trading_ai.expressions import parse_expression
from trading_ai.optimization import combinations
from trading_ai.optimization.combinations import Listed, Untold, check_size, combinations_of
from trading_ai.optimization.ranking import valid_indices
from trading_ai.parameters import ParameterRange, SearchSpace
from trading_ai.strategies.sma_crossover import SmaCrossover


def space_of(*texts):
    return SearchSpace(tuple(ParameterRange.parse(text) for text in texts))


def conditions(*texts):
    return [parse_expression(text, None, parameter="--require", condition=True) for text in texts]


VAST = space_of("fast=1:1000:1", "slow=1:1000:1", "stop_loss=1:100:0.1", "take_profit=1:101:0.1")
FIXED = {"fast": 10, "slow": 30, "stop_loss": 20.0}


@given(
    st.integers(2, 20), st.integers(2, 20), st.sampled_from([(), ("stop_loss < slow",), ("fast * 2 <= slow",)]),
    st.booleans(),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_what_is_told_one_by_one_is_what_would_be_listed(n_fast, n_slow, texts, searched):
    axes = [f"fast=1:{n_fast}:1", f"slow=1:{n_slow}:1"] + (["stop_loss=1:30:0.5"] if searched else [])
    space, asked = space_of(*axes), conditions(*texts)
    try:
        listed = valid_indices(SmaCrossover(), space, FIXED, asked)
    except ParameterError:
        with pytest.raises(ParameterError):
            Untold(SmaCrossover(), space, FIXED, asked, 1)
        return
    if listed.size < 4:
        return
    told = Untold(SmaCrossover(), space, FIXED, asked, 1)
    every = np.arange(-3, space.n_combinations + 3)
    assert every[told.keep(every)].tolist() == listed.tolist()
    assert told.share == pytest.approx(listed.size / space.n_combinations, abs=0.12)
    some = told.some(5)
    assert np.isin(some, listed).all()
    assert some.tolist() == sorted(set(some.tolist()))


def test_small_spaces_are_listed_and_large_ones_told():
    small = space_of("fast=1:10:1", "slow=1:10:1")
    found = combinations_of(SmaCrossover(), small, FIXED, (), wanted=5)
    assert isinstance(found, Listed)
    assert (found.n, found.n_left_out, found.is_estimated) == (45, 55, False)
    assert found.at(found.positions(np.array([1, 2]))).tolist() == [1, 2]
    large = combinations_of(SmaCrossover(), VAST, FIXED, (), wanted=100)
    assert isinstance(large, Untold)
    assert (large.n, large.is_estimated, large.indices) == (VAST.n_combinations, True, None)
    assert large.n_left_out == pytest.approx(0.5005 * VAST.n_combinations, rel=0.1)
    some = large.some(50)
    assert some.size == 50
    assert large.keep(some).all()
    assert all(c["fast"] < c["slow"] for c in map(VAST.combination, some.tolist()))


def test_a_space_without_rules_is_free():
    stops = space_of("stop_loss=1:1000:0.01", "take_profit=1:1000:0.01")
    free = combinations_of(SmaCrossover(), stops, FIXED, (), wanted=10)
    assert (free.share, free.n_left_out) == (1.0, 0)
    assert free.keep(np.array([-1, 0, free.n - 1, free.n])).tolist() == [False, True, True, False]
    with pytest.raises(ParameterError, match="fast must be below slow"):
        combinations_of(SmaCrossover(), stops, {"fast": 30, "slow": 10}, (), wanted=10)


@pytest.mark.parametrize(
    ("texts", "message"),
    [(("slow > 5000",), "leave none of"), (("fast == 3", "slow == 7", "stop_loss == 50"), "too few to draw 100 from")],
)
def test_conditions_that_leave_too_little_are_refused(texts, message, monkeypatch):
    monkeypatch.setattr(combinations, "_MOST_DRAWS", 1 << 18)
    with pytest.raises(ParameterError, match=message):
        combinations_of(SmaCrossover(), VAST, FIXED, conditions(*texts), wanted=100)
    with pytest.raises(ParameterError, match="nonsense"):
        combinations_of(SmaCrossover(), VAST, FIXED, conditions("nonsense > 1"), wanted=100)


def test_what_no_index_can_number_is_refused_with_the_reason():
    with pytest.raises(ParameterError, match=r"about 10\^24 combinations, more than 2\^62"):
        check_size(space_of(*(f"p{i}=1:10000:1" for i in range(6))))
    with pytest.raises(ParameterError, match="100,000,001 values, more than 10,000,000"):
        check_size(space_of("stop_loss=0:1000:0.00001"))
    check_size(space_of(*(f"p{i}=1:1000:1" for i in range(6))))
