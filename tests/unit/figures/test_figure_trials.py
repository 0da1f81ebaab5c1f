from __future__ import annotations

import numpy as np

from trading_ai.figures.distribution import objective_distribution
from trading_ai.figures.parallel import parallel_coordinates
from trading_ai.figures.pareto import pareto_front
from trading_ai.figures.sampling import best_and_even_sample
from trading_ai.figures.scatter import profit_against_drawdown
from trading_ai.figures.surface import parameter_surface
from trading_ai.figures.walk_forward_windows import parameter_drift


def test_distribution_counts_every_trial_and_never_straddles_zero() -> None:
    values = np.random.default_rng(0).normal(0.2, 1, 5_000)
    values[:7] = np.nan
    figure = objective_distribution(values, metric="sharpe_ratio", net_profit=values)
    assert sum(figure.data[0].y) == 4_993
    edges = figure.data[0].customdata
    assert not ((edges[:, 0] < -1e-9) & (edges[:, 1] > 1e-9)).any()
    assert "5,000 trials" in figure.layout.title.text
    assert f"{100 * (values > 0).mean():.1f} % of them profitable" in figure.layout.title.text
    assert "7 trials without a defined result" in figure.layout.title.subtitle.text
    assert {t.name.split()[0] for t in figure.data if t.name} == {"zero", "median", "best"}


def test_distribution_of_ugly_values() -> None:
    outlier = np.r_[np.random.default_rng(0).normal(1, 0.1, 1_000), 1e9]
    figure = objective_distribution(outlier, metric="profit_factor", best=1.2)
    assert sum(figure.data[0].y) == 1_001
    assert "outliers" in figure.layout.title.subtitle.text
    assert max(figure.data[0].x) < 1e6
    for values in (np.array([2.0]), np.zeros(50), np.full(3, -1e-12)):
        assert sum(objective_distribution(values, metric="net_profit").data[0].y) == values.size
    empty = objective_distribution(np.full(3, np.nan), metric="net_profit")
    assert empty.layout.annotations[0].text == "no trial has a defined result"


def test_sample_holds_the_best_and_spreads_over_the_rest() -> None:
    values = np.random.default_rng(0).permutation(20_000).astype(float)
    values[0] = np.nan
    chosen = best_and_even_sample(values, 1, 1_000)
    assert chosen.size == 1_000
    assert np.unique(chosen).size == 1_000
    assert (np.diff(values[chosen]) > 0).all()
    assert values[chosen[-200:]].min() >= 19_999 - 201
    assert abs(np.median(values[chosen[:800]]) - 9_900) < 200
    assert values[best_and_even_sample(values, -1, 10)[-1]] == np.nanmin(values)


def test_parallel_draws_at_most_the_limit_and_says_so() -> None:
    rng = np.random.default_rng(1)
    m = 12_000
    columns = {"fast": rng.integers(5, 20, m), "mode": rng.choice(["a", "b"], m), "fixed": np.ones(m)}
    objective = rng.standard_normal(m)
    figure = parallel_coordinates(columns, objective, metric="sharpe_ratio")
    lines = sum(int(np.isnan(t.y).sum()) for t in figure.data if t.name is None and t.mode == "lines")
    assert lines == 400
    assert "400 of 12,000 trials" in figure.layout.title.subtitle.text
    assert list(figure.layout.xaxis.ticktext) == ["fast", "mode", "Sharpe ratio"]
    best = next(t for t in figure.data if t.name == "best")
    assert best.y[-1] == 1.0
    assert best.text[0] == f"fast {columns['fast'][objective.argmax()]}"


def test_parallel_draws_what_is_chosen_before_the_others() -> None:
    columns = {"fast": np.arange(600) % 30, "slow": np.arange(600) // 30}
    objective = np.linspace(-1.0, 1.0, 600)
    chosen = columns["fast"] >= 20
    figure = parallel_coordinates(columns, objective, metric="sharpe_ratio", chosen=chosen)
    pale, *own = [t for t in figure.data if t.name is None]
    counts = [int(np.isnan(t.y).sum()) for t in (pale, *own)]
    assert counts[0] == 150
    assert sum(counts[1:]) == 200
    assert min(float(np.nanmin(t.y[0::4])) for t in own) == np.float32(20 / 29)
    assert "200 of 600 trials chosen" in figure.layout.title.subtitle.text
    assert next(t for t in figure.data if t.name == "best").y[0] == 1.0  # the best of those chosen
    assert figure.layout.meta["axes"][0]["labels"][-1] == "29"
    assert figure.layout.meta["axes"][0]["heights"][-1] == 1.0
    nothing = parallel_coordinates(columns, objective, metric="sharpe_ratio", chosen=np.zeros(600, np.bool_))
    assert sum(int(np.isnan(t.y).sum()) for t in nothing.data) == 150
    assert not [t for t in nothing.data if t.name == "best"]


def test_a_surface_has_the_numbers_of_the_map_holes_and_the_best() -> None:
    z = np.array([[1.0, 2.0, np.nan], [3.0, -1.0, 0.5]])
    figure = parameter_surface("fast", [5, 10, 20], "mode", ["a<b", "c"], z, metric="sharpe_ratio")
    np.testing.assert_array_equal(figure.data[0].z, z)
    assert figure.data[0].text[0][1] == "fast 10, mode a&lt;b"
    assert (figure.data[1].x[0], figure.data[1].z[0]) == (figure.data[0].x[0], 3.0)
    marked = parameter_surface("fast", [5, 10, 20], "mode", ["a<b", "c"], z, metric="sharpe_ratio", mark=(10, "c"))
    assert marked.data[1].z[0] == -1.0
    hole = parameter_surface("fast", [5, 10, 20], "mode", ["a<b", "c"], z, metric="sharpe_ratio", mark=(20, "a<b"))
    assert len(hole.data) == 1
    empty = parameter_surface("fast", [5], "slow", [9], np.full((1, 1), np.nan), metric="sharpe_ratio")
    assert empty.layout.annotations[0].text == "no trial has a result"


def test_parallel_without_results_or_parameters() -> None:
    nothing = parallel_coordinates({"a": np.arange(3)}, np.full(3, np.nan), metric="sharpe_ratio")
    assert nothing.layout.annotations[0].text == "no trial has a result"
    single = parallel_coordinates({"a": np.arange(1)}, np.ones(1), metric="sharpe_ratio")
    assert single.layout.annotations[0].text == "no parameter was varied"


def test_profit_against_drawdown() -> None:
    figure = profit_against_drawdown(np.array([1.0, np.nan, 3]), np.array([5.0, 6, 7]), np.array([8.0, 9, 10]), best=2)
    assert list(figure.data[0].y) == [1.0, 3.0]
    assert list(figure.data[0].customdata) == [8.0, 10.0]
    assert figure.data[1].x[0] == 7.0
    alike = profit_against_drawdown(np.array([1.0, 3]), np.array([5.0, 7]), np.array([8.0, 8]), best=1)
    assert alike.data[0].marker.colorscale is None
    assert "8 trades in every one" in alike.layout.title.subtitle.text


def test_the_front_is_joined_in_order_and_never_promises_more_than_there_is() -> None:
    profit, drawdown = np.array([5.0, 9.0, 7.0, 1.0, np.nan]), np.array([2.0, 8.0, 4.0, 9.0, 1.0])
    front = np.array([True, True, True, False, False])
    figure = pareto_front([profit, drawdown], ["net_profit", "max_drawdown"], [1, -1], front, best=1, currency="USD")
    others, joined, best = figure.data
    assert (list(joined.x), list(joined.y)) == ([2.0, 4.0, 8.0], [5.0, 7.0, 9.0])
    assert joined.line.shape == "hv"  # with a drawdown of up to 3, a profit of 5 is to be had, not one of 7
    assert (list(others.x), list(best.y)) == ([9.0], [9.0])
    assert "3 of 4 trials" in figure.layout.title.subtitle.text
    third = pareto_front([profit, drawdown, profit], ["a", "b", "c"], [1, 1, 1], front)
    assert third.data[1].mode == "markers"
    nothing = pareto_front([profit, drawdown], ["a", "b"], [1, 1], np.zeros(5, dtype=bool))
    assert nothing.layout.annotations[0].text == "no trial has every objective"


def test_drift_draws_a_line_for_each_parameter_with_its_values() -> None:
    days = np.array([17_000, 17_090, 17_180])
    figure = parameter_drift(
        days,
        {"fast": [5, 10, None], "stop_loss": [20, 20, 20]},
        {"fast": np.array([0.0, 1.0, np.nan]), "stop_loss": np.array([0.5, 0.5, 0.5])},
        size="12M/3M",
    )
    assert [line.name for line in figure.data] == ["fast", "stop_loss"]
    assert list(figure.data[0].text) == ["5", "10", "None"]
    assert list(figure.data[0].x) == ["2016-07-18", "2016-10-16", "2017-01-14"]
    assert "12M/3M" in figure.layout.title.text
    longer = parameter_drift(days, {"fast": [5, 10, 20]}, {"fast": np.array([0.0, 0.5, 1.0])}, size="1M/1M", end=17_200)
    assert list(longer.data[0].x)[-2:] == ["2017-01-14", "2017-02-03"]  # the last choice held until then
    assert list(longer.data[0].y) == [0.0, 0.5, 1.0, 1.0]
