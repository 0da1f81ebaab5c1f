"""Straight lines through the last values."""

from __future__ import annotations

from typing import Any

import numpy as np

from trading_ai.runners.cbot.indicators.averages import forecast, intercept, slope
from trading_ai.runners.cbot.indicators.book import Made, On, indicator
from trading_ai.runners.cbot.lines import Line, back, rolling


@indicator("LinearRegressionSlope", source="close")
def _slope(on: On, source: Line, periods: int = 9) -> Made:
    return {"Result": slope(source, periods)}


@indicator("LinearRegressionIntercept", source="close")
def _intercept(on: On, source: Line, periods: int = 9, shift: int = 0) -> Made:
    return {"Result": back(intercept(source, periods), shift)}


@indicator("LinearRegressionForecast", source="close")
def _forecast(on: On, source: Line, periods: int = 9, shift: int = 0) -> Made:
    return {"Result": back(forecast(source, periods), shift)}


@indicator("LinearRegressionRSquared", source="close")
def _r_squared(on: On, source: Line, periods: int = 9) -> Made:
    x = np.arange(1.0, periods + 1)
    ex, ex2 = x.sum(), (x * x).sum()

    def of(w: Any) -> Any:
        # A shift of all values changes no correlation, and keeps the squares small enough to be subtracted.
        y = w - w[:, -1:]
        ey, ey2, exy = y.sum(axis=1), (y * y).sum(axis=1), y @ x
        return (exy * periods - ex * ey) ** 2 / (ex2 * periods - ex * ex) / (ey2 * periods - ey * ey)

    return {"Result": rolling(of, source, periods)}
