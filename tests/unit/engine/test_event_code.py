"""What the code of an event strategy is compiled to: at each bar no references are counted."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import typing_extensions
from numba.core.datamodel import default_manager
from typing_extensions import override

from tests.fakes.bars import bars_of, random_bars
from tests.fakes.event_programs import request_on
from trading_ai.engine.compiled.event_desk import DESK, equity_now
from trading_ai.engine.event_compile import compiled
from trading_ai.engine.event_compiled_run import run_compiled
from trading_ai.engine.event_context import EventContext
from trading_ai.engine.event_reading import CannotCompileError
from trading_ai.engine.event_reference import EventSimulator
from trading_ai.evaluation.event_runs import why_not_compiled
from trading_ai.strategies.event import EventStrategy
from trading_ai.strategies.indicators import talib
from trading_ai.warm import _Bracket

pytestmark = [
    pytest.mark.compiles,
    pytest.mark.skipif(not hasattr(equity_now, "overloads"), reason="compiling is switched off"),
]


class Looks(EventStrategy):
    """Looks at prices, a series and the account, and counts its bars in a number and in an array."""

    def on_start(self, ctx):
        self.average, self.n, self.counts = ctx.indicator(talib.SMA, "close", 2), 0, np.zeros(2)

    def on_bar(self, ctx):
        self.n += 1
        self.counts[0] += 1.0
        if self.counts[0] == self.n and ctx.close > self.average[-2] and ctx.equity > 100.0:
            ctx.buy(0.1)


def counted(kind):
    return default_manager[kind].contains_nrt_meminfo()


def test_what_is_handed_to_the_code_of_a_bar_counts_no_references_but_for_the_strategys_own_arrays():
    strategy, request = Looks(), request_on(bars_of([(1.1, 1.1005, 1.0995, 1.1)] * 5))
    ctx = EventContext(request.seen, EventSimulator(request.data, request.account))
    strategy.on_start(ctx)
    code = compiled(strategy)
    code.run._cache.disable()  # what is loaded does not say what it was made of
    run_compiled(code, strategy, ctx, request)
    assert strategy.counts.tolist() == [0.0, 0.0]  # the run's own copy is written into
    space = code.run.py_func.__globals__
    (kinds,) = space["on_bar"].overloads
    assert kinds[0] == DESK
    assert [str(kind) for kind in kinds if counted(kind)] == ["array(float64, 1d, C)"]  # `counts`


def test_what_set_up_compiles_of_event_strategies_is_compiled():
    """Run as plain Python instead, it would leave half a minute to the first strategy of every user."""
    assert why_not_compiled(_Bracket(), random_bars(300, 1)) == ""


def test_a_method_that_says_it_overrides_is_compiled():
    class Says(EventStrategy):
        @override
        def on_bar(self, ctx):
            ctx.buy(0.1)

        @typing_extensions.override
        def on_tick(self, ctx):
            ctx.sell(0.1)

    compiled(Says())


def test_a_method_with_another_decorator_is_not():
    def louder(method):
        @functools.wraps(method)
        def wrapped(self, ctx):
            method(self, ctx)
            method(self, ctx)

        return wrapped

    class Wraps(EventStrategy):
        @louder
        def on_bar(self, ctx):
            ctx.buy(0.1)

    class WrapsAndSays(EventStrategy):
        @override
        @louder
        def on_bar(self, ctx):
            ctx.buy(0.1)

    for kind in (Wraps, WrapsAndSays):
        with pytest.raises(CannotCompileError, match="no plain method"):
            compiled(kind())
