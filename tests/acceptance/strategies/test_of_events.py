"""What strategies of orders and events say is what their trades do, worked out again from the bars."""

from __future__ import annotations

import inspect
import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

import trading_ai as ta
from tests.acceptance.strategies import of_events
from tests.acceptance.strategies.checking import (
    STOP,
    TARGET,
    TICK,
    brackets,
    by_entry,
    equity_of,
    fills_stop,
    fills_target,
    most_open,
    trades_of,
)
from trading_ai.evaluation.event_runs import why_not_compiled
from trading_ai.strategies.event import EventStrategy

AT_SIGNAL, TRAILED, END = 0, 3, 6
IN_PYTHON = {
    "ThreeTargets": "an order with several targets", "Pyramid": "ctx.positions", "CoolDown": "on_trade",
    "Martingale": "a trade is used as a whole", "Turtle": "a position is used as a whole",
}  # fmt: skip
"""Strategies that cannot be compiled, and what is said of it."""
ALL = [
    kind for kind in vars(of_events).values()
    if inspect.isclass(kind) and issubclass(kind, EventStrategy) and kind is not EventStrategy
]  # fmt: skip


def test_a_limit_that_expires(run, hours):
    ranges = hours.ranges(14)
    trades = trades_of(run(of_events.LimitPullback, wait=3))
    assert len(trades) > 100
    waited = Counter()
    for t in trades:
        found = [
            s for s in range(t.entry_bar - 3, t.entry_bar)
            if hours.close[s] > hours.mean(s, 50)
            and abs(t.entry_price - min(hours.open[t.entry_bar], hours.close[s] - ranges[s])) < TICK
            and all(hours.low[i] > hours.close[s] - ranges[s] for i in range(s + 1, t.entry_bar))
        ]  # fmt: skip
        assert found
        waited[t.entry_bar - found[0]] += 1
        assert brackets(hours, t, t.entry_price - 0.0030, t.entry_price + 0.0030, first=t.entry_bar + 1)
    assert set(waited) == {1, 2, 3}


def test_several_targets(run, hours):
    ranges = hours.ranges(14)
    groups = by_entry(trades_of(run(of_events.ThreeTargets)))
    assert len(groups) > 50
    for entry, parts in groups.items():
        close, risk = hours.close[entry - 1], ranges[entry - 1]
        assert close > hours.highest(entry - 2, 48)
        assert [t.units for t in parts] == [10_000.0] * 3
        targets = [close + k * risk for k in (1, 2, 4)]
        for t in parts:
            assert t.entry_price == hours.open[entry]
            assert any(brackets(hours, t, close - 2 * risk, target) for target in targets)
        taken = [t for t in parts if t.exit_reason == TARGET]
        for target in targets[: len(taken)]:
            assert any(fills_target(hours, t, target) for t in taken)


def test_scaling_out(run, hours):
    ranges = hours.ranges(14)
    groups = by_entry(trades_of(run(of_events.ScaleOut)))
    n_scaled = 0
    for entry, parts in groups.items():
        risk = 2 * ranges[entry - 1]
        assert sum(t.units for t in parts) == 20_000.0
        reached = next((i for i in range(entry, hours.n) if hours.close[i] >= hours.open[entry] + risk), hours.n)
        if len(parts) == 1:
            assert parts[0].exit_bar <= reached + 1
            assert brackets(hours, parts[0], hours.close[entry - 1] - risk, math.inf)
            continue
        n_scaled += 1
        half, rest = parts
        assert half.exit_reason == AT_SIGNAL
        assert half.exit_bar == reached + 1
        assert half.exit_price == hours.open[reached + 1]
        assert rest.exit_reason == TRAILED or rest.exit_bar == reached + 1
        # The stop is at the entry for the next bar, then one risk behind the best price of the bars since it trails.
        stop = rest.entry_price
        for i in range(reached + 1, rest.exit_bar):
            assert hours.low[i] > stop - TICK
            stop = max(stop, max(hours.high[reached + 1 : i + 1]) - risk)
        assert fills_stop(hours, rest, stop)
    assert n_scaled > 30


def test_pyramiding(run, hours):
    ranges = hours.ranges(20)
    trades = trades_of(run(of_events.Pyramid))
    assert most_open(trades) == 4
    groups = {}
    for t in sorted(trades, key=lambda t: t.entry_bar):
        groups.setdefault(t.exit_bar, []).append(t)
    for parts in groups.values():
        assert [t.units for t in parts] == [10_000.0, 5_000.0, 3_000.0, 2_000.0][: len(parts)]
        assert len({t.exit_price for t in parts}) == 1  # they share the stop
        for before, after in pairwise(parts):
            decided = after.entry_bar - 1
            assert hours.close[decided] > before.entry_price + 0.5 * ranges[decided]
        last = parts[-1].entry_bar - 1
        if parts[0].exit_reason == STOP:
            assert fills_stop(hours, parts[0], hours.close[last] - 2 * ranges[last])


def test_hedging(run, hours):
    trades = trades_of(run(of_events.Hedge))
    longs, shorts = ([t for t in trades if t.direction == side] for side in (1, -1))
    assert len(shorts) > 50
    for t in shorts:
        decided = t.entry_bar - 1
        covered = [u for u in longs if u.entry_bar <= decided and u.exit_bar > decided]
        assert len(covered) == 1
        assert (hours.close[decided] - covered[0].entry_price) * 20_000.0 < -40.0
        assert t.units == covered[0].units / 2
    for t in trades:
        width = 0.0060 if t.direction > 0 else 0.0030
        assert brackets(hours, t, t.entry_price - t.direction * width, t.entry_price + t.direction * width)


@pytest.mark.parametrize("pause", [5, 24])
def test_cool_down(run, hours, pause):
    rsi = hours.rsi(14)
    trades = trades_of(run(of_events.CoolDown, pause=pause))
    assert sum(t.net_profit < 0 for t in trades) > 20
    resume, free = 0, 0
    for t in trades:
        decided = next(i for i in range(max(resume, free), hours.n) if rsi[i] < 35)
        assert t.entry_bar == decided + 1
        free = t.exit_bar  # at whose close the position is gone
        if t.net_profit < 0:
            resume = t.exit_bar + pause


def test_daily_loss_limit(run, hours):
    result = run(of_events.DailyLossLimit)
    trades = trades_of(result)
    equity = equity_of(hours, trades, 10_000.0)
    np.testing.assert_allclose(equity, result.equity, atol=1e-6)
    opened = {t.entry_bar - 1 for t in trades}
    day, begun_with, is_over, n_over = None, 0.0, False, 0
    for i in range(hours.n - 1):
        if hours.trading_day(i) != day:
            day, begun_with, is_over = hours.trading_day(i), equity[i], False
        if equity[i] < 0.995 * begun_with and not is_over:
            is_over = True
            n_over += 1
            assert all(t.exit_bar <= i + 1 for t in trades if t.entry_bar <= i)
        if is_over:
            assert i not in opened
    assert n_over > 20


@pytest.mark.parametrize("most", [1, 3])
def test_trades_a_day(run, hours, most):
    rsi = hours.rsi(5)
    trades = trades_of(run(of_events.TwoADay, most=most))
    a_day = Counter(hours.trading_day(t.entry_bar - 1) for t in trades)
    assert max(a_day.values()) == most
    assert all(rsi[t.entry_bar - 1] < 40 for t in trades)


def test_a_stop_that_only_rises(run, hours):
    ranges = hours.ranges(22)
    trades = trades_of(run(of_events.ChandelierStop))
    assert len(trades) > 200
    for t in trades:
        stop = -math.inf
        for i in range(t.entry_bar, t.exit_bar + 1):
            stop = max(stop, hours.highest(i - 1, 22) - 3 * ranges[i - 1])
            if i < t.exit_bar:
                assert hours.low[i] > stop - TICK
        assert t.exit_reason == END or fills_stop(hours, t, stop)


def test_a_grid(run, hours):
    trades = trades_of(run(of_events.Grid, step=15.0))
    assert len(trades) > 100
    assert 3 <= most_open(trades) <= 5
    begun = []
    for t in sorted(trades, key=lambda t: t.entry_bar):
        placed = [
            (s, k) for s in range(max(t.entry_bar - 72, 0), t.entry_bar) for k in range(1, 6)
            if abs(t.entry_price - min(hours.open[t.entry_bar], hours.close[s] - k * 0.0015)) < TICK
            and all(hours.low[i] > hours.close[s] - k * 0.0015 for i in range(s + 1, t.entry_bar))
        ]  # fmt: skip
        assert placed
        if t.exit_reason == TARGET:
            assert any(fills_target(hours, t, hours.close[s] - (k - 1) * 0.0015) for s, k in placed)
        begun.append(placed)
    assert {t.units for t in trades} == {5_000.0}


@pytest.mark.parametrize("most", [2, 4])
def test_martingale_with_a_cap(run, hours, most):
    trades = trades_of(run(of_events.Martingale, most=most))
    assert len(trades) > 500
    expected = 1_000.0
    for t, after in zip(trades, [*trades[1:], None], strict=True):
        assert t.units == expected
        assert brackets(hours, t, t.entry_price - t.direction * 0.0020, t.entry_price + t.direction * 0.0020)
        assert after is None or after.entry_bar == t.exit_bar + 1
        doubles = t.net_profit <= 0 and t.units < 1_000.0 * 2**most
        expected = 2 * t.units if doubles else 1_000.0
    assert max(t.units for t in trades) == 1_000.0 * 2**most


def test_break_even(run, hours):
    trades = trades_of(run(of_events.BreakEven))
    n_even = 0
    for t in trades:
        stop = t.entry_price - 0.0030
        for i in range(t.entry_bar, t.exit_bar):
            assert hours.low[i] > stop - TICK
            assert hours.high[i] < t.entry_price + 0.0060 + TICK
            if hours.close[i] >= t.entry_price + 0.0015:
                stop = t.entry_price
        if t.exit_reason == STOP:
            assert fills_stop(hours, t, stop)
            n_even += stop == t.entry_price
    assert n_even > 20


def test_a_straddle(run, hours):
    trades = trades_of(run(of_events.Straddle))
    assert len(trades) > 100
    assert {t.direction for t in trades} == {1, -1}
    mornings = set()
    for t in trades:
        placed = [i for i in range(t.entry_bar - 6, t.entry_bar) if hours.local(i, "Europe/London").hour == 7]
        assert len(placed) == 1
        assert placed[0] not in mornings  # the other order is gone
        mornings.add(placed[0])
        high, low = hours.highest(placed[0], 8), hours.lowest(placed[0], 8)
        level = high if t.direction > 0 else low
        worse = max if t.direction > 0 else min
        assert abs(t.entry_price - worse(level, hours.open[t.entry_bar])) < TICK
        for i in range(placed[0] + 1, t.entry_bar):  # neither was reached before
            assert low < hours.low[i] <= hours.high[i] < high
        stop, target = (low if t.direction > 0 else high), t.entry_price + t.direction * 0.0040
        assert brackets(hours, t, stop, target, first=t.entry_bar + 1)


def test_an_opening_range(run, hours):
    trades = trades_of(run(of_events.OpeningRange))
    assert len(trades) > 100
    days = Counter()
    for t in trades:
        decided = t.entry_bar - 1
        clock, left = hours.local(decided, "America/New_York"), hours.local(t.exit_bar, "America/New_York")
        assert clock.hour in {10, 11}
        first = decided - (clock.hour - 9)
        assert hours.local(first, "America/New_York").hour == 9
        high, low = hours.high[first], hours.low[first]
        assert hours.close[decided] > high if t.direction > 0 else hours.close[decided] < low
        assert all(low <= hours.close[i] <= high for i in range(first + 1, decided))
        assert left.date() == clock.date()
        assert left.hour <= 16
        assert t.exit_reason == STOP or left.hour == 16
        assert brackets(hours, t, low if t.direction > 0 else high, t.direction * math.inf)
        days[clock.date()] += 1
    assert set(days.values()) == {1}


@pytest.mark.parametrize("hold", [1, 12])
def test_time_exit(run, hours, hold):
    rsi = hours.rsi(7)
    trades = trades_of(run(of_events.TimeExit, hold=hold))
    assert len(trades) > 50
    for t in trades:
        assert rsi[t.entry_bar - 1] < 25
        assert t.exit_bar - t.entry_bar == hold
        assert t.exit_price == hours.open[t.exit_bar]


def test_size_by_the_equity_curve(run, hours):
    trades = trades_of(run(of_events.EquityFilter))
    equity = equity_of(hours, trades, 10_000.0)
    peaks = np.maximum.accumulate(equity).tolist()
    for t in trades:
        decided = t.entry_bar - 1
        assert t.units == (10_000.0 if equity[decided] > 0.99 * peaks[decided] else 5_000.0)
        assert (hours.mean(decided, 10) > hours.mean(decided, 30)) == (t.direction > 0)
    assert {t.units for t in trades} == {10_000.0, 5_000.0}


def test_turtle(run, hours):
    ranges = hours.ranges(20)
    trades = trades_of(run(of_events.Turtle))
    equity = equity_of(hours, trades, 10_000.0)
    assert len({t.units for t in trades}) > 20
    for t in trades:
        decided = t.entry_bar - 1
        risk = 2 * ranges[decided]
        assert t.units == math.floor(0.01 * equity[decided] / risk / 100_000 * 100_000 / 1000 + 1e-9) * 1000
        if t.direction > 0:
            assert hours.close[decided] > hours.highest(decided - 1, 55)
        else:
            assert hours.close[decided] < hours.lowest(decided - 1, 55)
        assert brackets(hours, t, hours.close[decided] - t.direction * risk, t.direction * math.inf)
        left = t.exit_bar - 1
        if t.exit_reason == AT_SIGNAL and t.direction > 0:
            assert hours.close[left] < hours.lowest(left - 1, 20)
        elif t.exit_reason == AT_SIGNAL:
            assert hours.close[left] > hours.highest(left - 1, 20)


def test_a_stop_limit_order(run, hours):
    trades = trades_of(run(of_events.ThrowBack))
    assert len(trades) > 100
    for t in trades:
        found = []
        for s in range(t.entry_bar - 12, t.entry_bar):
            top = hours.highest(s, 24)
            before = max(hours.high[s + 1 : t.entry_bar], default=-math.inf)
            at_limit = abs(t.entry_price - (top - 0.0005)) < TICK and max(before, hours.high[t.entry_bar]) >= top
            below = t.entry_price == hours.open[t.entry_bar] < top - 0.0005 and before >= top
            if at_limit or below:
                found.append(top)
        assert found
        assert any(brackets(hours, t, top - 0.0030, top + 0.0030, first=t.entry_bar + 1) for top in found)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_none_looks_ahead(run, kind):
    """A run over the first half makes the trades that the whole run had closed by then."""
    whole = run(kind).trades
    half = ta.backtest(ta.load_sample("EURUSD").slice(0, 3000), kind).trades
    half = half[half["exit_reason"] != END]
    assert len(half) > 5
    names = ("entry_bar", "exit_bar", "direction", "units", "entry_price", "exit_price", "net_profit")
    for name in names:
        np.testing.assert_array_equal(half[name], whole[name][: len(half)], err_msg=name)


@pytest.mark.slow
@pytest.mark.compiles
@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_compiled_trades_are_the_same(bars, kind, monkeypatch, run):
    """The front door, which compiles what can be compiled, against plain Python."""
    plain = run(kind)
    monkeypatch.undo()
    why = why_not_compiled(kind(), bars.slice(0, 300))
    assert IN_PYTHON[kind.__name__] in why if kind.__name__ in IN_PYTHON else not why
    fast = ta.backtest(bars, kind)
    for name in plain.trades.dtype.names:
        np.testing.assert_array_equal(plain.trades[name], fast.trades[name], err_msg=name)
    np.testing.assert_array_equal(plain.equity, fast.equity)
