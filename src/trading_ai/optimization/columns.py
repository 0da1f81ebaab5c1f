"""The further columns of a ranked table: their names, the objective among them, and their values trial by trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.evaluation.ports import Floats
from trading_ai.optimization.records import OptimizationRecord, TrialPage
from trading_ai.parameters import Value

Columns = dict[str, Floats | npt.NDArray[np.bool_]]

COLUMNS = ("plateau", "sharpe_first_75", "sharpe_last_25", "pareto")
"""Their names, in order."""


def objective_values(record: OptimizationRecord, page: TrialPage, columns: Mapping[str, npt.NDArray[Any]]) -> Floats:
    """The objective of each trial of a page, NaN where undefined, shape (m,).

    Args:
        record: whose trials.
        page: the trials.
        columns: what `shape.shape_columns` says of them; the objective is among it where it is one of neighbours.
    """
    objective = record.spec.objective
    if objective.plateau_of:
        values = np.full(page.indices.shape[0], np.nan)
        if "plateau" in columns:
            values[:] = columns["plateau"]
        elif record.best_score is not None:  # of too many trials for the column: the best is known
            values[page.indices == record.best_index] = objective.value(record.best_score)
        return values
    return objective.measured(page.metrics)


def as_rows(columns: Columns, n: int) -> Sequence[dict[str, float | bool | None]]:
    """The columns as one dict a trial; undefined numbers are None."""
    return [
        {name: None if np.isnan(values[i]) else values[i].item() for name, values in columns.items()} for i in range(n)
    ]


def values_at(values: Sequence[Value], position: npt.NDArray[np.int64]) -> npt.NDArray[np.generic]:
    """A parameter's value in each trial, shape (m,); of mixed kinds where its values are.

    Args:
        values: the axis' values.
        position: place of each trial among them, shape (m,).
    """
    kinds = {type(value) for value in values}
    made: npt.NDArray[np.generic] = np.array(values, dtype=object if kinds - {int, float} else None)[position]
    return made
