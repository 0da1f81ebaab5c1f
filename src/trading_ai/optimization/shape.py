"""What a ranked table says beside the metrics: how a trial's neighbours do, and how it did on the last days."""

from __future__ import annotations

import numpy as np

from trading_ai.errors import SymbolError
from trading_ai.evaluation.ports import Floats, Indices
from trading_ai.market.date_range import moment_ns
from trading_ai.market.symbol_table import symbol
from trading_ai.market.timeframe import timeframe
from trading_ai.metrics.annual import periods_per_year, years_between
from trading_ai.optimization.columns import COLUMNS, Columns
from trading_ai.optimization.pareto import known_scores, on_front, own_scores
from trading_ai.optimization.ports import Store
from trading_ai.optimization.records import OptimizationRecord
from trading_ai.parameters import SearchSpace, is_ordered
from trading_ai.robustness.plateau import Plateau, plateau, well_surrounded
from trading_ai.robustness.selection import HOLD_OUT_SHARE, score_sums

SHOWN_UP_TO = 200_000
"""Trials up to which a table has these columns; of more, the neighbours would have to be read for every page."""


def shape_columns(store: Store, record: OptimizationRecord, indices: Indices) -> Columns:
    """Plateau score and the Sharpe ratios of the first and the last days of some trials.

    The plateau score is the median of the objective over a trial and its neighbours on the grid. The first days are
    75 % of them, the last the others; a trial that was ranked by all days was in part chosen by both, so neither is out
    of sample: a fall from one to the other warns, and no fall proves nothing.

    Args:
        store: holds the trials.
        record: the optimization.
        indices: combination indices of the trials to show, shape (m,).

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
        columns |= _sharpe_ratios(store, record, indices)
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


def _sharpe_ratios(store: Store, record: OptimizationRecord, indices: Indices) -> dict[str, Floats]:
    early, late = np.full(indices.shape[0], np.nan), np.full(indices.shape[0], np.nan)
    order, annual = np.argsort(indices), 0.0
    for found, rows in store.daily_profits(record.optimization_id, indices):
        here = np.flatnonzero(np.isin(found, indices))
        if here.size:
            to = order[np.searchsorted(indices[order], found[here])]
            annual = annual or np.sqrt(_periods_per_year(store, record, rows.shape[1]))
            cut = int(rows.shape[1] * (1.0 - HOLD_OUT_SHARE))
            for ratios, days in ((early, rows[here, :cut]), (late, rows[here, cut:])):
                ratios[to] = _sharpe(days.astype(np.float64)) * annual
    return dict(zip(COLUMNS[1:3], (early, late), strict=True))


def _periods_per_year(store: Store, record: OptimizationRecord, n_periods: int) -> float:
    """Periods a year of the days that trials were run on, from what is stored: no bars are read for it."""
    backtest = store.backtest(record.spec.backtest_id)
    dataset = store.dataset(backtest.spec.dataset_id)
    traded = dataset if backtest.spec.detail_dataset_id is None else store.dataset(backtest.spec.detail_dataset_id)
    frame, start, end = timeframe(traded.timeframe), backtest.spec.start, backtest.spec.end
    first = traded.first_ns if start is None else max(traded.first_ns, moment_ns(start, "start"))
    last = traded.last_ns + frame.ns
    last = last if end is None else min(last, moment_ns(end, "end"))
    try:
        by_market = symbol(dataset.symbol).days_per_year
    except SymbolError:  # described by the user: its own figure is with the bars
        by_market = 252
    return periods_per_year(n_periods, years_between(first, max(last, first + frame.ns)), frame, float(by_market))


def _sharpe(days: Floats) -> Floats:
    # Row by row, so that a trial's figure does not depend on what else is on its page.
    return score_sums(days.sum(axis=1), np.square(days).sum(axis=1), days.shape[1], "sharpe_ratio")
