"""Trials as a table for files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from trading_ai.metrics.catalog import METRIC_COLUMN, METRICS
from trading_ai.optimization.columns import COLUMNS, objective_values
from trading_ai.optimization.records import OptimizationRecord, TrialPage


def trial_frame(
    record: OptimizationRecord,
    page: TrialPage,
    ranks: Sequence[int],
    beside: Mapping[str, npt.NDArray[np.generic]] | None = None,
) -> pl.DataFrame:
    """One row a trial in the order of `page`: rank, searched parameters, every metric, feasible, error.

    Args:
        record: whose trials.
        page: the trials, best first.
        ranks: rank of each of them.
        beside: further columns, each of shape (n_trials,), such as `shape_columns` makes.
    """
    space = record.spec.space
    data: dict[str, Any] = {"rank": np.asarray(ranks, dtype=np.int64), "combination_index": page.indices}
    for axis, position in zip(space.axes, space.positions(page.indices), strict=True):
        values = list(axis.values)
        data[axis.name] = [values[i] for i in position.tolist()]
    for name, column in METRIC_COLUMN.items():
        data[name] = page.metrics[:, column]
    if str(record.spec.objective) not in METRIC_COLUMN:
        data["objective"] = objective_values(record, page, beside or {})
    data |= dict(beside or {})
    data["feasible"] = page.feasible
    data["error"] = pl.Series("error", [page.errors.get(i) for i in page.indices.tolist()], dtype=pl.String)
    # An undefined metric is an empty field, a missing value: readers take "NaN" for text as often as not.
    names = [
        *(m.name for m in METRICS),
        *(name for name in ("objective", *COLUMNS) if name in data and data[name].dtype == np.float64),
    ]
    metrics = [pl.col(name).fill_nan(None) for name in names]
    counts = [pl.col(m.name).cast(pl.Int64) for m in METRICS if m.unit == "count"]
    return pl.DataFrame(data, strict=False).with_columns(metrics).with_columns(counts)
