"""A combination asked for alone gives the numbers it gives among others, whatever way is taken to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import trading_ai as ta
from trading_ai.engine.costs import Costs
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.evaluation.sweep import SweepEvaluator
from trading_ai.market.bars import Bars

EXITS: dict[str, Any] = {"stop_loss": [0, 15, 30, 60], "take_profit": [0, 20, 90]}
CASES: dict[str, dict[str, Any]] = {
    "plain": {"fast": 5, "slow": 20, **EXITS},
    "only stops": {"fast": 5, "slow": 20, "stop_loss": [10, 20, 40], "take_profit": 50},
    "only signals": {"fast": [3, 5, 8], "slow": [20, 30], "stop_loss": 40},
    "exits before signals": {**EXITS, "fast": [3, 5], "slow": [20, 30, 40]},
    "time exit fixed": {"fast": 5, "slow": 20, "time_exit": 7, **EXITS},
    "time exit searched": {"fast": 5, "slow": 20, "time_exit": [0, 3, 9], "stop_loss": [10, 40]},
    "trailing": {"fast": 5, "slow": 20, "trailing_stop": 25, **EXITS},
    "trailing searched": {"fast": 5, "slow": 20, "trailing_stop": [0, 25], "stop_loss": [10, 40]},
    "costs": {"fast": 5, "slow": 20, "costs": Costs(spread_pips=1.0, commission_per_lot=3.0, slippage_pips=1), **EXITS},
    "swap": {"fast": 5, "slow": 20, "costs": Costs(swap_long=-0.7, swap_short=0.2), **EXITS},
    "risk": {"fast": 5, "slow": 20, "sizing": Sizing(mode="risk_percent", value=1.0), "stop_loss": [10, 40]},
    "several positions": {"fast": 5, "slow": 20, "rules": ExecutionRules(max_positions=3), **EXITS},
    "loses everything": {"fast": 5, "slow": 20, "capital": 60.0, **EXITS},
    "loses everything, signals searched": {"fast": [3, 5, 8], "slow": [20, 30], "capital": 60.0, "stop_loss": [0, 40]},
    "signals and time exits": {"fast": [3, 5], "slow": 20, "time_exit": [0, 4, 9], "stop_loss": [10, 40]},
    "timeframes": {"fast": [3, 5], "slow": 20, "timeframe": ["H1", "H4"], "stop_loss": [10, 40]},
}  # fmt: skip


@pytest.fixture(scope="module")
def bars() -> Bars:
    return ta.load_sample("EURUSD").slice(0, 1500)


@pytest.mark.parametrize("case", CASES)
def test_alone_equals_among_others(bars: Bars, case: str) -> None:
    options = CASES[case]

    def evaluator() -> SweepEvaluator:
        return ta.make_evaluator(bars, "sma_crossover", n_threads=1, **options)

    indices = np.arange(evaluator().space.n_combinations)
    together = evaluator().evaluate(indices).metrics
    alone = evaluator()
    for _ in range(3):  # the second time signals are kept, the third everything
        for i in np.random.default_rng(1).permutation(indices):
            np.testing.assert_array_equal(alone.evaluate(np.array([i])).metrics[0], together[i], err_msg=f"{case} {i}")


def test_named_values_give_the_same_numbers(bars: Bars) -> None:
    evaluator = ta.make_evaluator(bars, "sma_crossover", fast=5, slow=20, **EXITS)
    sweep = ta.sweep(bars, "sma_crossover", fast=5, slow=20, **EXITS)
    for combination in ({"stop_loss": 15, "take_profit": 90}, {"stop_loss": 0, "take_profit": 20}):
        for _ in range(2):
            assert evaluator.metrics_of(**combination) == pytest.approx(
                sweep.metrics_of(combination), abs=0, nan_ok=True
            )
