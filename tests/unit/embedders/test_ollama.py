"""Vectors of an Ollama server: of length 1, in the order of the texts, and nothing but vectors."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import numpy as np
import pytest

from trading_ai.embedders.ollama import OllamaEmbedder
from trading_ai.errors import TransientError


def embedder(answer: Callable[[dict[str, object]], httpx.Response]) -> OllamaEmbedder:
    def handle(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/api/embed"
        return answer(json.loads(request.content))

    client = httpx.Client(base_url="http://ollama", transport=httpx.MockTransport(handle))
    return OllamaEmbedder("http://ollama", "nomic-embed-text", client=client)


def test_vectors_come_in_order_and_have_length_one() -> None:
    asked: list[int] = []

    def answer(body: dict[str, object]) -> httpx.Response:
        texts = body["input"]
        assert isinstance(texts, list)
        assert body["model"] == "nomic-embed-text"
        asked.append(len(texts))
        return httpx.Response(200, json={"embeddings": [[float(len(text)), 3.0] for text in texts]})

    made = embedder(answer)
    assert made.name == "ollama/nomic-embed-text"
    found = made.embed(["x" * 4] + ["y"] * 40)
    assert found.shape == (41, 2)
    assert found[0] == pytest.approx([0.8, 0.6])  # 4 and 3 by 5
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(41))
    assert asked == [32, 9]
    assert made.embed([]).shape == (0, 2)
    assert made.n_dimensions == 2


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (
            httpx.Response(404, json={"error": "model 'x' not found, try pulling it"}),
            "answers 404: model 'x' not found",
        ),
        (httpx.Response(500, text="oops"), "does not answer"),
        (httpx.Response(200, json={}), "no vectors"),
        (httpx.Response(200, json={"embeddings": [[0.0, 0.0]]}), "no vectors"),
        (httpx.Response(200, json={"embeddings": [["a", "b"]]}), "no vectors"),
        (httpx.Response(200, json={"embeddings": []}), "no vectors"),
        (httpx.Response(200, json=[1]), "answers 200"),
    ],
)
def test_what_are_no_vectors_is_told(response: httpx.Response, said: str) -> None:
    with pytest.raises(TransientError, match=said):
        embedder(lambda _: response).embed(["a text"])


def test_a_server_that_is_away_is_told() -> None:
    def away(_: dict[str, object]) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(TransientError, match="does not answer"):
        embedder(away).embed(["a text"])
