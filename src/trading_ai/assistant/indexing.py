"""Which passages have a vector: what is new is embedded, what is gone is dropped, and a copy elsewhere is kept equal.

The product's own database holds the vectors; ChromaDB, where there is one, holds a copy, which is filled from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trading_ai.assistant.manual_vectors import manual_vectors
from trading_ai.assistant.ports import Embedder, KeptVectors, Kind, Passage, VectorIndex, Vectors

_AT_ONCE = 32
"""Passages that are embedded and kept together: a process that is killed has lost a second's work."""

SHORTEST_REFRESH = 1
"""Batches that are embedded however little time there is, so that searches come to an end of it."""


@dataclass(frozen=True)
class Indexed:
    """What was done to an index.

    Attributes:
        embedder: whose vectors; "" without one.
        n_passages: passages that can be found by meaning, those of the documentation among them.
        n_embedded: passages that were embedded now.
        n_dropped: vectors of passages that are gone.
        n_copied: vectors that were written to the copy.
        n_left: passages that are still to be embedded.
    """

    embedder: str = ""
    n_passages: int = 0
    n_embedded: int = 0
    n_dropped: int = 0
    n_copied: int = 0
    n_left: int = 0


class Index:
    """Vectors of passages. Safe to share between threads and processes.

    Args:
        embedder: turns texts into vectors.
        kept: vectors in the product's own database.
        copy: where the nearest are looked for instead; None for the database itself.
        clock: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        embedder: Embedder,
        kept: KeptVectors,
        copy: VectorIndex | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._embedder, self._kept, self._copy, self._clock = embedder, kept, copy, clock
        shipped, ids, vectors = manual_vectors()
        self._shipped_ids = ids if shipped == embedder.name else ()
        self._shipped = vectors if shipped == embedder.name else np.empty((0, 0), np.float32)
        self._has_shipped = frozenset(self._shipped_ids)

    def refresh(self, passages: Mapping[str, Passage], seconds: float | None = None, *, drops: bool = True) -> Indexed:
        """Embed what is new, drop what is gone, and bring the copy to what the database holds.

        Args:
            passages: every passage that is there now, by id.
            seconds: after which no further passage is embedded; None for all of them, and for comparing the copy
                passage by passage, not by their number only.
            drops: whether vectors of other passages are dropped: False where only some of the passages are named.

        Raises:
            StorageError: the database cannot be used.
            TransientError: the embedder or the copy does not answer; what was done until then stays.
        """
        began, name = self._clock(), self._embedder.name
        held = self._kept.held(name)
        own = {key: p for key, p in passages.items() if key not in self._has_shipped}
        gone = sorted(held - own.keys()) if drops else []
        if gone:
            self._kept.drop(name, gone)
        missing = [p for key, p in own.items() if key not in held]
        n_embedded = 0
        for start in range(0, len(missing), _AT_ONCE):
            late = seconds is not None and self._clock() - began >= seconds
            if late and start >= SHORTEST_REFRESH * _AT_ONCE:
                break
            part = missing[start : start + _AT_ONCE]
            self._kept.put(name, part, self._embedder.embed([embedded_text(p) for p in part]))
            n_embedded += len(part)
        n_left = len(missing) - n_embedded
        n_copied = 0 if self._copy is None else self._copied(self._copy, own, every=seconds is None)
        return Indexed(name, len(passages) - n_left, n_embedded, len(gone), n_copied, n_left)

    def rebuild(self, passages: Mapping[str, Passage]) -> Indexed:
        """Forget every vector but those of the documentation, here and in the copy, and make all of them again."""
        name = self._embedder.name
        for index in (self._kept, self._copy):
            if index is not None:
                index.drop(name, sorted(index.held(name)))
        return self.refresh(passages)

    def nearest(self, query: str, kinds: Sequence[Kind], n: int) -> list[tuple[str, float]]:
        """Ids and cosines of the nearest passages, best first.

        Raises:
            StorageError: the database cannot be used.
            TransientError: the embedder or the copy does not answer.
        """
        (vector,) = self._embedder.embed([query])
        found: list[tuple[str, float]] = []
        if self._shipped_ids and (not kinds or "docs" in kinds):
            cosines = self._shipped @ vector
            found = [(self._shipped_ids[i], float(cosines[i])) for i in np.argsort(-cosines, kind="stable")[:n]]
        if not self._shipped_ids or set(kinds) != {"docs"}:
            index = self._kept if self._copy is None else self._copy
            found += index.nearest(self._embedder.name, vector, kinds, n)
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:n]

    def _copied(self, copy: VectorIndex, own: Mapping[str, Passage], *, every: bool) -> int:
        name = self._embedder.name
        if not every and copy.count(name) == self._kept.count(name):
            return 0
        there, here = copy.held(name), self._kept.held(name)
        if there - here:
            copy.drop(name, sorted(there - here))
        lacking = sorted(key for key in here - there if key in own)
        vectors = self._kept.read(name, lacking)
        lacking = [key for key in lacking if key in vectors]
        if lacking:
            copy.put(name, [own[key] for key in lacking], _stacked([vectors[key] for key in lacking]))
        return len(lacking)


def embedded_text(passage: Passage) -> str:
    """What of a passage is embedded: the title says what the text is about."""
    return f"{passage.title}\n{passage.text}"


def _stacked(vectors: Sequence[Vectors]) -> Vectors:
    return np.stack(vectors).astype(np.float32)
