"""Trials that somebody picked out of a table: whether they are there, where they rank, and their equity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from trading_ai.documents.words import values_text
from trading_ai.optimization.paging import Key, n_before

if TYPE_CHECKING:
    from trading_ai.bootstrap import Application
    from trading_ai.dashboard.sweeps import Sweep
    from trading_ai.evaluation.ports import Indices
    from trading_ai.optimization.ports import Store
    from trading_ai.optimization.records import OptimizationRecord


def stored(store: Store, record: OptimizationRecord, indices: Sequence[int]) -> Indices:
    """Those of some combination indices that have a trial, in their order."""
    wanted = np.array(indices, dtype=np.int64)
    return wanted[np.isin(wanted, store.done_indices(record.optimization_id))]


def rank_of(sweep: Sweep, index: int) -> int:
    """Rank of a trial, 1 for the best."""
    groups, values = sweep.ranking
    place = int(np.searchsorted(sweep.indices, index))
    return n_before(groups, values, sweep.indices, Key(int(groups[place]), float(values[place]), index)) + 1


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
