"""Questions that were written before the code come to what was written beside them."""

from __future__ import annotations

import pytest

from tests.integration.assistant.asked import ASKED
from trading_ai.assistant.asking import Assistant


@pytest.mark.parametrize(("question", "status", "topic"), ASKED, ids=[asked[0] for asked in ASKED])
def test_a_question_comes_to_its_status_and_topic(assistant: Assistant, question: str, status: str, topic: str) -> None:
    answer = assistant.ask(question)
    assert answer.status == status, answer.texts
    assert topic in answer.topic
    assert answer.status == "answered" or answer.choices
