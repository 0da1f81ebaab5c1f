"""What is stored of datasets, backtests, optimizations and trials."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.evaluation.model import BacktestSpec
from trading_ai.evaluation.ports import Floats, Indices
from trading_ai.optimization.model import OptimizationSpec, OptimizationStatus

REPLAY = "replay"
"""Strategy of a backtest that was made elsewhere: its trades are its own."""

WALK_FORWARD = "walk-forward "
"""How the names of a walk-forward's backtests and optimizations begin."""

MOST_PRIORITY = 9
"""The highest priority of an optimization; 1 is the lowest."""


@dataclass(frozen=True)
class DatasetRecord:
    """A stored dataset: `dataset_id` is the content hash; `detected` and `quality` come from the import."""

    dataset_id: str
    symbol: str
    timeframe: str
    n_bars: int
    first_ns: int
    last_ns: int
    source: str
    created_at: float
    detected: Mapping[str, Any] = field(default_factory=dict)
    quality: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class BacktestRecord:
    """A stored backtest with its metrics (NaN where undefined); trades and curves are artifacts.

    `part_of` names the study that made it, and is "" for one that a user asked for: only that can be "latest".
    """

    backtest_id: str
    name: str
    spec: BacktestSpec
    symbol: str
    timeframe: str
    strategy_hash: str
    engine_version: str
    metrics: Mapping[str, float]
    created_at: float
    part_of: str = ""


def is_as_reported(record: BacktestRecord) -> bool:
    """Whether a backtest was made elsewhere and its figures are those of its own trades, not of a replay on bars."""
    return record.spec.strategy == REPLAY and math.isnan(record.metrics.get("max_drawdown", math.nan))


@dataclass(frozen=True)
class OptimizationRecord:
    """A stored optimization with its progress.

    Attributes:
        optimization_id: UUID.
        name: what the user called it, or "".
        spec: what is searched.
        status: running, paused, cancelled, completed or failed.
        n_total: combinations to try.
        n_completed: trials stored, failed ones included.
        n_failed: trials that raised.
        strategy_hash: code hash of the strategy at the start.
        engine_version: version of the engine at the start.
        created_at: when it was created.
        started_at: when it first ran, or None.
        finished_at: when it ended, or None.
        seconds: time spent running so far, over all runs.
        message: why it failed or was paused, or "".
        priority: of two that wait for the same workers, the higher one gets more of them, 1 to 9.
        request_key: what the caller named the request that made it, unique, or "".
        best_index: index of the best trial that holds the constraints, or None.
        best_score: its score, larger is better, or None.
        busy_seconds: time that workers spent on its trials, summed over workers.
        n_reused: trials that were copied from earlier optimizations instead of being run.
        part_of: the study that made it, or "" for one that a user asked for: only that can be "latest".
    """

    optimization_id: str
    name: str
    spec: OptimizationSpec
    status: OptimizationStatus
    n_total: int
    n_completed: int
    n_failed: int
    strategy_hash: str
    engine_version: str
    created_at: float
    started_at: float | None = None
    finished_at: float | None = None
    seconds: float = 0.0
    message: str = ""
    priority: int = 5
    request_key: str = ""
    best_index: int | None = None
    best_score: float | None = None
    busy_seconds: float = 0.0
    n_reused: int = 0
    part_of: str = ""


@dataclass(frozen=True, eq=False)
class TrialPage:
    """Some trials, best first.

    Attributes:
        indices: combination indices, int64, shape (m,).
        metrics: columns as in `METRICS`, shape (m, n_metrics).
        feasible: whether each trial holds the constraints, shape (m,).
        errors: error text of failed trials, by index.
    """

    indices: Indices
    metrics: Floats
    feasible: npt.NDArray[np.bool_]
    errors: Mapping[int, str] = field(default_factory=dict)

    def part(self, rows: slice) -> TrialPage:
        """Some of the trials."""
        return TrialPage(self.indices[rows], self.metrics[rows], self.feasible[rows], self.errors)
