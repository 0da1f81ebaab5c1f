"""An open that lies exactly on a level is decided at the open, before anything else of the bar, on every simulator."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fakes.bars import bars_of
from tests.fakes.twins import Twins
from trading_ai.engine.costs import Costs
from trading_ai.engine.records import STOP_LOSS, TAKE_PROFIT
from trading_ai.engine.reference_account import Exits
from trading_ai.engine.rules import ExecutionRules
from trading_ai.strategies.base import Signals

FLAT = (1.1000, 1.1005, 1.0995, 1.1000)
EXITS = Exits(stop_loss=20, take_profit=40)  # from 1.1000: long 1.0980 and 1.1040, short 1.1020 and 1.0960


@pytest.mark.parametrize("same_bar", ["stop_first", "target_first", "nearer_first"])
@pytest.mark.parametrize(
    ("side", "bar", "price", "reason"),
    [
        # Each bar goes on to touch the other level too; that is too late.
        ("long", (1.0980, 1.1050, 1.0970, 1.1000), 1.0980, STOP_LOSS),
        ("long", (1.1040, 1.1050, 1.0970, 1.1000), 1.1040, TAKE_PROFIT),
        ("short", (1.1020, 1.1030, 1.0950, 1.1000), 1.1020, STOP_LOSS),
        ("short", (1.0960, 1.1030, 1.0950, 1.1000), 1.0960, TAKE_PROFIT),
    ],
)
def test_the_open_decides(side, bar, price, reason, same_bar):
    entry = np.array([True, False, False, False])
    entries = Signals(entry) if side == "long" else Signals(short_entry=entry)
    twins = Twins(bars_of([FLAT, FLAT, bar, FLAT]), entries, rules=ExecutionRules(same_bar=same_bar))
    twins.agree(EXITS)
    trades, tally, _, _ = twins.compiled(EXITS)
    assert (trades["exit_price"][0], trades["exit_reason"][0], trades["exit_bar"][0]) == (price, reason, 2)
    assert not trades["ambiguous"][0]
    assert tally["n_ambiguous"] == 0


def test_a_stop_at_the_open_slips_from_the_open_and_a_target_does_not():
    costs = Costs(slippage_pips=0.5)  # the entry fills at 1.10005: stop 1.09805, target 1.10405
    for open_, price in ((1.09805, 1.0980), (1.0970, 1.09695), (1.10405, 1.10405), (1.1050, 1.1050)):
        bar = (open_, max(open_, 1.1000), min(open_, 1.1000), 1.1000)
        entry = np.array([True, False, False, False])
        twins = Twins(bars_of([FLAT, FLAT, bar, FLAT]), Signals(entry), costs=costs)
        twins.agree(EXITS)
        assert twins.compiled(EXITS)[0]["exit_price"][0] == price


@pytest.mark.parametrize(
    ("side", "bar", "price", "reason"),
    [
        ("long", (1.1000, 1.1005, 1.0980, 1.1000), 1.0980, STOP_LOSS),
        ("long", (1.1000, 1.1040, 1.0995, 1.1000), 1.1040, TAKE_PROFIT),
        ("short", (1.1000, 1.1020, 1.0995, 1.1000), 1.1020, STOP_LOSS),
        ("short", (1.1000, 1.1005, 1.0960, 1.1000), 1.0960, TAKE_PROFIT),
    ],
)
def test_a_level_that_is_just_touched_in_a_block_of_quiet_bars(side, bar, price, reason):
    """Scans pass over sixteen bars at a time where nothing is touched: bars 16 to 31, of which 20 touches."""
    rows = [FLAT] * 48
    rows[20] = bar
    entry = np.eye(48, dtype=bool)[0]
    twins = Twins(bars_of(rows), Signals(entry) if side == "long" else Signals(short_entry=entry))
    twins.agree(EXITS)
    trades = twins.compiled(EXITS)[0]
    assert (trades["exit_bar"][0], trades["exit_price"][0], trades["exit_reason"][0]) == (20, price, reason)


@pytest.mark.parametrize("side", ["long", "short"])
def test_equity_while_quiet_blocks_are_passed_over(side):
    # Closes 5 pips above (bar 18) and 7 below (bar 25) the entry at 1.1000, in a block that nothing touches.
    rows = [FLAT] * 48
    rows[18], rows[25] = (1.1000, 1.1005, 1.0995, 1.1005), (1.1000, 1.1005, 1.0993, 1.0993)
    entry = np.eye(48, dtype=bool)[0]
    twins = Twins(bars_of(rows), Signals(entry) if side == "long" else Signals(short_entry=entry))
    twins.agree(EXITS)
    tally = twins.compiled(EXITS)[1]
    # Long, 10,000 units: from +5 to -7 dollars. Short: -5, then from +7 back to nothing at the end.
    assert tally["equity_drawdown"] == pytest.approx(12.0 if side == "long" else 7.0)
