"""What an optimization needs from the outside: a store for results, an executor for work, bars by id.

Adapters stand in `trading_ai.store` and `trading_ai.executors`; `bootstrap` joins them. Every method may raise
`StorageError`; other errors are named where they can happen. Times are seconds since 1970 (UTC) and are
passed in, never read from a clock inside an adapter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from trading_ai.evaluation.model import EvaluatedChunk
from trading_ai.evaluation.ports import Floats, Indices
from trading_ai.optimization.model import OptimizationStatus
from trading_ai.optimization.paging import Key, Order, Slice
from trading_ai.optimization.records import BacktestRecord, DatasetRecord, OptimizationRecord, TrialPage
from trading_ai.optimization.tries import Tried


class Store(Protocol):
    """Where datasets' records, backtests, optimizations and trials stay. Safe to share between threads."""

    def add_dataset(self, record: DatasetRecord) -> bool:
        """Add a dataset's record; one that is there already is the latest from now on, and False is returned."""
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
        """One backtest, by id, name or unique prefix, or "latest", which is never a part of a study.

        Raises:
            NotFoundError: there is none, or several have that name or an id that begins so.
        """
        ...

    def delete_backtest(self, backtest_id: str) -> None:
        """Forget a backtest; that it was tried is kept, see `deleted_tries`.

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
        """One optimization, by id, name or unique prefix, or "latest", which is never a part of a study.

        Raises:
            NotFoundError: there is none, or several have that name or an id that begins so.
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

    def set_priority(self, optimization_id: str, priority: int) -> None:
        """Set an optimization's priority, which holds from the next chunk on; of an unknown one nothing happens."""
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
        return self.page(optimization_id, Order(), limit, offset).trials

    def page(
        self, optimization_id: str, order: Order, limit: int, offset: int = 0, *,
        after: Key | None = None, before: Key | None = None,
    ) -> Slice:  # fmt: skip
        """Trials in some order, whatever their number: neither time nor memory grow with the place of the page.

        Args:
            optimization_id: whose trials.
            order: what they are ordered by; ties by index.
            limit: trials wanted.
            offset: trials to pass over; ignored where a key is given.
            after: the page begins behind this key, whether or not a trial stands there.
            before: the page ends before this key.
        """
        ...

    def trials_of(self, optimization_id: str, indices: Indices) -> TrialPage:
        """Some trials by their combination indices, in the order given; all of them are stored."""
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

    def deleted_tries(self, symbols: Collection[str]) -> Iterator[Tried]:
        """What optimizations and backtests tried on symbols before they were deleted."""
        ...

    def delete_optimization(self, optimization_id: str) -> None:
        """Delete an optimization with its trials; what it tried is kept in the same transaction, see `deleted_tries`.

        Raises:
            StateError: it is running under a lease that has not expired.
        """
        ...
