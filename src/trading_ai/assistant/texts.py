"""The text files beside the code: words, turns of phrase, refusals, tasks, terms."""

from __future__ import annotations

from importlib.resources import files


def lines_of(name: str) -> list[str]:
    """Lines of a file that say something: neither empty nor a comment, which begins with ``#``."""
    text = files("trading_ai.assistant").joinpath(name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def words_of(name: str) -> frozenset[str]:
    """Words of a file."""
    return frozenset(" ".join(lines_of(name)).split())
