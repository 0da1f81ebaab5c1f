"""Every refusal is a problem document that names the field, the value and the rule; nothing is started."""

from __future__ import annotations

import gzip
import io
import json
import zipfile

import pytest
from sqlalchemy.exc import OperationalError

from tests.integration.api.laptop import STOP, assert_problem

HUGE = {"name": "stop_loss", "min_value": 0, "max_value": 1e15, "step": 1}


@pytest.fixture(autouse=True)
def nothing_starts(laptop):
    before = len(laptop.application.store.optimizations())
    yield
    assert len(laptop.application.store.optimizations()) == before


@pytest.mark.parametrize("wrong", ["123e4567-e89b-12d3-a456-426614174000", "nothing"])
def test_unknown_backtest(laptop, wrong):
    assert_problem(laptop.start(backtest_id=wrong), 404, says=wrong)


def test_unknown_parameter_with_the_known_ones(laptop):
    answer = laptop.start({"name": "stop", "min_value": 1, "max_value": 3, "step": 1})
    document = assert_problem(answer, 422, field="stop", says="Known: ")
    assert {"fast", "slow", "stop_loss", "take_profit"} <= set(
        document["detail"].split("Known: ")[1].replace(",", " ").split()
    )


@pytest.mark.parametrize(
    ("change", "field", "value", "says"),
    [
        ({"min_value": 90}, "stop_loss.min_value", 90, "begins at 90 and ends at 80, which is below it"),
        ({"step": 0}, "stop_loss.step", 0, "must be above zero"),
        ({"step": -2}, "stop_loss.step", -2, "must be above zero"),
        ({"step": None}, "stop_loss.step", None, "is needed"),
        ({"min_value": None}, "stop_loss.min_value", None, "is needed"),
        ({"values": [1, 2]}, "stop_loss", None, "either values or"),
        ({"min_value": "20"}, "parameters.0.min_value", "20", "integer or a valid number"),
        ({"max_value": True}, "parameters.0.max_value", True, "integer"),
        ({"max_value": 1e16}, "parameters.0.max_value", 1e16, "less than or equal"),
        ({"name": ""}, "parameters.0.name", "", "at least 1"),
        ({"name": "a b"}, "parameters.0.name", "a b", "pattern"),
        ({"steps": 2}, "parameters.0.steps", 2, "Extra inputs"),
        ({"steps": 2}, "parameters.0.steps", 2, "Did you mean step?"),
    ],
)
def test_impossible_ranges(laptop, change, field, value, says):
    assert_problem(laptop.start(STOP | change), 422, field=field, value=value, says=says)


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ([], "parameters.0.values", "at least 1"),
        ([1, 1], "stop_loss", "twice"),
        (["a"], "stop_loss", "number"),
        ([10**16], "parameters.0.values.0", "less than or equal"),
        ([None], "parameters.0.values.0", "boolean"),
    ],
)
def test_impossible_values(laptop, values, field, says):
    assert_problem(laptop.start({"name": "stop_loss", "values": values}), 422, field=field, says=says)


@pytest.mark.parametrize(
    ("ranges", "says"),
    [
        ([STOP | {"step": 0.1}, {"name": "fast", "min_value": 1, "max_value": 20, "step": 1}], "601 x 20 = 12,020"),
        ([HUGE], "1,000,000,000,000,001 combinations, more than 10,000"),
        ([HUGE, HUGE | {"name": "take_profit"}], "more than 10,000"),
    ],
)
def test_a_space_over_the_limit_with_its_size(laptop, ranges, says):
    assert_problem(laptop.start(*ranges), 422, field="parameters", says=says)


@pytest.mark.parametrize("step", [1e-12, 5e-324])
def test_a_step_too_small_to_count_with(laptop, step):
    assert_problem(laptop.start(HUGE | {"step": step}), 422, says="more than")


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({"parameters": []}, "parameters", "at least 1"),
        ({"parameters": "stop_loss"}, "parameters", "list"),
        ({"parameters": [STOP, STOP]}, "stop_loss", "given twice"),
        ({"backtest_id": 7}, "backtest_id", "string"),
        ({"backtest_id": "%"}, "backtest_id", "pattern"),
        ({"optimization_type": "guess"}, "optimization_type", "guess"),
        ({"optimization_type": "random_search"}, "max_iterations", "is needed by random_search"),
        ({"optimization_type": "random_search", "max_iterations": 0}, "max_iterations", "greater than or equal to 1"),
        ({"max_iterations": "100"}, "max_iterations", "integer"),
        ({"objective": "luck"}, "", "luck"),
        ({"objective": "/etc/passwd.py:Secret"}, "objective", "not for requests to name"),
        ({"constraints": ["tardes > 3"]}, "constraints", "Did you mean trades?"),
        ({"parameter_constraints": ["fast < slwo"]}, "parameter_constraints", "Did you mean slow?"),
        ({"optimization_type": "genetics"}, "optimization_type", "Did you mean genetic?"),
        ({"objective": "net_profit + 'a'"}, "objective", "a text where a number belongs"),
        ({"objective": "-(net_profit < 1)"}, "objective", "a condition where a number belongs"),
        ({"objective": "max('a', net_profit)"}, "objective", "a text where a number belongs"),
        ({"objective": "net_profit * " + "9" * 400}, "objective", "too large"),
        ({"objective": "net_profit" + " ** 9" * 60}, "objective", "nested too deeply"),
        ({"objective": "plateau(plateau(net_profit))"}, "objective", "a plateau of a plateau"),
        ({"parameter_constraints": ["stop_loss == 'wide'"]}, "", "cannot be compared"),
        ({"parameter_constraints": ["stop_loss < 'wide'"]}, "", "cannot be compared"),
        ({"parameter_constraints": ["stop_loss and fast < slow"]}, "", "a number where a condition belongs"),
        ({"constraints": ["total_trades >> 3"]}, "", ">>"),
        ({"parameter_constraints": ["__import__('os')"]}, "", "__import__"),
        ({"seed": -1}, "seed", "greater than or equal to 0"),
        ({"seed": 1.5}, "seed", "integer"),
        ({"name": "a\nb"}, "name", "pattern"),
        ({"name": "x" * 201}, "name", "at most 200"),
        ({"priority": 10}, "priority", "less than or equal to 9"),
        ({"max_seconds": 0}, "max_seconds", "greater than 0"),
        ({"colour": "red"}, "colour", "Extra inputs"),
        ({"objectiv": "sqn"}, "objectiv", "Did you mean objective?"),
        ({"optimisation_type": "genetic"}, "optimisation_type", "Did you mean optimization_type?"),
    ],
)
def test_wrong_types_and_values(laptop, body, field, says):
    asked = {"backtest_id": laptop.backtest_id, "parameters": [STOP], **body}
    assert_problem(laptop.optimizer.post("/api/v1/optimize", json=asked), 422, field=field, says=says)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"[]", 422),
        (b"null", 422),
        (b"\xff\xfe{", 400),
        (b'{"seed": ' + b"9" * 5000 + b"}", 400),
    ],
)
def test_bodies_that_are_no_request(laptop, content, status):
    headers = {"Content-Type": "application/json"}
    assert_problem(laptop.optimizer.post("/api/v1/optimize", content=content, headers=headers), status)


def test_text_that_is_none_is_refused_politely(laptop):
    content = json.dumps({"backtest_id": "\ud800", "parameters": [], "name": "\ud800"}).encode()
    answer = laptop.optimizer.post("/api/v1/optimize", content=content, headers={"Content-Type": "application/json"})
    assert_problem(answer, 422, field="name")


def test_a_long_value_is_not_sent_back_whole(laptop):
    answer = laptop.start(STOP, objective="x" * 15_000)
    assert_problem(answer, 422, field="objective")
    assert len(answer.content) < 2_000


@pytest.mark.parametrize("key", ["with space", "ü".encode(), "x" * 201])
def test_impossible_idempotency_keys(laptop, key):
    assert_problem(laptop.start(STOP, headers={"Idempotency-Key": key}), 422, field="idempotency-key")


def oversized():
    for _ in range(30):
        yield b" " * 1_000


@pytest.mark.parametrize("content", [b" " * 20_001, oversized], ids=["declared", "in pieces"])
def test_oversized_bodies(laptop, content):
    content = content() if callable(content) else content
    answer = laptop.optimizer.post("/api/v1/optimize", content=content, headers={"Content-Type": "application/json"})
    assert_problem(answer, 413, says="20,000 bytes")


def multipart(size):
    yield b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    for _ in range(size // 1_000):
        yield b"x" * 1_000
    yield b"\r\n--cut--\r\n"


def test_oversized_uploads_are_refused_while_they_arrive(laptop):
    headers = {"Content-Type": "multipart/form-data; boundary=cut"}
    answer = laptop.pipeline.post("/api/v1/datasets", content=multipart(300_000), headers=headers)
    assert_problem(answer, 413, says="200,000 bytes")
    answer = laptop.pipeline.post(
        "/api/v1/datasets", files={"file": ("a.csv", b"x" * 300_000)}, data={"symbol": "EURUSD"}
    )
    assert_problem(answer, 413, says="200,000 bytes")


def zipped(data):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", data)
    return file.getvalue()


@pytest.mark.parametrize(("name", "pack"), [("a.csv.gz", gzip.compress), ("a.zip", zipped)])
def test_small_archives_of_large_files_are_refused(laptop, name, pack):
    file = pack(b"0" * 5_000_000)
    assert len(file) < 10_000
    answer = laptop.pipeline.post("/api/v1/datasets", files={"file": (name, file)}, data={"symbol": "EURUSD"})
    assert_problem(answer, 413, says="unpacks to more than the 200,000 bytes")


@pytest.mark.parametrize("path", ["/", "/api/v1", "/api/v1/optimise", "/api/v1/optimize/"])
def test_unknown_paths(laptop, path):
    assert_problem(laptop.optimizer.get(path), 404, says=path)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/api/v1/optimize", "GET, POST"), ("/api/v1/optimize/x", "DELETE, GET"), ("/api/v1/optimize/x/status", "GET")],
)
def test_methods_that_are_not_offered(laptop, path, allowed):
    answer = laptop.optimizer.put(path)
    assert_problem(answer, 405, says=allowed)
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize("what", ["status", "results", "events", "robustness"])
def test_unknown_optimizations(laptop, what):
    assert_problem(laptop.optimizer.get(f"/api/v1/optimize/nothing/{what}"), 404, says="nothing")
    assert_problem(laptop.optimizer.get(f"/api/v1/optimize/no%25thing/{what}"), 422, field="optimization_id")


def test_a_database_that_is_gone_is_a_503(laptop, monkeypatch):
    def fails(*_):
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(laptop.application.database.engine, "connect", fails)
    monkeypatch.setattr(laptop.application.database.engine, "begin", fails)
    answer = laptop.optimizer.get("/api/v1/optimize")
    assert_problem(answer, 503)
    assert answer.headers["retry-after"]
    ready = laptop.optimizer.get("/ready")
    assert ready.status_code == 503
    assert "database" in ready.json()["missing"]
    assert laptop.optimizer.get("/health").status_code == 200
    monkeypatch.undo()


def test_what_nobody_expected_is_a_problem_too(laptop, monkeypatch):
    optimizer = laptop.clients(keys_required=False, raise_server_exceptions=False)[1]
    monkeypatch.setattr(type(laptop.application.store), "optimizations", lambda _: 1 / 0)
    answer = optimizer.get("/api/v1/optimize")
    document = assert_problem(answer, 500)
    assert "division" not in document["detail"]
    monkeypatch.undo()


INVISIBLE = [
    "\x00",
    "\x1b",
    "\x7f",
    "\x9b",
    "\u061c",
    "\u200b",
    "\u200f",
    "\u2028",
    "\u202e",
    "\u2060",
    "\u2066",
    "\ufeff",
]


@pytest.mark.parametrize("character", INVISIBLE)
def test_names_and_texts_that_cannot_be_shown(laptop, character):
    text = f"a{character}b"
    assert_problem(laptop.start(name=text), 422, field="name")
    assert_problem(laptop.start({"name": "stop_loss", "values": [20, text]}), 422, field="parameters.0.values.1")
    assert_problem(laptop.start(constraints=[text]), 422, field="constraints.0")
    assert_problem(laptop.start(objective=text), 422, field="objective")
    body = {"dataset_id": laptop.dataset_id, "strategy": "sma_crossover", "name": text}
    assert_problem(laptop.pipeline.post("/api/v1/backtests", json=body), 422, field="name")


def test_the_first_wrong_value_of_a_long_list_is_told_and_not_all(laptop):
    wide = laptop.clients(keys_required=False)[1]
    body = {"backtest_id": laptop.backtest_id, "parameters": [{"name": "stop_loss", "values": [None] * 3_000}]}
    answer = wide.post("/api/v1/optimize", json=body)
    assert_problem(answer, 422, field="parameters.0.values.0")
    assert len(answer.content) < 2_000
    many = {f"n{i}": i for i in range(1_000)}
    answer = wide.post("/api/v1/optimize", json=many)
    assert_problem(answer, 422)
    assert len(answer.json()["errors"]) == 50
    twice = laptop.start({"name": "stop_loss", "values": [7] * 3_000})
    assert_problem(twice, 422, field="stop_loss", says="twice")
    assert len(twice.content) < 2_000
