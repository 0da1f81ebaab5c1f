"""Vectors on a ChromaDB server, by its HTTP API (version 2); its own embeddings are never used.

What it holds is a copy of the product's own database: losing it loses nothing, and `trading-ai index` fills it again.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from typing import Any

import httpx
import numpy as np
from typing_extensions import override

from trading_ai.assistant.ports import Kind, Passage, VectorIndex, Vectors
from trading_ai.errors import TransientError

_COLLECTIONS = "/api/v2/tenants/default_tenant/databases/default_database/collections"
_AT_ONCE = 500
"""Passages of one request; the server refuses some thousands."""


class Chroma(VectorIndex):
    """A ChromaDB server. Safe to share between threads.

    Args:
        url: base URL, such as ``http://localhost:8000``.
        owner: what sets these passages apart from those of other installations on the same server.
        seconds: how long an answer may take.
        client: what speaks HTTP; one of its own if left out.
    """

    def __init__(self, url: str, owner: str, seconds: float = 10.0, client: httpx.Client | None = None) -> None:
        self._client = client or httpx.Client(base_url=url.rstrip("/"), timeout=seconds)
        self._owner = owner
        self._lock = threading.Lock()
        self._collections: dict[str, str] = {}

    @override
    def put(self, embedder: str, passages: Sequence[Passage], vectors: Vectors) -> None:
        for start in range(0, len(passages), _AT_ONCE):
            part = passages[start : start + _AT_ONCE]
            body = {
                "ids": [passage.passage_id for passage in part],
                "embeddings": vectors[start : start + _AT_ONCE].tolist(),
                "metadatas": [{"kind": passage.kind} for passage in part],
            }
            self._asked(embedder, "upsert", body)

    @override
    def held(self, embedder: str) -> frozenset[str]:
        found: set[str] = set()
        while True:
            body = {"limit": _AT_ONCE, "offset": len(found), "include": []}
            ids = self._asked(embedder, "get", body).get("ids") or []
            if not set(ids) - found:
                return frozenset(found)
            found.update(ids)

    @override
    def count(self, embedder: str) -> int:
        answer = self._answered(embedder, "count", None)
        try:
            return int(answer.text)
        except ValueError:
            raise TransientError("ChromaDB answers what is no number") from None

    @override
    def drop(self, embedder: str, passage_ids: Sequence[str]) -> None:
        for start in range(0, len(passage_ids), _AT_ONCE):
            self._asked(embedder, "delete", {"ids": list(passage_ids[start : start + _AT_ONCE])})

    @override
    def nearest(self, embedder: str, vector: Vectors, kinds: Sequence[Kind], n: int) -> list[tuple[str, float]]:
        body: dict[str, Any] = {
            "query_embeddings": [np.asarray(vector, dtype=np.float32).tolist()],
            "n_results": n,
            "include": ["distances"],
        }
        if kinds:
            body["where"] = {"kind": {"$in": list(kinds)}}
        answer = self._asked(embedder, "query", body)
        try:
            pairs = zip(answer["ids"][0], answer["distances"][0], strict=True)
            return [(str(key), 1.0 - float(distance)) for key, distance in pairs]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise TransientError(f"ChromaDB answers what cannot be read: {type(error).__name__}") from None

    def _asked(self, embedder: str, act: str, body: dict[str, Any]) -> dict[str, Any]:
        return _document(self._answered(embedder, act, body))

    def _answered(self, embedder: str, act: str, body: dict[str, Any] | None) -> httpx.Response:
        """What the collection of an embedder answers.

        A server that lost its data knows the collection no more: it is then made again, once.
        """
        for last in (False, True):
            collection = self._collection(embedder)
            answer = self._sent(f"{_COLLECTIONS}/{collection}/{act}", body)
            if answer.status_code != httpx.codes.NOT_FOUND or last:
                break
            with self._lock:
                self._collections.pop(embedder, None)
        return _checked(answer)

    def _collection(self, embedder: str) -> str:
        with self._lock:
            if embedder not in self._collections:
                name = hashlib.sha256(f"{self._owner}\0{embedder}".encode()).hexdigest()[:24]
                body = {
                    "name": f"trading-ai-{name}",
                    "get_or_create": True,
                    "metadata": {"embedder": embedder},
                    "configuration": {"hnsw": {"space": "cosine"}},
                }
                self._collections[embedder] = str(_document(self._sent(_COLLECTIONS, body)).get("id", ""))
            return self._collections[embedder]

    def _sent(self, path: str, body: dict[str, Any] | None) -> httpx.Response:
        try:
            return self._client.get(path) if body is None else self._client.post(path, json=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise TransientError(f"ChromaDB does not answer ({type(error).__name__})") from None


def _checked(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        raise TransientError(f"ChromaDB answers {answer.status_code}: {answer.text[:200]}")
    return answer


def _document(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = _checked(answer).json()
    except ValueError:
        raise TransientError("ChromaDB answers what is no JSON") from None
    return found if isinstance(found, dict) else {}
