"""Listed trades beside their replay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from trading_ai import ExecutionRules, backtest, load_sample
from trading_ai.documents.differences import differences_json
from trading_ai.engine.account import Account
from trading_ai.engine.costs import Costs
from trading_ai.engine.records import EXIT_REASONS, STOP_LOSS, TAKE_PROFIT
from trading_ai.engine.sizing import Sizing
from trading_ai.engine.trade_list import TradeList, listed_trades
from trading_ai.evaluation.replay import ReplayEvaluator
from trading_ai.parameters import SearchSpace
from trading_ai.strategies.replay import Replay

BARS = load_sample("EURUSD").slice(0, 3000)
HOUR = BARS.timeframe.ns
NOTHING = SearchSpace(())


@pytest.fixture(scope="module")
def trades():
    """Trades that each end at a stop of 40 pips or a target of 60, but for the last."""
    rules = ExecutionRules(opposite_signal="ignore")
    made = backtest(BARS, "sma_crossover", fast=5, slow=40, stop_loss=40.0, take_profit=60.0, rules=rules)
    assert len(made.trades) > 20
    return made.trades[np.isin(made.trades["exit_reason"], (STOP_LOSS, TAKE_PROFIT))]


def evaluator(listed):
    of = TradeList("EURUSD", listed, "USD", 10_000.0)
    account = Account(10_000.0, Sizing(), Costs(), ExecutionRules())
    return ReplayEvaluator(BARS, Replay(of.content_hash, of), NOTHING, {}, account)


def test_what_ended_at_its_levels_ends_there_on_the_bars(trades):
    listed = listed_trades(trades, HOUR, 0.004, 0.006)
    found = differences_json("b", evaluator(listed).differences(), HOUR)
    assert found["n_trades"] == found["n_with_reason"] == found["n_same"] == len(trades)
    assert found["net_profit"] == pytest.approx(found["bar_net_profit"], abs=0.005)
    for row, trade in zip(found["trades"], np.sort(trades, order="entry_time_ns"), strict=True):
        assert row["bar_price"] == pytest.approx(trade["exit_price"], abs=1e-9)
        assert row["bar_reason"] == EXIT_REASONS[trade["exit_reason"]]


def test_another_stop_in_the_list_is_seen(trades):
    listed = listed_trades(trades, HOUR, 0.004, 0.006)
    stopped = int(np.flatnonzero(listed["exit_reason"] == STOP_LOSS)[0])
    listed["stop_loss"][stopped] += 0.002 * -listed["direction"][stopped]  # farther than it was
    found = differences_json("b", evaluator(listed).differences(), HOUR)
    assert found["n_same"] == len(trades) - 1
    assert [row["trade"] for row in found["trades"] if not row["same_exit"]] == [stopped + 1]


def test_without_levels_only_the_data_end_a_trade(trades):
    found = evaluator(listed_trades(trades, HOUR)).differences()
    ends = [EXIT_REASONS[reason] for reason in found["bar_reason"] if reason >= 0]
    assert set(ends) == {"end_of_data"}
    shown = differences_json("b", found, HOUR)
    assert shown["n_same"] == 0


def test_a_backtest_on_the_list_itself_earns_what_it_says(trades):
    listed = listed_trades(trades, HOUR, 0.004, 0.006)
    result = evaluator(listed).backtest()
    assert result.metrics["net_profit"] == pytest.approx(listed["net_profit"].sum(), abs=0.005)
    assert replace(result, log="").trades.size == len(trades)
