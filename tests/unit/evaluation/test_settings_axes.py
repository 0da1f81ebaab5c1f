"""Spread, slippage, direction and size as searched parameters: each trial is the backtest with that account."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import trading_ai as ta
from tests.fakes.bars import random_bars
from tests.unit.driving.test_service import House, house, space_of  # noqa: F401
from trading_ai.engine.costs import Costs
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.errors import InputError, ParameterError
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.optimization.cautions import said_of_optimization
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.studies.assessment import verify_trial

BARS = random_bars(1500, 21, tf="M15")
FIXED = {"stop_loss": 30, "time_exit": 20}


def same(found, expected):
    np.testing.assert_array_equal(list(found.values()), [expected[name] for name in found])


def test_a_sweep_over_the_account():
    sweep = ta.sweep(
        BARS, "sma_crossover", spread_pips=[0.0, 0.5, 1.0], direction=["both", "long"], fast=[3, 6], stop_loss=30,
        min_trades=0, keep_daily_profit=True, n_threads=1,
    )  # fmt: skip
    assert len(sweep) == 12
    for row, index in enumerate(sweep.indices.tolist()):
        values = sweep.evaluator.space.combination(index)
        alone = ta.backtest(
            BARS, "sma_crossover", fast=values["fast"], stop_loss=30,
            costs=Costs(spread_pips=values["spread_pips"]), rules=ExecutionRules(direction=values["direction"]),
        )  # fmt: skip
        same(sweep.metrics_of(values), alone.metrics)
        np.testing.assert_array_equal(sweep.daily_profit[row], alone.daily_profit.astype(np.float32))
        whole = sweep.backtest(values)
        assert whole.trades.tolist() == alone.trades.tolist()
        assert (whole.parameters["spread_pips"], whole.parameters["fast"]) == (values["spread_pips"], values["fast"])
    assert sweep.costs_stated.startswith("without costs") == (sweep.best["spread_pips"] == 0.0)
    profit = sweep.column("net_profit")
    assert len(set(profit.tolist())) > 6  # every setting changes something


@pytest.mark.parametrize(
    ("name", "values", "sizing"),
    [
        ("lots", [0.02, 0.1], lambda v: Sizing("lots", v)),
        ("units", [2000, 5000], lambda v: Sizing("units", v)),
        ("risk_percent", [0.5, 1.0], lambda v: Sizing("risk_percent", v)),
        ("percent_of_equity", [50, 100], lambda v: Sizing("percent_of_equity", v)),
    ],
)
def test_sizes(name, values, sizing):
    sweep = ta.sweep(BARS, "sma_crossover", stop_loss=30, min_trades=0, n_threads=1, **{name: values})
    for value in values:
        alone = ta.backtest(BARS, "sma_crossover", stop_loss=30, sizing=sizing(value))
        same(sweep.metrics_of({name: value}), alone.metrics)


@pytest.mark.parametrize(
    ("name", "values"),
    [("spread_pips", [-1.0, 0.0]), ("direction", ["both", "up"]), ("max_positions", [1, 2.5]),
     ("max_positions", [1, 65]), ("lots", [0.0, 0.1]), ("spread_pips", ["wide", "narrow"])],
)  # fmt: skip
def test_impossible_values_are_refused(name, values):
    with pytest.raises(InputError, match=name):
        ta.sweep(BARS, "sma_crossover", **{name: values})


def test_a_position_has_one_size():
    with pytest.raises(ParameterError, match="one size"):
        ta.sweep(BARS, "sma_crossover", lots=[0.1, 0.2], units=[1000, 2000])


def test_an_optimization_over_the_account(house: House):  # noqa: F811
    base, _ = house.backtests.run(BacktestSpec("sma_crossover", FIXED, house.add(BARS)))
    space = space_of("spread_pips=0:2:1", "direction=long,short", "fast=3:6:3")
    record = house.service.start(house.service.plan(OptimizationSpec(base.backtest_id, space)))
    assert (record.status, record.n_completed, record.n_failed) == ("completed", 12, 0)
    page = house.store.ranked(record.optimization_id, 100)
    for index, metrics in zip(page.indices.tolist(), page.metrics, strict=True):
        values = space.combination(index)
        spec = replace(
            base.spec, costs=Costs(spread_pips=values["spread_pips"]), parameters=FIXED | {"fast": values["fast"]},
            rules=ExecutionRules(direction=values["direction"]),
        )  # fmt: skip
        alone, _ = house.backtests.run(spec)
        np.testing.assert_array_equal(metrics, [alone.metrics[name] for name in METRIC_NAMES])
    again = verify_trial(house.service, record.optimization_id)
    assert not again.different
    said = said_of_optimization(house.store, record)
    assert said.costs_stated.startswith("without costs") == (
        space.combination(int(page.indices[0]))["spread_pips"] == 0
    )
    assert "spread 2 pips" in said_of_optimization(house.store, record, _rank_of(page, space, 2)).costs_stated


def _rank_of(page, space, spread):
    """The first rank of a trial with that spread."""
    return next(
        rank for rank, i in enumerate(page.indices.tolist(), 1) if space.combination(i)["spread_pips"] == spread
    )


def test_a_setting_may_have_one_value():
    grid = {"fast": [3, 6], "slow": 12, "min_trades": 0}
    said = ta.sweep(BARS, "sma_crossover", spread_pips=1.0, direction="long", lots=0.2, costs=Costs(2.0), **grid)
    meant = ta.sweep(
        BARS, "sma_crossover", costs=Costs(1.0), rules=ExecutionRules(direction="long"), sizing=Sizing("lots", 0.2),
        **grid,
    )  # fmt: skip
    np.testing.assert_array_equal(said.metrics, meant.metrics)
    assert said.costs_stated == meant.costs_stated
    beside = ta.sweep(BARS, "sma_crossover", spread_pips=1.0, direction=["long", "both"], lots=0.2, **grid)
    index = beside.evaluator.space.index_of({"fast": 6, "direction": "long"})
    row = int(np.flatnonzero(beside.indices == index)[0])
    np.testing.assert_array_equal(beside.metrics[row], meant.metrics[1])


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"spread_pips": -1.0}, "spread_pips"), ({"direction": "up"}, "direction"),
     ({"lots": 0.1, "units": 5.0}, "one size"), ({"lots": 0.1, "units": [5.0, 6.0]}, "one size")],
)  # fmt: skip
def test_an_impossible_setting_of_one_value_is_refused(settings, message):
    with pytest.raises(ParameterError, match=message):
        ta.sweep(BARS, "sma_crossover", fast=[3, 6], **settings)
