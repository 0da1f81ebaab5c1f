"""What users want to do, in their words, and the pages that tell how: `tasks.txt`.

A page is found by the words that it has and a question has; what people call a thing ("get it into MT5") often stands
on none. So each command and guide has a line of such words, and the line that shares the weightiest ones is the first
of an answer, before what the search finds.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache

from trading_ai.assistant.hearing import normal
from trading_ai.assistant.ports import Passage
from trading_ai.assistant.texts import lines_of

_WORD = re.compile(r"[a-z0-9#]+")
_EMPTY = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "can",
        "could",
        "do",
        "does",
        "for",
        "from",
        "get",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "me",
        "my",
        "of",
        "on",
        "one",
        "or",
        "our",
        "our",
        "so",
        "that",
        "the",
        "then",
        "there",
        "this",
        "to",
        "use",
        "want",
        "we",
        "what",
        "where",
        "which",
        "with",
        "would",
        "you",
        "your",
        "new",
        "need",
        "way",
        "make",
        "please",
        "trading",
        "ai",
        "theres",
        "should",
    ]
)
_ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ied", "es", "ed", "s", "e")
LEAST_SHARE = 0.6
"""Least share of the words of a question that its passages must have."""

_ASKS = frozenset({"do", "does", "comand", "command", "possibl", "help", "tell", "show", "support", "possible", "work"})

LEAST = 0.9
"""Least weight of the shared words, where 1 is that of a word which one line alone has."""


def task_of(question: str) -> str:
    """The page that tells how to do what a question wants, or "" where none is near.

    Args:
        question: in lower case.
    """
    words = set(_stems(question))
    weights = _weights()
    scored = [
        (sum(weights[w] for w in words & set(line)) / math.sqrt(8 + len(line)), place, page)
        for place, (page, line) in enumerate(_tasks())
    ]
    best = max(scored, key=lambda s: (s[0], -s[1]))
    shared = sum(weights[w] for w in words & set(_tasks()[best[1]][1]))
    return best[2] if shared >= LEAST else ""


def n_words(question: str) -> int:
    """How many words of a question say something."""
    return len(set(_stems(normal(question))) - _ASKS)


def covers(question: str, passages: Sequence[Passage], least: float = LEAST_SHARE) -> bool:
    """Whether passages have most of the words that a question is made of: else they are of something else.

    Args:
        question: as it was asked.
        passages: that were found.
        least: share of the words that they must have.
    """
    words = set(_stems(normal(question))) - _ASKS
    said = set(_stems(" ".join(f"{p.title} {p.about} {p.text}" for p in passages)))
    return not words or len(words & said) >= least * len(words)


def _stems(text: str) -> list[str]:
    found = []
    for word in _WORD.findall(text.lower()):
        if word in _EMPTY:
            continue
        ending = next((e for e in _ENDINGS if word.endswith(e) and len(word) - len(e) >= 3), "")
        found.append(word.removesuffix(ending) if ending else word)
    return found


@cache
def _tasks() -> tuple[tuple[str, frozenset[str]], ...]:
    pairs = (line.partition(": ") for line in lines_of("tasks.txt"))
    return tuple((page, frozenset(_stems(f"{_said(page)} {words}"))) for page, _, words in pairs)


def _said(page: str) -> str:
    """Words of a page's own name."""
    return re.sub(r"[^a-z]+", " ", page.partition("/")[2].rpartition("trading-ai-")[2])


@cache
def _weights() -> dict[str, float]:
    """How much each word tells: less the more lines have it."""
    seen = Counter(word for _, line in _tasks() for word in line)
    return {word: n**-0.5 for word, n in seen.items()}
