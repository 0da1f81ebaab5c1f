"""Columns of trials in memory, for tables in any order: read once for all who ask at the same time, within a bound."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, select

from trading_ai.evaluation.ports import Floats, Indices
from trading_ai.store.rows import TableRow
from trading_ai.store.tables import trial_blocks, trial_metrics

MAX_BYTES = 128 << 20
"""What the columns of all optimizations may take together; the longest unused go first."""

RANKING = ""
"""Name of the column that the ranking needs: sort keys, beside which stands whether the constraints are broken."""

_AT_ONCE = 16
_SORTED_AT_ONCE = 2


@dataclass
class Table:
    """What is in memory of the trials of one optimization, block after block in the order in which they were found.

    Attributes:
        firsts: first index of each block, shape (b,).
        ends: trials up to the end of each block, shape (b,).
        indices: combination indices, shape (n,).
        columns: values by metric, each of the first trials, as many as were there when it was last read.
        ranking: sort keys and whether constraints are broken, with the state in which they were read.
        lock: held by whoever reads for the others.
        wanted: metrics that somebody waits for.
    """

    firsts: Indices = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    ends: Indices = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    indices: Indices = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    columns: dict[str, Floats] = field(default_factory=dict)
    ranking: tuple[object, Floats, npt.NDArray[np.uint8]] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    wanted: set[str] = field(default_factory=set)

    @property
    def n_bytes(self) -> int:
        """Bytes of its arrays."""
        arrays = [self.firsts, self.ends, self.indices, *self.columns.values(), *(self.ranking or ())[1:]]
        return sum(array.nbytes for array in arrays)

    def blocks_of(self, places: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Block of each place, and its row in it."""
        blocks = np.searchsorted(self.ends, places, side="right")
        begins = np.concatenate(([0], self.ends))[blocks]
        return blocks, places - begins


@dataclass(frozen=True, eq=False)
class Column:
    """A column with the trials that it is of; arrays that nobody changes.

    Attributes:
        table: where its blocks are found.
        indices: combination indices, shape (n,).
        values: of a metric, or the ranking's sort keys, shape (n,).
        infeasible: of the ranking: 0 where the constraints hold, shape (n,); of a metric empty.
    """

    table: Table
    indices: Indices
    values: Floats
    infeasible: npt.NDArray[np.uint8]


class Columns:
    """The columns of a store.

    Trials that were stored are never changed, so only new blocks are read again; sort keys can be replaced, and are
    read again where the optimization's state is another one.

    Args:
        max_bytes: bound of their size.

    Attributes:
        sorting: held while trials are put in order, by few at a time: each takes memory for all of them.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._tables: OrderedDict[str, Table] = OrderedDict()
        self._lock = threading.Lock()
        self.sorting = threading.BoundedSemaphore(_SORTED_AT_ONCE)

    @property
    def n_bytes(self) -> int:
        """Bytes in memory."""
        with self._lock:
            return sum(table.n_bytes for table in self._tables.values())

    def column(self, connection: Connection, optimization: TableRow, name: str) -> Column:
        """A metric of all trials, or `RANKING`.

        Args:
            connection: in a transaction that sees one state.
            optimization: whose trials.
            name: the metric.
        """
        with self._lock:
            table = self._tables.setdefault(optimization.optimization_id, Table())
            self._tables.move_to_end(optimization.optimization_id)
            table.wanted.add(name)
        with table.lock:
            with self._lock:
                wanted, table.wanted = {name, *table.wanted}, set()
            n_blocks = _find_blocks(connection, optimization, table)
            n = int(table.ends[n_blocks - 1]) if n_blocks else 0
            if RANKING in wanted:
                _read_ranking(connection, optimization, table, n_blocks)
            _read_metrics(connection, optimization, table, sorted(wanted - {RANKING}), n_blocks)
            if name == RANKING:
                assert table.ranking is not None
                found = Column(table, table.indices[:n], table.ranking[1][:n], table.ranking[2][:n])
            else:
                found = Column(table, table.indices[:n], table.columns[name][:n], np.empty(0, dtype=np.uint8))
            self._make_room(table, optimization.optimization_id, {name})
        return found

    def _make_room(self, table: Table, key: str, kept: set[str]) -> None:
        """Forget other optimizations, then further columns of this one; whoever uses them keeps his own."""
        with self._lock:
            size = sum(each.n_bytes for each in self._tables.values())
            while size > self._max_bytes and len(self._tables) > 1:
                oldest = next(each for each in self._tables if each != key)
                size -= self._tables.pop(oldest).n_bytes
            for name in [each for each in table.columns if each not in kept]:
                if size <= self._max_bytes:
                    break
                size -= table.columns[name].nbytes
                table.columns = {each: values for each, values in table.columns.items() if each != name}
            if size > self._max_bytes and len(self._tables) == 1:
                self._tables.pop(key, None)


def _find_blocks(connection: Connection, optimization: TableRow, table: Table) -> int:
    """Add the blocks that are not known yet; returns how many there are in this transaction's state."""
    b = trial_blocks.c
    firsts = np.array(
        connection.execute(select(b.first_index).where(b.optimization == optimization.id)).scalars().all(),
        dtype=np.int64,
    )
    if firsts.size < table.firsts.size:  # seen from a transaction that began before others'
        known = np.isin(table.firsts, firsts)
        return int(np.argmin(known)) if not known.all() else firsts.size
    new = np.sort(firsts[~np.isin(firsts, table.firsts)])
    sizes, indices = [], [table.indices]
    for begin in range(0, new.size, _AT_ONCE * 8):
        some = new[begin : begin + _AT_ONCE * 8].tolist()
        chosen = select(b.first_index, b.indices).where((b.optimization == optimization.id) & b.first_index.in_(some))
        rows = {row.first_index: np.frombuffer(row.indices, dtype="<i8") for row in connection.execute(chosen)}
        for first in some:
            sizes.append(rows[first].size)
            indices.append(rows[first])
    if new.size:
        begun = int(table.ends[-1]) if table.ends.size else 0
        table.ends = np.concatenate((table.ends, begun + np.cumsum(np.array(sizes, dtype=np.int64))))
        table.firsts = np.concatenate((table.firsts, new))
        table.indices = np.concatenate(indices).astype(np.int64)
    return table.firsts.size


def _read_ranking(connection: Connection, optimization: TableRow, table: Table, n_blocks: int) -> None:
    o = optimization
    state = (o.n_completed, o.status, o.best_index, o.best_score, n_blocks)
    if table.ranking is not None and table.ranking[0] == state:
        return
    n = int(table.ends[n_blocks - 1]) if n_blocks else 0
    keys, infeasible, b = np.empty(n), np.empty(n, dtype=np.uint8), trial_blocks.c
    for where, stop, first in _some_blocks(table, 0, n_blocks, _AT_ONCE * 8):
        chosen = select(b.first_index, b.sort_keys, b.infeasible).where(
            (b.optimization == o.id) & b.first_index.in_(first)
        )
        rows = {row.first_index: row for row in connection.execute(chosen)}
        keys[where:stop] = np.frombuffer(b"".join(rows[i].sort_keys for i in first), dtype="<f8")
        infeasible[where:stop] = np.frombuffer(b"".join(rows[i].infeasible for i in first), dtype=np.uint8)
    table.ranking = (state, keys, infeasible)


def _read_metrics(
    connection: Connection, optimization: TableRow, table: Table, names: list[str], n_blocks: int
) -> None:
    """Read what is missing of some columns: the table once for all of them."""
    n, stored = int(table.ends[n_blocks - 1]) if n_blocks else 0, json.loads(optimization.metric_names)
    missing = [name for name in names if table.columns.get(name, _NOTHING).size < n or name not in table.columns]
    if not missing:
        return
    made = {name: np.full(n, np.nan) for name in missing}
    begun = min(table.columns.get(name, _NOTHING).size for name in missing)
    for name, values in made.items():
        values[:begun] = table.columns.get(name, _NOTHING)[:begun]
    known = [(name, stored.index(name)) for name in missing if name in stored]  # an older catalogue lacked the others
    m = trial_metrics.c
    for where, stop, first in _some_blocks(table, begun, n_blocks, _AT_ONCE) if known else ():
        chosen = select(m.first_index, m.metrics).where((m.optimization == optimization.id) & m.first_index.in_(first))
        rows = {row.first_index: row.metrics for row in connection.execute(chosen)}
        at = where
        for i in first:
            block = np.frombuffer(rows[i], dtype="<f8").reshape(-1, len(stored))
            for name, column in known:
                made[name][at : at + block.shape[0]] = block[:, column]
            at += block.shape[0]
        assert at == stop
    table.columns = {**table.columns, **made}  # a new dict: others may be counting the old one's bytes


_NOTHING: Floats = np.empty(0)


def _some_blocks(table: Table, begun: int, n_blocks: int, step: int) -> list[tuple[int, int, list[int]]]:
    """Blocks that end after a place, some at a time: where they begin, where they end, and their first indices."""
    pieces = []
    first = int(np.searchsorted(table.ends, begun, side="right")) if begun else 0
    for block in range(first, n_blocks, step):
        last = min(block + step, n_blocks)
        where = int(table.ends[block - 1]) if block else 0
        pieces.append((where, int(table.ends[last - 1]), table.firsts[block:last].tolist()))
    return pieces
