"""Optimizations of spaces that nobody can list."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.driving.test_service import House, house, space_of, started  # noqa: F401
from tests.unit.robustness.test_study import QUICK
from trading_ai.errors import ParameterError
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.parameters import SearchSpace
from trading_ai.search.registry import METHODS
from trading_ai.studies.assessment import assess_optimization

VAST = space_of("fast=2:1001:1", "slow=3:1002:1", "stop_loss=1:100:0.1", "take_profit=1:100:0.1")  # 10^12


@pytest.mark.parametrize("method", [name for name in METHODS if not METHODS[name].lists_all])
def test_a_space_of_a_million_millions_is_searched_by_methods_that_never_list_it(house, method):  # noqa: F811
    plan = started(house, VAST, method=method, max_iterations=40, parameter_constraints=("take_profit > stop_loss",))
    assert plan.n_total == 40
    assert plan.n_left_out == pytest.approx(0.75 * VAST.n_combinations, rel=0.1)
    asked = iter([False, True])
    record = house.service.start(plan, stop=lambda: next(asked, True))
    assert record.status == "paused"
    record = house.service.resume(record.optimization_id)
    assert (record.status, record.n_completed, record.n_total) == ("completed", 40, 40)
    indices = house.store.done_indices(record.optimization_id)
    assert np.unique(indices).size == 40
    for combination in map(VAST.combination, indices.tolist()):
        assert combination["fast"] < combination["slow"]
        assert combination["take_profit"] > combination["stop_loss"]
    found = assess_optimization(house.service, record.optimization_id, settings=QUICK)
    assert found.n_trials == 40
    again = house.service.plan(record.spec)
    told: list[int] = []
    house.service.start(again, started=lambda r: told.append(r.n_completed))
    assert told == [0 if METHODS[method].learns else 40]


def test_only_the_full_grid_has_a_limit(house):  # noqa: F811
    with pytest.raises(ParameterError, match=r"for a full grid.*random_search"):
        started(house, VAST)
    with pytest.raises(ParameterError, match="for a full grid"):
        started(house, VAST, max_iterations=10)
    with pytest.raises(ParameterError, match=r"more than 2\^62"):
        started(house, SearchSpace((*VAST.axes, *space_of("trailing_stop=1:1000:0.01", "time_exit=1:1000:1").axes)),
                method="genetic")  # fmt: skip
    assert started(house, VAST, method="genetic").n_total == 10_000


def test_a_warm_start_of_a_vast_space_takes_what_was_tried(house):  # noqa: F811
    first = house.service.start(started(house, VAST, method="random_search", max_iterations=30))
    backtest = house.store.optimization(first.optimization_id).spec.backtest_id
    spec = OptimizationSpec(backtest, VAST, method="bayesian", max_iterations=10, warm_start=True)
    second = house.service.start(house.service.plan(spec))
    assert (second.n_completed, second.n_reused) == (40, 30)
