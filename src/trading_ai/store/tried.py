"""What deleted runs tried: written with the deletion, so that no count of trials ever falls."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence

import numpy as np
from sqlalchemy import Connection, select

from trading_ai.optimization.records import DatasetRecord
from trading_ai.optimization.tries import Tried, datasets_of, tried_by_backtest, tried_by_optimization
from trading_ai.store import codec
from trading_ai.store.rows import TableRow, backtest_record, dataset_record, optimization_record
from trading_ai.store.tables import backtests, datasets, trial_blocks, tried


def keep_tries_of_backtest(connection: Connection, row: TableRow) -> None:
    """Keep what a backtest tried, in the transaction that deletes it.

    Args:
        connection: in that transaction.
        row: its row.
    """
    record = backtest_record(row)
    for dataset in _datasets(connection, [record.spec.dataset_id]):
        _keep(connection, tried_by_backtest(record, dataset))


def keep_tries_of_optimization(connection: Connection, row: TableRow) -> None:
    """Keep what an optimization tried, in the transaction that deletes it and its trials.

    Args:
        connection: in that transaction, with the optimization's lock.
        row: its row.
    """
    record = optimization_record(row)
    base = connection.execute(select(backtests).where(backtests.c.backtest_id == record.spec.backtest_id)).first()
    blocks = select(trial_blocks.c.indices).where(trial_blocks.c.optimization == row.id)
    packed = b"".join(block.indices for block in connection.execute(blocks))
    if base is None or not packed:
        return
    backtest = backtest_record(base)
    known = _datasets(connection, datasets_of(record, backtest.spec))
    indices = np.sort(np.frombuffer(packed, dtype="<i8")).astype(np.int64)
    _keep(connection, tried_by_optimization(record, backtest, known, indices))


def deleted_tries(connection: Connection, symbols: Collection[str]) -> Iterator[Tried]:
    """What deleted runs tried on some symbols."""
    t = tried.c
    for row in connection.execute(select(t.id, t.tried).order_by(t.id)).all():
        told = json.loads(row.tried)
        if told["spans"].keys() & set(symbols):
            packed = connection.execute(select(t.indices).where(t.id == row.id)).scalar_one()
            yield Tried.from_json(told, codec.unpack_indices(packed))


def _datasets(connection: Connection, ids: Sequence[str]) -> list[DatasetRecord]:
    rows = connection.execute(select(datasets).where(datasets.c.dataset_id.in_(ids))).all()
    return [dataset_record(row) for row in rows]


def _keep(connection: Connection, what: Tried) -> None:
    connection.execute(
        tried.insert().values(tried=codec.dump(what.to_json()), indices=codec.pack_indices(what.indices))
    )
