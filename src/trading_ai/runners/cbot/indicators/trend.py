"""Indicators of direction: directional movement, Parabolic SAR, Supertrend, Aroon, swings and fractals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from trading_ai.runners.cbot.enums import MovingAverageType
from trading_ai.runners.cbot.indicators.averages import average
from trading_ai.runners.cbot.indicators.book import Made, On, indicator
from trading_ai.runners.cbot.indicators.volatility import true_range
from trading_ai.runners.cbot.lines import Line, back, each, rolling, since, stepped, total

_WILDER = MovingAverageType.WilderSmoothing


@indicator("DirectionalMovementSystem")
def _directional(on: On, periods: int = 14, maType: MovingAverageType = _WILDER) -> Made:
    up = each(np.subtract, on.high, back(on.high, 1))
    down = each(lambda before, now: before - now, back(on.low, 1), on.low)
    plus = average(each(lambda u, d: np.where((u > d) & (u > 0), u, 0.0), up, down), periods, maType)
    minus = average(each(lambda u, d: np.where((d > u) & (d > 0), d, 0.0), up, down), periods, maType)
    ranges = average(true_range(on), periods, maType)
    di_plus = each(lambda a, r: 100 * a / r, plus, ranges)
    di_minus = each(lambda a, r: 100 * a / r, minus, ranges)

    def dx(p: Any, m: Any) -> Any:
        both = p + m
        return np.where(both > 0, 100 * np.abs(p - m) / both, np.where(np.isnan(both), np.nan, 0.0))

    return {"ADX": average(each(dx, di_plus, di_minus), periods, maType), "DIPlus": di_plus, "DIMinus": di_minus}


@indicator("AverageDirectionalMovementIndexRating")
def _rating(on: On, periods: int = 14, maType: MovingAverageType = _WILDER) -> Made:
    made = _directional(on, periods, maType)
    return {**made, "ADXR": each(lambda a, b: (a + b) / 2, made["ADX"], back(made["ADX"], periods))}


@indicator("ParabolicSAR")
def _parabolic(on: On, minAf: float = 0.02, maxAf: float = 0.2, shift: int = 0) -> Made:
    nan = math.nan

    def step(
        state: tuple[float, ...], i: int, high: float, low: float, high1: float, low1: float, high2: float, low2: float
    ) -> tuple[float, ...]:
        sar, extreme, factor, up = state
        if i == 0:
            return nan, 0.0, 0.0, 0.0
        if i == 1:
            up = 1.0 if high > high1 and low > low1 else 0.0
            sar, extreme = (low1, high1) if up else (high1, low1)
            factor = minAf
        current = sar + factor * (extreme - sar)
        more = factor + minAf if factor + minAf <= maxAf else factor
        if up:
            current = min(current, low1) if math.isnan(low2) else min(current, low1, low2)
            if current > low:
                return extreme, low, minAf, 0.0
            return (current, high, more, up) if high > extreme else (current, extreme, factor, up)
        current = max(current, high1) if math.isnan(high2) else max(current, high1, high2)
        if high > current:
            return extreme, high, minAf, 1.0
        return (current, low, more, up) if low < extreme else (current, extreme, factor, up)

    lines = (on.high, on.low, back(on.high, 1), back(on.low, 1), back(on.high, 2), back(on.low, 2))
    made = stepped(step, (nan, 0.0, 0.0, 0.0), *lines)[0]

    def seeded(line: Line) -> Line:
        # The bar before the first direction gets that direction's first value, when the next bar is known.
        if line.closed.size > 1:
            rises = on.high.closed[1] > on.high.closed[0] and on.low.closed[1] > on.low.closed[0]
            line.closed[0] = on.low.closed[0] if rises else on.high.closed[0]
        return line

    return {"Result": back(seeded(made), shift)}


@indicator("Supertrend")
def _supertrend(on: On, periods: int = 10, multiplier: float = 3.0, shift: int = 0) -> Made:
    width = average(true_range(on), periods, MovingAverageType.Simple)

    def step(state: tuple[float, ...], i: int, median: float, close: float, atr: float) -> tuple[float, ...]:
        trend_before, upper_before, lower_before, *_ = state
        upper, lower = median + multiplier * atr, median - multiplier * atr
        if i < 1:
            return 1.0, upper, lower, math.nan, math.nan
        if close > upper_before:
            trend = 1.0
        elif close < lower_before:
            trend = -1.0
        else:
            trend = trend_before
        if trend < 0 and not trend_before > 0 and upper > upper_before:
            upper = upper_before
        if trend > 0 and not trend_before < 0 and lower < lower_before:
            lower = lower_before
        return trend, upper, lower, lower if trend == 1.0 else math.nan, upper if trend == -1.0 else math.nan

    nan = math.nan
    made = stepped(step, (1.0, nan, nan, nan, nan), on.median, on.close, width)
    return {"UpTrend": back(made[3], shift), "DownTrend": back(made[4], shift)}


@indicator("Aroon")
def _aroon(on: On, periods: int = 25) -> Made:
    # Of equal extremes, the oldest one counts.
    up = rolling(lambda w: w.argmax(axis=1) * 100.0 / (periods - 1), on.high, periods)
    down = rolling(lambda w: w.argmin(axis=1) * 100.0 / (periods - 1), on.low, periods)
    return {"Up": since(up, periods), "Down": since(down, periods)}


@indicator("SwingIndex")
def _swing(on: On, limitMoveValue: int = 12) -> Made:
    open1, close1 = back(on.open, 1), back(on.close, 1)

    def of(o2: Any, h2: Any, l2: Any, c2: Any, o1: Any, c1: Any) -> Any:
        up, down, span, body = np.abs(h2 - c1), np.abs(l2 - c1), np.abs(h2 - l2), np.abs(c1 - o1)
        r = np.select(
            [(up > down) & (up > span), (down > up) & (down > span), (span > up) & (span > down)],
            [up - 0.5 * down + 0.25 * body, down - 0.5 * up + 0.25 * body, span + 0.25 * body],
            np.nan,
        )
        swing = 50 * (c2 - c1 + 0.5 * (c2 - o2) + 0.25 * (c1 - o1)) / r * np.maximum(up, down) / limitMoveValue
        return np.where(np.isnan(r), 0.0, swing)

    return {"Result": each(of, on.open, on.high, on.low, on.close, open1, close1)}


@indicator("AccumulativeSwingIndex")
def _accumulative_swing(on: On, limitMoveValue: int = 12) -> Made:
    # As published: the swing of a bar and of the one before, not of all.
    swing = _swing(on, limitMoveValue)["Result"]
    return {"Result": each(lambda a, b: np.where(np.isnan(b), a, a + b), swing, back(swing, 1))}


@indicator("VerticalHorizontalFilter", source="close")
def _vertical_horizontal(on: On, source: Line, periods: int = 14) -> Made:
    moves = total(each(lambda a, b: np.abs(a - b), source, back(source, 1)), periods)
    span = rolling(lambda w: w.max(axis=1) - w.min(axis=1), source, periods)
    return {"Result": each(lambda s, m: np.abs(s / m), span, moves)}


@indicator("FractalChaosBands")
def _fractal_chaos(on: On, shift: int = 0) -> Made:
    highs, lows = [back(on.high, n) for n in range(5)], [back(on.low, n) for n in range(5)]

    def step(state: tuple[float, ...], _: int, *values: float) -> tuple[float, ...]:
        high, low = state
        h0, h4, h3, h2, h1, l0, l4, l3, l2, l1 = values  # h3 is the middle one, two bars ago
        if h3 > h1 and h3 > h2 and h3 >= h4 and h3 >= h0:
            high = h3
        elif l3 < l1 and l3 < l2 and l3 <= l4 and l3 <= l0:
            low = l3
        return high, low

    made = stepped(step, (math.nan, math.nan), *highs, *lows)
    return {"High": back(made[0], shift), "Low": back(made[1], shift)}


@indicator("Fractals")
def _fractals(on: On, periods: int = 5, shift: int = 0) -> Made:
    length = periods - 1 if periods % 2 == 0 else periods
    middle = length // 2

    def peak(w: Any) -> Any:
        others = np.delete(w, middle, axis=1)
        return np.where(w[:, middle] > others.max(axis=1), w[:, middle], np.nan)

    # A fractal is drawn at its middle, when the bars after it have closed: at the newest bars there is none.
    up = since(rolling(peak, on.high, length), periods)
    down = each(np.negative, since(rolling(peak, each(np.negative, on.low), length), periods))
    return {
        "UpFractal": _drawn_at(up, middle - shift), "DownFractal": _drawn_at(down, middle - shift),
    }  # fmt: skip


def _drawn_at(line: Line, ago: int) -> Line:
    """A series whose values are known `ago` bars after the bar that they belong to; there they stand."""
    if ago <= 0:
        return back(line, -ago)
    closed = np.full_like(line.closed, np.nan)
    closed[:-ago] = line.closed[ago:]
    return Line(line.frame, closed, lambda: np.full(line.frame.bar_of_tick.size, np.nan))
