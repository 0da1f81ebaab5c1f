"""Rows of the database as records, and rows by the ids that users type."""

from __future__ import annotations

import json
from typing import TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, Table, func, select

from trading_ai.optimization.naming import LATEST, SHORTEST_PREFIX, none_yet, not_the_one
from trading_ai.optimization.records import BacktestRecord, DatasetRecord, OptimizationRecord
from trading_ai.store import codec

TableRow: TypeAlias = Row[tuple[object, ...]]
"""A row, its columns by their names."""


def newest_first(table: Table) -> tuple[ColumnElement[float], ColumnElement[int]]:
    """How rows are ordered: of datasets, one that was imported again is new again."""
    made = table.c.asked_at if "asked_at" in table.c else table.c.created_at
    return made.desc(), table.c.id.desc()


def find(connection: Connection, table: Table, kind: str, wanted: str) -> TableRow:
    """The row with that id, of that name, with an id that begins so, or the newest one that a user asked for.

    Raises:
        NotFoundError: there is none, or several have that name, or several ids begin so.
    """
    key = table.c[f"{kind}_id"]
    newest = newest_first(table)
    named = "name" in table.c
    if wanted == LATEST:
        asked = select(table).where(table.c.part_of == "") if named else select(table)
        row = connection.execute(asked.order_by(*newest).limit(1)).first()
        if row is None:
            raise none_yet(kind, only_parts=connection.execute(select(key).limit(1)).first() is not None)
        return row
    row = connection.execute(select(table).where(key == wanted)).first()
    if row is not None:
        return row
    found = []
    if named and wanted:
        found = list(connection.execute(select(table).where(table.c.name == wanted).order_by(*newest)))
    if len(wanted) >= SHORTEST_PREFIX:
        begins = select(table).where(
            key.startswith(wanted, autoescape=True) & key.not_in([_id(r, kind) for r in found])
        )
        found += connection.execute(begins.order_by(*newest).limit(_LISTED)).all()
    if len(found) != 1:
        raise not_the_one(kind, wanted, [_id(row, kind) for row in found])
    return found[0]


_LISTED = 4


def _id(row: TableRow, kind: str) -> str:
    return str(row._mapping[f"{kind}_id"])


def count(connection: Connection, table: Table, condition: ColumnElement[bool]) -> int:
    """Number of rows that hold a condition."""
    return int(connection.execute(select(func.count()).select_from(table).where(condition)).scalar() or 0)


def dataset_record(row: TableRow) -> DatasetRecord:
    """A row of `datasets` as a record."""
    data = dict(row._mapping)
    del data["id"], data["asked_at"]
    return DatasetRecord(**{**data, "detected": json.loads(row.detected), "quality": json.loads(row.quality)})


def backtest_record(row: TableRow) -> BacktestRecord:
    """A row of `backtests` as a record."""
    data = dict(row._mapping)
    del data["id"], data["dataset_id"]
    spec = codec.load_backtest_spec(row.spec)
    return BacktestRecord(**{**data, "spec": spec, "metrics": codec.load_metrics(row.metrics)})


def optimization_record(row: TableRow) -> OptimizationRecord:
    """A row of `optimizations` as a record."""
    data = dict(row._mapping)
    for name in ("id", "backtest_id", "dataset_id", "metric_names", "lease_owner", "lease_expires_at"):
        del data[name]
    data["request_key"] = row.request_key or ""
    return OptimizationRecord(**{**data, "spec": codec.load_optimization_spec(row.spec)})
