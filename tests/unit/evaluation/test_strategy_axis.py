"""Which strategy as a searched parameter: every trial is the backtest with that strategy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import trading_ai as ta
from tests.fakes.bars import random_bars
from tests.unit.driving.test_service import House, house, space_of  # noqa: F401
from trading_ai.errors import StrategyError
from trading_ai.evaluation.job import absolute_strategy
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.strategies.identity import strategy_identity
from trading_ai.strategies.registry import is_built_in, strategy

BARS = random_bars(1500, 41, tf="M15")
BOTH = "sma_crossover+rsi_reversal"


def test_in_a_sweep():
    sweep = ta.sweep(BARS, ["sma_crossover", "rsi_reversal"], stop_loss=[20, 40], min_trades=0, n_threads=1)
    assert len(sweep) == 4
    for name in ("sma_crossover", "rsi_reversal"):
        for stop in (20, 40):
            alone = ta.backtest(BARS, name, stop_loss=stop)
            found = sweep.metrics_of({"strategy": name, "stop_loss": stop})
            np.testing.assert_array_equal(list(found.values()), [alone.metrics[key] for key in found])


def test_its_parameters_bear_the_strategy_s_name():
    chosen = strategy(BOTH)
    assert list(chosen.parameters) == [
        "strategy", "sma_crossover_fast", "sma_crossover_slow", "rsi_reversal_period", "rsi_reversal_oversold",
        "rsi_reversal_overbought",
    ]  # fmt: skip
    assert chosen.rules[0] == ("sma_crossover_fast", "sma_crossover_slow")
    result = ta.backtest(BARS, BOTH, params={"strategy": "rsi_reversal", "rsi_reversal_period": 9})
    assert result.trades.tolist() == ta.backtest(BARS, "rsi_reversal", period=9).trades.tolist()


def test_its_identity_is_that_of_all():
    one, other = strategy(BOTH), strategy("sma_crossover+macd")
    assert strategy_identity(one) == strategy_identity(strategy(BOTH)) != strategy_identity(other)
    assert is_built_in(BOTH)
    assert absolute_strategy(BOTH) == BOTH


@pytest.mark.parametrize("name", ["sma_crossover+", "sma_crossover+sma_crossover", "sma_crossover+nothing"])
def test_names_that_cannot_be(name):
    with pytest.raises(StrategyError):
        strategy(name)


def test_an_optimization(house: House):  # noqa: F811
    base, _ = house.backtests.run(BacktestSpec(BOTH, {"stop_loss": 30}, house.add(BARS)))
    space = space_of("strategy=sma_crossover,rsi_reversal", "stop_loss=20:40:20", "spread_pips=0:1:1")
    record = house.service.start(house.service.plan(OptimizationSpec(base.backtest_id, space)))
    assert (record.status, record.n_completed, record.n_failed) == ("completed", 8, 0)
    page = house.store.ranked(record.optimization_id, 100)
    for index, metrics in zip(page.indices.tolist(), page.metrics, strict=True):
        values = space.combination(index)
        costs = replace(base.spec.costs, spread_pips=values["spread_pips"])
        spec = replace(
            base.spec, strategy=values["strategy"], parameters={"stop_loss": values["stop_loss"]}, costs=costs
        )
        alone, _ = house.backtests.run(spec)
        np.testing.assert_array_equal(metrics, [alone.metrics[name] for name in METRIC_NAMES])
