from __future__ import annotations

import numpy as np

from trading_ai.figures.monthly import month_colours, monthly_returns, year_totals


def days(*dates: str) -> np.ndarray:
    return np.array(dates, dtype="datetime64[D]").astype(np.int64)


def test_months_by_hand() -> None:
    when = days("2016-12-30", "2017-01-02", "2017-01-03", "2017-03-01")
    years, percent = monthly_returns(when, np.array([100.0, 50.0, np.nan, -115.0]), 1_000.0)
    assert years.tolist() == [2016, 2017]
    np.testing.assert_allclose(percent[0, 11], 10.0)
    np.testing.assert_allclose(percent[1, 0], 100 * 50 / 1_100)
    assert np.isnan(percent[1, 1])
    np.testing.assert_allclose(percent[1, 2], -10.0)
    np.testing.assert_allclose(year_totals(percent), [10.0, 100 * (1_035 / 1_100 - 1)])


def test_ruin_is_undefined_afterwards() -> None:
    _, percent = monthly_returns(days("2017-01-02", "2017-02-01"), np.array([-2_000.0, 5.0]), 1_000.0)
    assert percent[0, 0] == -200.0
    assert np.isnan(percent[0, 1])


def test_colours_follow_the_sign() -> None:
    low, none, high = month_colours(np.array([[-2.0, np.nan, 2.0]]))[0]
    assert none == "#ffffff"
    assert int(low[1:3], 16) > int(low[5:7], 16)  # orange: more red than blue
    assert int(high[1:3], 16) < int(high[5:7], 16)
