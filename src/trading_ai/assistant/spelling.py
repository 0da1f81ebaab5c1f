"""Typing errors: the known word that a word was meant to be, unless it is a word of English itself."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from trading_ai.assistant.fillers import FILLERS

_SHORTEST_CORRECTED = 5
_NEAR = 0.83
"""Least similarity of a typing error and what it was meant to be, as `difflib` measures it: one wrong letter of six."""

_STRANGE = frozenset({"broker", "brokers", "trader", "rated", "payoff", "payoffs"})
"""Words that are near to known ones, mean something else, and do not stand in the list of English words."""

_USUAL = {"loose": "lose", "looses": "loses", "loosing": "losing", "trails": "trials", "comision": "commission",
          "benifit": "profit", "wich": "which", "los": "lose", "trde": "trade", "trads": "trades"}  # fmt: skip
"""Typing errors that are words too, or that are too short to be found by their letters."""

_ENDINGS = frozenset({"", "s", "es", "ed", "d", "ing", "ly"})


def corrected_word(token: str, vocabulary: frozenset[str] | set[str], every: frozenset[str]) -> str:
    """The word that a typing error was meant to be; a word that is known, short, or near none stays.

    Args:
        token: the word, in lower case.
        vocabulary: words that say something.
        every: these, and those that say nothing.
    """
    if token in _STRANGE or token in vocabulary or token in every or not token.isalpha():
        return token
    if token in _USUAL:
        return _USUAL[token]
    if token.endswith("in") and len(token) >= 4 and (token + "g" in every or token + "g" in english()):
        return token + "g"  # "runnin"
    found = _nearest(token, vocabulary, every)
    return token if found != token and token in english() and not _inflected(token, found) else found


def _nearest(token: str, vocabulary: frozenset[str] | set[str], every: frozenset[str]) -> str:
    turned = _letters(every).get("".join(sorted(token)), "") if len(token) >= 3 else ""
    if turned and turned[0] == token[0] and (turned in FILLERS or len(token) >= _SHORTEST_CORRECTED):
        return turned  # two letters exchanged
    if len(token) < _SHORTEST_CORRECTED:
        return token
    if token.endswith("s") and token[:-1] in vocabulary:
        return token[:-1]
    if token + "s" in vocabulary:
        return token + "s"
    near = [
        w for w in difflib.get_close_matches(token, vocabulary, n=3, cutoff=_NEAR) if w[0] == token[0] and len(w) > 3
    ]
    return near[0] if near else token


def _inflected(token: str, found: str) -> bool:
    """Whether two words differ by their endings only, as "reports" and "reported" do."""
    same = 0
    while same < min(len(token), len(found)) and token[same] == found[same]:
        same += 1
    return any(token[n:] in _ENDINGS and found[n:] in _ENDINGS for n in (same, max(same - 1, 1)))


@cache
def english() -> frozenset[str]:
    """Frequent words of English, of five letters and more."""
    text = files("trading_ai.assistant").joinpath("english.txt").read_text(encoding="utf-8")
    return frozenset(re.findall(r"[a-z]+", text))


@cache
def _letters(every: Iterable[str]) -> dict[str, str]:
    """Words by their letters in order, where no two have the same."""
    found: dict[str, list[str]] = {}
    for word in every:
        if word.isalpha() and len(word) > 2:
            found.setdefault("".join(sorted(word)), []).append(word)
    return {letters: words[0] for letters, words in found.items() if len(words) == 1}
