"""Tables from the store's ports: which version they are of, which columns they have, and the columns themselves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from trading_ai.documents.sql_tables import BY_NAME, Table
from trading_ai.errors import QueryError, did_you_mean
from trading_ai.evaluation.ports import Artifacts
from trading_ai.optimization.notes import NoteRecord, Notes
from trading_ai.optimization.ports import Store
from trading_ai.optimization.records import BacktestRecord, DatasetRecord, OptimizationRecord
from trading_ai.optimization.verdicts import VerdictRecord, Verdicts
from trading_ai.sqlbox.columns import Sent
from trading_ai.sqlbox.frames import Deadline
from trading_ai.sqlbox.rows import (
    backtest_rows,
    bar_rows,
    dataset_rows,
    day_rows,
    equity_rows,
    note_rows,
    optimization_rows,
    trade_rows,
    verdict_rows,
)
from trading_ai.sqlbox.trial_rows import all_trial_rows, names_of, names_of_all, trial_rows
from trading_ai.sqlbox.windows import window_rows


@dataclass(frozen=True)
class Source:
    """A table that a query names, as it is right now.

    Attributes:
        key: its name in the process that runs SQL, such as ``trials:UUID``.
        table: which table it is.
        version: changes with its contents.
        names: names of its columns, in order.
        n_rows: rows that it has at least, as far as records say; for refusing what is too large before it is read.
        load: its columns, by name.
    """

    key: str
    table: Table
    version: str
    names: tuple[str, ...]
    n_rows: int
    load: Callable[[Collection[str], Deadline], list[Sent]]


class Sources:
    """What one query sees of the store; records are read once.

    Args:
        store: records and trials.
        artifacts: bars and backtests' arrays.
        verdicts: verdicts.
        notes: what users noted down.
    """

    def __init__(self, store: Store, artifacts: Artifacts, verdicts: Verdicts, notes: Notes) -> None:
        self._store, self._artifacts, self._kept, self._written = store, artifacts, verdicts, notes

    def source(self, name: str, wanted: str | None) -> Source:
        """A table, or what an id cuts out of it.

        Args:
            name: of the table, lower case.
            wanted: the id, or None for the whole table.

        Raises:
            QueryError: there is no such table, or it is not to be had so.
            NotFoundError: there is no such dataset, backtest or optimization.
        """
        table = BY_NAME.get(name)
        if table is None:
            known = ", ".join(each.written for each in BY_NAME.values())
            raise QueryError(
                f"there is no table {name}", parameter="sql", remedy=f"{did_you_mean(name, BY_NAME)}Tables: {known}"
            )
        if wanted is None and table.needs_id:
            raise QueryError(
                f"{name} must be given the id of a {table.owner}", parameter="sql",
                remedy=f"Write {name}('ID'), or {name}('latest').",
            )  # fmt: skip
        if name == "bars":
            return self._bars(table, wanted or "")
        if name == "trials":
            return self._trials(table, wanted)
        if table.owner == "backtest":
            return self._of_backtests(table, wanted)
        return self._records_of(table)

    def _bars(self, table: Table, wanted: str) -> Source:
        record = self._store.dataset(wanted)
        key = f"bars:{record.dataset_id}"

        def load(_: Collection[str], __: Deadline) -> list[Sent]:
            return bar_rows(record.dataset_id, self._artifacts.load_bars(record.dataset_id))

        return Source(key, table, record.dataset_id, table.names, record.n_bars, load)

    def _trials(self, table: Table, wanted: str | None) -> Source:
        if wanted is not None:
            record = self._store.optimization(wanted)
            return Source(
                f"trials:{record.optimization_id}", table, _state(record), names_of(record), record.n_completed,
                lambda names, deadline: trial_rows(self._store, record, names, deadline),
            )  # fmt: skip
        every = self._optimizations
        version = _digest([_state(record) for record in every])
        n_rows = sum(record.n_completed for record in every)
        return Source(
            "trials", table, version, names_of_all(every), n_rows,
            lambda names, deadline: all_trial_rows(self._store, every, names, deadline),
        )  # fmt: skip

    def _of_backtests(self, table: Table, wanted: str | None) -> Source:
        records = list(self._backtests) if wanted is None else [self._store.backtest(wanted)]
        ids = [record.backtest_id for record in records]
        key = table.name if wanted is None else f"{table.name}:{ids[0]}"
        makers: dict[str, Callable[..., list[Sent]]] = {
            "trades": partial(
                trade_rows,
                symbols=[record.symbol for record in records],
                datasets=[record.spec.dataset_id for record in records],
            ),
            "equity": equity_rows, "daily_profits": day_rows,
        }  # fmt: skip
        rows = makers[table.name]
        return Source(
            key, table, _digest(ids), table.names, 0, lambda _, deadline: rows(self._artifacts, ids, deadline)
        )

    def _records_of(self, table: Table) -> Source:
        versions: dict[str, Callable[[], Sequence[str]]] = {
            "datasets": lambda: [f"{r.dataset_id}{r.created_at}{r.source}" for r in self._datasets],
            "backtests": lambda: [r.backtest_id for r in self._backtests],
            "optimizations": lambda: [_state(r) for r in self._optimizations],
            "verdicts": lambda: [f"{r.optimization_id}{r.combination_index}{r.judged_at}" for r in self._verdicts],
            "notes": lambda: [r.note_id for r in self._notes],
            "walk_forward_windows": lambda: [
                *(_state(r) for r in self._optimizations), *(r.backtest_id for r in self._backtests)
            ],
        }  # fmt: skip
        loads: dict[str, Callable[[], list[Sent]]] = {
            "datasets": lambda: dataset_rows(self._datasets),
            "backtests": lambda: backtest_rows(self._backtests),
            "optimizations": lambda: optimization_rows(self._optimizations),
            "verdicts": lambda: verdict_rows(self._verdicts),
            "notes": lambda: note_rows(self._notes),
            "walk_forward_windows": lambda: window_rows(self._store, self._optimizations, self._backtests),
        }
        version = _digest(versions[table.name]())
        return Source(table.name, table, version, table.names, 0, lambda _, __: loads[table.name]())

    @cached_property
    def _datasets(self) -> list[DatasetRecord]:
        return self._store.datasets()

    @cached_property
    def _backtests(self) -> list[BacktestRecord]:
        return self._store.backtests()

    @cached_property
    def _optimizations(self) -> list[OptimizationRecord]:
        return self._store.optimizations()

    @cached_property
    def _verdicts(self) -> list[VerdictRecord]:
        return self._kept.all()

    @cached_property
    def _notes(self) -> list[NoteRecord]:
        return self._written.all()


def _state(record: OptimizationRecord) -> str:
    """What changes whenever an optimization or one of its trials does."""
    r = record
    return _digest([r.optimization_id, r.status, r.n_completed, r.n_failed, r.best_index, r.best_score, r.seconds])


def _digest(parts: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:16]
