"""The store on a database: SQLite now, PostgreSQL through the same statements."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Engine, Row, Table, create_engine, event, func, select
from sqlalchemy.exc import SQLAlchemyError

from trading_ai.errors import NotFoundError, StateError, StorageError
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.optimization.model import EvaluatedChunk, OptimizationStatus
from trading_ai.optimization.ports import (
    BacktestRecord,
    DatasetRecord,
    Floats,
    Indices,
    OptimizationRecord,
    TrialPage,
)
from trading_ai.store import codec
from trading_ai.store.blocks import BLOCK, best_places, block_metrics, error_texts, save_block, unknown
from trading_ai.store.migrations import migrate
from trading_ai.store.rows import backtest_record, count, dataset_record, find, optimization_record
from trading_ai.store.tables import (
    backtests,
    daily_profits,
    datasets,
    optimizations,
    trial_blocks,
    trial_metrics,
)

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "busy_timeout=60000",
    "foreign_keys=ON",
)

_FINISHED = ("completed", "cancelled", "failed")


class SqlStore:
    """`trading_ai.optimization.ports.Store` on a SQL database.

    Args:
        url: SQLAlchemy URL, such as ``sqlite:////path/to/trading-ai.sqlite``.

    Raises:
        StorageError: the database cannot be opened or belongs to a newer version.
    """

    def __init__(self, url: str) -> None:
        try:
            self.engine: Engine = create_engine(url)
            if self.engine.dialect.name == "sqlite":
                _set_up_sqlite(self.engine)
            migrate(self.engine)
        except SQLAlchemyError as error:
            raise StorageError(f"the database cannot be opened: {error}") from error

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    # --- datasets ------------------------------------------------------------------------------------

    def add_dataset(self, record: DatasetRecord) -> bool:
        """Add a dataset's record; False if it was there already."""
        with self._write() as connection:
            known = select(datasets.c.id).where(datasets.c.dataset_id == record.dataset_id)
            if connection.execute(known).first():
                return False
            values = {**vars(record), "detected": codec.dump(record.detected), "quality": codec.dump(record.quality)}
            connection.execute(datasets.insert().values(**values))
            return True

    def datasets(self) -> list[DatasetRecord]:
        """All datasets, newest first."""
        return [dataset_record(row) for row in self._newest(datasets)]

    def dataset(self, dataset_id: str) -> DatasetRecord:
        """One dataset, by id or unique prefix, or "latest"."""
        with self._read() as connection:
            return dataset_record(find(connection, datasets, "dataset", dataset_id))

    def delete_dataset(self, dataset_id: str) -> None:
        """Forget a dataset that no backtest uses."""
        with self._write() as connection:
            row = find(connection, datasets, "dataset", dataset_id)
            used = count(connection, backtests, backtests.c.dataset_id == row.dataset_id)
            if used:
                raise StateError(f"dataset {row.dataset_id[:12]} is used by {used} backtest(s): delete those first")
            connection.execute(datasets.delete().where(datasets.c.id == row.id))

    # --- backtests -----------------------------------------------------------------------------------

    def add_backtest(self, record: BacktestRecord) -> None:
        """Add a backtest."""
        with self._write() as connection:
            values = {
                **vars(record),
                "dataset_id": record.spec.dataset_id,
                "spec": codec.dump_backtest_spec(record.spec),
                "metrics": codec.dump_metrics(record.metrics),
            }
            connection.execute(backtests.insert().values(**values))

    def backtests(self) -> list[BacktestRecord]:
        """All backtests, newest first."""
        return [backtest_record(row) for row in self._newest(backtests)]

    def backtest(self, backtest_id: str) -> BacktestRecord:
        """One backtest, by id or unique prefix, or "latest"."""
        with self._read() as connection:
            return backtest_record(find(connection, backtests, "backtest", backtest_id))

    def delete_backtest(self, backtest_id: str) -> None:
        """Forget a backtest that no optimization uses."""
        with self._write() as connection:
            row = find(connection, backtests, "backtest", backtest_id)
            used = count(connection, optimizations, optimizations.c.backtest_id == row.backtest_id)
            if used:
                raise StateError(f"backtest {row.backtest_id} is used by {used} optimization(s): delete those first")
            connection.execute(backtests.delete().where(backtests.c.id == row.id))

    # --- optimizations -------------------------------------------------------------------------------

    def add_optimization(self, record: OptimizationRecord) -> None:
        """Add an optimization."""
        with self._write() as connection:
            dataset = select(backtests.c.dataset_id).where(backtests.c.backtest_id == record.spec.backtest_id)
            values = {
                **vars(record),
                "backtest_id": record.spec.backtest_id,
                "dataset_id": connection.execute(dataset).scalar() or "",
                "spec": codec.dump_optimization_spec(record.spec),
                "metric_names": codec.dump(METRIC_NAMES),
            }
            connection.execute(optimizations.insert().values(**values))

    def optimizations(self) -> list[OptimizationRecord]:
        """All optimizations, newest first."""
        return [optimization_record(row) for row in self._newest(optimizations)]

    def optimization(self, optimization_id: str) -> OptimizationRecord:
        """One optimization, by id or unique prefix, or "latest"."""
        with self._read() as connection:
            return optimization_record(find(connection, optimizations, "optimization", optimization_id))

    def change_status(
        self,
        optimization_id: str,
        expected: Sequence[OptimizationStatus],
        new: OptimizationStatus,
        now: float,
        message: str = "",
    ) -> bool:
        """Set the status if it is one of `expected`; False if it was another."""
        o = optimizations.c
        changes: dict[str, Any] = {"status": new, "message": message}
        if new == "running":
            changes |= {"started_at": func.coalesce(o.started_at, now), "finished_at": None}
        if new in _FINISHED:
            changes["finished_at"] = now
        chosen = (o.optimization_id == optimization_id) & o.status.in_(tuple(expected))
        with self._write() as connection:
            return connection.execute(optimizations.update().where(chosen).values(**changes)).rowcount == 1

    def acquire_lease(self, optimization_id: str, owner: str, now: float, lease_seconds: float) -> bool:
        """Become the one process that runs this optimization, or extend one's own lease."""
        o = optimizations.c
        free = o.lease_owner.is_(None) | (o.lease_owner == owner) | (o.lease_expires_at <= now)
        change = optimizations.update().where((o.optimization_id == optimization_id) & free)
        with self._write() as connection:
            taken = connection.execute(change.values(lease_owner=owner, lease_expires_at=now + lease_seconds))
            return taken.rowcount == 1

    def release_lease(self, optimization_id: str, owner: str) -> None:
        """Give the lease back; nothing happens if it is not the owner's."""
        o = optimizations.c
        change = optimizations.update().where((o.optimization_id == optimization_id) & (o.lease_owner == owner))
        with self._write() as connection:
            connection.execute(change.values(lease_owner=None, lease_expires_at=None))

    def delete_optimization(self, optimization_id: str) -> None:
        """Delete an optimization with its trials."""
        with self._write() as connection:
            row = find(connection, optimizations, "optimization", optimization_id)
            if row.status == "running" and row.lease_owner:
                raise StateError(f"optimization {row.optimization_id} is running: cancel it first")
            for table in (trial_blocks, trial_metrics, daily_profits):
                connection.execute(table.delete().where(table.c.optimization == row.id))
            connection.execute(optimizations.delete().where(optimizations.c.id == row.id))

    # --- trials --------------------------------------------------------------------------------------

    def save_chunk(
        self,
        optimization_id: str,
        chunk: EvaluatedChunk,
        objective: Floats,
        feasible: npt.NDArray[np.bool_],
        seconds: float,
    ) -> int:
        """Store a chunk's trials and the progress in one transaction; returns how many were new."""
        o = optimizations.c
        with self._write() as connection:
            # The update comes first: it locks the row, so that chunks of one optimization are counted one by one.
            change = optimizations.update().where(o.optimization_id == optimization_id)
            connection.execute(change.values(seconds=o.seconds + seconds))
            key = connection.execute(select(o.id).where(o.optimization_id == optimization_id)).scalar()
            if key is None:
                raise NotFoundError("optimization", optimization_id)
            new = np.flatnonzero(unknown(connection, key, chunk.indices))
            new = new[np.argsort(chunk.indices[new])]
            failed = 0
            for first in range(0, new.size, BLOCK):
                failed += save_block(connection, key, chunk, objective, feasible, new[first : first + BLOCK])
            counts = {"n_completed": o.n_completed + new.size, "n_failed": o.n_failed + failed}
            connection.execute(change.values(**counts))
            return int(new.size)

    def done_indices(self, optimization_id: str) -> Indices:
        """Indices of all stored trials, ascending, shape (n,)."""
        with self._read() as connection:
            key = find(connection, optimizations, "optimization", optimization_id).id
            found = connection.execute(select(trial_blocks.c.indices).where(trial_blocks.c.optimization == key)).all()
        return np.sort(np.frombuffer(b"".join(row.indices for row in found), dtype="<i8").astype(np.int64))

    def ranked(self, optimization_id: str, limit: int, offset: int = 0) -> TrialPage:
        """Trials best first."""
        b = trial_blocks.c
        with self._read() as connection:
            optimization = find(connection, optimizations, "optimization", optimization_id)
            chosen = select(b.first_index, b.indices, b.sort_keys, b.infeasible, b.errors)
            blocks = connection.execute(chosen.where(b.optimization == optimization.id)).all()
            if not blocks:
                return TrialPage(np.empty(0, np.int64), np.empty((0, len(METRIC_NAMES))), np.empty(0, np.bool_))
            indices = np.frombuffer(b"".join(row.indices for row in blocks), dtype="<i8")
            keys = np.frombuffer(b"".join(row.sort_keys for row in blocks), dtype="<f8")
            infeasible = np.frombuffer(b"".join(row.infeasible for row in blocks), dtype=np.uint8)
            best = best_places(keys, infeasible, indices, offset, limit)
            sizes = np.array([len(row.indices) // 8 for row in blocks])
            ends = np.cumsum(sizes)
            block_of = np.searchsorted(ends, best, side="right")
            metrics = np.empty((best.size, len(METRIC_NAMES)))
            errors: dict[int, str] = {}
            for block in np.unique(block_of).tolist():
                here = np.flatnonzero(block_of == block)
                rows = best[here] - (ends[block] - sizes[block])
                metrics[here] = block_metrics(connection, optimization, blocks[block].first_index)[rows]
                wanted = {int(i) for i in indices[best[here]]}
                errors |= {i: text for i, text in error_texts(blocks[block].errors).items() if i in wanted}
        return TrialPage(indices[best].astype(np.int64), metrics, infeasible[best] == 0, errors)

    def trials(self, optimization_id: str, batch: int = 50_000) -> Iterator[TrialPage]:
        """All trials in pages of about `batch`, a block after the other."""
        b = trial_blocks.c
        last = -1
        while True:
            with self._read() as connection:
                optimization = find(connection, optimizations, "optimization", optimization_id)
                chosen = select(trial_blocks).where((b.optimization == optimization.id) & (b.first_index > last))
                blocks = connection.execute(chosen.order_by(b.first_index).limit(max(1, batch // BLOCK))).all()
                if not blocks:
                    return
                last = blocks[-1].first_index
                errors: dict[int, str] = {}
                for row in blocks:
                    errors |= error_texts(row.errors)
                yield TrialPage(
                    np.concatenate([np.frombuffer(row.indices, dtype="<i8") for row in blocks]).astype(np.int64),
                    np.concatenate([block_metrics(connection, optimization, row.first_index) for row in blocks]),
                    np.concatenate([np.frombuffer(row.infeasible, dtype=np.uint8) == 0 for row in blocks]),
                    errors,
                )

    def daily_profits(self, optimization_id: str) -> Iterator[tuple[Indices, npt.NDArray[np.float32]]]:
        """Kept daily profits: indices (m,) and float32 rows (m, n_days), a block after the other."""
        b, d = trial_blocks.c, daily_profits.c
        same = (b.optimization == d.optimization) & (b.first_index == d.first_index)
        last = -1
        while True:
            with self._read() as connection:
                key = find(connection, optimizations, "optimization", optimization_id).id
                chosen = select(b.first_index, b.indices, d.profits).join(daily_profits, same)
                chosen = chosen.where((b.optimization == key) & (b.first_index > last))
                row = connection.execute(chosen.order_by(b.first_index).limit(1)).first()
            if row is None:
                return
            last = row.first_index
            indices = np.frombuffer(row.indices, dtype="<i8").astype(np.int64)
            profits = np.frombuffer(zlib.decompress(row.profits), dtype="<f4")
            yield indices, profits.reshape(indices.size, -1).astype(np.float32)

    def count_trials_on(self, dataset_id: str) -> int:
        """Number of trials ever stored for backtests on a dataset."""
        total = select(func.sum(optimizations.c.n_completed)).where(optimizations.c.dataset_id == dataset_id)
        with self._read() as connection:
            return int(connection.execute(total).scalar() or 0)

    # --- inside --------------------------------------------------------------------------------------

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        try:
            with self.engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise StorageError(f"the database could not be read: {error}") from error

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        try:
            with self.engine.begin() as connection:
                if self.engine.dialect.name == "sqlite":
                    # Lock at once: a transaction that reads first and writes later could be refused midway.
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
        except SQLAlchemyError as error:
            raise StorageError(f"the database could not be written: {error}") from error

    def _newest(self, table: Table) -> Sequence[Row[Any]]:
        with self._read() as connection:
            return connection.execute(select(table).order_by(table.c.created_at.desc(), table.c.id.desc())).all()


def _set_up_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where this module says so
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
