"""Stops and targets of trades, as the page of a backtest asks for them."""

from __future__ import annotations

import httpx
import numpy as np
import pytest

from tests.integration.dashboard.laptop import browser
from trading_ai.evaluation.model import BacktestSpec


@pytest.fixture(scope="module")
def client(laptop):
    with browser(laptop) as made:
        yield made


def kept(laptop, parameters):
    dataset = laptop.application.store.datasets()[0].dataset_id
    record, _ = laptop.application.backtests.run(BacktestSpec("sma_crossover", parameters, dataset))
    return record.backtest_id, laptop.application.artifacts.load_backtest(record.backtest_id)["trades"]


def test_levels_come_by_the_number_of_the_trade(laptop, client):
    key, trades = kept(laptop, {"stop_loss": 20, "trailing_stop": 12})
    answer = client.get(f"/backtests/{key}/levels?trade=2&trade=1&trade=99999").json()
    assert sorted(answer["levels"]) == ["1", "2"]
    assert answer["notes"] == []
    for number, level in answer["levels"].items():
        trade = trades[int(number) - 1]
        assert level["target"] is None
        assert level["stop"] == pytest.approx(trade["entry_price"] - trade["direction"] * 0.0012)
        assert (np.diff([price for _, price in level["moves"]]) * trade["direction"] > 0).all()
    assert client.get(f"/backtests/{key}/levels?trade=1").json()["levels"]["1"] == answer["levels"]["1"]


def test_a_run_of_other_code_shows_what_closed_its_trades_and_says_so(laptop, client, monkeypatch):
    key, trades = kept(laptop, {"stop_loss": 15, "take_profit": 30})
    monkeypatch.setattr("trading_ai.evaluation.job.strategy_identity", lambda _: "0" * 64)
    answer = client.get(f"/backtests/{key}/levels?trade=1&trade=2&trade=3").json()
    assert "not recorded" in answer["notes"][0]
    assert "has changed" in answer["notes"][1]
    for number, level in answer["levels"].items():
        assert {level["stop"], level["target"]} <= {None, float(trades[int(number) - 1]["exit_price"])}


@pytest.mark.parametrize("query", ["", "?trade=0", "?trade=x", "?" + "trade=1&" * 151])
def test_what_names_no_trades_is_refused(laptop, client, query):
    key, _ = kept(laptop, {"stop_loss": 20})
    answer: httpx.Response = client.get(f"/backtests/{key}/levels{query}")
    assert answer.status_code == 422
