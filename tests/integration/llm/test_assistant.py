"""The assistant with a model behind a server, joined as the program joins it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.ollama_server import MODEL, Line, Script, ollama_server, said
from tests.fakes.stored import fill
from trading_ai.assistant.answers import Answer
from trading_ai.bootstrap import Application
from trading_ai.settings import Settings

pytest.importorskip("duckdb")
QUESTION = "net profit by direction"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with hand-made results."""
    made: Path = tmp_path_factory.mktemp("stored")
    application = Application(Settings(home=made))
    fill(application.store, application.artifacts, application.verdicts)
    return made


def _asked(home: Path, url: str = "") -> Answer:
    given = {"home": home, "ollama_url": url, "ollama_model": MODEL, "llm_first_seconds": 2.0}
    application = Application(Settings.model_validate(given))
    try:
        return application.assistant.ask(QUESTION)
    finally:
        application.sql.close()


def _says(change: Callable[[str], str]) -> Callable[[dict[str, Any]], Iterator[Line]]:
    """A model that changes each sentence that it is given."""

    def lines(body: dict[str, Any]) -> Iterator[Line]:
        given = json.loads(body["messages"][-1]["content"])["sentences"]
        yield from said(json.dumps({"sentences": [change(text) for text in given]}))

    return lines


def test_words_that_hold_are_shown_with_the_figures_of_the_program(home: Path) -> None:
    plain = _asked(home)
    with ollama_server(Script(_says(lambda text: f"Here, {text[:1].lower()}{text[1:]}"))) as url:
        answer = _asked(home, url)
    assert answer.texts != plain.texts
    assert [text.removeprefix("Here, ").lower() for text in answer.texts] == [text.lower() for text in plain.texts]
    assert any("in a language model's words" in text for text in answer.assumptions)


@pytest.mark.parametrize(
    "script",
    [
        Script(_says(lambda text: text.replace("{", "not {"))),
        Script(_says(lambda _: "You will be rich.")),
        Script(_says(lambda text: text * 1_000)),
        Script([b"<html>"]),
        Script((), status=500),
        Script((), models=("other",)),
        None,
    ],
)
def test_a_model_that_lies_or_fails_leaves_the_sentences_and_is_told(home: Path, script: Script | None) -> None:
    plain = _asked(home)
    if script is None:
        with ollama_server(Script()) as url:
            pass
        answer = _asked(home, url)
    else:
        with ollama_server(script) as url:
            answer = _asked(home, url)
        assert script.asked
    assert answer.texts == plain.texts
    assert any("The sentences are the program's own" in text for text in answer.assumptions)
