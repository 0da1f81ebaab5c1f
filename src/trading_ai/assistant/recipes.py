"""What users want to do, what does it, and the page that says more: `recipes.txt`.

A page is found by the words that it has and a question has; what people call a thing ("get it into MT5") often stands
on none, and a page found is not yet the command. So each thing to do has the command that does it, and ways in which
people ask for it, which are examples as others are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from trading_ai.assistant.hearing import normal
from trading_ai.assistant.ports import Passage
from trading_ai.assistant.texts import lines_of, stripped, words_of

_WORD = re.compile(r"[a-z0-9#]+")
_ENDINGS = ("ations", "ation", "isations", "isation", "ings", "ing", "ies", "ied", "ers", "er", "es", "ed", "s", "e")

LEAST_SHARE = 0.6
"""Least share of the words of a question that its passages must have."""

_ASKS = frozenset({"comand", "command", "possibl", "help", "tell", "show", "support", "possible", "work"})


@dataclass(frozen=True)
class Recipe:
    """A thing to do.

    Attributes:
        page: which page says more.
        text: what does it.
        asked: ways in which people ask for it.
    """

    page: str
    text: str
    asked: tuple[str, ...]


@cache
def recipes() -> tuple[Recipe, ...]:
    """Every recipe, in the order of the file, by which examples name them."""
    found: list[tuple[str, str, list[str]]] = []
    page = ""
    for line in lines_of("recipes.txt"):
        if line.startswith("["):
            page = line.strip("[]")
        elif line.startswith("- "):
            found[-1][2].extend(f"how do i {way.strip()}" for way in line[2:].split("|"))
        elif line.startswith("+ "):
            found[-1][2].append(line[2:])
        else:
            found.append((page, line, []))
    return tuple(Recipe(page, text, tuple(asked)) for page, text, asked in found)


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
    return [stripped(word, _ENDINGS) for word in _WORD.findall(text.lower()) if word not in empty_words()]


@cache
def empty_words() -> frozenset[str]:
    """Words that say nothing of what somebody wants to do."""
    return words_of("recipe_fillers.txt")
