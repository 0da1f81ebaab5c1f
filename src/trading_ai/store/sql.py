"""The store on a database: SQLite and PostgreSQL through the same statements."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence

import numpy as np
import numpy.typing as npt
from sqlalchemy import Table, func, select
from sqlalchemy.exc import IntegrityError
from typing_extensions import override

from trading_ai.errors import NotFoundError, StateError, TransientError
from trading_ai.evaluation.model import EvaluatedChunk
from trading_ai.evaluation.ports import Floats, Indices
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.optimization.model import OptimizationStatus
from trading_ai.optimization.paging import Key, Order, Slice
from trading_ai.optimization.ports import Store
from trading_ai.optimization.ranking import best_of
from trading_ai.optimization.records import BacktestRecord, DatasetRecord, OptimizationRecord, TrialPage
from trading_ai.optimization.tries import Tried
from trading_ai.store import codec
from trading_ai.store.blocks import (
    BLOCK,
    all_scores,
    blocks_holding,
    first_page,
    profits_after,
    replace_keys,
    save_new,
    sorted_page,
    stored_page,
    trials_at,
)
from trading_ai.store.columns import RANKING, Columns
from trading_ai.store.database import Database
from trading_ai.store.rows import (
    TableRow,
    backtest_record,
    count,
    dataset_record,
    find,
    newest_first,
    optimization_record,
)
from trading_ai.store.tables import (
    backtests,
    daily_profits,
    datasets,
    optimizations,
    trial_blocks,
    trial_metrics,
)
from trading_ai.store.tried import deleted_tries, keep_tries_of_backtest, keep_tries_of_optimization

_PAUSES_SECONDS = (0.1, 0.5, 2.0, 5.0)
"""Between attempts to store a chunk: longer than a server needs to restart."""

_FINISHED = ("completed", "cancelled", "failed")

_NEAR_THE_BEST = 5_000
"""Places of a ranking up to which the few blocks that hold them are read."""


class SqlStore(Store):
    """All on a SQL database.

    Args:
        database: the database, or its URL.

    Raises:
        StorageError: the database cannot be opened or belongs to a newer version.
    """

    def __init__(self, database: Database | str) -> None:
        self.database = Database(database) if isinstance(database, str) else database
        self.engine = self.database.engine
        self._read, self._write = self.database.read, self.database.write
        self._columns = Columns()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    # --- datasets ------------------------------------------------------------------------------------

    @override
    def add_dataset(self, record: DatasetRecord) -> bool:
        with self._write() as connection:
            # One that is there already was asked for again: it is the latest one now.
            again = datasets.update().where(datasets.c.dataset_id == record.dataset_id)
            if connection.execute(again.values(asked_at=record.created_at)).rowcount:
                return False
            values = {
                **vars(record),
                "asked_at": record.created_at,
                "detected": codec.dump(record.detected),
                "quality": codec.dump(record.quality),
            }
            try:
                with connection.begin_nested():
                    connection.execute(datasets.insert().values(**values))
            except IntegrityError:  # another process was faster
                return False
            return True

    @override
    def datasets(self) -> list[DatasetRecord]:
        return [dataset_record(row) for row in self._newest(datasets)]

    @override
    def dataset(self, dataset_id: str) -> DatasetRecord:
        with self._read() as connection:
            return dataset_record(find(connection, datasets, "dataset", dataset_id))

    @override
    def delete_dataset(self, dataset_id: str) -> None:
        with self._write() as connection:
            row = find(connection, datasets, "dataset", dataset_id)
            used = count(connection, backtests, backtests.c.dataset_id == row.dataset_id)
            if used:
                raise StateError(f"dataset {row.dataset_id[:12]} is used by {used} backtest(s): delete those first")
            connection.execute(datasets.delete().where(datasets.c.id == row.id))

    # --- backtests -----------------------------------------------------------------------------------

    @override
    def add_backtest(self, record: BacktestRecord) -> None:
        with self._write() as connection:
            values = {
                **vars(record),
                "dataset_id": record.spec.dataset_id,
                "spec": codec.dump_backtest_spec(record.spec),
                "metrics": codec.dump_metrics(record.metrics),
            }
            connection.execute(backtests.insert().values(**values))

    @override
    def backtests(self) -> list[BacktestRecord]:
        return [backtest_record(row) for row in self._newest(backtests)]

    @override
    def backtest(self, backtest_id: str) -> BacktestRecord:
        with self._read() as connection:
            return backtest_record(find(connection, backtests, "backtest", backtest_id))

    @override
    def delete_backtest(self, backtest_id: str) -> None:
        with self._write() as connection:
            row = find(connection, backtests, "backtest", backtest_id)
            used = count(connection, optimizations, optimizations.c.backtest_id == row.backtest_id)
            if used:
                raise StateError(f"backtest {row.backtest_id} is used by {used} optimization(s): delete those first")
            keep_tries_of_backtest(connection, row)
            connection.execute(backtests.delete().where(backtests.c.id == row.id))

    # --- optimizations -------------------------------------------------------------------------------

    @override
    def add_optimization(self, record: OptimizationRecord) -> None:
        with self._write() as connection:
            dataset = select(backtests.c.dataset_id).where(backtests.c.backtest_id == record.spec.backtest_id)
            values = {
                **vars(record),
                "request_key": record.request_key or None,
                "backtest_id": record.spec.backtest_id,
                "dataset_id": connection.execute(dataset).scalar() or "",
                "spec": codec.dump_optimization_spec(record.spec),
                "metric_names": codec.dump(METRIC_NAMES),
            }
            try:
                connection.execute(optimizations.insert().values(**values))
            except IntegrityError:
                if not record.request_key:
                    raise
                raise StateError(f"a request with key {record.request_key!r} was accepted before") from None

    @override
    def optimizations(self) -> list[OptimizationRecord]:
        return [optimization_record(row) for row in self._newest(optimizations)]

    @override
    def optimization(self, optimization_id: str) -> OptimizationRecord:
        with self._read() as connection:
            return optimization_record(find(connection, optimizations, "optimization", optimization_id))

    @override
    def optimization_of_request(self, request_key: str) -> OptimizationRecord | None:
        with self._read() as connection:
            row = connection.execute(select(optimizations).where(optimizations.c.request_key == request_key)).first()
            return None if row is None else optimization_record(row)

    @override
    def change_status(
        self,
        optimization_id: str,
        expected: Sequence[OptimizationStatus],
        new: OptimizationStatus,
        now: float,
        message: str = "",
    ) -> bool:
        o = optimizations.c
        # PostgreSQL keeps no NUL in a text.
        changes: dict[str, object] = {"status": new, "message": message.replace("\0", "\N{REPLACEMENT CHARACTER}")}
        if new == "running":
            changes |= {"started_at": func.coalesce(o.started_at, now), "finished_at": None}
        if new in _FINISHED:
            changes["finished_at"] = now
        chosen = (o.optimization_id == optimization_id) & o.status.in_(tuple(expected))
        with self._write() as connection:
            return connection.execute(optimizations.update().where(chosen).values(**changes)).rowcount == 1

    @override
    def set_priority(self, optimization_id: str, priority: int) -> None:
        change = optimizations.update().where(optimizations.c.optimization_id == optimization_id)
        with self._write() as connection:
            connection.execute(change.values(priority=priority))

    @override
    def acquire_lease(self, optimization_id: str, owner: str, now: float, lease_seconds: float) -> bool:
        o = optimizations.c
        free = o.lease_owner.is_(None) | (o.lease_owner == owner) | (o.lease_expires_at <= now)
        change = optimizations.update().where((o.optimization_id == optimization_id) & free)
        with self._write() as connection:
            taken = connection.execute(change.values(lease_owner=owner, lease_expires_at=now + lease_seconds))
            return taken.rowcount == 1

    @override
    def release_lease(self, optimization_id: str, owner: str) -> None:
        o = optimizations.c
        change = optimizations.update().where((o.optimization_id == optimization_id) & (o.lease_owner == owner))
        with self._write() as connection:
            connection.execute(change.values(lease_owner=None, lease_expires_at=None))

    @override
    def delete_optimization(self, optimization_id: str) -> None:
        with self._write() as connection:
            found = find(connection, optimizations, "optimization", optimization_id)
            # Found again under its lock: a chunk or a lease may have come between.
            locked = select(optimizations).where(optimizations.c.id == found.id).with_for_update()
            row = connection.execute(locked).first()
            if row is None:
                raise NotFoundError("optimization", optimization_id)
            if row.status == "running" and row.lease_owner:
                raise StateError(f"optimization {row.optimization_id} is running: cancel it first")
            keep_tries_of_optimization(connection, row)
            for table in (trial_blocks, trial_metrics, daily_profits):
                connection.execute(table.delete().where(table.c.optimization == row.id))
            connection.execute(optimizations.delete().where(optimizations.c.id == row.id))

    # --- trials --------------------------------------------------------------------------------------

    @override
    def save_chunk(
        self,
        optimization_id: str,
        chunk: EvaluatedChunk,
        objective: Floats,
        feasible: npt.NDArray[np.bool_],
        seconds: float,
        busy_seconds: float = 0.0,
    ) -> int:
        o = optimizations.c
        change = optimizations.update().where(o.optimization_id == optimization_id)
        pauses = iter(_PAUSES_SECONDS)
        while True:
            try:
                with self._write() as connection:
                    # The update comes first: its lock lets chunks of one optimization in one by one.
                    spent = {
                        "seconds": o.seconds + float(seconds),
                        "busy_seconds": o.busy_seconds + float(busy_seconds),
                    }
                    connection.execute(change.values(**spent))
                    key = connection.execute(select(o.id).where(o.optimization_id == optimization_id)).scalar()
                    if key is None:
                        raise NotFoundError("optimization", optimization_id)
                    new, failed = save_new(connection, key, chunk, objective, feasible)
                    counts = {"n_completed": o.n_completed + new, "n_failed": o.n_failed + failed}
                    connection.execute(change.values(**counts, n_reused=o.n_reused + new * chunk.reused))
                    best = best_of(chunk.indices, objective, feasible)
                    if best is not None:
                        worse = o.best_score.is_(None) | (o.best_score < best[1])
                        ties = (o.best_score == best[1]) & (o.best_index > best[0])
                        connection.execute(change.where(worse | ties).values(best_index=best[0], best_score=best[1]))
                    return new
            except TransientError:
                # A trial is only added where there is none: trying again is safe even if just the answer was lost.
                pause = next(pauses, None)
                if pause is None:
                    raise
                time.sleep(pause)

    @override
    def replace_scores(self, optimization_id: str, indices: Indices, scores: Floats) -> None:
        o = optimizations.c
        change = optimizations.update().where(o.optimization_id == optimization_id)
        best = best_of(indices, scores, ~np.isnan(scores))
        with self._write() as connection:
            # The update comes first: its lock keeps chunks out meanwhile.
            connection.execute(change.values(best_index=best and best[0], best_score=best and best[1]))
            key = connection.execute(select(o.id).where(o.optimization_id == optimization_id)).scalar()
            if key is None:
                raise NotFoundError("optimization", optimization_id)
            replace_keys(connection, key, indices, scores)

    @override
    def done_indices(self, optimization_id: str) -> Indices:
        with self._read() as connection:
            key = find(connection, optimizations, "optimization", optimization_id).id
            found = connection.execute(select(trial_blocks.c.indices).where(trial_blocks.c.optimization == key)).all()
        return np.sort(np.frombuffer(b"".join(row.indices for row in found), dtype="<i8").astype(np.int64))

    @override
    def scores(self, optimization_id: str) -> tuple[Indices, Floats]:
        with self._read() as connection:
            key = find(connection, optimizations, "optimization", optimization_id).id
            return all_scores(connection, key)

    @override
    def page(
        self,
        optimization_id: str,
        order: Order,
        limit: int,
        offset: int = 0,
        *,
        after: Key | None = None,
        before: Key | None = None,
    ) -> Slice:
        is_near = order.metric is None and after is None and before is None and offset + limit <= _NEAR_THE_BEST
        if is_near:
            with self._read() as connection:
                optimization = find(connection, optimizations, "optimization", optimization_id)
                return first_page(connection, optimization, limit, offset)
        with self._read() as connection:
            optimization = find(connection, optimizations, "optimization", optimization_id)
            return sorted_page(connection, optimization, self._columns, order, limit, offset, after, before)

    @override
    def trials_of(self, optimization_id: str, indices: Indices) -> TrialPage:
        with self._read() as connection:
            optimization = find(connection, optimizations, "optimization", optimization_id)
            found = self._columns.column(connection, optimization, RANKING)
            places = np.flatnonzero(np.isin(found.indices, indices))
            places = places[np.argsort(found.indices[places])]
            wanted = np.searchsorted(found.indices[places], indices)
            return trials_at(connection, optimization, found.table, places[wanted])

    @override
    def trials(self, optimization_id: str, batch: int = 50_000) -> Iterator[TrialPage]:
        """Pages are of about `batch`: blocks are read whole."""
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
                page = stored_page(connection, optimization, blocks)
            yield page

    @override
    def daily_profits(
        self, optimization_id: str, within: Indices | None = None
    ) -> Iterator[tuple[Indices, npt.NDArray[np.float32]]]:
        last, wanted = -1, None
        while wanted is None or wanted:
            with self._read() as connection:
                key = find(connection, optimizations, "optimization", optimization_id).id
                if within is not None and wanted is None:
                    wanted = blocks_holding(connection, key, within)
                    continue
                found = profits_after(connection, key, last if wanted is None else wanted.pop(0) - 1)
            if found is None:
                return
            last = found[0]
            yield found[1:]

    @override
    def deleted_tries(self, symbols: Collection[str]) -> Iterator[Tried]:
        with self._read() as connection:
            yield from list(deleted_tries(connection, symbols))

    # --- inside --------------------------------------------------------------------------------------

    def _newest(self, table: Table) -> Sequence[TableRow]:
        with self._read() as connection:
            return connection.execute(select(table).order_by(*newest_first(table))).all()
