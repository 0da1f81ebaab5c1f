"""Trades by side and the exposure in money, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trading_ai.engine.records import TRADE
from trading_ai.metrics.sides import money_exposure, sides_of

# Long +60, -20 and a hundredth of a cent, short +10 and -40; commissions of 1 each, swaps of -0.5 each.
NET = [60.0, -20.0, 0.0001, 10.0, -40.0]
SIDE = [1, 1, 1, -1, -1]


def trades():
    made = np.zeros(5, dtype=TRADE)
    made["net_profit"], made["direction"] = NET, SIDE
    made["entry_bar"], made["exit_bar"] = [0, 10, 20, 30, 40], [5, 10, 21, 34, 50]
    made["units"], made["entry_price"] = 1000.0, 1.25
    made["commission"], made["swap"] = 1.0, -0.5
    return made


def test_each_side_by_hand():
    both, long, short = sides_of(trades())
    assert [s.side for s in (both, long, short)] == ["all", "long", "short"]
    assert (both.n_trades, both.win_rate, both.commission, both.swap) == (5, 40.0, 5.0, -2.5)
    assert both.net_profit == pytest.approx(10.0001)
    assert (both.profit_factor, both.expectancy) == pytest.approx((70 / 60, 10.0001 / 5))
    assert (both.average_win, both.average_loss, both.largest_win, both.largest_loss) == (35.0, -30.0, 60.0, -40.0)
    assert both.average_bars_held == pytest.approx((5 + 0 + 1 + 4 + 10) / 5)
    # What nets a hundredth of a cent neither won nor lost.
    assert (long.n_trades, long.win_rate, long.profit_factor) == pytest.approx((3, 100 / 3, 3.0))
    assert (short.n_trades, short.win_rate, short.net_profit) == (2, 50.0, -30.0)


def test_a_side_without_a_trade_is_undefined():
    _, _, short = sides_of(trades()[:3])
    assert (short.n_trades, short.net_profit, short.commission) == (0, 0.0, 0.0)
    for name in ("win_rate", "profit_factor", "expectancy", "average_win", "largest_loss", "average_bars_held"):
        assert math.isnan(getattr(short, name)), name


def test_exposure_in_money_by_hand():
    # 1,250 for 5 + 1 + 1 + 4 + 10 = 21 bars of 100 is 262.50 on average, 2.625 % of 10,000.
    assert money_exposure(trades(), 100, 10_000.0, 1.0) == pytest.approx(2.625)
    assert money_exposure(trades(), 100, 10_000.0, 0.5) == pytest.approx(1.3125)  # a quote currency worth half
    assert money_exposure(trades(), 100, 10_000.0, 0.0) == pytest.approx(2.1)  # the units are the money
    assert math.isnan(money_exposure(trades(), 100, 10_000.0, None))
