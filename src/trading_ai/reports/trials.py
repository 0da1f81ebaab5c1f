"""Trials as a table for files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from trading_ai.metrics.catalog import METRIC_COLUMN, METRICS
from trading_ai.optimization.objective import Objective
from trading_ai.optimization.ports import Floats, OptimizationRecord, TrialPage


def trial_frame(
    record: OptimizationRecord, page: TrialPage, first_rank: int = 1, beside: Mapping[str, Floats] | None = None
) -> pl.DataFrame:
    """One row a trial in the order of `page`: rank, searched parameters, every metric, feasible, error.

    Args:
        record: whose trials.
        page: the trials, best first.
        first_rank: rank of the first of them.
        beside: further columns, each of shape (n_trials,), such as `shape_columns` makes.
    """
    space = record.spec.space
    n = page.indices.shape[0]
    data: dict[str, Any] = {"rank": np.arange(first_rank, first_rank + n), "combination_index": page.indices}
    for axis, position in zip(space.axes, space.positions(page.indices), strict=True):
        values = list(axis.values)
        data[axis.name] = [values[i] for i in position.tolist()]
    for name, column in METRIC_COLUMN.items():
        data[name] = page.metrics[:, column]
    objective = Objective.parse(record.spec.objective)
    if objective.name not in METRIC_COLUMN:
        data["objective"] = objective.values(page.metrics)
    data |= dict(beside or {})
    data["feasible"] = page.feasible
    data["error"] = pl.Series("error", [page.errors.get(i) for i in page.indices.tolist()], dtype=pl.String)
    # An undefined metric is an empty field, a missing value: readers take "NaN" for text as often as not.
    names = [*(m.name for m in METRICS), *(name for name in ("objective", *(beside or ())) if name in data)]
    metrics = [pl.col(name).fill_nan(None) for name in names]
    counts = [pl.col(m.name).cast(pl.Int64) for m in METRICS if m.unit == "count"]
    return pl.DataFrame(data, strict=False).with_columns(metrics).with_columns(counts)
