"""Metrics and parameters as short tables for people."""

from __future__ import annotations

from collections.abc import Mapping

from trading_ai.metrics.catalog import METRIC_COLUMN, METRICS
from trading_ai.shown import amount, table

SHOWN = (
    "net_profit", "return_percent", "sharpe_ratio", "max_drawdown_percent", "profit_factor", "win_rate", "total_trades",
)  # fmt: skip
"""Metrics that a short table has, in this order."""


def unit_of(name: str) -> str:
    """A metric's unit; a ratio where it is none of the metrics, such as a formula."""
    return METRICS[METRIC_COLUMN[name]].unit if name in METRIC_COLUMN else "ratio"


def metrics_table(metrics: Mapping[str, float], caption: str = "") -> str:
    """The metrics that say most, in HTML."""
    names = [name for name in SHOWN if name in metrics]
    row = [amount(metrics[name], unit_of(name)) for name in names]
    return table([name.replace("_percent", "").replace("_", " ") for name in names], [row], left=0, caption=caption)


def values_line(values: Mapping[str, object]) -> str:
    """Parameters in one line."""
    return ", ".join(f"{name}={_plain(value)}" for name, value in values.items()) or "none"


def _plain(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)
