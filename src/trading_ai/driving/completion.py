"""The end of an optimization: where trials are ranked by their neighbours, they are ranked when all are known."""

from __future__ import annotations

from trading_ai.optimization.columns import plateau_scores
from trading_ai.optimization.pareto import own_scores
from trading_ai.optimization.ports import Store


def complete(store: Store, optimization_id: str, now: float, message: str = "") -> None:
    """Mark a running optimization as completed, with its final ranking.

    Scores are made of the stored metrics: what was begun and cut short is done again with the same result.

    Args:
        store: holds the trials.
        optimization_id: which one.
        now: seconds since 1970.
        message: why it ended, where a limit ended it.
    """
    record = store.optimization(optimization_id)
    if record.spec.objective.plateau_of:
        indices, scores = own_scores(store, record)
        store.replace_scores(optimization_id, indices, plateau_scores(record.spec.space, indices, scores))
    store.change_status(optimization_id, ("running",), "completed", now, message)
