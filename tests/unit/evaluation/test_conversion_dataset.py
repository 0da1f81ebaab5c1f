"""A symbol of which neither currency is the account's: a dataset converts its profits, wherever they are computed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.bars import random_bars
from tests.unit.driving.test_service import House, house, space_of  # noqa: F401
from trading_ai.api.wording import in_fields
from trading_ai.cli.wording import in_flags
from trading_ai.engine.sizing import Sizing
from trading_ai.errors import RuleError, StateError
from trading_ai.evaluation.job import job_evaluator
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.market.symbol import Symbol
from trading_ai.optimization.model import OptimizationSpec

EURGBP = Symbol("EURGBP", 0.0001, 5, 100_000.0, "GBP", "EUR", "fx", 1000.0, 1000.0)
GBPUSD = Symbol("GBPUSD", 0.0001, 5, 100_000.0, "USD", "GBP", "fx", 1000.0, 1000.0)
BARS = random_bars(1_500, 3, symbol=EURGBP, start=0.85, gaps=0.0)
RATES = random_bars(1_500, 4, symbol=GBPUSD, start=1.25, gaps=0.0)


def spec(home: House, **changes) -> BacktestSpec:
    parameters = {"fast": 5, "slow": 20, "stop_loss": 30}
    # A stated size: by the capital it would follow the account's currency.
    return BacktestSpec("sma_crossover", parameters, home.add(BARS), sizing=Sizing("units", 10_000.0), **changes)


def test_without_it_the_way_out_is_named_as_each_surface_names_it(house):  # noqa: F811
    with pytest.raises(RuleError) as refused:
        house.backtests.run(spec(house))
    error = refused.value
    assert "Give conversion_bars (GBPUSD or USDGBP), or a fixed conversion_rate" in str(error)
    assert str(in_flags(error)).startswith("--currency: profits are in GBP and the account is in USD")
    assert "Give --conversion (GBPUSD or USDGBP), or a fixed --conversion-rate" in str(in_flags(error))
    assert str(in_fields(error)).startswith("account_currency: ")
    assert "Give conversion_dataset_id (GBPUSD or USDGBP), or a fixed costs.conversion_rate" in str(in_fields(error))


def test_profits_are_converted_at_the_rate_known_at_the_exit(house):  # noqa: F811
    rates = house.add(RATES)
    record, found = house.backtests.run(spec(house, conversion_dataset_id=rates[:8]))
    assert record.spec.conversion_dataset_id == rates
    assert BacktestSpec.from_json(record.spec.to_json()) == record.spec
    _, pounds = house.backtests.run(spec(house, account_currency="GBP"))
    assert len(found.trades) == len(pounds.trades) > 10
    assert found.trades["exit_time_ns"].tolist() == pounds.trades["exit_time_ns"].tolist()
    assert BARS.open_time_ns[0] == RATES.open_time_ns[0]
    ends = RATES.open_time_ns + RATES.timeframe.ns
    for own, other in zip(found.trades, pounds.trades, strict=True):
        at = int(np.searchsorted(ends, own["exit_time_ns"], side="right")) - 1  # ended when the exit's bar opened
        assert own["gross_profit"] == pytest.approx(other["gross_profit"] * RATES.close[at])


def test_an_optimization_and_a_worker_convert_alike(house):  # noqa: F811
    base, _ = house.backtests.run(spec(house, conversion_dataset_id=house.add(RATES)))
    space = space_of("stop_loss=20:40:10", "fast=4:6:1")
    record = house.service.start(house.service.plan(OptimizationSpec(base.backtest_id, space)))
    assert (record.n_completed, record.n_failed) == (9, 0)
    page = house.store.ranked(record.optimization_id, 9)
    again = job_evaluator(house.service.job_of(record), house.artifacts).evaluate(page.indices)
    np.testing.assert_array_equal(page.metrics, again.metrics)
    one = space.combination(int(page.indices[0]))
    single, _ = house.backtests.run(replace(base.spec, parameters={**base.spec.parameters, **one}))
    assert single.metrics["net_profit"] == page.metrics[0][0]


def test_what_decides_or_converts_is_not_deleted(house):  # noqa: F811
    rates = house.add(RATES)
    house.backtests.run(spec(house, conversion_dataset_id=rates))
    with pytest.raises(StateError, match="converts profits in backtest"):
        house.backtests.delete_dataset(rates)
