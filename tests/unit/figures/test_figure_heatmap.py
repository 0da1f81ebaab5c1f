from __future__ import annotations

import numpy as np
import pytest

from trading_ai.errors import ParameterError
from trading_ai.figures.grid import aggregate, neighbourhood_median, plateau_mask
from trading_ai.figures.heatmap import parameter_heatmap
from trading_ai.figures.slices import parameter_slices

X, Y = np.arange(20, 81, 2), np.arange(40, 201, 10)


def hill(peak_x: float = 44, peak_y: float = 120) -> np.ndarray:
    return np.exp(-(((X - peak_x) / 20.0) ** 2) - ((Y[:, None] - peak_y) / 60.0) ** 2)


def names(figure) -> list[str]:
    return [trace.name for trace in figure.data if trace.name]


def test_shows_the_values_and_marks_the_best() -> None:
    z = hill()
    figure = parameter_heatmap("stop_loss", X, "take_profit", Y, z, metric="sharpe_ratio")
    np.testing.assert_array_equal(figure.data[0].z, z)
    np.testing.assert_array_equal(figure.data[0].x, X)
    best = next(trace for trace in figure.data if (trace.name or "").startswith("best"))
    assert (best.x[0], best.y[0]) == (44, 120)
    assert "best 1.000: stop_loss 44, take_profit 120" in names(figure)
    assert any("plateau" in name for name in names(figure))
    assert not figure.layout.annotations
    assert "no result" not in names(figure)


def test_less_is_better_for_a_drawdown() -> None:
    figure = parameter_heatmap("a", X, "b", Y, 5 - hill(), metric="max_drawdown_percent")
    best = next(trace for trace in figure.data if (trace.name or "").startswith("best"))
    assert (best.x[0], best.y[0]) == (44, 120)


def test_missing_results_are_grey_and_said() -> None:
    z = hill()
    z[0, 0], z[3, 3] = np.nan, np.inf
    figure = parameter_heatmap("a", X, "b", Y, z, metric="sharpe_ratio")
    assert np.isnan(figure.data[0].z[0, 0])
    assert np.isnan(figure.data[0].z[3, 3])
    assert "no result" in names(figure)


def test_nothing_but_missing_results() -> None:
    figure = parameter_heatmap("a", X, "b", Y, np.full((17, 31), np.nan), metric="sharpe_ratio")
    assert figure.layout.annotations[0].text == "no trial has a result"


def test_best_on_the_edge_is_annotated() -> None:
    figure = parameter_heatmap("stop_loss", X, "b", Y, hill(peak_x=80), metric="sharpe_ratio")
    assert "the best lies on the edge of" in figure.layout.title.subtitle.text
    assert not figure.layout.annotations  # a note within the figure would cover what it speaks of
    assert "stop_loss" in figure.layout.title.subtitle.text


def test_a_constant_metric_has_no_scale() -> None:
    figure = parameter_heatmap("a", X, "b", Y, np.full((17, 31), 215.0), metric="total_trades")
    assert figure.data[0].showscale is False
    assert "215 everywhere" in figure.layout.title.subtitle.text
    assert "edge" not in figure.layout.title.subtitle.text


def test_words_have_no_edge_and_equal_cells() -> None:
    figure = parameter_heatmap("mode", ["a", "b", "c"], "x", [1, 10, 1000], np.eye(3), metric="net_profit")
    assert not figure.layout.annotations
    assert list(figure.layout.xaxis.ticktext) == ["a", "b", "c"]
    assert list(figure.layout.yaxis.ticktext) == ["1", "10", "1000"]
    assert figure.data[0].text[2][1] == "b, 1000"


def test_wrong_shape_is_refused() -> None:
    with pytest.raises(ParameterError, match="shape"):
        parameter_heatmap("a", X, "b", Y, hill().T, metric="sharpe_ratio")


def test_one_cell() -> None:
    figure = parameter_heatmap("a", [5], "b", [7], np.array([[1.5]]), metric="sharpe_ratio")
    assert figure.data[0].z[0, 0] == 1.5


def test_neighbourhood_median_by_hand() -> None:
    z = np.array([[1.0, 2, 3], [4, np.nan, 6], [7, 8, 9]])
    median = neighbourhood_median(z)
    assert median[1, 1] == 5.0  # 1 2 3 4 6 7 8 9
    assert median[0, 0] == 2.0  # 1 2 4
    assert np.isnan(neighbourhood_median(np.full((2, 2), np.nan))).all()
    along_x = neighbourhood_median(z, y_ordered=False)
    assert along_x[0, 1] == 2.0
    assert along_x[1, 0] == 4.0


def test_plateau_leaves_a_lonely_spike_out() -> None:
    z = hill()
    z[1, 1] = 50.0
    mask = plateau_mask(z)
    assert not mask[1, 1]
    assert mask[8, 12]
    assert mask.mean() == pytest.approx(0.10, abs=0.01)
    assert not plateau_mask(np.ones((5, 5))).any()


def test_aggregate_median_and_max() -> None:
    columns = {"a": np.array([1, 1, 1, 2]), "b": np.array([5, 5, 5, 5]), "c": np.array([1, 2, 3, 1])}
    values = np.array([1.0, 9.0, 2.0, np.nan])
    grid = aggregate(columns, values, "a", "b", x_values=(1, 2, 3))
    np.testing.assert_array_equal(grid.z, [[2.0, np.nan, np.nan]])
    assert grid.subtitle == "each cell is the median over c"
    assert aggregate(columns, values, "a", "b", "max").z[0, 0] == 9.0
    even = aggregate(columns, np.array([1.0, 9.0, np.nan, 3.0]), "a", "b")
    assert even.z[0, 0] == 5.0


def test_aggregate_groups_long_axes_and_refuses_strangers() -> None:
    columns = {"a": np.arange(1_000), "b": np.zeros(1_000, int)}
    grid = aggregate(columns, np.arange(1_000.0), "a", "b", max_values=100)
    assert grid.z.shape == (1, 100)
    assert grid.x_values[:2] == (0, 10)
    assert grid.z[0, 0] == 4.5
    assert "share a cell" in grid.subtitle
    with pytest.raises(ParameterError, match="axis"):
        aggregate(columns, np.arange(1_000.0), "a", "b", x_values=(1, 2))
    with pytest.raises(ParameterError, match="not a parameter"):
        aggregate(columns, np.arange(1_000.0), "a", "z")


def test_aggregate_mixed_words_and_flags() -> None:
    columns = {"mode": np.array(["auto", "True", "auto"]), "on": np.array([True, False, False])}
    grid = aggregate(columns, np.array([1.0, 2.0, 3.0]), "mode", "on", x_values=("auto", True), y_values=(True, False))
    np.testing.assert_array_equal(grid.z, [[1.0, np.nan], [3.0, 2.0]])


def test_slices_show_line_band_and_best() -> None:
    values = np.arange(1, 21)
    z = -((values - 8.0) ** 2)
    z[3] = np.nan
    figure = parameter_slices("fast", values, z, metric="net_profit", currency="USD")
    assert "best 0.00 USD: fast 8" in names(figure)
    np.testing.assert_array_equal(figure.data[1].y, z)
    assert figure.data[0].fill == "toself"
    edge = parameter_slices("fast", values, values.astype(float), metric="net_profit")
    assert "edge" in edge.layout.title.subtitle.text


def test_markup_in_names_stays_text() -> None:
    figure = parameter_heatmap("<b>%{x}</b>", X, "b", Y, hill(), metric="sharpe_ratio")
    assert "<b>%" not in figure.layout.title.text
    assert "&lt;b&gt;% {x}" in figure.data[0].hovertemplate
