"""Oscillators: what swings around a middle or between bounds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from trading_ai.runners.cbot.enums import MovingAverageType, StochasticCalculationType
from trading_ai.runners.cbot.indicators.averages import average, exponential, simple
from trading_ai.runners.cbot.indicators.book import Made, On, indicator
from trading_ai.runners.cbot.lines import Line, back, each, highest, lowest, rolling, since, stepped, total

_SIMPLE, _EXPONENTIAL = MovingAverageType.Simple, MovingAverageType.Exponential


def change_of(line: Line) -> Line:
    """Change from the bar before."""
    return each(np.subtract, line, back(line, 1))


@indicator("RelativeStrengthIndex", source="close")
def _relative_strength(on: On, source: Line, periods: int = 14) -> Made:
    # A NaN is no change: the averages begin with 0 at the first bar.
    change = change_of(source)
    gains = exponential(each(lambda c: np.where(c > 0, c, 0.0), change), 2 * periods - 1)
    losses = exponential(each(lambda c: np.where(c < 0, -c, 0.0), change), 2 * periods - 1)
    return {"Result": each(lambda g, x: 100 - 100 / (1 + g / x), gains, losses)}


@indicator("MomentumOscillator", source="close")
def _momentum(on: On, source: Line, periods: int = 14) -> Made:
    return {"Result": each(lambda a, b: 100 * a / b, source, back(source, periods))}


@indicator("PriceROC", source="close")
def _price_roc(on: On, source: Line, periods: int = 12) -> Made:
    return {"Result": each(lambda a, b: (a - b) / b * 100, source, back(source, periods))}


@indicator("PriceOscillator", source="close")
def _price_oscillator(
    on: On, source: Line, longCycle: int = 22, shortCycle: int = 14, maType: MovingAverageType = _SIMPLE
) -> Made:
    long, short = average(source, longCycle, maType), average(source, shortCycle, maType)
    return {"Result": each(lambda s, x: (s - x) / x * 100, short, long)}


@indicator("DetrendedPriceOscillator", source="close")
def _detrended(on: On, source: Line, periods: int = 21, maType: MovingAverageType = _SIMPLE) -> Made:
    return {"Result": each(np.subtract, source, back(average(source, periods, maType), periods // 2 + 1))}


@indicator("MacdHistogram", source="close")
def _macd_histogram(
    on: On, source: Line, longCycle: int = 26, shortCycle: int = 12, signalPeriods: int = 9, shift: int = 0
) -> Made:
    # What the platform calls the histogram is the MACD line itself.
    macd = each(np.subtract, exponential(source, shortCycle), exponential(source, longCycle))
    return {"Histogram": back(macd, shift), "Signal": back(exponential(macd, signalPeriods), shift)}


@indicator("MacdCrossOver", "MacdCrossover", source="close")
def _macd_crossover(
    on: On, source: Line, longCycle: int = 26, shortCycle: int = 12, signalPeriods: int = 9, shift: int = 0
) -> Made:
    macd = each(np.subtract, exponential(source, shortCycle), exponential(source, longCycle))
    signal = exponential(macd, signalPeriods)
    made = {"MACD": macd, "Signal": signal, "Histogram": each(np.subtract, macd, signal)}
    return {name: back(line, shift) for name, line in made.items()}


@indicator("OscillatorMovingAverage", source="close")
def _oscillator_of_average(
    on: On, source: Line, periods: int = 13, maType: MovingAverageType = _EXPONENTIAL, shift: int = 0
) -> Made:
    return {"Histogram": back(each(np.subtract, source, average(source, periods, maType)), shift)}


@indicator("MacdOscillatorMovingAverage", source="close")
def _macd_oscillator(
    on: On, source: Line, longCycle: int = 26, shortCycle: int = 12, signalPeriods: int = 9,
    maType: MovingAverageType = _EXPONENTIAL, shift: int = 0,
) -> Made:  # fmt: skip
    macd = _macd_histogram(on, source, longCycle, shortCycle, signalPeriods)["Histogram"]
    return _oscillator_of_average(on, macd, signalPeriods, maType, shift)


@indicator("StochasticOscillator")
def _stochastic(
    on: On, kPeriods: int = 9, kSlowing: int = 3, dPeriods: int = 9, maType: MovingAverageType = _SIMPLE,
    calculationType: Any = StochasticCalculationType["LowHigh"],
) -> Made:  # fmt: skip
    by_extremes = calculationType is StochasticCalculationType["LowHigh"]
    low, high = (on.low, on.high) if by_extremes else (on.close, on.close)
    # Before the window is full, what is known of it counts.
    bottom = rolling(lambda w: np.fmin.reduce(w, axis=1), low, kPeriods)
    top = rolling(lambda w: np.fmax.reduce(w, axis=1), high, kPeriods)
    fast = each(lambda c, b, t: (c - b) / (t - b) * 100, on.close, bottom, top)
    slow = average(fast, kSlowing, maType)
    return {"PercentK": slow, "PercentD": average(slow, dPeriods, maType)}


@indicator("WilliamsPctR")
def _williams(on: On, periods: int = 14) -> Made:
    # Before the window is full, what is known of it counts.
    top = rolling(lambda w: np.fmax.reduce(w, axis=1), on.high, periods)
    bottom = rolling(lambda w: np.fmin.reduce(w, axis=1), on.low, periods)
    return {"Result": each(lambda t, c, b: (t - c) / (t - b) * -100, top, on.close, bottom)}


@indicator("CommodityChannelIndex", source="typical")
def _commodity_channel(on: On, source: Line, periods: int = 20, shift: int = 0) -> Made:
    mean = simple(source, periods)
    # The deviation is that of the values up to the bar before from the mean at this bar.
    earlier = back(source, 1)
    deviation = rolling(lambda w, m: np.abs(w - m[:, None]).sum(axis=1) / periods, earlier, periods, mean)
    found = each(lambda x, m, d: (x - m) / (d * 0.015), source, mean, deviation)
    return {"Result": back(since(found, 2 * periods), shift)}


@indicator("ChandeMomentumOscillator", source="close")
def _chande_momentum(on: On, source: Line, periods: int = 20, shift: int = 0) -> Made:
    def of(w: Any) -> Any:
        up, down = np.where(w > 0, w, 0.0).sum(axis=1), np.where(w > 0, 0.0, np.abs(w)).sum(axis=1)
        return np.where(up + down == 0, np.nan, (up - down) / (up + down) * 100)

    return {"Result": back(since(rolling(of, change_of(source), periods), periods), shift)}


@indicator("AwesomeOscillator")
def _awesome(on: On) -> Made:
    return {"Result": each(np.subtract, simple(on.median, 5), simple(on.median, 34))}


@indicator("AcceleratorOscillator")
def _accelerator(on: On) -> Made:
    awesome = _awesome(on)["Result"]
    return {"Result": each(np.subtract, awesome, simple(awesome, 5))}


@indicator("Trix", source="close")
def _trix(on: On, source: Line, periods: int = 8) -> Made:
    third = exponential(exponential(exponential(source, periods), periods), periods)
    return {"Result": each(lambda a, b: (a - b) / b * 100, third, back(third, 1))}


@indicator("UltimateOscillator")
def _ultimate(on: On, cycle1: int = 7, cycle2: int = 14, cycle3: int = 28) -> Made:
    before = back(on.close, 1)
    pressure = each(lambda c, x, p: c - np.fmin(x, p), on.close, on.low, before)
    ranges = each(lambda h, x, p: np.fmax(h, p) - np.fmin(x, p), on.high, on.low, before)

    def mean(periods: int) -> Line:
        return each(np.divide, total(pressure, periods), total(ranges, periods))

    found = each(lambda a, b, c: (4 * a + 2 * b + c) / 7 * 100, mean(cycle1), mean(cycle2), mean(cycle3))
    return {"Result": found}


@indicator("RainbowOscillator", source="close")
def _rainbow(on: On, source: Line, levels: int = 9, maType: MovingAverageType = _SIMPLE) -> Made:
    # As published, every average but VIDYA's has the length `levels`, levels - 1 times over.
    lengths = range(2, levels + 1) if maType is MovingAverageType.VIDYA else [levels] * (levels - 1)
    made = {n: average(source, n, maType) for n in set(lengths)}
    sums = each(lambda x, *means: sum(x - m for m in means) / levels, source, *(made[n] for n in lengths))
    return {"Result": sums}


@indicator("CenterOfGravity")
def _center_of_gravity(on: On, length: int = 10) -> Made:
    weights = np.arange(length, 0, -1.0)  # of the oldest value first: the newest has the weight 1

    def of(w: Any) -> Any:
        return -(w @ weights) / w.sum(axis=1) + (length + 1) / 2

    result = since(rolling(of, on.median, length), length + 1)
    return {"Result": result, "Lag": since(back(result, 1), length + 1)}


@indicator("CyberCycle")
def _cyber_cycle(on: On, alpha: float = 0.07) -> Made:
    one, two, three = back(on.median, 1), back(on.median, 2), back(on.median, 3)
    smooth = each(lambda a, b, c, d: (a + 2 * b + 2 * c + d) / 6, on.median, one, two, three)
    bend = each(lambda a, b, c: a - 2 * b + c, smooth, back(smooth, 1), back(smooth, 2))
    early = each(lambda a, b, c: (a - 2 * b + c) / 4, on.median, one, two)
    weight = (1 - 0.5 * alpha) ** 2

    def step(state: tuple[float, ...], i: int, curve: float, first: float) -> tuple[float, ...]:
        if i < 7:
            return first, state[0]
        return weight * curve + 2 * (1 - alpha) * state[0] - (1 - alpha) ** 2 * state[1], state[0]

    cycle, trigger = stepped(step, (math.nan, math.nan), bend, early)
    return {"Cycle": cycle, "Trigger": trigger}


@indicator("DeMarker")
def _demarker(on: On, periods: int = 14, shift: int = 0) -> Made:
    up = since(each(lambda c: np.maximum(c, 0.0), change_of(on.high)), 1)
    down = since(each(lambda c: np.maximum(-c, 0.0), change_of(on.low)), 1)
    ups, downs = simple(up, periods), simple(down, periods)
    return {"Result": back(each(lambda a, b: np.where(a + b == 0, np.nan, a / (a + b)), ups, downs), shift)}


@indicator("RelativeVigorIndex")
def _relative_vigor(on: On, periods: int = 10, shift: int = 0) -> Made:
    def blend(line: Line) -> Line:
        return each(lambda a, b, c, d: (a + 2 * b + 2 * c + d) / 6, line, back(line, 1), back(line, 2), back(line, 3))

    moves = simple(blend(each(np.subtract, on.close, on.open)), periods)
    ranges = simple(blend(each(np.subtract, on.high, on.low)), periods)
    result = each(lambda a, b: np.where(b == 0, np.nan, a / b), moves, ranges)
    return {"Result": back(result, shift), "Signal": back(blend(result), shift)}


@indicator("BearsPower")
def _bears(on: On, periods: int = 13, maType: MovingAverageType = _EXPONENTIAL, shift: int = 0) -> Made:
    return {"Result": back(each(np.subtract, on.low, average(on.close, periods, maType)), shift)}


@indicator("BullsPower")
def _bulls(on: On, periods: int = 13, maType: MovingAverageType = _EXPONENTIAL, shift: int = 0) -> Made:
    return {"Result": back(each(np.subtract, on.high, average(on.close, periods, maType)), shift)}


@indicator("ElderRayIndex")
def _elder_ray(on: On, periods: int = 13, maType: MovingAverageType = _EXPONENTIAL, shift: int = 0) -> Made:
    bears, bulls = _bears(on, periods, maType, shift), _bulls(on, periods, maType, shift)
    return {"BearsPower": bears["Result"], "BullsPower": bulls["Result"]}


@indicator("IchimokuKinkoHyo")
def _ichimoku(
    on: On, tenkanSenPeriods: int = 9, kijunSenPeriods: int = 26, senkouSpanBPeriods: int = 52
) -> Made:  # fmt: skip
    first = max(tenkanSenPeriods, senkouSpanBPeriods)

    def middle(periods: int) -> Line:
        return since(each(lambda a, b: (a + b) / 2, highest(on.high, periods), lowest(on.low, periods)), first)

    tenkan, kijun, slow = middle(tenkanSenPeriods), middle(kijunSenPeriods), middle(senkouSpanBPeriods)
    ahead = kijunSenPeriods
    return {
        "TenkanSen": tenkan,
        "KijunSen": kijun,
        # It is drawn `ahead` bars in the past; at the newest bar there is none.
        "ChikouSpan": each(lambda c: np.full_like(c, np.nan), on.close),
        "SenkouSpanA": back(each(lambda a, b: (a + b) / 2, tenkan, kijun), ahead),
        "SenkouSpanB": back(slow, ahead),
    }


@indicator("Alligator", source="median")
def _alligator(
    on: On, source: Line, jawsPeriods: int = 13, jawsShift: int = 8, teethPeriods: int = 8, teethShift: int = 5,
    lipsPeriods: int = 5, lipsShift: int = 3, maType: MovingAverageType = _SIMPLE,
) -> Made:  # fmt: skip
    return {
        "Jaws": back(average(source, jawsPeriods, maType), jawsShift),
        "Teeth": back(average(source, teethPeriods, maType), teethShift),
        "Lips": back(average(source, lipsPeriods, maType), lipsShift),
    }


@indicator("GatorOscillator", source="median")
def _gator(
    on: On, source: Line, jawsPeriods: int = 13, jawsShift: int = 8, teethPeriods: int = 8, teethShift: int = 5,
    lipsPeriods: int = 5, lipsShift: int = 3, maType: MovingAverageType = MovingAverageType.WilderSmoothing,
) -> Made:  # fmt: skip
    of = _alligator(on, source, jawsPeriods, jawsShift, teethPeriods, teethShift, lipsPeriods, lipsShift, maType)
    return {
        "Upper": each(lambda a, b: np.abs(a - b), of["Jaws"], of["Teeth"]),
        "Lower": each(lambda a, b: -np.abs(a - b), of["Teeth"], of["Lips"]),
    }
