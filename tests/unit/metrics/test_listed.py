"""Figures that a list of trades tells by itself."""

from __future__ import annotations

import numpy as np
import pytest

from trading_ai.engine.trade_list import LISTED_TRADE
from trading_ai.metrics.listed import figures_of


def trades(*nets: float) -> np.ndarray:
    made = np.zeros(len(nets), LISTED_TRADE)
    made["net_profit"], made["direction"] = nets, 1
    made["exit_time_ns"] = np.arange(1, len(nets) + 1)
    return made


def test_drawdowns_of_balances_in_percent_need_a_deposit():
    # 100, 120, 90, 95: 30 of 120.
    told = figures_of(trades(20.0, -30.0, 5.0), 100.0)
    assert told["max_balance_drawdown"] == 30.0
    assert told["max_balance_drawdown_percent"] == 25.0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("capital", [None, 0.0, -50.0])
def test_a_deposit_that_is_none_leaves_percents_out(capital):
    told = figures_of(trades(20.0, -30.0, 50.0), capital)
    assert told["max_balance_drawdown"] == 30.0
    assert "max_balance_drawdown_percent" not in told
