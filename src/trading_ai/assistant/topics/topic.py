"""What a topic is: how well a question fits it, and its answer."""

from __future__ import annotations

from typing import Protocol

from trading_ai.assistant.desk import Desk
from trading_ai.assistant.drafts import Draft
from trading_ai.assistant.tags import Heard

ALWAYS = frozenset({
    "cue:list", "cue:also", "cue:used", "cue:results", "cue:exists", "cue:how_much", "subject",
    "id_backtest", "id_optimization",
    "id_unknown",
    "name",
    "symbol",
    "strategy", "timeframe", "status",
})  # fmt: skip
"""Kinds of tags that every topic about a run accounts for."""


class Topic(Protocol):
    """A kind of question."""

    @property
    def name(self) -> str:
        """What plans call it."""
        ...

    @property
    def accounts(self) -> frozenset[str]:
        """Kinds of tags whose meaning the answer takes in; others speak against it."""
        ...

    @property
    def offers(self) -> tuple[str, ...]:
        """Questions of this kind, for whoever is asked back."""
        ...

    def fit(self, heard: Heard) -> float:
        """How well a question fits, 0 for not at all to 1, whatever else it says."""
        ...

    def reading(self, heard: Heard) -> str:
        """The question as this topic reads it, in words that it understands in the same way."""
        ...

    def answer(self, heard: Heard, desk: Desk, draft: Draft) -> None:
        """Write the answer.

        Raises:
            Unanswerable: what is stored does not tell.
        """
        ...
