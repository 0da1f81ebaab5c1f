"""The numbers that backtesting.py publishes for its first example, made again with its account.

Its quick start runs moving averages of 10 and 20 days over Google's shares: all in, whole shares, 0.2 % commission for
each side, an opposite cross reverses, the last position is left open. Version 0.6.6 prints for it: final equity
56,263.51934, commissions 10,563.95154, 93 trades, win rate 52.688172 %, worst fall 33.931592 %.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import trading_ai as ta
from trading_ai.market.bars import Bars
from trading_ai.market.symbol_table import symbol
from trading_ai.market.timeframe import timeframe

ROOT = Path(__file__).parents[2]
PRICES = [*ROOT.glob(".venv*/lib/python*/site-packages/backtesting/test/GOOG.csv")]
"""Prices of the package, where the benchmarks' environment is made (`make bench`); they are not ours to keep."""

pytestmark = pytest.mark.skipif(not PRICES, reason="backtesting.py is not installed in the benchmarks' environment")


@pytest.fixture(scope="module")
def goog() -> Bars:
    with PRICES[0].open(encoding="utf-8") as file:
        rows = [*csv.reader(file)][1:]
    days = np.array([row[0] for row in rows], dtype="datetime64[ns]").astype(np.int64)
    prices = np.array([row[1:5] for row in rows], dtype=np.float64)
    return Bars(symbol("GOOG"), timeframe("D1"), days, *prices.T)


def _all_in(**more: float) -> dict[str, object]:
    return {
        "capital": 10_000.0,
        "sizing": ta.Sizing("percent_of_equity", 100.0, **more),
        "costs": ta.Costs(commission_percent=0.2),
        "rules": ta.ExecutionRules(close_at_end=False),
        "fast": 10,
        "slow": 20,
    }


def test_all_in_with_whole_shares(goog):
    found = ta.backtest(goog, "sma_crossover", **_all_in(volume_step=1.0, min_volume=1.0))
    assert found.metrics["final_equity"] == pytest.approx(56_263.51934, abs=1e-5)
    assert found.metrics["total_trades"] == 93
    assert found.metrics["win_rate"] == pytest.approx(52.688172, abs=1e-6)
    assert found.metrics["max_drawdown_percent"] == pytest.approx(33.931592, abs=1e-6)
    assert found.metrics["commission_paid"] == pytest.approx(10_563.95154, abs=1e-5)
    first = found.trades[0]
    assert (first["direction"], first["units"], first["entry_bar"], first["entry_price"]) == (-1, 59, 63, 169.02)
    assert first["net_profit"] == pytest.approx(-637.5717, abs=1e-4)


def test_all_in_with_parts_of_shares(goog):
    """What whole shares round away is worth a little; an account without margin and one of 1:1 are the same here."""
    parts = _all_in(volume_step=0.0, min_volume=0.0)
    found = ta.backtest(goog, "sma_crossover", **parts)
    assert found.metrics["final_equity"] == pytest.approx(56_263.5, rel=0.05)
    assert found.trades["units"][0] == pytest.approx(10_000.0 / (169.02 * 1.002), rel=1e-12)
    own = ta.backtest(goog, "sma_crossover", **{**parts, "rules": ta.ExecutionRules(close_at_end=False, leverage=1.0)})
    assert own.metrics["final_equity"] == found.metrics["final_equity"]
