"""The library's front door: sweeps and backtests in one call."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest

import trading_ai as ta
from tests.fakes.bars import bars_of, random_bars
from trading_ai.engine.costs import Costs
from trading_ai.engine.sizing import Sizing
from trading_ai.errors import ParameterError, RuleError, StrategyError, TradingAIError
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.strategies.base import Signals

BARS = random_bars(2500, 11)
GRID = {"fast": [5, 10, 40], "slow": [20, 30], "stop_loss": range(20, 81, 20), "take_profit": [0, 40, 60]}


@pytest.fixture(scope="module")
def swept():
    return ta.sweep(BARS, "sma_crossover", keep_daily_profit=True, **GRID)


def test_every_trial_equals_its_own_backtest(swept):
    assert len(swept) == 2 * 2 * 4 * 3  # fast=40 is never below slow
    for row in range(0, len(swept), 7):
        combination = swept.evaluator.space.combination(int(swept.indices[row]))
        alone = ta.backtest(BARS, "sma_crossover", **combination)
        np.testing.assert_array_equal(list(alone.metrics.values()), swept.metrics[row])
        np.testing.assert_array_equal(alone.daily_profit.astype(np.float32), swept.daily_profit[row])
        assert alone.equity[-1] == pytest.approx(alone.metrics["final_equity"])
        assert alone.metrics["net_profit"] == pytest.approx(alone.trades["net_profit"].sum())


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_results_do_not_depend_on_threads_or_chunks(swept, n_threads):
    again = ta.sweep(BARS, "sma_crossover", n_threads=n_threads, **GRID)
    np.testing.assert_array_equal(again.metrics, swept.metrics)
    rng = np.random.default_rng(n_threads)
    order = rng.permutation(swept.indices)
    evaluator = ta.make_evaluator(BARS, "sma_crossover", n_threads=n_threads, **GRID)
    parts = [evaluator.evaluate(part) for part in np.array_split(order, 7)]
    got = np.concatenate([p.metrics for p in parts])
    np.testing.assert_array_equal(got[np.argsort(order)], swept.metrics)


def test_best_is_the_first_of_the_table(swept):
    table = swept.to_polars()
    assert table["rank"].to_list() == list(range(1, len(swept) + 1))
    assert {k: table[k][0] for k in swept.best} == swept.best
    sharpe = table["sharpe_ratio"].to_numpy()
    earned = table["return_percent"].to_numpy() >= 0  # those that lost follow, by their returns
    assert (np.diff(sharpe[earned & ~np.isnan(sharpe)]) <= 0).all()
    lost = table["return_percent"].to_numpy()[~earned & ~np.isnan(sharpe)]
    assert (np.diff(lost) <= 0).all()
    assert set(METRIC_NAMES) < set(table.columns)
    assert swept.metrics_of(swept.best)["sharpe_ratio"] == sharpe[0]
    assert "best by sharpe_ratio" in repr(swept)
    lowest = ta.sweep(BARS, "sma_crossover", objective="max_drawdown", **GRID)
    assert lowest.metrics_of(lowest.best)["max_drawdown"] == np.nanmin(lowest.column("max_drawdown"))


def test_undefined_never_ranks_first():
    silent = ta.Signals(np.zeros(len(BARS), bool), np.zeros(len(BARS), bool))
    nothing = ta.sweep(BARS, silent, stop_loss=[10, 20])
    assert not nothing.has_best
    with pytest.raises(ParameterError, match="undefined for every trial"):
        _ = nothing.best


def test_heatmap(swept):
    figure = swept.heatmap("stop_loss", "take_profit")
    assert figure.data
    with pytest.raises(ParameterError, match="was not searched"):
        swept.heatmap("stop_loss", "period")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"fats": 3}, ParameterError, "fats: is not a parameter of sma_crossover.*Known: .*fast"),
        ({"fast": [1, 5]}, ParameterError, "fast: must lie between 2"),
        ({"fast": [5.5, 6]}, ParameterError, "whole number"),
        ({"fast": []}, ParameterError, "at least one value"),
        ({"fast": 30, "slow": 10}, ParameterError, "fast must be below slow"),
        ({"fast": [30, 40], "slow": 10}, ParameterError, "no combination has fast below slow"),
        ({"stop_loss": {"a": 1}}, ParameterError, "must be a value, or a range or list"),
        ({"objective": "sharp"}, ParameterError, "is not a known metric"),
    ],
)
def test_bad_input_is_refused_before_anything_runs(options, error, message):
    with pytest.raises(error, match=message):
        ta.sweep(BARS, "sma_crossover", **options)


def test_backtest_takes_single_values_only():
    with pytest.raises(ParameterError, match="needs one value"):
        ta.backtest(BARS, "sma_crossover", fast=[5, 6])
    with pytest.raises(StrategyError, match="is not a known strategy"):
        ta.backtest(BARS, "nothing")


class Raises(ta.Strategy):
    """Raises for one value, gives bad signals for another."""

    period: int = ta.Int(1, 1, 5)

    def signals(self, bars, period):
        if period == 3:
            raise RuntimeError("period three is cursed")
        if period == 4:
            return ta.Signals(np.zeros(3, bool))
        return ta.Signals(np.arange(len(bars)) % 20 == period, np.arange(len(bars)) % 20 == 10)


def test_a_combination_that_raises_fails_alone():
    mixed = ta.sweep(BARS, Raises, period=[1, 2, 3, 4, 5], stop_loss=[20, 30])
    assert sorted(mixed.failures) == [4, 5, 6, 7]
    assert "period three is cursed" in mixed.failures[4]
    assert "one value a bar" in mixed.failures[6]
    assert np.isnan(mixed.metrics[4:8]).all()
    assert not np.isnan(mixed.column("net_profit")[[0, 1, 2, 3, 8, 9]]).any()
    assert mixed.best["period"] in {1, 2, 5}


def test_a_sweep_that_goes_bankrupt_agrees_with_single_backtests():
    sizing = ta.Sizing("units", 3_000_000)
    grid = {"stop_loss": [5, 20, 60, 100], "take_profit": [0, 30]}
    swept = ta.sweep(BARS, "sma_crossover", sizing=sizing, keep_daily_profit=True, **grid)
    skipped = swept.column("skipped_entries")
    assert (skipped > 0).any()
    for row, index in enumerate(swept.indices.tolist()):
        alone = ta.backtest(BARS, "sma_crossover", sizing=sizing, **swept.evaluator.space.combination(index))
        np.testing.assert_array_equal(list(alone.metrics.values()), swept.metrics[row])
        np.testing.assert_array_equal(alone.daily_profit.astype(np.float32), swept.daily_profit[row])


def test_risk_sizing_and_moving_stops_in_a_sweep():
    grid = {"stop_loss": [15, 30], "trailing_stop": [0, 25], "break_even": [0, 12], "time_exit": [0, 30]}
    swept = ta.sweep(BARS, "rsi_reversal", sizing=ta.Sizing("risk_percent", 1.0), **grid)
    assert len(swept) == 16
    for row, index in enumerate(swept.indices.tolist()):
        combination = swept.evaluator.space.combination(index)
        alone = ta.backtest(BARS, "rsi_reversal", sizing=ta.Sizing("risk_percent", 1.0), **combination)
        np.testing.assert_array_equal(list(alone.metrics.values()), swept.metrics[row])


def test_single_points_for_searches_that_learn(swept):
    evaluator = ta.make_evaluator(BARS, "sma_crossover", n_threads=1, **GRID)
    point = {"fast": 5, "slow": 30, "stop_loss": 40, "take_profit": 60}
    first = evaluator.metrics_of(**point)
    np.testing.assert_equal(first, swept.metrics_of(point))  # undefined is equal to undefined
    np.testing.assert_equal(evaluator.metrics_of(**point), first)
    with pytest.raises(ParameterError, match="not one of the values"):
        evaluator.metrics_of(**{**point, "fast": 6})


def test_finer_bars_and_resampling():
    fine = random_bars(6000, 5, tf="M5", volatility=3e-4)
    coarse = ta.resample(fine, "H1")
    result = ta.backtest(coarse, "sma_crossover", fast=5, slow=15, stop_loss=15, take_profit=25, detail=fine)
    assert result.equity.shape == (6000,)
    assert result.metrics["total_trades"] > 5


def test_few_trades_do_not_lead_and_what_speaks_against_the_best_is_said():
    # 400 H1 bars: some combinations trade less than others.
    bars = random_bars(400, 3)
    grid = {"fast": [3, 10, 40], "slow": [20, 60, 120]}
    free = ta.sweep(bars, "sma_crossover", min_trades=0, objective="net_profit", **grid)
    trades = free.column("total_trades")
    floor = int(np.median(trades)) + 1
    held = ta.sweep(bars, "sma_crossover", min_trades=floor, objective="net_profit", **grid)
    enough = np.flatnonzero(trades >= floor)
    assert 0 < enough.size < trades.size
    profit = free.column("net_profit")
    assert held.metrics_of(held.best)["net_profit"] == profit[enough].max()
    assert sorted(held.order[: enough.size].tolist()) == enough.tolist()
    rest = held.order[enough.size :]
    assert (np.diff(profit[rest]) <= 0).all()
    with pytest.raises(ParameterError, match=r"min_trades: is reached by no trial: the most trades of one are \d+"):
        _ = ta.sweep(bars, "sma_crossover", min_trades=100_000, **grid).best
    with pytest.raises(ParameterError, match="min_trades"):
        ta.sweep(bars, "sma_crossover", min_trades=-1, **grid)
    assert free.costs_stated == "without costs: no spread, commission, slippage or swap"
    assert free.warnings[0].startswith("Without costs every figure")
    charged = ta.sweep(bars, "sma_crossover", costs=Costs(spread_pips=1.0), min_trades=0, **grid)
    assert charged.costs_stated == "spread 1 pip; no commission, slippage or swap"
    assert not [line for line in charged.warnings if line.startswith("Without costs")]


def test_a_loser_with_a_mean_of_returns_above_zero_is_called_one():
    # +50 % and -40 %: 10,000 -> 15,000 -> 9,000, a mean of daily returns of 3.3 % and a loss of 10 %.
    bars = bars_of([(1.0, 1.0, 1.0, 1.0), (1.0, 1.5, 1.0, 1.5), (1.5, 1.5, 0.9, 0.9)], tf="D1")
    long = Signals(np.array([True, False, False]), np.zeros(3, dtype=bool))
    swept = ta.sweep(bars, long, sizing=Sizing("units", 10_000.0), stop_loss=[0], min_trades=0)
    assert swept.column("return_percent").tolist() == pytest.approx([-10.0])
    assert swept.column("sharpe_ratio")[0] > 0.5
    said = " ".join(swept.warnings)
    assert "The best trial lost money: -10.00 % of 10,000.00 USD, although its sharpe_ratio is" in said
    assert "No trial that ranks made money" in said


def test_a_sweep_of_a_strategy_that_reads_the_future_warns():
    class Tomorrow(ta.Strategy):
        ahead: int = ta.Int(0, 0, 3)

        def signals(self, bars, ahead):
            later = np.append(bars.close[ahead:], np.full(ahead, bars.close[-1]))
            return ta.Signals(long_entry=later > bars.close, short_entry=later <= bars.close)

    with pytest.warns(ta.LookAheadWarning, match="tomorrow reads the future: signals changed at"):
        ta.sweep(BARS, Tomorrow, ahead=[0, 2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ta.sweep(BARS, Tomorrow, ahead=0, stop_loss=[10, 20])
        ta.sweep(BARS, "sma_crossover", fast=[3, 5])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"sizing": 0.1}, 'and not a float (got 0.1). Give sizing=ta.Sizing("lots", 0.1).'),
        ({"costs": "cheap"}, "costs: must be a Costs"),
        ({"costs": {"spred_pips": 1}}, "Did you mean spread_pips?"),
        ({"rules": 30}, "rules: must be a ExecutionRules"),
        ({"capital": "1000"}, "capital: must be a number (got '1000')"),
        ({"capital": True}, "capital: must be a number"),
        ({"detail": [1]}, "detail: must be Bars, and not of list (got '[1]')"),
        ({"costs": {"spread_pips": "1"}}, "costs.spread_pips: must be a number (got '1')"),
        ({"capital": 10**400}, "capital: is larger than any"),
        ({"others": BARS}, "others: must be a list of Bars"),
        ({"others": None}, "others: must be a list of Bars"),
        ({"others": ["GBPUSD"]}, "others: must hold Bars, and not what is of str (got 'GBPUSD')"),
        ({"objective": 3}, "objective: must be the name of a metric, a formula of metrics, or a function"),
        ({"objective": lambda _: 1.0, "min_trades": 0}, "objective: must give one number a trial, shape (2,), not ()"),
    ],
)  # fmt: skip
def test_an_argument_of_another_kind_is_named(given, says):
    with pytest.raises(TradingAIError, match=re.escape(says)):
        str(ta.sweep(random_bars(300, 1), "sma_crossover", fast=[3, 5], slow=20, **given))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: ta.Costs(spread_pips="1"), "costs.spread_pips: must be a number (got '1')"),
        (lambda: ta.Costs(commission_per_lot=None), "costs.commission_per_lot: must be a number"),
        (lambda: ta.Costs(conversion_rate=10**400), "costs.conversion_rate: is larger than any"),
        (lambda: ta.Sizing("lots", "0.1"), "sizing.value: must be a number (got '0.1')"),
        (lambda: ta.ExecutionRules(leverage="30"), "rules.leverage: must be a number (got '30')"),
    ],
)
def test_a_part_of_the_account_that_is_no_number_is_refused_where_it_is_made(make, says):
    with pytest.raises(RuleError, match=re.escape(says)):
        make()


def test_bars_that_are_none_are_refused():
    with pytest.raises(RuleError, match=re.escape("bars: must be Bars, and not of list (got '[1, 2]')")):
        ta.backtest([1, 2], "sma_crossover")
    with pytest.raises(RuleError, match="bars: must be Bars, and not of NoneType"):
        ta.sweep(None, "sma_crossover", fast=[3, 5])


def test_parts_of_the_account_may_be_given_by_their_fields():
    bars = random_bars(300, 1)
    asked = {"fast": 3, "slow": 20, "stop_loss": 20}
    by_name = ta.backtest(
        bars, "sma_crossover", costs={"spread_pips": 1.0}, sizing={"mode": "lots", "value": 0.1}, **asked
    )
    made = ta.backtest(bars, "sma_crossover", costs=ta.Costs(spread_pips=1.0), sizing=ta.Sizing("lots", 0.1), **asked)
    assert str(by_name.metrics) == str(made.metrics)


def test_a_function_ranks_like_the_formula_that_it_is():
    bars, asked = random_bars(600, 1), {"fast": [3, 5, 8], "slow": [20, 30]}
    formula = ta.sweep(bars, "sma_crossover", objective="net_profit / (1 + max_drawdown)", min_trades=0, **asked)
    own = ta.sweep(
        bars, "sma_crossover", objective=lambda m: m["net_profit"] / (1 + m["max_drawdown"]), min_trades=0, **asked
    )
    np.testing.assert_array_equal(own.order, formula.order)


def test_a_function_that_is_called_like_a_metric_is_not_taken_for_it():
    def sharpe_ratio(columns):
        return columns["total_trades"]

    own = ta.sweep(BARS, "sma_crossover", objective=sharpe_ratio, min_trades=0, fast=[3, 5, 8], slow=20)
    trades = own.metrics[:, METRIC_NAMES.index("total_trades")]
    assert own.objective == "sharpe_ratio()"
    assert own.order.tolist() == np.argsort(-trades, kind="stable").tolist()
