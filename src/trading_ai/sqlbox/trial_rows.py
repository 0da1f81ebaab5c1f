"""Rows of the table `trials`: of one optimization, or of all of them below each other."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.documents.sql_tables import TRIALS
from trading_ai.metrics.catalog import METRIC_COLUMN
from trading_ai.optimization.ports import Store
from trading_ai.optimization.records import OptimizationRecord
from trading_ai.parameters import Axis
from trading_ai.sqlbox.columns import Sent, coded, flags, joined, numbers, of_axis, one_text, texts, wholes
from trading_ai.sqlbox.frames import Deadline

_FIXED = frozenset(TRIALS.names)


def parameter_columns(record: OptimizationRecord) -> dict[str, Axis]:
    """The columns of an optimization's searched parameters: their names, which are no other column's, and axes."""
    taken, found = {name.lower() for name in _FIXED}, {}
    for axis in record.spec.space.axes:
        name = axis.name
        while name.lower() in taken:
            name = f"parameter_{name}"
        taken.add(name.lower())
        found[name] = axis
    return found


def names_of(record: OptimizationRecord) -> tuple[str, ...]:
    """Names of all columns of one optimization's trials: what is searched stands before the metrics."""
    first = tuple(name for name in TRIALS.names if name not in METRIC_COLUMN)
    return (*first, *parameter_columns(record), *(name for name in TRIALS.names if name in METRIC_COLUMN))


def names_of_all(records: Sequence[OptimizationRecord]) -> tuple[str, ...]:
    """Names of all columns of the trials of several optimizations."""
    every = dict.fromkeys(name for record in records for name in names_of(record))
    searched = [name for name in every if name not in _FIXED]
    first = [name for name in TRIALS.names if name not in METRIC_COLUMN]
    return (*first, *searched, *(name for name in TRIALS.names if name in METRIC_COLUMN))


def trial_rows(store: Store, record: OptimizationRecord, wanted: Collection[str], deadline: Deadline) -> list[Sent]:
    """Columns of one optimization's trials, by combination index.

    Trials that are stored while this reads are left out, so that all columns are of one state.

    Args:
        store: where they are.
        record: the optimization.
        wanted: names of columns.
        deadline: when to give up.

    Raises:
        TimeoutError: it took too long.
    """
    indices, scores = store.scores(record.optimization_id)
    metrics = {name: np.full(indices.size, np.nan) for name in METRIC_COLUMN if name in wanted}
    feasible = np.zeros(indices.size, dtype=np.bool_)
    errors: dict[int, str] = {}
    if metrics or {"feasible", "error"} & set(wanted):
        for page in store.trials(record.optimization_id):
            _ = deadline.left
            place = np.searchsorted(indices, page.indices)
            known = np.append(indices, -1)[place] == page.indices
            place, rows = place[known], page.metrics if known.all() else page.metrics[known]
            # Pages come by index, most often without a hole: a slice is filled twice as fast as single places.
            whole = bool(place.size) and bool((np.diff(place) == 1).all())
            where: Any = slice(int(place[0]), int(place[-1]) + 1) if whole else place
            for name, values in metrics.items():
                values[where] = rows[:, METRIC_COLUMN[name]]
            feasible[place] = page.feasible[known]
            errors |= page.errors
    found: dict[str, Sent] = {name: numbers(name, values) for name, values in metrics.items()}
    n = indices.size
    found["optimization_id"] = one_text("optimization_id", record.optimization_id, n)
    found["combination_index"] = wholes("combination_index", indices)
    if "rank" in wanted:
        found["rank"] = wholes("rank", _ranks(scores))
    found["score"] = numbers("score", scores)
    found["feasible"] = flags("feasible", feasible)
    if "error" in wanted:
        found["error"] = _errors(indices, errors)
    parameters = parameter_columns(record)
    if parameters.keys() & set(wanted):
        positions = record.spec.space.positions(indices)
        for (name, axis), position in zip(parameters.items(), positions, strict=True):
            if name in wanted:
                found[name] = of_axis(name, axis, position)
    return [found[name] for name in names_of(record) if name in wanted]


def all_trial_rows(
    store: Store, records: Sequence[OptimizationRecord], wanted: Collection[str], deadline: Deadline
) -> list[Sent]:
    """Columns of the trials of several optimizations, one below the other; arguments as of `trial_rows`."""
    asked = {*wanted, "combination_index"}
    parts = [{s.name: s for s in trial_rows(store, record, asked, deadline)} for record in records]
    sizes = [len(np.frombuffer(part["combination_index"].buffer, dtype="<i8")) for part in parts]
    rows = []
    for name in names_of_all(records):
        if name not in wanted:
            continue
        columns = [part.get(name) for part in parts]
        kinds = {column.type for column in columns if column is not None}
        fixed = next((c.type for c in TRIALS.columns if c.name == name), None)
        if fixed is not None:
            kind = fixed
        elif len(kinds) == 1:
            kind = kinds.pop()
        else:
            kind = "DOUBLE" if kinds <= {"BIGINT", "DOUBLE"} else "VARCHAR"
        rows.append(joined(name, kind, columns, sizes))
    return rows


def _ranks(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Rank of each trial, 1 for the best, ties by index; NaN where the score is, shape (n,)."""
    ranks = np.full(scores.size, np.nan)
    ranked = np.flatnonzero(~np.isnan(scores))
    ranks[ranked[np.argsort(-scores[ranked], kind="stable")]] = np.arange(1, ranked.size + 1)
    return ranks


def _errors(indices: npt.NDArray[np.int64], errors: dict[int, str]) -> Sent:
    if not errors:
        return coded("error", np.full(indices.size, -1), ())
    return texts("error", [errors.get(index) for index in indices.tolist()])
