"""What a question and a plain one differ in: then the one is not what the other means."""

from __future__ import annotations

import re

from trading_ai.assistant.tags import Heard, Tag

MATTER = frozenset({
    "metric", "direction", "weekday", "month", "year", "session", "hour", "part", "outcome", "exit", "condition",
    "date", "span", "limit", "timeframe", "parameter", "dim", "order", "agg", "time_of", "ends", "level", "factor",
    "place", "cmp", "neg",
})  # fmt: skip
"""Kinds of words that a plain question must have too, where the question has them."""

_ASKED = frozenset({
    "cue:meaning", "cue:howto", "cue:double", "cue:triple", "cue:half", "cue:no_costs", "cue:streak", "cue:why",
})  # fmt: skip
"""Cues that say what is asked for."""

_SLIGHT = frozenset({
    ("metric", "net_profit"), ("metric", "return_percent"), ("order", "gain"), ("order", "loss"), ("agg", "share"),
    ("agg", "count"), ("agg", "avg"), ("agg", "sum"),
})  # fmt: skip
"""What is heard in many ways to say other things: "how much did it make", "what percentage won"."""


_ALIKE = (
    (("outcome", "loss"), ("order", "loss")),
    (("outcome", "win"), ("order", "gain")),
    (("order", "best"), ("order", "highest")),
    (("order", "worst"), ("order", "lowest")),
    (("order", "loss"), ("metric", "gross_loss")),
    (("outcome", "loss"), ("metric", "gross_loss")),
)
"""What is heard in one of two ways where the same is meant."""


def lost(heard: Heard, plain: Heard) -> list[Tag]:
    """What a question says and a plain one does not, of what changes an answer."""
    said = {(tag.kind, tag.value) for tag in plain.tags}
    said |= {other for one, other in _ALIKE if one in said} | {one for one, other in _ALIKE if other in said}
    return [
        tag
        for tag in heard.tags
        if (tag.kind in MATTER or tag.key in _ASKED)
        and (tag.kind, tag.value) not in said
        and (tag.kind, tag.value) not in _SLIGHT
    ]


_POLES = (
    (r"w[io]n|wins|winners?|winning", r"lose|loses|losers?|losing|lost|loss(?:es)?"),
    (
        r"best|highest|most|largest|biggest|longest",
        r"worst|lowest|least|smallest|shortest|fewest|bled|bleeds?|hurts?|suffer\w*",
    ),
    (r"longs?|buys?|bought", r"shorts?|sells?|sold"),
    (r"entry|entries|entered|opened", r"exits?|exited|closed"),
    (r"first|earliest", r"last|latest|final"),
    (r"fails?|failed|failing|flunk(?:s|ed)?|miss(?:es|ed)?", r"pass(?:es|ed)?|holds?|met|meets?"),
)  # fmt: skip
_COSTS = (
    ("swap", r"\b(?:swaps?|roll\w*|overnight|financing|interest|carry|nights?)\b"),
    ("commission", r"\b(?:com+is+ions?|fees?|broker\w*|comms?)\b"),
    ("spread", r"\b(?:spreads?|bid|ask)\b"),
    ("slippage", r"\bslip\w*\b"),
)
"""Costs, and the words of which a question has one where it means them."""

_BOUND = (
    r"since|after|onwards?|from .{3,14} on\b|as of|later than", r"before|until|till|up to|by the end",
    r"without|except|exclud\w+|leav\w+ .{0,30}out|ignor\w+|but for|apart from|not counting|leav\w+ aside",
)  # fmt: skip


def opposed(question: str, pattern: str) -> bool:
    """Whether a question and a plain one speak of opposite ends, or one has a bound that the other lacks."""
    said, plain = question.lower(), pattern.lower()
    for one, other in _POLES:
        ends = [re.search(rf"\b(?:{pole})\b", text) is not None for text in (said, plain) for pole in (one, other)]
        if (ends[0] and not ends[1] and ends[3] and not ends[2]) or (
            ends[1] and not ends[0] and ends[2] and not ends[3]
        ):
            return True
    if _SUPPOSED.search(said) and not _SUPPOSES.search(plain):
        return True
    if any(re.search(rf"\b{cost}\b", plain) and not re.search(said_so, said) for cost, said_so in _COSTS):
        return True
    bounds = [(re.search(rf"\b(?:{b})\b", said), re.search(rf"\b(?:{b})\b", plain)) for b in _BOUND]
    return any(
        (mine is None) != (its is None) and (its is not None or _BOUNDS_TIME.search(said)) for mine, its in bounds[:2]
    ) or (bounds[2][0] is not None and bounds[2][1] is None)


_SUPPOSED = re.compile(
    r"\b(?:if (?:i|we|it|he|they|the|my|all|every|only)\b.{0,40}?\b"
    r"(?:had|were|did|used|took|closed|opened|traded)|had i)\b"
)
_SUPPOSES = re.compile(
    r"\b(?:would|without|if|had|double\w*|twice|triple\w*|half\w*|times|break|matter\w*|depend\w*)\b"
)
_BOUNDS_TIME = re.compile(
    r"\b(?:since|after|before|until|till|from|as of|later than|up to|by the end(?: of)?) (?:the )?"
    r"(?:(?:end|start|beginning) of )?(?:(?:19|20)\d\d|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
)


_ADDED = ("symbol", "strategy", "weekday", "month", "year", "session", "date", "span", "timeframe", "number", "hour")
"""Kinds that are never meant where they are not said."""

_TOPICAL = frozenset({
    "hold_out", "pbo", "dsr", "spa", "look_ahead", "loss_probability", "expected_max", "drift", "plateau", "edge",
    "correlated", "method", "seed", "version", "ledger", "speed", "eta", "took", "meaning", "howto", "why", "double",
    "triple", "half", "no_costs", "streak",
})  # fmt: skip
"""Cues that say of what a question is."""

_NOUNS = {"run": "backtest", "winner": "trial", "param": "trial"}
"""What stands for another thing."""


def clashes(heard: Heard, plain: Heard, *, grammatical: bool, named: bool) -> bool:
    """Whether a plain question is of something else than a question, or of more than it says.

    Args:
        heard: the question.
        plain: the plain one.
        grammatical: whether the grammar is sure of the question, so that its words count for what they are.
        named: whether the question names a run.
    """
    if any(_values(plain, kind) and not _values(heard, kind) for kind in _ADDED):
        return True
    orders, ordered = _values(heard, "order"), _values(plain, "order")
    if any(pair <= orders and not pair <= ordered for pair in ({"best", "worst"}, {"highest", "lowest"})):
        return True
    if not named and (_values(heard, "strategy") - _values(plain, "strategy") or _apart(heard, plain, "noun")):
        return True
    if not grammatical:
        return False
    topical = (_values(heard, "cue") & _TOPICAL) - _values(plain, "cue")
    return bool(topical) or _apart(heard, plain, "metric") or _apart(heard, plain, "noun")


def _values(heard: Heard, kind: str) -> set[str]:
    return {_NOUNS.get(tag.value, tag.value) for tag in heard.tags if tag.kind == kind}


def _apart(heard: Heard, plain: Heard, kind: str) -> bool:
    """Whether both have something of a kind, and nothing of it in common."""
    said, other = _values(heard, kind), _values(plain, kind)
    return bool(said) and bool(other) and not said & other
