"""Rounding to digits in compiled code is Python's own, to the last bit."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trading_ai.engine.compiled.event_orders_placed import round_to

WHOLE = st.integers(2**51, 2**54)
"""Products at which the digits of a double end: one more, and there is nothing left to round."""

ENDS = st.builds(lambda whole, digits: whole / 10**digits, WHOLE, st.integers(0, 15))
PRICES = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)
HALVES = st.builds(lambda whole, digits: (whole + 0.5) / 10**digits, st.integers(-(10**7), 10**7), st.integers(0, 8))


def bits(value):
    return struct.pack("<d", value)


@given(value=st.one_of(PRICES, HALVES, ENDS), digits=st.integers(0, 15))
@example(value=2.675, digits=2)  # below the half: 2.67499999999999982236431605997495353221893310546875
@example(value=0.125, digits=2)  # a half, to the even digit
@example(value=0.375, digits=2)
@example(value=1.0005, digits=3)
@example(value=499580206611.89374, digits=4)  # the product is above 2**52, where whole numbers are all there is
@example(value=-46880.413557925625, digits=11)
@example(value=90071992.54740993, digits=8)  # and above 2**53
@example(value=-0.0, digits=2)
@example(value=-0.001, digits=2)
@example(value=5e-324, digits=15)
@example(value=1.7976931348623157e308, digits=2)
def test_it_is_pythons(value, digits):
    assert bits(round_to(value, digits)) == bits(round(value, digits))


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_what_is_no_number_stays(value):
    assert bits(round_to(value, 2)) == bits(round(value, 2))
