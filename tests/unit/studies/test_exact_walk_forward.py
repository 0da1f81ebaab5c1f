"""Exact walk-forward: windows as optimizations of their own, resumed, stitched and set beside the instant form."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.bars import bars_of, random_bars
from tests.unit.driving.test_service import House, house, space_of  # noqa: F401
from trading_ai.engine.sizing import Sizing
from trading_ai.errors import ParameterError, StateError
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.library import backtest, sweep
from trading_ai.metrics.catalog import METRIC_COLUMN
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.optimization.records import WALK_FORWARD
from trading_ai.robustness.instant_walk_forward import walk_forward
from trading_ai.studies.exact_walk_forward import MAX_WINDOWS, WalkForwardService, WalkForwardSpec
from trading_ai.studies.stitching import stitch

SPACE = space_of("fast=3:9:3", "stop_loss=10:40:15", "take_profit=20:60:20")


def hourly(n_days: int, seed: int):
    """Bars of every hour from 14:00 to a midnight, so that each day has its evening."""
    rng, n = np.random.default_rng(seed), 24 * n_days + 10
    close = np.round(1.1 * np.exp(np.cumsum(rng.normal(0, 8e-4, n))), 5)
    open_ = np.r_[1.1, close[:-1]]
    spread = np.abs(rng.normal(0, 3e-4, n))
    return bars_of(np.c_[open_, np.maximum(open_, close) + spread, np.minimum(open_, close) - spread, close])


def service_of(home: House) -> WalkForwardService:
    return WalkForwardService(home.service, home.backtests)


def planned(home: House, bars, strategy="sma_crossover", space=SPACE, size="6W/2W", **changes):
    own = {name: changes.pop(name) for name in ("sizing", "start", "end") if name in changes}
    kept = {name: changes.pop(name) for name in ("anchored", "compare") if name in changes}
    base, _ = home.backtests.run(BacktestSpec(strategy, {"stop_loss": 30}, home.add(bars), **own))
    search = OptimizationSpec(base.backtest_id, space, **({"objective": "net_profit"} | changes))
    service = service_of(home)
    return service, service.plan(WalkForwardSpec(search, size, **kept))


def run_all(service, plan):
    for part in plan.parts:
        assert service.run(part).status == "completed"
    return stitch(service, plan)


@pytest.mark.parametrize(
    ("ends", "sizing"),
    [({}, Sizing()), ({"start": "2017-01-20", "end": "2017-05-01T12:00"}, Sizing("risk_percent", 1.0))],
)
def test_every_window_is_a_sweep_and_a_backtest_of_its_dates(house, ends, sizing):  # noqa: F811
    bars = random_bars(3_000, 5, volatility=6e-4)
    service, plan = planned(house, bars, sizing=sizing, **ends)
    found = run_all(service, plan)
    options = {"slow": 30, "sizing": sizing, "objective": "net_profit"}
    searched = {axis.name: axis.values for axis in SPACE.axes}
    for training, (start, end), w in zip(plan.trainings, plan.tests, found.windows, strict=True):
        assert training.backtest.end == start
        window = {"start": training.backtest.start, "end": training.backtest.end}
        learnt = sweep(bars, "sma_crossover", **options, **searched, **window)
        assert w.parameters == learnt.best
        assert w.in_sample == pytest.approx(learnt.metrics[learnt.order[0], METRIC_COLUMN["net_profit"]])
        del options["objective"]
        alone = backtest(bars, "sma_crossover", **options, **learnt.best, start=start, end=end)
        options["objective"] = "net_profit"
        assert w.out_of_sample_profit == pytest.approx(alone.daily_profit.sum())
        assert w.n_trades == len(alone.trades)
        assert house.store.backtest(w.backtest_id).metrics["net_profit"] == alone.metrics["net_profit"]
    whole = sweep(bars, "sma_crossover", **options, **searched, **ends, keep_daily_profit=True)
    instant = walk_forward(whole.daily_profit, whole.evaluator.day_numbers, "6W/2W", objective="net_profit")
    assert found.instant_net_profit == instant.net_profit
    np.testing.assert_array_equal(found.instant_daily_profit, instant.daily_profit)
    np.testing.assert_array_equal(found.day_numbers, instant.day_numbers)
    assert found.net_profit == pytest.approx(sum(w.out_of_sample_profit for w in found.windows))
    assert found.net_profit != found.instant_net_profit  # positions are open at borders here


def test_the_costs_that_are_stated_are_those_of_the_windows(house):  # noqa: F811
    # The base has no costs: what the winners were charged is what counts, and each window may have another winner.
    space = space_of("fast=3:9:3", "spread_pips=1,2")
    service, plan = planned(house, random_bars(2_500, 5), space=space, compare=False)
    found = run_all(service, plan)
    spreads = {int(w.parameters["spread_pips"]) for w in found.windows}
    assert spreads
    said = found.costs_stated.split("; in other windows ")
    assert len(said) == len(spreads)
    assert {int(text.removeprefix("spread ")[0]) for text in said} == spreads


def test_what_is_complete_is_not_run_again(house):  # noqa: F811
    service, plan = planned(house, random_bars(2_500, 5))
    found = run_all(service, plan)
    names = [o.name for o in house.store.optimizations()]
    assert len(names) == len(plan.parts) == len(set(names))
    assert all(name.startswith(WALK_FORWARD) and name.endswith(plan.base.backtest_id[:8]) for name in names)
    n_backtests = len(house.store.backtests())
    assert house.store.backtest("latest").backtest_id == plan.base.backtest_id

    again = service_of(house)
    repeated = again.plan(plan.spec)
    reported: list[object] = []
    for part in repeated.parts:
        again.run(part, report=reported.append)
    assert reported == []
    assert stitch(again, repeated).to_json() == found.to_json()
    assert len(house.store.optimizations()) == len(plan.parts)
    assert len(house.store.backtests()) == n_backtests
    other = again.plan(replace(plan.spec, search=replace(plan.spec.search, objective="sharpe_ratio")))
    assert all(again.found(part) is None for part in other.parts)


def test_a_training_that_was_stopped_goes_on(house):  # noqa: F811
    service, plan = planned(house, random_bars(2_500, 5), compare=False)
    seen: list[int] = []
    stopped = service.run(
        plan.trainings[0], report=lambda progress: seen.append(progress.n_completed), stop=lambda: bool(seen)
    )
    assert stopped.status == "paused"
    assert 0 < stopped.n_completed < stopped.n_total
    with pytest.raises(StateError, match="is paused: the walk-forward is not complete"):
        stitch(service, plan)
    finished = service_of(house).run(plan.trainings[0])
    assert (finished.optimization_id, finished.status) == (stopped.optimization_id, "completed")
    with pytest.raises(StateError, match="is not begun"):
        stitch(service, plan)


def test_what_was_cancelled_says_how_to_go_on(house):  # noqa: F811
    service, plan = planned(house, random_bars(2_500, 5))
    begun = service.begin(plan.trainings[0])
    assert begun.status == "running"
    assert service.begin(plan.trainings[0]).optimization_id == begun.optimization_id
    house.service.cancel(begun.optimization_id)
    with pytest.raises(StateError, match=f"trading-ai delete {begun.optimization_id[:8]}"):
        service.run(plan.trainings[0])


def test_a_window_in_which_nothing_holds_the_conditions_is_flat(house):  # noqa: F811
    service, plan = planned(house, random_bars(2_500, 5), constraints=("total_trades >= 10000",))
    found = run_all(service, plan)
    assert all(w.parameters is None and w.backtest_id is None and w.n_trades == 0 for w in found.windows)
    assert (found.net_profit, found.n_distinct) == (0.0, 0)
    assert "the instant form knows no conditions on results" in found.notes
    told = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert told["efficiency"] is None
    assert told["drift"] == dict.fromkeys(SPACE.names)


def test_windows_have_no_floor_of_trades(house):  # noqa: F811
    service, plan = planned(house, random_bars(2_500, 5), min_trades=500)
    assert [part.search.min_trades for part in plan.parts] == [0] * len(plan.parts)
    assert any(w.parameters is not None for w in run_all(service, plan).windows)


def test_without_the_instant_form(house):  # noqa: F811
    service, plan = planned(house, random_bars(2_500, 5), compare=False)
    assert plan.parts == plan.trainings
    found = run_all(service, plan)
    assert (found.instant_net_profit, found.n_same, found.windows[0].instant_parameters) == (None, None, None)


@pytest.mark.parametrize(("size", "remedy"), [("24M/6M", "a shorter training"), ("1D/1D", "longer tests")])
def test_windows_that_do_not_fit_are_refused(house, size, remedy):  # noqa: F811
    n = 24 * (MAX_WINDOWS + 60)
    with pytest.raises(ParameterError, match=remedy):
        planned(house, bars_of([(1.1, 1.1, 1.1, 1.1)] * n), size=size)
    assert house.store.optimizations() == []
