"""Rows of the database as records, and rows by the ids that users type."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, Table, func, select

from trading_ai.errors import NotFoundError
from trading_ai.optimization.records import WALK_FORWARD, BacktestRecord, DatasetRecord, OptimizationRecord
from trading_ai.store import codec

_SHORTEST_PREFIX = 4

TableRow: TypeAlias = Row[tuple[object, ...]]
"""A row, its columns by their names."""


def find(connection: Connection, table: Table, kind: str, wanted: str) -> TableRow:
    """The row with that id, with an id that begins so, or the newest one.

    Raises:
        NotFoundError: there is none, or several ids begin so.
    """
    key = table.c[f"{kind}_id"]
    if wanted == "latest":
        newest: list[ColumnElement[Any]] = [table.c.created_at.desc(), table.c.id.desc()]
        if kind == "backtest":  # windows only where there is nothing else
            newest.insert(0, table.c.name.startswith(WALK_FORWARD))
        row = connection.execute(select(table).order_by(*newest).limit(1)).first()
        if row is None:
            raise NotFoundError(kind, wanted, f"There is no {kind} yet.")
        return row
    row = connection.execute(select(table).where(key == wanted)).first()
    if row is not None:
        return row
    if len(wanted) < _SHORTEST_PREFIX:
        raise NotFoundError(kind, wanted, f"Give at least the first {_SHORTEST_PREFIX} characters.")
    found = connection.execute(select(table).where(key.startswith(wanted, autoescape=True)).limit(2)).all()
    if len(found) == 1:
        return found[0]
    raise NotFoundError(kind, wanted, "Several begin like this: give more of it." if found else "")


def count(connection: Connection, table: Table, condition: ColumnElement[bool]) -> int:
    """Number of rows that hold a condition."""
    return int(connection.execute(select(func.count()).select_from(table).where(condition)).scalar() or 0)


def dataset_record(row: TableRow) -> DatasetRecord:
    """A row of `datasets` as a record."""
    data = dict(row._mapping)
    del data["id"]
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
