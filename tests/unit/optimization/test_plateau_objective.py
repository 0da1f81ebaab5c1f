"""Ranking by the plateau: through the use cases, resumed, from the ledger, and in a notebook."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.driving.test_service import BARS, EXITS, house, paused_after, started  # noqa: F401
from trading_ai.errors import ParameterError
from trading_ai.library import sweep
from trading_ai.metrics.catalog import METRIC_COLUMN
from trading_ai.optimization.columns import objective_values, shape_columns
from trading_ai.optimization.objective import Objective
from trading_ai.robustness.plateau import plateau, well_surrounded
from trading_ai.studies.assessment import assess_optimization

OBJECTIVE = "plateau(net_profit)"


def expected(house, record):  # noqa: F811
    """Plateau scores worked out from the metrics of all trials."""
    pages = list(house.store.trials(record.optimization_id))
    indices = np.concatenate([p.indices for p in pages])
    profits = np.concatenate([p.metrics for p in pages])[np.argsort(indices), METRIC_COLUMN["net_profit"]]
    grid = profits.reshape(record.spec.space.shape)
    scores = np.full(grid.shape, np.nan)
    counts = np.zeros(grid.shape)
    for place in np.ndindex(grid.shape):
        around = grid[tuple(slice(max(p - 1, 0), p + 2) for p in place)]
        scores[place], counts[place] = np.median(around), around.size - 1
    return np.where(counts >= 0.5 * counts.max(), scores, np.nan).ravel()


def test_a_complete_optimization_is_ranked_by_its_plateaus(house):  # noqa: F811
    record = house.service.start(started(house, objective=OBJECTIVE))
    scores = expected(house, record)
    best = int(np.nanargmax(scores))
    assert (record.status, record.best_index, record.best_score) == ("completed", best, scores[best])
    page = house.store.ranked(record.optimization_id, 5)
    assert page.indices.tolist() == np.argsort(-np.nan_to_num(scores, nan=-np.inf), kind="stable")[:5].tolist()
    columns = shape_columns(house.store, record, page.indices)
    assert objective_values(record, page, columns).tolist() == scores[page.indices].tolist()
    by_profit = house.service.start(started(house, objective="net_profit"))
    assert by_profit.best_index != record.best_index


def test_the_ranking_is_the_same_after_a_pause(house):  # noqa: F811
    whole = house.service.start(started(house, objective=OBJECTIVE))
    record = paused_after(house, started(house, objective=OBJECTIVE, reuse=False), 2)
    profits = house.store.ranked(record.optimization_id, 14).metrics[:, METRIC_COLUMN["net_profit"]]
    assert profits.tolist() == sorted(profits.tolist(), reverse=True)  # until it is complete, the objective itself
    record = house.service.resume(record.optimization_id)
    assert (record.best_index, record.best_score) == (whole.best_index, whole.best_score)
    again = house.service.start(started(house, objective=OBJECTIVE))
    assert again.n_reused == 35
    assert (again.best_index, again.best_score) == (whole.best_index, whole.best_score)


def test_the_winner_is_studied_by_the_objective_itself(house):  # noqa: F811
    record = house.service.start(started(house, objective=OBJECTIVE, keep_daily_profit=True))
    found = assess_optimization(house.service, record.optimization_id)
    assert found.winner_index == record.best_index
    assert found.study.chosen_score == found.backtest.metrics["net_profit"]


def test_a_notebook_ranks_alike(house):  # noqa: F811
    record = house.service.start(started(house, objective=OBJECTIVE))
    axes = {axis.name: list(axis.values) for axis in EXITS.axes}
    made = sweep(BARS, "sma_crossover", objective=OBJECTIVE, **axes)
    assert made.best == record.spec.space.combination(record.best_index)
    assert np.nanmax(made.column(OBJECTIVE)) == record.best_score


def test_less_being_better_and_names():
    objective = Objective.parse("plateau(max_drawdown)")
    assert (objective.better, objective.plateau_of, objective.name) == (-1, "max_drawdown", "plateau(max_drawdown)")
    assert Objective.parse("plateau").plateau_of == "sharpe_ratio"
    assert Objective.parse("plateau(net_profit / (1 + max_drawdown))").plateau_of == "net_profit / (1 + max_drawdown)"


@pytest.mark.parametrize("text", ["plateau(plateau)", "plateau()", "plateau(nothing)", "plateau(net_profit) * 2"])
def test_other_plateaus_are_refused(text):
    with pytest.raises(ParameterError):
        Objective.parse(text)


def test_not_one_of_several(house):  # noqa: F811
    with pytest.raises(ParameterError, match="one of several"):
        started(house, objective=OBJECTIVE, more_objectives=("max_drawdown",))


def test_pick_and_ranking_agree():
    positions = np.array(list(np.ndindex(6, 5)))
    scores = np.random.default_rng(3).standard_normal(30)
    shape = plateau(positions, scores)
    assert int(np.nanargmax(well_surrounded(shape.score, shape.n_neighbours))) == shape.pick
