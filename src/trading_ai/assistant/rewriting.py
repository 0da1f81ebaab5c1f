"""Turns of phrase that are written in the words of the lexicon before a question is heard: `turns.txt`, and dates."""

from __future__ import annotations

import re
from functools import cache, lru_cache, partial

from trading_ai.assistant.texts import lines_of

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"({'|'.join(_MONTHS)})[a-z]*"
_DAY_MONTH = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH},? (\d{{4}})\b")
_MONTH_DAY = re.compile(rf"\b{_MONTH} (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})\b")
_NUMBERS = re.compile(r"\b(\d{4})[/.](\d{1,2})[/.](\d{1,2})\b")


_MOST_KEPT = 16_384
"""Texts whose reading is kept: more than names of runs that a question may have, which are read with each question."""


@lru_cache(_MOST_KEPT)
def rewritten(text: str) -> str:
    """A question in lower case in the words of the lexicon, with dates as ISO 8601 has them."""
    text = _DAY_MONTH.sub(lambda m: _iso(m[3], m[2], m[1]), text)
    text = _MONTH_DAY.sub(lambda m: _iso(m[3], m[1], m[2]), text)
    text = _NUMBERS.sub(lambda m: f"{m[1]}-{int(m[2]):02d}-{int(m[3]):02d}", text)
    for pattern, instead, is_open in _turns():
        text = pattern.sub(partial(_turned, instead) if is_open else instead, text)
    return text


def _turned(instead: str, found: re.Match[str]) -> str:
    """What is read instead, unless another question is asked in what would be dropped."""
    return found[0] if _ASKED_ANEW.search(found[0]) else found.expand(instead)


def _iso(year: str, month: str, day: str) -> str:
    return f"{year}-{_MONTHS.index(month) + 1:02d}-{int(day):02d}"


_ASKED_ANEW = re.compile(
    r"\?\s+\w|;\s|,?\s+and\s+(?:what|why|how|which|when|where|who|is|are|does|did|do|was|were|would|can|has|have)\b"
)
"""Where a further question begins."""


def _drops(pattern: str) -> bool:
    """Whether a pattern takes in whatever follows and keeps none of it, and is not made of two questions itself."""
    return re.search(r"(?<!\()\.\*(?!\?)", pattern) is not None and not re.search(r"\band\b", pattern)


@cache
def _turns() -> tuple[tuple[re.Pattern[str], str, bool], ...]:
    """Each turn with what is read instead, and whether it takes in whatever follows: it then ends with its question."""
    lines = (line.partition(" =>") for line in lines_of("turns.txt"))
    return tuple((re.compile(p), instead.removeprefix(" "), _drops(p)) for p, _, instead in lines)
