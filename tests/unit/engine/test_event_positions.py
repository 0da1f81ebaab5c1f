"""Positions of event strategies that have the same numbers are different ones all the same."""

from __future__ import annotations

import math

import pytest

from tests.fakes.bars import EURUSD, bars_of
from tests.fakes.event_programs import Program, request_on, run_both, table_of
from trading_ai.evaluation.event_runs import run_events
from trading_ai.strategies.event import EventStrategy

FLAT = (1.1000, 1.1000, 1.1000, 1.1000)


class ClosesTwice(Program):
    """Buys the same twice, and closes the first of both twice."""

    def on_bar(self, ctx):
        if ctx.bar == 0:
            ctx.buy(0.1)
            ctx.buy(0.1)
        elif ctx.bar == 1:
            ctx.position.close()
            ctx.position.close()


@pytest.mark.compiles
def test_a_position_that_is_closed_twice_takes_no_other_with_it():
    ran = run_both(bars_of([FLAT] * 6), table_of(6), kind=ClosesTwice)
    assert ran.trades["exit_bar"].tolist() == [2, 5]


def test_of_two_like_positions_the_one_that_is_closed_is_gone():
    seen = []

    class ClosesTheSecond(EventStrategy):
        def on_bar(self, ctx):
            if ctx.bar == 0:
                ctx.buy(0.1)
                ctx.buy(0.1)
            elif ctx.bar == 1:
                self.first, self.second = ctx.positions
                self.second.close()
            elif ctx.bar == 2:
                self.first.modify(stop=1.0990)
                seen.append((bool(self.first), bool(self.second), ctx.position == self.first, ctx.position.stop))

    rows = [FLAT, FLAT, FLAT, FLAT, (1.1000, 1.1000, 1.0980, 1.1000), FLAT]
    ran = run_events(ClosesTheSecond(), request_on(bars_of(rows, symbol=EURUSD)), compiles=False)
    assert seen == [(True, False, True, 1.0990)]
    assert ran.trades["exit_price"].tolist() == [1.1, 1.0990]


class TrailsLate(Program):
    """Does not know the distance of its trailing stop at first."""

    def on_bar(self, ctx):
        if ctx.bar == 0:
            ctx.buy(0.1)
        ctx.position.trail(math.nan if ctx.bar < 3 else 0.0010)


@pytest.mark.compiles
def test_a_trailing_distance_that_is_not_known_is_none():
    """The price was at 1.1050 while it was not known, and is at 1.1010 at best from then on: the stop is 1.1000."""
    rows = [
        FLAT, FLAT, (1.1000, 1.1050, 1.1000, 1.1045), (1.1045, 1.1045, 1.1000, 1.1000),
        (1.1000, 1.1010, 1.1000, 1.1005), (1.1005, 1.1005, 1.0950, 1.0990), FLAT,
    ]  # fmt: skip
    ran = run_both(bars_of(rows), table_of(len(rows)), kind=TrailsLate)
    assert [(t["exit_bar"], t["exit_price"]) for t in ran.trades] == [(5, 1.1)]
