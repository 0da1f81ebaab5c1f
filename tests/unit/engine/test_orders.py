"""From decisions at closes to orders at opens, worked out by hand: both simulators take what stands here as given."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fakes.bars import EURUSD, MONDAY_NS, USDJPY, bars_of
from tests.fakes.twins import Twins
from trading_ai.engine.orders import SAME_BARS, BarMap, Orders, map_bars, place_orders
from trading_ai.engine.reference_account import Exits
from trading_ai.errors import RuleError, StrategyError
from trading_ai.market.bars import Bars
from trading_ai.market.timeframe import timeframe
from trading_ai.strategies.base import Signals

FLAT = (1.1000, 1.1005, 1.0995, 1.1000)
MINUTE_NS = 60_000_000_000
HOURS = bars_of([FLAT] * 4)  # open at 14:00, 15:00, 16:00 and 17:00


def half_hours(*minutes: int, symbol=EURUSD, tf="M30") -> Bars:
    """Bars that open so many minutes after 14:00."""
    times = MONDAY_NS + np.array(minutes, dtype=np.int64) * MINUTE_NS
    return Bars(symbol, timeframe(tf), times, *(np.full(times.size, price) for price in FLAT))


def flags(text: str) -> np.ndarray:
    """``"..x."`` for a decision on the third of four bars."""
    return np.array([c == "x" for c in text])


# --- where the strategy's bars start -------------------------------------------------------------------


def test_each_bar_starts_at_the_first_finer_bar_that_opens_with_it_or_later():
    found = map_bars(HOURS, half_hours(0, 30, 60, 90, 120, 150, 180, 210))
    assert found.first.tolist() == [0, 2, 4, 6]
    assert found.strategy_bar.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_holes_in_the_finer_bars():
    # Nothing was traded from 15:00 to 16:30: the bar of 15:00 holds no finer bar, that of 16:00 starts at 16:30.
    found = map_bars(HOURS, half_hours(0, 30, 150, 180, 210))
    assert found.first.tolist() == [0, 2, 2, 3]
    assert found.strategy_bar.tolist() == [0, 0, 2, 3, 3]


def test_finer_bars_before_the_first_bar_lie_in_none():
    found = map_bars(HOURS, half_hours(-30, 0, 60, 120, 180))
    assert found.first.tolist() == [1, 2, 3, 4]
    assert found.strategy_bar.tolist() == [-1, 0, 1, 2, 3]


def test_finer_bars_must_cover_the_bars():
    for good in (half_hours(30, 180), half_hours(0, 180), half_hours(59, 180, tf="M1"), half_hours(-60, 300)):
        assert map_bars(HOURS, good).first.size == 4
    for bad in (half_hours(60, 180), half_hours(0, 150), half_hours(90, 180)):
        with pytest.raises(RuleError, match="must cover the strategy's bars") as refused:
            map_bars(HOURS, bad)
        assert "Cut the strategy's bars" in str(refused.value)


def test_finer_bars_must_be_finer_and_of_the_same_symbol():
    with pytest.raises(RuleError, match="must be finer than the strategy's H1"):
        map_bars(HOURS, half_hours(0, 180, tf="H1"))
    with pytest.raises(RuleError, match="must be finer than the strategy's H1"):
        map_bars(HOURS, half_hours(0, 180, tf="H4"))
    with pytest.raises(RuleError, match="must be bars of EURUSD"):
        map_bars(HOURS, half_hours(0, 180, symbol=USDJPY))
    with pytest.raises(RuleError, match="must not be empty"):
        map_bars(HOURS, half_hours())
    with pytest.raises(RuleError, match="must not be empty"):
        map_bars(HOURS.slice(0, 0), half_hours(0))


def test_a_range_of_the_map():
    found = map_bars(HOURS, half_hours(0, 30, 60, 90, 120, 150, 180, 210)).since(3)
    assert found.first.tolist() == [-3, -1, 1, 3]  # the first two start before the range
    assert found.strategy_bar.tolist() == [1, 2, 2, 3, 3]
    assert SAME_BARS.since(3) is SAME_BARS
    whole = map_bars(HOURS, half_hours(0, 180))
    assert whole.since(0) is whole


# --- orders on the strategy's own bars -----------------------------------------------------------------


def test_a_decision_is_carried_out_at_the_next_bar():
    orders = place_orders(Signals(flags("x..x"), flags(".x.."), flags("..x."), flags("x..x")), 4, SAME_BARS, 4, "s")
    assert orders.entry.tolist() == [0, 1, -1, 0]  # that of the last bar has no next
    assert orders.exit_long.tolist() == [0, 0, 0, 1]
    assert orders.exit_short.tolist() == [0, 1, 0, 0]


def test_both_sides_at_once_cancel_out():
    orders = place_orders(Signals(flags("xx.."), flags("x.x.")), 4, SAME_BARS, 4, "s")
    assert orders.entry.tolist() == [0, 0, 1, -1]
    assert (orders.exit_long.size, orders.exit_short.size) == (0, 0)  # never


def test_one_bar_has_no_next():
    orders = place_orders(Signals(flags("x"), None, flags("x")), 1, SAME_BARS, 1, "s")
    assert (orders.entry.tolist(), orders.exit_long.tolist()) == ([0], [0])


def test_signals_of_another_length_are_refused():
    with pytest.raises(StrategyError, match=r"mine\.long_entry"):
        place_orders(Signals(flags("x")), 4, SAME_BARS, 4, "mine")


# --- orders on finer bars ------------------------------------------------------------------------------


def test_a_decision_is_carried_out_at_the_first_finer_bar_of_the_next_bar():
    bar_map = map_bars(HOURS, half_hours(0, 30, 60, 90, 120, 150, 180, 210))
    orders = place_orders(Signals(flags("x..x"), flags(".x.."), flags("..x."), flags("xx..")), 4, bar_map, 8, "s")
    assert orders.entry.tolist() == [0, 0, 1, 0, -1, 0, 0, 0]
    assert orders.exit_long.tolist() == [0, 0, 0, 0, 0, 0, 1, 0]
    assert orders.exit_short.tolist() == [0, 0, 1, 0, 1, 0, 0, 0]


def test_of_several_decisions_for_one_bar_the_newest_counts():
    # Nothing was traded from 15:00 to 16:00, so the decisions at 15:00 (bar 0) and at 16:00 (bar 1) are both carried
    # out at 16:00, the third of the finer bars: that of bar 1 is the newer.
    bar_map = map_bars(HOURS, half_hours(0, 30, 120, 180))
    assert bar_map.first.tolist() == [0, 2, 2, 3]
    assert place_orders(Signals(flags("x..."), flags(".x..")), 4, bar_map, 4, "s").entry.tolist() == [0, 0, -1, 0]
    assert place_orders(Signals(flags(".x.."), flags("x...")), 4, bar_map, 4, "s").entry.tolist() == [0, 0, 1, 0]


def test_no_decision_does_not_take_an_older_one_back():
    bar_map = map_bars(HOURS, half_hours(0, 30, 120, 180))
    assert place_orders(Signals(flags("x...")), 4, bar_map, 4, "s").entry.tolist() == [0, 0, 1, 0]
    both = Signals(flags("xx.."), flags(".x.."))  # the newer one is both sides, which is none
    assert place_orders(both, 4, bar_map, 4, "s").entry.tolist() == [0, 0, 1, 0]


def test_exits_for_one_bar_add_up():
    bar_map = map_bars(HOURS, half_hours(0, 30, 120, 180))
    for long_exit in ("x...", ".x..", "xx.."):
        orders = place_orders(Signals(flags("...."), None, flags(long_exit)), 4, bar_map, 4, "s")
        assert orders.exit_long.tolist() == [0, 0, 1, 0]
        assert orders.exit_short.size == 0


def test_decisions_after_which_nothing_is_traded_are_dropped():
    bar_map = BarMap(np.array([0, 2, 4, 4]), np.array([0, 0, 1, 1]))  # the bars 2 and 3 hold no finer bar
    orders = place_orders(Signals(flags("xxxx"), None, flags("xxxx")), 4, bar_map, 4, "s")
    assert orders.entry.tolist() == [0, 0, 1, 0]
    assert orders.exit_long.tolist() == [0, 0, 1, 0]


def test_the_newest_decision_is_traded():
    """The same through both simulators: short from 16:00, not long."""
    detail = half_hours(0, 30, 120, 180)
    twins = Twins(HOURS, Signals(flags("x..."), flags(".x..")), detail=detail, bar_map=map_bars(HOURS, detail))
    twins.agree(Exits())
    trades = twins.compiled(Exits())[0]
    assert (trades["direction"].tolist(), trades["entry_bar"].tolist()) == ([-1], [2])


def test_a_time_exit_counts_the_strategys_bars():
    # Entered at 15:00, two bars later is 17:00, whose first finer bar is the one of 17:30: the seventh.
    detail = half_hours(0, 30, 60, 90, 120, 150, 210)
    twins = Twins(HOURS, Signals(flags("x...")), detail=detail, bar_map=map_bars(HOURS, detail))
    twins.agree(Exits(time_exit=2))
    trades = twins.compiled(Exits(time_exit=2))[0]
    assert (trades["entry_bar"].tolist(), trades["exit_bar"].tolist()) == ([2], [6])
    twins.agree(Exits(time_exit=1))
    assert twins.compiled(Exits(time_exit=1))[0]["exit_bar"].tolist() == [4]


# --- a range, and late entries ---------------------------------------------------------------------------

ORDERS = Orders(*(np.array(row, np.int8) for row in ([0, 1, -1, 0, 1], [0, 0, 1, 0, 0], [1, 0, 0, 1, 0])))


def test_a_range_of_orders():
    cut = ORDERS.since(2)
    assert (cut.entry.tolist(), cut.exit_long.tolist(), cut.exit_short.tolist()) == ([-1, 0, 1], [1, 0, 0], [0, 1, 0])
    assert ORDERS.since(0) is ORDERS
    assert cut.entry.base is None  # compiled code reads it by eight bytes: it must begin where it was allocated


def test_late_entries_move_and_exits_do_not():
    late = ORDERS.with_late_entries(2)
    assert late.entry.tolist() == [0, 0, 0, 1, -1]
    assert late.exit_long is ORDERS.exit_long
    assert late.exit_short is ORDERS.exit_short
    assert ORDERS.with_late_entries(0) is ORDERS
    assert ORDERS.entry.tolist() == [0, 1, -1, 0, 1]
