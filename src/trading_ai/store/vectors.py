"""Vectors of passages in the database, and the nearest of them by looking at every one.

At ten thousand passages that is a millisecond, exact, and nothing more to install or to run.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import numpy as np
from sqlalchemy import delete, select
from typing_extensions import override

from trading_ai.assistant.ports import KeptVectors, Kind, Passage, Vectors
from trading_ai.store.database import Database
from trading_ai.store.rows import count
from trading_ai.store.tables import passage_vectors

_AT_ONCE = 500
"""Ids that one statement names; SQLite takes some thousands."""


class SqlVectors(KeptVectors):
    """Vectors on a SQL database. Safe to share between threads.

    What was read stays in memory: a passage's id is made of its text, so that its vector never changes.

    Args:
        database: the database.
    """

    def __init__(self, database: Database) -> None:
        self._read, self._write, self._insert = database.read, database.write, database.insert
        self._lock = threading.Lock()
        self._known: dict[str, tuple[tuple[str, ...], Vectors]] = {}

    @override
    def put(self, embedder: str, passages: Sequence[Passage], vectors: Vectors) -> None:
        rows = [
            {
                "embedder": embedder,
                "passage_id": passage.passage_id,
                "kind": passage.kind,
                "vector": np.ascontiguousarray(vector, dtype="<f4").tobytes(),
            }
            for passage, vector in zip(passages, vectors, strict=True)
        ]
        with self._write() as connection:
            for start in range(0, len(rows), _AT_ONCE):
                # Two processes may embed the same passage at once: the vectors are the same.
                insert = self._insert(passage_vectors).values(rows[start : start + _AT_ONCE])
                said = {name: insert.excluded[name] for name in ("kind", "vector")}
                keys = ["embedder", "passage_id"]
                connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=said))
        with self._lock:
            self._known.pop(embedder, None)

    @override
    def held(self, embedder: str) -> frozenset[str]:
        with self._read() as connection:
            asked = select(passage_vectors.c.passage_id).where(passage_vectors.c.embedder == embedder)
            return frozenset(connection.execute(asked).scalars())

    @override
    def count(self, embedder: str) -> int:
        with self._read() as connection:
            return count(connection, passage_vectors, passage_vectors.c.embedder == embedder)

    @override
    def drop(self, embedder: str, passage_ids: Sequence[str]) -> None:
        v = passage_vectors.c
        with self._write() as connection:
            for ids in _parts(passage_ids):
                connection.execute(delete(passage_vectors).where(v.embedder == embedder).where(v.passage_id.in_(ids)))

    @override
    def read(self, embedder: str, passage_ids: Sequence[str]) -> dict[str, Vectors]:
        v = passage_vectors.c
        found: dict[str, Vectors] = {}
        with self._read() as connection:
            for ids in _parts(passage_ids):
                asked = select(v.passage_id, v.vector).where(v.embedder == embedder).where(v.passage_id.in_(ids))
                for key, data in connection.execute(asked):
                    found[key] = np.frombuffer(data, dtype="<f4")
        return found

    @override
    def nearest(self, embedder: str, vector: Vectors, kinds: Sequence[Kind], n: int) -> list[tuple[str, float]]:
        v = passage_vectors.c
        asked = select(v.passage_id, v.kind).where(v.embedder == embedder).order_by(v.passage_id)
        with self._read() as connection:
            rows = connection.execute(asked).all()
        if not rows or n < 1:
            return []
        matrix = self._matrix(embedder, tuple(row[0] for row in rows))
        cosines = matrix @ np.asarray(vector, dtype=np.float32)
        if kinds:
            cosines[[row[1] not in kinds for row in rows]] = -np.inf
        best = np.argsort(-cosines, kind="stable")[:n]
        return [(rows[place][0], float(cosines[place])) for place in best if np.isfinite(cosines[place])]

    def _matrix(self, embedder: str, ids: tuple[str, ...]) -> Vectors:
        """Vectors of passages in the order of their ids; those that were known are not read again."""
        with self._lock:
            known_ids, known = self._known.get(embedder, ((), np.empty((0, 0), dtype=np.float32)))
            if known_ids == ids:
                return known
            places = {key: place for place, key in enumerate(known_ids)}
            found = self.read(embedder, [key for key in ids if key not in places])
            rows = [known[places[key]] if key in places else found.get(key) for key in ids]
            # One that went away since: it is near to nothing.
            length = next(len(row) for row in (*found.values(), *known))
            matrix = np.array([np.zeros(length) if row is None else row for row in rows], dtype=np.float32)
            self._known[embedder] = (ids, matrix)
            return matrix


def _parts(ids: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield list(ids[start : start + _AT_ONCE])
