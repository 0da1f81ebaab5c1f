"""Several objectives at once: the trials that no other trial beats in all of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trading_ai.errors import ParameterError
from trading_ai.evaluation.ports import Floats, Indices
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.optimization.objective import bound
from trading_ai.optimization.ports import Store
from trading_ai.optimization.records import OptimizationRecord, TrialPage
from trading_ai.search.registry import METHODS

Bools = npt.NDArray[np.bool_]


def check_objectives(spec: OptimizationSpec) -> None:
    """Refuse objectives that cannot be searched together.

    Raises:
        ParameterError: one is given twice, or the search method takes a single one.
    """
    names = [str(objective) for objective in spec.objectives]
    for name in names:
        if names.count(name) > 1:
            raise ParameterError("is given twice", parameter="objective", value=name, remedy="Give each once.")
    if spec.more_objectives and any(objective.plateau_of for objective in spec.objectives):
        raise ParameterError("cannot be one of several objectives", parameter="objective", value="plateau")
    if spec.more_objectives and not METHODS[spec.method].several_objectives:
        able = ", ".join(name for name, method in METHODS.items() if method.several_objectives)
        raise ParameterError(
            "takes one objective", parameter="method", value=spec.method, remedy=f"Of several learn or make use: {able}"
        )


def known_scores(store: Store, record: OptimizationRecord) -> tuple[Indices, Floats]:
    """What a search method is told of an optimization's trials.

    Returns:
        Indices, ascending, shape (n,), and scores, larger is better, NaN where undefined or not feasible: shape
        (n,), or (n, k) for k objectives; of an objective of neighbours, those of the trials themselves.
    """
    objectives = bound(record.spec.objectives, record.spec.functions_hash)
    if len(objectives) == 1 and not objectives[0].plateau_of:
        return store.scores(record.optimization_id)
    indices, rows = [np.empty(0, dtype=np.int64)], [np.empty((0, len(objectives)))]
    for page in store.trials(record.optimization_id):
        scores = np.stack([objective.scores(page.metrics) for objective in objectives], axis=1)
        scores[~page.feasible] = np.nan
        indices.append(page.indices)
        rows.append(scores)
    every = np.concatenate(indices)
    order = np.argsort(every)
    table = np.concatenate(rows)[order]
    return every[order], table if len(objectives) > 1 else table[:, 0]


def own_scores(store: Store, record: OptimizationRecord) -> tuple[Indices, Floats]:
    """Every trial by the first objective alone, also where trials are ranked with their neighbours.

    Returns:
        Indices, ascending, and scores, larger is better, NaN where undefined or not feasible, each of shape (n,).
    """
    if record.spec.objective.plateau_of:
        return known_scores(store, record)
    return store.scores(record.optimization_id)


def on_front(scores: Floats) -> Bools:
    """Which trials no other one dominates: none is at least as good in every objective and better in one.

    Args:
        scores: larger is better, shape (n, k); a row with a NaN is never on the front, equal rows are together.

    Returns:
        Shape (n,).
    """
    held = np.zeros(scores.shape[0], dtype=np.bool_)
    defined = np.flatnonzero(~np.isnan(scores).any(axis=1))
    if defined.size:
        rows = scores[defined]
        held[defined] = _front_of_two(rows) if rows.shape[1] == 2 else _front_of_many(rows)
    return held


def _front_of_two(rows: Floats) -> Bools:
    # From the best first objective downwards, a trial is on the front if its second is better than any before it.
    order = np.lexsort((-rows[:, 1], -rows[:, 0]))
    first, second = rows[order, 0], rows[order, 1]
    begins = np.flatnonzero(np.concatenate(([True], first[1:] != first[:-1])))
    best_before = np.concatenate(([-np.inf], np.maximum.accumulate(second)[begins[1:] - 1]))
    has_before = np.arange(begins.size) > 0
    top = second[begins]
    kept = ~has_before | (top > best_before)
    group = np.repeat(np.arange(begins.size), np.diff(np.append(begins, first.size)))
    held = np.zeros(rows.shape[0], dtype=np.bool_)
    held[order] = kept[group] & (second == top[group])
    return held


def _front_of_many(rows: Floats) -> Bools:
    # Best first by the sum of ranks: whoever dominates comes early, so that most trials go at once.
    ranks = np.zeros(rows.shape[0], dtype=np.int64)
    for column in rows.T:
        ranks += np.unique(column, return_inverse=True)[1]
    left = np.argsort(-ranks, kind="stable")
    held = np.zeros(rows.shape[0], dtype=np.bool_)
    while left.size:
        # Of what is left the first is dominated by nobody: whoever did would have a larger sum of ranks.
        values = rows[left]
        better_somewhere = (values > values[0]).any(axis=1)
        equal = (values == values[0]).all(axis=1)
        held[left[equal]] = True
        left = left[better_somewhere]
    return held


def front_page(store: Store, record: OptimizationRecord, rows: slice = slice(None)) -> tuple[Indices, TrialPage]:
    """The trials on the front of an optimization's objectives, best first by the first one.

    Args:
        store: holds the trials.
        record: the optimization.
        rows: which of them are read.

    Returns:
        The ranks of all of them among all trials, shape (m,), and the trials asked for.

    Raises:
        ParameterError: there is one objective.
    """
    ranks, indices = front(store, record)
    return ranks, store.trials_of(record.optimization_id, indices[rows])


def front(store: Store, record: OptimizationRecord) -> tuple[Indices, Indices]:
    """Which trials are on the front of an optimization's objectives, best first by the first one.

    Returns:
        Their ranks among all trials, and their combination indices, each of shape (m,).

    Raises:
        ParameterError: there is one objective.
    """
    if not record.spec.more_objectives:
        raise ParameterError(
            f"is of several objectives, and optimization {record.optimization_id[:8]} has one objective",
            parameter="pareto", value=True, remedy="Start one with several: --objective A --objective B",
        )  # fmt: skip
    indices, scores = known_scores(store, record)
    table = scores.reshape(indices.shape[0], -1)
    best = np.flatnonzero(on_front(table))
    order = np.lexsort((indices, -table[:, 0]))  # NaN sorts last
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(1, order.size + 1)
    best = best[np.argsort(rank[best])]
    return rank[best], indices[best]
