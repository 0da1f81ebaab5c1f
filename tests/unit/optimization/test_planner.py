"""Order, chunks and expected time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.bars import random_bars
from trading_ai.driving.dispatch import chunks
from trading_ai.evaluation.speed import MAX_CHUNK, Speed, group_keys, measured_speed, ordered
from trading_ai.library import make_evaluator
from trading_ai.parameters import ParameterRange, SearchSpace
from trading_ai.strategies.registry import strategy

SMA = strategy("sma_crossover")
SPACE = SearchSpace(
    (ParameterRange("stop_loss", 10, 30, 10), ParameterRange("fast", 5, 8, 1), ParameterRange("take_profit", 10, 20, 5))
)


def test_combinations_with_the_same_signals_come_together():
    indices = np.arange(SPACE.n_combinations)
    taken, n_groups = ordered(SMA, SPACE, indices)
    assert n_groups == 4
    assert sorted(taken.tolist()) == indices.tolist()
    fasts = [SPACE.combination(i)["fast"] for i in taken.tolist()]
    assert fasts == sorted(fasts)


def test_without_signal_parameters_everything_is_one_group():
    space = SearchSpace((ParameterRange("stop_loss", 10, 30, 10),))
    assert group_keys(SMA, space, np.arange(3)).tolist() == [0, 0, 0]
    assert ordered(SMA, space, np.arange(3))[1] == 1
    assert ordered(SMA, space, np.arange(0))[1] == 0


@given(st.integers(0, 300), st.integers(1, 50))
def test_chunks_hold_every_combination_once(n, size):
    parts = list(chunks(np.arange(n), size))
    assert np.concatenate([np.arange(0), *parts]).tolist() == list(range(n))
    assert all(0 < part.size <= size for part in parts)


def test_a_chunk_is_about_a_second_of_a_long_run():
    assert Speed(0.0, 0.01).chunk_size(1_000_000, 1, 2) == 100
    assert Speed(0.0, 10.0).chunk_size(1_000_000, 1, 2) == 1
    assert Speed(0.0, 1e-9).chunk_size(10_000_000_000, 1, 1) == MAX_CHUNK


def test_the_cost_of_signals_counts():
    assert Speed(1.0, 0.001).seconds(1000, 10) == 11.0


def test_no_worker_is_left_idle():
    assert Speed(0.0, 0.0001).chunk_size(80, 1, 4) == 5


def test_chunks_are_small_where_the_speed_is_unknown():
    unknown = Speed(0.0, 0.0)
    assert unknown.chunk_size(1_000_000, 1, 2) == 64
    assert unknown.chunk_size(100, 1, 2) == 2
    assert unknown.chunk_size(3, 1, 2) == 1


def test_measuring_gives_a_finite_positive_time():
    evaluator = make_evaluator(random_bars(300, 1), "sma_crossover", fast=[5, 6], stop_loss=[10, 20, 30])
    indices, n_groups = ordered(evaluator.strategy, evaluator.space, np.arange(6))
    speed = measured_speed(evaluator, indices)
    assert 0 < speed.seconds(6, n_groups) < 60
    assert measured_speed(evaluator, indices[:0]) == Speed(0.0, 0.0)
