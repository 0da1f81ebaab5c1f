"""Moving averages.

Simple, weighted, triangular and time-series averages have no value before their window is full; the exponential ones
begin with the first value of their source (TA-Lib's begin with an average of the first window, and agree later).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from trading_ai.runners.cbot.enums import MovingAverageType
from trading_ai.runners.cbot.indicators.book import Made, On, indicator
from trading_ai.runners.cbot.lines import Line, back, each, rolling, since, smoothed, stepped, total


def simple(line: Line, periods: int) -> Line:
    """Mean of the last `periods` values."""
    return total(line, periods, periods)


def exponential(line: Line, periods: int) -> Line:
    """Exponential average with the factor 2 / (periods + 1)."""
    return smoothed(line, 2.0 / (periods + 1))


def wilder(line: Line, periods: int) -> Line:
    """Welles Wilder's smoothing, an exponential average with the factor 1 / periods."""
    return smoothed(line, 1.0 / periods)


def weighted(line: Line, periods: int) -> Line:
    """Mean of the last values with weights 1, 2, ... periods, the newest one heaviest."""
    weights = np.arange(1.0, periods + 1)
    return rolling(lambda w: w @ weights / weights.sum(), line, periods)


def triangular(line: Line, periods: int) -> Line:
    """Simple average of a simple average, both of the same length."""
    return simple(simple(line, periods), periods)


def double_exponential(line: Line, periods: int) -> Line:
    """2 EMA - EMA of EMA."""
    first = exponential(line, periods)
    return each(lambda a, b: 2 * a - b, first, exponential(first, periods))


def triple_exponential(line: Line, periods: int) -> Line:
    """3 EMA - 3 EMA of EMA + EMA of EMA of EMA."""
    first = exponential(line, periods)
    second = exponential(first, periods)
    return each(lambda a, b, c: 3 * a - 3 * b + c, first, second, exponential(second, periods))


def hull(line: Line, periods: int) -> Line:
    """WMA of length sqrt(periods), whole, of twice the WMA of half the length less the WMA."""
    raw = each(lambda a, b: 2 * a - b, weighted(line, max(periods // 2, 1)), weighted(line, periods))
    return weighted(raw, max(int(math.sqrt(periods)), 1))


def slope(line: Line, periods: int) -> Line:
    """Slope of the least-squares line through the last values; from the bar after the `periods`-th on."""
    x = np.arange(1.0, periods + 1)
    ex, ex2 = x.sum(), (x * x).sum()
    found = rolling(lambda w: (w @ x * periods - ex * w.sum(axis=1)) / (ex2 * periods - ex**2), line, periods)
    return since(found, periods + 1)


def intercept(line: Line, periods: int) -> Line:
    """Simple average less the slope times half the length, whole."""
    half = math.floor(periods / 2)
    return each(lambda mean, s: mean - s * half, simple(line, periods), slope(line, periods))


def forecast(line: Line, periods: int) -> Line:
    """Intercept and `periods` times the slope."""
    return each(lambda s, i: periods * s + i, slope(line, periods), intercept(line, periods))


def _linear(previous: float, pull: float, value: float, start: float) -> float:
    """One step of an average that is pulled to its source: it begins from `start`."""
    before = start if math.isnan(previous) else previous
    return (1.0 - pull) * before + pull * value


def _strength(line: Line, periods: int) -> Line:
    """(ups - downs) / (ups + downs) of the last changes, 0 where there are none; NaN before the window is full."""
    change = each(np.subtract, line, back(line, 1))

    def of(w: Any) -> Any:
        up, down = np.where(w > 0, w, 0.0).sum(axis=1), np.where(w > 0, 0.0, -w).sum(axis=1)
        return np.where(up + down == 0, 0.0, (up - down) / (up + down))

    return rolling(of, change, periods)


def vidya(line: Line, periods: int, sigma: float = 0.65) -> Line:
    """Average pulled to its source by sigma times the strength of its last changes (Chande's VIDYA)."""
    pull = each(lambda c: sigma * np.abs(c), _strength(line, periods))

    def step(state: tuple[float, ...], _: int, k: float, value: float, earlier: float) -> tuple[float, ...]:
        return (_linear(state[0], k, value, earlier),)

    return stepped(step, (math.nan,), pull, line, back(line, 1))[0]


def kaufman(line: Line, periods: int, fast: int = 2, slow: int = 30) -> Line:
    """Kaufman's adaptive average; begins with the value at bar `periods`."""
    change = each(lambda a, b: np.abs(a - b), line, back(line, 1))
    direction = each(lambda a, b: np.abs(a - b), line, back(line, periods))
    quick, steady = 2.0 / (fast + 1), 2.0 / (slow + 1)
    factor = each(
        lambda d, v: (d / v * (quick - steady) + steady) ** 2,
        direction,
        # As the platform has it, the changes up to the bar before count, and not the newest one.
        back(total(change, periods), 1),
    )

    def step(state: tuple[float, ...], i: int, pull: float, value: float) -> tuple[float, ...]:
        if i < periods:
            return (math.nan,)
        if math.isnan(state[0]):
            return (value,)
        return (state[0] + pull * (value - state[0]),)

    return stepped(step, (math.nan,), factor, line)[0]


KINDS: dict[MovingAverageType, Any] = {
    MovingAverageType.Simple: simple,
    MovingAverageType.Exponential: exponential,
    MovingAverageType.TimeSeries: forecast,
    MovingAverageType.Triangular: triangular,
    MovingAverageType.VIDYA: vidya,
    MovingAverageType.Weighted: weighted,
    MovingAverageType.WilderSmoothing: wilder,
    MovingAverageType.Hull: hull,
    MovingAverageType.DoubleExponential: double_exponential,
    MovingAverageType.TripleExponential: triple_exponential,
    MovingAverageType.KaufmanAdaptive: kaufman,
}
"""What makes each kind of average."""


def average(line: Line, periods: int, kind: MovingAverageType) -> Line:
    """A moving average of any kind."""
    made: Line = KINDS[kind](line, periods)
    return made


_SIMPLE, _EXPONENTIAL = MovingAverageType.Simple, MovingAverageType.Exponential


@indicator("MovingAverage", source="close")
def _moving_average(
    on: On, source: Line, periods: int = 14, maType: MovingAverageType = _SIMPLE, shift: int = 0
) -> Made:  # fmt: skip
    return {"Result": back(average(source, periods, maType), shift)}


def _register(name: str, make: Any) -> None:
    @indicator(name, source="close")
    def _(on: On, source: Line, periods: int = 14, shift: int = 0) -> Made:
        return {"Result": back(make(source, periods), shift)}


for _name, _make in (
    ("SimpleMovingAverage", simple), ("ExponentialMovingAverage", exponential), ("WeightedMovingAverage", weighted),
    ("TriangularMovingAverage", triangular), ("TimeSeriesMovingAverage", forecast), ("HullMovingAverage", hull),
    ("WellesWilderSmoothing", wilder), ("DoubleExponentialMovingAverage", double_exponential),
    ("TripleExponentialMovingAverage", triple_exponential),
):  # fmt: skip
    _register(_name, _make)


@indicator("KaufmanAdaptiveMovingAverage", source="close")
def _kaufman(
    on: On, source: Line, periods: int = 10, fastPeriods: int = 2, slowPeriods: int = 30, shift: int = 0
) -> Made:  # fmt: skip
    return {"Result": back(kaufman(source, periods, fastPeriods, slowPeriods), shift)}


@indicator("Vidya", source="close")
def _vidya(on: On, source: Line, periods: int = 14, r2Scale: float = 0.65) -> Made:
    return {"Result": vidya(source, periods, r2Scale)}


@indicator("VariableIndexDynamicAverage", source="close")
def _variable_index(on: On, source: Line, cmoPeriods: int = 14, smoothPeriods: float = 2) -> Made:
    factor = 2.0 / (smoothPeriods + 1)
    change = each(np.subtract, source, back(source, 1))

    def of(w: Any) -> Any:
        up, down = np.where(w > 0, w, 0.0).sum(axis=1), np.where(w > 0, 0.0, np.abs(w)).sum(axis=1)
        return np.where(up + down == 0, np.nan, (up - down) / (up + down))

    pull = each(lambda c: np.abs(c) * factor, since(rolling(of, change, cmoPeriods), cmoPeriods))

    def step(state: tuple[float, ...], _: int, k: float, value: float, earlier: float) -> tuple[float, ...]:
        return (_linear(state[0], k, value, earlier),)

    return {"Result": stepped(step, (math.nan,), pull, source, back(source, 1))[0]}


@indicator("FractalAdaptiveMovingAverage")
def _fractal_adaptive(on: On, periods: int = 16, shift: int = 0) -> Made:
    half = periods // 2

    def span(length: int, ago: int) -> Line:
        high = back(rolling(lambda w: w.max(axis=1), on.high, length), ago)
        low = back(rolling(lambda w: w.min(axis=1), on.low, length), ago)
        return each(lambda h, x: (h - x) / length, high, low)

    def step(
        state: tuple[float, ...], i: int, value: float, n1: float, n2: float, n3: float
    ) -> tuple[float, ...]:  # fmt: skip
        previous, d = state
        if math.isnan(previous):
            return value, 0.0
        if n1 > 0 and n2 > 0 and n3 > 0:
            d = (math.log10(n1 + n2) - math.log10(n3)) / math.log10(2)
        alpha = max(min(math.exp(-4.6 * (d - 1)), 1.0), 0.01)
        return value * alpha + previous * (1 - alpha), d

    made = stepped(step, (math.nan, 0.0), on.close, span(half, 0), span(half, half), span(periods, 0))
    return {"Result": back(made[0], shift)}
