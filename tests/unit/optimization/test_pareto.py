"""Several objectives in one search: what is stored, learned, shown and refused."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.driving.test_service import EXITS, House, house, space_of, started  # noqa: F401
from trading_ai.errors import ParameterError
from trading_ai.metrics.catalog import METRIC_COLUMN
from trading_ai.optimization.columns import shape_columns
from trading_ai.optimization.pareto import front_page, known_scores, on_front

BOTH = {"objective": "net_profit", "more_objectives": ("max_drawdown",)}


def test_the_front_of_a_grid(house):  # noqa: F811
    record = house.service.start(started(house, **BOTH))
    ranks, page = front_page(house.store, record)
    every = house.store.ranked(record.optimization_id, 100)
    profit, drawdown = (every.metrics[:, METRIC_COLUMN[name]] for name in ("net_profit", "max_drawdown"))
    expected = on_front(np.stack((profit, -drawdown), axis=1))
    assert 1 <= page.indices.size < every.indices.size
    assert ranks.tolist() == (np.flatnonzero(expected) + 1).tolist()
    assert page.indices.tolist() == every.indices[expected].tolist()
    np.testing.assert_array_equal(page.metrics, every.metrics[expected])
    assert ranks[0] == 1  # nothing beats the best by the first objective but one that equals it there
    shown = shape_columns(house.store, record, every.indices)["pareto"]
    assert shown.dtype == np.bool_
    assert shown.tolist() == expected.tolist()


def test_a_trial_that_breaks_a_condition_is_not_on_the_front(house):  # noqa: F811
    record = house.service.start(started(house, constraints=("total_trades >= 1000000",), **BOTH))
    assert front_page(house.store, record)[1].indices.size == 0


@pytest.mark.parametrize("method", ["genetic", "bayesian"])
def test_a_method_that_learns_is_told_every_objective(house, method):  # noqa: F811
    plan = started(
        house, space_of("stop_loss=10:100:5", "take_profit=10:100:5"), method=method, max_iterations=40, **BOTH
    )
    record = house.service.start(plan)
    assert record.status == "completed"
    indices, scores = known_scores(house.store, record)
    assert scores.shape == (40, 2)
    assert indices.tolist() == sorted(set(indices.tolist()))
    again = house.service.start(
        started(
            house,
            space_of("stop_loss=10:100:5", "take_profit=10:100:5"),
            method=method,
            max_iterations=40,
            objective="net_profit",
        )
    )
    assert house.store.done_indices(again.optimization_id).tolist() != indices.tolist()  # it did learn from both


def test_an_interrupted_search_goes_on(house):  # noqa: F811
    plan = started(house, method="genetic", max_iterations=30, batch_size=5, **BOTH)
    record = house.service.start(plan, stop=lambda: house.store.optimizations()[0].n_completed >= 10)
    assert record.status == "paused"
    assert house.service.resume(record.optimization_id).n_completed == 30


@pytest.mark.parametrize("method", ["gaussian_process", "cma_es", "coarse_to_fine"])
def test_a_method_of_one_objective_says_which_take_several(house, method):  # noqa: F811
    with pytest.raises(ParameterError, match=r"takes one objective.*genetic"):
        started(house, method=method, max_iterations=10, **BOTH)


def test_an_objective_that_is_unknown_or_given_twice_is_refused(house):  # noqa: F811
    with pytest.raises(ParameterError, match="given twice"):
        started(house, objective="net_profit", more_objectives=("net_profit",))
    with pytest.raises(ParameterError, match="is not a known metric"):
        started(house, objective="net_profit", more_objectives=("profit",))


def test_one_objective_has_no_front(house):  # noqa: F811
    record = house.service.start(started(house))
    with pytest.raises(ParameterError, match="has one objective"):
        front_page(house.store, record)
    assert "pareto" not in shape_columns(house.store, record, np.arange(3))
