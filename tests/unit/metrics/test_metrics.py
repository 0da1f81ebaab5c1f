"""Every metric against its plain definition, on trades and equity of the reference simulator."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.fakes.bars import random_bars
from tests.fakes.twins import Twins
from trading_ai.engine.costs import Costs
from trading_ai.engine.records import N_TALLIES, TALLIES
from trading_ai.engine.reference_account import Exits
from trading_ai.engine.rules import ExecutionRules
from trading_ai.errors import ParameterError
from trading_ai.metrics import columns
from trading_ai.metrics.benchmark import buy_and_hold
from trading_ai.metrics.catalog import METRIC_COLUMN, METRIC_NAMES, METRICS, metric
from trading_ai.metrics.ratios import metrics_from_tallies
from trading_ai.strategies.base import Signals

COSTS = Costs(spread_pips=0.8, commission_per_lot=3.0, slippage_pips=0.1, swap_long=-0.4, swap_short=0.1)


def longest_run(flags):
    best = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        best = max(best, run)
    return best


def plain_years(bars):
    return (bars.open_time_ns[-1] + bars.timeframe.ns - bars.open_time_ns[0]) / 1e9 / (365.2425 * 86_400)


def plain_metrics(twins, result, bars):
    """The catalogue's definitions, written out."""
    capital = twins.account.capital
    trades = result.trades
    net = trades["net_profit"]
    wins, losses = net[net >= 0.005], net[net <= -0.005]
    longs, shorts = net[trades["direction"] > 0], net[trades["direction"] < 0]
    balance = np.r_[capital, trades["balance"]]
    fall = np.maximum.accumulate(balance) - balance
    values = np.array([capital, *(e for _, e in result.marks)])
    peak = np.maximum.accumulate(values)
    day_equity = np.r_[capital, capital + np.cumsum(result.daily_profit)]
    returns = np.diff(day_equity) / day_equity[:-1]
    years = plain_years(bars)
    final = result.equity[-1]
    growth = 100 * ((final / capital) ** (1 / years) - 1)
    drawdown_percent = 100 * ((peak - values) / peak).max()
    held = [t["exit_bar"] - t["entry_bar"] + (0 if t["exit_reason"] in (0, 5) else 1) for t in trades]
    annual = math.sqrt(252)
    path = np.r_[bars.open[0], bars.close]
    return {
        "net_profit": net.sum(),
        "gross_profit": wins.sum(),
        "gross_loss": losses.sum(),
        "profit_factor": wins.sum() / -losses.sum(),
        "total_trades": len(net),
        "long_trades": len(longs),
        "short_trades": len(shorts),
        "win_rate": 100 * len(wins) / len(net),
        "long_win_rate": 100 * (longs >= 0.005).mean(),
        "short_win_rate": 100 * (shorts >= 0.005).mean(),
        "long_net_profit": longs.sum(),
        "short_net_profit": shorts.sum(),
        "expectancy": net.mean(),
        "average_win": wins.mean(),
        "average_loss": losses.mean(),
        "largest_win": wins.max(),
        "largest_loss": losses.min(),
        "max_consecutive_wins": longest_run(net >= 0.005),
        "max_consecutive_losses": longest_run(net < 0.005),
        "max_balance_drawdown": fall.max(),
        "max_balance_drawdown_percent": 100 * (fall / np.maximum.accumulate(balance)).max(),
        "max_drawdown": (peak - values).max(),
        "max_drawdown_percent": drawdown_percent,
        "sharpe_ratio": annual * returns.mean() / returns.std(ddof=1),
        "sortino_ratio": annual * returns.mean() / math.sqrt((np.minimum(returns, 0) ** 2).mean()),
        "calmar_ratio": growth / drawdown_percent,
        "recovery_factor": net.sum() / (peak - values).max(),
        "sqn": math.sqrt(len(net)) * net.mean() / net.std(ddof=1),
        "exposure_percent": 100 * result.bars_exposed / len(bars),
        "average_bars_held": np.mean(held),
        "commission_paid": trades["commission"].sum(),
        "swap_paid": -trades["swap"].sum(),
        "final_equity": final,
        "return_percent": 100 * (final / capital - 1),
        "annual_return_percent": growth,
        "ambiguous_exits": trades["ambiguous"].sum(),
        "skipped_entries": result.skipped,
        "buy_and_hold_percent": 100 * (bars.close[-1] / bars.open[0] - 1),
        "buy_and_hold_drawdown_percent": 100 * (1 - path / np.maximum.accumulate(path)).max(),
        "ruined": 0,
        "stop_outs": 0,
        "ruined_after_days": 0,
        "fitness": math.nan,
    }


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("exits", [Exits(25, 40), Exits(0, 0, 20), Exits(25, 0, 0, 10, 12)])
def test_every_metric_follows_its_definition(seed, exits):
    bars = random_bars(1500, seed)
    rng = np.random.default_rng(seed)
    entries = Signals(rng.random(1500) < 0.05, rng.random(1500) < 0.05)
    twins = Twins(bars, entries, costs=COSTS, rules=ExecutionRules())
    _, tally, _, _ = twins.compiled(exits)
    row = metrics_from_tallies(
        np.array([[tally[name] for name in TALLIES]]),
        capital=10_000.0,
        n_bars=len(bars),
        n_days=twins.data.day_last_bar.size,
        periods_per_year=252.0,
        years=plain_years(bars),
        benchmark=buy_and_hold(bars),
    )[0]
    got = dict(zip(METRIC_NAMES, row.tolist(), strict=True))
    expected = plain_metrics(twins, twins.reference(exits), bars)
    for name, value in expected.items():
        assert got[name] == pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True), name
    assert got["slippage_paid"] > 0
    assert got["spread_paid"] == pytest.approx(0.8 * len(twins.reference(exits).trades), rel=1e-6)
    assert set(METRIC_NAMES) - set(expected) == {
        "slippage_paid",
        "spread_paid",
        "max_drawdown_days",
        "position_percent",
    }


def test_undefined_is_nan():
    tallies = np.zeros((1, N_TALLIES))
    tallies[0, TALLIES.index("final_equity")] = 10_000.0
    row = metrics_from_tallies(tallies, capital=10_000.0, n_bars=10, n_days=5, periods_per_year=252.0, years=5 / 252)[0]
    got = dict(zip(METRIC_NAMES, row.tolist(), strict=True))
    for name in ("profit_factor", "win_rate", "expectancy", "average_win", "sharpe_ratio", "sqn", "calmar_ratio"):
        assert math.isnan(got[name]), name
    assert (got["net_profit"], got["total_trades"], got["return_percent"]) == (0, 0, 0)


def test_equal_results_have_no_deviation():
    # Ten trades of exactly 0.1: the sums differ from ten tenths by rounding only, which is not a deviation.
    tallies = np.zeros((1, N_TALLIES))
    for name, value in {
        "n_trades": 10,
        "n_wins": 10,
        "sum_net": sum([0.1] * 10),
        "sum_net_squared": sum([0.01] * 10),
    }.items():
        tallies[0, TALLIES.index(name)] = value
    row = metrics_from_tallies(tallies, capital=10_000.0, n_bars=10, n_days=5, periods_per_year=252.0, years=5 / 252)[0]
    assert math.isnan(row[METRIC_NAMES.index("sqn")])


def test_catalogue():
    assert len(set(METRIC_NAMES)) == len(METRICS)
    assert metric("sharpe_ratio").better == 1
    assert metric("max_drawdown").better == -1
    with pytest.raises(ParameterError, match=r"'sharp'.*sharpe_ratio"):
        metric("sharp")


def test_columns_have_the_names_of_the_catalogue():
    named = {name.lower(): value for name, value in vars(columns).items() if name.isupper() and isinstance(value, int)}
    assert named == METRIC_COLUMN
