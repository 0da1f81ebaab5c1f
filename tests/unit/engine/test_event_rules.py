"""One test for each rule of orders in docs/explanation/execution-rules.md, in plain Python and compiled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.bars import EURUSD, bars_of
from tests.fakes.event_programs import (
    CANCEL,
    CLOSE,
    EXIT,
    GROUP,
    LEVELS,
    LIMIT,
    MARKET,
    MOVE_STOP,
    MOVE_TARGET,
    RESERVE,
    REVERSE,
    STOP,
    STOP_LIMIT,
    TRAIL,
    agree,
    request_on,
    run_both,
    run_code,
    table_of,
)
from trading_ai.engine.costs import Costs
from trading_ai.engine.records import EXIT_REASONS
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.errors import EvaluationError
from trading_ai.evaluation.event_runs import run_events
from trading_ai.strategies.event import EventStrategy

pytestmark = pytest.mark.compiles

FLAT = (1.1000, 1.1005, 1.0995, 1.1000)


def run(rows, *orders, **options):
    bars = bars_of(rows, symbol=EURUSD)
    return run_both(bars, table_of(len(rows), *orders), **options)


def trades_of(ran):
    return [
        (int(t["entry_bar"]), float(t["entry_price"]), int(t["exit_bar"]), float(t["exit_price"]),
         EXIT_REASONS[int(t["exit_reason"])])
        for t in ran.trades
    ]  # fmt: skip


def test_market_orders():
    rows = [FLAT, (1.1012, 1.1020, 1.1010, 1.1015), FLAT]
    costs = Costs(spread_pips=1.0, slippage_pips=0.5)
    ran = run(rows, (0, MARKET, {}), (1, EXIT, {"size": 0, "side": 0}), costs=costs)
    # Ask 1.1013 and half a pip; out at the bid less half a pip: -13.00 - 1.00 of slippage.
    assert trades_of(ran) == [(1, 1.10135, 2, 1.09995, "signal")]
    assert ran.trades["net_profit"][0] == pytest.approx(-14.0)
    assert (ran.slippage, ran.spread) == (pytest.approx(1.0), pytest.approx(1.0))


def test_limit_orders():
    touched = [FLAT, (1.1000, 1.1005, 1.0980, 1.0990), FLAT]
    buy = (0, LIMIT, {"price": 1.0990})
    assert trades_of(run(touched, buy, costs=Costs(slippage_pips=1)))[0][:2] == (1, 1.0990)
    gap = [FLAT, (1.0985, 1.0995, 1.0980, 1.0990), FLAT]
    assert trades_of(run(gap, buy))[0][:2] == (1, 1.0985)
    # With a spread of 1 pip a low of 1.0990 at the bid is 1.0991 at the ask: not reached.
    near = [FLAT, (1.1000, 1.1005, 1.0990, 1.1000), (1.1000, 1.1005, 1.0989, 1.1000)]
    assert trades_of(run(near, buy, costs=Costs(spread_pips=1)))[0][:2] == (2, 1.0990)
    sell = (0, LIMIT, {"side": -1, "price": 1.1010})
    up = [FLAT, (1.1000, 1.1020, 1.0995, 1.1015), FLAT]
    assert trades_of(run(up, sell))[0][:2] == (1, 1.1010)


def test_stop_orders():
    buy = (0, STOP, {"price": 1.1010})
    up = [FLAT, (1.1000, 1.1020, 1.0995, 1.1015), FLAT]
    assert trades_of(run(up, buy))[0][:2] == (1, 1.1010)
    assert trades_of(run(up, buy, costs=Costs(slippage_pips=1)))[0][:2] == (1, 1.1011)
    gap = [FLAT, (1.1014, 1.1020, 1.1012, 1.1015), FLAT]
    assert trades_of(run(gap, buy))[0][:2] == (1, 1.1014)
    sell = (0, STOP, {"side": -1, "price": 1.0990})
    down = [FLAT, (1.1000, 1.1005, 1.0980, 1.0985), FLAT]
    assert trades_of(run(down, sell))[0][:2] == (1, 1.0990)


def test_stop_limit_orders():
    up = [FLAT, (1.1000, 1.1020, 1.0999, 1.1018), (1.1018, 1.1019, 1.1004, 1.1010), FLAT]
    over = (0, STOP_LIMIT, {"price": 1.1010, "second": 1.1012})
    assert trades_of(run(up, over, costs=Costs(slippage_pips=1)))[0][:2] == (1, 1.1010)  # no slippage: a limit order
    under = (0, STOP_LIMIT, {"price": 1.1010, "second": 1.1005})
    assert trades_of(run(up, under))[0][:2] == (2, 1.1005)
    gap = [FLAT, (1.1014, 1.1020, 1.1013, 1.1015), (1.1015, 1.1016, 1.1011, 1.1013), FLAT]
    assert trades_of(run(gap, over))[0][:2] == (2, 1.1012)


def test_order_expiry():
    rows = [FLAT, FLAT, FLAT, (1.1000, 1.1005, 1.0980, 1.0990), FLAT]
    assert len(run(rows, (0, LIMIT, {"price": 1.0990, "expiry": 2})).trades) == 0
    assert len(run(rows, (0, LIMIT, {"price": 1.0990, "expiry": 3})).trades) == 1
    assert len(run(rows, (0, LIMIT, {"price": 1.0990}), (2, CANCEL, {})).trades) == 0


def test_one_cancels_other():
    both = (0, GROUP, {"price": 1.1010, "second": 1.0990})
    rows = [FLAT, (1.1000, 1.1012, 1.0998, 1.1010), (1.1010, 1.1010, 1.0980, 1.0985), FLAT]
    ran = run(rows, both)
    assert ran.trades["direction"].tolist() == [1]
    # In one bar the nearer extreme comes first: the high is 12 pips away, the low 15.
    rows = [FLAT, (1.1000, 1.1012, 1.0985, 1.0990), FLAT]
    assert run(rows, both).trades["direction"].tolist() == [1]
    rows = [FLAT, (1.1000, 1.1016, 1.0985, 1.0990), FLAT]
    assert run(rows, both).trades["direction"].tolist() == [-1]


def test_the_way_inside_a_bar():
    rows = [FLAT, (1.1000, 1.1050, 1.0970, 1.1000), FLAT]
    # A position that is open at the open: against it first.
    held = run(rows, (0, MARKET, {"stop": 20, "target": 40}))
    assert trades_of(held) == [(1, 1.1, 1, 1.0980, "stop_loss")]
    assert held.trades["ambiguous"].tolist() == [True]
    assert trades_of(run(rows, (0, MARKET, {"stop": 20, "target": 40}), rules=ExecutionRules(same_bar="target_first")))[
        0
    ][3:] == (1.1040, "take_profit")
    nearer = ExecutionRules(same_bar="nearer_first")
    assert trades_of(run(rows, (0, MARKET, {"stop": 20, "target": 40}), rules=nearer))[0][3:] == (1.0980, "stop_loss")
    rises = [FLAT, (1.1000, 1.1045, 1.0950, 1.1000), FLAT]
    assert trades_of(run(rises, (0, MARKET, {"stop": 20, "target": 40}), rules=nearer))[0][3:] == (
        1.1040, "take_profit",
    )  # fmt: skip
    # A limit that is filled on the way down (the low is nearer) reaches its target on the way up.
    limit = run(rows, (0, LIMIT, {"price": 1.0980, "target": 40, "stop": 20}))
    assert trades_of(limit) == [(1, 1.0980, 1, 1.1020, "take_profit")]


def test_levels_of_an_order():
    rows = [FLAT, FLAT, (1.1000, 1.1030, 1.0995, 1.1025), FLAT]
    assert trades_of(run(rows, (0, LEVELS, {"price": 1.0960, "second": 1.1020}))) == [
        (1, 1.1, 2, 1.1020, "take_profit")
    ]
    # A price that is not known is no order: it is counted and not placed.
    ran = run(rows, (0, LEVELS, {"price": np.nan, "second": 1.1020}))
    assert (len(ran.trades), ran.n_skipped) == (0, 1)


def test_levels_that_move():
    rows = [FLAT, FLAT, FLAT, (1.1000, 1.1030, 1.0985, 1.1025), FLAT]
    moved = run(rows, (0, MARKET, {"stop": 50}), (2, MOVE_STOP, {"price": 1.0990}))
    assert trades_of(moved) == [(1, 1.1, 3, 1.0990, "stop_loss")]
    moved = run(rows, (0, MARKET, {"stop": 50}), (2, MOVE_TARGET, {"price": 1.1020}))
    assert trades_of(moved)[0][3:] == (1.1020, "take_profit")
    # The best price since it trails is 1.1005, 10 pips below it is 1.0995: from the bar after the next close on.
    trailed = run(rows, (0, MARKET, {}), (1, TRAIL, {"trail": 0.0010}))
    assert trades_of(trailed) == [(1, 1.1, 3, 1.0995, "trailing_stop")]
    # 1.1050 was before: it would have made the stop 1.1040, above every price of the next bar.
    rows = [FLAT, (1.1000, 1.1050, 1.0995, 1.1000), *rows[2:]]
    trailed = run(rows, (0, MARKET, {}), (1, TRAIL, {"trail": 0.0010}))
    assert trades_of(trailed) == [(1, 1.1, 3, 1.0995, "trailing_stop")]


def test_partial_closes():
    rows = [FLAT, FLAT, (1.1010, 1.1015, 1.1005, 1.1010), (1.1020, 1.1025, 1.1015, 1.1020)]
    costs = Costs(commission_per_lot=10.0)
    ran = run(rows, (0, MARKET, {"size": 0.3}), (1, CLOSE, {"size": 0.1}), costs=costs)
    assert ran.trades["units"].tolist() == [10_000.0, 20_000.0]
    assert trades_of(ran) == [(1, 1.1, 2, 1.1010, "signal"), (1, 1.1, 3, 1.1020, "end_of_data")]
    np.testing.assert_allclose(ran.trades["net_profit"], [10.0 - 2.0, 40.0 - 4.0])
    np.testing.assert_allclose(ran.trades["balance"], [10_008.0, 10_044.0])


def test_pyramiding():
    rows = [FLAT, FLAT, FLAT, (1.1010, 1.1015, 1.1005, 1.1010)]
    ran = run(rows, (0, MARKET, {}), (1, MARKET, {"size": 0.2}), (2, EXIT, {"size": 0.2, "side": 0}))
    # 0.2 lots are closed, oldest first: 0.1 of the first and 0.1 of the second.
    assert ran.trades["units"].tolist() == [10_000.0, 10_000.0, 10_000.0]
    assert ran.trades["entry_bar"].tolist() == [1, 2, 2]
    assert [reason for *_, reason in trades_of(ran)] == ["signal", "signal", "end_of_data"]


def test_hedging_and_netting():
    rows = [FLAT, FLAT, (1.1010, 1.1015, 1.1005, 1.1010), (1.1020, 1.1025, 1.1015, 1.1020)]
    orders = ((0, MARKET, {}), (1, MARKET, {"side": -1, "size": 0.3}))
    hedged = run(rows, *orders)
    assert sorted(hedged.trades["direction"].tolist()) == [-1, 1]
    assert hedged.trades["exit_reason"].tolist() == [6, 6]
    netted = run(rows, *orders, netting=True)
    assert netted.trades["direction"].tolist() == [1, -1]
    assert netted.trades["units"].tolist() == [10_000.0, 20_000.0]
    assert trades_of(netted)[0] == (1, 1.1, 2, 1.1010, "signal")


def test_reversing_orders():
    # Long 0.3 lots; the low of bar 2 reaches the sell stop of 0.1 lots.
    rows = [FLAT, FLAT, (1.1000, 1.1005, 1.0985, 1.0990), (1.0980, 1.0985, 1.0975, 1.0980)]
    turn = (1, REVERSE, {"side": -1, "size": 0.1, "price": 1.0990, "second": 1.0990, "target": 0})
    for netting in (False, True):
        ran = run(rows, (0, MARKET, {"size": 0.2}), (0, MARKET, {"size": 0.1}), turn, netting=netting)
        assert ran.trades["direction"].tolist() == [1, 1, -1]
        assert ran.trades["units"].tolist() == [20_000.0, 10_000.0, 10_000.0]
        assert trades_of(ran) == [
            (1, 1.1, 2, 1.0990, "signal"), (1, 1.1, 2, 1.0990, "signal"), (2, 1.0990, 3, 1.0980, "end_of_data"),
        ]  # fmt: skip
        np.testing.assert_allclose(ran.trades["net_profit"], [-20.0, -10.0, 10.0])
    # Where only longs may be opened it closes, and opens nothing.
    ran = run(rows, (0, MARKET, {"size": 0.2}), turn, rules=ExecutionRules(direction="long"))
    assert trades_of(ran) == [(1, 1.1, 2, 1.0990, "signal")]
    # While a position of its own side is open it is not filled with pyramiding=1, and is with 2.
    for most, opened in ((1, 1), (2, 2)):
        again = (1, REVERSE, {"trail": 1, "expiry": most})
        assert len(run(rows, (0, MARKET, {}), again).trades) == opened


def test_exits_that_reserve_a_part():
    # 0.2 lots: 0.1 with a target, and what is left, though 0.2 are asked for, with a stop.
    half = (1, RESERVE, {"size": 0.2, "price": 1.0900, "second": 1.1030, "target": 1})
    rest = (1, RESERVE, {"price": 1.0980})
    third = (1, RESERVE, {"price": 1.0999})  # nothing is left for it
    rows = [FLAT, FLAT, (1.1000, 1.1005, 1.0975, 1.0980), (1.1000, 1.1035, 1.0995, 1.1010), FLAT]
    costs = Costs(commission_per_lot=10.0)
    ran = run(rows, (0, MARKET, {"size": 0.2}), half, rest, third, costs=costs)
    assert trades_of(ran) == [(1, 1.1, 2, 1.0980, "stop_loss"), (1, 1.1, 3, 1.1030, "take_profit")]
    assert ran.trades["units"].tolist() == [10_000.0, 10_000.0]
    np.testing.assert_allclose(ran.trades["net_profit"], [-20.0 - 2.0, 30.0 - 2.0])
    # More than is left is reduced to it, and a part that is not reserved keeps the levels that the position has.
    kept = run(rows, (0, MARKET, {"size": 0.2, "stop": 10}), half)
    assert trades_of(kept) == [(1, 1.1, 2, 1.0990, "stop_loss"), (1, 1.1, 3, 1.1030, "take_profit")]
    # What is closed at the market is the oldest first: the rest, then its part.
    closed = run(rows, (0, MARKET, {"size": 0.2}), half, (1, EXIT, {"size": 0.15, "side": 0}))
    assert closed.trades["units"].tolist() == [10_000.0, 5_000.0, 5_000.0]


def test_parts_of_one_order_do_not_cancel_each_other():
    class InParts(EventStrategy):
        def on_bar(self, ctx):
            if ctx.bar == 0:
                parts = ((0.1, 1.1030), (0.1, 1.1060, 1.0995))
                ctx.buy(stop_price=1.1010, stop=1.0950, targets=parts, oco="side", reverse=True)
                ctx.sell(0.1, stop_price=1.0990, oco="side")

    rows = [FLAT, (1.1005, 1.1035, 1.1000, 1.1030), (1.1030, 1.1030, 1.0990, 1.0990), FLAT]
    ran = run_events(InParts(), request_on(bars_of(rows, symbol=EURUSD)), compiles=False)
    assert trades_of(ran) == [(1, 1.1010, 1, 1.1030, "take_profit"), (1, 1.1010, 2, 1.0995, "stop_loss")]


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (lambda ctx: ctx.buy(targets=((0.1, 1.2),), pyramiding=1), "does not go with targets"),
        (lambda ctx: ctx.buy(0.1, pyramiding=-1), "pyramiding: must not be below 0, not -1"),
        (lambda ctx: ctx.position.reserve(0.0, stop=1.0), "size must be above 0"),
        (lambda ctx: ctx.position.reserve(0.1, trail=-1.0), "trail not below 0"),
    ],
)
def test_impossible_parts_are_refused(order, message):
    class Orders(EventStrategy):
        def on_bar(self, ctx):
            order(ctx)

    with pytest.raises(EvaluationError, match=message):
        run_events(Orders(), request_on(bars_of([FLAT, FLAT], symbol=EURUSD)), compiles=False)


def test_nothing_is_reserved_of_what_is_not_known():
    seen = []

    class Reserves(EventStrategy):
        def on_bar(self, ctx):
            seen.append(bool(ctx.position.reserve(0.05, stop=1.0990)))
            if ctx.bar == 0:
                ctx.buy(0.1)
            if ctx.bar == 1:
                seen.append(bool(ctx.position.reserve(0.05, stop=float("nan"))))
                seen.append((len(ctx.positions), ctx.position.size, ctx.positions[1].stop))

    run_events(Reserves(), request_on(bars_of([FLAT, FLAT, FLAT], symbol=EURUSD)), compiles=False)
    assert seen == [False, True, False, (2, 0.05, 1.0990)]


def test_account_with_both_sides():
    # Long 0.1 and short 0.1 cost the spread and nothing else, whatever the price does.
    rows = [FLAT, FLAT, (1.1000, 1.3000, 0.9000, 1.1000), FLAT]
    both = ((0, MARKET, {}), (0, MARKET, {"side": -1}))
    ran = run(rows, *both, capital=100.0, costs=Costs(spread_pips=1))
    np.testing.assert_allclose(ran.equity[-1], 98.0)
    # One side more: at the low of 0.9000 the long 0.2 lots have lost 4,000, the short 0.1 won 2,000.
    ran = run(rows, *both, (0, MARKET, {"size": 0.1}), capital=1_000.0)
    assert ran.ruined_bar == 2
    assert ran.trades["balance"][-1] == 0.0


def test_sizes_of_orders():
    rows = [FLAT, FLAT, FLAT]
    assert run(rows, (0, MARKET, {"size": 0.1279})).trades["units"].tolist() == [12_000.0]
    small = run(rows, (0, MARKET, {"size": 0.009}))
    assert (len(small.trades), small.n_skipped) == (0, 1)
    # Without a size the backtest's own is taken: 1 % of 10,000 at 40 pips of risk are 25,000.
    risk = Sizing("risk_percent", 1.0)
    ran = run(rows, (0, LEVELS, {"side": -1, "price": 1.1040, "second": 1.0900}), sizing=risk)
    assert ran.trades["units"].tolist() == [25_000.0]


def test_late_orders():
    rows = [FLAT, FLAT, (1.1010, 1.1015, 1.1005, 1.1010), FLAT, FLAT]
    ran = run(rows, (0, MARKET, {}), (2, EXIT, {"side": 0, "size": 0}), entry_delay=1)
    assert trades_of(ran) == [(2, 1.1010, 3, 1.1, "signal")]


@pytest.mark.parametrize("compiles", [True, False])
def test_impossible_orders_are_refused(compiles):
    rows = [FLAT, FLAT, FLAT]
    bars = bars_of(rows, symbol=EURUSD)
    with pytest.raises(EvaluationError, match=r"not above 0|above 0 lots"):
        run_both(bars, table_of(3, (0, MARKET, {"size": -1.0})), compiles=compiles)


def test_a_close_of_the_whole_size_leaves_nothing():
    # 0.29 lots are 28,999.999999999996 units in binary fractions: what is left is no position.
    rows = [FLAT] * 6
    buy = (0, MARKET, {"size": 0.29})
    for closing in ((2, EXIT, {"size": 0.29, "side": 0}), (2, CLOSE, {"size": 0.29})):
        ran = run(rows, buy, closing)
        assert trades_of(ran) == [(1, 1.1, 3, 1.1, "signal")]
        assert ran.trades["units"].tolist() == [29_000.0]


def test_parts_of_parts_of_a_step_leave_nothing():
    # In steps of a hundredth of a unit: 0.1 and 0.2 are 0.30000000000000004.
    rows = [FLAT] * 6
    sizing = Sizing(volume_step=0.01, min_volume=0.01)
    one, two, both = (units / EURUSD.lot_size for units in (0.1, 0.2, 0.3))
    ran = run(
        rows, (0, MARKET, {"size": one}), (1, MARKET, {"size": two}), (1, MARKET, {"size": one}),
        (2, EXIT, {"size": both, "side": 0}), sizing=sizing,
    )  # fmt: skip
    assert ran.trades["exit_bar"].tolist() == [3, 3, 5]
    assert ran.trades["units"] == pytest.approx([0.1, 0.2, 0.1])


def test_what_is_closed_is_whole_steps():
    rows = [FLAT] * 8
    # 12,790 units are 12 steps of 1,000; 400 are none, and nothing is closed.
    ran = run(rows, (0, MARKET, {"size": 0.3}), (2, CLOSE, {"size": 0.1279}), (3, EXIT, {"size": 0.004, "side": 0}))
    assert ran.trades["units"].tolist() == [12_000.0, 18_000.0]
    assert ran.trades["exit_bar"].tolist() == [3, 7]


def test_a_netting_order_of_parts_leaves_nothing():
    rows = [FLAT] * 6
    sizing = Sizing(volume_step=0.01, min_volume=0.01)
    one, two, both = (units / EURUSD.lot_size for units in (0.1, 0.2, 0.3))
    ran = run(
        rows, (0, MARKET, {"size": one}), (1, MARKET, {"size": two}), (2, MARKET, {"size": both, "side": -1}),
        sizing=sizing, netting=True,
    )  # fmt: skip
    assert ran.trades["units"] == pytest.approx([0.1, 0.2])
    assert ran.trades["exit_bar"].tolist() == [3, 3]


@pytest.mark.parametrize("size", [-0.1, np.inf])
@pytest.mark.parametrize("what", [EXIT, CLOSE])
def test_a_close_of_an_impossible_size_is_refused(what, size):
    bars = bars_of([FLAT] * 4, symbol=EURUSD)

    class Closing(EventStrategy):
        def on_bar(self, ctx):
            if ctx.bar == 0:
                ctx.buy(0.1)
            elif what == EXIT:
                ctx.exit(size)
            else:
                ctx.position.close(size)

    with pytest.raises(EvaluationError, match="must be above 0 lots"):
        run_events(Closing(), request_on(bars), compiles=False)


def test_a_position_that_was_kept_is_false_once_it_is_closed():
    seen = []

    class Keeping(EventStrategy):
        def on_bar(self, ctx):
            if ctx.bar == 0:
                ctx.buy(0.1)
            elif ctx.bar == 1:
                self.held = ctx.position
                self.held.close()
            if ctx.bar > 0:
                seen.append(bool(self.held))

    run_events(Keeping(), request_on(bars_of([FLAT] * 4, symbol=EURUSD)), compiles=False)
    assert seen == [True, False]


def test_a_trailing_distance_below_zero_is_refused():
    with pytest.raises(EvaluationError, match="not be below 0"):
        run([FLAT] * 4, (0, MARKET, {}), (1, TRAIL, {"trail": -0.001}))


class BuysDips(EventStrategy):
    """Buys at a tick of 1.0990 or lower."""

    def on_bar(self, ctx):
        pass

    def on_tick(self, ctx):
        if not ctx.position and ctx.bid <= 1.0990:
            ctx.buy(0.1, target=1.1020)


class Leaves(EventStrategy):
    """Buys at the first close, and leaves at the first tick that has lost 10 USD."""

    def on_bar(self, ctx):
        if ctx.bar == 0:
            ctx.buy(0.1)

    def on_tick(self, ctx):
        if ctx.equity < 9_990.0 and ctx.position.profit < -10.0:
            ctx.position.close()


class MovesItsStop(Leaves):
    """Buys at the first close, and puts its stop above the price at a tick."""

    def on_tick(self, ctx):
        if ctx.tick == 1:
            ctx.position.modify(stop=1.2)


DIP = (1.1000, 1.1030, 1.0985, 1.1010)


def run_ticks(kind, rows, costs=None):
    request = request_on(bars_of(rows, symbol=EURUSD), costs)
    plain = run_events(kind(), request, compiles=False)
    agree(plain, run_code(kind(), request))
    return plain


def test_ticks():
    ran = run_ticks(BuysDips, [FLAT, DIP, FLAT], Costs(spread_pips=1.0))
    assert trades_of(ran) == [(1, 1.0986, 1, 1.1020, "take_profit")]
    assert ran.trades["net_profit"][0] == pytest.approx(34.0)
    assert not ran.trades["ambiguous"][0]


def test_what_is_closed_at_a_tick_is_closed_at_its_price():
    ran = run_ticks(Leaves, [FLAT, DIP, FLAT])
    assert trades_of(ran) == [(1, 1.1000, 1, 1.0985, "signal")]
    assert ran.trades["mae"][0] == pytest.approx(-15.0)
    assert ran.equity.tolist() == pytest.approx([10_000.0, 9_985.0, 9_985.0])
    assert np.isnan(ran.marks).all()  # it was no exit at an open


def test_a_stop_that_a_tick_puts_beyond_the_price_is_hit_there():
    assert trades_of(run_ticks(MovesItsStop, [FLAT, DIP, FLAT])) == [(1, 1.1000, 1, 1.0985, "stop_loss")]


@pytest.mark.parametrize(
    ("rules", "way"),
    [("stop_first", (0, 2, 1, 3)), ("target_first", (0, 1, 2, 3)), ("nearer_first", (0, 2, 1, 3))],
)
def test_a_tick_knows_nothing_of_what_comes_after_it(rules, way):
    seen = []

    class Looks(EventStrategy):
        def on_bar(self, ctx):
            seen.append((ctx.tick, ctx.bid, ctx.ask))
            if ctx.bar == 0:
                ctx.buy(0.1)

        def on_tick(self, ctx):
            seen.append((ctx.tick, ctx.bid, ctx.ask, ctx.bar, ctx.close, len(ctx.closes), ctx.position.bars))

    bars = bars_of([FLAT, DIP, FLAT], symbol=EURUSD)
    request = request_on(bars, rules=ExecutionRules(same_bar=rules))
    run_events(Looks(), request, compiles=False)
    first = [(k, DIP[c], DIP[c], 0, FLAT[3], 1, 0) for k, c in enumerate(way)]
    assert seen[:6] == [(-1, 1.1000, 1.1000), *first, (-1, 1.1010, 1.1010)]
    assert [tick[3:] for tick in seen[6:]] == [(1, DIP[3], 2, 1)] * 4


def test_finer_bars_have_ticks_of_their_own():
    seen = []

    class Counts(EventStrategy):
        def on_bar(self, ctx):
            seen.append("bar")

        def on_tick(self, ctx):
            seen.append((ctx.bar, ctx.tick))

    fine = bars_of([FLAT] * 6, symbol=EURUSD)
    request = replace(request_on(fine), seen=bars_of([FLAT] * 3, symbol=EURUSD), starts=np.array([0, 2, 4]))
    run_events(Counts(), request, compiles=False)
    of_a_bar = [[(bar, tick) for _ in range(2) for tick in range(4)] for bar in range(2)]
    assert seen == ["bar", *of_a_bar[0], "bar", *of_a_bar[1]]
