"""Whatever is asked, it is heard without an error, and what a conversation keeps comes back as it was."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.integration.assistant.known import HELD, KNOWN
from trading_ai.assistant.asking import READINGS
from trading_ai.assistant.conversations import kept, recalled
from trading_ai.assistant.hearing import Names, hear
from trading_ai.assistant.lexicon import phrases
from trading_ai.assistant.planner import parts, plans, sure
from trading_ai.assistant.refusals import refusal

NAMES = Names({"eurusd": ("symbol", "EURUSD")}, {"ab12cd34-0000-4000-8000-000000000000": "backtest"})
WORDS = st.sampled_from(
    [*phrases(), "5", "14:00", "1.5", "top", "between", "and", "not", "eurusd", "ab12cd34", "strange"]
)
QUESTIONS = st.lists(WORDS, max_size=10).map(" ".join)
"""Words that mean something, in any order: far more of the grammar than real questions."""


@given(question=st.one_of(st.text(max_size=200), QUESTIONS))
@settings(max_examples=examples(200), deadline=None)
def test_whatever_is_asked_is_planned(question: str) -> None:
    refusal(question)
    heard = hear(question, NAMES)
    found = plans(heard)
    assert all(a.confidence >= b.confidence for a, b in pairwise(found))
    if sure(found) is not None:
        assert sure(found) is found[0]
    for part in parts(question, NAMES, ""):
        plans(part)
    for plan in found:
        assert plan.reading


@given(question=QUESTIONS)
@settings(max_examples=examples(200), deadline=None)
def test_a_conversation_keeps_slots(question: str) -> None:
    heard = hear(question, NAMES, "ab12cd34")
    if len(heard.tags) > 40:
        return
    again = recalled(kept(heard, "trades"), NAMES)
    assert again is not None
    assert again == (heard.tags, "trades", "ab12cd34")


@given(text=st.text(max_size=300))
@settings(max_examples=examples(200), deadline=None)
def test_any_other_text_is_no_conversation(text: str) -> None:
    again = recalled(text, NAMES)
    assert again is None or all(isinstance(tag.value, str) for tag in again[0])


RUNS = Names({"cable trend": ("name", "cable trend"), "gold rsi grid": ("name", "gold rsi grid")})
ASKED = st.sampled_from([*READINGS, *(known[0] for known in (*KNOWN, *HELD) if known[1] == "answered")])


@given(question=ASKED, name=st.sampled_from(sorted(RUNS.phrases)), ahead=st.booleans())
@settings(max_examples=examples(200), deadline=None)
def test_a_run_that_is_named_is_heard_whatever_turns_a_question_into_other_words(
    question: str, name: str, ahead: bool
) -> None:
    asked = f"{name}: {question}" if ahead else f"{question.rstrip('?. ')} of {name}?"
    assert hear(asked, RUNS).has("name", name), hear(asked, RUNS).tags
