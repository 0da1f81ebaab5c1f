"""What one answer of a language model may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelLimits:
    """What one answer may take.

    Attributes:
        first_seconds: until the first line comes: a server may have to load the model first.
        between_seconds: from one line to the next.
        total_seconds: in all.
        max_bytes: of the server's answer; a model that never ends is cut there.
        context_tokens: length of the model's context, which holds prompt and answer.
    """

    first_seconds: float = 30.0
    between_seconds: float = 10.0
    total_seconds: float = 60.0
    max_bytes: int = 64_000
    context_tokens: int = 4096
