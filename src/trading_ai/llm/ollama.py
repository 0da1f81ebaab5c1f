"""Language models that an Ollama server runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx
from typing_extensions import override

from trading_ai.assistant.ports import Message
from trading_ai.errors import TransientError
from trading_ai.llm.chat import ChatModel
from trading_ai.llm.lines import RefusedError, lines

_CHARACTERS_PER_TOKEN_AT_MOST = 10
"""No text of ours has that many on average: a prompt of which fewer tokens were read had lost its front."""

_LIST_SECONDS = 2.0


class OllamaModel(ChatModel):
    """A model of an Ollama server, by its `/api/chat`."""

    @override
    def _pieces(
        self, messages: Sequence[Message], schema: Mapping[str, Any] | None, facts: dict[str, Any]
    ) -> Iterator[str]:
        n_characters = self._check_length(messages)
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": m.role, "content": m.text} for m in messages],
            "stream": True,
            # A server's own default may be small, and what does not fit is dropped in front, with status 200.
            "options": {
                "num_ctx": self._limits.context_tokens,
                "num_predict": self._limits.context_tokens // 2,
                "temperature": 0,
                "seed": 0,
            },
        }
        if schema is not None:
            body["format"] = schema
        try:
            for line in lines(self._client, "/api/chat", body, self._limits):
                part = _document(line)
                if part.get("error"):
                    raise TransientError(f"the model broke off: {str(part['error'])[:200]}")
                message = part.get("message")
                message = message if isinstance(message, dict) else {}
                if message.get("tool_calls"):
                    raise TransientError("the model called a tool; none was offered")
                content = message.get("content")
                if isinstance(content, str) and content:
                    yield content
                if part.get("done"):
                    facts.update({k: v for k, v in part.items() if k != "message"})
                    self._check_end(part, n_characters)
                    return
        except RefusedError as error:
            raise TransientError(self._said(error)) from None
        raise TransientError("the model broke off in the middle of its answer")

    def _check_end(self, part: Mapping[str, Any], n_characters: int) -> None:
        read = part.get("prompt_eval_count")
        if isinstance(read, int) and 0 < read < n_characters / _CHARACTERS_PER_TOKEN_AT_MOST:
            raise TransientError(
                f"the server cut the prompt: {read:,} tokens of {n_characters:,} characters were read. Give the server "
                f"a context of {self._limits.context_tokens:,} tokens"
            )
        if part.get("done_reason") == "length":
            raise TransientError("the model's answer ended at its limit of length")

    def _said(self, error: RefusedError) -> str:
        try:
            text = str(_document(error.text).get("error", error.text))
        except TransientError:
            text = error.text
        if error.status == httpx.codes.NOT_FOUND:
            there = self._there()
            if there is None:
                return f"nothing at that address speaks Ollama's protocol ({text[:100]})"
            if self._model not in there and f"{self._model}:latest" not in there:
                return f"the server has no model {self._model!r}; it has {', '.join(there[:20]) or 'none'}"
        return f"the server of the model answers {error.status}: {text[:200]}"

    def _there(self) -> list[str] | None:
        """Models that the server has; None where it does not say."""
        try:
            found = self._client.get("/api/tags", timeout=_LIST_SECONDS)
            return [str(each["name"]) for each in found.raise_for_status().json()["models"]]
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return None


def _document(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise TransientError(f"the server of the model sent what is no JSON document: {line[:100]!r}")
    return found
