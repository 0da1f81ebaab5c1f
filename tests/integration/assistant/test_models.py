"""What a language model may do: choose among readings, and word sentences. Whatever else it says changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from typing_extensions import override

from trading_ai.assistant.asking import Assistant
from trading_ai.assistant.drafts import Statement
from trading_ai.assistant.ports import LanguageModel, Message, ModelAnswer
from trading_ai.bootstrap import Application
from trading_ai.sqlbox.asked import BoxSql

UNSURE = "what is the profit factor?"
"""It can be read as a definition and as a figure."""


class Says(LanguageModel):
    """Says one thing, whatever it is asked."""

    name = "double"

    def __init__(self, text: str, *, complete: bool = True) -> None:
        self.text, self.complete = text, complete
        self.asked: list[tuple[Sequence[Message], Mapping[str, Any] | None]] = []

    @override
    def stream(self, messages: Sequence[Message], schema: Mapping[str, Any] | None = None) -> Iterator[str]:
        yield self.text

    @override
    def answer(self, messages: Sequence[Message], schema: Mapping[str, Any] | None = None) -> ModelAnswer:
        self.asked.append((messages, schema))
        return ModelAnswer(self.text, self.complete)


def _assistant(application: Application, model: LanguageModel, **more: Any) -> Assistant:
    return Assistant(BoxSql(lambda: application.sql), model=model, **more)


def test_it_chooses_among_the_readings_of_the_program(application: Application) -> None:
    model = Says('{"choice": 1}')
    answer = _assistant(application, model).ask(UNSURE)
    assert answer.status == "answered"
    assert answer.planner == "llm"
    assert any("a language model chose" in text for text in answer.assumptions)
    (messages, schema), *_ = model.asked
    assert schema is not None
    assert schema["properties"]["choice"]["maximum"] >= 2
    assert "1." in messages[1].text


@pytest.mark.parametrize(
    "text", ['{"choice": 0}', '{"choice": 99}', '{"choice": "1"}', '{"choice": true}', "[]", "1", "drop table", ""]
)
def test_whatever_is_no_choice_asks_back(application: Application, text: str) -> None:
    answer = _assistant(application, Says(text)).ask(UNSURE)
    assert answer.status == "clarify"
    assert answer.planner == "template"


def test_an_answer_that_broke_off_is_no_choice(application: Application) -> None:
    assert _assistant(application, Says('{"choice": 1}', complete=False)).ask(UNSURE).status == "clarify"


def test_it_is_not_asked_where_the_program_is_sure_or_refuses(application: Application) -> None:
    model = Says('{"choice": 1}')
    assistant = _assistant(application, model)
    assert assistant.ask("net profit by weekday").planner == "template"
    assert assistant.ask("drop table trades").status == "refused"
    assert not model.asked


def test_its_words_take_the_place_of_the_sentences_where_they_hold(application: Application) -> None:
    def worded(_: LanguageModel, statements: Sequence[Statement], __: str) -> list[str] | None:
        return [f"In other words: {s.text}" for s in statements]

    answer = _assistant(application, Says(""), worded=worded).ask("net profit by weekday")
    assert all(text.startswith("In other words: ") for text in answer.texts)
    assert answer.to_json()["statements"][0]["cells"] == list(answer.statements[0].cells)


@pytest.mark.parametrize("words", [None, [], ["one too few"]])
def test_words_that_do_not_hold_leave_the_sentences(application: Application, words: list[str] | None) -> None:
    plain = _assistant(application, Says("")).ask("net profit by weekday")
    answer = _assistant(application, Says(""), worded=lambda *_: words).ask("net profit by weekday")
    assert answer.texts == plain.texts


def test_a_document_says_json_only(application: Application) -> None:
    answer = _assistant(application, Says("")).ask("list my runs")
    json.dumps(answer.to_json(), allow_nan=False)
