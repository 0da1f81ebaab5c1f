"""The Pareto front against its definition."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from trading_ai.optimization.pareto import on_front

VALUES = st.one_of(st.integers(-3, 3).map(float), st.sampled_from([np.nan, np.inf, -np.inf, 0.5, -0.0]))


def plainly(scores):
    """No other trial is at least as good in every objective and better in one."""
    held = []
    for row in scores:
        dominated = any((other >= row).all() and (other > row).any() for other in scores if not np.isnan(other).any())
        held.append(not np.isnan(row).any() and not dominated)
    return held


SHAPES = array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=5).map(lambda shape: (shape[0] * 8, shape[1]))


@given(arrays(np.float64, SHAPES, elements=VALUES))
def test_the_front_is_what_the_definition_says(scores):
    assert on_front(scores).tolist() == plainly(scores)


def test_no_trial_is_no_front():
    assert on_front(np.empty((0, 2))).tolist() == []
    assert on_front(np.full((3, 2), np.nan)).tolist() == [False] * 3
