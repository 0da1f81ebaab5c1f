from __future__ import annotations

import numpy as np
import pytest

from trading_ai.errors import ParameterError
from trading_ai.robustness.stress import bootstrap_bands, cost_stress, dropped_best_trades, missed_trades


def test_bands_of_a_steady_gain_are_a_line() -> None:
    bands = bootstrap_bands(np.full(50, 2.0), capital=100.0, seed=0, n_resamples=20)
    np.testing.assert_allclose(bands.cumulative_profit, np.tile(np.arange(2.0, 101.0, 2.0), (5, 1)))
    np.testing.assert_allclose(bands.max_drawdown, 0.0)
    assert bands.probability_of_loss == 0.0


def test_bands_agree_with_theory_for_independent_days() -> None:
    random = np.random.default_rng(0)
    daily = random.standard_normal(400)
    daily = (daily - daily.mean()) / daily.std() + 0.05
    bands = bootstrap_bands(daily, capital=1000.0, seed=1, block_days=1.0, n_resamples=4000)
    # The end is normal with mean 20 and deviation 20.
    np.testing.assert_allclose(bands.net_profit, 20 + 20 * np.array([-1.645, -0.674, 0, 0.674, 1.645]), atol=1.5)
    assert bands.probability_of_loss == pytest.approx(0.159, abs=0.02)
    assert (np.diff(bands.cumulative_profit, axis=0) >= 0).all()
    np.testing.assert_allclose(bands.cumulative_profit[:, -1], bands.net_profit)


def test_drawdown_is_measured_from_the_start_and_in_percent_of_the_peak() -> None:
    bands = bootstrap_bands(np.full(10, -5.0), capital=100.0, seed=0, n_resamples=5)
    np.testing.assert_allclose(bands.max_drawdown, 50.0)
    np.testing.assert_allclose(bands.max_drawdown_percent, 50.0)
    assert bands.probability_of_loss == 1.0


def test_longer_blocks_keep_runs_together() -> None:
    daily = np.repeat(np.where(np.arange(40) % 2, 1.0, -1.0), 25)
    short = bootstrap_bands(daily, capital=1000.0, seed=0, block_days=1.0, n_resamples=400)
    long = bootstrap_bands(daily, capital=1000.0, seed=0, block_days=50.0, n_resamples=400)
    assert long.max_drawdown[2] > 1.5 * short.max_drawdown[2]
    assert bootstrap_bands(daily, capital=1000.0, seed=0, n_resamples=5).block_days > 10


def test_same_seed_same_bands() -> None:
    daily = np.random.default_rng(0).standard_normal(100).astype(np.float32)
    first, again, other = (bootstrap_bands(daily, capital=10.0, seed=s, n_resamples=50) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.cumulative_profit, again.cumulative_profit)
    assert (first.net_profit != other.net_profit).any()


@pytest.mark.parametrize(
    ("daily", "options"),
    [
        (np.array([]), {}),
        (np.array([1.0, np.nan]), {}),
        (np.ones(5), {"capital": 0.0}),
        (np.ones(5), {"quantiles": (0.5, 0.1)}),
        (np.ones(5), {"quantiles": ()}),
        (np.ones(5), {"n_resamples": 0}),
    ],
)
def test_bands_refuse_impossible_input(daily: np.ndarray, options: dict) -> None:
    with pytest.raises(ParameterError):
        bootstrap_bands(daily, **{"capital": 100.0, "seed": 0, **options})


def test_dropped_best_trades() -> None:
    found = dropped_best_trades(np.array([10.0, -4.0, 5.0, -3.0, 2.0]), counts=(3, 1, 2, 50))
    assert found.net_profit == 10.0
    assert found.n_dropped.tolist() == [1, 2, 3]
    assert found.net_profit_left.tolist() == [0.0, -5.0, -7.0]
    assert (found.n_to_loss, found.n_to_loss_percent) == (1, 20.0)


def test_dropping_every_trade_leaves_nothing() -> None:
    found = dropped_best_trades(np.array([0.1, 0.2, 0.3]), counts=(0, 3))
    assert found.net_profit_left.tolist() == [pytest.approx(0.6), 0.0]
    assert found.n_to_loss == 3
    assert dropped_best_trades(np.array([-1.0, -2.0])).n_to_loss == 0
    nothing = dropped_best_trades(np.array([]))
    assert (nothing.n_trades, nothing.n_to_loss) == (0, 0)
    assert np.isnan(nothing.n_to_loss_percent)


def test_missed_trades() -> None:
    trades = np.random.default_rng(0).normal(1.0, 5.0, 400)
    found = missed_trades(trades, share=0.2, seed=0, n_draws=500)
    assert found.net_profit[2] == pytest.approx(0.8 * trades.sum(), rel=0.1)
    assert missed_trades(trades, share=0.0, seed=0, n_draws=3).net_profit.tolist() == pytest.approx([trades.sum()] * 5)
    assert missed_trades(trades, share=1.0, seed=0, n_draws=3).probability_of_loss == 1.0


def test_costs_until_the_profit_is_gone() -> None:
    found = cost_stress(100, 300.0, 2.0, factors=(0.0, 1.0, 2.0, 2.5, 3.0))
    assert found.net_profit == (500.0, 300.0, 100.0, 0.0, -100.0)
    assert (found.break_even_cost, found.break_even_factor) == (5.0, 2.5)
    assert np.isnan(cost_stress(100, 300.0, 0.0).break_even_factor)
    assert cost_stress(100, 300.0, 0.0).break_even_cost == 3.0
    assert np.isnan(cost_stress(0, 0.0, 2.0).break_even_cost)


@pytest.mark.parametrize(
    "call",
    [
        lambda: dropped_best_trades(np.array([1.0, np.nan])),
        lambda: dropped_best_trades(np.ones(3), counts=(-1,)),
        lambda: missed_trades(np.ones(3), share=1.5, seed=0),
        lambda: missed_trades(np.ones(3), seed=0, n_draws=0),
        lambda: cost_stress(-1, 0.0, 0.0),
        lambda: cost_stress(1, 0.0, -1.0),
    ],
)
def test_refuses_impossible_numbers(call) -> None:
    with pytest.raises(ParameterError):
        call()


def test_the_break_even_factor_of_costs_below_one() -> None:
    # 10 trades earn 30 after 0.5 each: 35 without costs, 3.5 a trade, seven times today's.
    assert cost_stress(10, 30.0, 0.5).break_even_factor == 7.0
    assert np.isnan(cost_stress(10, 30.0, 0.0).break_even_factor)


def test_trades_are_left_out_a_thousand_times_where_nobody_says_how_often() -> None:
    trades = np.array([3.0, -1.0, 2.0, -2.0, 5.0])
    found, told = missed_trades(trades, seed=3), missed_trades(trades, share=0.1, seed=3, n_draws=1000)
    assert (found.share, found.n_draws) == (0.1, 1000)
    assert found.net_profit.tolist() == told.net_profit.tolist()
