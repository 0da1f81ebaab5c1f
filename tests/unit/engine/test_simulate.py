"""However combinations are shared out and whatever is kept between calls, each gets what it gets alone."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fakes.bars import USDJPY, random_bars
from tests.fakes.twins import Twins
from trading_ai.engine import simulate
from trading_ai.engine.costs import Costs
from trading_ai.engine.exit_rows import ExitRows, distances, stop_levels
from trading_ai.engine.records import N_TALLIES
from trading_ai.engine.reference_account import Exits
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.simulate import table_bytes
from trading_ai.strategies.base import Signals

N = 120
STOPS, TARGETS = np.array([10.0, 20.0, 0.0]), np.array([15.0, 0.0])
LEVELS = (stop_levels(np.sort(distances(STOPS, 0.0001))), np.sort(distances(TARGETS, 0.0001)))
ROWS = np.array(
    [
        [10, 15, 0, 0, 0],
        [20, 0, 0, 0, 4],
        [0, 15, 0, 0, 2],
        [10, 0, 12, 0, 0],
        [20, 15, 0, 0, 2],
        [0, 0, 0, 8, 4],
        [0, 0, 0, 0, 0],
    ],
    dtype=float,
)


def twins(**account) -> Twins:
    rng = np.random.default_rng(7)
    return Twins(random_bars(N, 7), Signals(rng.random(N) < 0.15, rng.random(N) < 0.15), **account)


def run(made: Twins, rows: ExitRows, n_parts: int = 1):
    m = rows.values.shape[0]
    tallies, daily = np.full((m, N_TALLIES), np.nan), np.zeros((m, made.data.day_last_bar.size), np.float32)
    for task in made.group.tasks(rows, tallies, daily, n_parts):
        task()
    return tallies, daily


def alone(made: Twins, rows: np.ndarray):
    found = [run(made, ExitRows(rows[i : i + 1])) for i in range(len(rows))]
    return np.concatenate([t for t, _ in found]), np.concatenate([d for _, d in found])


@pytest.mark.parametrize("money", [{}, {"costs": Costs(swap_long=-0.5)}, {"rules": ExecutionRules(max_positions=2)}])
@pytest.mark.parametrize("levels", [None, LEVELS])
@pytest.mark.parametrize("n_parts", [1, 2, 5])
def test_rows_of_every_kind_together_equal_each_alone(money, levels, n_parts):
    made = twins(**money)
    expected = alone(made, ROWS)
    found = run(made, ExitRows(ROWS, levels), n_parts)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])
    again = run(made, ExitRows(ROWS[::-1].copy(), levels), n_parts)  # with what was kept
    np.testing.assert_array_equal(again[0][::-1], expected[0])


def test_known_places_are_used():
    made = twins()
    rows = ROWS[[0, 6]]
    places = (np.array([0, 2]), np.array([0, 1]))
    found = run(made, ExitRows(rows, LEVELS, places))
    np.testing.assert_array_equal(found[0], alone(made, rows)[0])
    part = ExitRows(rows, LEVELS, places).part(np.array([1]))
    assert (part.values.tolist(), part.places[0].tolist(), part.places[1].tolist()) == ([rows[1].tolist()], [2], [1])
    assert ExitRows(rows).part(np.array([0])).places is None


def test_tables_that_would_be_too_large_are_made_in_parts(monkeypatch):
    assert table_bytes(10, (np.zeros(3), np.zeros(2))) == 10 * 6 * 64
    made = twins()
    expected = alone(made, ROWS)
    monkeypatch.setattr(simulate, "_TABLE_BYTES", 1)
    found = run(made, ExitRows(ROWS))
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])


def test_one_combination_the_shortest_way():
    made = twins()
    expected = alone(made, ROWS[[0, 4, 6]])[0]
    for time_exit, stop, target, wanted in ((0, 0, 0, expected[0]), (2, 1, 0, expected[1]), (0, 2, 1, expected[2])):
        for _ in range(2):  # the second time with what was kept
            tallies = np.full((1, N_TALLIES), np.nan)
            assert made.group.run_one(time_exit, np.array([stop]), np.array([target]), LEVELS, tallies)
            np.testing.assert_array_equal(tallies[0], wanted)


def test_the_shortest_way_is_for_fixed_money_and_one_position(monkeypatch):
    def goes(made: Twins) -> bool:
        at = np.zeros(1, dtype=np.int64)
        return made.group.run_one(0, at, at, LEVELS, np.empty((1, N_TALLIES)))

    assert goes(twins())
    assert not goes(twins(rules=ExecutionRules(max_positions=2)))
    assert not goes(twins(costs=Costs(swap_long=-0.5)))
    assert not goes(twins(rules=ExecutionRules(close_at_end=False)))
    monkeypatch.setattr(simulate, "_TABLE_BYTES", 1)
    assert not goes(twins())


def test_unused_distances_are_infinite():
    assert distances(np.array([0.0, 20.0, 0.5]), 0.01).tolist() == [np.inf, 0.2, 0.005]


def test_a_distance_is_in_the_symbols_pips():
    # A stop of 20 pips below 110.00 is 109.80 for a symbol whose pip is 0.01.
    bars = random_bars(40, 1, symbol=USDJPY, start=110.0, volatility=2e-3)
    entry = np.zeros(40, dtype=bool)
    entry[0] = True
    trades = Twins(bars, Signals(entry)).compiled(Exits(stop_loss=20))[0]
    assert trades["exit_price"][0] <= round(trades["entry_price"][0] - 0.2, 3)
