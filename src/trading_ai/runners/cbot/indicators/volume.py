"""Indicators that read the volume of bars, and the prices made of one bar alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from trading_ai.runners.cbot.enums import MovingAverageType
from trading_ai.runners.cbot.indicators.averages import average, simple
from trading_ai.runners.cbot.indicators.book import Made, On, indicator
from trading_ai.runners.cbot.lines import Line, back, each, running_total, since, stepped, total

_SIMPLE, _EXPONENTIAL = MovingAverageType.Simple, MovingAverageType.Exponential


@indicator("MedianPrice")
def _median(on: On, shift: int = 0) -> Made:
    return {"Result": back(on.median, shift)}


@indicator("TypicalPrice")
def _typical(on: On) -> Made:
    return {"Result": on.typical}


@indicator("WeightedClose")
def _weighted_close(on: On) -> Made:
    return {"Result": on.weighted}


@indicator("TickVolume")
def _tick_volume(on: On, shift: int = 0) -> Made:
    return {"Result": back(on.volume, shift)}


def _flow(on: On) -> Line:
    """Where in its range a bar closed, -1 to 1, times its volume; 0 for a bar without a range."""

    def of(c: Any, x: Any, h: Any, v: Any) -> Any:
        return np.where(h - x == 0, 0.0, (c - x - (h - c)) / (h - x) * v)

    return each(of, on.close, on.low, on.high, on.volume)


@indicator("AccumulationDistribution")
def _accumulation(on: On) -> Made:
    return {"Result": running_total(_flow(on))}


@indicator("ChaikinMoneyFlow")
def _chaikin_flow(on: On, periods: int = 14) -> Made:
    return {"Result": since(each(np.divide, total(_flow(on), periods), total(on.volume, periods)), periods)}


@indicator("OnBalanceVolume", source="close")
def _on_balance(on: On, source: Line, shift: int = 0) -> Made:
    signed = each(lambda a, b, v: np.sign(a - b) * v, source, back(source, 1), on.volume)
    return {"Result": back(running_total(signed, 1.0), shift)}


@indicator("PriceVolumeTrend", source="close")
def _price_volume(on: On, source: Line, shift: int = 0) -> Made:
    moves = each(lambda a, b, v: v * (a - b) / b, source, back(source, 1), on.volume)
    return {"Result": back(running_total(moves), shift)}


@indicator("TradeVolumeIndex", source="close")
def _trade_volume(on: On, source: Line) -> Made:
    def step(state: tuple[float, ...], i: int, change: float, volume: float) -> tuple[float, ...]:
        value, direction = state
        if i == 0:
            return 0.0, 1.0
        if change > on.pip_size:
            direction = 1.0
        elif change < -on.pip_size:
            direction = -1.0
        return value + direction * volume, direction

    return {"Result": stepped(step, (0.0, 1.0), each(np.subtract, source, back(source, 1)), on.volume)[0]}


def _volume_index(on: On, source: Line, counts: Any) -> Line:
    """Product of the price's changes over the bars whose volume counts against the bar before; begins with 1."""

    def step(
        state: tuple[float, ...], i: int, value: float, before: float, volume: float, volume_before: float
    ) -> tuple[float, ...]:
        if i == 0:
            return (1.0,)
        if not counts(volume, volume_before):
            return state
        return (state[0] + (value - before) / before * state[0],)

    return stepped(step, (math.nan,), source, back(source, 1), on.volume, back(on.volume, 1))[0]


@indicator("PositiveVolumeIndex", source="close")
def _positive_volume(on: On, source: Line, shift: int = 0) -> Made:
    return {"Result": back(_volume_index(on, source, lambda now, before: now > before), shift)}


@indicator("NegativeVolumeIndex", source="close")
def _negative_volume(on: On, source: Line, shift: int = 0) -> Made:
    return {"Result": back(_volume_index(on, source, lambda now, before: now < before), shift)}


@indicator("MoneyFlowIndex")
def _money_flow(on: On, periods: int = 14, shift: int = 0) -> Made:
    before = back(on.typical, 1)
    up = each(lambda t, b, v: np.where(t > b, t * v, 0.0), on.typical, before, on.volume)
    down = each(lambda t, b, v: np.where(t < b, t * v, 0.0), on.typical, before, on.volume)
    found = each(lambda u, d: 100 - 100 / (1 + u / d), total(up, periods), total(down, periods))
    return {"Result": back(since(found, periods), shift)}


@indicator("EaseOfMovement")
def _ease(on: On, periods: int = 14, maType: MovingAverageType = _SIMPLE, shift: int = 0) -> Made:
    def of(h: Any, x: Any, middle: Any, before: Any, v: Any) -> Any:
        return np.where(h == x, 0.0, (middle - before) / (v / (h - x))) * 10000

    raw = since(each(of, on.high, on.low, on.median, back(on.median, 1), on.volume), 2)
    return {"Result": back(average(raw, periods, maType), shift)}


@indicator("ElderForceIndex")
def _elder_force(on: On, periods: int = 13, maType: MovingAverageType = _EXPONENTIAL, shift: int = 0) -> Made:
    force = each(lambda a, b, v: (a - b) * v, on.close, back(on.close, 1), on.volume)
    return {"Result": back(average(force, periods, maType), shift)}


@indicator("VolumeOscillator")
def _volume_oscillator(on: On, shortTerm: int = 9, longTerm: int = 21, shift: int = 0) -> Made:
    return {"Result": back(each(np.subtract, simple(on.volume, shortTerm), simple(on.volume, longTerm)), shift)}


@indicator("VolumeROC")
def _volume_roc(on: On, periods: int = 14, shift: int = 0) -> Made:
    return {"Result": back(each(lambda a, b: (a - b) * 100 / b, on.volume, back(on.volume, periods)), shift)}


@indicator("WilliamsAccumulationDistribution")
def _williams_accumulation(on: On) -> Made:
    def of(c: Any, p: Any, h: Any, x: Any) -> Any:
        return np.where(c > p, c - np.fmin(x, p), np.where(c < p, c - np.fmax(h, p), 0.0))

    return {"Result": running_total(each(of, on.close, back(on.close, 1), on.high, on.low))}
