"""Order and expected time."""

from __future__ import annotations

import numpy as np

from tests.fakes.bars import random_bars
from trading_ai.evaluation.speed import Speed, group_keys, measured_speed, ordered
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


def test_the_cost_of_signals_counts():
    assert Speed(1.0, 0.001).seconds(1000, 10) == 11.0


def test_the_rate_is_of_whole_combinations_with_their_share_of_the_signals():
    assert Speed(1.0, 0.001).rate(1000, 10) == 1000 / 11.0
    assert Speed(0.0, 0.0).rate(1000, 10) == 0.0
    assert Speed(1.0, 0.001).rate(0, 0) == 0.0


def test_measuring_gives_a_finite_positive_time():
    evaluator = make_evaluator(random_bars(300, 1), "sma_crossover", fast=[5, 6], stop_loss=[10, 20, 30])
    indices, n_groups = ordered(evaluator.strategy, evaluator.space, np.arange(6))
    speed = measured_speed(evaluator, indices)
    assert 0 < speed.seconds(6, n_groups) < 60
    assert measured_speed(evaluator, indices[:0]) == Speed(0.0, 0.0)
