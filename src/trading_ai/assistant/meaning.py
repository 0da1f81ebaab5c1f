"""Finding passages by words and by meaning together: each way ranks them, and their ranks are fused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from typing_extensions import override

from trading_ai.assistant.indexing import Index
from trading_ai.assistant.ports import Found, Hit, Kind, Passage, Retriever
from trading_ai.assistant.searching import WordSearch, said_words
from trading_ai.errors import TradingAIError

_DEPTH = 50
"""Passages of each way that are fused."""

_DAMPED = 60
"""Reciprocal rank fusion: a passage's score is the sum of 1 / (60 + its rank) (Cormack, Clarke and Buettcher, 2009)."""

LEAST_COSINE = 0.3
"""Below it a passage is near to nothing that was meant: something is always the nearest."""

REFRESH_SECONDS = 1.0
"""What a search spends on embedding what is new; `trading-ai index` does the rest."""


class MeaningSearch(Retriever):
    """Finds passages by words and by meaning. Safe to share between threads.

    Args:
        words: finds them by words, and says which there are.
        index: finds them by meaning; where it cannot, words alone find them, and the answer says so.
    """

    def __init__(self, words: WordSearch, index: Index) -> None:
        self._words, self._index = words, index

    @override
    def search(self, query: str, kinds: Sequence[Kind] = (), n: int = 10) -> Found:
        passages = self._words.passages(kinds)
        by_words = self._words.ranked(query, passages, kinds, max(n, _DEPTH))
        if not query.strip() or n < 1:
            return Found(())
        said: tuple[str, ...] = ()
        try:
            only_docs = set(kinds) == {"docs"}
            done = self._index.refresh(passages, REFRESH_SECONDS, drops=not only_docs)
            if done.n_left:
                said = (f"{done.n_left:,} passages are found by words only until `trading-ai index` has seen them",)
            near = self._index.nearest(query, kinds, max(n, _DEPTH))
        except TradingAIError as error:
            return Found(tuple(by_words[:n]), (f"Found by words only: {error}",))
        return Found(tuple(_fused(query, by_words, near, passages)[:n]), said)


def _fused(
    query: str, by_words: Sequence[Hit], near: Sequence[tuple[str, float]], passages: Mapping[str, Passage]
) -> list[Hit]:
    scores: dict[str, float] = {}
    ways: dict[str, tuple[str, ...]] = {}
    # Who types the name of a run wants the run, and not a page that is about the like.
    wanted = set(said_words(query))
    named = [hit.passage.passage_id for hit in by_words if wanted and wanted <= set(said_words(hit.passage.title))]
    near_enough = [key for key, cosine in near if cosine >= LEAST_COSINE and key in passages]
    for way, keys in (("words", [hit.passage.passage_id for hit in by_words]), ("meaning", near_enough)):
        for rank, key in enumerate(keys, 1):
            scores[key] = scores.get(key, 0.0) + 1.0 / (_DAMPED + rank)
            ways[key] = (*ways.get(key, ()), way)
    for rank, key in enumerate(named, 1):
        scores[key] += 2.0 / (_DAMPED + rank)  # as much as both ways together
    best = sorted(scores, key=lambda key: (-scores[key], key))
    return [Hit(passages[key], scores[key], ways[key]) for key in best]
