"""Strategies of backtesting.py through trading-ai-system, against the library alone and against the signal engine."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from trading_ai_backtesting_py import BacktestingPyRunner

import trading_ai as ta
from trading_ai.errors import RuleError, StrategyError
from trading_ai.strategies.identity import identity_parts
from trading_ai.strategies.registry import strategy

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from backtesting import Backtest

FILE = Path(__file__).with_name("crosses_of_tests.py")
BARS = ta.load_sample("EURUSD").slice(0, 2000)
FREE = ta.Costs(spread_pips=0)


def named(name):
    """A strategy of the file beside this one."""
    return strategy(f"{FILE}:{name}")


def alone(kind, bars=BARS, cash=100_000.0, **options):
    columns = {name.title(): getattr(bars, name) for name in ("open", "high", "low", "close", "volume")}
    table = pd.DataFrame(columns, index=pd.to_datetime(bars.open_time_ns))
    return Backtest(table, kind, cash=cash, finalize_trades=True, **options).run()


@pytest.mark.parametrize("name", ["Cross", "AllIn"])
@pytest.mark.parametrize("commission", [0.0, 0.0002])
def test_final_value_and_trades_are_those_of_the_library_alone(name, commission):
    chosen = named(name)
    costs = ta.Costs(spread_pips=0, commission_percent=100 * commission)
    result = ta.backtest(BARS, chosen, capital=100_000.0, costs=costs)
    known = alone(chosen.kind, commission=commission)
    assert len(result.trades) == known["# Trades"] > 10
    assert result.equity[-1] == pytest.approx(known["Equity Final [$]"], abs=1e-6)
    np.testing.assert_allclose(np.sort(result.trades["net_profit"]), np.sort(known["_trades"]["PnL"]), atol=1e-6)
    assert result.trades["balance"][-1] == pytest.approx(result.equity[-1], abs=1e-6)


def test_trades_are_those_of_the_signal_engine():
    rules = ta.ExecutionRules(opposite_signal="ignore", level_anchor="signal_close", round_levels=False)
    bars = ta.load_sample("EURUSD")
    known = ta.backtest(
        bars, "sma_crossover", fast=10, slow=30, stop_loss=50.0, take_profit=100.0, capital=100_000.0, costs=FREE,
        rules=rules,
    )  # fmt: skip
    found = ta.backtest(bars, named("Cross"), capital=100_000.0, costs=FREE)
    assert len(found.trades) == 85
    for field in ("entry_bar", "exit_bar", "direction", "units", "exit_reason"):
        np.testing.assert_array_equal(found.trades[field], known.trades[field], err_msg=field)
    for field in ("entry_price", "exit_price", "net_profit", "balance"):
        np.testing.assert_allclose(found.trades[field], known.trades[field], rtol=0, atol=1e-6, err_msg=field)
    assert found.equity[-1] == pytest.approx(99_922.4, abs=1e-6)


def test_spread_and_slippage_are_paid_in_money():
    costs = ta.Costs(spread_pips=2.0, slippage_pips=0.5)
    dear = ta.backtest(BARS, named("Cross"), capital=100_000.0, costs=costs)
    free = ta.backtest(BARS, named("Cross"), capital=100_000.0, costs=FREE)
    n = len(free.trades)
    # 2 pips a round trip and 0.5 pips a side of 10,000 units: 2.00 and 1.00 for each trade.
    assert free.equity[-1] - dear.equity[-1] == pytest.approx(3.0 * n)
    assert (dear.metrics["spread_paid"], dear.metrics["slippage_paid"]) == pytest.approx((2.0 * n, 1.0 * n))
    assert dear.metrics["commission_paid"] == pytest.approx(0.0, abs=1e-9)


def test_nothing_is_traded_before_the_start():
    start = str(BARS.open_time_ns[500].astype("datetime64[ns]"))
    late = ta.backtest(BARS, named("Cross"), capital=100_000.0, costs=FREE, start=start)
    assert late.trades["entry_time_ns"].min() >= BARS.open_time_ns[500]
    assert late.equity.size == len(BARS) - 500


def test_class_attributes_become_parameters_and_are_searched():
    kinds = {name: (p.kind, p.default) for name, p in named("Cross").parameters.items()}
    assert kinds == {
        "fast": ("int", 10), "slow": ("int", 30), "stop": ("float", 0.005), "target": ("float", 0.010),
        "quiet": ("bool", True), "word": ("choice", "any"),
    }  # fmt: skip
    run = ta.sweep(BARS.slice(0, 600), named("Cross"), fast=[3, 5], costs=FREE, capital=100_000.0, min_trades=0)
    assert not run.failures
    assert run.column("total_trades")[0] != run.column("total_trades")[1]


def test_what_it_cannot_do_is_refused_before_any_trial():
    with pytest.raises(RuleError, match="swap_long"):
        ta.sweep(BARS, named("Cross"), fast=[3, 5], costs=ta.Costs(swap_long=1.0))
    with pytest.raises(RuleError, match="conversion_rate"):
        ta.sweep(BARS, named("Cross"), fast=[3, 5], account_currency="EUR")


def test_a_file_says_what_it_holds_and_is_part_of_the_identity(tmp_path):
    with pytest.raises(StrategyError, match="has 2 strategies"):
        BacktestingPyRunner().find(FILE, "")
    other = tmp_path / "other.py"
    other.write_text("import backtesting\n")
    assert BacktestingPyRunner().find(other, "") is None
    parts = identity_parts(named("Cross"))
    assert "package backtesting 0.6.6" in parts
    assert any(part.startswith("file ") for part in parts)
