"""The metrics of a backtest or a trial as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from typing_extensions import TypedDict

from trading_ai.documents.forms import Number, finite, form
from trading_ai.metrics.catalog import METRICS


@form(meanings={metric.name: f"{metric.definition} ({metric.unit})" for metric in METRICS})
class Metrics(TypedDict):
    """Every metric; undefined ones are null. What each is stands in the catalogue of metrics."""

    net_profit: Number
    gross_profit: Number
    gross_loss: Number
    profit_factor: Number
    total_trades: Number
    long_trades: Number
    short_trades: Number
    win_rate: Number
    long_win_rate: Number
    short_win_rate: Number
    long_net_profit: Number
    short_net_profit: Number
    expectancy: Number
    average_win: Number
    average_loss: Number
    largest_win: Number
    largest_loss: Number
    max_consecutive_wins: Number
    max_consecutive_losses: Number
    max_balance_drawdown: Number
    max_balance_drawdown_percent: Number
    max_drawdown: Number
    max_drawdown_percent: Number
    max_drawdown_days: Number
    sharpe_ratio: Number
    sortino_ratio: Number
    calmar_ratio: Number
    recovery_factor: Number
    sqn: Number
    exposure_percent: Number
    average_bars_held: Number
    commission_paid: Number
    swap_paid: Number
    slippage_paid: Number
    spread_paid: Number
    ruined: Number
    stop_outs: Number
    ruined_after_days: Number
    position_percent: Number
    final_equity: Number
    return_percent: Number
    annual_return_percent: Number
    ambiguous_exits: Number
    skipped_entries: Number
    buy_and_hold_percent: Number
    buy_and_hold_drawdown_percent: Number
    fitness: Number


def metrics_json(metrics: Mapping[str, float]) -> Metrics:
    """Metrics by name."""
    return cast("Metrics", {name: finite(float(value)) for name, value in metrics.items()})
