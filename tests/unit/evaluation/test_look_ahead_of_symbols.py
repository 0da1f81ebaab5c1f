"""The look-ahead check where several symbols are traded: it accuses nobody of what the account did."""

from __future__ import annotations

import numpy as np

from tests.fakes.bars import USDJPY, bars_of
from trading_ai.engine.account import Account
from trading_ai.engine.costs import Costs
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.evaluation.event_runs import EventRuns
from trading_ai.evaluation.hosted_look_ahead import check_hosted
from trading_ai.strategies.event import EventStrategy


class Holds(EventStrategy):
    """Holds both symbols, and trades its own a little besides."""

    def on_start(self, ctx):
        self.yen = ctx.symbol("USDJPY")

    def on_bar(self, ctx):
        if ctx.bar == 1:
            self.yen.buy(0.1)
            ctx.buy(0.2)
        elif ctx.bar % 5 == 0:
            ctx.buy(0.01, target_pips=2, stop_pips=3)


def test_a_stop_out_at_a_price_of_long_before_is_no_look_ahead():
    """USDJPY has no bars after the fourth; the fall of EURUSD stops it out a day later, at its last known price."""
    price = np.round(1.1 - np.arange(80) * 0.0003, 5)
    own = bars_of([(p, p + 0.0002, p - 0.0002, p) for p in price])
    yen = bars_of([(110.0,) * 4] * 3 + [(110.0, 110.0, 100.0, 100.0)], symbol=USDJPY)
    account = Account(1_720.0, Sizing("units", 1_000.0), Costs(), ExecutionRules(leverage=30.0))
    found = check_hosted(EventRuns(Holds()), own.with_others([yen]), account, [{}], seconds=60.0)
    assert found.n_cuts > 20
    assert found.n_different == 0, found.found


class OtherLate(EventStrategy):
    """Trades the other symbol late only, and its own from the beginning."""

    def on_start(self, ctx):
        self.yen = ctx.symbol("USDJPY")

    def on_bar(self, ctx):
        if ctx.bar == 60:
            self.yen.buy(0.1)
        elif ctx.bar % 5 == 0:
            ctx.buy(0.01, target_pips=2, stop_pips=3)


def test_trades_are_the_same_before_another_symbol_is_traded_at_all():
    price = np.round(1.1 - np.arange(80) * 0.0003, 5)
    own = bars_of([(p, p + 0.0002, p - 0.0002, p) for p in price])
    yen = bars_of([(110.0,) * 4] * 80, symbol=USDJPY)
    account = Account(10_000.0, Sizing("units", 1_000.0), Costs(), ExecutionRules())
    found = check_hosted(EventRuns(OtherLate()), own.with_others([yen]), account, [{}], seconds=60.0)
    assert found.n_cuts > 20
    assert found.n_different == 0, found.found
