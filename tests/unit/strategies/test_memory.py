"""Indicators that are remembered: by what, within which memory, and never changed by who gets them."""

from __future__ import annotations

import numpy as np
import pytest

from trading_ai.strategies.indicators import shared_talib, talib
from trading_ai.strategies.memory import Memory

CLOSE = np.linspace(1.0, 2.0, 50)
CLOSE.flags.writeable = False


class Counting:
    """A function that counts its calls."""

    def __init__(self) -> None:
        self.n = 0

    def __call__(self, values, *args, **kwargs):
        self.n += 1
        return values + 1.0


def test_the_same_call_is_made_once():
    memory, function = Memory(), Counting()
    first = memory.call(function, CLOSE, 3, at=1)
    assert memory.call(function, CLOSE, 3, at=1) is first
    assert function.n == 1
    assert not first.flags.writeable


@pytest.mark.parametrize("other", [(CLOSE, 4), (CLOSE, 3.0), (CLOSE, True), (CLOSE[:], 3), (CLOSE * 1.0, 3)])
def test_another_argument_or_array_is_another_call(other):
    memory, function = Memory(), Counting()
    memory.call(function, CLOSE, 3)
    memory.call(function, *other)
    assert function.n == 2


def test_an_array_that_may_change_is_never_remembered():
    memory, function = Memory(), Counting()
    values = CLOSE.copy()
    before = memory.call(function, values)[0]
    values[0] = 9.0
    assert memory.call(function, values)[0] == before + 8.0
    assert (function.n, memory.size_bytes) == (2, 0)


def test_what_was_not_asked_for_the_longest_goes_first():
    memory, function = Memory(bytes_kept=2 * CLOSE.nbytes), Counting()
    for n in (1, 2, 1, 3):  # the third call makes the first one recent
        memory.call(function, CLOSE, n)
    assert memory.size_bytes == 2 * CLOSE.nbytes
    memory.call(function, CLOSE, 1)
    assert function.n == 3
    memory.call(function, CLOSE, 2)
    assert function.n == 4


def test_a_strategy_may_write_into_what_it_gets():
    kept = shared_talib.SMA(CLOSE, timeperiod=5)
    own = talib.SMA(CLOSE, timeperiod=5)
    np.testing.assert_array_equal(own, kept)
    own[:] = 0.0
    np.testing.assert_array_equal(shared_talib.SMA(CLOSE, timeperiod=5), kept)
    with pytest.raises(ValueError, match="read-only"):
        kept[:] = 0.0
