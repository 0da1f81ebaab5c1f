"""ChromaDB's HTTP API (version 2) in memory, as the real server was seen to answer; `tests/assistant` asks that one."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np

_COLLECTIONS = "/api/v2/tenants/default_tenant/databases/default_database/collections"


@dataclass
class ChromaDouble:
    """A server.

    Attributes:
        down: whether it does not answer.
        writes_left: requests that write, after which it is dead.
        collections: id to name, and vectors with their kinds by passage.
    """

    down: bool = False
    writes_left: int = 10**9
    names: dict[str, str] = field(default_factory=dict)
    collections: dict[str, dict[str, tuple[list[float], str]]] = field(default_factory=dict)

    def client(self) -> httpx.Client:
        """What speaks with it."""
        return httpx.Client(base_url="http://chroma", transport=httpx.MockTransport(self._answer))

    def lose(self) -> None:
        """Forget everything, as a server on an empty volume."""
        self.names.clear()
        self.collections.clear()

    def _answer(self, request: httpx.Request) -> httpx.Response:
        act = request.url.path.rpartition("/")[2]
        if act in {"upsert", "delete"}:
            self.writes_left -= 1
        if self.down or self.writes_left < 0:
            raise httpx.ConnectError("refused")
        body = json.loads(request.content or b"{}")
        if request.url.path == _COLLECTIONS:
            return self._made(body)
        key = request.url.path.removeprefix(_COLLECTIONS + "/").partition("/")[0]
        rows = self.collections.get(key)
        if rows is None:
            return httpx.Response(
                404, json={"error": "NotFoundError", "message": f"Collection [{key}] does not exist."}
            )
        return httpx.Response(200, json=getattr(self, f"_{act}")(rows, body))

    def _made(self, body: dict[str, Any]) -> httpx.Response:
        assert body["get_or_create"] is True
        assert body["configuration"] == {"hnsw": {"space": "cosine"}}
        if body["name"] not in self.names:
            self.names[body["name"]] = str(uuid.uuid4())
            self.collections[self.names[body["name"]]] = {}
        return httpx.Response(200, json={"id": self.names[body["name"]], "name": body["name"]})

    def _upsert(self, rows: dict[str, tuple[list[float], str]], body: dict[str, Any]) -> dict[str, Any]:
        for key, vector, about in zip(body["ids"], body["embeddings"], body["metadatas"], strict=True):
            rows[key] = (vector, about["kind"])
        return {}

    def _delete(self, rows: dict[str, tuple[list[float], str]], body: dict[str, Any]) -> dict[str, Any]:
        for key in body["ids"]:
            rows.pop(key, None)
        return {}

    def _get(self, rows: dict[str, tuple[list[float], str]], body: dict[str, Any]) -> dict[str, Any]:
        return {"ids": list(rows)[body["offset"] : body["offset"] + body["limit"]]}

    def _count(self, rows: dict[str, tuple[list[float], str]], _: dict[str, Any]) -> int:
        return len(rows)

    def _query(self, rows: dict[str, tuple[list[float], str]], body: dict[str, Any]) -> dict[str, Any]:
        wanted = body.get("where", {}).get("kind", {}).get("$in")
        (asked,) = np.array(body["query_embeddings"])
        found = [
            (1.0 - float(np.dot(asked, vector)), key)
            for key, (vector, kind) in rows.items()
            if wanted is None or kind in wanted
        ]
        best = sorted(found)[: body["n_results"]]
        return {"ids": [[key for _, key in best]], "distances": [[distance for distance, _ in best]]}
