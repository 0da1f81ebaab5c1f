"""Strategies that make their own trades, evaluated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.fakes.hosted import Twin
from trading_ai import Costs, backtest, load_sample, sweep
from trading_ai.errors import ParameterError
from trading_ai.evaluation.look_ahead import look_ahead_of
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.strategies.identity import strategy_identity

BARS = load_sample("EURUSD").slice(0, 3000)
COSTS = Costs(spread_pips=1.0, commission_per_lot=3.0, slippage_pips=0.2)


def test_the_metrics_of_a_run_are_those_of_its_trades():
    of = {"fast": [5, 10], "slow": 40, "stop_loss": [20.0, 40.0], "take_profit": 60.0}
    run = sweep(BARS, Twin("sma_crossover"), costs=COSTS, keep_daily_profit=True, **of)
    known = sweep(BARS, "sma_crossover", costs=COSTS, keep_daily_profit=True, **of)
    for i, name in enumerate(METRIC_NAMES):
        np.testing.assert_allclose(run.metrics[:, i], known.metrics[:, i], rtol=1e-9, atol=1e-9, err_msg=name)
    np.testing.assert_array_equal(run.daily_profit, known.daily_profit)


def test_a_run_that_raises_fails_its_trial_only():
    run = sweep(BARS, Twin("sma_crossover", raises_at=40.0), fast=5, slow=40, stop_loss=[20.0, 40.0, 60.0])
    assert list(run.failures) == [1]
    assert "ValueError: this stop is not liked" in run.failures[1]
    assert np.isnan(run.metrics[1]).all()
    assert not np.isnan(run.column("net_profit")[[0, 2]]).any()


def test_it_has_no_exit_parameters_but_its_own():
    with pytest.raises(ParameterError, match="trailing_stop: is not a parameter of twin"):
        backtest(BARS, Twin("sma_crossover"), trailing_stop=20)
    result = backtest(BARS, Twin("sma_crossover"), fast=5, slow=40, stop_loss=20.0)
    known = backtest(BARS, "sma_crossover", fast=5, slow=40, stop_loss=20.0)
    np.testing.assert_array_equal(result.trades, known.trades)


def test_its_identity_is_its_own():
    assert strategy_identity(Twin("sma_crossover")) != strategy_identity(Twin("rsi_reversal"))


class Peeking(Twin):
    """Drops the trades that would lose, which it cannot know at their entry."""

    def run(self, request):
        ran = super().run(request)
        return replace(ran, trades=ran.trades[ran.trades["net_profit"] > 0])


@pytest.mark.parametrize(("kind", "looks_ahead"), [(Twin, False), (Peeking, True)])
def test_whether_it_looks_ahead_is_seen_from_its_trades(kind, looks_ahead):
    run = sweep(BARS, kind("sma_crossover"), fast=[5, 10], slow=40, stop_loss=20.0, take_profit=60.0)
    check = look_ahead_of(run.evaluator, [run.evaluator.space.combination(0)])
    assert check.n_cuts > 20
    assert (check.n_different > 0) == looks_ahead
