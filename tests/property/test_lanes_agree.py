"""Rectangles of stops and targets, side by side in vector lanes, equal one combination at a time, bit for bit."""

from __future__ import annotations

import threading

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import IS_PLAIN, examples
from tests.fakes.bars import random_bars
from tests.fakes.twins import Twins, plain_tallies
from trading_ai.engine import grid_run
from trading_ai.engine.compiled.layout import BLOCK_EVENTS
from trading_ai.engine.costs import Costs
from trading_ai.engine.exit_rows import EXIT_COLUMNS, STOP_LOSS, TAKE_PROFIT, ExitRows, distances, stop_levels
from trading_ai.engine.grid_run import GridRun
from trading_ai.engine.records import N_TALLIES, TALLIES
from trading_ai.engine.reference_account import Exits
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.strategies.base import Signals

_rules = st.builds(
    ExecutionRules,
    same_bar=st.sampled_from(["stop_first", "target_first", "nearer_first"]),
    level_anchor=st.sampled_from(["fill", "signal_close"]),
    direction=st.sampled_from(["both", "both", "long", "short"]),
)
_costs = st.builds(
    Costs,
    spread_pips=st.sampled_from([None, 1.0]),
    commission_per_lot=st.sampled_from([0.0, 3.5]),
    slippage_pips=st.sampled_from([0.0, 0.2]),
)


def _alternating(n: int, seed: int, density: float) -> Signals:
    """Long and short in turn, as crosses of two averages are: every one of them opens a position."""
    rng = np.random.default_rng(seed)
    at = np.flatnonzero(rng.random(n) < density)
    long, short = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    long[at[::2]] = True
    short[at[1::2]] = True
    return Signals(long, short)


def _run(group, rows, where, levels, n_days, n_threads, lanes: bool):
    """Tallies and daily profits of one run, by the lanes or one by one."""
    tallies, daily = np.full((where[0].size, N_TALLIES), np.nan), np.zeros((where[0].size, n_days), np.float32)
    run = GridRun(group, int(rows.values[0, -1]), where, levels, False, n_threads)
    assert (run._rectangle is not None) or not lanes
    if not lanes:
        run._rectangle = None
    threads = [threading.Thread(target=run.run, args=(tallies, daily)) for _ in range(n_threads - 1)]
    for thread in threads:
        thread.start()
    run.run(tallies, daily)
    for thread in threads:
        thread.join()
    return tallies, daily


@settings(max_examples=examples(80), deadline=None)
@given(data=st.data())
def test_lanes_agree(data):
    draw = data.draw
    n, seed = draw(st.sampled_from([4, 60, 500] if IS_PLAIN else [4, 60, 400, 3000])), draw(st.integers(0, 10_000))
    signals = _alternating(n, seed, draw(st.sampled_from([0.03, 0.3])))
    capital = draw(st.sampled_from([10_000.0, 120.0]))  # so little that some lose everything
    twins = Twins(
        random_bars(n, seed, tf=draw(st.sampled_from(["M1", "H1", "D1"])), gaps=draw(st.sampled_from([0.0, 0.3]))),
        signals,
        capital=capital,
        currency=draw(st.sampled_from(["USD", "EUR"])),
        # Ten units: falls of cents, smaller than any bound that were a sum instead of a product.
        sizing=draw(st.sampled_from([Sizing(), Sizing("lots", 0.5), Sizing("units", 10.0, min_volume=0.0)])),
        costs=draw(_costs),
        rules=draw(_rules),
    )
    time_exit = draw(st.sampled_from([0, 0, 5]))
    sides = draw(st.integers(20, 36 if IS_PLAIN else 70)), draw(st.integers(2, 6 if IS_PLAIN else 12))
    long, short = max(sides), min(sides)
    n_stops, n_targets = (long, short) if draw(st.booleans()) else (short, long)
    stops = np.r_[0.0, 3.0 + np.arange(n_stops - 1) * draw(st.sampled_from([0.5, 3.0]))]
    targets = np.r_[0.0, 2.0 + np.arange(n_targets - 1) * 1.5]
    pip = twins.data.bars.symbol.pip_size
    levels = (stop_levels(np.sort(distances(stops, pip))), np.sort(distances(targets, pip)))
    stop_of, target_of = (a.ravel() for a in np.meshgrid(np.arange(n_stops), np.arange(n_targets), indexing="ij"))
    kept = np.random.default_rng(seed).random(stop_of.size) < draw(st.sampled_from([1.0, 0.95]))
    stop_of, target_of = stop_of[kept], target_of[kept]
    pips = (np.r_[stops[1:], 0.0], np.r_[targets[1:], 0.0])  # unused is the farthest level
    values = np.zeros((stop_of.size, len(EXIT_COLUMNS)))
    values[:, STOP_LOSS], values[:, TAKE_PROFIT], values[:, -1] = pips[0][stop_of], pips[1][target_of], time_exit
    where = (np.arange(stop_of.size), stop_of, target_of)
    n_days = twins.data.day_last_bar.size if draw(st.booleans()) else 0
    worth = grid_run.rectangle(stop_of, target_of, int(n_stops)) is not None
    lanes = worth and twins.group.every_event_opens(time_exit) and not twins.group.decides_by_bar

    one_by_one = _run(twins.group, ExitRows(values), where, levels, n_days, 1, False)
    n_threads = draw(st.integers(1, 1 if IS_PLAIN else 3))  # plain intrinsics are not atomic
    side_by_side = _run(twins.group, ExitRows(values), where, levels, n_days, n_threads, lanes)
    for i, name in enumerate(TALLIES):
        np.testing.assert_array_equal(side_by_side[0][:, i], one_by_one[0][:, i], err_msg=name)
    np.testing.assert_array_equal(side_by_side[1], one_by_one[1])

    c = draw(st.integers(0, stop_of.size - 1))
    result = twins.reference(Exits(*values[c, :4].tolist(), int(values[c, 4])))
    want = plain_tallies(result, capital, twins.data)
    for name, value in want.items():
        assert side_by_side[0][c, TALLIES.index(name)] == value, name
    if n_days:
        np.testing.assert_array_equal(side_by_side[1][c], result.daily_profit.astype(np.float32))


def test_alternating_signals_are_laid_out():
    """The conditions of the test above are met: whole rectangles, more events than are laid out at a time."""
    twins = Twins(random_bars(3000, 1), _alternating(3000, 1, 0.3))
    assert twins.group.every_event_opens(0)
    assert twins.group.n_events(0) > 2 * BLOCK_EVENTS
    stop_of, target_of = (a.ravel() for a in np.meshgrid(np.arange(31), np.arange(17), indexing="ij"))
    found = grid_run.rectangle(stop_of, target_of, 31)
    assert found is not None
    assert found.lanes_are_stops
    assert found.place.shape == (17, 32)
    assert np.sort(found.place[found.place >= 0]).tolist() == list(range(527))


def test_what_each_bar_decides_is_not_laid_out():
    stop_of, target_of = (a.ravel() for a in np.meshgrid(np.arange(31), np.arange(17), indexing="ij"))
    levels = stop_levels(1e-4 * (3.0 + np.arange(31))), 1e-4 * (2.0 + np.arange(17))
    for rule in ("stop_first", "target_first", "nearer_first"):
        twins = Twins(random_bars(300, 1), _alternating(300, 1, 0.3), rules=ExecutionRules(same_bar=rule))
        run = GridRun(twins.group, 0, (np.arange(stop_of.size), stop_of, target_of), levels, False)
        assert (run._rectangle is None) == (rule == "nearer_first")


def test_a_position_that_outlives_the_next_entry_is_not_laid_out():
    """Repeated entries on one side are passed over while a position is open: which ones depends on the exits."""
    long = np.zeros(50, dtype=bool)
    long[[5, 10, 20]] = True
    twins = Twins(random_bars(50, 1), Signals(long, np.zeros(50, dtype=bool)))
    assert not twins.group.every_event_opens(0)
    assert twins.group.every_event_opens(5)  # closed in time


def test_few_or_scattered_combinations_are_not_laid_out():
    """A rectangle that is mostly empty would cost more than it saves."""
    assert grid_run.rectangle(np.arange(31), np.zeros(31, dtype=np.int64), 31) is None
    rng = np.random.default_rng(1)
    assert grid_run.rectangle(rng.integers(0, 60, 100), rng.integers(0, 60, 100), 60) is None
    twice = np.repeat(np.arange(64), 2)
    assert grid_run.rectangle(twice, np.zeros(128, dtype=np.int64), 64) is None
