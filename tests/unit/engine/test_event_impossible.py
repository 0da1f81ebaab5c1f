"""What an order of an event strategy cannot be is refused by its name and value, and what never comes is waited for."""

from __future__ import annotations

import math

import pytest

from tests.fakes.bars import EURUSD, bars_of
from tests.fakes.event_programs import Program, request_on, run_both, table_of
from trading_ai.errors import EvaluationError
from trading_ai.evaluation.event_runs import run_events
from trading_ai.strategies.event import EventStrategy

FLAT = (1.1000, 1.1000, 1.1000, 1.1000)


class Orders(EventStrategy):
    """Does at the first bar what a function says."""

    def on_bar(self, ctx):
        if ctx.bar == 0:
            self.order(ctx)


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (lambda ctx: ctx.buy(0.1, stop_pips=-10), r"stop_pips: must not be below 0, not -10"),
        (lambda ctx: ctx.sell(0.1, expiry=-1), r"expiry: must not be below 0, not -1"),
        (lambda ctx: ctx.buy(targets=((0.1,),)), r"targets: must be lots and target, or .*, not \(0\.1,\)"),
        (lambda ctx: ctx.buy(targets=(0.1, 1.2)), r"targets: must be lots and target, or .*, not 0\.1"),
        (lambda ctx: ctx.buy(targets=((0.1, 1.2, 1.0, 5),)), r"targets: must be lots and target, or .*1\.0, 5\)"),
        (lambda ctx: ctx.buy(0.5, targets=((0.1, 1.2),)), r"size=0\.5 does not go with targets"),
        (lambda ctx: ctx.buy(target=1.3, targets=((0.1, 1.2),)), r"target=1\.3 does not go with targets"),
    ],
)
def test_impossible_orders_are_named(order, message):
    strategy = Orders()
    strategy.order = order
    with pytest.raises(EvaluationError, match=message):
        run_events(strategy, request_on(bars_of([FLAT] * 4, symbol=EURUSD)))


class BuysWith(EventStrategy):
    """Its code can be compiled."""

    def on_start(self, ctx):
        self.far = -10.0

    def on_bar(self, ctx):
        ctx.buy(0.1, stop_pips=self.far)


@pytest.mark.compiles
def test_compiled_code_names_them_too():
    with pytest.raises(EvaluationError, match=r"stop_pips: must not be below 0, not -10\.0"):
        run_events(BuysWith(), request_on(bars_of([FLAT] * 4, symbol=EURUSD)))


class NeverReached(Program):
    """Buys at a limit, once a price is reached that no price reaches."""

    def on_bar(self, ctx):
        if ctx.bar == 0:
            ctx.buy(0.1, stop_price=math.inf, limit=1.2)
            ctx.sell(0.1, stop_price=-math.inf, limit=1.0)
        elif ctx.bar == 1:
            ctx.buy(0.1, stop_price=1.0, limit=1.2, target=1e305)


@pytest.mark.compiles
def test_a_stop_price_that_is_never_reached_is_waited_for():
    ran = run_both(bars_of([FLAT] * 5), table_of(5), kind=NeverReached)
    assert [(t["direction"], t["entry_bar"], t["exit_bar"]) for t in ran.trades] == [(1, 2, 4)]
