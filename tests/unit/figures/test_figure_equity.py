from __future__ import annotations

import numpy as np
import pytest

from trading_ai.figures.equity import Curve, downsample_extremes, drawdown_percent, equity_with_drawdown


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [4, 5, 100, 2_000])
def test_downsampling_keeps_first_last_lowest_and_highest(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.cumsum(rng.standard_normal(37_123))
    values[rng.integers(values.size)] = 1e6
    values[rng.integers(values.size)] = -1e6
    time = np.arange(values.size) * 60_000_000_000
    kept_time, kept = downsample_extremes(time, values, n)
    assert kept.size <= n
    assert kept[0] == values[0]
    assert kept[-1] == values[-1]
    assert kept.min() == values.min()
    assert kept.max() == values.max()
    assert (np.diff(kept_time) > 0).all()
    np.testing.assert_array_equal(values[kept_time // 60_000_000_000], kept)


def test_downsampling_leaves_short_series_and_drops_undefined_values() -> None:
    time, values = downsample_extremes(np.arange(5), np.array([1.0, np.nan, 3.0, np.inf, 2.0]), 100)
    assert time.tolist() == [0, 2, 4]
    assert values.tolist() == [1.0, 3.0, 2.0]
    assert downsample_extremes(np.empty(0, np.int64), np.empty(0), 10)[1].size == 0


def test_drawdown_by_hand() -> None:
    fall = drawdown_percent(np.array([100.0, 120.0, 90.0, 120.0, 60.0]))
    np.testing.assert_allclose(fall, [0, 0, -25, 0, -50])
    assert np.isnan(drawdown_percent(np.array([-1.0, -2.0]))).all()


def test_best_is_bold_and_in_front_and_reduction_is_said() -> None:
    time = np.arange(10_000) * 3_600_000_000_000
    rng = np.random.default_rng(0)
    curves = [Curve(f"c{i}", time, 10_000 + np.cumsum(rng.standard_normal(10_000))) for i in range(4)]
    figure = equity_with_drawdown(curves, currency="USD")
    best = next(t for t in figure.data if t.name == "c0" and t.yaxis == "y")
    assert best.line.width > 2
    assert len(best.x) <= 2_000
    assert max(best.y) == curves[0].equity.max()
    assert [t.name for t in figure.data if t.yaxis == "y" and t.x[0] is not None][-1] == "c0"
    assert "2,000 points" in figure.layout.title.subtitle.text
    assert figure.layout.xaxis.matches == "x2"
    assert any(t.name == "3 neighbouring combinations" for t in figure.data)


def test_nothing_to_show() -> None:
    for curves in ([], [("best", np.empty(0, np.int64), np.empty(0))]):
        assert equity_with_drawdown(curves).layout.annotations[0].text == "no equity to show"
