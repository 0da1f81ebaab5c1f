"""Costs in words, and what is said against a result."""

from __future__ import annotations

import pytest

from trading_ai.engine.costs import Costs
from trading_ai.optimization.cautions import cautions, costs_stated, has_spread
from trading_ai.optimization.objective import Objective


@pytest.mark.parametrize(
    ("costs", "spread", "words"),
    [
        (Costs(), False, "without costs: no spread, commission, slippage or swap"),
        (Costs(spread_pips=0.0), True, "without costs: no spread, commission, slippage or swap"),
        (Costs(), None, "the data's own spread, if it has one; no commission, slippage or swap"),
        (Costs(), True, "the data's own spread; no commission, slippage or swap"),
        (Costs(spread_pips=1.0), False, "spread 1 pip; no commission, slippage or swap"),
        (
            Costs(spread_pips=0.8, commission_per_lot=3.5, slippage_pips=0.2, swap_long=-4.0),
            True,
            "spread 0.8 pips, commission 3.5 EUR a lot for each side, slippage 0.2 pips, "
            "swap -4 long and 0 short (pips a night)",
        ),
        (Costs(commission_percent=0.1), False, "commission 0.1 % for each side; no spread, slippage or swap"),
        (
            Costs(spread_pips=1.0, commission_per_trade=1.0, commission_per_million=30.0, slippage_pips=1.0),
            True,
            "spread 1 pip, commission 30 EUR a million and 1 EUR a trade for each side, slippage 1 pip; no swap",
        ),
    ],
)
def test_costs_in_words(costs, spread, words):
    assert costs_stated(costs, "EUR", spread) == words


def test_whether_a_spread_was_paid():
    assert has_spread({"spread_paid": 1.0, "total_trades": 3.0}) is True
    assert has_spread({"spread_paid": 0.0, "total_trades": 3.0}) is False
    assert has_spread({"spread_paid": 0.0, "total_trades": 0.0}) is None


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        ({"total_trades": 0.0}, ["made no trade"]),
        ({"total_trades": 1.0, "win_rate": 100.0}, ["rests on 1 trade (100 % of them won)"]),
        ({"total_trades": 29.0, "win_rate": 50.0}, ["rests on 29 trades"]),
        ({"total_trades": 30.0, "return_percent": 1.0}, []),
        ({"total_trades": 30.0, "return_percent": 1.0, "ruined": 1.0}, ["ruined the account"]),
        ({"total_trades": 30.0, "position_percent": 900.0}, []),
        ({"total_trades": 30.0, "position_percent": 4000.0}, ["worth 40 times the capital of 1,000.00 USD"]),
        ({"total_trades": 30.0, "position_percent": float("nan")}, []),  # of a percentage at risk
    ],
)
def test_what_speaks_against_a_result(metrics, words):
    found = cautions("spread 1 pip", metrics, "1,000.00 USD", "It")
    assert len(found) == len(words)
    assert all(word in line for word, line in zip(words, found, strict=True))


def test_no_costs_are_warned_of_and_a_loss_by_what_it_was_ranked_by():
    lost = {"total_trades": 90.0, "return_percent": -5.0, "win_rate": 60.0}
    found = cautions("without costs: no spread", lost, "1,000.00 USD", "It", Objective.parse("win_rate"))
    assert [" ".join(line.split()[:3]).strip(":") for line in found] == ["Without costs every", "It lost money"]
    assert cautions("spread 1 pip", lost, "1,000.00 USD", "It") == ()  # a backtest's loss stands in its metrics
