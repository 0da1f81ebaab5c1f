"""Follow-ups take the slots of the question before them, and only those that they do not name themselves."""

from __future__ import annotations

import base64
import json

import pytest

from trading_ai.assistant.answers import Answer
from trading_ai.assistant.asking import Assistant


def _asked(assistant: Assistant, *questions: str, context: str = "") -> list[Answer]:
    answers: list[Answer] = []
    conversation = ""
    for question in questions:
        answers.append(assistant.ask(question, context, conversation))
        conversation = answers[-1].conversation or conversation
    return answers


def _sql(answer: Answer) -> str:
    return answer.citations[0].sql


def test_a_direction_is_added(assistant: Assistant) -> None:
    _, second = _asked(assistant, "net profit of trades on Tuesdays", "and only shorts?", context="bbbb1111")
    assert "isodow(exit_time) in (2)" in _sql(second)
    assert "direction = 'short'" in _sql(second)
    assert "Read together with the question before it" in second.assumptions


def test_a_direction_is_replaced(assistant: Assistant) -> None:
    *_, third = _asked(assistant, "profit of longs on Tuesdays", "and shorts?", "what about Thursdays?")
    assert "direction = 'short'" in _sql(third)
    assert "in (4)" in _sql(third)
    assert "(2)" not in _sql(third)


def test_another_symbol_is_another_run(assistant: Assistant) -> None:
    first, second = _asked(assistant, "net profit by weekday on EURUSD", "and on GBPUSD?")
    assert _sql(first) != _sql(second)
    assert "cccc1111" in _sql(second)
    assert "group by weekday" in _sql(second)


def test_another_metric_keeps_the_groups(assistant: Assistant) -> None:
    _, second = _asked(assistant, "net profit by weekday", "and the win rate?")
    assert "win_rate" in _sql(second)
    assert "group by weekday" in _sql(second)


def test_why_asks_for_the_reasons_of_the_verdict(assistant: Assistant) -> None:
    _, second = _asked(assistant, "does the winner survive?", "why?")
    assert second.topic == "robustness"
    assert any("Fails (required)" in text for text in second.texts)


def test_it_is_the_run_of_the_question_before(assistant: Assistant) -> None:
    _, second = _asked(assistant, "what is the net profit of dear?", "how much did it pay in commission?")
    assert "eeee1111" in _sql(second)
    assert "4.00 USD" in second.texts[0]


def test_a_question_of_its_own_takes_nothing_over(assistant: Assistant) -> None:
    _, second = _asked(assistant, "profit of longs on Tuesdays", "how many combinations had a net profit above 6?")
    assert second.topic == "trials"
    assert "direction" not in _sql(second)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!!!",
        "bm90IGpzb24",
        base64.urlsafe_b64encode(b'{"tags": 3}').decode(),
        base64.urlsafe_b64encode(b"[" * 5_000).decode(),
        base64.urlsafe_b64encode(
            json.dumps(
                {"topic": "trades", "context": "", "tags": [["weekday", "1) or (1=1", "", None, None, False]]}
            ).encode()
        ).decode(),
        base64.urlsafe_b64encode(
            json.dumps({"topic": "", "context": "", "tags": [["hour", "1; drop", "", None, None, False]]}).encode()
        ).decode(),
    ],
)
def test_a_conversation_that_no_answer_gave_is_none(assistant: Assistant, text: str) -> None:
    alone = assistant.ask("net profit by weekday")
    with_it = assistant.ask("net profit by weekday", "", text)
    assert with_it.texts == alone.texts
    assert _sql(with_it) == _sql(alone)
