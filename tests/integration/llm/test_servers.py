"""Servers of language models: what they may do wrong ends in what came before it, and words for why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from tests.fakes.ollama_server import MODEL, Line, Script, content, ollama_server, said
from trading_ai.assistant.ports import Message
from trading_ai.bootstrap import Application
from trading_ai.errors import InputError, TransientError
from trading_ai.llm.limits import ModelLimits
from trading_ai.llm.ollama import OllamaModel
from trading_ai.llm.openai import OpenAIModel
from trading_ai.settings import Settings

ASKED = [Message("system", "Be brief."), Message("user", "Which one?")]
SCHEMA = {"type": "object", "properties": {"choice": {"type": "integer"}}, "required": ["choice"]}
QUICK = ModelLimits(first_seconds=0.4, between_seconds=0.2, total_seconds=1.0, max_bytes=5_000)


@contextmanager
def _ollama(script: Script, limits: ModelLimits = QUICK, model: str = MODEL) -> Iterator[OllamaModel]:
    with ollama_server(script) as url:
        made = OllamaModel(url, model, limits)
        yield made
        made.close()


def test_an_answer_comes_in_pieces_with_schema_and_context() -> None:
    script = Script(said('{"cho', 'ice": 1}'))
    with _ollama(script) as model:
        assert list(model.stream(ASKED, SCHEMA)) == ['{"cho', 'ice": 1}']
        answer = model.answer(ASKED)
    assert (answer.text, answer.complete, answer.why) == ('{"choice": 1}', True, "")
    assert answer.facts["prompt_eval_count"] == 500
    first, second = script.asked
    assert first["format"] == SCHEMA
    assert "format" not in second
    assert first["options"]["num_ctx"] == QUICK.context_tokens
    assert first["messages"] == [{"role": m.role, "content": m.text} for m in ASKED]


WRONG: dict[str, tuple[list[Line], str, str]] = {
    "an error in mid-stream": ([content("Mon"), {"error": "out of memory"}], "Mon", "out of memory"),
    "a stream that just ends": ([content("Mon")], "Mon", "broke off in the middle"),
    "no JSON": ([content("Mon"), b"<html>oops</html>\n"], "Mon", "no JSON document"),
    "JSON that is no document": ([b"[1]\n"], "", "no JSON document"),
    "JSON nested too deeply": ([b"[" * 4_000 + b"\n"], "", "no JSON document"),
    "a limit of length": (said("Mon", reason="length"), "Mon", "limit of length"),
    "a prompt that was cut": (said("Mon", prompt_eval_count=2), "Mon", "cut the prompt"),
    "a tool call": ([{"message": {"content": "", "tool_calls": [{"function": {"name": "rm"}}]}}], "", "called a tool"),
    "a slow beginning": ([0.8, *said("Mon")], "", "said nothing for 0.4 s"),
    "a pause": ([content("Mon"), 0.5, *said("day")], "Mon", "paused for 0.2 s"),
    "a page without end": ([content("x" * 100)] * 1_000, "", "cut there"),
    "one endless line": ([b"x" * 1_000] * 1_000, "", "cut there"),
    "drops that take for ever": ([part for _ in range(40) for part in (content("."), 0.05)], "", "took over 1 s"),
    "an answer that is no text": ([{"message": {"content": 5}, "done": False}, *said("ok")], "ok", ""),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_goes_wrong_is_told_and_never_raised(case: str) -> None:
    lines, text, why = WRONG[case]
    long = [Message("user", "word " * 100)]
    with _ollama(Script(lines)) as model:
        answer = model.answer(long)
        if text:
            assert answer.text == text
        assert len(answer.text) <= QUICK.max_bytes
        assert why in answer.why
        assert answer.complete == (not why)
        if why:
            with pytest.raises(TransientError, match=why):
                list(model.stream(long))


def test_a_model_that_is_not_there_is_told_with_those_that_are() -> None:
    with _ollama(Script(said("x"), models=("a:1", "b:2")), model="c") as model:
        assert "has no model 'c'; it has a:1, b:2" in model.answer(ASKED).why


@pytest.mark.parametrize("status", [400, 429, 500, 503])
def test_other_statuses_are_told(status: int) -> None:
    with _ollama(Script(said("x"), status=status)) as model:
        answer = model.answer(ASKED)
    assert answer.text == ""
    assert f"answers {status}: busy" in answer.why


def test_no_server_is_told() -> None:
    with ollama_server(Script()) as url:
        pass
    model = OllamaModel(url, MODEL, QUICK)
    assert "cannot be reached" in model.answer(ASKED).why
    model.close()


def test_a_prompt_that_does_not_fit_is_not_sent() -> None:
    script = Script(said("x"))
    with _ollama(script) as model:
        answer = model.answer([Message("user", "x" * 6_145)])
        assert "has room for 6,144" in answer.why
        assert not script.asked
        assert model.answer([Message("user", "x" * 6_144)]).complete is False  # 500 tokens were read of it
        assert len(script.asked) == 1


def test_threads_share_a_model() -> None:
    def echo(body: dict[str, Any]) -> Iterator[Line]:
        yield from said(body["messages"][0]["content"])

    with _ollama(Script(echo), ModelLimits()) as model, ThreadPoolExecutor(8) as pool:
        texts = [f"number {i}" for i in range(40)]
        assert [a.text for a in pool.map(lambda t: model.answer([Message("user", t)]), texts)] == texts


def _event(delta: dict[str, Any], reason: str | None = None) -> bytes:
    part = {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
    return f"data: {json.dumps(part)}\n\n".encode()


@pytest.mark.parametrize(
    ("lines", "text", "why"),
    [
        ([_event({"role": "assistant"}), _event({"content": "Mon"}), b": ping\n\n", _event({"content": "day"}),
          _event({}, "stop"), b"data: [DONE]\n\n"], "Monday", ""),
        ([_event({"content": "Mon"}), _event({}, "length"), b"data: [DONE]\n\n"], "Mon", "limit of length"),
        ([_event({"content": "Mon"})], "Mon", "broke off in the middle"),
        ([_event({"content": "Mon"}), b"data: [DONE]\n\n"], "Mon", "broke off in the middle"),
        ([_event({"content": "Mon"}), b'data: {"error": {"message": "gone"}}\n\n'], "Mon", "gone"),
        ([b"data: {\n\n"], "", "no JSON document"),
        ([_event({"tool_calls": [{}]})], "", "called a tool"),
        ([_event({"content": "Mon"}), 0.5, _event({}, "stop")], "Mon", "paused"),
    ],
)  # fmt: skip
def test_openais_protocol(lines: list[Line], text: str, why: str) -> None:
    script = Script(lines)
    with ollama_server(script) as url:
        model = OpenAIModel(url, MODEL, QUICK, "secret")
        answer = model.answer(ASKED, SCHEMA)
        model.close()
    assert answer.text == text
    assert why in answer.why
    assert answer.complete == (not why)
    assert script.asked[0]["response_format"]["json_schema"]["schema"] == SCHEMA
    assert "secret" not in model.name


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ollama_url": "http://h:1"}, "TRADING_AI_OLLAMA_MODEL: is not set"),
        ({"llm_url": "http://h:1"}, "TRADING_AI_LLM_MODEL: is not set"),
        ({"ollama_url": "h:1", "ollama_model": "m"}, "TRADING_AI_OLLAMA_URL: must begin with http"),
        ({"ollama_url": "http://h:1", "ollama_model": "m", "llm_url": "http://h:1"}, "cannot be set beside"),
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path: Any, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        _ = Application(Settings.model_validate({"home": tmp_path, **settings})).language_model


def test_settings_choose_the_model(tmp_path: Any) -> None:
    assert Application(Settings(home=tmp_path)).language_model is None
    made = Application(
        Settings.model_validate({"home": tmp_path, "ollama_url": "http://h:1", "ollama_model": "m"})
    ).language_model
    assert isinstance(made, OllamaModel)
    assert made.name == "m at h"
    assert isinstance(
        Application(
            Settings.model_validate({"home": tmp_path, "llm_url": "http://h:1", "llm_model": "m"})
        ).language_model,
        OpenAIModel,
    )
