"""Rectangles in lanes where small things decide: the first bar, falls of cents, one lane, one event."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fakes.bars import bars_of, random_bars
from tests.fakes.twins import Twins
from trading_ai.engine.costs import Costs
from trading_ai.engine.exit_rows import distances, stop_levels
from trading_ai.engine.grid_run import GridRun, rectangle
from trading_ai.engine.records import N_TALLIES, TALLIES
from trading_ai.engine.sizing import Sizing
from trading_ai.strategies.base import Signals

TINY = Sizing("units", 10.0, min_volume=0.0)  # a pip is a tenth of a cent


def both_ways(twins: Twins, n_stops: int = 32, n_targets: int = 2):
    """Tallies and daily profits of a whole rectangle of stops (3, 5, 7, ... pips, none) and targets, each way."""
    stops = distances(np.r_[3.0 + 2.0 * np.arange(n_stops - 1), 0.0], 0.0001)
    targets = distances(np.r_[4.0 + 3.0 * np.arange(n_targets - 1), 0.0], 0.0001)
    stop_of, target_of = (a.ravel() for a in np.meshgrid(np.arange(n_stops), np.arange(n_targets), indexing="ij"))
    where = (np.arange(stop_of.size), stop_of, target_of)
    found = []
    for in_lanes in (True, False):
        tallies = np.full((stop_of.size, N_TALLIES), np.nan)
        daily = np.zeros((stop_of.size, twins.data.day_last_bar.size), np.float32)
        run = GridRun(twins.group, 0, where, (stop_levels(stops), targets), False)
        assert run._rectangle is not None
        if not in_lanes:
            run._rectangle = None
        run.run(tallies, daily)
        found += [tallies, daily]
    return found


def assert_equal(found) -> None:
    for i, name in enumerate(TALLIES):
        np.testing.assert_array_equal(found[0][:, i], found[2][:, i], err_msg=name)
    np.testing.assert_array_equal(found[1], found[3])


def alternating(n: int, seed: int, density: float = 0.3) -> Signals:
    at = np.flatnonzero(np.random.default_rng(seed).random(n) < density)
    long, short = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    long[at[::2]] = True
    short[at[1::2]] = True
    return Signals(long, short)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("costs", [Costs(), Costs(spread_pips=0.5, commission_per_lot=3.0, slippage_pips=0.1)])
def test_falls_of_cents(seed, costs):
    bars = random_bars(200, seed, tf="H4", gaps=0.2)
    assert_equal(both_ways(Twins(bars, alternating(200, seed), sizing=TINY, costs=costs)))


@pytest.mark.parametrize("n_targets", [2, 33])
def test_lanes_along_the_longer_axis_and_more_rows_than_lanes(n_targets):
    bars = random_bars(60, 3)
    assert_equal(both_ways(Twins(bars, alternating(60, 3), sizing=TINY), n_stops=33, n_targets=n_targets))


@pytest.mark.parametrize("capital", [12.0, 0.02])
def test_accounts_that_are_lost(capital):
    costs = Costs(spread_pips=3.0)
    found = both_ways(Twins(random_bars(200, 5), alternating(200, 5), sizing=TINY, costs=costs, capital=capital))
    assert_equal(found)


def test_a_loss_on_the_first_bar_counts_from_the_first_bar():
    # Bought at the open of bar 1 at 1.1000, stopped at 1.0997 or lower, never recovered: the drawdown lasts from the
    # first bar to the last, 9 hours.
    rows = [(1.1, 1.1, 1.1, 1.1), (1.1, 1.1, 1.09, 1.09), *[(1.09, 1.09, 1.09, 1.09)] * 8]
    entry = np.zeros(10, dtype=bool)
    entry[0] = True
    found = both_ways(Twins(bars_of(rows), Signals(entry), sizing=TINY))
    assert_equal(found)
    assert found[0][:, TALLIES.index("equity_drawdown_ns")].tolist() == [9 * 3600e9] * 64
    lost = found[0][:, TALLIES.index("sum_net")]
    assert lost[[0, 2]] == pytest.approx([-0.003, -0.005])  # ten units, 3 pips and 5 pips


def test_more_events_than_are_laid_out_at_a_time():
    made = Twins(random_bars(420, 9), alternating(420, 9, 0.4), sizing=TINY)
    assert made.group.n_events(0) > 128
    assert_equal(both_ways(made))


def test_what_is_worth_lanes():
    def laid(n_stops: int, n_targets: int, keep=None):
        at = [a.ravel() for a in np.meshgrid(np.arange(n_stops) + 2, np.arange(n_targets) + 1, indexing="ij")]
        kept = slice(None) if keep is None else keep
        return rectangle(at[0][kept], at[1][kept], 50)

    assert laid(32, 2) is not None
    assert laid(21, 3) is None  # 63 combinations
    assert laid(16, 4) is not None  # half of the lanes are used
    assert laid(4, 16) is not None
    assert laid(8, 8) is None  # a quarter of them
    found = laid(33, 2)
    assert found.lanes_are_stops is False or found.place.shape == (2, 64)
    found = laid(32, 3)
    assert (found.lanes_are_stops, found.place.shape) == (True, (3, 32))
    assert found.place.tolist() == np.arange(96).reshape(32, 3).T.tolist()
    assert found.lane_columns.tolist() == list(range(2, 34))  # places of the stops
    assert found.row_columns.tolist() == [51, 52, 53]  # those of the targets, after all 50 stops
    found = laid(3, 30)
    assert (found.lanes_are_stops, found.place.shape) == (False, (3, 32))
    assert found.lane_columns.tolist() == [*range(51, 81), 80, 80]  # lanes that nobody needs repeat the last level
    assert found.row_columns.tolist() == [2, 3, 4]
    assert found.place[:, 30:].tolist() == [[-1, -1]] * 3
