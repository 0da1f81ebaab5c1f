"""Trials that somebody picked out of a table: whether they are there, where they rank, and their equity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from trading_ai.dashboard.sweeps import Sweeps
from trading_ai.documents.words import values_text

if TYPE_CHECKING:
    from trading_ai.bootstrap import Application
    from trading_ai.evaluation.ports import Indices
    from trading_ai.optimization.ports import Store
    from trading_ai.optimization.records import OptimizationRecord


_NO_INDEX = 2**63
"""Beyond any combination's index: larger numbers than that can be typed into an address."""


def stored(store: Store, record: OptimizationRecord, indices: Sequence[int]) -> Indices:
    """Those of some combination indices that have a trial, in their order."""
    wanted = np.array([index for index in indices if 0 <= index < _NO_INDEX], dtype=np.int64)
    return wanted[np.isin(wanted, store.done_indices(record.optimization_id))]


def ranks_of(store: Store, sweeps: Sweeps, record: OptimizationRecord, indices: Indices) -> Indices:
    """Ranks of stored trials, 1 for the best, whatever order or condition they were found by.

    Args:
        store: holds the trials.
        sweeps: columns of all trials.
        record: whose trials.
        indices: combination indices of stored trials, shape (n,).

    Returns:
        The ranks, int64, shape (n,).
    """
    sweep = sweeps.of(record.optimization_id)
    if not np.isin(indices, sweep.indices).all():  # what was read lately is older than these trials
        sweep = Sweeps(store).of(record.optimization_id)
    groups, values = sweep.ranking
    ranks = np.empty(sweep.indices.size, dtype=np.int64)
    ranks[np.lexsort((sweep.indices, values, groups))] = np.arange(1, sweep.indices.size + 1)
    found: Indices = ranks[np.searchsorted(sweep.indices, indices)]
    return found


def equities(application: Application, optimization_id: str, indices: list[int]) -> str:
    """Equity of some trials as one figure, as JSON; they are run again."""
    from trading_ai.figures.equity import Curve, equity_of_several  # noqa: PLC0415 - plotly takes a third of a second

    record = application.store.optimization(optimization_id)
    _, results = application.service.backtest_of(record, indices)
    space = record.spec.space
    curves = [
        Curve(values_text(space.combination(index)), result.equity_time_ns, result.equity)
        for index, result in zip(indices, results, strict=True)
    ]
    currency = application.store.backtest(record.spec.backtest_id).spec.account_currency
    return str(equity_of_several(curves, currency=currency, shown=len(curves)).to_json())
