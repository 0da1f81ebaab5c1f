"""What a ranked table says beside the metrics: how a trial's neighbours do, and how it did on the last days."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from trading_ai.optimization.objective import Objective
from trading_ai.optimization.pareto import known_scores, on_front
from trading_ai.optimization.ports import Floats, Indices, OptimizationRecord, Store
from trading_ai.optimization.proposals import is_ordered
from trading_ai.robustness.plateau import plateau
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
    known, scores = store.scores(record.optimization_id)
    space = record.spec.space
    places = np.stack(space.positions(known), axis=1)
    around = plateau(places, scores, ordered=np.array([is_ordered(axis) for axis in space.axes])).score
    better = Objective.parse(record.spec.objective).better
    columns: Columns = {"plateau": around[np.searchsorted(known, indices)] * better}
    if record.spec.more_objectives:
        known, table = known_scores(store, record)
        columns["pareto"] = on_front(table)[np.searchsorted(known, indices)]
    if record.spec.keep_daily_profit:
        columns |= _sharpe_ratios(store, record, indices, days_per_year)
    return columns


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
