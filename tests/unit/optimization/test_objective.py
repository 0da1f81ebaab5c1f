"""Objectives and constraints."""

from __future__ import annotations

import numpy as np
import pytest

from trading_ai.errors import InputError, ParameterError
from trading_ai.metrics.catalog import METRIC_COLUMN, METRICS
from trading_ai.optimization.objective import Constraint, Objective, feasible


def rows(**columns):
    table = np.full((len(next(iter(columns.values()))), len(METRICS)), np.nan)
    for name, values in columns.items():
        table[:, METRIC_COLUMN[name]] = values
    return table


def test_larger_scores_are_better_whatever_the_metric():
    table = rows(sharpe_ratio=[1.0, 2.0, np.nan], max_drawdown=[5.0, 9.0, np.inf])
    np.testing.assert_array_equal(Objective.parse("sharpe_ratio").scores(table), [1.0, 2.0, np.nan])
    np.testing.assert_array_equal(Objective.parse("max_drawdown").scores(table), [-5.0, -9.0, np.nan])
    assert Objective.parse("max_drawdown").value(-5.0) == 5.0


def test_unknown_objective_lists_the_known_ones():
    with pytest.raises(ParameterError, match="sharpe_ratio"):
        Objective.parse("sharp")


def test_a_metric_without_a_better_side_is_no_objective():
    with pytest.raises(ParameterError, match="neither more nor less"):
        Objective.parse("exposure_percent")


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("total_trades >= 30", [False, True, True, False]),
        ("total_trades > 30", [False, False, True, False]),
        ("total_trades<=30", [True, True, False, False]),
        ("total_trades < 30", [True, False, False, False]),
        ("total_trades == 30.0", [False, True, False, False]),
        ("total_trades != 3e1", [True, False, True, False]),
    ],
)
def test_each_operator_and_nan_never_holds(text, held):
    table = rows(total_trades=[10, 30, 50, np.nan])
    assert Constraint.parse(text).holds(table).tolist() == held


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("total_trades", "METRIC OPERATOR NUMBER"),
        ("tardes >= 3", "Did you mean trades.* Use one of net_profit"),
        ("total_trades >= many", "many is not a number"),
        ("total_trades >= nan", "nan is not a number"),
        ("total_trades => 3", "METRIC OPERATOR NUMBER"),
        ("__import__('os') >= 3", "METRIC OPERATOR NUMBER"),
        ("total_trades >= 3 >= 2", "METRIC OPERATOR NUMBER"),
    ],
)
def test_wrong_constraints_are_refused(text, message):
    with pytest.raises(ParameterError, match=message.replace("(", r"\(")):
        Constraint.parse(text)


def test_a_failed_trial_is_never_feasible():
    table = rows(total_trades=[10, np.nan])
    assert feasible((), table).tolist() == [True, False]
    assert feasible((Constraint.parse("total_trades >= 11"),), table).tolist() == [False, False]


def test_a_formula_of_metrics():
    table = rows(net_profit=[100.0, 50.0, np.nan], max_drawdown=[9.0, 0.0, 1.0])
    objective = Objective.parse("net_profit / (1 + max_drawdown)")
    assert objective.better == 1
    np.testing.assert_array_equal(objective.scores(table), [10.0, 50.0, np.nan])


def test_the_default_fitness_of_ctrader():
    # netProfit * winningTrades / (1 + maxEquityDrawdown as a fraction)
    table = rows(net_profit=[1234.5], win_rate=[100.0 * 7 / 12], total_trades=[12], max_drawdown_percent=[25.0])
    np.testing.assert_allclose(Objective.parse("ctrader_fitness").scores(table), [1234.5 * 7 / 1.25], rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("net_profit +", "not a formula"),
        ("2 * 3", "names no metric"),
        ("net_profit > 3", "must be a number"),
        ("profit / 2", "profit is not known"),
        ("missing.py:score", "no such file"),
    ],
)
def test_formulas_that_cannot_be(text, message):
    with pytest.raises(InputError, match=message):
        Objective.parse(text)
