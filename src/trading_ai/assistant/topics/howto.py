"""How to do things: passages of the documentation, found and quoted."""

from __future__ import annotations

import re

from typing_extensions import override

from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Draft
from trading_ai.assistant.examples import RECIPE, nearest_recipes, slotted
from trading_ai.assistant.manual import manual
from trading_ai.assistant.recipes import LEAST_SHARE, Recipe, covers, n_words, recipes
from trading_ai.assistant.showing import harmless
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.topic import Topic
from trading_ai.assistant.topics.trade_reading import FILTERS

_SHOWN = 3
_EXCERPT = 400
_CLEAR_LEAD = 0.12
"""Lead of the nearest recipe from which it alone is told."""

_BESIDE = 1
"""Passages beside what does it."""


class HowTo(Topic):
    """Passages of the documentation."""

    name = "howto"
    accounts = frozenset()
    offers = ("how do I import a csv file?", "how do I start an optimization?")

    @override
    def fit(self, heard: Heard) -> float:
        return 0.97 if heard.cue("howto") else 0.0

    @override
    def reading(self, heard: Heard) -> str:
        return "how do I start an optimization?"

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        if desk.retriever is None:
            raise Unanswerable("The documentation cannot be searched here; `trading-ai --help` lists the commands.")
        if not quote_docs(heard, desk, draft):
            raise Unanswerable("The documentation says nothing of that; `trading-ai --help` lists the commands.")


LEAST_OF_A_GUESS = 0.7
"""Least share of the words of a question that passages must have where nothing else says that it is about them."""

_LEAST_WORDS = 5


def told_in_docs(heard: Heard) -> bool:
    """Whether a question may be about how the program works: it names no run, no time, and nothing of trades."""
    stored = {
        *FILTERS,
        "name",
        "id_backtest",
        "id_optimization",
        "id_dataset",
        "id_unknown",
        "symbol",
        "dim",
        "limit",
        "metric",
        "order",
    }
    asks = re.match(r"(?:so |and |but |ok |well )?(?:if|when|what|how|which|can|could|does|do|is|are|why|where|i)\b",
                    heard.question.strip().lower())  # fmt: skip
    if heard.cue("clock", "imported", "gap", "spike", "quality") or heard.has("noun", "dataset"):
        return False
    mine = heard.has("subject", "latest", "previous", "oldest", "running", "all", "mine", "this")
    return asks is not None and not mine and not heard.has("number") and not any(heard.has(kind) for kind in stored)


def quote_docs(heard: Heard, desk: Desk, draft: Draft, least: float = LEAST_SHARE) -> bool:
    """Quote the passages that are nearest to a question; whether there are any that have most of its words.

    Args:
        heard: the question.
        desk: with the retriever.
        draft: the answer.
        least: share of the words of the question that they must have.
    """
    if desk.retriever is None:
        return False
    sure = least <= LEAST_SHARE
    if not sure and n_words(heard.question) < _LEAST_WORDS:
        return False
    told = _recipes(heard, desk) if sure else ()
    for recipe in told:
        draft.say(f"{recipe.text} ({recipe.page})".replace("{", "(").replace("}", ")"))
    if told:
        draft.offer(*dict.fromkeys(f"read {recipe.page}" for recipe in told))
    found = desk.retriever.search(heard.question, ["docs"], _SHOWN)
    hits = [hit.passage for hit in found.hits]
    if told:
        page = told[0].page
        first = tuple(p for p in manual() if p.about == page or p.about.partition("#")[0] == page)[:1]
        hits = [*first, *(hit for hit in hits if hit not in first)]
    hits = hits[: _BESIDE if told else _SHOWN]
    if not hits or not (told or covers(heard.question, hits, least)):
        return False
    for hit in hits:
        text = " ".join(hit.text.split())[:_EXCERPT]
        draft.say(f"{harmless(hit.title)} ({harmless(hit.about)}): {text}".replace("{", "(").replace("}", ")"))
    for text in found.said:
        draft.assume(text)
    draft.offer(*(f"read {harmless(hit.about)}" for hit in hits))
    return True


def _recipes(heard: Heard, desk: Desk) -> tuple[Recipe, ...]:
    """What does what is asked for, where examples tell it."""
    named = heard.first("recipe")
    if named is not None:
        return (recipes()[int(named.value)],)
    near = nearest_recipes(slotted(heard.question, desk.stored.names))
    if not near:
        return ()
    told = near[:1] if near[0].lead >= _CLEAR_LEAD else near  # of two that are as near, both are told
    return tuple(recipes()[int(found.pattern.removeprefix(RECIPE))] for found in told)


HOWTO = HowTo()
