"""The pieces of a long question: sentences, clauses, and what is told besides."""

from __future__ import annotations

import re

_SENTENCES = re.compile(
    r"[.?!;:]+\s+|\s+[-\u2013\u2014]\s+|,\s+(?:and\s+|so\s+|but\s+|then\s+|plus\s+|also\s+)?"
    r"|\s+(?:and|plus|but|so)\s+(?=(?:how|what|which|when|why|where|who|is|are|did|does|do|was|were|tell|show|give|say|"
    r"also)\b)|\s+as well as\s+"
)
_ASKING = re.compile(
    r"(?:so |and |but |also |then |ok |well |hey |please |tell me |(?:with|under|in|on|at|by|for|of|from|to) )*"
    r"(?:i'd like|i would like|i want|i need|i wonder|how|what|which|when|why|where|who|whose|whats|is|are|did|"
    r"does|do|was|were|has|have|can|could|would|will|tell|show|give|say|list|name|compare|explain|let me)\b"
)


_LEAST_WORDS = 5
"""Words of a piece from which it may say all that is asked: "what do you think" does not."""


def segments(question: str) -> list[str]:
    """The pieces of a question that may stand for themselves."""
    return [text.strip(" ?.,!") for text in _SENTENCES.split(question.strip()) if text and len(text.split()) > 1]


def asks(text: str) -> bool:
    """Whether a piece begins as questions do."""
    return _ASKING.match(text.lower()) is not None


def n_asking(question: str) -> int:
    """How many pieces of a question begin as questions do."""
    return sum(map(asks, segments(question)))


def asked(question: str) -> str:
    """What of a question asks: without what is told before or after it, where some of its pieces ask."""
    text = ", ".join(filter(asks, segments(question)))
    return text if len(text.split()) >= _LEAST_WORDS else question
