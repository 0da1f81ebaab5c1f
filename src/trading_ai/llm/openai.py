"""Language models of any server that speaks OpenAI's protocol: vLLM, llama.cpp, LM Studio, hosted ones."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from typing_extensions import override

from trading_ai.assistant.ports import Message
from trading_ai.errors import TransientError
from trading_ai.llm.chat import ChatModel
from trading_ai.llm.limits import ModelLimits
from trading_ai.llm.lines import lines


class OpenAIModel(ChatModel):
    """A model by `/chat/completions`, streamed as server-sent events.

    Args:
        url: base URL of the server, with or without its ``/v1``.
        model: its name there.
        limits: what one answer may take.
        key: sent as a bearer's token; "" for none.
    """

    def __init__(self, url: str, model: str, limits: ModelLimits, key: str = "") -> None:
        base = url.rstrip("/")
        super().__init__(base if base.endswith("/v1") else f"{base}/v1", model, limits)
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    @override
    def _pieces(
        self, messages: Sequence[Message], schema: Mapping[str, Any] | None, facts: dict[str, Any]
    ) -> Iterator[str]:
        self._check_length(messages)
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": m.role, "content": m.text} for m in messages],
            "stream": True,
            "temperature": 0,
            "max_tokens": self._limits.context_tokens // 2,
        }
        if schema is not None:
            form = {"name": "answer", "schema": schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        finished = ""
        for line in lines(self._client, "/chat/completions", body, self._limits, self._headers):
            field, _, data = line.partition(":")
            data = data.strip()
            if field != "data":  # comments, names and ids of events
                continue
            if data == "[DONE]":
                break
            part = _event(data)
            if isinstance(part.get("usage"), dict):
                facts["usage"] = part["usage"]
            for choice in _listed(part.get("choices"))[:1]:
                delta = choice.get("delta")
                delta = delta if isinstance(delta, dict) else {}
                if delta.get("tool_calls"):
                    raise TransientError("the model called a tool; none was offered")
                content = delta.get("content")
                if isinstance(content, str) and content:
                    yield content
                finished = str(choice.get("finish_reason") or finished)
        facts["finish_reason"] = finished
        if finished == "length":
            raise TransientError("the model's answer ended at its limit of length")
        if finished != "stop":
            raise TransientError(
                f"the model broke off in the middle of its answer{f' ({finished[:40]})' * bool(finished)}"
            )


def _event(data: str) -> dict[str, Any]:
    try:
        part = json.loads(data)
    except (ValueError, RecursionError):
        part = None
    if not isinstance(part, dict):
        raise TransientError(f"the server of the model sent what is no JSON document: {data[:100]!r}")
    if part.get("error"):
        raise TransientError(f"the model broke off: {str(part['error'])[:200]}")
    return part


def _listed(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
