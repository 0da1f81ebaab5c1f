"""The simulation of bursts, against cases that can be worked out by hand."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from benchmarks.scaling_simulation import POD_SECONDS, TICK, Figures, simulate

PACES = ("database_chunks_per_second", "database_rows_per_second", "dispatch_chunks_per_second")
FREE = Figures(1e-3, 0.0, 1e9, 1e9, 1e9, 1.0)


def test_without_costs_workers_share_the_work():
    found = simulate(FREE, 100_000, 0.01, 10, 10)
    assert found.limit == "workers"
    assert found.seconds == pytest.approx(100_000 * 0.01 / 20, rel=0.02)
    assert simulate(FREE, 100_000, 0.01, 100, 100).seconds == pytest.approx(5.0, rel=0.1)


@pytest.mark.parametrize(
    ("changed", "limit", "least", "most"),
    [
        ({"database_rows_per_second": 1_000.0}, "database (trials)", 100.0, 110.0),
        # A few pieces of about a second would be best. What it takes to find that out comes on top.
        ({"database_chunks_per_second": 10.0}, "database (chunks)", 2.0, 15.0),
        ({"dispatch_chunks_per_second": 5.0}, "coordinator", 2.0, 20.0),
    ],
)
def test_what_bounds_a_burst_is_named(changed, limit, least, most):
    found = simulate(Figures(**{**vars(FREE), **changed}), 100_000, 1e-4, 1_000, 1_000)
    assert found.limit == limit
    assert least <= found.seconds <= most


MEASURED = Figures(2.2e-6, 0.0065, 372.0, 268_231.0, 1_018.0, 2.1)


@pytest.mark.parametrize("n", [1_000, 10_000, 100_000, 1_000_000])
@pytest.mark.parametrize("seconds", [2.2e-6, 1e-3, 0.05])
@pytest.mark.parametrize("slower", [1.0, 5.0])
def test_more_workers_are_never_slower(n, seconds, slower):
    paces = {name: getattr(MEASURED, name) / slower for name in PACES}
    figures = Figures(**{**vars(MEASURED), **paces})
    found = [simulate(figures, n, seconds, workers, workers).seconds for workers in (10, 30, 100, 300, 1_000)]
    for fewer, more in pairwise(found):
        assert more <= 1.05 * fewer + 2 * TICK


def test_a_thousand_workers_share_a_database_that_serves_a_few_hundred_pieces_a_second():
    work = 100_000 * 0.05
    # Nothing is faster than handing pieces out for as long as the last one takes.
    best = 2 * math.sqrt(work / MEASURED.database_chunks_per_second)
    assert simulate(MEASURED, 100_000, 0.05, 1_000, 1_000).seconds < 1.6 * best


@pytest.mark.parametrize("workers", [3, 10, 100])
def test_workers_end_together(workers):
    found = simulate(MEASURED, 100_000, 0.05, workers, workers).seconds
    assert found < 1.05 * 100_000 * 0.05 / (2 * workers) + 2.0


def test_the_autoscaler_doubles_after_a_start_and_keeps_its_bounds():
    found = simulate(FREE, 200_000, 0.05, 3, 10)
    workers = [w for _, _, w, _ in found.course]
    assert min(workers) == 3
    assert max(workers) == 10
    grown = next(now for now, _, w, _ in found.course if w > 3)
    assert 15.0 + POD_SECONDS + FREE.worker_start_seconds <= grown <= 25.0
    between = [simulate(FREE, 200_000, 0.05, n, n).seconds for n in (10, 3)]
    assert between[0] < found.seconds < between[1]
