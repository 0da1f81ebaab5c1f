"""What strategies of signals say is what their trades do, worked out again from the bars."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pytest

import trading_ai as ta
from tests.acceptance.strategies import of_signals
from tests.acceptance.strategies.checking import (
    HOUR_NS,
    STOP,
    TARGET,
    TICK,
    brackets,
    fills_stop,
    fills_target,
    trades_of,
)
from trading_ai.strategies.indicators import talib


def crosses(hours, i, fast, slow):
    """+1 where the fast average came above the slow one at bar i, -1 where it fell below."""
    before, now = hours.mean(i - 1, fast) - hours.mean(i - 1, slow), hours.mean(i, fast) - hours.mean(i, slow)
    return 1 if before <= 0 < now else -1 if before >= 0 > now else 0


def test_stops_by_range(run, hours):
    ranges = hours.ranges(14)
    trades = trades_of(run(of_signals.AtrStops, multiple=1.5))
    assert len(trades) > 100
    for t in trades:
        signal = t.entry_bar - 1
        assert crosses(hours, signal, 10, 30) == t.direction
        assert t.entry_price == hours.open[t.entry_bar]
        stop, target = (t.entry_price + t.direction * m * ranges[signal] for m in (-1.5, 3.0))
        assert brackets(hours, t, stop, target)


def test_stop_entries_with_expiry(run, hours):
    trades = trades_of(run(of_signals.StopBreakout))
    assert len(trades) > 100
    n_turned = 0
    for t in trades:
        decided = t.entry_bar - 1  # each bar decides anew: the order that is filled is that of the bar before
        rises = hours.close[decided] > hours.mean(decided, 100)
        assert t.direction == (1 if rises else -1)
        level = hours.highest(decided, 24) if rises else hours.lowest(decided, 24)
        worse = max if rises else min
        assert abs(t.entry_price - worse(level, hours.open[t.entry_bar])) < TICK
        stop, target = t.entry_price - t.direction * 0.0025, t.entry_price + t.direction * 0.0050
        leaves = t.exit_bar - 1
        against = hours.close[leaves] - hours.mean(leaves, 100)
        if t.exit_reason == STOP and against * t.direction < 0 and t.exit_bar > t.entry_bar:
            # The order of the other side that waits takes the position with it, where it is nearer than the stop.
            order = hours.lowest(leaves, 24) if t.direction > 0 else hours.highest(leaves, 24)
            stop = max(stop, order) if t.direction > 0 else min(stop, order)
            n_turned += stop == order
            assert fills_stop(hours, t, stop)
        else:
            assert brackets(hours, t, stop, target, first=t.entry_bar + 1)
    assert n_turned > 5


def test_size_by_signal(run, hours):
    ranges = hours.ranges(14)
    trades = trades_of(run(of_signals.SizeByVolatility))
    sizes = {t.units for t in trades}
    assert len(sizes) > 5
    for t in trades:
        risk = 2.0 * ranges[t.entry_bar - 1]
        assert t.units == math.floor(50.0 / risk / 1000.0) * 1000.0
        if t.exit_reason == STOP and hours.open[t.exit_bar] * t.direction > t.exit_price * t.direction:
            assert -50.0 - 1e-6 <= t.net_profit <= -50.0 + 1000.0 * risk


def test_trailing_by_sar(run, hours, bars):
    sar = talib.SAR(bars.high, bars.low, 0.02, 0.2).tolist()
    for t in trades_of(run(of_signals.SarTrail)):
        assert hours.close[t.entry_bar - 1] > sar[t.entry_bar - 1]
        assert hours.close[t.entry_bar - 2] <= sar[t.entry_bar - 2]
        for i in range(t.entry_bar, t.exit_bar):  # the SAR of the bar before is this bar's stop
            assert hours.low[i] > sar[i - 1]
            assert i == t.entry_bar or hours.close[i - 1] > sar[i - 1]
        if t.exit_reason == STOP:
            assert fills_stop(hours, t, sar[t.exit_bar - 1])
        else:
            assert hours.close[t.exit_bar - 1] <= sar[t.exit_bar - 1]


def test_another_symbol_as_a_filter(run, bars, hours):
    own = bars.at("H4").bars
    mirrored = (2500.0 - 1000.0 * price for price in (own.open, own.low, own.high, own.close))
    gold = ta.Bars(ta.symbol("XAUUSD"), own.timeframe, own.open_time_ns, *mirrored)
    closes, ends = gold.close.tolist(), [moment + 4 * HOUR_NS for moment in gold.open_time_ns.tolist()]
    rsi = hours.rsi(14)
    trades = trades_of(run(of_signals.PairFilter, others=[gold]))
    assert len(trades) > 100
    for t in trades:
        signal = t.entry_bar - 1
        finished = sum(end <= hours.time[signal] + HOUR_NS for end in ends)
        assert closes[finished - 1] > sum(closes[finished - 6 : finished]) / 6
        assert rsi[signal] < 45
        assert brackets(hours, t, t.entry_price - 0.0020, t.entry_price + 0.0020)


def test_a_longer_timeframe(run, hours):
    days, closes = [], []
    for i in range(hours.n):
        day = hours.trading_day(i)
        if not days or days[-1] != day:
            days.append(day)
            closes.append(0.0)
        closes[-1] = hours.close[i]
    trades = trades_of(run(of_signals.DailyTrend))
    assert len(trades) > 30
    for t in trades:
        signal = t.entry_bar - 1
        assert crosses(hours, signal, 5, 20) == 1
        moment = hours.local(signal, "America/New_York").replace(tzinfo=None) + timedelta(hours=1 + 7)
        finished = sum(day < moment.date() for day in days)
        assert closes[finished - 1] > sum(closes[finished - 10 : finished]) / 10
        assert brackets(hours, t, t.entry_price - 0.0030, t.entry_price + 0.0045)


def test_session_hours_of_a_market(run, hours):
    rsi = hours.rsi(9)
    trades = trades_of(run(of_signals.LondonMorning))
    assert len(trades) > 100
    winter_and_summer = set()
    for t in trades:
        decided, left = hours.local(t.entry_bar - 1, "Europe/London"), hours.local(t.exit_bar, "Europe/London")
        assert 8 <= decided.hour <= 10
        assert rsi[t.entry_bar - 1] > 60 if t.direction > 0 else rsi[t.entry_bar - 1] < 40
        assert left.date() == decided.date()
        assert left.hour <= 17
        winter_and_summer.add(decided.utcoffset())
    assert len(winter_and_summer) == 2


def test_mean_reversion_by_limits(run, hours):
    trades = trades_of(run(of_signals.MeanReversion))
    assert len(trades) > 100
    for t in trades:
        decided, leaves = t.entry_bar - 1, t.exit_bar - 1
        closes = np.array(hours.close[decided - 19 : decided + 1])
        lower = closes.mean() - 2.0 * closes.std()
        assert abs(t.entry_price - min(lower, hours.open[t.entry_bar])) < TICK
        assert hours.low[t.entry_bar] <= t.entry_price
        if t.exit_reason == TARGET:
            assert fills_target(hours, t, hours.mean(leaves, 20))
        elif t.exit_reason == STOP:
            assert fills_stop(hours, t, t.entry_price * 0.995)


def test_chandelier(run, hours):
    ranges = hours.ranges(22)
    trades = trades_of(run(of_signals.Chandelier, length=30))
    assert len(trades) > 100
    for t in trades:
        for i in range(t.entry_bar, t.exit_bar):
            assert hours.low[i] > hours.highest(i - 1, 22) - 3.0 * ranges[i - 1]
        if t.exit_reason == STOP:
            assert fills_stop(hours, t, hours.highest(t.exit_bar - 1, 22) - 3.0 * ranges[t.exit_bar - 1])


def test_costs_direction_and_size_are_searched(bars):
    """Without stops the trades stay the same, so that each cost is a sum by hand.

    A round trip pays the spread once and the slippage twice; 0.1 lots are 10,000 units, a pip of which is one dollar.
    """
    sweep = ta.sweep(
        bars, of_signals.AlwaysIn, spread_pips=[0.0, 1.0], slippage_pips=[0.0, 0.2], direction=["both", "long"],
        lots=[0.1, 0.3],
    )  # fmt: skip
    found = {
        (row["spread_pips"], row["slippage_pips"], row["direction"], row["lots"]): row
        for row in sweep.to_polars().to_dicts()
    }
    assert len(found) == 16
    for direction in ("both", "long"):
        free = found[0.0, 0.0, direction, 0.1]
        n = free["total_trades"]
        assert n > 50
        for (spread, slippage, side, lots), row in found.items():
            if side == direction:
                paid = n * (spread + 2.0 * slippage)
                assert row["net_profit"] == pytest.approx(10.0 * lots * (free["net_profit"] - paid), abs=1e-6)
    assert found[0.0, 0.0, "long", 0.1]["total_trades"] < found[0.0, 0.0, "both", 0.1]["total_trades"]
