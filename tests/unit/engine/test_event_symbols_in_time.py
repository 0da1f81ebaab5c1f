"""Several symbols on one account: what is known of one while a bar of another goes on, to the cent by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.bars import EURUSD, MONDAY_NS, USDJPY, bars_of
from tests.unit.engine.test_event_symbols import EURJPY, FLAT, GOLD, HOUR, YEN_FLAT, euro, run, trades_of
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.errors import RuleError


@pytest.mark.parametrize("hole", [0, 1])
def test_a_bar_that_began_before_the_first_moment_shows_its_close_once_it_has_ended(hole):
    """Trading begins half an hour into a bar of USDJPY, at whose end it stands at 111.50."""
    own = bars_of([FLAT] * 8, symbol=EURUSD, tf="M15", start_ns=MONDAY_NS + HOUR // 2)
    rows = [YEN_FLAT, (110.0, 112.0, 109.0, 111.5), (113.0, 113.0, 113.0, 113.0)]
    yen = bars_of(rows, symbol=USDJPY, start_ns=MONDAY_NS - HOUR)
    later = yen.open_time_ns.copy()
    later[-1] += hole * HOUR
    yen = replace(yen, open_time_ns=later)
    seen = {}

    def look(ctx, that):
        seen[ctx.bar] = that.bid

    run(own, [yen], dict.fromkeys(range(7), look))
    # Decided at 14:45, 15:00, 15:15, ...: the bar of 14:00 was last known at its open, then at its close.
    assert [seen[i] for i in range(3)] == [110.0, 111.5, 113.0 if not hole else 111.5]
    orders = {0: lambda ctx, that: that.buy(0.1)}
    assert trades_of(run(own, [yen], orders))[0][2] == 113.0


def test_a_stop_out_counts_what_was_filled_inside_a_bar_with_its_entry():
    """EURUSD is bought inside the hour in which USDJPY falls, 1,000 pips above the hour's open.

    Margins: 30,000 x 1.2 / 30 = 1,200.00 and 10,000 / 30 = 333.33; half of both is 766.67. The equity of 1,600 is down
    to that where USDJPY has lost 833.33: at 110 / 1.083333 = 101.538. It is the largest loser: EURUSD has lost nothing.
    """
    dollars = [FLAT, (1.1000, 1.2000, 1.1000, 1.2000), (1.2000,) * 4, (1.2000,) * 4]
    yen = [YEN_FLAT, (110.0, 110.0, 100.0, 100.0), (100.0,) * 4, (100.0,) * 4]

    def both(ctx, that):
        that.buy(0.1)
        ctx.buy(0.3, stop_price=1.2000)

    rules = ExecutionRules(leverage=30.0)
    ran = run(bars_of(dollars), [bars_of(yen, symbol=USDJPY)], {0: both}, capital=1_600.0, rules=rules)
    assert trades_of(ran) == [
        ("USDJPY", 1, 110.0, 1, 101.53846, "stop_out"),
        ("EURUSD", 1, 1.2, 3, 1.2, "end_of_data"),
    ]
    assert ran.trades["net_profit"] == pytest.approx([-833.33, 0.0], abs=0.01)


def test_ruin_leaves_what_was_filled_inside_a_bar_at_its_entry():
    """USDJPY loses all of 600 USD in the hour in which EURUSD was bought 100 pips below the hour's open."""
    dollars = [FLAT, (1.1000, 1.1000, 1.0900, 1.0900), (1.0900,) * 4, (1.0900,) * 4]
    yen = [YEN_FLAT, (110.0, 110.0, 100.0, 100.0), (100.0,) * 4, (100.0,) * 4]

    def both(ctx, that):
        that.buy(0.1)
        ctx.buy(0.3, limit=1.0900)

    ran = run(bars_of(dollars), [bars_of(yen, symbol=USDJPY)], {0: both}, capital=600.0)
    assert [t[:5] for t in trades_of(ran)] == [
        ("EURUSD", 1, 1.09, 1, 1.09),
        ("USDJPY", 1, 110.0, 1, pytest.approx(110 / 1.06, abs=2e-5)),
    ]
    assert ran.trades["net_profit"] == pytest.approx([0.0, -600.0])
    assert ran.equity[-1] == 0.0


def test_the_account_is_ruined_when_the_price_that_ruins_it_is_there():
    """USDJPY has lost 10,000 x (110 / 100 - 1) = 1,000 by bar 1, its last; the other 500 EURUSD loses in bar 3."""
    dollars = [FLAT, FLAT, FLAT, (1.1000, 1.1000, 1.0000, 1.0000), (1.0000,) * 4]
    yen = bars_of([YEN_FLAT, (110.0, 110.0, 100.0, 100.0)], symbol=USDJPY)

    def both(ctx, that):
        ctx.buy(0.1)
        that.buy(0.1)

    ran = run(bars_of(dollars), [yen], {0: both}, capital=1_500.0)
    assert [(t[0], t[3], t[4]) for t in trades_of(ran)] == [("EURUSD", 3, 1.05), ("USDJPY", 1, 100.0)]
    assert (ran.ruined_bar, ran.equity[-1]) == (3, 0.0)


@pytest.mark.parametrize("sizing", [Sizing("units", 2.0), Sizing("lots", 0.01)])
def test_a_fixed_size_below_the_smallest_volume_of_another_symbol_is_skipped(sizing):
    gold = bars_of([(1_900.0,) * 4] * 4, symbol=replace(GOLD, min_volume=10.0, volume_step=10.0))
    todo = {0: lambda ctx, that: that.buy(), 1: lambda ctx, that: that.buy(0.1)}
    ran = run(euro(4), [gold], todo, other="XAUUSD", sizing=sizing, capital=100_000.0)
    assert (ran.trades["units"].tolist(), ran.n_skipped) == ([10.0], 1)


def test_rates_that_begin_too_late_are_said():
    cross = bars_of([(120.0,) * 4] * 4, symbol=EURJPY)
    yen = bars_of([YEN_FLAT] * 4, symbol=USDJPY, start_ns=MONDAY_NS + HOUR)
    todo = {0: lambda ctx, that: that.buy(0.1)}
    said = "EURJPY cannot be traded: the bars that convert its profits begin at .*Import them from an earlier date on"
    with pytest.raises(RuleError, match=said):
        run(euro(4), [yen, cross], todo, other="EURJPY")
