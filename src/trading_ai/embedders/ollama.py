"""Vectors made by a model of an Ollama server."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import httpx
import numpy as np
from typing_extensions import override

from trading_ai.assistant.ports import Embedder, Vectors
from trading_ai.errors import TransientError

_AT_ONCE = 32


class OllamaEmbedder(Embedder):
    """A model of an Ollama server, by its `/api/embed`. Safe to share between threads.

    Args:
        url: base URL, such as ``http://localhost:11434``.
        model: name of the model.
        seconds: how long an answer may take: the server may load the model first.
        client: what speaks HTTP; one of its own if left out.
    """

    def __init__(self, url: str, model: str, seconds: float = 60.0, client: httpx.Client | None = None) -> None:
        self._client = client or httpx.Client(base_url=url.rstrip("/"), timeout=seconds)
        self._model = model
        self._lock = threading.Lock()
        self._length = 0

    @property
    @override
    def name(self) -> str:
        return f"ollama/{self._model}"

    @property
    @override
    def n_dimensions(self) -> int:
        with self._lock:
            if not self._length:
                self._length = self._embedded(["length"]).shape[1]
            return self._length

    @override
    def embed(self, texts: Sequence[str]) -> Vectors:
        parts = [self._embedded(texts[start : start + _AT_ONCE]) for start in range(0, len(texts), _AT_ONCE)]
        return np.concatenate(parts) if parts else np.empty((0, self.n_dimensions), np.float32)

    def _embedded(self, texts: Sequence[str]) -> Vectors:
        try:
            answer = self._client.post("/api/embed", json={"model": self._model, "input": list(texts)})
            found = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise TransientError(
                f"the server of the embedding model does not answer ({type(error).__name__})"
            ) from None
        if not answer.is_success or not isinstance(found, dict):
            said = str(found.get("error", "")) if isinstance(found, dict) else ""
            raise TransientError(f"the server of the embedding model answers {answer.status_code}: {said[:200]}")
        try:
            vectors = np.array(found["embeddings"], dtype=np.float32).reshape(len(texts), -1)
        except (KeyError, TypeError, ValueError):
            raise TransientError("the embedding model answers what are no vectors of its texts") from None
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(vectors).all() or not (lengths > 0.0).all():
            raise TransientError("the embedding model answers what are no vectors of its texts")
        return np.asarray(vectors / lengths, dtype=np.float32)
