"""Orders, levels and events of a robot's account; bars in pips above 1.1000, values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.integration.runners.conftest import hours, pips, run
from trading_ai import Costs, ExecutionRules
from trading_ai.engine.records import EXIT_REASONS

QUIET = (0, 1, -1, 0)


def reasons(trades):
    return [EXIT_REASONS[int(code)] for code in trades["exit_reason"]]


def starting(line, *more):
    body = "".join(f"        {each}\n" for each in (line, *more))
    return f"class Mine:\n    def on_start(self):\n{body}"


def buy(stop="None", target="None", rest=""):
    return starting(f'api.ExecuteMarketOrder(TradeType.Buy, api.SymbolName, 10000, "x", {stop}, {target}{rest})')


@pytest.mark.parametrize(
    ("rows", "stop", "target", "exit_at", "reason", "ambiguous"),
    [
        ((QUIET, (0, 3, -12, -5)), 10, 20, -10, "stop_loss", False),
        ((QUIET, (0, 25, -3, 5)), 10, 20, 20, "take_profit", False),
        ((QUIET, (0, 25, -12, 5)), 10, 20, -10, "stop_loss", True),  # both inside: the stop first
        ((QUIET, (-15, -3, -20, -5)), 10, 20, -15, "stop_loss", False),  # the open has passed it
        ((QUIET, (24, 30, 20, 25)), 10, 20, 24, "take_profit", False),
        ((QUIET, (0, 5, -5, 3)), 10, 20, 3, "end_of_data", False),
    ],
)
def test_levels_fill_as_the_rules_say(robot, rows, stop, target, exit_at, reason, ambiguous):
    trades = run(robot(buy(stop, target)), hours(*rows)).trades
    assert pips(trades) == [(0, exit_at)]
    assert reasons(trades) == [reason]
    assert trades["ambiguous"].tolist() == [ambiguous]


def test_a_short_leaves_at_the_ask(robot):
    mine = robot(starting('api.ExecuteMarketOrder(TradeType.Sell, api.SymbolName, 10000, "x", 10, 10)'))
    # Sold at the bid 0, stop at 10, target at -10 of the ask, which is 2 above the bid.
    assert pips(run(mine, hours(QUIET, (0, 7, -11, 0)), spread=2.0).trades) == [(0, 2)]
    assert pips(run(mine, hours(QUIET, (0, 8, -9, 0)), spread=2.0).trades) == [(0, 10)]
    assert pips(run(mine, hours(QUIET, (0, 7, -12, 0)), spread=2.0).trades) == [(0, -10)]


def test_costs_are_those_of_the_engine(robot):
    costs = Costs(spread_pips=1.0, commission_per_lot=3.0, slippage_pips=0.5)
    trade = run(robot(buy(10, 20)), hours(QUIET, (0, 30, -3, 5)), costs=costs).trades[0]
    assert pips([trade]) == [(1.5, 21.5)]  # bought at the ask and half a pip; the target does not slip
    assert trade["gross_profit"] == pytest.approx(20.0)
    assert trade["commission"] == pytest.approx(0.6)  # a tenth of a lot, twice
    assert trade["net_profit"] == pytest.approx(19.4)


def test_a_partial_close_is_a_trade_of_its_own(robot):
    mine = robot("""
    class Mine:
        def on_start(self):
            self.p = api.ExecuteMarketOrder(TradeType.Buy, api.SymbolName, 10000, "x").Position
        def on_bar_closed(self):
            if api.Bars.Count == 1:
                print(api.ClosePosition(self.p, 4000).IsSuccessful, self.p.VolumeInUnits, len(api.History))
                print(api.ClosePosition(self.p, 3500).Error)
            else:
                self.p.Close()
                print(api.ClosePosition(self.p).Error, round(self.p.NetProfit, 6))
    """)
    bars = hours((0, 1, -1, 5), (5, 6, 4, 10), (10, 11, 9, 10))
    found, log = run(mine, bars, log=True, costs=Costs(commission_per_lot=10.0, spread_pips=0.0))
    assert pips(found.trades) == [(0, 5), (0, 10)]
    assert found.trades["units"].tolist() == [4000, 6000]
    np.testing.assert_allclose(found.trades["net_profit"], [2 - 0.8, 6 - 1.2])
    np.testing.assert_allclose(found.trades["balance"], [10001.2, 10006.0])
    np.testing.assert_allclose(found.equity, [10005 - 1, 10001.2 + 6 - 0.6, 10006.0])
    assert [line.split(" ", 2)[2] for line in log.splitlines()] == [
        "True 6000.0 1", "BadVolume", "EntityNotFound 4.8",
    ]  # fmt: skip


def test_a_trailing_stop_follows(robot):
    # After bar 0 the best price is 1, the stop -9; after bar 1 it is 12, the stop 2, where bar 2 takes it.
    trades = run(robot(buy(10, "None", ", None, True")), hours(QUIET, (0, 12, -5, 11), (11, 11.5, 1, 5))).trades
    assert pips(trades) == [(0, 2)]
    assert reasons(trades) == ["trailing_stop"]


ORDERS = {
    "limit below": ("PlaceLimitOrder(TradeType.Buy, s, 1000, 1.0995)", -5),
    "limit above": ("PlaceLimitOrder(TradeType.Sell, s, 1000, 1.1006)", 6),
    "stop above": ("PlaceStopOrder(TradeType.Buy, s, 1000, 1.1006)", 6),
    "stop below": ("PlaceStopOrder(TradeType.Sell, s, 1000, 1.0995)", -5),
    "stop limit": ("PlaceStopLimitOrder(TradeType.Buy, s, 1000, 1.1006, 2)", 6),
}


@pytest.mark.parametrize("order", ORDERS)
def test_pending_orders_fill_at_their_price(robot, order):
    request, price = ORDERS[order]
    mine = robot(starting("s = api.SymbolName", f"print(api.{request}.IsSuccessful, len(api.PendingOrders))"))
    found, log = run(mine, hours(QUIET, (0, 8, -7, 2), QUIET), log=True)
    assert [entry for entry, _ in pips(found.trades)] == [price]
    assert log.split()[2:4] == ["True", "1"]


def test_an_order_that_the_open_has_passed_fills_at_the_open(robot):
    body = starting("s = api.SymbolName", "api.PlaceStopOrder(TradeType.Buy, s, 1000, 1.1006)",
                    "api.PlaceLimitOrder(TradeType.Sell, s, 1000, 1.1007)",
                    "api.PlaceStopLimitOrder(TradeType.Buy, s, 1000, 1.1005, 2)")  # fmt: skip
    # The open at 9 is beyond the stop-limit's 7, which waits there as a limit until bar 2.
    trades = run(robot(body), hours(QUIET, (9, 10, 8, 9), (9, 10, 5, 6))).trades
    assert sorted(pips(trades)) == [(7, 6), (9, 6), (9, 6)]


def test_orders_have_levels_expire_change_and_are_cancelled(robot):
    mine = robot("""
    from System import TimeSpan
    class Mine:
        def on_start(self):
            for name in ("Created", "Filled", "Cancelled", "Modified"):
                event = getattr(api.PendingOrders, name)
                event += self.teller(name)
            s, buy = api.SymbolName, TradeType.Buy
            end = api.Server.Time.Add(TimeSpan.FromHours(2))
            api.PlaceLimitOrder(buy, s, 1000, 1.0990, "expires", 5, 5, end)
            first = api.PlaceLimitOrder(buy, s, 1000, 1.0990, "moves", 4, 20).PendingOrder
            gone = api.PlaceStopOrder(buy, s, 1000, 1.1050, "gone").PendingOrder
            api.ModifyPendingOrder(first, 1.0997, 5, 6, None, 2000)
            api.CancelPendingOrder(gone)
        def teller(self, word):
            def tell(args):
                print(word, args.PendingOrder.Label, *([args.Reason] if word == "Cancelled" else []))
            return tell
    """)
    found, log = run(mine, hours(QUIET, (0, 1, -4, 0), (0, 4, -1, 2), QUIET), log=True)
    assert pips(found.trades) == [(-3, 3)]  # bought at -3 in bar 1, target 6 above in bar 2
    assert found.trades["units"].tolist() == [2000]
    assert [line.split(" ", 2)[2] for line in log.splitlines()] == [
        "Created expires", "Created moves", "Created gone", "Modified moves", "Cancelled gone Cancelled",
        "Filled moves", "Cancelled expires Expired",
    ]  # fmt: skip


def test_positions_tell_of_themselves(robot):
    mine = robot("""
    class Mine:
        def on_start(self):
            api.Positions.Opened += lambda args: print("opened", args.Position.Quantity)
            api.Positions.Modified += lambda args: print("modified", round((args.Position.StopLoss - 1.1) * 1e4))
            api.Positions.Closed += self.on_closed
            p = api.ExecuteMarketOrder(TradeType.Buy, api.SymbolName, 10000, "x", 10).Position
            print(api.ModifyPosition(p, 1.1005, None).Error, api.ModifyPosition(p, 1.0993, None).IsSuccessful)
        def on_closed(self, args):
            print("closed", args.Reason, round(args.Position.GrossProfit, 6), round(args.Position.Pips, 6))
            api.Positions.Closed -= self.on_closed
    """)
    _, log = run(mine, hours(QUIET, (0, 1, -8, -3)), log=True)
    assert [line.split(" ", 2)[2] for line in log.splitlines()] == [
        "opened 0.1", "modified -7", "InvalidStopLossTakeProfit True", "closed StopLoss -7.0 -7.0",
    ]  # fmt: skip


def test_an_engine_may_call_the_handlers_of_positions(robot, tmp_path):
    body = "class Mine:\n    def on_start(self):\n        api.ExecuteMarketOrder(TradeType.Buy, api.SymbolName, 1000)\n"
    body += "    def on_position_opened(self, args): print('opened', args.Position.Id)\n"
    assert "opened 1" in run(robot(body), hours(QUIET), log=True)[1]
    (tmp_path / "Mine" / "Engine.cs").write_text("protected override void OnBar() { }")
    assert "opened" not in run(robot(body), hours(QUIET), log=True)[1]
    (tmp_path / "Mine" / "Engine.cs").write_text("Positions.Opened += OnPositionOpened;")
    assert "opened 1" in run(robot(body), hours(QUIET), log=True)[1]


TURNS = """
class Mine:
    def on_start(self):
        self.go(TradeType.Buy, 3000)
    def on_bar_closed(self):
        if api.Bars.Count == 1: self.go(TradeType.Buy, 1000)
        if api.Bars.Count == 2: self.go(TradeType.Sell, 6000)
    def go(self, side, units):
        api.ExecuteMarketOrder(side, api.SymbolName, units)
        print([(str(p.TradeType), p.VolumeInUnits, round((p.EntryPrice - 1.1) * 1e4, 2)) for p in api.Positions])
"""


def test_arguments_by_name_and_a_volume_that_changes(robot):
    mine = robot("""
    class Mine:
        def on_start(self):
            s = api.SymbolName
            api.PlaceLimitOrder(TradeType.Buy, s, 1000, 1.0995, label="by name", takeProfitPips=4, comment="c")
            p = api.ExecuteMarketOrder(TradeType.Buy, s, 2000, label="grows", takeProfitPips=50).Position
        def on_bar_closed(self):
            p = api.Positions.Find("grows")
            if api.Bars.Count == 1:
                print(api.ModifyPosition(p, 3000).IsSuccessful, p.VolumeInUnits, round((p.EntryPrice - 1.1) * 1e4, 6))
                print(p.ModifyVolume(3500).Error, len(api.PendingOrders), api.Positions.FindAll("grows").Length)
            elif api.Bars.Count == 2:
                p.ModifyVolume(1000)
    """)
    bars = hours(QUIET, (3, 4, 2, 3), (3, 4, 2, 3), (3, 4, -6, 3))
    found, log = run(mine, bars, log=True)
    assert [line.split(" ", 2)[2] for line in log.splitlines()] == ["True 3000.0 1.0", "BadVolume 1 1"]
    assert pips(found.trades) == [(1, 3), (-5, -1), (1, 3)]
    assert found.trades["units"].tolist() == [2000, 1000, 1000]


def test_a_netted_account_has_one_position(robot):
    bars = hours((0, 1, -1, 0), (4, 5, 3, 4), (8, 9, 7, 8))
    found, log = run(robot(TURNS), bars, log=True, accounting="netted")
    assert "[('Buy', 4000.0, 1.0)]" in log  # three at 0 and one at 4
    assert "[('Sell', 2000.0, 8.0)]" in log
    assert found.trades["units"].tolist() == [4000, 2000]
    assert len(run(robot(TURNS), bars).trades) == 3


def test_the_account_says_when_there_is_no_money(robot):
    mine = robot("""
    class Mine:
        def on_start(self):
            for units in (100000, 200000, 500, 1500):
                result = api.ExecuteMarketOrder(TradeType.Buy, api.SymbolName, units)
                print(result.Error if not result.IsSuccessful else round(api.Account.Margin, 2))
            print(api.ExecuteMarketOrder(TradeType.Buy, "GBPUSD", 1000).Error)
    """)
    found, log = run(mine, hours(QUIET), log=True, rules=ExecutionRules(leverage=30.0))
    assert [line.split()[2] for line in log.splitlines()] == [
        "3666.67", "NoMoney", "BadVolume", "BadVolume", "UnknownSymbol",
    ]  # fmt: skip
    assert found.metrics["skipped_entries"] == 1


def test_what_the_account_cannot_carry_is_closed(robot):
    # 10,000 at a leverage of 30 hold 200,000 with a margin of 7,333.33; at half of it the equity is 3,666.67, which
    # 316.67 pips reach: a stop-out there, and rounded down to a tenth of a point.
    mine = robot(starting("api.ExecuteMarketOrder(TradeType.Buy, api.SymbolName, 200000)"))
    trades = run(mine, hours(QUIET, (0, 1, -400, -390)), rules=ExecutionRules(leverage=30.0)).trades
    assert reasons(trades) == ["stop_out"]
    assert trades["exit_price"][0] == pytest.approx(1.1 - 0.0316667, abs=1e-6)


def test_longs_and_shorts_stand_side_by_side(robot):
    mine = robot(starting('api.ExecuteMarketOrder(TradeType.Buy, api.SymbolName, 1000, "x", 5, 5)',
                          'api.ExecuteMarketOrder(TradeType.Sell, api.SymbolName, 1000, "x", 5, 5)'))  # fmt: skip
    found = run(mine, hours(QUIET, (0, 6, -1, 5.5)))
    assert pips(found.trades) == [(0, 5), (0, 5)]
    assert sorted(found.trades["direction"].tolist()) == [-1, 1]
    assert found.metrics["net_profit"] == pytest.approx(0.0, abs=1e-9)


def test_endless_reopening_within_a_bar_is_refused(robot):
    mine = robot("""
    class Mine:
        def on_start(self):
            api.Positions.Closed += lambda args: self.go()
            self.go()
        def go(self):
            api.ExecuteMarketOrder(TradeType.Buy, api.SymbolName, 1000, "x", 0.00001)
    """)
    with pytest.raises(Exception, match="fills between two prices of one bar"):
        run(mine, hours(QUIET, QUIET))
