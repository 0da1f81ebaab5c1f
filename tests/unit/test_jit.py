"""How compiled functions that take named tuples are called."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from trading_ai._compiled_cache import digest_of
from trading_ai._jit import njit_spread

Floats = npt.NDArray[np.float64]


class Pair(NamedTuple):
    high: Floats
    low: Floats


class Swapped(NamedTuple):
    low: Floats
    high: Floats


Swapped.__name__ = "Pair"


def weighted(scale, prices: Pair, other: Pair, out: Floats):
    """Scaled ranges."""
    out[:] = scale * (prices.high - prices.low) + other.low
    return out.shape[0]


def test_fields_are_given_one_after_the_other_in_the_order_of_their_class():
    function = njit_spread(weighted)
    out = np.empty(3)
    prices = Pair(high=np.array([3.0, 5.0, 9.0]), low=np.array([1.0, 2.0, 3.0]))
    other = Pair(high=np.full(3, 100.0), low=np.full(3, 0.5))
    assert function(2.0, *prices, *other, out) == 3
    assert out.tolist() == [4.5, 6.5, 12.5]


def test_a_function_keeps_its_name_file_and_words():
    compiled = njit_spread(weighted)
    function = getattr(compiled, "py_func", compiled)
    assert (function.__name__, function.__module__, function.__doc__) == ("weighted", __name__, "Scaled ranges.")
    assert function.__code__.co_filename == __file__


@pytest.mark.parametrize("kind", [Pair, Swapped])
def test_fields_in_another_order_are_other_code(kind):
    def ranges(prices, out):
        out[:] = prices.high - prices.low

    before = digest_of(njit_spread(_annotated(ranges, Pair)))
    after = digest_of(njit_spread(_annotated(ranges, kind)))
    assert before is not None
    assert (before == after) == (kind is Pair)


def _annotated(function, kind):
    function.__annotations__ = {"prices": kind}
    return function
