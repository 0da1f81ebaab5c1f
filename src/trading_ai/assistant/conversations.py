"""What a conversation keeps: the slots of its last question, in a text that whoever asks sends along.

No server remembers anything, so that none can forget it: a follow-up may go to another one, or come after a restart.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable
from functools import cache

from trading_ai.assistant.hearing import Names
from trading_ai.assistant.lexicon import PARAMETER_WORDS, phrases
from trading_ai.assistant.planner import SUBJECTS
from trading_ai.assistant.spans import SPAN
from trading_ai.assistant.tags import Heard, Tag

MAX_CHARACTERS = 8_000
"""Longest text of a conversation that is read."""

_MOST_TAGS = 40
_OPERATORS = {">", ">=", "<", "<=", "=", None}
_FREE = {
    "hour": r"\d{1,2}(-\d{1,2})?",
    "year": r"\d{4}",
    "date": r"\d{4}-\d{2}(-\d{2})?",
    "place": r"\d{1,5}",
    "cmp": ".{1,2}",
    "limit": "",
    "number": "(clock)?",
    "factor": "",
    "span": SPAN.pattern,
    "after": r"(loss|win):\d{1,2}",
}
_FOLLOWING = re.compile(
    r"^(?:and|what about|how about|only|just|same|now|then|also|but|or|why|instead|ok|okay|for|on|in|what if|with|"
    r"without|by|per)\b|\binstead\b|\btoo\b\??$|\bas well\b\??$"
)
_REPLACED = {
    "weekday": ("weekday",), "date": ("date", "month", "year"),
    "span": ("span", "date", "month", "year"), "after": ("after",), "part": ("part",), "place": ("place",),
        "month": ("month",),
    "hour": ("hour",), "session": ("session",), "year": ("year",),
    "direction": ("direction",), "outcome": ("outcome",), "exit": ("exit",), "metric": ("metric",), "dim": ("dim",),
    "agg": ("agg",),
    "order": ("order", "day"), "limit": ("limit",), "parameter": ("parameter",), "factor": ("factor",), "day": ("day",),
    "condition": ("condition",),
}  # fmt: skip


def kept(heard: Heard, topic: str) -> str:
    """The slots of a question as a text."""
    tags = [[t.kind, t.value, t.text, t.operator, t.number, t.negated] for t in heard.tags[:_MOST_TAGS]]
    text = json.dumps({"topic": topic, "tags": tags, "context": heard.context}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def recalled(text: str, names: Names) -> tuple[tuple[Tag, ...], str, str] | None:
    """The slots, topic and context that a text keeps; None where it is none of ours.

    It comes from outside: a slot counts only with a value that a question could have given it.
    """
    if not text or len(text) > MAX_CHARACTERS:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        tags = [
            Tag(k, v, str(t)[:200], o, None if n is None else float(n), bool(neg))
            for k, v, t, o, n, neg in found["tags"]
        ]
        topic, context = str(found["topic"]), str(found["context"])
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error, UnicodeDecodeError, RecursionError):
        return None
    if len(tags) > _MOST_TAGS or not all(_possible(tag, names) for tag in tags):
        return None
    return tuple(tags), topic, context


def _possible(tag: Tag, names: Names) -> bool:
    if not isinstance(tag.kind, str) or not isinstance(tag.value, str) or tag.operator not in _OPERATORS:
        return False
    if tag.kind in _FREE:
        return re.fullmatch(_FREE[tag.kind], tag.value) is not None
    if tag.kind == "condition":
        kind, _, value = tag.value.partition(":")
        return (kind == "held" and value in {"hour", "day"}) or _possible(Tag(kind, value), names)
    if tag.kind.startswith("id_"):
        return names.ids.get(tag.value) == tag.kind.removeprefix("id_")
    return (tag.kind, tag.value) in _values() or (tag.kind, tag.value) in set(names.phrases.values())


@cache
def _values() -> frozenset[tuple[str, str]]:
    known = {meaning for meanings in phrases().values() for meaning in meanings}
    return frozenset(known | {("parameter", name) for name in PARAMETER_WORDS})


def follows(question: str) -> bool:
    """Whether a question sounds as if another one came before it."""
    return _FOLLOWING.search(question.strip().lower()) is not None


def merged(before: Iterable[Tag], heard: Heard) -> Heard:
    """A follow-up with the slots of the question before: what it names itself takes the place of what was there.

    Args:
        before: slots of the question before.
        heard: the follow-up.
    """
    new = [tag for tag in heard.tags if not (tag.kind == "cue" and tag.value in {"list", "exists"})]
    gone = {kind for tag in new for kind in _REPLACED.get(tag.kind, ())}
    for tag in new:
        if tag.kind in SUBJECTS and tag.value not in {"this", "mine"}:
            gone |= {tag.kind} if tag.kind in {"symbol", "strategy", "timeframe"} else set(SUBJECTS)
            if tag.kind in {"symbol", "strategy", "timeframe"}:
                gone |= {"id_backtest", "id_optimization", "name", "id_unknown"}
    left = [tag for tag in before if tag.kind not in gone and tag not in new]
    if any(tag.kind == "noun" for tag in new):
        kinds = {"backtest", "optimization", "run"}
        if any(tag.value in kinds for tag in new if tag.kind == "noun"):
            left = [tag for tag in left if not (tag.kind == "noun" and tag.value in kinds)]
    return heard.changed([*left, *new])
