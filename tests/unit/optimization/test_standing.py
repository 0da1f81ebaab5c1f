"""What ranks, what never does, and what is said of it: by hand, and over stores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.driving.test_service import EXITS, house, started  # noqa: F401
from trading_ai.errors import NoWinnerError, ParameterError
from trading_ai.evaluation.identity import Identity
from trading_ai.evaluation.model import EvaluatedChunk
from trading_ai.metrics.catalog import METRIC_COLUMN, METRICS
from trading_ai.optimization import objective as objectives
from trading_ai.optimization import standing
from trading_ai.optimization.cautions import said_of_optimization
from trading_ai.optimization.judging import Judge
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.optimization.objective import Objective, feasible
from trading_ai.optimization.standing import why_nothing_ranks, winner_of_rank

N = EXITS.n_combinations


def table(**columns):
    made = np.full((len(next(iter(columns.values()))), len(METRICS)), np.nan)
    for name, values in columns.items():
        made[:, METRIC_COLUMN[name]] = values
    return made


def test_a_trial_that_lost_money_scores_at_most_its_return():
    # A mean of daily returns can be above zero in an account that lost: what the money did decides.
    metrics = table(sharpe_ratio=[0.4, 0.3, -2.0, 0.1, np.nan], return_percent=[-67.0, -1.0, -1.0, 5.0, -3.0])
    sharpe = Objective.parse("sharpe_ratio")
    np.testing.assert_allclose(sharpe.scores(metrics), [-0.67, -0.01, -0.01, 0.1, np.nan])
    np.testing.assert_array_equal(sharpe.measured(metrics), metrics[:, METRIC_COLUMN["sharpe_ratio"]])
    np.testing.assert_allclose(Objective.parse("plateau").own.scores(metrics), [-0.67, -0.01, -0.01, 0.1, np.nan])
    np.testing.assert_allclose(Objective.parse("plateau(sharpe_ratio)").scores(metrics), sharpe.scores(metrics))


def test_an_objective_that_promises_no_profit_is_left_as_it_is():
    metrics = table(win_rate=[90.0, 40.0], return_percent=[-50.0, 5.0], sharpe_ratio=[1.0, 2.0])
    assert Objective.parse("win_rate").scores(metrics).tolist() == [90.0, 40.0]
    assert Objective.parse("sharpe_ratio * 2").scores(metrics).tolist() == [2.0, 4.0]


@example([(0.0, 1.0), (1.0, -5e-324)])
@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-99, 300)), min_size=2, max_size=20))
def test_who_lost_money_never_leads_who_earned(trials):
    ratios, changes = zip(*trials, strict=True)
    # An account that grew has a positive mean of returns.
    ratios = [abs(r) + 1e-9 if change > 0 else r for r, change in trials]
    scores = Objective.parse("sharpe_ratio").scores(table(sharpe_ratio=ratios, return_percent=changes))
    won, lost = scores[np.array(changes) > 0], scores[np.array(changes) < 0]
    if won.size and lost.size:
        assert won.min() > lost.max()


def test_a_ruined_account_ranks_below_everything(monkeypatch):
    monkeypatch.setattr(objectives, "METRIC_COLUMN", {**METRIC_COLUMN, "ruined": METRIC_COLUMN["skipped_entries"]})
    metrics = table(net_profit=[100.0, -500.0, 3.0], total_trades=[50, 50, 50], skipped_entries=[1.0, 0.0, 0.0])
    assert Objective.parse("net_profit").scores(metrics).tolist() == [-np.inf, -500.0, 3.0]
    assert feasible((), metrics).tolist() == [False, True, True]


def saved(home, metrics, **spec):
    """An optimization with these metrics instead of a run's."""
    plan = started(home, **spec)
    record = home.service.begin(plan)
    identity = Identity("1", "", ())
    chunk = EvaluatedChunk(np.arange(metrics.shape[0]), metrics, {}, None, made_by=identity)
    Judge(home.store, record.optimization_id, record.spec, identity).save(chunk)
    return home.store.optimization(record.optimization_id)


def test_few_trades_do_not_rank_however_good_they_look(house):  # noqa: F811
    metrics = table(sharpe_ratio=[9.0, 1.0, 2.0], total_trades=[9, 10, 300], return_percent=[50.0, 1.0, 2.0])
    record = saved(house, metrics)
    assert record.spec.min_trades == 10
    page = house.store.ranked(record.optimization_id, 10)
    assert page.indices.tolist() == [2, 1, 0]
    assert page.feasible.tolist() == [True, True, False]
    assert record.best_index == 2
    with pytest.raises(NoWinnerError, match=r"rank 3 does not rank: it breaks total_trades >= 10 .*is 9"):
        winner_of_rank(house.store, record, 3)
    assert winner_of_rank(house.store, record, 2).indices.tolist() == [1]
    lifted = saved(house, metrics, min_trades=0)
    assert lifted.best_index == 0
    assert any("9 trades" in line for line in said_of_optimization(house.store, lifted).warnings)


def test_where_nothing_holds_every_condition_there_is_no_winner(house):  # noqa: F811
    metrics = table(
        sharpe_ratio=[9.0, 1.0, 2.0], total_trades=[9, 4, 1], profit_factor=[1.1, 1.3, np.nan],
        return_percent=[5.0, 1.0, 2.0],
    )  # fmt: skip
    record = saved(house, metrics, constraints=("profit_factor >= 1.5",))
    assert record.best_index is None
    found = " ".join(why_nothing_ranks(house.store, record))
    assert "3 of 3 break profit_factor >= 1.5 (--where), the nearest has 1.3, in 1 it is undefined" in found
    assert (
        "3 of 3 break total_trades >= 10 (min_trades, the floor that --min-trades 0 lifts), the nearest has 9" in found
    )
    with pytest.raises(NoWinnerError, match="No trial can be ranked"):
        winner_of_rank(house.store, record, 1)


def test_the_best_of_losers_is_called_one(house):  # noqa: F811
    metrics = table(
        sharpe_ratio=[0.4, -1.0], total_trades=[90, 90], return_percent=[-67.0, -82.0], win_rate=[50.0, 50.0]
    )
    record = saved(house, metrics)
    assert record.best_index == 0  # -67 % against -82 %
    said = " ".join(said_of_optimization(house.store, record).warnings)
    assert "lost money: -67.00 % of 10,000.00 USD, although its sharpe_ratio is 0.40" in said
    assert "No trial that ranks made money" in said


def test_the_floor_is_kept_with_the_optimization():
    spec = OptimizationSpec("id", EXITS, min_trades=25)
    assert OptimizationSpec.from_json(spec.to_json()).min_trades == 25
    older = {name: value for name, value in spec.to_json().items() if name != "min_trades"}
    assert OptimizationSpec.from_json(older).min_trades == 0  # it was ranked without one
    assert [str(each) for each in spec.conditions] == ["total_trades >= 25"]
    with pytest.raises(ParameterError, match="min_trades: must be 0 or more"):
        OptimizationSpec("id", EXITS, min_trades=-1)


def test_ruined_trials_are_counted(house, monkeypatch):  # noqa: F811
    columns = {**METRIC_COLUMN, "ruined": METRIC_COLUMN["skipped_entries"]}
    for module in (objectives, standing):
        monkeypatch.setattr(module, "METRIC_COLUMN", columns)
    metrics = table(
        net_profit=[100.0, 5.0, 3.0], total_trades=[50, 50, 50], return_percent=[1.0, 0.1, 0.1],
        skipped_entries=[1.0, 0.0, 1.0],
    )  # fmt: skip
    record = saved(house, metrics, objective="net_profit")
    assert record.best_index == 1
    assert house.store.ranked(record.optimization_id, 3).indices.tolist() == [1, 0, 2]
    done = replace(record, status="completed")
    assert any("2 of 3 trials ruined" in line for line in said_of_optimization(house.store, done).warnings)
    with pytest.raises(NoWinnerError, match="it ruined the account"):
        winner_of_rank(house.store, record, 2)
