"""Longer bars and those of another symbol, as an event strategy sees them: none before it has ended."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.bars import USDJPY, bars_of, random_bars
from tests.fakes.event_programs import agree, request_on, run_code
from trading_ai.errors import DataError, EvaluationError
from trading_ai.evaluation.event_runs import run_events, why_not_compiled
from trading_ai.library import backtest
from trading_ai.strategies.event import EventStrategy
from trading_ai.strategies.indicators import talib

EURO = random_bars(1200, 31, tf="M15")
YEN = random_bars(600, 32, symbol=USDJPY, start=110.0, tf="M30")


class Filtered(EventStrategy):
    """Buys while the longer bars and the yen say so, and leaves when they do not."""

    def on_start(self, ctx):
        self.h4, self.yen = ctx.timeframe("H4"), ctx.symbol("USDJPY")
        self.slow = self.h4.indicator(talib.SMA, "close", 3)
        self.average = self.yen.indicator(talib.SMA, "close", 20)
        self.n_rises = 0

    def on_bar(self, ctx):
        back = -2
        rises = self.h4.close > self.slow[-1] or self.h4.closes[-1] > self.h4.closes[back]
        if self.yen.close < self.yen.open:
            self.n_rises += 1
        if not ctx.position and rises and self.yen.close > self.average[-1]:
            ctx.buy(0.1 if self.n_rises % 2 else 0.2, stop=ctx.close - 0.002)
        elif ctx.position and self.average[back] > self.average[-1]:
            ctx.exit()


class AtTicks(Filtered):
    """The same, and leaves at a tick below the low of the last longer bar."""

    def on_tick(self, ctx):
        if ctx.position and ctx.bid < self.h4.low:
            ctx.position.close()


@pytest.mark.compiles
@pytest.mark.parametrize("kind", [Filtered, AtTicks])
def test_plain_and_compiled_runs_are_the_same(kind):
    request = request_on(EURO.with_others([YEN]))
    plain = run_events(kind(), request, compiles=False)
    assert len(plain.trades) > 20
    agree(plain, run_code(kind(), request))


def test_what_has_not_ended_is_not_seen():
    seen = []

    class Looks(EventStrategy):
        def on_start(self, ctx):
            self.h2, self.yen = ctx.timeframe("H2"), ctx.symbol("USDJPY")
            self.twice = self.yen.indicator(lambda close: 2.0 * close, "close")

        def on_bar(self, ctx):
            seen.append((self.h2.close, self.h2.closes[-2], len(self.h2), self.yen.close, self.twice[-1], self.h2.time))

    rows = [(price, price + 0.01, price - 0.01, price) for price in (1.0, 1.1, 1.2, 1.3, 1.4)]
    noon = 1_483_358_400 * 10**9
    hours = bars_of(rows, start_ns=noon)
    # The yen's bars open half an hour later: the second of them ends half an hour after the third hour begins.
    yen = bars_of([(p * 100, p * 101, p * 99, p * 100) for p, *_ in rows], symbol=USDJPY,
                  start_ns=noon + 1_800 * 10**9)  # fmt: skip
    run_events(Looks(), request_on(hours.with_others([yen])), compiles=False)
    nan, first = float("nan"), noon
    expected = [
        (nan, nan, 0, nan, nan, -1),
        (1.1, nan, 1, 100.0, 200.0, first),
        (1.1, nan, 1, 110.0, 220.0, first),
        (1.3, 1.1, 2, 120.0, 240.0, first + 7_200 * 10**9),
    ]
    np.testing.assert_allclose(np.array(seen), np.array(expected))


def test_a_series_of_other_bars_is_what_signals_see():
    seen = []

    class Looks(EventStrategy):
        def on_start(self, ctx):
            self.average = ctx.symbol("USDJPY").indicator(talib.SMA, "close", 20)
            self.atr, self.rsi = (ctx.timeframe("H1").indicator(*each) for each in (
                (talib.ATR, "high", "low", "close", 14), (talib.RSI, "close", 14)))  # fmt: skip

        def on_bar(self, ctx):
            seen.append((self.average[-1], self.atr[-1], self.rsi[-1]))

    bars = EURO.with_others([YEN])
    run_events(Looks(), request_on(bars), compiles=False)
    yen, hours = bars.other("USDJPY"), bars.at("H1")
    expected = np.column_stack((
        yen.to_bars(talib.SMA(yen.bars.close, 20)),
        hours.to_bars(talib.ATR(hours.bars.high, hours.bars.low, hours.bars.close, 14)),
        hours.to_bars(talib.RSI(hours.bars.close, 14)),
    ))  # fmt: skip
    np.testing.assert_array_equal(np.array(seen), expected[: len(seen)])


def test_it_is_given_to_a_call():
    result = backtest(EURO, Filtered, others=[YEN])
    assert len(result.trades) > 20
    with pytest.raises(DataError, match="no bars of it came with these bars"):
        backtest(EURO, Filtered)


def test_what_is_impossible_is_refused():
    class Forward(Filtered):
        def on_bar(self, ctx):
            if self.slow[0] > 1.0:
                ctx.buy(0.1)

    request = request_on(EURO.with_others([YEN]))
    for compiles in (False, True):
        with pytest.raises(EvaluationError, match=r"the current bar is \[-1\]"):
            run_events(Forward(), request, compiles=compiles)
    with pytest.raises(DataError, match="multiple"):
        EURO.at("M20")
    whole = replace(request, seen=EURO)
    with pytest.raises(DataError, match="USDJPY"):
        run_events(Filtered(), whole)


class TakesASlice(Filtered):
    """What only Python can do."""

    def on_bar(self, ctx):
        if self.h4.closes[-3:].sum() > 0.0:
            ctx.buy(0.1)


class TakesTheWhole(Filtered):
    """Likewise."""

    def on_bar(self, ctx):
        if len(self.h4) > 3:
            ctx.buy(0.1)


@pytest.mark.parametrize(("kind", "why"), [(TakesASlice, "a slice of a series"), (TakesTheWhole, "self.h4 is no")])
def test_what_only_python_can_do_says_so(kind, why):
    assert why in why_not_compiled(kind(), EURO.with_others([YEN]))
