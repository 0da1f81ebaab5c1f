"""Sets of signals that are simulated together equal each set by itself, and the reference, bit for bit."""

from __future__ import annotations

import threading

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import IS_PLAIN, examples
from tests.fakes.bars import random_bars
from tests.fakes.twins import Twins, plain_tallies
from trading_ai.engine.costs import Costs
from trading_ai.engine.exit_rows import (
    BREAK_EVEN,
    EXIT_COLUMNS,
    STOP_LOSS,
    TAKE_PROFIT,
    TIME_EXIT,
    TRAILING_STOP,
    ExitRows,
    stop_levels,
)
from trading_ai.engine.records import N_TALLIES, TALLIES
from trading_ai.engine.reference import Exits
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sets_run import SetsRun, SetsSimulator
from trading_ai.engine.sizing import Sizing
from trading_ai.strategies.base import Signals
from trading_ai.strategies.signals import Crossing, Crossings, Each

_rules = st.builds(
    ExecutionRules,
    opposite_signal=st.sampled_from(["reverse", "close", "ignore"]),
    same_bar=st.sampled_from(["stop_first", "target_first", "nearer_first"]),
    level_anchor=st.sampled_from(["fill", "signal_close"]),
    round_levels=st.booleans(),
    direction=st.sampled_from(["both", "both", "long", "short"]),
)
_costs = st.builds(
    Costs,
    spread_pips=st.sampled_from([None, 1.0]),
    commission_per_lot=st.sampled_from([0.0, 3.5]),
    slippage_pips=st.sampled_from([0.0, 0.2]),
)


def _decisions(n: int, rng, density: float, with_exits: bool) -> Signals:
    some = [rng.random(n) < density for _ in range(4)]
    return Signals(*some[:2], *(some[2:] if with_exits else (None, None)))


def _crossing(n: int, rng, with_exits: bool) -> Crossing:
    series = np.cumsum(rng.normal(size=n))
    series[: n // 10] = np.nan
    other = series + rng.normal(size=n) * rng.choice([0.5, 5.0])
    kinds = [(other, None), (0.25, -0.25), (other, -0.5), (series.round(), None)]  # the last one ties often
    above, below = kinds[int(rng.integers(len(kinds)))]
    exits = [rng.random(n) < 0.05 if with_exits else None for _ in range(2)]
    return Crossing(series, above, below, long_exit=exits[0], short_exit=exits[1])


@settings(max_examples=examples(80), deadline=None)
@given(data=st.data())
def test_sets_agree(data):
    draw = data.draw
    n, seed = (
        draw(st.sampled_from([2, 4, 60, 400] if IS_PLAIN else [2, 4, 60, 400, 3000])),
        draw(st.integers(0, 10_000)),
    )
    rng = np.random.default_rng(seed)
    bars = random_bars(n, seed, tf=draw(st.sampled_from(["M1", "H1", "D1"])), gaps=draw(st.sampled_from([0.0, 0.3])))
    options = {
        "capital": draw(st.sampled_from([10_000.0, 120.0])),  # so little that some lose everything
        "currency": draw(st.sampled_from(["USD", "EUR"])),
        "sizing": draw(st.sampled_from([Sizing("units", 10_000.0), Sizing("units", 10.0, min_volume=0.0)])),
        "costs": draw(_costs),
        "rules": draw(_rules),
    }
    first = draw(st.sampled_from([0, 0, n // 3]))
    with_exits = draw(st.booleans())
    some = []
    for _ in range(draw(st.integers(1, 5))):
        if draw(st.booleans()):
            some.append(_decisions(n, rng, draw(st.sampled_from([0.02, 0.3])), with_exits))
        else:
            some.append(_crossing(n, rng, with_exits))
    twins = [Twins(bars, signals, first=first, **options) for signals in some]
    one = twins[0]
    time_exits = np.array([draw(st.sampled_from([0, 0, 5, 2])) for _ in some])
    values = {
        column: np.array(sorted(draw(st.sets(st.sampled_from(pips), min_size=1))))
        for column, pips in (
            (STOP_LOSS, [0.0, 3.0, 8.5, 40.0]),
            (TAKE_PROFIT, [0.0, 4.0, 9.0, 60.0]),
            (TRAILING_STOP, draw(st.sampled_from([[0.0], [0.0, 5.0, 12.5]]))),
            (BREAK_EVEN, draw(st.sampled_from([[0.0], [0.0, 4.0, 8.0]]))),
        )
    }
    rows = np.zeros((0, len(EXIT_COLUMNS)))
    first_row = [0]
    for time_exit in time_exits.tolist():
        mine = np.zeros((draw(st.integers(1, 3)), len(EXIT_COLUMNS)))
        for column, pips in values.items():
            mine[:, column] = rng.choice(pips, mine.shape[0])
        mine[:, TIME_EXIT] = time_exit
        rows = np.vstack((rows, mine))
        first_row.append(rows.shape[0])
    places, levels = one.group.levels_of(rows)
    n_days = one.data.day_last_bar.size if draw(st.booleans()) else 0
    tallies, daily = np.full((rows.shape[0], N_TALLIES), np.nan), np.zeros((rows.shape[0], n_days), np.float32)
    simulator = SetsSimulator(one.data, one.bar_map.strategy_bar, one.account, one.group.config, levels)
    assert SetsSimulator.can(one.data, one.account, levels)
    to = rng.permutation(rows.shape[0])
    run = SetsRun(simulator, np.array(first_row), to, places, time_exits, tallies, daily)
    helpers = [threading.Thread(target=run.work) for _ in range(0 if IS_PLAIN else draw(st.integers(0, 2)))]
    for helper in helpers:
        helper.start()
    for s, (signals, twin) in enumerate(zip(some, twins, strict=True)):
        if first or draw(st.booleans()):
            run.give(s, twin.orders)
        elif isinstance(signals, Crossing):
            run.give(s, signals)
        else:
            run.give(s, signals.arrays(n))
    run.work()
    for helper in helpers:
        helper.join()

    for s, twin in enumerate(twins):
        mine = slice(first_row[s], first_row[s + 1])
        alone = np.empty((rows[mine].shape[0], N_TALLIES))
        days = np.zeros((rows[mine].shape[0], n_days), np.float32)
        twin.group.run(ExitRows(rows[mine]), alone, days)
        kept = ~run.lost[mine]
        for i, name in enumerate(TALLIES):
            np.testing.assert_array_equal(tallies[to[mine]][kept, i], alone[kept, i], err_msg=name)
        np.testing.assert_array_equal(daily[to[mine]][kept], days[kept])
        for c in np.flatnonzero(kept)[:1]:
            row = rows[mine][c]
            result = twin.reference(Exits(*row[:4].tolist(), int(row[4])))
            want = plain_tallies(result, twin.account.capital, twin.data)
            for name, value in want.items():
                assert tallies[to[mine]][c, TALLIES.index(name)] == value, name


def test_a_level_beyond_the_horizon_is_found():
    """A position that is held for longer than the table looks ahead finds its far stop, or the end of the data."""
    n = 400 if IS_PLAIN else 9000
    bars = random_bars(n, 3, tf="M1")
    entry = np.zeros(n, dtype=bool)
    entry[[5, n // 2]] = True
    for stop, target in ((0.0, 900.0), (400.0, 0.0), (150.0, 3000.0), (2000.0, 2000.0)):
        twin = Twins(bars, Signals(entry), costs=Costs(commission_per_lot=3.0))
        exits = np.zeros((1, len(EXIT_COLUMNS)))
        exits[0, :2] = stop, target
        _, levels = twin.group.levels_of(exits)
        simulator = SetsSimulator(twin.data, twin.bar_map.strategy_bar, twin.account, twin.group.config, levels)
        tallies, at = np.empty((1, N_TALLIES)), np.zeros(1, dtype=np.int64)
        run = SetsRun(simulator, np.array([0, 1]), at, (at, at), at, tallies, np.zeros((1, 0), np.float32))
        run.give(0, twin.orders)
        run.work()
        alone = np.empty((1, N_TALLIES))
        twin.group.run(ExitRows(exits), alone, np.zeros((1, 0), np.float32))
        np.testing.assert_array_equal(tallies, alone)


@settings(max_examples=examples(30), deadline=None)
@given(seed=st.integers(0, 10_000), n=st.sampled_from([1, 2, 9, 200]), with_exits=st.booleans())
def test_many_crossings_are_each_of_them(seed, n, with_exits):
    """Given at once, each set is what it is by itself; and the arrays of a crossing are what compiled code finds."""
    rng = np.random.default_rng(seed)
    bars = random_bars(n, seed)
    lines = [np.cumsum(rng.normal(size=n)).round(1) for _ in range(3)]
    crossings = Crossings(
        Each(lines, np.array([0, 1, 2, 0])),
        Each(lines, np.array([1, 2, 0, 2])) if seed % 2 else np.array([0.1, 0.2, 0.3, 0.4]),
        np.array([-0.1, -0.2, 0.0, 0.1]),
        long_exit=Each([rng.random(n) < 0.1], np.zeros(4, dtype=np.int64)) if with_exits else None,
    )
    assert crossings.is_plain(n, 4)
    twins = [Twins(bars, crossings.at(i), sizing=Sizing("units", 10.0, min_volume=0.0)) for i in range(4)]
    one = twins[0]
    levels = (stop_levels(np.array([np.inf])), np.array([np.inf]))
    simulator = SetsSimulator(one.data, one.bar_map.strategy_bar, one.account, one.group.config, levels)
    tallies, zeros = np.empty((4, N_TALLIES)), np.zeros(4, dtype=np.int64)
    run = SetsRun(simulator, np.arange(5), np.arange(4), (zeros, zeros), zeros, tallies, np.zeros((4, 0), np.float32))
    run.give_crossings(0, crossings, 4)
    run.work()
    for i, twin in enumerate(twins):
        alone = np.empty((1, N_TALLIES))
        twin.group.run(ExitRows(np.zeros((1, len(EXIT_COLUMNS)))), alone, np.zeros((1, 0), np.float32))
        np.testing.assert_array_equal(tallies[i], alone[0])
