"""Trades of other programs as records and equity."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fakes.bars import random_bars
from trading_ai import Costs, ExecutionRules, Sizing, backtest
from trading_ai.engine.account import Account
from trading_ai.engine.execution_data import prepare
from trading_ai.engine.records import STOP_LOSS
from trading_ai.engine.reported import Closed, SeenBars, equity_from_trades, trade_records
from trading_ai.engine.runs import RunRequest
from trading_ai.market.bars import Bars
from trading_ai.market.symbol_table import symbol
from trading_ai.market.timeframe import timeframe

EURUSD = symbol("EURUSD")


def bars_of(*closes, spread=None, name="H1"):
    close = np.array(closes, dtype=float)
    times = np.datetime64("2024-01-02", "ns").astype(np.int64) + np.arange(close.size) * timeframe(name).ns
    spreads = None if spread is None else np.full(close.size, spread)
    return Bars(
        EURUSD, timeframe(name), times, close, close + 0.001, close - 0.001, close, np.zeros(close.size), spreads
    )


def account(**costs):
    return Account(10_000.0, Sizing("units", 1000.0), Costs(**costs), ExecutionRules())


def request_of(seen, execution, starts):
    data = prepare(execution, Costs())
    return RunRequest(seen, np.array(starts), data, account(), "USD", {})


def test_records_come_in_order_of_closing_with_balance_and_excursions():
    data = prepare(bars_of(1.10, 1.11, 1.12, 1.10), Costs())
    late = Closed(0, 3, 1, 1000.0, 1.10, 1.10, 0.0, commission=2.0, swap=0.5)
    early = Closed(1, 2, -1, 2000.0, 1.11, 1.12, -20.0, exit_reason=STOP_LOSS)
    trades = trade_records([late, early], data, account())
    assert trades["direction"].tolist() == [-1, 1]
    assert trades["net_profit"].tolist() == [-20.0, -1.5]
    assert trades["balance"].tolist() == [9_980.0, 9_978.5]
    assert trades["entry_time_ns"].tolist() == data.bars.open_time_ns[[1, 0]].tolist()
    assert trades["exit_reason"].tolist() == [STOP_LOSS, 0]
    # The long one saw 1.121 at best (the third bar's high) and 1.099 at worst (the first bar's low).
    assert trades["mfe"][1] == pytest.approx(21.0)
    assert trades["mae"][1] == pytest.approx(-1.0)


def test_without_trades_there_is_the_capital():
    data = prepare(bars_of(1.1, 1.2), Costs())
    trades = trade_records([], data, account())
    assert trades.shape == (0,)
    assert equity_from_trades(trades, data, 10_000.0).tolist() == [10_000.0, 10_000.0]


@pytest.mark.parametrize("spread", [0.0, 1.5])
def test_equity_of_trades_is_that_of_the_simulator(spread):
    bars, costs = random_bars(1500, 7), Costs(spread_pips=spread)
    known = backtest(bars, "sma_crossover", fast=5, slow=20, costs=costs)
    assert len(known.trades) > 20
    found = equity_from_trades(known.trades, prepare(bars, costs), 10_000.0)
    np.testing.assert_allclose(found, known.equity, atol=1e-6)


def test_one_set_of_bars_is_its_own_places():
    bars = bars_of(1.1, 1.2, 1.3, 1.4, spread=0.0002)
    seen = SeenBars(request_of(bars, bars, [0, 1, 2, 3]))
    assert (seen.n_warm, seen.inside.tolist()) == (0, [0, 1, 2, 3])
    assert [(seen.first_of(i), seen.last_of(i)) for i in range(4)] == [(0, 0), (1, 1), (2, 2), (3, 3)]
    for values in seen.ask_minus_bid:
        assert values.tolist() == pytest.approx([0.0002] * 4)


def test_longer_bars_span_several_and_those_before_the_first_are_warm_up():
    execution = bars_of(*(1.10 + 0.01 * i for i in range(8)))
    opens = execution.open_time_ns[0] + np.array([-4, 0, 4]) * 3600 * 10**9
    longer = Bars(EURUSD, timeframe("H4"), opens, *np.full((4, 3), 1.1))
    seen = SeenBars(request_of(longer, execution, [-4, 0, 4]))
    assert seen.n_warm == 1
    assert seen.inside.tolist() == [1, 1, 1, 1, 2, 2, 2, 2]
    assert (seen.first_of(1), seen.last_of(1), seen.first_of(2), seen.last_of(2)) == (0, 3, 4, 7)
    # 1.1305 lies between low and high of the fourth bar only.
    assert seen.reached(1, 1.1305, is_buy=False) == 3
    assert seen.reached(1, 1.5, is_buy=True) == 3  # nowhere: the last


def test_the_spread_of_a_longer_bar_is_that_of_its_bars():
    close = np.array([1.10, 1.12, 1.11, 1.13])
    times = np.datetime64("2024-01-02", "ns").astype(np.int64) + np.arange(4) * 3600 * 10**9
    spread = np.array([0.0001, 0.0003, 0.0002, 0.0004])
    execution = Bars(EURUSD, timeframe("H1"), times, close, close, close, close, np.zeros(4), spread)
    longer = Bars(
        EURUSD, timeframe("H2"), times[::2], close[::2], close[1::2], close[::2], close[1::2], np.zeros(2)
    )  # fmt: skip
    opens, highs, lows, closes = SeenBars(request_of(longer, execution, [0, 2])).ask_minus_bid
    assert opens.tolist() == pytest.approx([0.0001, 0.0002])
    assert highs.tolist() == pytest.approx([0.0003, 0.0004])
    assert lows.tolist() == pytest.approx([0.0001, 0.0002])
    assert closes.tolist() == pytest.approx([0.0003, 0.0004])
