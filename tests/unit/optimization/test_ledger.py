"""The ledger answers exactly what is the same, with exactly the same numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.driving.test_service import EXITS, House, house, space_of  # noqa: F401
from trading_ai.driving.here import Progress
from trading_ai.engine.costs import Costs
from trading_ai.errors import ParameterError
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.optimization.shape import shape_columns


def backtest(home: House, **parameters: object):
    record, _ = home.backtests.run(BacktestSpec("sma_crossover", parameters, home.add()))  # type: ignore[arg-type]
    return record


class Counted:
    """How many trials a start ran itself."""

    def __init__(self) -> None:
        self.n_before, self.n_after = 0, 0

    def started(self, record) -> None:
        self.n_before = record.n_completed

    def report(self, progress: Progress) -> None:
        self.n_after = progress.n_completed


def run(home: House, spec: OptimizationSpec):
    counted = Counted()
    record = home.service.start(home.service.plan(spec), started=counted.started, report=counted.report)
    assert record.status == "completed"
    return record, counted.n_before


def metrics_of(home: House, record):
    page = home.store.ranked(record.optimization_id, 1000)
    order = np.argsort(page.indices)
    return page.indices[order], page.metrics[order]


def test_the_same_again_runs_nothing(house):  # noqa: F811
    base = backtest(house)
    first, n_known = run(house, OptimizationSpec(base.backtest_id, EXITS))
    assert n_known == 0
    again, n_known = run(house, OptimizationSpec(base.backtest_id, EXITS, objective="net_profit"))
    assert n_known == again.n_total == again.n_completed
    for one, other in zip(metrics_of(house, first), metrics_of(house, again), strict=True):
        np.testing.assert_array_equal(one, other)
    _, n_known = run(house, OptimizationSpec(base.backtest_id, EXITS, reuse=False))
    assert n_known == 0


def test_overlapping_spaces_with_other_axes_and_steps(house):  # noqa: F811
    base = backtest(house, fast=10, slow=30)
    run(house, OptimizationSpec(base.backtest_id, space_of("take_profit=20:60:10", "stop_loss=10:40:5")))
    other = backtest(house, fast=10, take_profit=40)
    wider = space_of("slow=20:40:10", "stop_loss=5:40:5")
    record, n_known = run(house, OptimizationSpec(other.backtest_id, wider))
    assert n_known == 7  # slow=30, stop_loss 10..40 by 5, at take_profit=40
    fresh, _ = run(house, OptimizationSpec(other.backtest_id, wider, reuse=False))
    for one, two in zip(metrics_of(house, record), metrics_of(house, fresh), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("change", ["costs", "capital", "parameter", "start", "end"])
def test_what_differs_is_not_the_same(house, change):  # noqa: F811
    base = backtest(house)
    run(house, OptimizationSpec(base.backtest_id, EXITS))
    spec = base.spec
    changed = {
        "costs": replace(spec, costs=Costs(spread_pips=3.0)),
        "capital": replace(spec, capital=20_000.0),
        "start": replace(spec, start="2017-01-05"),
        "end": replace(spec, end="2017-01-12"),
        "parameter": replace(spec, parameters={"fast": 11}),
    }[change]
    other, _ = house.backtests.run(changed)
    _, n_known = run(house, OptimizationSpec(other.backtest_id, EXITS))
    assert n_known == 0


def test_daily_profits_that_were_not_kept_are_run_again(house):  # noqa: F811
    base = backtest(house)
    run(house, OptimizationSpec(base.backtest_id, EXITS))
    kept, n_known = run(house, OptimizationSpec(base.backtest_id, EXITS, keep_daily_profit=True))
    assert n_known == 0
    again, n_known = run(house, OptimizationSpec(base.backtest_id, EXITS, keep_daily_profit=True))
    assert n_known == again.n_total
    rows = [
        {i: row for found, days in house.store.daily_profits(r.optimization_id) for i, row in zip(found, days)}  # noqa: B905
        for r in (kept, again)
    ]
    assert rows[0].keys() == rows[1].keys()
    for index, row in rows[0].items():
        np.testing.assert_array_equal(row, rows[1][index])


def test_a_method_that_learns_begins_with_what_is_known(house):  # noqa: F811
    base = backtest(house)
    run(house, OptimizationSpec(base.backtest_id, EXITS, method="random_search", max_iterations=10))
    spec = OptimizationSpec(base.backtest_id, EXITS, method="bayesian", max_iterations=6, batch_size=2, warm_start=True)
    record, n_known = run(house, spec)
    assert (n_known, record.n_total, record.n_completed) == (10, 16, 16)
    _, n_known = run(house, replace(spec, warm_start=False))
    assert n_known == 0


@pytest.mark.parametrize("keep", [False, True])
def test_a_method_that_learns_does_not_run_what_was_tried(house, keep):  # noqa: F811
    base = backtest(house)
    spec = OptimizationSpec(
        base.backtest_id, EXITS, method="bayesian", max_iterations=12, batch_size=4, keep_daily_profit=keep
    )
    plain, _ = run(house, replace(spec, reuse=False))
    assert plain.n_reused == 0
    again, _ = run(house, spec)
    assert (again.status, again.n_completed, again.n_reused) == ("completed", 12, 12)  # the same seed, the same trials
    some, _ = run(house, replace(spec, seed=5, max_iterations=16))
    assert (some.status, some.n_completed) == ("completed", 16)
    assert 0 < some.n_reused < 16
    fresh, _ = run(house, replace(spec, seed=5, max_iterations=16, reuse=False))
    pages = [house.store.ranked(r.optimization_id, 100) for r in (some, fresh)]
    assert pages[0].indices.tolist() == pages[1].indices.tolist()  # as if they had been run
    np.testing.assert_array_equal(pages[0].metrics, pages[1].metrics)


def test_conditions_on_parameters_shrink_the_space(house):  # noqa: F811
    base = backtest(house)
    spec = OptimizationSpec(
        base.backtest_id, EXITS, parameter_constraints=("stop_loss * 2 <= take_profit", "fast < 50")
    )
    plan = house.service.plan(spec)
    kept = [EXITS.combination(i) for i in plan.indices.tolist()]
    assert plan.n_left_out == EXITS.n_combinations - len(kept) > 0
    assert all(c["stop_loss"] * 2 <= c["take_profit"] for c in kept)
    with pytest.raises(ParameterError, match="no combination keeps"):
        house.service.plan(replace(spec, parameter_constraints=("stop_loss > take_profit + 100",)))
    with pytest.raises(ParameterError, match="quick is not known"):
        house.service.plan(replace(spec, parameter_constraints=("quick < slow",)))


def test_stagnation_ends_a_search(house):  # noqa: F811
    base = backtest(house)
    spec = OptimizationSpec(base.backtest_id, EXITS, objective="0 * total_trades", stagnation=8, reuse=False)
    record, _ = run(house, spec)
    assert record.n_completed < record.n_total
    assert "no better one in" in record.message
    with pytest.raises(ParameterError, match=r"stagnation.*above zero"):
        house.service.plan(replace(spec, stagnation=0))


def test_columns_of_a_ranked_table(house):  # noqa: F811
    base = backtest(house)
    record, _ = run(house, OptimizationSpec(base.backtest_id, EXITS, objective="max_drawdown", keep_daily_profit=True))
    page = house.store.ranked(record.optimization_id, 1000)
    columns = shape_columns(house.store, record, page.indices)
    assert list(columns) == ["plateau", "sharpe_first_75", "sharpe_last_25"]
    # One trial by hand: the median of its objective and its neighbours'.
    index = EXITS.index_of({"stop_loss": 10, "take_profit": 20})
    near = [EXITS.index_of({"stop_loss": s, "take_profit": t}) for s in (10, 15) for t in (20, 30)]
    values = dict(zip(page.indices.tolist(), page.metrics[:, 21].tolist(), strict=True))
    row = page.indices.tolist().index(index)
    assert columns["plateau"][row] == pytest.approx(np.median([values[i] for i in near]), rel=1e-12)
    days = {i: d for found, many in house.store.daily_profits(record.optimization_id) for i, d in zip(found, many)}  # noqa: B905
    profit = days[index].astype(np.float64)
    late = profit[int(profit.size * 0.75) :]
    expected = late.mean() / late.std(ddof=1) * np.sqrt(252)
    assert columns["sharpe_last_25"][row] == pytest.approx(expected, rel=1e-12, nan_ok=True)
