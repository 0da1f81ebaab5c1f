"""A robot and the signal engine, which agree trade by trade."""

from __future__ import annotations

import numpy as np
import pytest

from tests.integration.runners.conftest import ROBOTS
from tests.shared_data import DATA, needs_shared_data
from trading_ai import Costs, ExecutionRules, Sizing, backtest, load_sample, read_bars, sweep
from trading_ai.strategies.registry import strategy

COSTS = Costs(spread_pips=1.0, commission_per_lot=3.0, swap_long=-0.5, swap_short=0.1, slippage_pips=0.2)


def both(bars, costs=COSTS, rules=None, **account):
    cross = strategy(str(ROBOTS / "Cross"))
    rules = rules or ExecutionRules()
    robot = backtest(bars, cross, costs=costs, rules=rules, params={"Lots": 0.1}, **account)
    known = backtest(
        bars, "sma_crossover", costs=costs, rules=rules, sizing=Sizing("lots", 0.1), fast=9, slow=20, stop_loss=10,
        take_profit=10, **account,
    )  # fmt: skip
    return robot, known


def agree(robot, known):
    np.testing.assert_array_equal(robot.trades, known.trades)
    np.testing.assert_allclose(robot.equity, known.equity, rtol=0, atol=1e-7)
    for name, value in known.metrics.items():
        if name == "position_percent":
            continue  # of the account's own size, which a robot does not use
        np.testing.assert_allclose(robot.metrics[name], value, rtol=1e-7, atol=1e-7, err_msg=name)


@pytest.mark.parametrize(
    ("rules", "account"),
    [
        (None, {}),
        (ExecutionRules(same_bar="target_first"), {}),
        (ExecutionRules(same_bar="nearer_first"), {}),
        (ExecutionRules(direction="long", close_at_end=False), {"account_currency": "EUR"}),
        (ExecutionRules(leverage=30.0), {"capital": 420.0}),
    ],
)
def test_the_cross_is_that_of_the_signal_engine(rules, account):
    robot, known = both(load_sample("EURUSD").slice(0, 3000), rules=rules, **account)
    assert known.trades.size > 20
    agree(robot, known)


def test_bars_before_the_start_warm_up():
    bars = load_sample("EURUSD").slice(0, 1500)
    robot, known = both(bars, start="2017-02-01")
    assert known.trades.size > 20
    agree(robot, known)


@needs_shared_data
def test_two_years_of_hours_agree_in_every_trade():
    bars = read_bars(DATA / "fx_h1" / "lean_oanda_eurusd_hour.zip", symbol="EURUSD")
    begin, end = np.searchsorted(
        bars.open_time_ns, np.array(["2015-01-01", "2017-01-01"], dtype="datetime64[ns]").astype(np.int64)
    )
    robot, known = both(bars.slice(int(begin), int(end)), Costs(spread_pips=1.0))
    assert known.trades.size == 697
    agree(robot, known)


def test_a_sweep_gives_what_each_backtest_gives():
    bars = load_sample("EURUSD").slice(0, 1200)
    found = sweep(bars, strategy(str(ROBOTS / "Cross")), costs=COSTS, Fast=[5, 9], StopPips=[10.0, 30.0])
    every = [{"Fast": fast, "StopPips": stop} for fast in (5, 9) for stop in (10.0, 30.0)]
    for row, chosen in enumerate(every):
        alone = backtest(bars, strategy(str(ROBOTS / "Cross")), costs=COSTS, params=chosen)
        np.testing.assert_allclose(found.column("net_profit")[row], alone.metrics["net_profit"], rtol=1e-9)
    assert len(set(found.column("net_profit").tolist())) == 4


def test_walking_a_bar_tick_by_tick_changes_no_trade(tmp_path):
    for name in ("Cross_main.py", "Cross.cs"):
        (tmp_path / name).write_bytes((ROBOTS / "Cross" / name).read_bytes())
    with (tmp_path / "Cross_main.py").open("a") as file:
        file.write("\n    def on_tick(self):\n        pass\n")
    bars = load_sample("EURUSD").slice(0, 3000)
    for rules in (ExecutionRules(), ExecutionRules(same_bar="target_first")):
        ticks = backtest(bars, strategy(str(tmp_path)), costs=COSTS, rules=rules)
        whole = backtest(bars, strategy(str(ROBOTS / "Cross")), costs=COSTS, rules=rules)
        np.testing.assert_array_equal(ticks.trades, whole.trades)
        assert whole.trades["ambiguous"].any()
