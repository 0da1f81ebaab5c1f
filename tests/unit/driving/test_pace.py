"""The time that is said to be left is within a factor of two of what it turns out to be, on a simulated clock."""

from __future__ import annotations

import heapq
import math
from dataclasses import replace

import numpy as np
import pytest

from tests.conformance.test_store import OPTIMIZATION
from trading_ai.documents.optimizations import status_json
from trading_ai.driving.pace import Pace, trials_per_second


def simulated(n_total, *, n_known=0, workers=1, piece=100, cost=0.01, start_up=0.0, jitter=0.2, serial=0.0, seed=0):
    """Run pieces on a simulated clock; yields (time, done, trials, busy) as they come in, in order of time.

    Args:
        n_total: combinations.
        n_known: those that are copied from the ledger before anything is run.
        workers: pieces at once.
        piece: combinations in one.
        cost: seconds of a combination, or a function of how many are done.
        start_up: seconds before the first piece begins.
        jitter: relative spread of a piece's cost.
        serial: seconds that the storing of a piece takes the one process that stores them.
        seed: of the jitter.
    """
    rng = np.random.default_rng(seed)
    price = cost if callable(cost) else lambda _: cost
    left, begun, done = n_total - n_known, n_known, n_known
    under_way: list[tuple[float, int, float]] = []

    def begin(at: float) -> None:
        nonlocal left, begun
        n = min(piece, left)
        if n:
            busy = n * price(begun) * (1 + jitter * float(rng.uniform(-1, 1)))
            heapq.heappush(under_way, (at + busy, n, busy))
            left, begun = left - n, begun + n

    for _ in range(workers):
        begin(start_up)
    stored = 0.0
    while under_way:
        at, n, busy = heapq.heappop(under_way)
        stored = max(stored, at) + serial
        done += n
        yield stored, done, n, busy
        begin(max(at, stored if serial else at))


CASES = {
    "one process": {"n_total": 5_000},
    "one process, one piece after another": {"n_total": 1_000, "piece": 1},
    "eight workers": {"n_total": 40_000, "workers": 8},
    "eight workers that start for long": {"n_total": 40_000, "workers": 8, "start_up": 20.0},
    "nearly all of it known": {"n_total": 1_190_000, "n_known": 1_180_000, "cost": 0.005, "workers": 2},
    "a million fast ones": {"n_total": 1_000_000, "piece": 20_000, "cost": 0.00005, "workers": 4, "start_up": 3.0},
    "storing takes longer than working": {
        "n_total": 100_000,
        "piece": 1_000,
        "cost": 1e-4,
        "workers": 8,
        "serial": 0.5,
    },
    "uneven pieces": {"n_total": 30_000, "workers": 4, "jitter": 0.6},
}
CHANGING = {
    "a method that thinks longer and longer": {"n_total": 2_000, "piece": 10, "cost": lambda n: 0.001 + n * 1e-5},
    "compiled in the first piece": {"n_total": 5_000, "piece": 50, "cost": lambda n: 0.02 if n < 50 else 0.005},
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("seed", range(3))
def test_the_time_left_is_within_a_factor_of_two(case, seed):
    told = list(simulated(**case, seed=seed))
    end = told[-1][0]
    pace = Pace(case["n_total"], case.get("n_known", 0), case.get("workers", 1), 0.0)
    assert math.isnan(pace.seconds_left)
    worst, known_after = 1.0, 10 if case.get("jitter", 0.2) > 0.5 else 3 if case.get("serial") else 0
    longest = max(busy for *_, busy in told)
    for i, (now, done, n, busy) in enumerate(told[:-1]):
        pace.told(now, done, n, busy)
        left = end - now
        if left > 2 * longest and i >= known_after:  # within the last round nobody knows
            ratio = pace.seconds_left / left
            worst = max(worst, ratio, 1 / ratio)
    assert worst < 2.0
    pace.told(*told[-1])
    assert pace.seconds_left == 0.0


@pytest.mark.parametrize("case", CHANGING.values(), ids=CHANGING.keys())
def test_costs_that_change_are_followed(case):
    told = list(simulated(**case))
    pace = Pace(case["n_total"], 0, 1, 0.0)
    for now, done, n, busy in told[:-1]:
        pace.told(now, done, n, busy)
        if 0.5 < done / case["n_total"] < 0.95:
            assert 0.5 < pace.seconds_left / (told[-1][0] - now) < 2.0


def test_nothing_told_and_everything_known():
    assert Pace(10, 0, 1, 0.0).rate == 0.0
    assert Pace(10, 10, 1, 0.0).seconds_left == 0.0
    pace = Pace(10, 0, 1, 5.0)
    pace.told(5.0, 1, 1, 0.0)  # no time has passed
    assert math.isnan(pace.seconds_left)


# --- the same from what a store knows -----------------------------------------------------------------------


def stored(**changes):
    return replace(OPTIMIZATION, **{"n_total": 1_000_000, "started_at": 100.0, **changes})


def test_copies_say_nothing_of_the_pace():
    copied = stored(n_completed=900_000, n_reused=900_000)
    assert status_json(copied, 102.0)["eta_seconds"] is None
    assert trials_per_second(copied, 102.0) is None
    # 1,000 of them were run in 2 seconds: the 99,000 that are left take 198.
    running = replace(copied, n_completed=901_000, seconds=2.0)
    assert status_json(running, 110.0)["eta_seconds"] == pytest.approx(198.0)
    assert status_json(running, 110.0)["trials_per_second"] == 500.0


def test_a_method_that_learns_meets_copies_all_the_way():
    spec = replace(OPTIMIZATION.spec, method="bayesian", max_iterations=100)
    running = stored(spec=spec, n_total=100, n_completed=50, n_reused=25, seconds=10.0)
    assert status_json(running, 200.0)["eta_seconds"] == pytest.approx(10.0)
    began_with_them = replace(running, spec=replace(spec, warm_start=True))
    assert status_json(began_with_them, 200.0)["eta_seconds"] == pytest.approx(20.0)


def test_nothing_is_left_of_a_complete_one():
    done = stored(n_completed=1_000_000, n_reused=1_000_000, status="completed", finished_at=101.0)
    assert status_json(done, 500.0)["eta_seconds"] == 0.0
    paused = stored(n_completed=10, status="paused", seconds=1.0)
    assert status_json(paused, 500.0)["eta_seconds"] is None
