"""How metrics are called where space is short; every such name is accepted where a metric's name is typed."""

from __future__ import annotations

import re

from trading_ai.errors import ParameterError, did_you_mean
from trading_ai.metrics.catalog import METRIC_COLUMN, METRIC_NAMES, Metric, metric

HEADS = {
    "sharpe_ratio": "sharpe",
    "max_drawdown_percent": "drawdown_%",
    "total_trades": "trades",
}
"""Heads of metrics in tables, where they are shorter than the name."""

SHORT_NAMES = {
    **{head: name for name, head in HEADS.items()},
    "sortino": "sortino_ratio",
    "calmar": "calmar_ratio",
    "drawdown_percent": "max_drawdown_percent",
    "annual_return": "annual_return_percent",
    "exposure": "exposure_percent",
    "get_fitness": "fitness",
}
"""Full names by the short ones that are accepted."""

_NAME = re.compile(r"(?<![\w.\"'])[A-Za-z_]\w*(?:(?<=_)%)?")


def full_name(name: str) -> str:
    """The name of a metric as the catalogue has it; what is no short name stays as it is."""
    name = name.strip()
    return name if name in METRIC_COLUMN else SHORT_NAMES.get(name, name)


def full_names(text: str) -> str:
    """A formula or a condition with the full names of its metrics, otherwise as it was written."""
    return _NAME.sub(lambda found: full_name(found[0]), text)


def metric_named(name: str, parameter: str) -> Metric:
    """A metric by its name or a short name of it.

    Args:
        name: as it was typed.
        parameter: the option that it was typed for, for the message.

    Raises:
        ParameterError: there is no such metric; the message says which is near, and which there are.
    """
    found = full_name(name)
    if found in METRIC_COLUMN:
        return metric(found)
    raise ParameterError(
        "is not a known metric", parameter=parameter, value=name,
        remedy=did_you_mean(name, (*METRIC_NAMES, *SHORT_NAMES)) + "Use one of " + ", ".join(METRIC_NAMES),
    )  # fmt: skip
