"""Three robots in the vendor's style, of shapes that many have, and what of the platform they needed."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.integration.runners.conftest import hours, pips, run
from trading_ai import ExecutionRules, load_sample
from trading_ai.runners.cbot.runner import CBotRunner
from trading_ai.runners.cbot.unsupported import UnsupportedMemberError
from trading_ai.strategies.indicators import talib

SHAPES = Path(__file__).parents[2] / "fakes" / "robots_of_usual_shapes"
BARS = load_sample("EURUSD").slice(0, 3000)
STOP, TARGET = 1, 2
HOUR_NS = 3_600_000_000_000


def shape(name):
    return CBotRunner().find(SHAPES / name, "")


def test_a_breakout_of_the_night_cancels_the_other_order_and_leaves_in_halves():
    trades = run(shape("NightBreakout"), BARS).trades
    entries = {}
    for t in trades:
        entries.setdefault(int(t["entry_time_ns"]), []).append(t)
    assert len(entries) > 80
    days = Counter(moment // (24 * HOUR_NS) for moment in entries)
    assert set(days.values()) == {1}
    assert all(7 <= moment // HOUR_NS % 24 < 15 for moment in entries)
    halves = [parts for parts in entries.values() if len(parts) == 2]
    assert len(halves) > 20
    for first, second in halves:
        assert first["units"] == second["units"] == 10_000
        assert first["net_profit"] > 15.0
        # Its stop went to the entry, and follows; where that bar's price was behind it already, it ends there.
        assert second["net_profit"] > -1e-6 or second["entry_bar"] == second["exit_bar"]
    for parts in entries.values():
        if len(parts) == 1:
            assert parts[0]["units"] == 20_000


def test_reversion_to_the_band_risks_a_part_of_the_equity():
    found = run(shape("BandReversion"), BARS)
    upper, _, lower = talib.BBANDS(BARS.close, 20, 2.0, 2.0)
    equity = 10_000.0
    assert len(found.trades) > 50
    assert {int(side) for side in found.trades["direction"]} == {1, -1}
    for t in found.trades:  # one at a time here, so that the balance is the equity
        before = int(t["entry_bar"]) - 1
        assert BARS.close[before] < lower[before] if t["direction"] > 0 else BARS.close[before] > upper[before]
        lost_by = t["units"] * 0.0025
        assert t["units"] == math.floor(0.01 * equity / 0.0025 / 1000 + 1e-9) * 1000
        if t["exit_reason"] == STOP:
            assert t["gross_profit"] <= -lost_by + 1e-6
        equity += t["net_profit"]
    assert "closed by StopLoss: -25.0 pips" in found.log
    gains = found.trades["net_profit"]
    part = (gains.sum() - gains.max()) / (1.0 + found.metrics["max_drawdown"]) * math.sqrt(len(gains))
    assert found.metrics["fitness"] == pytest.approx(part)


def test_a_grid_of_limits_is_modified_by_a_timer():
    trades = run(shape("TimedGrid"), BARS).trades
    assert len(trades) > 30
    taken = trades[trades["exit_reason"] == TARGET]
    made = np.round(taken["direction"] * (taken["exit_price"] - taken["entry_price"]) * 1e4)
    # The target is 20 pips from the order's price; of buys that the timer met, 30. An open beyond it fills better.
    assert set(made[taken["direction"] < 0]) >= {20.0}
    assert set(made[taken["direction"] > 0]) & {30.0}
    assert made.min() >= 20.0


def test_pending_orders_have_a_method_for_each_of_their_parts(robot):
    mine = robot("""
    class Mine:
        def on_start(self):
            place = api.PlaceLimitOrder(TradeType.Buy, api.SymbolName, 10000, api.Symbol.Bid - 0.0010, "x", 5, 5)
            order = place.PendingOrder
            order.ModifyStopLossPips(40)
            order.ModifyTakeProfitPips(20)
            order.ModifyExpirationTime(api.Server.Time.AddHours(3))
            late = api.PlaceLimitOrder(TradeType.Buy, api.SymbolName, 10000, api.Symbol.Bid - 0.0040, "late", 5, 5)
            late.PendingOrder.ModifyExpirationTime(api.Server.Time.AddHours(2))
    """)
    # Bought at -10, left at the target of +10; what waits at -40 is gone when the third bar opens.
    bars = hours((0, 1, -1, 0), (0, 1, -12, -11), (-11, -10, -39, -11), (-11, -10, -41, -11), (-11, 12, -12, 0))
    assert pips(run(mine, bars).trades) == [(-10, 10)]


def test_risk_is_a_part_of_the_balance_or_of_the_equity(robot):
    mine = robot("""
    class Mine:
        def on_start(self):
            api.ExecuteMarketOrder(TradeType.Buy, api.SymbolName, 100000, "x")
        def on_bar(self):
            kinds = ProportionalAmountType.Balance, ProportionalAmountType.Equity
            print(*(api.Symbol.VolumeForProportionalRisk(kind, 1.0, 10) for kind in kinds), api.Account.Asset.Name)
    """)
    # 100 pips up 100,000 units have earned 1,000: one percent of 11,000 over 10 pips are 110,000 units.
    _, log = run(mine, hours((0, 1, -1, 0), (100, 101, 99, 100)), log=True)
    assert log.splitlines()[-1].endswith("100000.0 110000.0 USD")


@pytest.mark.parametrize("ratio", ["SharpeRatio", "SortinoRatio"])
def test_a_ratio_whose_definition_nobody_knows_is_refused(robot, ratio):
    mine = robot(f"""
    class Mine:
        def on_bar(self): pass
        def get_fitness(self, args): return args.{ratio}
    """)
    with pytest.raises(UnsupportedMemberError, match=rf"args.{ratio} is not supported.*--objective sharpe_ratio"):
        run(mine, hours((0, 1, -1, 0), (0, 1, -1, 0)), rules=ExecutionRules())
