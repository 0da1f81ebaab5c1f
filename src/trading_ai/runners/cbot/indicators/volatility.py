"""Indicators of range and spread of prices."""

from __future__ import annotations

from typing import Any

import numpy as np

from trading_ai.runners.cbot.enums import MovingAverageType
from trading_ai.runners.cbot.indicators.averages import average, exponential
from trading_ai.runners.cbot.indicators.book import Made, On, indicator
from trading_ai.runners.cbot.lines import Line, back, each, rolling, total

_SIMPLE = MovingAverageType.Simple


def true_range(on: On) -> Line:
    """True range; of the first bar, high less low (a NaN before it counts for nothing)."""
    before = back(on.close, 1)
    return each(lambda h, x, p: np.fmax(h, p) - np.fmin(x, p), on.high, on.low, before)


def deviation(line: Line, periods: int, kind: MovingAverageType) -> Line:
    """Root of the mean square of the last values' distance from a moving average at the window's end."""

    def of(w: Any, mean: Any) -> Any:
        return np.sqrt(((w - mean[:, None]) ** 2).sum(axis=1) / periods)

    return rolling(of, line, periods, average(line, periods, kind))


@indicator("TrueRange")
def _true_range(on: On) -> Made:
    return {"Result": true_range(on)}


@indicator("AverageTrueRange")
def _average_true_range(on: On, periods: int = 14, maType: MovingAverageType = _SIMPLE) -> Made:
    return {"Result": average(true_range(on), periods, maType)}


@indicator("StandardDeviation", source="close")
def _standard_deviation(on: On, source: Line, periods: int = 14, maType: MovingAverageType = _SIMPLE) -> Made:
    return {"Result": deviation(source, periods, maType)}


@indicator("HistoricalVolatility", source="close")
def _historical(on: On, source: Line, periods: int = 20, barHistory: int = 252) -> Made:
    logs = each(lambda a, b: np.log10(a / b), source, back(source, 1))
    return {"Result": each(lambda d: d * np.sqrt(barHistory), deviation(logs, periods, _SIMPLE))}


def high_minus_low(on: On) -> Line:
    """High less low, rounded to the symbol's digits."""
    return each(lambda h, x: np.round(h - x, on.digits), on.high, on.low)


@indicator("HighMinusLow")
def _high_minus_low(on: On, shift: int = 0) -> Made:
    return {"Result": back(high_minus_low(on), shift)}


@indicator("ChaikinVolatility")
def _chaikin(
    on: On, periods: int = 14, rateOfChange: int = 10, maType: MovingAverageType = _SIMPLE
) -> Made:  # fmt: skip
    mean = average(high_minus_low(on), periods, maType)
    return {"Result": each(lambda a, b: (a - b) / b * 100, mean, back(mean, rateOfChange))}


@indicator("MassIndex")
def _mass(on: On, periods: int = 9) -> Made:
    first = exponential(high_minus_low(on), 9)
    return {"Result": total(each(np.divide, first, exponential(first, 9)), periods)}
