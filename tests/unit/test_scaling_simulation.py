"""The simulation of bursts, against cases that can be worked out by hand."""

from __future__ import annotations

import math

import pytest
from benchmarks.scaling import POD_SECONDS, Figures, simulate

FREE = Figures(1e-3, 0.0, 1e9, 1e9, 1e9, 1.0)


def test_without_costs_workers_share_the_work():
    found = simulate(FREE, 100_000, 0.01, 10, 10)
    assert found.limit == "workers"
    assert found.seconds == pytest.approx(100_000 * 0.01 / 20, rel=0.02)
    assert simulate(FREE, 100_000, 0.01, 100, 100).seconds == pytest.approx(5.0, rel=0.1)


@pytest.mark.parametrize(
    ("changed", "limit", "seconds"),
    [
        ({"database_rows_per_second": 1_000.0}, "database (trials)", 100.0),
        ({"database_chunks_per_second": 10.0}, "database (chunks)", 100_000 * 1e-4 / 0.1 / 10),
    ],
)
def test_what_bounds_a_burst_is_named(changed, limit, seconds):
    found = simulate(Figures(**{**vars(FREE), **changed}), 100_000, 1e-4, 1_000, 1_000)
    assert found.limit == limit
    assert found.seconds == pytest.approx(seconds, rel=0.1)


def test_a_slow_coordinator_bounds_it():
    slow = Figures(**{**vars(FREE), "dispatch_chunks_per_second": 5.0})
    found = simulate(slow, 100_000, 0.01, 100, 100)
    assert found.limit == "coordinator"
    # 600 chunks of a second, then ever smaller ones: 400 ln 10 down to a tenth of a second, and 400 of those.
    assert found.seconds == pytest.approx((600 + 400 * math.log(10) + 400) / 5, rel=0.05)


def test_the_autoscaler_doubles_after_a_start_and_keeps_its_bounds():
    found = simulate(FREE, 200_000, 0.05, 3, 10)
    workers = [w for _, _, w, _ in found.course]
    assert min(workers) == 3
    assert max(workers) == 10
    grown = next(now for now, _, w, _ in found.course if w > 3)
    assert 15.0 + POD_SECONDS + FREE.worker_start_seconds <= grown <= 25.0
    between = [simulate(FREE, 200_000, 0.05, n, n).seconds for n in (10, 3)]
    assert between[0] < found.seconds < between[1]
