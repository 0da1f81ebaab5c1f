"""What runs next, when it ends, and what becomes of pieces that kill their workers: worked out without running any."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading_ai.driving.dispatch import Batches, Dispatch, Limits, after_death
from trading_ai.evaluation.speed import MAX_CHUNK
from trading_ai.search.stopping import StopRule


class Grid(Batches):
    """Proposes nothing more than what is left."""

    learns = False

    def tell(self, indices, scores):
        raise AssertionError("not told")

    def batch(self):
        return np.empty(0, np.int64)


class Learner(Batches):
    """Proposes batches of three and remembers what it was told."""

    learns = True

    def __init__(self, n_batches):
        self.batches = [np.arange(3 * i, 3 * i + 3) for i in range(n_batches)]
        self.told = []

    def tell(self, indices, scores):
        self.told.append(indices.tolist())

    def batch(self):
        return self.batches.pop(0) if self.batches else np.empty(0, np.int64)


def grid(n, rate=0.0, n_started=0):
    return Dispatch(Grid(), np.arange(n), known=dict, answer=lambda batch: batch, rate=rate, n_started=n_started)


def pieces(dispatch, n_slots):
    found = []
    while (piece := dispatch.take(n_slots)) is not None:
        found.append(piece)
    return found


@given(st.integers(0, 5000), st.integers(1, 9), st.sampled_from([0.0, 0.5, 40.0, 1e6]))
def test_pieces_hold_every_combination_once_and_in_order(n, n_slots, rate):
    dispatch = grid(n, rate, n_started=7)
    found = pieces(dispatch, n_slots)
    assert np.concatenate([np.arange(0), *found]).tolist() == list(range(n))
    assert all(piece.size for piece in found)
    assert dispatch.n_started == 7 + n


def test_a_piece_is_about_a_second_of_a_long_run():
    assert grid(1_000_000, 100.0).size(2) == 100
    assert grid(1_000_000, 0.1).size(2) == 1
    assert grid(10_000_000, 1e9).size(1) == MAX_CHUNK


def test_one_slot_has_no_reason_for_small_pieces_at_the_end():
    assert [p.size for p in pieces(grid(4_050, 100.0), 1)] == [100] * 40 + [50]


def test_pieces_shrink_at_the_end_so_that_workers_end_together_but_not_below_a_tenth_of_a_second():
    dispatch = grid(400)
    dispatch.told(100, 1.0)  # a speed that is learnt on the way, as the cluster does
    sizes = [p.size for p in pieces(dispatch, 2)]
    assert sizes[:2] == [100, 75]
    assert sizes == sorted(sizes, reverse=True)
    assert min(sizes[:-1]) == 10
    assert sum(sizes) == 400


def test_pieces_grow_by_steps_until_the_speed_is_known():
    dispatch = grid(1_000_000)
    assert dispatch.take(2).size == 16
    assert dispatch.take(2).size == 16
    dispatch.told(16, 0.001)  # 16,000 a second: one lucky piece is no reason for 16,000
    assert dispatch.take(2).size == 128
    dispatch.told(128, 0.008)
    assert dispatch.take(2).size == 1024


def test_the_speed_follows_what_is_told():
    dispatch = grid(1_000_000, 100.0)
    dispatch.told(50, 1.0)
    assert dispatch.size(2) == 66  # 10 and 20 ms are 15
    dispatch.told(0, 1.0)
    dispatch.told(9, 0.0)
    assert dispatch.size(2) == 66


def test_one_combination_that_costs_nothing_is_no_reason_for_all_the_others_at_once():
    dispatch = grid(36, 2.0)  # half a second each; the first was measured, and its signals are known
    assert dispatch.take(1).size == 1
    dispatch.told(1, 0.0008)
    assert dispatch.take(1).size <= 4


def test_a_grid_is_never_asked_for_more():
    assert not grid(3).refill()


def test_a_method_that_learns_is_told_before_it_is_asked():
    method, trials = Learner(2), [0, 1]
    known = lambda: (np.array(trials), np.zeros(len(trials)))  # noqa: E731
    dispatch = Dispatch(method, np.empty(0, np.int64), known=known, answer=lambda b: b, rate=1e6)
    assert dispatch.take(1) is None
    assert dispatch.refill()
    assert method.told == [[0, 1]]
    assert dispatch.take(1).tolist() == [0, 1, 2]
    trials.append(2)
    assert dispatch.refill()
    assert method.told == [[0, 1], [0, 1, 2]]
    assert dispatch.take(1).tolist() == [3, 4, 5]
    assert not dispatch.refill()
    assert dispatch.n_started == 6


def test_what_the_ledger_knows_of_a_batch_is_not_run_and_the_next_is_asked_for():
    answered = []

    def answer(batch):
        answered.append(batch.tolist())
        return batch[batch > 4]

    dispatch = Dispatch(
        Learner(3), np.empty(0, np.int64), known=lambda: (np.empty(0, int), np.empty(0)), answer=answer, rate=1e6
    )
    assert dispatch.refill()
    assert answered == [[0, 1, 2], [3, 4, 5]]
    assert dispatch.take(1).tolist() == [5]
    assert dispatch.n_started == 6


def test_whoever_drives_others_too_is_not_kept_for_ever():
    dispatch = Dispatch(
        Learner(100), np.empty(0, np.int64), known=lambda: (np.empty(0, int), np.empty(0)), answer=lambda b: b[:0]
    )
    assert dispatch.refill(), "more may come"
    assert dispatch.n_started == 20 * 3


@pytest.mark.parametrize(
    ("size", "n_kills", "suspect", "seen", "then"),
    [
        (100, 1, False, True, "again"),
        (100, 2, False, True, "again"),
        (100, 3, False, True, "halve"),
        (100, 1, True, True, "halve"),
        (100, 1, True, False, "again"),  # a worker that fell silent may have had another reason
        (100, 2, True, False, "halve"),
        (1, 2, True, True, "again"),
        (1, 3, True, True, "fail"),
        (1, 3, False, False, "fail"),
        (1, 2, True, False, "again"),
    ],
)
def test_what_becomes_of_a_piece_whose_worker_ended(size, n_kills, suspect, seen, then):
    assert after_death(size, n_kills, suspect=suspect, seen=seen) == then


@pytest.mark.parametrize("seen", [True, False])
def test_one_killer_among_many_costs_few_workers_and_fails_alone(seen):
    killer, failed, innocent, deaths = 37, [], [], 0
    waiting = [(np.arange(1000), 0, False)]
    while waiting:
        piece, n_kills, suspect = waiting.pop()
        if killer not in piece:
            innocent += piece.tolist()
            continue
        deaths += 1
        then = after_death(piece.size, n_kills + 1, suspect=suspect, seen=seen)
        if then == "again":
            waiting.append((piece, n_kills + 1, suspect))
        elif then == "halve":
            half = piece.size // 2
            waiting += [(piece[:half], 0, True), (piece[half:], 0, True)]
        else:
            failed += piece.tolist()
    assert failed == [killer]
    assert sorted(innocent) == [i for i in range(1000) if i != killer]
    assert deaths <= (16 if seen else 26)


def test_limits_count_from_the_last_better_trial():
    limits = Limits(StopRule(stagnation=10), None, 0)
    assert not limits.reached(5, None, 1.0)
    assert not limits.reached(9, 1.0, 1.0)
    assert not limits.reached(18, 1.0, 1.0)
    assert limits.reached(19, 1.0, 1.0) == "no better one in 10 trials, the limit is 10"
    assert not limits.reached(20, 2.0, 1.0)


def test_limits_go_on_where_an_earlier_run_ended():
    limits = Limits(StopRule(stagnation=10), 3.0, 100)
    assert not limits.reached(109, 2.0, 1.0)
    assert limits.reached(110, 3.0, 1.0)


def test_time_is_a_limit_too():
    limits = Limits(StopRule(max_seconds=2.0), None, 0)
    assert not limits.reached(1, None, 1.9)
    assert limits.reached(1, None, 2.0) == "2 s have passed, the limit is 2 s"


def test_a_short_run_is_looked_at_now_and_then():
    assert grid(2_340, 3_330.0).size(1) == 333  # 0.7 s of work: a tenth of a second, not all of it
    assert grid(200_000, 10_000.0).size(1) == 10_000


def test_a_method_that_learns_has_its_batches_whole_where_one_piece_runs_at_a_time():
    dispatch = Dispatch(
        Learner(1), np.empty(0, np.int64), known=lambda: (np.empty(0, int), np.empty(0)), answer=lambda b: b, rate=0.5
    )
    assert dispatch.refill()
    assert dispatch.take(1).tolist() == [0, 1, 2]
