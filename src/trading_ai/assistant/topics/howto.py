"""How to do things: passages of the documentation, found and quoted."""

from __future__ import annotations

from typing_extensions import override

from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Draft
from trading_ai.assistant.showing import harmless
from trading_ai.assistant.tags import Heard
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
        hits = found.hits
        if not hits:
            raise Unanswerable("The documentation says nothing of that; `trading-ai --help` lists the commands.")
        for hit in hits:
            text = " ".join(hit.passage.text.split())[:_EXCERPT]
            draft.say(
                f"{harmless(hit.passage.title)} ({harmless(hit.passage.about)}): {text}".replace("{", "(").replace(
                    "}", ")"
                )
            )
        for told in found.said:
            draft.assume(told)
        draft.offer(*(f"read {harmless(hit.passage.about)}" for hit in hits))


HOWTO = HowTo()
