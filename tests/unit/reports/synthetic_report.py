"""Made-up but plausible report data: a smooth response surface with noise, and trades on random-walk bars."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from trading_ai.engine.records import TRADE
from trading_ai.figures.equity import Curve
from trading_ai.market.bars import Bars
from trading_ai.market.symbol import Symbol
from trading_ai.market.timeframe import timeframe
from trading_ai.metrics.catalog import METRIC_COLUMN, METRICS
from trading_ai.optimization.objective import Objective
from trading_ai.parameters import Axis, ParameterRange, SearchSpace
from trading_ai.reports.data import ReportData

HOUR_NS = 3_600 * 10**9
DEFAULT_AXES = (ParameterRange("stop_loss", 20, 80, 2), ParameterRange("take_profit", 40, 200, 10))


def make_bars(n: int = 6_225, seed: int = 3) -> Bars:
    """Hourly bars with weekends left out."""
    rng = np.random.default_rng(seed)
    hours = np.arange(n * 2) * HOUR_NS + np.datetime64("2017-01-01T22:00", "ns").astype(np.int64)
    weekday = (hours // (24 * HOUR_NS) + 3) % 7
    hours = hours[weekday < 5][:n]
    close = 1.05 + np.cumsum(rng.normal(0, 0.0009, n) + 0.000012)
    opened = np.r_[1.05, close[:-1]]
    high = np.maximum(opened, close) + rng.exponential(0.0004, n)
    low = np.minimum(opened, close) - rng.exponential(0.0004, n)
    symbol = Symbol("EURUSD", 0.0001, 5, 100_000, "USD", base_currency="EUR", kind="fx")
    return Bars(symbol, timeframe("H1"), hours, opened, high, low, close)


def make_trades(bars: Bars, n: int = 180, seed: int = 5, capital: float = 10_000.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    trades = np.zeros(n, TRADE)
    entry = np.sort(rng.choice(len(bars) - 60, n, replace=False))
    trades["entry_bar"], trades["exit_bar"] = entry, entry + rng.integers(1, 50, n)
    trades["entry_time_ns"] = bars.open_time_ns[trades["entry_bar"]]
    trades["exit_time_ns"] = bars.open_time_ns[trades["exit_bar"]]
    trades["direction"] = rng.choice([1, -1], n)
    trades["exit_reason"] = rng.choice([0, 1, 1, 2, 2, 6], n)
    trades["ambiguous"] = rng.random(n) < 0.02
    trades["units"] = 10_000
    trades["entry_price"], trades["exit_price"] = (
        bars.open[trades["entry_bar"]],
        bars.close[trades["exit_bar"]],
    )
    trades["gross_profit"] = (trades["exit_price"] - trades["entry_price"]) * trades["direction"] * 10_000 + 4
    trades["commission"], trades["swap"] = 0.7, -0.2
    trades["net_profit"] = trades["gross_profit"] - trades["commission"] + trades["swap"]
    trades["balance"] = capital + np.cumsum(trades["net_profit"])
    return trades


def make_metrics(space: SearchSpace, seed: int = 7) -> np.ndarray:
    """A hill over the space plus noise, shape (n_combinations, n_metrics)."""
    rng = np.random.default_rng(seed)
    m = space.n_combinations
    hill = np.zeros(m)
    for position, size in zip(space.positions(np.arange(m)), space.shape, strict=True):
        hill += ((position / max(size - 1, 1) - 0.42) / 0.38) ** 2
    sharpe = 2.3 * np.exp(-hill) - 0.55 + rng.normal(0, 0.12, m)
    metrics = np.full((m, len(METRICS)), np.nan)
    profit = sharpe * 620 + rng.normal(0, 40, m)
    drawdown = np.abs(rng.normal(640, 90, m)) - 90 * sharpe
    columns = {
        "sharpe_ratio": sharpe,
        "net_profit": profit,
        "return_percent": profit / 100,
        "max_drawdown": drawdown,
        "max_drawdown_percent": drawdown / 100,
        "profit_factor": 1 + sharpe / 4,
        "win_rate": 41 + 5 * sharpe,
        "total_trades": rng.integers(90, 260, m),
    }
    for name, values in columns.items():
        metrics[:, METRIC_COLUMN[name]] = values
    return metrics


def make_report(axes: tuple[Axis, ...] = DEFAULT_AXES, **changes: Any) -> ReportData:
    """Report data for a full grid over `axes`."""
    bars = make_bars()
    space = SearchSpace(axes)
    m = space.n_combinations
    metrics = make_metrics(space)
    sharpe = metrics[:, METRIC_COLUMN["sharpe_ratio"]]
    positions = space.positions(np.arange(m))
    columns = {a.name: np.array(a.values)[p] for a, p in zip(space.axes, positions, strict=True)}
    ranking = np.argsort(-sharpe, kind="stable")
    trades = make_trades(bars)
    profit = np.zeros(len(bars))
    np.add.at(profit, trades["exit_bar"], trades["net_profit"])
    rng = np.random.default_rng(1)
    equity = 10_000 + np.cumsum(profit) + rng.normal(0, 12, len(bars))
    days, first = np.unique(bars.open_time_ns // (24 * HOUR_NS), return_index=True)
    neighbours = tuple(
        Curve(
            f"neighbour {i + 1}",
            bars.open_time_ns,
            10_000 + np.cumsum(profit * rng.uniform(0.5, 1.05) + rng.normal(0, 3, len(bars))),
        )
        for i in range(8)
    )
    data = ReportData(
        title="sma_crossover on EURUSD H1",
        generated_at=datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
        strategy="sma_crossover",
        symbol="EURUSD",
        timeframe="H1",
        period=("2017-01-01", "2017-12-29"),
        n_bars=len(bars),
        dataset_hash=bars.content_hash,
        settings={
            "costs": {
                "spread_pips": 1.0,
                "commission_per_lot": 3.5,
                "slippage_pips": 0.2,
                "swap_unit": "pips",
            },
            "sizing": {"kind": "fixed_units", "units": 10_000},
            "rules": {"opposite_signal": "reverse", "same_bar": "stop_first", "max_positions": 1},
            "run": {
                "engine_version": "1",
                "seed": 0,
                "constraints": ("total_trades >= 30",),
                "capital": 10_000.0,
            },
        },
        space=space,
        method="grid_search",
        n_combinations=m,
        n_completed=m,
        n_failed=0,
        n_trials_tried=m,
        parameters=columns,
        metrics=metrics,
        ranking=ranking,
        objectives=(Objective.parse("sharpe_ratio"),),
        best={"fast": 10, "slow": 30, **space.combination(int(ranking[0]))},
        trades=trades,
        equity_time_ns=bars.open_time_ns,
        equity=equity,
        neighbours=neighbours,
        day_numbers=days,
        daily_profit=np.add.reduceat(profit, first),
        bars=bars,
        quality=("6,225 bars, 51 weekends, 2 holidays", "no duplicates, none out of order"),
        notes=("Exits were resolved on H1 bars.",),
        commands=(
            "trading-ai data import EURUSD_H1.csv --symbol EURUSD --timeframe H1 --timezone UTC",
            "trading-ai optimize 1 --param stop_loss=20:80:2 --param take_profit=40:200:10",
        ),
    )
    return replace(data, **changes)
