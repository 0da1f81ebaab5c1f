"""Trials as a table for files."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from trading_ai.metrics.catalog import METRIC_COLUMN, METRICS
from trading_ai.optimization.ports import OptimizationRecord, TrialPage


def trial_frame(record: OptimizationRecord, page: TrialPage, first_rank: int = 1) -> pl.DataFrame:
    """One row a trial in the order of `page`: rank, searched parameters, every metric, feasible, error.

    Args:
        record: whose trials.
        page: the trials, best first.
        first_rank: rank of the first of them.
    """
    space = record.spec.space
    n = page.indices.shape[0]
    data: dict[str, Any] = {"rank": np.arange(first_rank, first_rank + n), "combination_index": page.indices}
    for axis, position in zip(space.axes, space.positions(page.indices), strict=True):
        values = list(axis.values)
        data[axis.name] = [values[i] for i in position.tolist()]
    for name, column in METRIC_COLUMN.items():
        data[name] = page.metrics[:, column]
    data["feasible"] = page.feasible
    data["error"] = pl.Series("error", [page.errors.get(i) for i in page.indices.tolist()], dtype=pl.String)
    # An undefined metric is an empty field, a missing value: readers take "NaN" for text as often as not.
    metrics = [pl.col(m.name).fill_nan(None) for m in METRICS]
    counts = [pl.col(m.name).cast(pl.Int64) for m in METRICS if m.unit == "count"]
    return pl.DataFrame(data, strict=False).with_columns(metrics).with_columns(counts)
