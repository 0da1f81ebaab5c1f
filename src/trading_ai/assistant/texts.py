"""The text files beside the code: words, turns of phrase, refusals, tasks, terms."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

_LEAST_STEM = 3


def lines_of(name: str) -> list[str]:
    """Lines of a file that say something: neither empty nor a comment, which begins with ``#``."""
    text = files("trading_ai.assistant").joinpath(name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def stripped(word: str, endings: Sequence[str]) -> str:
    """A word without the first of some endings that it has, where three letters stay."""
    ending = next((e for e in endings if word.endswith(e) and len(word) - len(e) >= _LEAST_STEM), "")
    return word.removesuffix(ending)


def words_of(name: str) -> frozenset[str]:
    """Words of a file."""
    return frozenset(" ".join(lines_of(name)).split())
