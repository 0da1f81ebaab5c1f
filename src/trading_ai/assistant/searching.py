"""Finding passages by their words: SQLite's full-text search (FTS5, Okapi BM25, Porter's stems) in memory.

It is part of Python, stems English and ranks by BM25, and an index of the documentation and some thousand records is
made anew in a tenth of a second: there is nothing to keep, and nothing that can lag behind what is stored.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence

from typing_extensions import override

from trading_ai.assistant.manual import manual
from trading_ai.assistant.ports import Found, Hit, Kind, Passage, Retriever

_WORD = re.compile(r"\w+", re.UNICODE)
_MOST_WORDS = 64
_TITLE_WEIGHT = 4.0
_EMPTY_WORDS = (
    "a an and are as at be been but by can could did do does for from had has have how i if in into is it its me my of "
    "on or our please should so some than that the their them then there these they this to was we were what when "
    "where which who why will with would you your"
)
_EMPTY = frozenset(_EMPTY_WORDS.split())
"""English words that say nothing of what is looked for."""


def said_words(text: str) -> list[str]:
    """Words of a text that say something, lower case, in order."""
    return [word for word in _WORD.findall(text.lower().replace("_", " ")) if word not in _EMPTY]


class WordSearch(Retriever):
    """Finds passages by words. Safe to share between threads.

    Args:
        stored: what is stored right now, as passages; None for the documentation alone.
    """

    def __init__(self, stored: Callable[[], Sequence[Passage]] | None = None) -> None:
        self._stored = stored
        self._lock = threading.Lock()
        self._held: dict[str, Passage] = {}
        self._index = sqlite3.connect(":memory:", check_same_thread=False)
        self._index.execute(
            "create virtual table passages using fts5(id unindexed, kind unindexed, title, text, "
            "tokenize = 'porter unicode61')"
        )

    @override
    def search(self, query: str, kinds: Sequence[Kind] = (), n: int = 10) -> Found:
        return Found(tuple(self.ranked(query, self.passages(kinds), kinds, n)))

    def passages(self, kinds: Sequence[Kind] = ()) -> dict[str, Passage]:
        """Every passage that is there now, by id; where only the documentation is wanted, nothing else is read."""
        found = {p.passage_id: p for p in manual()}
        if self._stored is not None and set(kinds) != {"docs"}:
            found |= {p.passage_id: p for p in self._stored()}
        return found

    def ranked(self, query: str, passages: Mapping[str, Passage], kinds: Sequence[Kind], n: int) -> list[Hit]:
        """Passages that have some word of a query, best first.

        Args:
            query: plain words.
            passages: what `passages` gave for these kinds.
            kinds: kinds wanted; none for all.
            n: most hits.
        """
        words = said_words(query)[:_MOST_WORDS]
        if not words or n < 1:
            return []
        wanted = " OR ".join(f'"{word}"' for word in dict.fromkeys(words))  # quoted: no word is an operator
        only = f" and kind in ({', '.join('?' * len(kinds))})" if kinds else ""
        with self._lock:
            self._refresh(passages, only_docs=set(kinds) == {"docs"})
            rows = self._index.execute(
                f"select id, -bm25(passages, 0.0, 0.0, {_TITLE_WEIGHT}, 1.0) as score from passages "
                f"where passages match ?{only} order by score desc, id limit ?",
                (wanted, *kinds, n),
            ).fetchall()
            return [Hit(self._held[key], score, ("words",)) for key, score in rows]

    def _refresh(self, found: Mapping[str, Passage], *, only_docs: bool) -> None:
        """Bring the index to what is there now; only what changed is written."""
        passages = dict(found)
        if only_docs:
            passages |= {key: p for key, p in self._held.items() if p.kind != "docs"}  # as they were
        self._drop(self._held.keys() - passages.keys())
        self._add(p for key, p in passages.items() if key not in self._held)

    def _drop(self, keys: Iterable[str]) -> None:
        for key in list(keys):
            self._index.execute("delete from passages where id = ?", (key,))
            del self._held[key]

    def _add(self, passages: Iterable[Passage]) -> None:
        for passage in list(passages):
            text = passage.text.replace("_", " ")
            row = (passage.passage_id, passage.kind, passage.title.replace("_", " "), text)
            self._index.execute("insert into passages values (?, ?, ?, ?)", row)
            self._held[passage.passage_id] = passage
