"""Buy and hold by hand."""

from __future__ import annotations

import pytest

from tests.fakes.bars import bars_of
from trading_ai.metrics.benchmark import buy_and_hold

# Open 2.00; closes 2.50, 1.50, 3.00, 2.70: up 35 % in all, 40 % down from 2.50 to 1.50 at worst.
ROWS = [(2.0, 2.5, 2.0, 2.5), (2.5, 2.5, 1.5, 1.5), (1.5, 3.0, 1.5, 3.0), (3.0, 3.0, 2.7, 2.7)]


def test_what_the_market_did():
    bars = bars_of(ROWS)
    assert buy_and_hold(bars) == pytest.approx((35.0, 40.0))
    assert buy_and_hold(bars) is buy_and_hold(bars)


def test_the_first_open_is_a_high_too():
    assert buy_and_hold(bars_of([(2.0, 2.0, 1.5, 1.5)])) == pytest.approx((-25.0, 25.0))
    assert buy_and_hold(bars_of([(2.0, 3.0, 2.0, 3.0)])) == pytest.approx((50.0, 0.0))
