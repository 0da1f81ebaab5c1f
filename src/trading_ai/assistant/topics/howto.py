"""How to do things: passages of the documentation, found and quoted."""

from __future__ import annotations

from typing_extensions import override

from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Draft
from trading_ai.assistant.hearing import normal
from trading_ai.assistant.manual import manual
from trading_ai.assistant.ports import Passage
from trading_ai.assistant.showing import harmless
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.tasks import covers, task_of
from trading_ai.assistant.topics.topic import Topic

_SHOWN = 3
_EXCERPT = 400


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
        found = desk.retriever.search(heard.question, ["docs"], _SHOWN)
        told = _first(heard)
        hits = (*told, *(hit.passage for hit in found.hits if hit.passage not in told))[:_SHOWN]
        hits = hits if told or covers(heard.question, hits) else ()
        if not hits:
            raise Unanswerable("The documentation says nothing of that; `trading-ai --help` lists the commands.")
        for hit in hits:
            text = " ".join(hit.text.split())[:_EXCERPT]
            draft.say(f"{harmless(hit.title)} ({harmless(hit.about)}): {text}".replace("{", "(").replace("}", ")"))
        for text in found.said:
            draft.assume(text)
        draft.offer(*(f"read {harmless(hit.about)}" for hit in hits))


def _first(heard: Heard) -> tuple[Passage, ...]:
    """The page of what users call a thing, where one is near."""
    page = task_of(normal(heard.question))
    return tuple(passage for passage in manual() if passage.about == page)[:1] if page else ()


HOWTO = HowTo()
