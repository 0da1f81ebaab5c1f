"""The judged trial under other conditions, against runs made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.artifacts import MemoryArtifacts
from tests.fakes.bars import random_bars
from tests.fakes.hosted import Twin
from trading_ai.engine.orders import Orders
from trading_ai.engine.rules import ExecutionRules
from trading_ai.errors import ParameterError
from trading_ai.evaluation.job import make_evaluator
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.evaluation.ports import Job
from trading_ai.evaluation.sweep import SweepEvaluator
from trading_ai.parameters import ParameterRange, SearchSpace
from trading_ai.strategies.base import Signals, Strategy
from trading_ai.strategies.identity import strategy_identity
from trading_ai.strategies.registry import strategy
from trading_ai.studies.reruns import rerun

BARS = random_bars(3_000, 5, tf="M15")
SPACE = SearchSpace((ParameterRange("fast", 5, 15, 5), ParameterRange("stop_loss", 0, 10, 5)))
FIXED = {"slow": 20, "take_profit": 5}


class Late(Strategy):
    """The moving-average cross with its entries decided some bars later; not causal code, but the same orders."""

    name = "late"

    def __init__(self, inner: Strategy, bars: int) -> None:
        self._inner, self._bars = inner, bars
        type(self).parameters = inner.parameters

    def signals(self, bars, **parameters):
        made = self._inner.signals(bars, **parameters)
        both = [np.concatenate((np.zeros(self._bars, dtype=bool), side[: -self._bars]))
                for side in (made.long_entry, made.short_entry)]  # fmt: skip
        return Signals(both[0], both[1], made.long_exit, made.short_exit)


def evaluator_of(chosen: Strategy, rules: ExecutionRules | None = None) -> SweepEvaluator:
    spec = BacktestSpec(chosen.name, FIXED, "", rules=rules or ExecutionRules())
    return make_evaluator(spec, SPACE, BARS, None, 1, chosen)


@pytest.fixture
def setting():
    artifacts, chosen = MemoryArtifacts(), strategy("sma_crossover")
    spec = BacktestSpec("sma_crossover", {**FIXED, "fast": 5}, artifacts.save_bars(BARS))
    job = Job(spec, SPACE, False, strategy_identity(chosen))
    return job, artifacts, evaluator_of(chosen)


def run(setting, index=8, **options):
    return rerun(*setting, index, **{"share": 0.2, "n_draws": 40, "seed": 3, **options})


def test_later_entries_are_those_of_a_strategy_that_decides_later(setting):
    found = run(setting).entry_delay
    combination = SPACE.combination(8)
    assert found.bars == (0, 1, 2, 3)
    assert found.net_profit[0] == setting[2].backtest(combination).metrics["net_profit"]
    for bars in (1, 2, 3):
        by_hand = evaluator_of(Late(strategy("sma_crossover"), bars)).backtest(combination).metrics
        assert (found.net_profit[bars], found.total_trades[bars]) == (by_hand["net_profit"], by_hand["total_trades"])
    assert len(set(found.net_profit)) == 4


def test_late_orders_fall_off_the_end():
    none = np.empty(0, np.int8)
    late = Orders(np.array([1, 0, -1, 1], np.int8), none, none).with_late_entries(2)
    assert late.entry.tolist() == [0, 0, 1, 0]


def test_either_level_first_is_that_rule(setting):
    found = run(setting).same_bar
    assert found.n_ambiguous > 0
    for rule, profit in (("stop_first", found.stop_first), ("target_first", found.target_first)):
        evaluator = evaluator_of(strategy("sma_crossover"), replace(ExecutionRules(), same_bar=rule))
        assert profit == evaluator.backtest(SPACE.combination(8)).metrics["net_profit"]
    assert found.target_first > found.stop_first
    assert found.n_ambiguous == setting[2].backtest(SPACE.combination(8)).metrics["ambiguous_exits"]


def test_shaken_parameters_stay_near_and_keep_bounds_and_rules(setting, monkeypatch):
    evaluator, tried = setting[2], []
    real = evaluator.metrics_at

    def noted(combination, **delay):
        if not delay:
            tried.append(combination)
        return real(combination, **delay)

    monkeypatch.setattr(evaluator, "metrics_at", noted)
    found = run(setting).jitter
    assert found.parameters == ("fast", "stop_loss")
    assert len(tried) == found.n_draws == 40
    fast, stop = [t["fast"] for t in tried], [t["stop_loss"] for t in tried]
    assert {type(f) for f in fast} == {int}
    assert set(fast) <= {12, 13, 14, 15, 16, 17, 18}
    assert min(fast) < 15 < max(fast)
    assert all(8.0 <= s <= 12.0 for s in stop)
    profits = [real(t)["net_profit"] for t in tried]
    assert found.net_profits[2] == np.median(profits)
    assert found.probability_of_loss == np.mean(np.array(profits) <= 0)
    assert run(setting).jitter.net_profits.tolist() == found.net_profits.tolist()  # the seed decides


def test_what_is_unused_is_not_shaken_and_slow_stays_above_fast(setting, monkeypatch):
    evaluator, tried = setting[2], []
    real = evaluator.metrics_at
    monkeypatch.setattr(evaluator, "metrics_at", lambda c, **d: tried.append(c) or real(c, **d))
    run(setting, index=6, share=1.0)  # fast 15, stop_loss 0; slow is 20
    assert {t["stop_loss"] for t in tried} == {0}
    assert all(2 <= t["fast"] < 20 for t in tried)


def test_a_strategy_that_places_its_own_orders_is_not_delayed(setting):
    job, artifacts, _ = setting
    spec = BacktestSpec("sma_crossover", {"slow": 20, "take_profit": 0.0}, "")
    evaluator = make_evaluator(spec, SPACE, BARS, None, 1, Twin("sma_crossover"))
    found = rerun(job, artifacts, evaluator, 8, share=0.2, n_draws=2, seed=3)
    assert found.entry_delay is None
    assert found.jitter.net_profit == evaluator.metrics_at(SPACE.combination(8))["net_profit"]
    assert "not tried, the strategy places its own orders" in found.in_words()[0]


def test_words_name_every_condition(setting):
    told = "\n".join(run(setting).in_words())
    assert "1 bar late" in told
    assert "3 bars late" in told
    assert "fast, stop_loss shaken by up to 20 %, 40 times" in told
    assert "with the target first" in told


@pytest.mark.parametrize(("option", "value"), [("share", 0.0), ("share", 1.5), ("n_draws", 0)])
def test_impossible_numbers_are_refused(setting, option, value):
    with pytest.raises(ParameterError, match="must be"):
        run(setting, **{option: value})
