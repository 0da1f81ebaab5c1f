"""The assistant over HTTP."""

from __future__ import annotations

import json

import pytest

from tests.integration.api.laptop import assert_problem

ASK = "/api/v1/ask"


def _events(text):
    parts = [part.split("\n") for part in text.strip().split("\n\n")]
    return [(head.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for head, data in parts]


def test_a_question_is_answered_with_its_query_and_cells(laptop):
    asked = {"question": "net profit by direction", "context": laptop.backtest_id}
    answer = laptop.assistant.post(ASK, json=asked).json()
    assert answer["status"] == "answered"
    groups, whole = answer["citations"]
    for citation in (groups, whole):
        again = laptop.pipeline.post("/api/v1/sql", json={"sql": citation["sql"]}).json()
        assert again["rows"] == citation["rows"]
        assert again["data_version"] == citation["data_version"]
    *of_groups, of_all = answer["statements"]
    assert all(place.startswith("c1.r") for statement in of_groups for place in statement["cells"])
    assert all(place.startswith("c2.r0.") for place in of_all["cells"])


def test_a_stream_ends_with_the_whole_answer(laptop):
    asked = {"question": "net profit by direction", "context": laptop.backtest_id}
    whole = laptop.assistant.post(ASK, json=asked).json()
    streamed = laptop.assistant.post(ASK, json={**asked, "stream": True})
    assert streamed.headers["content-type"].startswith("text/event-stream")
    events = _events(streamed.text)
    assert events[-1] == ("end", whole)
    assert [said for name, said in events if name == "statement"] == whole["statements"]
    assert [said for name, said in events if name == "citation"] == whole["citations"]


def test_a_follow_up_sends_the_conversation_along(laptop):
    first = laptop.assistant.post(ASK, json={"question": "net profit of long trades"}).json()
    more = {"question": "and shorts?", "conversation": first["conversation"]}
    second = laptop.assistant.post(ASK, json=more).json()
    assert second["status"] == "answered"
    assert "direction = 'short'" in second["citations"][0]["sql"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"question": ""},
        {"question": "a" * 1_001},
        {"question": 3},
        {"question": "profit", "conversation": "not one of ours!"},
        {"question": "profit", "stream": "yes"},
        {"question": "profit", "sql": "select 1"},
    ],
)
def test_what_is_no_question_is_a_problem(laptop, body):
    assert_problem(laptop.assistant.post(ASK, json=body), 422)


def test_insights_of_what_is_not_there(laptop):
    assert_problem(laptop.assistant.get("/api/v1/insights/nothing"), 404, says="optimization")


def test_it_is_ready_without_a_language_model_and_says_so(laptop):
    answer = laptop.assistant.get("/ready")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["missing"] == []
    assert "none is set" in answer.json()["checks"]["language_model"]
    assert laptop.assistant.get("/health").json()["service"] == "assistant"
