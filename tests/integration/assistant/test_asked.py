"""Questions that were written before the code come to what was written beside them."""

from __future__ import annotations

import pytest

from tests.integration.assistant.asked import ASKED
from tests.integration.assistant.known import HELD, KNOWN
from trading_ai.assistant.answers import Answer
from trading_ai.assistant.asking import Assistant


@pytest.mark.parametrize(("question", "status", "topic"), ASKED, ids=[asked[0] for asked in ASKED])
def test_a_question_comes_to_its_status_and_topic(assistant: Assistant, question: str, status: str, topic: str) -> None:
    answer = assistant.ask(question)
    assert answer.status == status, answer.texts
    assert topic in answer.topic
    assert answer.status == "answered" or answer.choices


def said(answer: Answer, facts: tuple[str, ...]) -> bool:
    return all(fact in " ".join(answer.texts) for fact in facts)


@pytest.mark.parametrize(("question", "status", "facts"), KNOWN, ids=[known[0] for known in KNOWN])
def test_an_answer_says_what_was_worked_out_by_hand(
    assistant: Assistant, question: str, status: str, facts: tuple[str, ...]
) -> None:
    answer = assistant.ask(question)
    if status == "answered":
        assert answer.status == status, answer.texts
        assert said(answer, facts), answer.texts
    else:
        assert answer.status in {"clarify", "refused"}, answer.texts


def test_of_the_held_out_third_most_are_right_and_none_is_wrong(assistant: Assistant) -> None:
    answers = [(assistant.ask(question), status, facts) for question, status, facts in HELD]
    answered = [(status, said(answer, facts)) for answer, status, facts in answers if answer.status == "answered"]
    n_wrong = sum(status != "answered" or not right for status, right in answered)
    n_declined = sum(status != "answered" and answer.status != "answered" for answer, status, _ in answers)
    assert n_wrong == 0
    assert sum(right for _, right in answered) + n_declined >= 0.75 * len(HELD)
