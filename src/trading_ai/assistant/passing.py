"""Words that nobody knows and that most likely say nothing of what is asked: verbs and adverbs of English.

A noun that is not known may be what a question is about ("the news", "the volume"), and is never passed over. A verb
or an adverb that is not known mostly says how, and the figures, names and times around it say what: it is passed over,
and the answer says so.
"""

from __future__ import annotations

import re
from functools import cache

from trading_ai.assistant.spelling import english
from trading_ai.assistant.texts import words_of

_MEAN = words_of("telling.txt")
"""Verbs and adverbs that change what is asked."""

_ENDINGS = ("ing", "ed", "es", "s", "d")
MOST = 4
"""Words that are passed over at most: of more, a question is not understood."""


@cache
def says_nothing(word: str) -> bool:
    """Whether a word is a verb or an adverb that most likely says nothing of what is asked.

    Args:
        word: in lower case, and known to nobody.
    """
    if word in _MEAN or not re.fullmatch(r"[a-z]{5,}", word):
        return False
    known = english()
    if word.endswith("ly") and (word in known or word[:-2] in known):
        return word[:-2] not in _MEAN
    stems = {word} | {word.removesuffix(e) for e in _ENDINGS if word.endswith(e)}
    stems |= {stem + "e" for stem in stems}
    if stems & _MEAN:
        return False
    if word in known and word.endswith("ed"):
        return True  # a participle, whatever else of its verb is frequent
    return any(_is_verb(stem, known) for stem in stems)


def _is_verb(stem: str, known: frozenset[str]) -> bool:
    """Whether a word is inflected as verbs are."""
    past = {stem + "ed", stem + "d", stem[:-1] + "ied"} & known
    present = {stem + "ing", stem.removesuffix("e") + "ing"} & known
    return bool(past) and bool(present)
