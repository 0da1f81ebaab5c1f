"""What is never answered: orders to change something, the future, secrets, live accounts, SQL, talk to a model."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trading_ai.assistant.hearing import normal
from trading_ai.assistant.pieces import asked
from trading_ai.assistant.texts import lines_of


def _rules() -> Iterator[tuple[re.Pattern[str], str]]:
    """What is said, and of which questions, in the order of `refusals.txt`."""
    said, patterns = "", list[str]()
    for line in [*lines_of("refusals.txt"), "> "]:
        if line.startswith("> "):
            if patterns:
                yield re.compile("|".join(patterns)), said
            said, patterns = line.removeprefix("> "), []
        else:
            patterns.append(line)


_COMPILED = tuple(_rules())
_HOW_TO = re.compile(
    r"^(?:please )?(?:how (?:do|can|should|would|to|does)|where (?:do|can)|what (?:is the )?command|which command|can "
    r"i|is it possible to)\b"
)

_OF_KEYS = re.compile(
    r"^(?:how|where|what command|which command)\b.{0,30}\b(?:make|create|add|issue|revoke|delete|rotate|generate|get)\b"
    r".{0,20}\bkeys?\b"
)

_OF_CIRCUMSTANCES = ("Live accounts", "The future", "Only what is stored", "What is told", "That is not about")
"""How rules begin that hold for what is asked: "my broker likes it, so what is the profit factor" is answered."""

CAN_ASK = (
    "what can be asked: results and rankings, parameters, robustness and luck, walk-forwards, costs, trades by hour, "
    "weekday, month, "
    "session or direction, streaks, drawdowns, comparing runs, data quality, progress, what to optimize next, and how "
    "to do things"
)
"""What a refusal says besides."""


def refusal(question: str) -> str | None:
    """Why a question is not answered, or None where nothing speaks against trying.

    Args:
        question: as it was asked; never a text from the database.
    """
    text, asking = normal(question), normal(asked(question))
    for place, (pattern, said) in enumerate(_COMPILED):
        if said.startswith("Secrets") and _OF_KEYS.search(text):
            continue  # how to make a key is no secret
        if place >= len(_COMPILED) - 3 and place < len(_COMPILED) - 1 and _HOW_TO.match(text):
            continue  # how to delete something is a question
        if pattern.search(asking if said.startswith(_OF_CIRCUMSTANCES) else text):
            return said
    return None
