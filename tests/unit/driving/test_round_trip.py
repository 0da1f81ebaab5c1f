"""How large pieces must be to outweigh their way, with a clock that is set by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading_ai.driving.dispatch import Dispatch
from trading_ai.driving.round_trip import LEAST_SECONDS, PIECE_COST, RoundTrip, least_seconds, most_waiting


class Shared:
    """Workers that come back at a given pace for pieces of a given length."""

    def __init__(self, n_workers):
        self.trip, self.n_workers, self.now, self.busy, self.first = RoundTrip(), n_workers, 0.0, 0.0, 0

    def run(self, seconds, pieces_a_second, busy_share, more=True):
        """Let time pass, a quarter of a second at a time."""
        done = 0.0
        for _ in range(int(seconds / 0.25)):
            self.now += 0.25
            self.busy += 0.25 * busy_share * self.n_workers
            done += 0.25 * pieces_a_second
            held = {self.first + int(done) + i: f"w{i}" for i in range(self.n_workers)}
            self.trip.look(self.now, held | {10**9: None}, self.busy, more=more)
        self.first += int(done)
        return self.trip.piece_cost


def test_few_workers_have_pieces_of_a_tenth_of_a_second_at_least():
    assert least_seconds(1e6, 4, PIECE_COST) == LEAST_SECONDS
    assert least_seconds(0.0, 4, 0.0) == LEAST_SECONDS


def test_many_workers_come_back_as_seldom_as_they_can_be_served():
    assert least_seconds(1e6, 2_000, 0.003) == pytest.approx(6.0)


@given(st.floats(100.0, 1e6), st.floats(1e-3, 0.1))
def test_of_a_short_run_pieces_are_what_ends_it_soonest(work, cost):
    length = least_seconds(work, 10**9, cost)

    def ends(seconds):
        return work / seconds * cost + seconds

    assert length == pytest.approx(math.sqrt(work * cost))
    assert ends(length) <= min(ends(0.9 * length), ends(1.1 * length))


def test_more_pieces_wait_for_more_workers_but_not_more_than_are_soon_handed_out():
    assert most_waiting(6, 0.0025, speed_known=True) == 18
    assert most_waiting(2_000, 0.0025, speed_known=True) == 4_000
    assert most_waiting(2_000, 0.0025, speed_known=False) == 40
    assert most_waiting(1, 10.0, speed_known=True) == 3


def test_what_workers_wait_for_is_what_a_piece_costs():
    assert Shared(50).run(5.0, 200.0, 0.4) == pytest.approx(1 / 200, rel=0.05)


def test_workers_that_wait_for_nothing_let_the_cost_shrink_slowly():
    shared = Shared(50)
    assert shared.run(5.0, 200.0, 0.4) == pytest.approx(1 / 200, rel=0.05)
    slowly = [shared.run(2.0, 400.0, 0.99) for _ in range(8)]
    assert slowly == sorted(slowly, reverse=True)
    assert slowly[-1] < 1 / 400 < slowly[0]
    assert shared.run(60.0, 400.0, 0.99) >= 0.001


def test_in_between_nothing_changes():
    shared = Shared(50)
    shared.run(5.0, 200.0, 0.4)
    found = shared.run(2.0, 100.0, 0.93)  # what was going on before is over
    assert shared.run(10.0, 100.0, 0.93) == found


def test_workers_without_work_say_nothing():
    assert Shared(50).run(10.0, 200.0, 0.1, more=False) == PIECE_COST


def test_workers_that_load_and_have_done_nothing_say_nothing():
    assert Shared(50).run(10.0, 200.0, 0.0) == PIECE_COST


def test_workers_that_were_not_seen_for_long_do_not_count():
    shared = Shared(50)
    shared.run(5.0, 200.0, 0.99)
    shared.n_workers = 5  # the others have ended
    shared.run(12.0, 50.0, 0.99)
    before = shared.trip.piece_cost
    assert shared.run(5.0, 50.0, 0.99) <= before


class Grid:
    """Proposes nothing more than what is left."""

    learns = False

    def tell(self, indices, scores):
        raise AssertionError("not told")

    def batch(self):
        return np.empty(0, np.int64)


def pieces(n, n_slots, cost, rate=20.0):
    dispatch = Dispatch(Grid(), np.arange(n), known=dict, answer=lambda batch: batch)
    dispatch.piece_cost = cost
    found = []
    while (piece := dispatch.take(n_slots)) is not None:
        dispatch.told(piece.size, piece.size / rate)
        found.append(piece.size)
    return found


def test_pieces_of_a_crowd_are_large_and_shrink_with_what_is_left():
    few, crowd = pieces(100_000, 20, PIECE_COST), pieces(100_000, 2_000, PIECE_COST)
    assert max(few) == 20  # a second
    assert 60 < max(crowd) < 80  # 3.5 s: the square root of 5,000 s times 2.5 ms
    assert crowd[-1] <= 2
    assert len(crowd) * PIECE_COST < 8.0


def test_the_first_pieces_of_a_crowd_are_single_combinations():
    assert pieces(1_000, 2, PIECE_COST)[0] == 8
    assert pieces(1_000, 2, 0.0)[0] == 16
    assert pieces(1_000, 200, PIECE_COST)[0] == 1
