"""One case through five engines: signals, events, Backtrader, backtesting.py, and the last two by themselves."""

from __future__ import annotations

import warnings
from pathlib import Path

import backtrader as bt
import numpy as np
import pandas as pd
import pytest

import trading_ai as ta
from trading_ai import EventStrategy, Int
from trading_ai.strategies.indicators import crossed_above, crossed_below, talib
from trading_ai.strategies.registry import strategy

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from backtesting import Backtest

BACKTRADER = f"{Path(__file__).with_name('cross_with_levels.py')}:CrossWithLevels"
BACKTESTING_PY = f"{Path(__file__).parents[2] / 'backtesting_py' / 'tests' / 'crosses_of_tests.py'}:Cross"
BARS = ta.load_sample("EURUSD")
CAPITAL, N_TRADES, FINAL = 100_000.0, 94, 100_222.9
FREE = ta.Costs(spread_pips=0)
LEVELS = {"fast": 20, "slow": 82, "stop": 0.0020, "target": 0.0030}


class CrossByEvents(EventStrategy):
    """The same by orders."""

    fast: int = Int(20, 2, 500, unit="bars")
    slow: int = Int(82, 2, 500, unit="bars")

    def on_start(self, ctx):
        fast, slow = ctx.indicator(talib.SMA, "close", self.fast), ctx.indicator(talib.SMA, "close", self.slow)
        self.up, self.down = (
            ctx.indicator(as_numbers(crossed_above), fast, slow),
            ctx.indicator(as_numbers(crossed_below), fast, slow),
        )

    def on_bar(self, ctx):
        if not ctx.position:
            if self.up[-1] > 0:
                ctx.buy(0.1, stop=ctx.close - 0.0020, target=ctx.close + 0.0030)
            elif self.down[-1] > 0:
                ctx.sell(0.1, stop=ctx.close + 0.0020, target=ctx.close - 0.0030)


def as_numbers(function):
    """An indicator of 1 and 0 of one that gives decisions."""
    return lambda *given: function(*given).astype(float)


@pytest.fixture(scope="module")
def known():
    rules = ta.ExecutionRules(opposite_signal="ignore", level_anchor="signal_close", round_levels=False)
    return ta.backtest(
        BARS, "sma_crossover", fast=20, slow=82, stop_loss=20.0, take_profit=30.0, capital=CAPITAL, costs=FREE,
        rules=rules, sizing=ta.Sizing("units", 10_000.0),
    )  # fmt: skip


def test_signals(known):
    assert len(known.trades) == N_TRADES
    assert known.equity[-1] == pytest.approx(FINAL, abs=1e-6)
    # Five of them end inside the bar in which they begin, where engines differ first.
    assert (known.trades["entry_bar"] == known.trades["exit_bar"]).sum() == 5


@pytest.mark.parametrize("engine", ["events", "backtrader", "backtesting.py"])
def test_the_others_make_the_same_trades(known, engine):
    chosen, parameters = {
        "events": (CrossByEvents, {}),
        "backtrader": (strategy(BACKTRADER), LEVELS),
        "backtesting.py": (strategy(BACKTESTING_PY), LEVELS),
    }[engine]
    rules = ta.ExecutionRules(round_levels=False)
    sizing = {} if engine == "backtesting.py" else {"sizing": ta.Sizing("units", 10_000.0)}
    given = {"rules": rules} if engine == "events" else {}
    found = ta.backtest(BARS, chosen, capital=CAPITAL, costs=FREE, params=parameters, **sizing, **given)
    assert len(found.trades) == N_TRADES
    for field in ("entry_bar", "exit_bar", "direction", "units", "exit_reason"):
        np.testing.assert_array_equal(found.trades[field], known.trades[field], err_msg=field)
    for field in ("entry_price", "exit_price", "net_profit", "balance"):
        np.testing.assert_allclose(found.trades[field], known.trades[field], rtol=0, atol=1e-6, err_msg=field)
    assert found.equity[-1] == pytest.approx(FINAL, abs=1e-6)


def table():
    """The bars as pandas has them."""
    columns = {name.title(): getattr(BARS, name) for name in ("open", "high", "low", "close", "volume")}
    return pd.DataFrame(columns, index=pd.to_datetime(BARS.open_time_ns))


def test_backtrader_alone():
    cerebro = bt.Cerebro()
    cerebro.adddata(bt.feeds.PandasData(dataname=table()))
    cerebro.broker.setcash(CAPITAL)
    cerebro.addsizer(bt.sizers.FixedSize, stake=10_000)
    cerebro.addstrategy(strategy(BACKTRADER).kind, **LEVELS)
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer, _name="trades")
    (ran,) = cerebro.run()
    assert ran.analyzers.trades.get_analysis().total.closed == N_TRADES
    assert cerebro.broker.getvalue() == pytest.approx(FINAL, abs=1e-6)


def test_backtesting_py_alone(known):
    ran = Backtest(table(), strategy(BACKTESTING_PY).kind, cash=CAPITAL, finalize_trades=True).run(**LEVELS)
    assert ran["# Trades"] == N_TRADES
    assert ran["Equity Final [$]"] == pytest.approx(FINAL, abs=1e-6)
    theirs = ran["_trades"].sort_values("EntryBar")
    np.testing.assert_array_equal(theirs["EntryBar"], known.trades["entry_bar"])
    np.testing.assert_allclose(theirs["ExitPrice"], known.trades["exit_price"], rtol=0, atol=1e-9)
