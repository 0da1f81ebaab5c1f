"""Questions read by example where the grammar is not sure, or where what is like them speaks against it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from trading_ai.assistant.differing import MATTER, clashes, lost, opposed
from trading_ai.assistant.examples import (
    RECIPE,
    REFUSAL,
    Nearest,
    Slotted,
    filled,
    in_group,
    like_it,
    nearest,
    slotted,
    strange,
)
from trading_ai.assistant.hearing import Names, hear, normal
from trading_ai.assistant.pieces import asks, has_pronoun, points_back, segments, supposes
from trading_ai.assistant.planner import SUBJECTS, Plan, plans, sure
from trading_ai.assistant.spelling import english
from trading_ai.assistant.tags import Heard, Tag
from trading_ai.assistant.topics.howto import HOWTO
from trading_ai.assistant.topics.trade_reading import FILTERS

LEAST_LEAD = 0.04
"""Lead of the nearest examples from which they say what an unsure question means: of those that had not been seen, 9 of
10 were then read rightly."""

SURE_LEAD = 0.15
"""Lead from which examples count more than the grammar, which is sure of something else."""

DOUBTED = 0.03
"""Lead from which examples that say something else than the grammar are told beside it."""

CLEAR = 0.1
"""Lead from which examples say what a question of several pieces means as a whole."""

OF_A_PIECE = 0.07
"""Lead from which examples say what a piece of a question means: it leaves out what the others say."""

CERTAIN = 0.18
"""Lead from which what the grammar heard besides is a manner of speaking, but for times, numbers and names."""

_WORDED = frozenset({"order", "agg", "outcome", "metric", "dim", "part", "cue"})
"""Kinds that are heard in words which other questions use in another sense."""

_VALUES = frozenset(
    {"name", "id_backtest", "id_optimization", "hour", "year", "month", "weekday", "session", "date", "span"}
)
"""Kinds of words by which something that is stored is asked for."""

_DOES = re.compile(
    r"\b(?:(?:how|which (?:way|command|option)) (?:do|can|should|would|could|to|must)\b|commands?|"
    r"(?:what|where) (?:do|must|should|can) (?:i|we)\b|type|way (?:to|of)|want to|wanna|need to|can i|could i|possible|"
    r"is there)\b"
)
"""Words of somebody who wants to do something."""


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
    if not own.runs:
        own = replace(own, fills=(*own.fills, *runs))
    found = nearest(own)
    if found is None or found.lead < least:
        return None
    if found.pattern.startswith(REFUSAL):
        return Reading(None, found.pattern.removeprefix(REFUSAL), found.lead)
    if found.pattern.startswith(RECIPE):
        return _recipe(found, hear(question, names, context))
    odd = strange(own)
    if opposed(question, found.pattern) or len(odd) > _MOST_STRANGE or (odd and found.lead < _LEAD_WITH_STRANGE):
        return None
    heard = hear(question, names, context)
    if not own.runs and not _of_runs(found.pattern, heard):
        return None
    return _plain(found, own, odd, heard, names)


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


def _does(heard: Heard) -> bool:
    """Whether somebody wants to do something."""
    return heard.cue("howto") or _DOES.search(heard.question.lower()) is not None


def _recipe(found: Nearest, heard: Heard) -> Reading | None:
    """A thing to do, unless something that is stored may be asked for."""
    if not _does(heard):
        stored = any(tag.kind in _VALUES for tag in heard.tags)
        if found.lead < CERTAIN or stored or sure(plans(heard)) is not None:
            return None
    place = found.pattern.removeprefix(RECIPE)
    told = heard.changed([*heard.tags, Tag("cue", "howto"), Tag("recipe", place)])
    return Reading(Plan(HOWTO, told, 1.0), "", found.lead)


def _plain(found: Nearest, own: Slotted, odd: list[str], heard: Heard, names: Names) -> Reading | None:
    """The plain question that stands above the examples, unless it is another one than was asked."""
    context = heard.context
    text = filled(found.pattern, own)
    plain = hear(text, names, context)
    plan = sure(plans(plain))
    left = lost(heard, plain)
    if plan is None or (plan.topic is HOWTO and not _does(heard)):
        return None
    if plain.has("subject", "latest", "previous") and not heard.has("subject", "latest", "previous"):
        return None
    if left:  # what its examples say besides is a manner of speaking
        spoken = {(t.kind, t.value) for like in like_it(found, own) for t in lost(hear(like, names, context), plain)}
        left = [tag for tag in left if (tag.kind, tag.value) not in spoken]
    if left and found.lead >= CERTAIN:
        left = [tag for tag in left if tag.kind not in _WORDED or tag.key == "cue:why"]
    if left or clashes(heard, plain, grammatical=sure(plans(heard)) is not None, named=bool(own.runs)):
        return None
    stray = list(odd)
    if not own.runs:  # it may be what is asked for, as "bitcoin" is, though other examples have it
        stray += [word for word in heard.unknown if word not in english() and not in_group(word, found.pattern)]
    if found.lead < CERTAIN and set(heard.unknown) & set(stray):
        return None  # a word that neither knows may be what is asked for
    if "{" not in found.pattern and found.lead < SURE_LEAD and not context:
        if heard.has("subject", "this"):
            return None  # "is this one better than that one" points at something that is not there
        if plain.has("noun") and not any(tag.kind in {*SUBJECTS, "noun", "symbol"} for tag in heard.tags):
            return None  # the best one of what?
    return Reading(plan, text, found.lead)


def same(one: Plan, other: Plan) -> bool:
    """Whether two plans answer the same, as far as can be told without carrying them out."""
    if one.topic.name != other.topic.name:
        return False
    return one.topic.name == "howto" or _said(one.heard) == _said(other.heard)


def _said(heard: Heard) -> set[tuple[str, str]]:
    return {(tag.kind, tag.value) for tag in heard.tags if tag.kind not in {"subject", "noun"}}


def _limits(heard: Heard) -> bool:
    """Whether something says of which trades or times something is asked."""
    return any(tag.kind in {*FILTERS, "condition", "level", "dim", "limit", "factor"} for tag in heard.tags)


def _leans(text: str, runs: Sequence[tuple[str, str]], found: Sequence[Plan]) -> bool:
    """Whether a piece speaks of something that another piece named or found, and that is no run."""
    if not has_pronoun(normal(text)) or hear(text, Names()).has("dim"):
        return False
    one_of_many = found and found[-1].heard.has("order") and (
        found[-1].topic.name in _OF_MANY or found[-1].heard.has("dim")
    )  # fmt: skip
    return bool(one_of_many) or (not runs and _DOES.search(text.lower()) is None)


_OF_MANY = frozenset({"trials", "records", "winners", "walk_forward"})
"""Topics that look for one of many."""

_LEAST_WORDS = 3
"""Words of a piece from which examples can tell what it means."""


def apart(question: str, names: Names, context: str = "") -> tuple[list[Plan], list[str]]:
    """A plan for each thing that a long question asks, by example or grammar, and what is not understood of it.

    One that supposes something is not taken apart: its pieces would be answered without that.

    Args:
        question: as it was asked.
        names: what is stored.
        context: id of the run that it is asked about, or "".
    """
    if supposes(question):
        return [], []
    runs = slotted(question, names).runs
    several = len(set(runs)) > 1
    found: list[Plan] = []
    missing: list[str] = []
    pieces = segments(question)
    asking = [text for text in pieces if asks(text)]
    does = len(asking) == 1 and _DOES.search(asking[0].lower()) is not None
    if does or (len(asking) == 1 and not any(_limits(hear(text, names)) for text in pieces if text not in asking)):
        pieces = asking  # the rest tells why it is asked
    for text in pieces:
        named = bool(slotted(text, names).runs)
        if (several and not named and asks(text)) or points_back(text) or _leans(text, runs, found):
            missing.append(text)  # of which of them?
            continue
        told = len(text.split()) >= _LEAST_WORDS
        read = by_example(text, names, context, runs=() if several else runs[:1], least=OF_A_PIECE) if told else None
        if read is not None and read.plan is not None:
            found.append(read.plan)
            continue
        whole = text if named or several or not runs else f"{text} of {runs[0][1]}"
        heard = hear(whole, names, context)
        of_runs = named or runs or any(tag.kind in {*SUBJECTS, "noun"} for tag in heard.tags)
        plan = sure(plans(heard)) if of_runs and asks(text) else None
        if plan is not None:
            found.append(plan)
        elif asks(text) or any(tag.kind in MATTER for tag in heard.tags):
            missing.append(text)
    return found, missing
