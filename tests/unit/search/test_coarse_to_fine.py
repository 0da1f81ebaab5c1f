"""Coarse to fine: the coarse grid fits its budget for whatever axes there are."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from trading_ai.search.registry import search_method


@pytest.mark.parametrize("shape", [*itertools.product((1, 2, 5), repeat=3)])
@pytest.mark.parametrize("ordered", [*itertools.product((True, False), repeat=3)])
def test_a_small_budget_ends_for_ordered_and_listed_axes_alike(shape, ordered):
    """An ordered axis with one value left is as wide as a listed one with two: it once was halved for ever."""
    n = int(np.prod(shape))
    method = search_method("coarse_to_fine", n, min(2, n), seed=3, shape=shape, ordered=ordered)
    asked = method.ask(100)
    assert len(set(asked.tolist())) == len(asked) > 0
