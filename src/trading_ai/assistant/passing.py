"""Words that nobody knows and that most likely say nothing of what is asked: verbs and adverbs of English.

A noun that is not known may be what a question is about ("the news", "the volume"), and is never passed over: where it
stands tells it. A verb
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

_SLIGHT = frozenset(words_of("slight.txt"))
"""Short words that say little where they are not known, and that the list of English words does not have."""

LIGHT = 0.18
"""What a word of plain English costs a reading that it says nothing to: two are borne by a sure one."""

HEAVY = 0.43
"""What any other word costs that nobody knows: more than any reading can afford."""

_ENDINGS = ("ing", "ed", "es", "s", "d")
MOST = 4
"""Words that are passed over at most: of more, a question is not understood."""


def weight(word: str, question: str) -> float:
    """What a word that nobody knows costs a reading: little if it is plain English, and all if it names something.

    Args:
        word: in lower case, and known to nobody.
        question: as it was asked: what is written large in the midst of a sentence is a name.
    """
    if re.search(rf"(?<=[a-z,;:] ){re.escape(word.capitalize())}\b", question):
        return HEAVY
    if _names_something(word, question.lower()):
        return HEAVY
    plain = word in _SLIGHT or (word in english() and len(word) > 3)
    return LIGHT if plain and not _stems(word) & _MEAN else HEAVY


_KINDS = (
    r"(?:backtest|run|strategy|robot|bot|sweep|grid|optimi[sz]ation|report|import|data|dataset|account|trade|system)s?"
)
_AHEAD = (
    r"(?:during|without|with|of|for|on|at|in|and|or|than|by|from|to|per|vs|versus|the|an?|my|our|his|her|their|this|that|"
    r"some|any|many|which|what|these|those|before|after|behind|near|like)"
)
"""Words behind which a noun stands, or an adjective."""

_BEHIND = (
    r"(?:is|was|are|were|be|been|did|do|does|has|have|had|in|on|at|of|for|with|without|during|by|from|to|and|or|but|than|"
    r"if|when|then|that|which|what|how|so|as|per|vs|versus|it|i|we|you|they|there|please|pls|perform|go|make|earn|lose)\b"
)
"""Words before which no adjective stands."""


def _names_something(word: str, question: str) -> bool:
    """Whether a word stands where that stands of which something is asked.

    "The falcon backtest", "during lunch", "how did tiger do"; an adjective before what it belongs to ("the monster
    winner") and a verb ("did it miss") do not.
    """
    w = re.escape(word)
    return (
        re.search(
            rf"\b{w} {_KINDS}\b|\b(?:did|does|has|will) {w}\b|\b{_AHEAD} {w}(?: {_BEHIND}|[^\w'-]*$|[?.,;:!])", question
        )
        is not None
    )


def _stems(word: str) -> set[str]:
    stems = {word} | {word.removesuffix(e) for e in _ENDINGS if word.endswith(e)}
    return stems | {stem + "e" for stem in stems}


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
    stems = _stems(word)
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
