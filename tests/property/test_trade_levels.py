"""Stops and targets that are told of trades are those that their positions had in the run."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.fakes.bars import EURUSD, random_bars
from tests.fakes.twins import Twins
from tests.property.test_planned_simulators_agree import _said, planned
from tests.property.test_simulators_agree import _costs, _exits, _rules
from trading_ai.engine.records import STOP_LOSS, TAKE_PROFIT
from trading_ai.engine.reference import ReferenceSimulator
from trading_ai.engine.reference_account import Exits
from trading_ai.engine.reference_plans import PlannedReference
from trading_ai.engine.trade_list import LISTED_TRADE
from trading_ai.evaluation.trade_levels import CLOSED_BY, of_list, of_signals, that_closed

NAN = math.nan


def watched(twins, exits):
    """Trades of the reference, and of each position its first stop, its target, and its stop at the end."""
    first, last = {}, {}

    class Watch(ReferenceSimulator if twins.orders.plan is None else PlannedReference):
        def open_at(self, t, side, *rest):
            opened = super().open_at(t, side, *rest)
            if opened:
                p = self.open[-1]
                first[t, side] = (p.stop, p.target)
            return opened

        def before_close(self, t):
            for p in self.open:
                last[p.entry_bar, p.side] = p.stop
            return super().before_close(t)

    a = twins.account
    run = Watch(
        twins.data, twins.orders, twins.bar_map, exits, capital=a.capital, sizing=a.sizing, costs=a.costs, rules=a.rules
    ).run()
    return run.trades, first, last


@settings(max_examples=examples(120), deadline=None)
@given(
    n=st.integers(2, 200), seed=st.integers(0, 10_000), density=st.sampled_from([0.03, 0.15]), rules=_rules,
    costs=_costs, exits=_exits, first_bar=st.sampled_from([0, 0, 40]), said=st.fixed_dictionaries(_said),
)  # fmt: skip
def test_levels_are_those_of_the_run(n, seed, density, rules, costs, exits, first_bar, said):
    bars = random_bars(n, seed, tf="H1", gaps=0.2)
    signals = planned(bars, seed, density, **said)
    twins = Twins(bars, signals, costs=costs, rules=rules, first=min(first_bar, n - 1))
    trades, first, last = watched(twins, exits)
    found = of_signals(twins.group, exits, trades)
    for trade, level in zip(trades, found.levels, strict=True):
        key = int(trade["entry_bar"]), int(trade["direction"])
        stop, target = (x if math.isfinite(x) else NAN for x in first[key])
        np.testing.assert_array_equal([level.stop, level.target], [stop, target])
        if not signals.is_planned and trade["exit_bar"] > trade["entry_bar"]:
            ended = level.moves[-1][1] if level.moves else level.stop
            np.testing.assert_array_equal(ended, last[key] if math.isfinite(last[key]) else NAN)


def test_of_other_runs_the_level_that_closed_a_trade_is_known():
    bars = random_bars(200, 3, tf="H1")
    twins = Twins(bars, planned(bars, 3, 0.1, stop="", target="", trail="", size="", entries=False, expiry=False,
                                exits="", pairs=False, stop_limits=False))  # fmt: skip
    exits = Exits(10.0, 15.0)
    trades = twins.reference(exits).trades
    found = that_closed(trades, "this run")
    assert found.notes == (CLOSED_BY.format("this run"),)
    kinds = set()
    for trade, level in zip(trades, found.levels, strict=True):
        kinds.add(int(trade["exit_reason"]))
        assert (level.stop == trade["exit_price"]) == (trade["exit_reason"] == STOP_LOSS)
        assert (level.target == trade["exit_price"]) == (trade["exit_reason"] == TAKE_PROFIT)
    assert {STOP_LOSS, TAKE_PROFIT} <= kinds


def test_a_list_has_its_own_levels_but_where_the_replay_gives_others():
    listed = np.zeros(3, LISTED_TRADE)
    listed["entry_time_ns"] = [100, 200, 300]
    listed["direction"], listed["entry_price"] = [1, 1, -1], [1.1, 1.1, 1.2]
    listed["stop_loss"], listed["take_profit"] = [1.09, 1.08, NAN], [1.13, NAN, 1.17]
    trades = listed[["entry_time_ns", "direction", "entry_price"]][[2, 1, 0]]
    own = of_list(listed, trades, {}, EURUSD)
    np.testing.assert_array_equal([x.stop for x in own.levels], [NAN, 1.08, 1.09])
    np.testing.assert_array_equal([x.target for x in own.levels], [1.17, NAN, 1.13])
    assert own.notes == ()
    other = of_list(listed, trades, {"stop_loss": 20.0, "trailing_stop": 5}, EURUSD)
    assert [x.stop for x in other.levels] == [1.202, 1.098, 1.098]
    assert other.levels[0].target == 1.17
    assert "at the entry" in other.notes[0]
