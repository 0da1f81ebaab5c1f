"""What every language model behind a server has in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx
from typing_extensions import override

from trading_ai.assistant.ports import LanguageModel, Message, ModelAnswer
from trading_ai.errors import TransientError
from trading_ai.llm.limits import ModelLimits

_CHARACTERS_PER_TOKEN = 3
"""English has about four; names, numbers and placeholders have fewer."""


class ChatModel(LanguageModel):
    """A model behind a server. Safe to share between threads: a connection belongs to one answer at a time.

    Args:
        url: base URL of the server.
        model: its name there.
        limits: what one answer may take.
    """

    def __init__(self, url: str, model: str, limits: ModelLimits) -> None:
        self._client = httpx.Client(base_url=url.rstrip("/"), follow_redirects=False)
        self._model, self._limits = model, limits

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    @property
    @override
    def name(self) -> str:
        url = self._client.base_url
        return f"{self._model} at {url.host}"

    @override
    def stream(self, messages: Sequence[Message], schema: Mapping[str, Any] | None = None) -> Iterator[str]:
        return self._pieces(messages, schema, {})

    @override
    def answer(self, messages: Sequence[Message], schema: Mapping[str, Any] | None = None) -> ModelAnswer:
        facts: dict[str, Any] = {}
        pieces: list[str] = []
        why = ""
        try:
            pieces.extend(self._pieces(messages, schema, facts))
        except TransientError as error:
            # What came before it broke off is kept: `extend` adds piece by piece.
            why = str(error)
        return ModelAnswer("".join(pieces), not why, why, facts)

    @abstractmethod
    def _pieces(
        self, messages: Sequence[Message], schema: Mapping[str, Any] | None, facts: dict[str, Any]
    ) -> Iterator[str]:
        """As `stream`; what the server tells of the answer is put into ``facts``."""

    def _check_length(self, messages: Sequence[Message]) -> int:
        """Characters of a prompt, which must leave half of the context for the answer.

        Raises:
            TransientError: it is too long; a server would drop its front without a word.
        """
        n_characters = sum(len(message.text) for message in messages)
        limit = self._limits.context_tokens // 2 * _CHARACTERS_PER_TOKEN
        if n_characters > limit:
            raise TransientError(
                f"the prompt has {n_characters:,} characters, and the model's context of "
                f"{self._limits.context_tokens:,} tokens has room for {limit:,}"
            )
        return n_characters
