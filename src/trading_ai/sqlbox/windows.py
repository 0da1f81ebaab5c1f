"""Rows of the table `walk_forward_windows`: what the parts of a walk-forward in the store say of its windows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from trading_ai.evaluation.declared import SYMBOL, TIMEFRAME
from trading_ai.metrics.catalog import METRIC_COLUMN
from trading_ai.optimization.ports import Store
from trading_ai.optimization.records import WALK_FORWARD, BacktestRecord, OptimizationRecord
from trading_ai.parameters import Combination
from trading_ai.sqlbox.columns import Sent, numbers, texts, wholes
from trading_ai.sqlbox.rows import json_text

_TEST = f"{WALK_FORWARD}test "


def trainings(records: Sequence[OptimizationRecord]) -> list[OptimizationRecord]:
    """The optimizations that are the training of a window, oldest first."""
    found = [r for r in records if r.part_of.startswith(WALK_FORWARD) and not r.name.startswith(f"{WALK_FORWARD}all ")]
    return sorted(found, key=lambda record: (record.part_of, record.created_at))


def window_rows(store: Store, records: Sequence[OptimizationRecord], backtests: Sequence[BacktestRecord]) -> list[Sent]:
    """Columns of `walk_forward_windows`.

    Args:
        store: where the best trials are.
        records: all optimizations.
        backtests: all backtests.
    """
    by_id = {b.backtest_id: b for b in backtests}
    tests = [b for b in backtests if b.name.startswith(_TEST)]
    rows = []
    for record in trainings(records):
        learnt = by_id.get(record.spec.backtest_id)
        if learnt is None:
            continue
        chosen, profit = _chosen(store, record, learnt)
        traded = None if chosen is None else _traded(tests, record, learnt, chosen)
        rows.append((record, learnt, chosen, profit, traded))

    def traded_metric(name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.array([math.nan if t is None else t.metrics.get(name, math.nan) for *_, t in rows], dtype=np.float64)

    capital = np.array([math.nan if t is None else t.spec.capital for *_, t in rows], dtype=np.float64)
    return [
        texts("walk_forward", [r.part_of for r, *_ in rows]),
        texts("optimization_id", [r.optimization_id for r, *_ in rows]),
        texts("backtest_id", [None if t is None else t.backtest_id for *_, t in rows]),
        texts("train_start", [b.spec.start for _, b, *_ in rows]),
        texts("train_end", [b.spec.end for _, b, *_ in rows]),
        texts("test_end", [None if t is None else t.spec.end for *_, t in rows]),
        texts("status", [r.status for r, *_ in rows]),
        texts("parameters", [None if c is None else json_text(c) for _, _, c, _, _ in rows]),
        numbers("in_sample_score", [math.nan if r.best_score is None else r.best_score for r, *_ in rows]),
        numbers("in_sample_profit", [p for _, _, _, p, _ in rows]),
        numbers("out_of_sample_profit", traded_metric("final_equity") - capital),
        numbers("out_of_sample_sharpe", traded_metric("sharpe_ratio")),
        wholes("out_of_sample_trades", traded_metric("total_trades")),
    ]


def _chosen(store: Store, record: OptimizationRecord, learnt: BacktestRecord) -> tuple[Combination | None, float]:
    """What a training chose, and its profit there; None where it is not complete or nothing ranks."""
    if record.best_index is None or record.status != "completed":
        return None, math.nan
    metrics = store.trials_of(record.optimization_id, np.array([record.best_index])).metrics[0]
    profit = float(metrics[METRIC_COLUMN["final_equity"]]) - learnt.spec.capital
    return record.spec.space.combination(record.best_index), profit


def _traded(
    tests: Sequence[BacktestRecord], record: OptimizationRecord, learnt: BacktestRecord, chosen: Combination
) -> BacktestRecord | None:
    """The backtest of a window's test: it begins where the training ends, with what that chose."""
    values: Mapping[str, object] = {k: v for k, v in chosen.items() if k not in {SYMBOL, TIMEFRAME}}
    for test in tests:
        same = test.part_of == record.part_of and test.spec.start == learnt.spec.end
        if same and all(test.spec.parameters.get(name) == value for name, value in values.items()):
            return test
    return None
