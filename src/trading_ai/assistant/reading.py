"""Questions read by example where the grammar is not sure, or where what is like them speaks against it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from trading_ai.assistant.examples import (
    RECIPE,
    REFUSAL,
    Nearest,
    Slotted,
    filled,
    like_it,
    nearest,
    slotted,
    strange,
)
from trading_ai.assistant.hearing import Names, hear
from trading_ai.assistant.pieces import asks, segments
from trading_ai.assistant.planner import SUBJECTS, Plan, plans, sure
from trading_ai.assistant.tags import Heard, Tag
from trading_ai.assistant.topics.howto import HOWTO

LEAST_LEAD = 0.04
"""Lead of the nearest examples from which they say what an unsure question means: of those that had not been seen, 9 of
10 were then read rightly."""

SURE_LEAD = 0.15
"""Lead from which examples count more than the grammar, which is sure of something else."""

DOUBTED = 0.03
"""Lead from which examples that say something else than the grammar are told beside it."""

CLEAR = 0.1
"""Lead from which examples say what a question of several pieces means as a whole."""

CERTAIN = 0.18
"""Lead from which what the grammar heard besides is a manner of speaking, but for times, numbers and names."""

_WORDED = frozenset({"order", "agg", "outcome", "metric", "dim", "part", "cue"})
"""Kinds that are heard in words which other questions use in another sense."""

_VALUES = frozenset(
    {"name", "id_backtest", "id_optimization", "hour", "year", "month", "weekday", "session", "date", "span"}
)
"""Kinds of words by which something that is stored is asked for."""

_DOES = re.compile(
    r"\b(?:how (?:do|can|should|would|could|to|must)|commands?|what (?:do|must|should|can) i|type|way (?:to|of)|"
    r"want to|wanna|need to|can i|could i|possible|is there)\b"
)
"""Words of somebody who wants to do something."""

_MATTER = frozenset({
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


@dataclass(frozen=True)
class Reading:
    """What a question means by its examples.

    Attributes:
        plan: how it is answered; None where it is refused.
        text: the plain question, or what is said where it is refused.
        lead: how much more like these examples it is than any others.
    """

    plan: Plan | None
    text: str
    lead: float


def by_example(
    question: str, names: Names, context: str = "", *, runs: Sequence[tuple[str, str]] = (), least: float = LEAST_LEAD
) -> Reading | None:
    """What a question means by the examples that it is most like, or None where none is near enough.

    Args:
        question: or a clause of one.
        names: what is stored.
        context: id of the run that it is asked about, or "".
        runs: that are named elsewhere, as fills of slots; taken where the question names none itself.
        least: lead that the examples must have.
    """
    own = slotted(question, names)
    named = bool(runs) or any(slot in {"backtest", "optimization"} for slot, _ in own.fills)
    if not any(slot in {"backtest", "optimization"} for slot, _ in own.fills):
        own = replace(own, fills=(*own.fills, *runs))
    found = nearest(own)
    if found is None or found.lead < least:
        return None
    if not found.pattern.startswith((RECIPE, REFUSAL)):
        odd = len(strange(own))
        if opposed(question, found.pattern) or odd > _MOST_STRANGE or (odd and found.lead < _LEAD_WITH_STRANGE):
            return None
        if not named and "{" in found.pattern and not _of_runs(found.pattern, hear(question, names, context)):
            return None
    return _read(found, own, question, names, context)


_LEAD_WITH_STRANGE = 0.08
_MOST_STRANGE = 1
"""Words that no example has, and that a question may have all the same where it is much like some."""


def _of_runs(pattern: str, heard: Heard) -> bool:
    """Whether a question that names no run speaks of one, where its plain form does."""
    if "{backtest}" not in pattern and "{optimization}" not in pattern:
        return True
    return bool(heard.context) or any(
        tag.kind in {*SUBJECTS, "noun"} and not (tag.kind == "subject" and tag.value in {"this", "mine", "all"})
        for tag in heard.tags
    )


_POLES = (
    (r"w[io]n|wins|winners?|winning", r"lose|loses|losers?|losing|lost|loss(?:es)?"),
    (r"best|highest|most|largest|biggest|longest", r"worst|lowest|least|smallest|shortest|fewest"),
    (r"longs?|buys?|bought", r"shorts?|sells?|sold"),
    (r"entry|entries|entered|opened", r"exits?|exited|closed"),
    (r"first|earliest", r"last|latest|final"),
    (r"fails?|failed|failing|flunk(?:s|ed)?|miss(?:es|ed)?", r"pass(?:es|ed)?|holds?|met|meets?"),
)  # fmt: skip
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


def _read(found: Nearest, own: Slotted, question: str, names: Names, context: str) -> Reading | None:
    if found.pattern.startswith(REFUSAL):
        return Reading(None, found.pattern.removeprefix(REFUSAL), found.lead)
    heard = hear(question, names, context)
    does = heard.cue("howto") or _DOES.search(question.lower()) is not None
    if found.pattern.startswith(RECIPE):
        if not does and sure(plans(heard)) is not None:
            return None
        if not does and (found.lead < CERTAIN or any(tag.kind in _VALUES for tag in heard.tags)):
            return None  # something that is stored may be asked for
        place = found.pattern.removeprefix(RECIPE)
        told = heard.changed([*heard.tags, Tag("cue", "howto"), Tag("recipe", place)])
        return Reading(Plan(HOWTO, told, 1.0), "", found.lead)
    text = filled(found.pattern, own)
    plain = hear(text, names, context)
    plan = sure(plans(plain))
    left = lost(heard, plain)
    if plan is None or (plan.topic is HOWTO and not does):
        return None
    if plain.has("subject", "latest", "previous") and not heard.has("subject", "latest", "previous"):
        return None
    if left:  # what its examples say besides is a manner of speaking
        spoken = {(t.kind, t.value) for like in like_it(found, own) for t in lost(hear(like, names, context), plain)}
        left = [tag for tag in left if (tag.kind, tag.value) not in spoken]
    if left and found.lead >= CERTAIN:
        left = [tag for tag in left if tag.kind not in _WORDED or tag.key == "cue:why"]
    if left:
        return None
    return Reading(plan, text, found.lead)


def lost(heard: Heard, plain: Heard) -> list[Tag]:
    """What a question says and a plain one does not, of what changes an answer."""
    said = {(tag.kind, tag.value) for tag in plain.tags}
    said |= {other for one, other in _ALIKE if one in said} | {one for one, other in _ALIKE if other in said}
    return [
        tag
        for tag in heard.tags
        if (tag.kind in _MATTER or tag.key in _ASKED)
        and (tag.kind, tag.value) not in said
        and (tag.kind, tag.value) not in _SLIGHT
    ]


def same(one: Plan, other: Plan) -> bool:
    """Whether two plans answer the same, as far as can be told without carrying them out."""
    if one.topic.name != other.topic.name:
        return False
    return one.topic.name == "howto" or _said(one.heard) == _said(other.heard)


def _said(heard: Heard) -> set[tuple[str, str]]:
    return {(tag.kind, tag.value) for tag in heard.tags if tag.kind not in {*SUBJECTS, "noun"}}


def apart(question: str, names: Names, context: str = "") -> list[Plan]:
    """A plan for each thing that a long question asks, by grammar or example; nothing where one is not understood.

    Args:
        question: as it was asked.
        names: what is stored.
        context: id of the run that it is asked about, or "".
    """
    runs = [fill for fill in slotted(question, names).fills if fill[0] in {"backtest", "optimization"}]
    several = len(set(runs)) > 1
    found: list[Plan] = []
    for text in segments(question):
        named = any(slot in {"backtest", "optimization"} for slot, _ in slotted(text, names).fills)
        if several and not named and asks(text):
            return []  # of which of them?
        read = by_example(text, names, context, runs=[] if several else runs[:1])
        if read is not None and read.plan is not None:
            found.append(read.plan)
            continue
        heard = hear(text, names, context)
        if asks(text) or any(tag.kind in _MATTER for tag in heard.tags):
            return []
    return found
