"""The pieces of a long question: sentences, clauses, and what is told besides."""

from __future__ import annotations

import re

_SENTENCES = re.compile(
    r"(?<=[.?!;])\s+|(?<=:)\s+(?=(?:how|what|which|when|why|where|who|is|are|did|does|do|was|were|tell|show|give)\b)"
)
_CLAUSES = re.compile(
    r"\s+[-\u2013\u2014]\s+|,\s+(?:and\s+|so\s+|but\s+|then\s+|plus\s+|also\s+)?"
    r"|\s+(?:and|plus|but|so)\s+(?=(?:how|what|which|when|why|where|who|whether|is|are|did|does|do|was|were|tell|show|"
    r"give|say|also)\b)|\s+as well as\s+"
)
_ASKING = re.compile(
    r"(?:so |and |but |also |then |ok |well |hey |please |tell me |"
    r"(?:with|under|in|on|at|by|for|of|from|to|up to|over|during|after|since) )*"
    r"(?:i'd like|i would like|i want|i need|i wonder|how|what|which|when|why|where|who|whose|whats|whether|is|are|did|"
    r"does|do|was|were|has|have|can|could|would|will|tell|show|give|say|list|name|compare|explain|let me|put|find|"
    r"any|anything|count|rank|sort)\b"
)
_SUPPOSING = re.compile(
    r"(?:and |but |so |well |let us |let's |what )?(?:(?:assum|suppos|imagin|pretend)\w*|given that|say it|if|"
    r"(?:take|leave|strip|cut|knock|throw) .{1,60}?\b(?:away|out|off|from)|without|remove|ignore|double|halve|drop)\b"
)
_POINTING = re.compile(
    r"\b(?:into|like|with|after) (?:that|this|it|those|them)\??$|^(?:and )?(?:its|the|their|my) \w+(?: \w+)? ones?\??$"
    r"|^(?:and )?(?:which|what) (?:ones?|command)\b"
)
_NOWHERE = re.compile(
    r"\b(?:the|that) other (?:one|run|backtest|search|grid|sweep|optimi[sz]ation|test)\b"
    r"|\b(?:the|that) (?:good|bad|better|worse|new|old|big|small|cheap|dear) ones?\b"
    r"(?! (?:of|in|from|is|are|was|were)\b)"
)
_ALSO = re.compile(r"\b(?:too|as well|interests? me|would be (?:nice|good|useful|great))$|^i also\b")
_OF_BEFORE = re.compile(r"\b(?:it|that|them|those|this|they|you think|your (?:view|opinion|take|guess))\b")
"""What speaks of something that was told before."""

_PRONOUN = re.compile(r"\b(?:it|its|they|them|their|that|those|this|these)\b")
_PREAMBLE = re.compile(
    r"(?:so |and |but |also |well |ok |hey )*i(?:'d| would|'m| am)? (?:like|want|need|wonder|wondering)\b"
)


_QUOTED = re.compile(r"\"[^\"]+\"|(?<!\w)'[^']+'(?!\w)")
_BLANK = "\ue000"
_LEAST_WORDS = 5
"""Words of a piece from which it may say all that is asked: "what do you think" does not."""


def segments(question: str) -> list[str]:
    """The pieces of a question that may stand for themselves; a sentence of one piece keeps its question mark."""
    found: list[str] = []
    kept = _QUOTED.sub(lambda said: said[0].replace(" ", _BLANK), question.strip())  # a name is not taken apart
    for sentence in _SENTENCES.split(kept):
        clauses = [text.strip(" ?.,!;:") for text in _CLAUSES.split(sentence) if text and len(text.split()) > 1]
        if len(clauses) == 1 and sentence.endswith("?"):
            clauses = [f"{clauses[0]}?"]
        found += clauses
    return [text.replace(_BLANK, " ") for text in found]


def asks(text: str) -> bool:
    """Whether a piece begins as questions do, or is a sentence that ends as they do."""
    return text.endswith("?") or bool(_ASKING.match(text.lower()) or _ALSO.search(text.lower()))


def supposes(question: str) -> bool:
    """Whether a piece of a question supposes something, which then is not so."""
    return any(_SUPPOSING.match(text.lower()) for text in segments(question))


def points_back(text: str) -> bool:
    """Whether a piece leaves to another one what it is about: "how often did it run into that", "its best one"."""
    return _POINTING.search(text.lower()) is not None


def points_nowhere(question: str) -> bool:
    """Whether a question points at one of several things that nothing before it has named: "the other one"."""
    return _NOWHERE.search(question.lower()) is not None


def has_pronoun(text: str) -> bool:
    """Whether a piece speaks of something by a pronoun."""
    return _PRONOUN.search(text.lower()) is not None


def wishes(text: str) -> bool:
    """Whether a piece tells what somebody is after: it may be the reason of the question, and not one itself."""
    return _PREAMBLE.match(text.lower()) is not None and not _ALSO.search(text.lower())


def n_asking(question: str) -> int:
    """How many pieces of a question begin as questions do."""
    return sum(map(asks, segments(question)))


def asked(question: str) -> str:
    """What of a question asks: without what is told before it, unless what asks speaks of that.

    What comes after is part of it: "the win rate, my friend's account" is asked of a friend's account.
    """
    pieces = segments(question)
    first = next((place for place, text in enumerate(pieces) if asks(text) and not wishes(text)), 0)
    text = ", ".join(pieces[first:])
    return question if len(text.split()) < _LEAST_WORDS or _OF_BEFORE.search(text.lower()) else text
