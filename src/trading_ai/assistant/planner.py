"""Which topic a question is of, and how sure that is: words that a topic does not account for speak against it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from trading_ai.assistant.hearing import Names, hear, normal
from trading_ai.assistant.passing import weight
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.registry import TOPICS
from trading_ai.assistant.topics.topic import Topic

ANSWERED = 0.55
"""Least confidence of an answer: a first guess that own questions gave no reason to change."""

ASKED_BACK = 0.2
"""Least confidence of a topic that is offered when it is asked back."""

TAG_LEFT = 0.43
"""What a tag costs that a topic does not account for."""

CORRECTED = 0.03
"""What a corrected typing error costs."""

_MOST_CORRECTED = 3
"""Corrected words that count: in another language all are."""

CLOSE = 0.02
"""Two topics that are nearer than this are asked about where neither is sure."""

SURE = 0.8
"""Confidence from which the earlier topic of two close ones answers."""

_BOTH_ENDS = frozenset({"days", "comparing", "howto", "meanings", "advice", "robustness"})
"""Topics to which an order says nothing."""

_OVER_ALL = frozenset({"winners", "records", "robustness", "advice", "howto", "meanings"})
"""Topics that answer of all runs together."""

_OF_SEVERAL = frozenset({"comparing", "records", "howto", "meanings", "notes", "robustness"})
"""Topics whose answers are of all that a question names."""

_OF_ONE = frozenset({"figures", "trades", "periods", "streaks", "drawdowns", "days", "concentration", "equity"})
"""Topics whose answers are of one run."""

_OF_SHARES = frozenset(
    {"concentration", "trades", "periods", "trials", "days", "walk_forward", "robustness", "howto", "meanings", "notes"}
)
"""Topics that can say what part of a whole something is."""

_RECORDS = frozenset({"backtest", "optimization", "run", "dataset", "symbol", "strategy"})

_ONE_OF = ("symbol", "strategy", "timeframe")

_PARTS = re.compile(
    r"\?\s+(?=\w)|;\s*|,?\s+and\s+(?=(?:what|why|how|which|when|where|who|is|are|does|did|do|was|were|would|can|has|"
    r"have|should)\b)"
    r"|,\s*(?=(?:what|why|how|which|when|is it|does it|did it)\b)"
)


@dataclass(frozen=True)
class Plan:
    """A reading of a question.

    Attributes:
        topic: which topic answers it.
        heard: the question as it was understood.
        confidence: how sure the reading is; below `ANSWERED` it is asked back.
        n_left: kinds of tags that the topic does not account for.
    """

    topic: Topic
    heard: Heard
    confidence: float
    n_left: int = 0

    @property
    def reading(self) -> str:
        """The question in other words."""
        return self.topic.reading(self.heard)


def plans(heard: Heard) -> list[Plan]:
    """Every reading of a question, the surest first."""
    lost_words = sum(weight(word, heard.question) for word in heard.unknown) + CORRECTED * min(
        len(heard.corrected), _MOST_CORRECTED
    )
    several = any(len(heard.values(slot)) > 1 for slot in _ONE_OF) or _n_runs(heard) > 1
    counted = _counts_records(heard)
    found = []
    for topic in TOPICS:
        fit = topic.fit(heard)
        if fit <= 0:
            continue
        left: set[str] = set()
        if topic.accounts:  # a topic without slots answers whatever else is said
            left = {tag.key for tag in heard.tags if tag.key not in topic.accounts and tag.kind not in topic.accounts}
            fit -= TAG_LEFT * len(left) + lost_words
            if (
                topic.name not in _OVER_ALL
                and heard.has("subject", "all")
                and heard.has("noun", "backtest", "optimization", "run")
                and not heard.has("name")
            ):
                fit -= TAG_LEFT  # it answers of one run only
            elif (
                topic.name in _OF_ONE
                and heard.plural("backtest", "optimization")
                and not any(heard.has(kind) for kind in ("name", "id_backtest", "id_optimization", "limit"))
            ):
                fit -= TAG_LEFT  # "which backtests made a profit"
            if topic.name not in _OF_SEVERAL and several:
                fit -= TAG_LEFT  # it answers of one of those that were named
            if heard.has("agg", "share") and topic.name not in _OF_SHARES:
                fit -= TAG_LEFT
            if counted and topic.name not in _OVER_ALL:
                fit -= TAG_LEFT  # it counts other things
            both = heard.has("order", "best") and heard.has("order", "worst", "lowest") and not heard.cue("edge")
            grouped = (topic.name == "trades" and heard.has("dim")) or (
                topic.name == "parameters" and heard.has("agg", "avg", "median")
            )
            if both and topic.name not in _BOTH_ENDS and not grouped:
                fit -= TAG_LEFT  # one end of a ranking is answered, not both
        found.append(Plan(topic, heard, fit, len(left)))
    return sorted(found, key=lambda plan: -plan.confidence)  # stable: the earlier topic first


def _n_runs(heard: Heard) -> int:
    """How many runs a question names."""
    return len({tag.value for kind in ("name", "id_backtest", "id_optimization") for tag in heard.all(kind)})


def _counts_records(heard: Heard) -> bool:
    """Whether it is runs, datasets or their symbols that are counted: "how many optimizations"."""
    tags = [tag for tag in heard.tags if tag.kind != "subject" and tag.key != "cue:exists"]  # "of our stored backtests"
    pairs = pairwise(tags)
    nouns = heard.all("noun")
    if heard.has("agg", "count") and nouns and all(tag.value in _RECORDS for tag in nouns):
        text = heard.question.lower()
        if not any(tag.text in text for tag in nouns):  # "how many of them", which the clause before names
            return True
    return any(
        first.kind == "agg" and first.value == "count" and then.kind == "noun" and then.value in _RECORDS
        for first, then in pairs
    )


def parts(question: str, names: Names, context: str) -> list[Heard]:
    """The questions in one: each heard by itself, with the run that the first one names."""
    texts = [text for text in _PARTS.split(normal(question)) if text.strip()]
    heard = [hear(text, names, context) for text in texts]
    subjects = [tag for tag in heard[0].tags if tag.kind in SUBJECTS] if heard else []
    found = []
    for place, one in enumerate(heard):
        if place and not any(tag.kind in SUBJECTS and tag.value not in {"mine", "this", "all"} for tag in one.tags):
            found.append(replace(one.changed([*subjects, *one.tags]), question=texts[place]))
        else:
            found.append(replace(one, question=texts[place]))
    return completed(found)


def completed(found: list[Heard]) -> list[Heard]:
    """The same questions, each with what another one says for it.

    A run that is named behind is that of the questions before it ("how many in 2018, and how many in 2019 of X"), and
    "how much is it" is asked of the metric whose meaning was asked for.
    """
    found = [
        after.changed([*after.tags, *before.all("metric")]) if before is not None and _of_it(before, after) else after
        for before, after in zip([None, *found], found, strict=False)
    ]
    found = [
        after.changed([*before.all("metric"), *after.all("cue")])
        if before is not None and _meant_before(before, after)
        else after
        for before, after in zip([None, *found], found, strict=False)
    ]
    own = [[tag for tag in one.tags if tag.kind in SUBJECTS and tag.kind != "subject"] for one in found]
    first = next((place for place, tags in enumerate(own) if tags), 0)
    plain = all(
        not one.has("subject", "latest", "previous", "oldest", "running")
        and not (one.has("subject", "all") and one.has("noun", *_RECORDS))
        and not one.plural("backtest", "optimization", "run")
        and not (one.asks_which() and one.has("noun", *_RECORDS))
        for one in found[:first]
    )
    if not first or not plain:
        return found
    return [
        one.changed([*own[first], *one.tags]) if place < first and not one.cue("meaning", "howto") else one
        for place, one in enumerate(found)
    ]


def _meant_before(before: Heard, after: Heard) -> bool:
    """Whether a question is what that means of which the one before asks: "the Calmar ratio, and what does it mean"."""
    return after.cue("meaning") and before.has("metric") and not before.cue("meaning") and not after.has("metric")


def _of_it(before: Heard, after: Heard) -> bool:
    """Whether a question is how much that is whose meaning the one before asks for."""
    asked = before.cue("meaning") and before.has("metric") and not after.has("metric")
    return asked and re.search(r"\b(?:is|was) (?:it|that)\b", after.question.lower()) is not None


SUBJECTS = frozenset(
    {"subject", "symbol", "strategy", "timeframe", "name", "id_backtest", "id_optimization", "id_dataset", "id_unknown"}
)
"""Slots that say which run is meant."""


def sure(found: Sequence[Plan]) -> Plan | None:
    """The plan that answers, or None where it must be asked back."""
    if not found or found[0].confidence < ANSWERED:
        return None
    close = len(found) > 1 and found[0].confidence - found[1].confidence < CLOSE and found[0].confidence < SURE
    return None if close and found[0].reading != found[1].reading else found[0]
