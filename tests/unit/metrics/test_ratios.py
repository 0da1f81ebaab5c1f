"""One account's metrics worked out by hand, and what is undefined."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trading_ai.engine.records import N_TALLIES, TALLIES
from trading_ai.errors import ParameterError
from trading_ai.metrics.benchmark import BuyAndHold
from trading_ai.metrics.catalog import METRIC_NAMES, METRICS, metric
from trading_ai.metrics.ratios import metrics_from_tallies

# Five trades from 1,000: long +60, +30 and -20, short +10 and -40 make 40. Over four days of equity the returns are
# +5 %, -2 %, +3 % and -1 %: mean 1.25 %, squares sum to 0.0039, those of the losing days to 0.0005.
TALLY = {
    "n_trades": 5,
    "n_long": 3,
    "n_wins": 3,
    "n_long_wins": 2,
    "n_losses": 2,
    "gross_profit": 100.0,
    "gross_loss": -60.0,
    "long_net": 70.0,
    "sum_net": 40.0,
    "sum_net_squared": 6600.0,  # 3600 + 900 + 400 + 100 + 1600
    "largest_win": 60.0,
    "largest_loss": -40.0,
    "max_win_streak": 2,
    "max_loss_streak": 1,
    "balance_drawdown": 45.0,
    "balance_drawdown_fraction": 0.04,
    "equity_drawdown": 50.0,
    "equity_drawdown_fraction": 0.05,
    "equity_drawdown_ns": 2.5 * 86_400e9,
    "bars_held": 20,
    "bars_exposed": 15,
    "commission": 3.0,
    "swap": -2.0,
    "slippage": 1.5,
    "spread": 2.5,
    "sum_daily_return": 0.05,
    "sum_daily_return_squared": 0.0039,
    "sum_downside_squared": 0.0005,
    "n_ambiguous": 1,
    "n_skipped": 7,
    "final_equity": 1050.0,
    "open_profit": 10.0,
    "ruined": 0,
    "stop_outs": 6,
    "ruined_ns": 0.0,
}
YEAR = {"periods_per_year": 252.0, "years": 1 / 63, "benchmark": BuyAndHold(12.5, 20.0)}
METRICS_BY_HAND = {
    "net_profit": 40.0,
    "gross_profit": 100.0,
    "gross_loss": -60.0,
    "profit_factor": 100 / 60,
    "total_trades": 5,
    "long_trades": 3,
    "short_trades": 2,
    "win_rate": 60.0,
    "long_win_rate": 200 / 3,
    "short_win_rate": 50.0,
    "long_net_profit": 70.0,
    "short_net_profit": -30.0,
    "expectancy": 8.0,
    "average_win": 100 / 3,
    "average_loss": -30.0,
    "largest_win": 60.0,
    "largest_loss": -40.0,
    "max_consecutive_wins": 2,
    "max_consecutive_losses": 1,
    "max_balance_drawdown": 45.0,
    "max_balance_drawdown_percent": 4.0,
    "max_drawdown": 50.0,
    "max_drawdown_percent": 5.0,
    "max_drawdown_days": 2.5,
    # variance (0.0039 - 4 x 0.0125^2) / 3 = 0.003275 / 3
    "sharpe_ratio": math.sqrt(252) * 0.0125 / math.sqrt(0.003275 / 3),
    "sortino_ratio": math.sqrt(252) * 0.0125 / math.sqrt(0.0005 / 4),
    "calmar_ratio": 100 * (1.05**63 - 1) / 5,  # over a 63rd of a year
    "recovery_factor": 0.8,
    # variance (6600 - 5 x 8^2) / 4 = 1570
    "sqn": math.sqrt(5) * 8 / math.sqrt(1570),
    "exposure_percent": 15.0,
    "average_bars_held": 4.0,
    "commission_paid": 3.0,
    "swap_paid": 2.0,
    "slippage_paid": 1.5,
    "spread_paid": 2.5,
    "ruined": 0,
    "stop_outs": 6,
    "ruined_after_days": 0.0,
    "position_percent": 110.0,
    "final_equity": 1050.0,
    "return_percent": 5.0,
    "annual_return_percent": 100 * (1.05**63 - 1),
    "ambiguous_exits": 1,
    "skipped_entries": 7,
    "buy_and_hold_percent": 12.5,
    "buy_and_hold_drawdown_percent": 20.0,
    "fitness": math.nan,  # which a strategy says, not its tallies
}


def metrics(n_days: int = 4, **changes: float) -> dict[str, float]:
    tally = np.array([[{**TALLY, **changes}[name] for name in TALLIES]], dtype=float)
    row = metrics_from_tallies(tally, capital=1000.0, n_bars=100, n_days=n_days, **YEAR, position_percent=110.0)[0]
    return dict(zip(METRIC_NAMES, row.tolist(), strict=True))


def test_every_metric_of_one_account():
    found = metrics()
    assert list(METRICS_BY_HAND) == list(METRIC_NAMES)
    for name, value in METRICS_BY_HAND.items():
        assert found[name] == pytest.approx(value, rel=1e-12, nan_ok=True), name
    assert found["max_drawdown_days"] == 2.5  # to the nanosecond


def test_each_row_is_its_own():
    both = np.array([[TALLY[n] for n in TALLIES], [TALLY[n] * (n != "sum_net") for n in TALLIES]], dtype=float)
    rows = metrics_from_tallies(both, capital=1000.0, n_bars=100, n_days=4, **YEAR)
    assert rows[:, METRIC_NAMES.index("net_profit")].tolist() == [40.0, 0.0]
    assert rows.shape == (2, len(METRICS))


def test_a_lost_account_has_no_growth():
    for final in (0.0, -500.0):
        found = metrics(final_equity=final)
        assert math.isnan(found["annual_return_percent"])
        assert math.isnan(found["calmar_ratio"])
        assert found["return_percent"] == (final - 1000) / 10
    assert metrics(final_equity=0.5)["annual_return_percent"] == pytest.approx(-100.0)


def test_deviations_need_two_values():
    assert math.isnan(metrics(n_trades=1, sum_net=40.0, sum_net_squared=1600.0)["sqn"])
    # Trades of 10 and 30: mean 20, variance (1000 - 800) / 1 = 200.
    two = metrics(n_trades=2, sum_net=40.0, sum_net_squared=1000.0)
    assert two["sqn"] == pytest.approx(math.sqrt(2) * 20 / math.sqrt(200))
    one_day = metrics(1, sum_daily_return=0.05, sum_daily_return_squared=0.0025)
    assert math.isnan(one_day["sharpe_ratio"])
    two_days = metrics(2, sum_daily_return=0.04, sum_daily_return_squared=0.001)  # 1 % and 3 %
    assert two_days["sharpe_ratio"] == pytest.approx(math.sqrt(252) * 0.02 / math.sqrt(0.0002))


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_a_deviation_of_rounding_errors_is_none(size):
    # Ten trades of 0.1 (or a million times as much): what is left of the squares is a few parts in 1e16 of them.
    total, squares = sum([0.1 * size] * 10), sum([(0.1 * size) ** 2] * 10)
    assert math.isnan(metrics(n_trades=10, sum_net=total, sum_net_squared=squares * (1 + 5e-15))["sqn"])
    # A hundred times as much is a deviation: variance 1e-12 x squares / 9.
    deviation = math.sqrt(1e-12 * squares / 9)
    found = metrics(n_trades=10, sum_net=total, sum_net_squared=squares * (1 + 1e-12))["sqn"]
    assert found == pytest.approx(math.sqrt(10) * 0.1 * size / deviation, rel=1e-2)


@pytest.mark.parametrize(
    ("changes", "undefined"),
    [
        ({"gross_loss": 0.0}, {"profit_factor"}),
        ({"n_long": 0}, {"long_win_rate"}),
        ({"n_long": 5}, {"short_win_rate"}),
        ({"n_wins": 0}, {"average_win", "largest_win"}),
        ({"n_losses": 0}, {"average_loss", "largest_loss"}),
        ({"n_trades": 0}, {"win_rate", "expectancy", "sqn", "average_bars_held"}),
        ({"equity_drawdown": 0.0}, {"recovery_factor"}),
        ({"equity_drawdown_fraction": 0.0}, {"calmar_ratio"}),
        ({"sum_downside_squared": 0.0}, {"sortino_ratio"}),
        ({"sum_daily_return_squared": 0.000625}, {"sharpe_ratio"}),  # every day the same
    ],
)
def test_what_is_undefined_is_nan_and_nothing_else_is(changes, undefined):
    found = metrics(**changes)
    assert {name for name, value in found.items() if math.isnan(value)} - {"fitness"} == undefined


def test_a_ruined_account_has_no_ratios():
    found = metrics(ruined=1, ruined_ns=1.5 * 86_400e9, final_equity=0.0, sum_net=-1000.0)
    assert (found["ruined"], found["ruined_after_days"], found["return_percent"]) == (1.0, 1.5, -100.0)
    ratios = {"profit_factor", "sharpe_ratio", "sortino_ratio", "calmar_ratio", "recovery_factor", "sqn"}
    undefined = {name for name, value in found.items() if math.isnan(value)} - {"fitness"}
    assert undefined == ratios | {"annual_return_percent"}


def test_the_largest_of_one_trade():
    assert metrics(n_wins=1)["largest_win"] == 60.0
    assert metrics(n_losses=1)["largest_loss"] == -40.0


def test_which_way_is_better():
    """The direction that a search goes and that a table sorts by: a wrong one shows the worst trial as the best."""
    less = {
        "max_consecutive_losses",
        "max_balance_drawdown",
        "max_balance_drawdown_percent",
        "max_drawdown",
        "max_drawdown_percent",
        "max_drawdown_days",
        "commission_paid",
        "swap_paid",
        "slippage_paid",
        "spread_paid",
        "ambiguous_exits",
        "ruined",
        "stop_outs",
    }
    neither = {"long_trades", "short_trades", "exposure_percent", "average_bars_held", "skipped_entries"}
    neither |= {"buy_and_hold_percent", "buy_and_hold_drawdown_percent"}
    neither |= {"ruined_after_days", "position_percent"}
    for each in METRICS:
        assert each.better == (-1 if each.name in less else 0 if each.name in neither else 1), each.name


def test_units():
    by_unit = {unit: {m.name for m in METRICS if m.unit == unit} for unit in {m.unit for m in METRICS}}
    assert by_unit["days"] == {"max_drawdown_days", "ruined_after_days"}
    assert by_unit["bars"] == {"average_bars_held"}
    percents = {"win_rate", "long_win_rate", "short_win_rate", "exposure_percent", "return_percent"}
    percents |= {"annual_return_percent", "max_drawdown_percent", "max_balance_drawdown_percent"}
    percents |= {"buy_and_hold_percent", "buy_and_hold_drawdown_percent", "position_percent"}
    assert by_unit["percent"] == percents
    assert set(by_unit) == {"days", "bars", "percent", "money", "count", "ratio"}


def test_a_metric_is_found_by_its_name():
    assert [metric(name) for name in METRIC_NAMES] == list(METRICS)
    with pytest.raises(ParameterError, match="not a known metric") as refused:
        metric("profit")
    assert all(name in str(refused.value) for name in ("objective", "'profit'", "net_profit, gross_profit"))


def test_no_tallies_give_no_rows():
    rows = metrics_from_tallies(np.empty((0, N_TALLIES)), capital=1.0, n_bars=1, n_days=1, **YEAR)
    assert rows.shape == (0, len(METRICS))
