"""Which trial is better, worked out by hand."""

from __future__ import annotations

from math import nan
from types import SimpleNamespace

import numpy as np
import pytest

from trading_ai.errors import ParameterError
from trading_ai.expressions import parse_expression
from trading_ai.metrics.catalog import METRICS
from trading_ai.optimization.ranking import best_of, rank, trial_of_rank, valid_indices
from trading_ai.optimization.records import TrialPage
from trading_ai.parameters import Choices, ParameterRange, SearchSpace
from trading_ai.strategies.sma_crossover import SmaCrossover

PROFIT, LOSS = 0, 2


def conditions(*texts):
    return [parse_expression(text, None, parameter="parameter_constraints", condition=True) for text in texts]


def page(indices, profits, errors=None, feasible=None) -> TrialPage:
    """Trials with a net profit each, and ten times that as another metric."""
    metrics = np.zeros((len(indices), len(METRICS)))
    metrics[:, PROFIT] = profits
    metrics[:, LOSS] = 10.0 * np.array(profits)
    held = np.ones(len(indices), dtype=bool) if feasible is None else np.array(feasible)
    return TrialPage(np.array(indices, dtype=np.int64), metrics, held, errors or {})


# --- ranks ------------------------------------------------------------------------------------------------


def test_rank_is_best_first_with_undefined_last_and_ties_in_order():
    values = np.array([1.0, nan, 3.0, -2.0, 3.0])
    assert rank(values, 1).tolist() == [2, 4, 0, 3, 1]
    assert rank(values, -1).tolist() == [3, 0, 2, 4, 1]
    assert rank(np.array([5.0, 4.0]), 0).tolist() == [1, 0]  # no way is better: ascending
    assert rank(np.empty(0), 1).tolist() == []


class Ranked:
    """A store whose trials 7, 3 and 9 are ranked so."""

    def __init__(self) -> None:
        self.asked = []

    def ranked(self, optimization_id, limit, offset):
        self.asked.append((optimization_id, limit, offset))
        return page([7, 3, 9], [30.0, 20.0, 10.0]).part(slice(offset, offset + limit))


def test_the_trial_of_a_rank():
    store, record = Ranked(), SimpleNamespace(optimization_id="o1", n_completed=3)
    assert [trial_of_rank(store, record, r).indices.tolist() for r in (1, 2, 3)] == [[7], [3], [9]]
    assert store.asked == [("o1", 1, 0), ("o1", 1, 1), ("o1", 1, 2)]
    for wrong in (0, -1, 4):
        with pytest.raises(ParameterError, match=r"rank.*1\.\.3|1\.\.3.*rank"):
            trial_of_rank(store, record, wrong)
    assert len(store.asked) == 4  # below 1 there is nothing to ask


# --- the best -----------------------------------------------------------------------------------------------


def test_the_best_holds_the_constraints_and_has_a_score():
    indices, scores = np.array([10, 11, 12, 13]), np.array([4.0, nan, 9.0, 5.0])
    assert best_of(indices, scores, np.array([True, True, True, True])) == (12, 9.0)
    assert best_of(indices, scores, np.array([True, True, False, True])) == (13, 5.0)
    assert best_of(indices, scores, np.array([False, True, False, False])) is None
    assert best_of(indices, scores, np.zeros(4, dtype=bool)) is None


def test_of_equal_scores_the_lower_index_is_the_best():
    assert best_of(np.array([8, 3, 5]), np.array([2.0, 2.0, 1.0]), np.ones(3, dtype=bool)) == (3, 2.0)


# --- which combinations are left ----------------------------------------------------------------------------


def space(**ranges) -> SearchSpace:
    return SearchSpace(tuple(ParameterRange(name, *ends) for name, ends in ranges.items()))


def combinations(found, of: SearchSpace) -> list[tuple]:
    return [tuple(of.combination(int(i)).values()) for i in found]


def test_a_strategys_rule_is_kept_between_two_axes():
    axes = space(fast=(10, 30, 10), slow=(10, 30, 10))  # fast must be below slow
    found = valid_indices(SmaCrossover(), axes, {})
    assert combinations(found, axes) == [(10, 20), (10, 30), (20, 30)]
    assert found.dtype == np.int64


def test_a_rule_between_an_axis_and_a_fixed_value():
    fast = space(fast=(10, 30, 10))
    assert combinations(valid_indices(SmaCrossover(), fast, {"slow": 30}), fast) == [(10,), (20,)]
    slow = space(slow=(10, 30, 10))
    assert combinations(valid_indices(SmaCrossover(), slow, {"fast": 10}), slow) == [(20,), (30,)]


def test_rules_of_fixed_values_are_checked_once():
    stops = space(stop_loss=(10, 30, 10))
    assert valid_indices(SmaCrossover(), stops, {"fast": 10, "slow": 30}).tolist() == [0, 1, 2]
    with pytest.raises(ParameterError, match="sma_crossover"):
        valid_indices(SmaCrossover(), stops, {"fast": 30, "slow": 10})


def test_conditions_of_axes_and_fixed_values():
    axes = space(fast=(10, 30, 10), slow=(20, 60, 20))
    fixed = {"stop_loss": 25.0}
    kept = valid_indices(SmaCrossover(), axes, fixed, conditions("fast * 2 <= slow"))
    assert combinations(kept, axes) == [(10, 20), (10, 40), (10, 60), (20, 40), (20, 60), (30, 60)]
    kept = valid_indices(SmaCrossover(), axes, fixed, conditions("fast * 2 <= slow", "slow > stop_loss"))
    assert combinations(kept, axes) == [(10, 40), (10, 60), (20, 40), (20, 60), (30, 60)]


def test_a_condition_without_a_rule():
    stops = space(stop_loss=(10, 30, 10), take_profit=(10, 30, 10))
    kept = valid_indices(SmaCrossover(), stops, {"fast": 10, "slow": 30}, conditions("take_profit > stop_loss"))
    assert combinations(kept, stops) == [(10, 20), (10, 30), (20, 30)]


def test_a_condition_of_words():
    axes = SearchSpace((Choices("timeframe", ("H1", "H4")), ParameterRange("stop_loss", 10, 20, 10)))
    kept = valid_indices(SmaCrossover(), axes, {"fast": 10, "slow": 30}, conditions("stop_loss > 10"))
    assert combinations(kept, axes) == [("H1", 20), ("H4", 20)]


def test_nothing_left_is_refused_with_what_left_nothing():
    axes = space(fast=(30, 50, 10), slow=(10, 20, 10))
    with pytest.raises(ParameterError, match="no combination has fast below slow"):
        valid_indices(SmaCrossover(), axes, {})
    good = space(fast=(10, 20, 10), slow=(30, 40, 10))
    with pytest.raises(ParameterError, match="no combination keeps every condition") as refused:
        valid_indices(SmaCrossover(), good, {}, conditions("slow > 100"))
    assert "slow > 100" in str(refused.value)
    with pytest.raises(ParameterError, match="parameter_constraints"):
        valid_indices(SmaCrossover(), good, {}, conditions("slow >"))
