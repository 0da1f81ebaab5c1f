"""Bands and channels around prices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from trading_ai.runners.cbot.enums import MovingAverageType
from trading_ai.runners.cbot.indicators.averages import average
from trading_ai.runners.cbot.indicators.book import Made, On, indicator
from trading_ai.runners.cbot.indicators.volatility import deviation, true_range
from trading_ai.runners.cbot.lines import Line, back, each, highest, lowest, rolling

_SIMPLE, _EXPONENTIAL = MovingAverageType.Simple, MovingAverageType.Exponential


@indicator("BollingerBands", source="close")
def _bollinger(
    on: On, source: Line, periods: int = 20, standardDeviations: float = 2.0, maType: MovingAverageType = _SIMPLE,
    shift: int = 0,
) -> Made:  # fmt: skip
    main, spread = average(source, periods, maType), deviation(source, periods, maType)
    made = {
        "Main": main,
        "Top": each(lambda m, d: m + d * standardDeviations, main, spread),
        "Bottom": each(lambda m, d: m - d * standardDeviations, main, spread),
    }
    return {name: back(line, shift) for name, line in made.items()}


@indicator("Envelopes", source="close")
def _envelopes(
    on: On, source: Line, periods: int = 14, maType: MovingAverageType = _SIMPLE, deviation: float = 0.2, shift: int = 0
) -> Made:
    main = back(average(source, periods, maType), shift)
    return {
        "Main": main,
        "Upper": each(lambda m: m * (1 + deviation / 100), main),
        "Lower": each(lambda m: m * (1 - deviation / 100), main),
    }


@indicator("KeltnerChannels")
def _keltner(
    on: On, maPeriod: int = 20, maType: MovingAverageType = _EXPONENTIAL, atrPeriod: int = 10,
    atrMaType: MovingAverageType = _SIMPLE, bandDistance: float = 2.0,
) -> Made:  # fmt: skip
    main, width = average(on.close, maPeriod, maType), average(true_range(on), atrPeriod, atrMaType)
    return {
        "Main": main,
        "Top": each(lambda m, w: m + w * bandDistance, main, width),
        "Bottom": each(lambda m, w: m - w * bandDistance, main, width),
    }


@indicator("DonchianChannel")
def _donchian(on: On, periods: int = 20, shift: int = 0) -> Made:
    # The bars before this one count, and not this one.
    top, bottom = back(highest(on.high, periods), 1 + shift), back(lowest(on.low, periods), 1 + shift)
    return {"Top": top, "Bottom": bottom, "Middle": each(lambda a, b: (a + b) / 2, top, bottom)}


@indicator("PolynomialRegressionChannels")
def _polynomial(
    on: On, degree: int = 3, periods: int = 120, standardDeviation: float = 1.62, standardDeviation2: float = 2.0
) -> Made:
    # Least squares through the last periods + 1 closes, and the root mean square of their distance from it. Every bar
    # draws the whole channel anew.
    x = np.arange(periods, -1, -1.0) / periods
    powers = np.vander(x, degree + 1, increasing=True)
    fit = powers @ np.linalg.pinv(powers)

    def residual(w: Any) -> Any:
        return np.sqrt(((w - w @ fit.T) ** 2).mean(axis=1))

    spread = rolling(residual, on.close, periods + 1)

    def drawn(times: float) -> Callable[[int], Line]:
        def ago(n: int) -> Line:
            curve = rolling(lambda w: w @ fit[periods - n], on.close, periods + 1)
            return curve if times == 0.0 else each(lambda m, s: m + s * times, curve, spread)

        return ago

    def band(times: float) -> Line:
        line = drawn(times)(0)
        line.redrawn = (periods, drawn(times))
        return line

    return {
        "Prc": band(0.0),
        "Sqh": band(standardDeviation), "Sql": band(-standardDeviation),
        "Sqh2": band(standardDeviation2), "Sql2": band(-standardDeviation2),
    }  # fmt: skip
