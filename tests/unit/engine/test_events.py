"""What the compiled simulators of one position jump between, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fakes.bars import bars_of
from trading_ai.engine.compiled.events import positions_of
from trading_ai.engine.costs import Costs
from trading_ai.engine.events import make_events
from trading_ai.engine.execution_data import prepare
from trading_ai.engine.orders import SAME_BARS, BarMap, Orders
from trading_ai.engine.records import END_OF_DATA, SIGNAL, TIME_EXIT
from trading_ai.engine.rules import ExecutionRules

N = 10
CLOSES = 1.1 + np.arange(N) / 1000  # 1.100, 1.101, ...; each bar opens half a pip above its close
BARS = bars_of([(c + 0.00005, c + 0.001, c - 0.001, c) for c in CLOSES])


def at(*bars: int) -> np.ndarray:
    row = np.zeros(N, dtype=np.int8)
    row[list(bars)] = 1
    return row


ENTRY = at(1, 6) - at(4)  # long at 1, short at 4, long at 6
ORDERS = Orders(ENTRY, at(3, 6), np.empty(0, np.int8))  # longs are closed at 3 and at 6


def events(orders=ORDERS, bar_map=SAME_BARS, time_exit=0, costs=None, first=0, **rules):
    costs = costs or Costs()
    data = prepare(BARS, costs).since(first)
    slippage = costs.slippage_pips * 0.0001
    return make_events(data, orders.since(first), bar_map.since(first), ExecutionRules(**rules), time_exit, slippage)


def test_each_entry_ends_at_the_first_thing_that_closes_it():
    found, every_opens = events()
    assert found.bar.tolist() == [1, 4, 6]
    assert found.side.tolist() == [1.0, -1.0, 1.0]
    assert found.opens.tolist() == [1, 1, 1]
    assert found.forced.tolist() == [3, 6, N]  # its exit signal; the next long; nothing (the exit at 6 is its own bar)
    assert found.reason.tolist() == [SIGNAL, SIGNAL, END_OF_DATA]
    assert found.after.tolist() == [3, 6, N]
    assert every_opens


def test_closing_only_uses_the_opposite_order_up():
    found, every_opens = events(opposite_signal="close")
    assert found.forced.tolist() == [3, 6, N]
    assert found.after.tolist() == [3, 7, N]  # the order at 6 closes the short and opens nothing
    assert not every_opens


def test_ignored_opposite_orders_close_nothing():
    found, every_opens = events(opposite_signal="ignore")
    assert found.forced.tolist() == [3, N, N]
    assert found.reason.tolist() == [SIGNAL, END_OF_DATA, END_OF_DATA]
    assert not every_opens


def test_a_time_exit_comes_before_what_is_later_only():
    found, every_opens = events(time_exit=2)
    assert found.forced.tolist() == [3, 6, 8]
    assert found.reason.tolist() == [SIGNAL, TIME_EXIT, TIME_EXIT]  # at 3 the signal counts, at 6 the time
    assert found.after.tolist() == [3, 6, 8]
    assert every_opens
    assert events(time_exit=1)[0].forced.tolist() == [2, 5, 7]
    assert events(time_exit=20)[0].forced.tolist() == [3, 6, N]


def test_a_time_exit_counts_the_strategys_bars():
    bar_map = BarMap(np.array([0, 2, 5, 8]), np.array([0, 0, 1, 1, 1, 2, 2, 2, 3, 3]))
    found, _ = events(Orders(at(2, 6), at(), at()), bar_map, time_exit=1, opposite_signal="ignore")
    assert found.forced.tolist() == [5, 8]  # where the next strategy bar begins
    found, _ = events(Orders(at(2, 6), at(), at()), bar_map, time_exit=2)
    assert found.forced.tolist() == [8, N]


@pytest.mark.parametrize(("direction", "opens"), [("both", [1, 1, 1]), ("long", [1, 0, 1]), ("short", [0, 1, 0])])
def test_sides_that_may_not_open_still_close(direction, opens):
    found, every_opens = events(direction=direction)
    assert found.opens.tolist() == opens
    assert found.forced.tolist() == [3, 6, N]
    assert every_opens


def test_repeated_entries_are_passed_over_while_a_position_is_open():
    assert not events(Orders(at(1, 4), at(), at()))[1]
    assert events(Orders(at(1, 4), at(3), at()))[1]
    assert events(Orders(at(1, 4), at(4), at()))[1]  # closed at the open of the next entry


def test_fills_and_anchors():
    found, _ = events()
    assert found.entry.tolist() == BARS.open[[1, 4, 6]].tolist()
    assert found.anchor.tolist() == found.entry.tolist()
    # A spread of a pip: longs at the ask. Half a pip of slippage makes longs dearer and shorts cheaper.
    found, _ = events(costs=Costs(spread_pips=1.0, slippage_pips=0.5))
    assert found.entry.tolist() == [1.1012, 1.104, 1.1062]
    found, _ = events(costs=Costs(spread_pips=1.0, slippage_pips=0.5), level_anchor="signal_close")
    assert found.anchor.tolist() == [1.1001, 1.103, 1.1051]  # the close before, ask for longs and bid for shorts


def test_the_first_bar_of_a_range_is_anchored_on_the_close_before_it():
    costs = Costs(spread_pips=1.0)
    assert events(costs=costs, first=6, level_anchor="signal_close")[0].anchor.tolist() == [1.1051]
    assert events(costs=costs, first=4, level_anchor="signal_close")[0].anchor.tolist() == [1.103, 1.1051]


@pytest.mark.parametrize(
    "flags",
    [
        [],
        [0, 0, 1],
        [1] * 8,
        [-1] * 8,  # eight bytes that are -1 as one number
        [0] * 8 + [-1] * 8 + [0] * 8 + [1, 0, -1],
        [0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0],
        [1, -1, 0] * 11,
    ],
)
def test_positions_are_those_of_nonzero_values(flags):
    row = np.array(flags, dtype=np.int8)
    found = positions_of(row, row[: row.size // 8 * 8].view(np.int64))
    assert found.tolist() == np.flatnonzero(row).tolist()
