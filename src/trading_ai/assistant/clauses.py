"""Long questions, taken apart where they cannot be read as one: each clause with the run that the others name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from trading_ai.assistant.hearing import Names, hear, normal
from trading_ai.assistant.planner import SUBJECTS, Plan, completed, plans, sure
from trading_ai.assistant.tags import Heard, Tag
from trading_ai.assistant.topics.trade_reading import FILTERS, TIMES

MOST = 5
"""Clauses of a question that is still read."""

_BORDERS = re.compile(
    r"[.;:?!]+\s+|,\s+(?:and\s+|but\s+|or\s+)?|\s+[-\u2013]\s+|\s+(?:and|but|plus|n|&|\+)\s+|\s*\(|\)\s*"
)
_ASKED_ANEW = re.compile(
    r"[.;?!]+\s+(?=\w)|(?:,|,?\s+(?:and|but))\s+(?=(?:how|what|which|when|why|where|who|is|are|did|does|do|was|were|tell|show|"
    r"give|say)\b)"
    r"|(?:,|,?\s+and)\s+(?=(?:the |my |its )(?:best|worst|largest|biggest|longest|highest|lowest)\b)"
)
"""Borders behind which something is asked anew."""

_POINTS_BACK = re.compile(
    r"\b(?:each|they|them|those|these|their|both|together|(?:was|is|were) that|(?:in|during|within) (?:it|that)|"
    r"made (?:it|that)|then)\b"
)
"""Words that speak of what the clause before found."""

_OF_THEM = re.compile(r"\b(?:how many|what (?:share|percentage|part)|how much) of (?:them|those|these)\b")
"""What counts among those that the clause before asks of."""

_WHICH_HAS = re.compile(r"which (?:one |of them )?(?:has|had|have|is|was|made|lost|earned)\b")
"""How a clause begins that asks which of what the one before asks of."""

_SAYS_NOTHING = frozenset({"list", "exists", "used", "how_much", "results", "also", "when", "cause", "why", "progress"})
"""Cues that ask for no other thing than the clause before."""

_POINTS = frozenset({"mine", "this", "all"})


def _taken_apart(
    question: str, names: Names, context: str, *, anew: bool, lost: list[str] | None = None
) -> list[Heard]:
    """Each clause of a question, with what the others say for it; nothing where it cannot be taken apart.

    A clause that asks in words that nobody knows is put in `lost`, where that is given.
    """
    borders = _ASKED_ANEW if anew else _BORDERS
    anew_borders = ". " in question or "? " in question or "! " in question
    texts = [text.strip(" ?.,") for text in borders.split(normal(question)) if text and text.strip(" ?.,")]
    if any(_POINTS_BACK.search(_OF_THEM.sub("", text)) for text in texts[1:]):
        return []
    if not 1 < len(texts) <= 2 * MOST:
        return []
    ahead: list[Tag] = []
    subjects: list[Tag] = []
    found: list[Heard] = []
    for text in texts:
        heard = hear(text, names, context)
        if not _asks(heard):
            if heard.cue("why") and text.startswith("why "):
                return []  # nothing else that is asked answers it
            chatter = all(tag.kind == "subject" and tag.value in _POINTS for tag in heard.tags)
            if heard.unknown and lost is not None and found and _QUESTION.match(text):
                lost.append(text)
                continue
            if heard.unknown and not (anew_borders and chatter):
                return []
            if any(tag.kind in _CHANGES for tag in heard.tags):
                return []  # it says more than of which run and when
            if text == "why" and lost is not None:
                lost.append(text)
                continue
            behind = [tag for tag in heard.tags if tag.kind in {*SUBJECTS, *FILTERS, "time_of"}]
            if found and behind:
                found[-1] = found[-1].changed([*found[-1].tags, *behind])
            else:
                ahead += [tag for tag in heard.tags if tag.kind in SUBJECTS or tag.kind in {*FILTERS, "noun"}]
            continue
        own = [tag for tag in heard.tags if tag.kind in SUBJECTS and tag.value not in _POINTS]
        shared = [tag for tag in ahead if tag.kind not in SUBJECTS and not heard.has(tag.kind)]
        named = own or [tag for tag in ahead if tag.kind in SUBJECTS] or subjects
        subjects = named
        when = [] if own or not found or not heard.has("metric") else _times(found[-1])
        own_times = _times(heard)
        if (
            found
            and own_times
            and _elliptical(heard, text)
            and {t.kind for t in _times(found[-1])} - {t.kind for t in own_times}
        ):
            return []  # "on Mondays, and how many in 2019": of these Mondays, or of all days?
        if found and _elliptical(heard, text):  # "how many stops in 2018, and how many in 2019"
            kinds = (
                {*FILTERS, "noun", "condition"}
                - {tag.kind for tag in heard.tags}
                - (set(TIMES) if own_times else set())
            )
            shared = [tag for tag in found[-1].tags if tag.kind in kinds]
        elif (
            found and _OF_THEM.search(text) and (not heard.has("noun") or heard.values("noun") == ("trade",))
        ):  # of those that the clause before asks of
            if any(_selects(tag) for tag in found[-1].tags):
                return []  # among those that were found, and not among all
            kinds = {*FILTERS, "noun", "condition", "order"} - {tag.kind for tag in heard.tags}
            shared = [t for t in found[-1].tags if t.kind in kinds or t.key == "cue:imported"]
        elif found and _of_the_same(heard, text):  # "did a combination make money, and how many were ruined"
            shared = [tag for tag in found[-1].tags if tag.kind == "noun"]
        tags = [*([] if own else named), *shared, *([] if own_times else when), *heard.tags]
        found.append(replace(heard.changed(tags), question=text))
    if not 1 < len(found) <= MOST and not (len(found) == 1 and (ahead or lost)):
        return []
    return completed(found)


def clauses(question: str, names: Names, context: str, *, anew: bool = False) -> list[Plan]:
    """A plan for each clause of a question, or nothing where one of them is not understood.

    What is said before the first clause that asks something ("Fridays only, cable trend: ...") counts for all of them;
    a clause that names no run is about that of the clause before.

    Args:
        question: as it was asked.
        names: what is stored.
        context: id of the run that it is asked about, or "".
        anew: take it apart only where something is asked anew, and no clause speaks of what the one before found.
    """
    found = _taken_apart(question, names, context, anew=anew)
    if not found:
        return []
    made = [sure(plans(heard)) for heard in found]
    if any(hangs_together(before, after) for before, after in pairwise(made)):
        return []
    return [plan for plan in made if plan is not None] if all(plan is not None for plan in made) else []


def answerable(question: str, names: Names, context: str) -> tuple[list[Plan], list[str]] | None:
    """The clauses of a question that are understood, and the texts of the others; None where that would mislead.

    What is not understood may say of which trades or runs the rest is asked: it holds neither times nor conditions nor
    runs, and the first clause is one that is understood.

    Args:
        question: as it was asked.
        names: what is stored.
        context: id of the run that it is asked about, or "".
    """
    strange: list[str] = []
    found = _taken_apart(question, names, context, anew=True, lost=strange)
    made = [sure(plans(heard)) for heard in found]
    lost = [*strange, *(heard.question for heard, plan in zip(found, made, strict=True) if plan is None)]
    understood = [plan for plan in made if plan is not None]
    if not understood or not lost or made[0] is None or len(lost) > len(understood):
        return None
    own = [hear(text, names, context) for text in lost]
    kinds = {*FILTERS, *SUBJECTS, "condition", "level", "dim"} - {"subject"}
    if any(_TOLD.match(plan.heard.question) for plan in understood):
        return None
    if any(tag.kind in kinds for heard in own for tag in heard.tags) or any(plan.n_left for plan in understood):
        return None
    return understood, lost


_HEADLESS = re.compile(
    r"(?:progress|status) of |how (?:did|does|do|is|was) .{2,60} (?:do|doing|go|going|perform|fare)\W*$"
    r"|(?:list|show)(?: me)? (?:all |my |the )*(?:optimi[sz]ations|backtests|runs|datasets)\b"
)
"""Clauses that ask for the whole of a run without a word for what."""

_QUESTION = re.compile(r"(?:so |and |but )?(?:how|what|which|why|where|who|is|are|was|were|did|does|do|has|have)\b")
"""How a clause begins that asks something. "When" is none of them: "when it rains" is a condition."""

_TOLD = re.compile(r"(?:so |well |and |but )?(?:i|i'd|i'm|i would|we|my|it|that|there|they)\b")
"""How a clause begins that tells something: what is asked stands in another one."""

_OF_ONE_ROW = frozenset({"trials", "winners", "records", "walk_forward"})
"""Topics that find one of many things, which the next clause may be about."""


_NO_OBJECT = re.compile(
    r"(?:how many|what share|what percentage)(?: (?:were|was|are|of them))? (?:in|on|at|during|between|before|after|"
    r"from|won|lost|made|hit|closed|ended|held|lasted|long|short)\b"
)
"""A count of what a clause does not name."""


def _elliptical(heard: Heard, text: str) -> bool:
    """Whether a clause says only how many, and when or on which side: what is counted, the clause before it says."""
    if _NO_OBJECT.match(text) is None:
        return False
    counted = heard.has("agg", "count", "share") and not heard.unknown
    return counted and all(
        tag.kind in {"agg", *FILTERS, *SUBJECTS}
        or (tag.kind == "cue" and tag.value == "list")
        or (tag.kind == "order" and tag.value in {"gain", "loss"})
        for tag in heard.tags
    )


_CHANGES = frozenset({"condition", "level", "limit", "dim", "order", "parameter", "metric", "place", "factor", "agg"})
"""Kinds of tags that change what is asked, wherever they stand."""


def _selects(tag: Tag) -> bool:
    """Whether a tag picks some of many: those that are counted next are among these."""
    if tag.kind == "order":
        return tag.value in {"best", "worst", "lowest"}
    return tag.kind in {"limit", "place", "day", "level"} or tag.key in {"cue:streak", "cue:survive", "cue:verdict"}


def tangled(question: str, names: Names, context: str) -> bool:
    """Whether a clause is about what the one before it finds, and asks more of it than can be told with it.

    "My best month, and how many longs were in it" is no question that one answer has: longs by month is another one.
    """
    texts = [text.strip(" ?.,") for text in _ASKED_ANEW.split(normal(question)) if text and text.strip(" ?.,")]
    heard = [hear(text, names, context) for text in texts]
    apart = [
        ({t.kind for t in _times(a)}, {t.kind for t in _times(b)})
        for a, b in pairwise(heard)
        if _elliptical(b, b.question)
    ]
    if any(own and before - own for before, own in apart):
        return True  # "how many on Mondays, and how many in 2019": of these Mondays, or of all days?
    if len(texts) < 2 or not any(_POINTS_BACK.search(text) for text in texts[1:]):
        return False
    if not (_one_group(heard[0]) or any(_selects(tag) for tag in heard[0].tags)):
        return False
    kinds = {"direction", "outcome", "exit", "condition", "session", "hour", "weekday"}
    return any(tag.kind in kinds and not heard[0].has(tag.kind) for clause in heard[1:] for tag in clause.tags)


def _of_the_same(heard: Heard, text: str) -> bool:
    """Whether a clause counts what it does not name, or asks which of it: "which has the lowest drawdown"."""
    if heard.has("noun"):
        return False
    return (heard.has("agg", "count", "share") and not heard.unknown) or _WHICH_HAS.match(text) is not None


def _times(heard: Heard) -> list[Tag]:
    """When the trades were that a clause asks of: the clause behind it speaks of the same unless it says otherwise."""
    return [tag for tag in heard.tags if tag.kind in TIMES]


def hangs_together(before: Plan | None, after: Plan | None) -> bool:
    """Whether a clause is about what the one before it found, and not about the run: it can't be answered alone."""
    if before is None or after is None:
        return False
    of_it = re.search(r"\b(?:it|its|that)\b", after.heard.question) is not None
    text = normal(after.heard.question)
    named = any(t.kind in SUBJECTS - {"subject"} and t.text and t.text in text for t in after.heard.tags)
    counted = after.heard.has("agg", "count") and not named and not any(_filters(tag) for tag in after.heard.tags)
    if _one_group(before.heard) and after.heard.has("noun", "trade") and (of_it or counted):
        return True
    if _names(after.heard) or before.topic.name not in _OF_ONE_ROW:
        return False
    of_all = after.heard.has("agg", "count", "share") or _WHICH_HAS.match(after.heard.question) is not None
    return of_it or not of_all


def _one_group(heard: Heard) -> bool:
    """Whether one of many groups of trades is looked for: "my best year"."""
    return heard.has("dim") and heard.has("order")


def _names(heard: Heard) -> bool:
    """Whether a clause says what it is about."""
    text = normal(heard.question)
    return any(
        tag.kind in {*SUBJECTS, "noun", "parameter"} and tag.text and tag.text in text
        for tag in heard.tags
        if not (tag.kind == "subject" and tag.value in _POINTS)  # "its": of what was found
    )


def differ(found: Sequence[Plan]) -> bool:
    """Whether clauses ask of different things or trades: read as one, what one of them says would count for all."""
    told = [{(tag.kind, tag.value) for tag in plan.heard.tags if _differs(tag)} for plan in found]
    topics = {plan.topic.name for plan in found}
    for topic in topics & _ONE_THING:  # they tell one thing at a time
        heads = [
            {(t.kind, t.value) for t in plan.heard.tags if _is_head(t)} for plan in found if plan.topic.name == topic
        ]
        if any(own != heads[0] for own in heads):
            return True
    counts = sum(plan.heard.has("agg", "count") for plan in found) > 1  # two figures, and not one of both conditions
    return len(told) > 1 and (any(own != told[0] for own in told) or len(topics) > 1 or counts)


_ONE_THING = frozenset({"trials", "parameters", "settings", "records", "quality", "progress"})
"""Topics of which two things that are asked in one question are not both told."""


def _differs(tag: Tag) -> bool:
    """Whether a tag says of what a clause asks, so that another one in another clause asks of something else."""
    if tag.kind == "noun":
        return tag.value in {"backtest", "optimization", "dataset"}
    return _filters(tag) or tag.kind in {"factor", "level"} or (tag.kind == "cue" and tag.value in _CHANGED)


_CHANGED = frozenset({"double", "triple", "half", "no_costs"})
"""Cues of costs that are not as they were."""


def _filters(tag: Tag) -> bool:
    return tag.kind in {*FILTERS, "dim"} or (tag.kind == "order" and tag.value in {"gain", "loss"})


def _asks(heard: Heard) -> bool:
    """Whether a clause asks for something by itself."""
    if any(_is_head(tag) for tag in heard.tags) or _HEADLESS.match(heard.question) is not None:
        return True
    says = any(tag.kind in {"noun", "parameter"} or tag.key == "cue:used" for tag in heard.tags)
    return says and _QUESTION.match(heard.question) is not None


def _is_head(tag: Tag) -> bool:
    if tag.kind == "cue":
        return tag.value not in _SAYS_NOTHING
    return tag.kind in {"metric", "agg", "order", "day", "place", "factor"} or (
        tag.kind == "noun" and tag.value in {"winner", "window", "criterion", "worker"}
    )


_AHEAD = re.compile(
    r"^.*\b(?:(?:can|could|would|will) you(?: please| kindly| maybe)?(?: be so kind as to)?|would you be so kind as to|"
    r"i (?:would|\'d|want|need|wish)(?: really)?(?: like| love)?(?: to)? (?:know|understand|see|hear)|please)"
    r"(?: tell| show| explain| give| list| say| read| let)?(?: to)?(?: me| us)?(?: know)?(?: that| about)?,?\s+(?=\w)"
)
"""What is said before a question comes."""

_BEHIND = re.compile(
    r"(?:[.?!]|\s-)\s+i (?:want|need|would|am|ask|think|hope|have|had|know|read|guess)\b.*$"
    r"|,?\s+(?:because|since i|as i|so that i|so i|in order that|i ask because|i am asking because)\b.*$"
)
"""Why it is asked."""

_ASIDE = re.compile(r"\s*\([^)]*\)")


def trimmed(question: str) -> list[str]:
    """Shorter forms of a question: without the reasons behind it, what is said before it, and what is in brackets."""
    text = normal(question)
    found = []
    for said in (_BEHIND, _AHEAD, _ASIDE):
        shorter = said.sub("", text)
        if shorter != text and len(shorter.split()) > 2:
            found.append(shorter)
            text = shorter
    return found
