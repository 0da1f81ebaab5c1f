"""What an optimization needs from the outside: a store for results, an executor for work, bars by id.

Adapters stand in `trading_ai.store` and `trading_ai.executors`; `bootstrap` joins them. Every method may raise
`StorageError`; other errors are named where they can happen. Times are seconds since 1970 (UTC) and are
passed in, never read from a clock inside an adapter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from trading_ai.market.bars import Bars
from trading_ai.optimization.model import (
    BacktestSpec,
    EvaluatedChunk,
    OptimizationSpec,
    OptimizationStatus,
)

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


WALK_FORWARD = "walk-forward "
"""How the names of a walk-forward's backtests begin: "latest" passes over them, because nobody asked for one."""


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
    """A stored backtest with its metrics (NaN where undefined); trades and curves are artifacts."""

    backtest_id: str
    name: str
    spec: BacktestSpec
    symbol: str
    timeframe: str
    strategy_hash: str
    engine_version: str
    metrics: Mapping[str, float]
    created_at: float


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


class Store(Protocol):
    """Where datasets' records, backtests, optimizations and trials stay. Safe to share between threads."""

    def add_dataset(self, record: DatasetRecord) -> bool:
        """Add a dataset's record; False if it was there already."""
        ...

    def datasets(self) -> list[DatasetRecord]:
        """All datasets, newest first."""
        ...

    def dataset(self, dataset_id: str) -> DatasetRecord:
        """One dataset, by id or unique prefix, or "latest".

        Raises:
            NotFoundError: there is none, or the prefix is not unique.
        """
        ...

    def delete_dataset(self, dataset_id: str) -> None:
        """Forget a dataset.

        Raises:
            StateError: backtests use it.
        """
        ...

    def add_backtest(self, record: BacktestRecord) -> None:
        """Add a backtest."""
        ...

    def backtests(self) -> list[BacktestRecord]:
        """All backtests, newest first."""
        ...

    def backtest(self, backtest_id: str) -> BacktestRecord:
        """One backtest, by id or unique prefix, or "latest", which is no window of a walk-forward if others are there.

        Raises:
            NotFoundError: there is none, or the prefix is not unique.
        """
        ...

    def delete_backtest(self, backtest_id: str) -> None:
        """Forget a backtest.

        Raises:
            StateError: optimizations use it.
        """
        ...

    def add_optimization(self, record: OptimizationRecord) -> None:
        """Add an optimization.

        Raises:
            StateError: its request key was used before.
        """
        ...

    def optimizations(self) -> list[OptimizationRecord]:
        """All optimizations, newest first."""
        ...

    def optimization(self, optimization_id: str) -> OptimizationRecord:
        """One optimization, by id or unique prefix, or "latest".

        Raises:
            NotFoundError: there is none, or the prefix is not unique.
        """
        ...

    def optimization_of_request(self, request_key: str) -> OptimizationRecord | None:
        """The optimization that a request of that key made, if any."""
        ...

    def replace_scores(self, optimization_id: str, indices: Indices, scores: Floats) -> None:
        """Rank all trials by other scores than they were stored with, in one transaction.

        Args:
            optimization_id: whose trials.
            indices: those of all its trials, ascending, shape (n,).
            scores: larger is better, NaN where undefined, shape (n,); those of failed trials and of trials that
                break a condition are NaN.
        """
        ...

    def change_status(
        self,
        optimization_id: str,
        expected: Sequence[OptimizationStatus],
        new: OptimizationStatus,
        now: float,
        message: str = "",
    ) -> bool:
        """Set the status if it is one of `expected` (compare and set); False if it was another.

        The first change to running sets `started_at`; a change to completed, cancelled or failed sets
        `finished_at`.
        """
        ...

    def acquire_lease(self, optimization_id: str, owner: str, now: float, lease_seconds: float) -> bool:
        """Become the one process that runs this optimization, or extend one's own lease.

        False while another owner's lease has not expired.
        """
        ...

    def release_lease(self, optimization_id: str, owner: str) -> None:
        """Give the lease back; nothing happens if it is not the owner's."""
        ...

    def save_chunk(
        self, optimization_id: str, chunk: EvaluatedChunk, objective: Floats, feasible: npt.NDArray[np.bool_],
        seconds: float, busy_seconds: float = 0.0,
    ) -> int:  # fmt: skip
        """Store a chunk's trials and the progress in one transaction; trials already there stay as they are.

        Args:
            optimization_id: whose trials.
            chunk: the trials.
            objective: objective values, larger is better, NaN where undefined, shape (m,).
            feasible: whether each trial holds the constraints, shape (m,).
            seconds: running time to add to the optimization's.
            busy_seconds: workers' time to add.

        Returns:
            The number of trials that were new.
        """
        ...

    def done_indices(self, optimization_id: str) -> Indices:
        """Indices of all stored trials, ascending, shape (n,)."""
        ...

    def scores(self, optimization_id: str) -> tuple[Indices, Floats]:
        """All trials' indices, ascending, and scores: larger is better, NaN where undefined or not feasible."""
        ...

    def ranked(self, optimization_id: str, limit: int, offset: int = 0) -> TrialPage:
        """Trials best first.

        Those that hold the constraints come before the others, a larger objective first, undefined last, ties by index.
        """
        ...

    def trials(self, optimization_id: str, batch: int = 50_000) -> Iterator[TrialPage]:
        """All trials in pages, by index."""
        ...

    def daily_profits(
        self, optimization_id: str, within: Indices | None = None
    ) -> Iterator[tuple[Indices, npt.NDArray[np.float32]]]:
        """Kept daily profits: indices (m,) and float32 rows (m, n_days), chunk by chunk.

        Args:
            optimization_id: whose trials.
            within: only chunks that hold one of these combinations; None for all.
        """
        ...

    def count_trials_on(self, dataset_id: str) -> int:
        """Number of trials ever run for backtests on a dataset; copies of earlier ones were not run."""
        ...

    def delete_optimization(self, optimization_id: str) -> None:
        """Delete an optimization with its trials.

        Raises:
            StateError: it is running under a lease that has not expired.
        """
        ...


class Artifacts(Protocol):
    """Where bars and backtests' trades stay: immutable files addressed by id."""

    def save_bars(self, bars: Bars) -> str:
        """Keep bars; returns their content hash. Saving the same bars again changes nothing."""
        ...

    def load_bars(self, dataset_id: str) -> Bars:
        """Bars by content hash, verified.

        Raises:
            NotFoundError: there are none.
            StorageError: the file does not match its hash.
        """
        ...

    def delete_bars(self, dataset_id: str) -> None:
        """Remove bars; nothing happens if there are none."""
        ...

    def save_backtest(self, backtest_id: str, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Keep a backtest's arrays (trades, equity, daily_profit, ...)."""
        ...

    def load_backtest(self, backtest_id: str) -> dict[str, npt.NDArray[Any]]:
        """Arrays of a backtest.

        Raises:
            NotFoundError: there are none.
        """
        ...

    def delete_backtest(self, backtest_id: str) -> None:
        """Remove a backtest's arrays; nothing happens if there are none."""
        ...


@dataclass(frozen=True)
class Job:
    """What a worker needs to evaluate chunks of one optimization, JSON-able.

    Attributes:
        backtest: the backtest.
        axes: the search space, as `SearchSpace.to_json` gives it.
        keep_daily_profit: whether chunks carry daily profits.
        strategy_hash: code hash that the strategy must have.
        datasets: where the symbol is searched, the dataset of each symbol.
    """

    backtest: Mapping[str, Any]
    axes: Sequence[Mapping[str, Any]]
    keep_daily_profit: bool
    strategy_hash: str
    datasets: Mapping[str, str] = field(default_factory=dict)


class Executor(Protocol):
    """Where chunks run."""

    @property
    def n_workers(self) -> int:
        """Chunks that can run at once."""
        ...

    def run(
        self, job: Job, chunks: Iterator[Indices], stop: Callable[[], bool]
    ) -> Iterator[tuple[EvaluatedChunk, float]]:
        """Evaluate chunks; yields each with the seconds it took, as they finish, in any order.

        Once `stop` answers True no further chunk is begun, and those under way are finished and yielded.
        A combination that raises, or that kills its worker every time, is reported in the chunk's
        `failures`.

        Raises:
            EvaluationError: nothing can be evaluated at all.
        """
        ...

    def close(self) -> None:
        """Stop workers and free what they hold."""
        ...
