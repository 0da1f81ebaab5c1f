"""What a ranked table says beside the metrics: how a trial's neighbours do, and how it did on the last days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.evaluation.ports import Floats, Indices
from trading_ai.optimization.pareto import known_scores, on_front, own_scores
from trading_ai.optimization.ports import Store
from trading_ai.optimization.records import OptimizationRecord, TrialPage
from trading_ai.parameters import SearchSpace, is_ordered
from trading_ai.robustness.plateau import Plateau, plateau, well_surrounded
from trading_ai.robustness.selection import HOLD_OUT_SHARE, score_sums

Columns = dict[str, Floats | npt.NDArray[np.bool_]]

COLUMNS = ("plateau", "sharpe_in_sample", "sharpe_out_of_sample", "pareto")
"""Their names, in order."""

SHOWN_UP_TO = 200_000
"""Trials up to which a table has these columns; of more, the neighbours would have to be read for every page."""


def shape_columns(store: Store, record: OptimizationRecord, indices: Indices, days_per_year: float = 252.0) -> Columns:
    """Plateau score and the Sharpe ratios of the first and the last days of some trials.

    The plateau score is the median of the objective over a trial and its neighbours on the grid. In sample are the
    first 75 % of the days, out of sample the others; a trial that was ranked by all days was in part chosen by both,
    so a fall from one to the other warns, and no fall proves nothing.

    Args:
        store: holds the trials.
        record: the optimization.
        indices: combination indices of the trials to show, shape (m,).
        days_per_year: trading days a year.

    Returns:
        Each of shape (m,), NaN where undefined. The Sharpe ratios are left out where daily profits were not kept,
        ``pareto`` (whether no other trial is as good in every objective) where there is one objective, everything
        where the optimization has more than `SHOWN_UP_TO` trials.
    """
    if not 0 < record.n_completed <= SHOWN_UP_TO or not indices.size:
        return {}
    known, scores = own_scores(store, record)
    around = _neighbours(record.spec.space, known, scores).score
    better = record.spec.objective.better
    columns: Columns = {"plateau": around[np.searchsorted(known, indices)] * better}
    if record.spec.more_objectives:
        known, table = known_scores(store, record)
        columns["pareto"] = on_front(table)[np.searchsorted(known, indices)]
    if record.spec.keep_daily_profit:
        columns |= _sharpe_ratios(store, record, indices, days_per_year)
    return columns


def _neighbours(space: SearchSpace, indices: Indices, scores: Floats) -> Plateau:
    places = np.stack(space.positions(indices), axis=1)
    return plateau(places, scores, ordered=np.array([is_ordered(axis) for axis in space.axes]))


def plateau_scores(space: SearchSpace, indices: Indices, scores: Floats) -> Floats:
    """What trials are ranked by where the plateau is the objective.

    The median over a trial and its neighbours on the grid; NaN for trials with fewer than half as many scored
    neighbours as the best-surrounded one has, such as a corner, or a point of a random search that stands alone.

    Args:
        space: the search space.
        indices: combination indices of all trials, shape (n,).
        scores: larger is better, NaN where undefined, shape (n,).
    """
    if not space.axes or not indices.size:
        return scores
    around = _neighbours(space, indices, scores)
    return well_surrounded(around.score, around.n_neighbours)


def objective_values(record: OptimizationRecord, page: TrialPage, columns: Mapping[str, npt.NDArray[Any]]) -> Floats:
    """The objective of each trial of a page, NaN where undefined, shape (m,).

    Args:
        record: whose trials.
        page: the trials.
        columns: what `shape_columns` says of them; the objective is among it where it is one of neighbours.
    """
    objective = record.spec.objective
    if objective.plateau_of:
        values = np.full(page.indices.shape[0], np.nan)
        if "plateau" in columns:
            values[:] = columns["plateau"]
        elif record.best_score is not None:  # of too many trials for the column: the best is known
            values[page.indices == record.best_index] = objective.value(record.best_score)
        return values
    return objective.scores(page.metrics) * float(objective.better)


def _sharpe_ratios(
    store: Store, record: OptimizationRecord, indices: Indices, days_per_year: float
) -> dict[str, Floats]:
    early, late = np.full(indices.shape[0], np.nan), np.full(indices.shape[0], np.nan)
    order = np.argsort(indices)
    for found, rows in store.daily_profits(record.optimization_id, indices):
        here = np.flatnonzero(np.isin(found, indices))
        if here.size:
            to = order[np.searchsorted(indices[order], found[here])]
            cut = int(rows.shape[1] * (1.0 - HOLD_OUT_SHARE))
            for ratios, days in ((early, rows[here, :cut]), (late, rows[here, cut:])):
                ratios[to] = _sharpe(days.astype(np.float64)) * np.sqrt(days_per_year)
    return dict(zip(COLUMNS[1:3], (early, late), strict=True))


def _sharpe(days: Floats) -> Floats:
    # Row by row, so that a trial's figure does not depend on what else is on its page.
    return score_sums(days.sum(axis=1), np.square(days).sum(axis=1), days.shape[1], "sharpe_ratio")


def as_rows(columns: Columns, n: int) -> Sequence[dict[str, float | bool | None]]:
    """The columns as one dict a trial; undefined numbers are None."""
    return [
        {name: None if np.isnan(values[i]) else values[i].item() for name, values in columns.items()} for i in range(n)
    ]
