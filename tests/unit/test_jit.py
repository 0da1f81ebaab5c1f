"""How compiled functions that take named tuples are called."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from trading_ai._compiled_cache import digest_of
from trading_ai._jit import (
    CompilerError,
    borrowed,
    far,
    kind_of,
    kind_of_borrowed,
    njit,
    njit_once,
    njit_spread,
    unowned,
)

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


@njit
def _quotient(pair, divisor):
    if divisor < 0.0:
        raise ValueError("below 0")
    return (pair.high[0] - pair.low[0]) / divisor


ARRAYS = Pair(np.array([7.0]), np.array([1.0]))
QUOTIENT = far(_quotient, 0.0, kind_of(ARRAYS), kind_of(0.0))
_by_address = QUOTIENT.call


@njit
def _twice(address, pair, divisor):
    return 2.0 * _by_address(address, pair, divisor)


@pytest.mark.compiles
def test_a_function_that_is_called_by_its_address_does_what_it_does_otherwise():
    assert _twice(QUOTIENT.address(), ARRAYS, 3.0) == 4.0
    assert _twice(QUOTIENT.address(), ARRAYS, 3) == 4.0  # a number becomes what is expected
    assert np.isinf(_twice(QUOTIENT.address(), ARRAYS, 0.0))
    with pytest.raises(ValueError, match="below 0"):
        _twice(QUOTIENT.address(), ARRAYS, -1.0)


@pytest.mark.compiles
@pytest.mark.skipif(not hasattr(_quotient, "overloads"), reason="compiling is switched off")
def test_what_a_function_does_not_take_is_no_call_by_address():
    with pytest.raises(CompilerError, match="_quotient cannot be called with"):
        _twice(QUOTIENT.address(), Pair(np.array([1]), np.array([2])), 3.0)


def test_code_that_was_made_at_run_time_is_known_by_what_it_calls(monkeypatch):
    def digest(number):
        @njit
        def called(x):
            return x + number

        module = ModuleType("made_at_run_time")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        vars(module)["called"] = called
        exec("def calls(x):\n    return called(x)", vars(module))
        return digest_of(njit(vars(module)["calls"]))

    assert digest(1.0) is not None
    assert digest(1.0) == digest(1.0)
    assert digest(1.0) != digest(2.0)


def test_what_is_called_by_its_address_is_part_of_what_its_callers_are_made_of():
    def caller(number):
        @njit
        def called(x):
            return x + number

        call = far(called, 0.0, kind_of(0.0)).call

        def calls(address, x):
            return call(address, x)

        return digest_of(njit(calls))

    assert caller(1.0) is not None
    assert caller(1.0) != caller(2.0)


@njit_once
def _plus(x, flag, by):
    return x + by if flag else x


@njit
def _calls_with_constants(x):
    return _plus(x, True, 1) + _plus(x, False, 2) + _plus(x, x > 0.0, 3)


@pytest.mark.compiles
@pytest.mark.skipif(not hasattr(_plus, "overloads"), reason="compiling is switched off")
def test_constants_make_no_machine_code_of_their_own():
    _calls_with_constants._cache.disable()  # what is loaded says nothing of how it was compiled
    assert _calls_with_constants(1.0) == 2.0 + 1.0 + 4.0
    assert len(_plus.overloads) == 1


@njit
def _raised(pair, i):
    part = pair.high[1:]
    part[i] += pair.low[i]
    return part[i]


@njit
def _lends(high, low):
    return _raised(Pair(borrowed(high), borrowed(low)), 1)


@njit
def _owns(high, low):
    return _raised(Pair(unowned(high), unowned(low)), 1) + unowned(0.5)


@pytest.mark.compiles
@pytest.mark.parametrize(("function", "more"), [(_lends, 0.0), (_owns, 0.5)])
def test_what_is_borrowed_is_the_array_itself(function, more):
    high, low = np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0])
    counted = sys.getrefcount(high)
    assert function(high, low) == 23.0 + more
    assert high.tolist() == [1.0, 2.0, 23.0]
    assert sys.getrefcount(high) == counted


@pytest.mark.compiles
@pytest.mark.skipif(not hasattr(_raised, "overloads"), reason="compiling is switched off")
def test_no_references_to_what_is_borrowed_are_counted():
    def code_for(kind):
        call = far(_quotient, 0.0, kind, kind_of(0.0)).call

        @njit
        def calls(address, pair, n):
            total = 0.0
            for i in range(n):
                total += call(address, pair, i)
            return total

        calls._cache.disable()  # what is loaded does not say what it was compiled to
        kinds = (kind_of(0), kind, kind_of(0))
        calls.compile(kinds)
        return calls.inspect_llvm(kinds)

    assert "NRT_incref" in code_for(kind_of(ARRAYS))
    assert "NRT_incref" not in code_for(kind_of_borrowed(ARRAYS))


def test_code_for_borrowed_arrays_is_kept_under_a_name_of_its_own():
    assert str((kind_of_borrowed(ARRAYS),)) != str((kind_of(ARRAYS),))
    assert repr(kind_of_borrowed(ARRAYS).types[0]) != repr(kind_of(ARRAYS).types[0])
    assert digest_of(_lends) is not None
