"""What users noted down: of one run, with some words, or the newest. A note is quoted, and says nothing by itself."""

from __future__ import annotations

import re

from typing_extensions import override

from trading_ai.assistant.desk import Desk, Unanswerable
from trading_ai.assistant.drafts import Draft, quoted
from trading_ai.assistant.tags import Heard
from trading_ai.assistant.topics.topic import Topic

_SHOWN = 5
_OF_A_RUN = ("id_backtest", "id_optimization", "id_unknown", "name")
_ASKING = frozenset(
    [
        "note",
        "notes",
        "noted",
        "any",
        "anything",
        "all",
        "my",
        "mine",
        "i",
        "did",
        "do",
        "have",
        "are",
        "there",
        "is",
        "show",
        "list",
        "give",
        "print",
        "about",
        "on",
        "of",
        "for",
        "the",
        "a",
        "what",
        "which",
        "where",
        "when",
        "write",
        "wrote",
        "written",
        "down",
        "say",
        "said",
        "says",
        "tell",
        "me",
        "in",
        "to",
        "run",
        "runs",
        "backtest",
        "backtests",
        "optimization",
        "optimizations",
        "comment",
        "comments",
        "remark",
        "remarks",
        "newest",
        "latest",
        "last",
        "recent",
    ]
)
"""Words that ask for notes; the others are looked for in them."""


class OfUsers(Topic):
    """Notes of users."""

    name = "notes"
    accounts = frozenset()
    offers = ("list my notes", "what did I note about my last run?")

    @override
    def fit(self, heard: Heard) -> float:
        return 0.97 if heard.cue("note") and not heard.cue("howto") else 0.0

    @override
    def reading(self, heard: Heard) -> str:
        return "list my notes"

    @override
    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        where, order = _chosen(heard, desk, draft)
        found = draft.query(
            f"select note_id, kind, run_id, text, created_at from notes{where} order by {order} limit {_SHOWN}",
            {"text": "name"},
        )
        if not len(found):
            raise Unanswerable(
                "There is no such note." if where else "There are no notes yet.",
                ["list my notes", "how do I write a note about a run?"],
            )
        for row in range(len(found)):
            cells = {name: found.cell(row, name) for name in ("kind", "run_id", "text", "created_at")}
            draft.say("You noted about {kind} {run_id} on {created_at}: {text}.", **cells)
        draft.assume("Notes are quoted as they were written; nothing of what they say was checked")
        draft.offer("trading-ai note")


def _chosen(heard: Heard, desk: Desk, draft: Draft) -> tuple[str, str]:
    """Which notes, as the end of a query, and in which order."""
    newest = "created_at desc, note_id"
    pointed = heard.has("subject", "latest", "this", "previous", "oldest", "running") and heard.has("noun")
    if pointed or heard.context or any(map(heard.has, _OF_A_RUN)):
        return f" where run_id = {quoted(desk.newest(heard, draft).run_id)}", newest
    words = [word for word in re.findall(r"\w+", heard.question.lower()) if word not in _ASKING]
    if not words or desk.retriever is None:
        return "", newest
    found = desk.retriever.search(" ".join(words), ["trade-note"], _SHOWN)
    for told in found.said:
        draft.assume(told)
    ids = list(dict.fromkeys(hit.passage.about for hit in found.hits))
    if not ids:
        raise Unanswerable("No note has any of these words.", ["list my notes"])
    listed = ", ".join(map(quoted, ids))
    return f" where note_id in ({listed})", f"list_position([{listed}], note_id)"


OF_USERS = OfUsers()
