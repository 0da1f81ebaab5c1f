"""Trials in blocks of rows kept column by column: writing, reading and ranking them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, LargeBinary, bindparam, func, select

from trading_ai.evaluation.model import EvaluatedChunk
from trading_ai.evaluation.ports import Floats, Indices
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.optimization.paging import (
    Groups,
    Key,
    Order,
    Places,
    Slice,
    groups_of_metric,
    groups_of_ranking,
    places_of,
    window,
)
from trading_ai.optimization.records import TrialPage
from trading_ai.store import codec
from trading_ai.store.columns import RANKING, Columns, Table
from trading_ai.store.rows import TableRow
from trading_ai.store.tables import daily_profits, trial_blocks, trial_metrics

BLOCK = 512
"""Trials in a block: large enough to write fast, small enough that reading one for a single trial is cheap."""


_FEW_ROWS = 8
_FEW_BLOCKS = 4
_BLOCKS_AT_ONCE = 32


def _unknown(connection: Connection, key: int, indices: Indices) -> npt.NDArray[np.bool_]:
    """Which of these combinations have no trial yet."""
    if not indices.size:
        return np.zeros(0, dtype=np.bool_)
    b = trial_blocks.c
    overlaps = (b.first_index <= int(indices.max())) & (b.last_index >= int(indices.min()))
    found = connection.execute(select(b.indices).where((b.optimization == key) & overlaps)).all()
    return ~np.isin(indices, np.frombuffer(b"".join(row.indices for row in found), dtype="<i8"))


def save_new(
    connection: Connection, key: int, chunk: EvaluatedChunk, objective: Floats, feasible: npt.NDArray[np.bool_]
) -> tuple[int, int]:
    """Write those of a chunk's trials that are not there yet; returns how many these are and how many of them failed.

    The caller holds the lock of the optimization.
    """
    new = np.flatnonzero(_unknown(connection, key, chunk.indices))
    new = new[np.argsort(chunk.indices[new])]
    failed = 0
    for first in range(0, new.size, BLOCK):
        failed += _save_block(connection, key, chunk, objective, feasible, new[first : first + BLOCK])
    return int(new.size), failed


def _save_block(
    connection: Connection,
    key: int,
    chunk: EvaluatedChunk,
    objective: Floats,
    feasible: npt.NDArray[np.bool_],
    rows: Indices,
) -> int:
    """Write some of a chunk's trials, ascending by index, as one block; returns how many of them failed."""
    indices = chunk.indices[rows]
    errors = {str(i): chunk.failures[i] for i in indices.tolist() if i in chunk.failures} if chunk.failures else {}
    failed = np.isin(indices, [int(i) for i in errors]) if errors else np.zeros(rows.size, dtype=np.bool_)
    keys, infeasible = np.where(failed, np.nan, -objective[rows]), failed | ~feasible[rows]
    where = {"optimization": key, "first_index": int(indices[0])}
    block = {
        "last_index": int(indices[-1]),
        "indices": indices.astype("<i8").tobytes(),
        "sort_keys": keys.astype("<f8").tobytes(),
        "infeasible": infeasible.astype(np.uint8).tobytes(),
        "best_key": float(np.min(keys[~infeasible & ~np.isnan(keys)], initial=np.inf)),
        "errors": codec.dump(errors) if errors else None,
    }
    connection.execute(trial_blocks.insert().values(**where, **block))
    packed = np.where(failed[:, None], np.nan, chunk.metrics[rows]).astype("<f8").tobytes()
    connection.execute(trial_metrics.insert().values(**where, metrics=packed))
    if chunk.daily_profit is not None:
        profits = zlib.compress(chunk.daily_profit[rows].astype("<f4").tobytes(), 1)
        connection.execute(daily_profits.insert().values(**where, profits=profits))
    return int(failed.sum())


def replace_keys(connection: Connection, key: int, indices: Indices, scores: Floats) -> None:
    """Give all trials other scores to rank by; the caller holds the lock of the optimization.

    Args:
        connection: in a transaction.
        key: row id of the optimization.
        indices: those of all trials, ascending, shape (n,).
        scores: larger is better, NaN where undefined, shape (n,).
    """
    b = trial_blocks.c
    rows = connection.execute(select(b.first_index, b.indices, b.infeasible).where(b.optimization == key)).all()
    changed = []
    for row in rows:
        keys = -scores[np.searchsorted(indices, np.frombuffer(row.indices, dtype="<i8"))]
        held = np.frombuffer(row.infeasible, dtype=np.uint8) == 0
        best = float(np.min(keys[held & ~np.isnan(keys)], initial=np.inf))
        changed.append({"at": row.first_index, "keys": keys.astype("<f8").tobytes(), "best": best})
    if changed:
        one = trial_blocks.update().where((b.optimization == key) & (b.first_index == bindparam("at")))
        connection.execute(one.values(sort_keys=bindparam("keys"), best_key=bindparam("best")), changed)


def _blocks_of_best(connection: Connection, key: int, wanted: int) -> Sequence[Any]:
    """The blocks that hold the best `wanted` trials, among others."""
    b = trial_blocks.c
    chosen = select(b.first_index, b.indices, b.sort_keys, b.infeasible, b.errors).where(b.optimization == key)
    # Each of the first blocks by their best key has a trial at least as good as the best of any block after them, so
    # that many blocks hold that many trials before any other.
    edges = select(b.best_key).where((b.optimization == key) & (b.best_key < np.inf)).order_by(b.best_key)
    edge = connection.execute(edges.offset(wanted - 1).limit(1)).scalar() if wanted else None
    if edge is not None:
        chosen = chosen.where(b.best_key.is_(None) | (b.best_key <= edge))
    return connection.execute(chosen).all()


def first_page(connection: Connection, optimization: TableRow, limit: int, offset: int) -> Slice:
    """Trials of an optimization near its best, from the blocks that can hold them and no others."""
    blocks = _blocks_of_best(connection, optimization.id, offset + limit)
    indices = np.frombuffer(b"".join(row.indices for row in blocks), dtype="<i8")
    keys = np.frombuffer(b"".join(row.sort_keys for row in blocks), dtype="<f8")
    infeasible = np.frombuffer(b"".join(row.infeasible for row in blocks), dtype=np.uint8)
    groups, values = groups_of_ranking(keys, infeasible)
    places = places_of(groups, values, indices, offset, limit)
    ends = np.cumsum(np.array([len(row.indices) // 8 for row in blocks], dtype=np.int64))
    firsts = np.array([row.first_index for row in blocks], dtype=np.int64)
    table = Table(firsts=firsts, ends=ends, indices=indices.astype(np.int64))
    trials = trials_at(connection, optimization, table, places)
    return Slice(trials, offset, _ends(groups, values, indices, places), int(optimization.n_completed))


def sorted_page(
    connection: Connection,
    optimization: TableRow,
    columns: Columns,
    order: Order,
    limit: int,
    offset: int,
    after: Key | None,
    before: Key | None,
) -> Slice:
    """Trials of an optimization in some order; see `trading_ai.optimization.ports.Store.page`."""
    found = columns.column(connection, optimization, RANKING if order.metric is None else order.metric)
    with columns.sorting:
        if order.metric is None:
            groups, values = groups_of_ranking(found.values, found.infeasible)
        else:
            groups, values = groups_of_metric(found.values, descending=order.descending)
        offset, limit = window(groups, values, found.indices, limit, offset, after, before)
        places = places_of(groups, values, found.indices, offset, limit)
        keys, total = _ends(groups, values, found.indices, places), found.indices.size
        del groups, values
    return Slice(trials_at(connection, optimization, found.table, places), offset, keys, total)


def _ends(groups: Groups, values: Floats, indices: Indices, places: Places) -> tuple[Key, Key] | None:
    """Keys of the first and the last of some trials."""
    if not places.size:
        return None
    first, last = (Key(int(groups[i]), float(values[i]), int(indices[i])) for i in (places[0], places[-1]))
    return first, last


def trials_at(connection: Connection, optimization: TableRow, table: Table, places: Places) -> TrialPage:
    """Trials by their places in a table, in that order."""
    metrics = np.empty((places.size, len(METRIC_NAMES)))
    feasible = np.empty(places.size, dtype=np.bool_)
    errors: dict[int, str] = {}
    if not places.size:
        return TrialPage(np.empty(0, dtype=np.int64), metrics, feasible)
    blocks, rows = table.blocks_of(places)
    by_block = np.argsort(blocks, kind="stable")
    used, begins = np.unique(blocks[by_block], return_index=True)
    parts = dict(zip(table.firsts[used].tolist(), np.split(by_block, begins[1:]), strict=True))
    b, m = trial_blocks.c, trial_metrics.c
    firsts = list(parts)
    whole = len(firsts) > _FEW_BLOCKS
    for begin in range(0, len(firsts), _BLOCKS_AT_ONCE):
        at = b.first_index.in_(firsts[begin : begin + _BLOCKS_AT_ONCE])
        chosen = select(b.first_index, b.infeasible, b.errors, *((m.metrics,) if whole else ()))
        if whole:
            same = (b.optimization == m.optimization) & (b.first_index == m.first_index)
            chosen = chosen.join(trial_metrics, same)
        for row in connection.execute(chosen.where((b.optimization == optimization.id) & at)):
            here = parts[row.first_index]
            if whole:
                metrics[here] = _as_metrics(optimization, row.metrics)[rows[here]]
            else:
                metrics[here] = _row_metrics(connection, optimization, row.first_index, rows[here])
            feasible[here] = np.frombuffer(row.infeasible, dtype=np.uint8)[rows[here]] == 0
            if row.errors:
                wanted = set(table.indices[places[here]].tolist())
                errors |= {i: text for i, text in _error_texts(row.errors).items() if i in wanted}
    return TrialPage(table.indices[places], metrics, feasible, errors)


def all_scores(connection: Connection, key: int) -> tuple[Indices, Floats]:
    """Indices of all trials, ascending, and scores, NaN where undefined or not feasible."""
    b = trial_blocks.c
    rows = connection.execute(select(b.indices, b.sort_keys, b.infeasible).where(b.optimization == key)).all()
    indices = np.frombuffer(b"".join(row.indices for row in rows), dtype="<i8").astype(np.int64)
    keys = np.frombuffer(b"".join(row.sort_keys for row in rows), dtype="<f8")
    infeasible = np.frombuffer(b"".join(row.infeasible for row in rows), dtype=np.uint8)
    order = np.argsort(indices)
    return indices[order], np.where(infeasible != 0, np.nan, 0.0 - keys)[order]


def stored_page(connection: Connection, optimization: TableRow, blocks: Sequence[TableRow]) -> TrialPage:
    """All trials of some blocks, at least one, block after block; between the first and the last, none is left out."""
    errors: dict[int, str] = {}
    for row in blocks:
        errors |= _error_texts(row.errors)
    return TrialPage(
        np.concatenate([np.frombuffer(row.indices, dtype="<i8") for row in blocks]).astype(np.int64),
        _metrics_between(connection, optimization, blocks[0].first_index, blocks[-1].first_index),
        np.concatenate([np.frombuffer(row.infeasible, dtype=np.uint8) == 0 for row in blocks]),
        errors,
    )


def blocks_holding(connection: Connection, key: int, within: Indices) -> list[int]:
    """First indices of the blocks that hold one of some combinations, ascending."""
    b = trial_blocks.c
    rows = connection.execute(select(b.first_index, b.indices).where(b.optimization == key)).all()
    return sorted(row.first_index for row in rows if np.isin(np.frombuffer(row.indices, dtype="<i8"), within).any())


def profits_after(
    connection: Connection, key: int, first_index: int
) -> tuple[int, Indices, npt.NDArray[np.float32]] | None:
    """Daily profits of the first block that begins after an index: its own first index, indices and rows."""
    b, d = trial_blocks.c, daily_profits.c
    same = (b.optimization == d.optimization) & (b.first_index == d.first_index)
    chosen = select(b.first_index, b.indices, d.profits).join(daily_profits, same)
    chosen = chosen.where((b.optimization == key) & (b.first_index > first_index))
    row = connection.execute(chosen.order_by(b.first_index).limit(1)).first()
    if row is None:
        return None
    indices = np.frombuffer(row.indices, dtype="<i8").astype(np.int64)
    profits = np.frombuffer(zlib.decompress(row.profits), dtype="<f4")
    return int(row.first_index), indices, profits.reshape(indices.size, -1).astype(np.float32)


def _error_texts(text: str | None) -> dict[int, str]:
    """Error texts of a block by combination index."""
    return {int(i): error for i, error in json.loads(text).items()} if text else {}


def _block_metrics(connection: Connection, optimization: TableRow, first_index: int) -> Floats:
    """Metrics of a block; those that an older catalogue lacked are NaN."""
    m = trial_metrics.c
    chosen = select(m.metrics).where((m.optimization == optimization.id) & (m.first_index == first_index))
    return _as_metrics(optimization, connection.execute(chosen).scalar_one())


def _metrics_between(connection: Connection, optimization: TableRow, first: int, last: int) -> Floats:
    """Metrics of neighbouring blocks in one question: a statement for each would take longer than the reading."""
    m = trial_metrics.c
    chosen = select(m.metrics).where(m.optimization == optimization.id, m.first_index.between(first, last))
    rows = connection.execute(chosen.order_by(m.first_index)).scalars()
    return _as_metrics(optimization, b"".join(rows))


def _row_metrics(
    connection: Connection, optimization: TableRow, first_index: int, rows: npt.NDArray[np.intp]
) -> Floats:
    """Metrics of some rows of a block; where they are few, the database reads no more than these."""
    if rows.size > _FEW_ROWS:
        return _block_metrics(connection, optimization, first_index)[rows]
    m = trial_metrics.c
    width = 8 * len(json.loads(optimization.metric_names))
    parts = [func.substr(m.metrics, int(row) * width + 1, width, type_=LargeBinary) for row in rows]
    chosen = select(*parts).where((m.optimization == optimization.id) & (m.first_index == first_index))
    return _as_metrics(optimization, b"".join(connection.execute(chosen).one()))


def _as_metrics(optimization: TableRow, packed: bytes) -> Floats:
    names: list[str] = json.loads(optimization.metric_names)
    stored = np.frombuffer(packed, dtype="<f8").reshape(-1, len(names))
    if tuple(names) == METRIC_NAMES:
        return stored
    metrics = np.full((stored.shape[0], len(METRIC_NAMES)), np.nan)
    for source, name in enumerate(names):
        if name in METRIC_NAMES:
            metrics[:, METRIC_NAMES.index(name)] = stored[:, source]
    return metrics
