"""The double of Ollama's protocol is one: the official client understands it."""

from __future__ import annotations

import pytest

from tests.fakes.ollama_server import MODEL, Script, content, ollama_server, said

ollama = pytest.importorskip("ollama")
ASKED = [{"role": "user", "content": "Which day?"}]


def test_the_official_client_talks_to_the_double() -> None:
    with ollama_server(Script(said("Mon", "day"))) as url:
        client = ollama.Client(host=url)
        assert [model.model for model in client.list().models] == [MODEL]
        assert client.show(MODEL).capabilities == ["completion"]
        pieces = list(client.chat(MODEL, ASKED, stream=True))
        assert "".join(piece.message.content for piece in pieces) == "Monday"
        assert (pieces[-1].done, pieces[-1].done_reason) == (True, "stop")
        assert client.chat(MODEL, ASKED).message.content == "Monday"


def test_it_fails_as_the_official_client_expects() -> None:
    with ollama_server(Script([content("Mon"), {"error": "out of memory"}])) as url:
        client = ollama.Client(host=url)
        with pytest.raises(ollama.ResponseError, match="out of memory"):
            list(client.chat(MODEL, ASKED, stream=True))
        with pytest.raises(ollama.ResponseError, match="not found"):
            client.chat("other", ASKED)
