"""API keys and their scopes, origins, readiness, workers, and what is never written down."""

from __future__ import annotations

import logging
import re
import shutil
import time

import pytest
from fastapi.testclient import TestClient

from tests.integration.api.laptop import STOP, Laptop, assert_problem, running_laptop
from trading_ai.api.app import make_app
from trading_ai.api.context import Context
from trading_ai.api.origins import QUESTIONS
from trading_ai.cli.services import _keys_required
from trading_ai.errors import InputError
from trading_ai.store.tables import api_keys

READ = [
    ("optimizer", "GET", "/api/v1/optimize"),
    ("optimizer", "GET", "/api/v1/optimize/x/status"),
    ("optimizer", "GET", "/api/v1/optimize/x/results"),
    ("optimizer", "GET", "/api/v1/optimize/x/events"),
    ("optimizer", "GET", "/api/v1/workers/status"),
    ("pipeline", "GET", "/api/v1/backtests"),
    ("pipeline", "GET", "/api/v1/backtests/x/trades"),
    ("pipeline", "GET", "/api/v1/backtests/x/equity"),
    ("pipeline", "GET", "/api/v1/datasets"),
    ("pipeline", "GET", "/api/v1/strategies"),
    ("pipeline", "GET", "/api/v1/strategies/bundles"),
    ("pipeline", "GET", "/api/v1/sql/schema"),
    ("assistant", "GET", "/api/v1/insights/x"),
    ("assistant", "GET", "/api/v1/notes"),
]
RUN = [
    ("assistant", "POST", "/api/v1/notes"),
    ("assistant", "DELETE", "/api/v1/notes/x"),
    ("optimizer", "POST", "/api/v1/optimize"),
    ("optimizer", "POST", "/api/v1/optimize/x/cancel"),
    ("optimizer", "POST", "/api/v1/optimize/x/pause"),
    ("optimizer", "POST", "/api/v1/optimize/x/resume"),
    ("optimizer", "POST", "/api/v1/optimize/x/priority"),
    ("optimizer", "DELETE", "/api/v1/optimize/x"),
    ("optimizer", "POST", "/api/v1/walk-forward"),
    ("optimizer", "POST", "/api/v1/optimize/import"),
    ("pipeline", "POST", "/api/v1/backtests/import"),
    ("pipeline", "POST", "/api/v1/backtests"),
    ("pipeline", "POST", "/api/v1/datasets"),
    ("pipeline", "POST", "/api/v1/datasets/x/append"),
    ("pipeline", "DELETE", "/api/v1/backtests/x"),
    ("pipeline", "DELETE", "/api/v1/datasets/x"),
]
ADMIN = [
    ("pipeline", "POST", "/api/v1/strategies/bundles"),
    ("pipeline", "DELETE", "/api/v1/strategies/bundles/x"),
]


@pytest.fixture(scope="module")
def keys(laptop):
    return {
        scope: laptop.application.keys.create(f"for {scope}", scope, time.time()) for scope in ("read", "run", "admin")
    }


@pytest.fixture
def guarded(laptop):
    return dict(zip(("pipeline", "optimizer", "assistant"), laptop.clients(keys_required=True), strict=True))


def test_no_key_is_needed_on_this_machine(laptop):
    assert laptop.optimizer.get("/api/v1/optimize").status_code == 200
    assert _keys_required(laptop.application, "127.0.0.1", insecure=False) is False


def test_beyond_this_machine_a_key_must_exist(tmp_path):
    application = Laptop(tmp_path).application
    with pytest.raises(InputError, match="there is no API key"):
        _keys_required(application, "0.0.0.0", insecure=False)
    assert _keys_required(application, "0.0.0.0", insecure=True) is False
    record, _ = application.keys.create("me", "admin", time.time())
    assert _keys_required(application, "0.0.0.0", insecure=False) is True
    application.keys.revoke(record.key_id, time.time())
    with pytest.raises(InputError, match="there is no API key"):
        _keys_required(application, "0.0.0.0", insecure=False)


@pytest.mark.parametrize(("service", "method", "path"), READ + RUN)
def test_every_route_asks_for_a_key(guarded, service, method, path):
    answer = guarded[service].request(method, path)
    assert_problem(answer, 401, says="X-API-Key")
    assert answer.headers["www-authenticate"] == "Bearer"
    wrong = guarded[service].request(method, path, headers={"X-API-Key": "tai_0_guess"})
    assert_problem(wrong, 401, says="not valid")
    assert "guess" not in wrong.text


def test_a_key_that_may_look_asks_every_question_and_does_nothing_else(guarded, keys):
    """The gate and the routes ask for the same: a route of `read` is not closed by the gate."""
    headers, seen = {"X-API-Key": keys["read"][1]}, set()
    for service, client in guarded.items():
        for path, operations in client.app.openapi()["paths"].items():
            for method in operations if path.startswith("/api/") else ():
                if method == "get":
                    continue
                answer = client.request(method, re.sub(r"{\w+}", "x", path), headers=headers, json={})
                if path in QUESTIONS:
                    seen.add(path)
                    assert answer.status_code == 422, (service, path)
                else:
                    assert_problem(answer, 403, says="has scope read; this needs")
    assert seen == set(QUESTIONS)


def test_every_route_is_in_one_of_the_lists(guarded):
    listed = {(service, method, path.replace("/x", "/{}")) for service, method, path in READ + RUN + ADMIN}
    for service, client in guarded.items():
        for path, operations in client.app.openapi()["paths"].items():
            if not path.startswith("/api/"):
                continue
            plain = "/".join("{}" if part.startswith("{") else part for part in path.split("/"))
            for method, operation in operations.items():
                assert operation["security"] == [{"key": []}, {"bearer": []}]
                questions = {"/api/v1/sql", "/api/v1/ask", "/api/v1/search"}  # too long for a URL
                reads = method == "get" or plain in questions
                assert (service, method.upper(), plain) in listed or reads
                if method == "get":
                    assert client.get(path.replace("{", "").replace("}", "").replace("_", "-")).status_code == 401


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics", "/docs", "/openapi.json"])
def test_probes_and_documentation_need_no_key(guarded, path):
    for client in guarded.values():
        assert client.get(path).status_code in {200, 503}


@pytest.mark.parametrize(
    ("header", "word"), [("X-API-Key", ""), ("Authorization", "Bearer "), ("Authorization", "bearer ")]
)
@pytest.mark.parametrize("scope", ["read", "run", "admin"])
def test_scopes(guarded, keys, scope, header, word):
    headers = {header: word + keys[scope][1]}
    for service, method, path in READ:
        assert guarded[service].request(method, path, headers=headers).status_code in {200, 404}
    for service, method, path in RUN:
        answer = guarded[service].request(method, path, headers=headers)
        if scope == "read":
            assert_problem(answer, 403, says="scope read; this needs run")
        else:
            assert answer.status_code in {404, 422}


def test_a_wrong_key_is_refused_where_none_is_needed(laptop):
    assert_problem(laptop.optimizer.get("/api/v1/optimize", headers={"X-API-Key": "tai_x_y"}), 401)


def test_a_revoked_key_ends(laptop):
    record, key = laptop.application.keys.create("gone", "admin", time.time())
    laptop.application.keys.revoke(record.key_id, time.time())
    optimizer = laptop.clients(keys_required=True)[1]
    assert_problem(optimizer.get("/api/v1/optimize", headers={"X-API-Key": key}), 401)


def test_keys_rest_as_hashes_and_are_never_logged(laptop, keys, guarded, caplog, capfd):
    logging.getLogger("trading_ai").propagate = True
    caplog.set_level(logging.DEBUG)
    key = keys["run"][1]
    body = {"backtest_id": laptop.backtest_id, "parameters": [STOP], "seed": "wrong"}
    assert guarded["optimizer"].post("/api/v1/optimize", json=body, headers={"X-API-Key": key}).status_code == 422
    with laptop.application.database.read() as connection:
        stored = str([tuple(row) for row in connection.execute(api_keys.select())])
    secret = key.split("_", 2)[2]
    written = capfd.readouterr()
    for text in (stored, caplog.text, written.out, written.err):
        assert secret not in text


def test_settings_are_logged_without_passwords(tmp_path, capfd):
    url = f"sqlite:///{tmp_path / 'a.db'}"
    laptop = Laptop(tmp_path, database_url=url, log_level="INFO", flower_basic_auth="me:hunter2")
    assert laptop.application.settings.flower_basic_auth.get_secret_value() == "me:hunter2"
    written = capfd.readouterr().err
    assert '"settings"' in written
    assert "hunter2" not in written
    assert url not in written


def test_other_origins_are_refused_unless_named(laptop, tmp_path):
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"}
    answer = laptop.optimizer.get("/api/v1/optimize", headers=asked)
    assert not [name for name in answer.headers if name.startswith("access-control")]
    named = Laptop(tmp_path, cors_origins="https://elsewhere.example").optimizer
    assert named.get("/health", headers=asked).headers["access-control-allow-origin"] == "https://elsewhere.example"
    assert named.options("/api/v1/optimize", headers=asked).status_code == 200
    other = named.get("/health", headers={"Origin": "https://other.example"})
    assert "access-control-allow-origin" not in other.headers


def test_health_ready_and_documentation(laptop):
    for service, client in (("pipeline", laptop.pipeline), ("optimizer", laptop.optimizer)):
        health = client.get("/health").json()
        assert (health["status"], health["service"]) == ("ok", service)
        ready = client.get("/ready")
        assert ready.status_code == 200, ready.text
        assert ready.json() == {"status": "ready", "missing": [], "checks": {"database": "ok", "workers": "ok"}}
        assert "swagger" in client.get("/docs").text
        assert "trading_ai_http_requests" in client.get("/metrics").text


def test_metrics_tell_of_the_disk_and_do_without_it(laptop, monkeypatch):
    disk = shutil.disk_usage(laptop.application.settings.home)
    text = laptop.optimizer.get("/metrics").text
    assert float(re.search(r"^trading_ai_disk_bytes (\S+)$", text, re.MULTILINE)[1]) == disk.total
    assert 0 < float(re.search(r"^trading_ai_disk_free_bytes (\S+)$", text, re.MULTILINE)[1]) <= disk.total

    def gone(path):
        raise FileNotFoundError(path)

    monkeypatch.setattr(shutil, "disk_usage", gone)
    text = laptop.optimizer.get("/metrics").text
    assert "trading_ai_disk_free_bytes" not in text
    assert "trading_ai_queue_chunks 0.0" in text


def test_ready_says_that_workers_and_broker_are_missing(tmp_path, monkeypatch):
    laptop = Laptop(tmp_path, broker_url="redis://127.0.0.1:1/0")

    class Silent:
        def trouble(self):
            return "does not answer"

        def n_waiting(self):
            return None

    monkeypatch.setitem(vars(laptop.application), "broker", Silent())
    answer = TestClient(
        make_app("optimizer", Context(laptop.application), keys_required=False), base_url="http://localhost"
    ).get("/ready")
    assert answer.status_code == 503
    assert answer.json()["status"] == "not ready"
    assert answer.json()["missing"] == ["broker", "workers"]
    assert answer.json()["checks"]["database"] == "ok"


@pytest.mark.parametrize(
    ("asked", "missing"),
    [
        ("only=database", []),
        ("only=broker", ["broker"]),
        ("only=workers&only=database", ["workers"]),
        ("", ["broker", "workers"]),
    ],
)
def test_ready_looks_at_what_is_asked_for(tmp_path, asked, missing):
    laptop = Laptop(tmp_path, broker_url="redis://127.0.0.1:1/0")
    laptop.application.broker = type(
        "Silent", (), {"trouble": lambda _: "does not answer", "n_waiting": lambda _: None}
    )()
    client = TestClient(
        make_app("optimizer", Context(laptop.application), keys_required=False), base_url="http://localhost"
    )
    answer = client.get(f"/ready?{asked}")
    assert answer.json()["missing"] == missing
    assert answer.status_code == (503 if missing else 200)


def test_ready_knows_its_parts(laptop):
    assert laptop.optimizer.get("/ready?only=moon").status_code == 422


def test_workers(tmp_path):
    with running_laptop(tmp_path) as laptop:
        key = laptop.slow(300)
        laptop.wait_for_trials(key)
        body = laptop.optimizer.get("/api/v1/workers/status").json()
        assert body["workers_online"] == body["total_workers"] == len(body["workers"]) == 1
        assert body["queue_length"] == 0
        assert 0 < body["remaining_tasks"] < 300
        assert body["throughput_per_second"] > 0
        worker = body["workers"][0]
        assert (worker["host"], worker["pool_size"], worker["active"], worker["status"]) == ("laptop", 1, 1, "online")
        assert {"processed", "failed", "memory_bytes", "last_heartbeat"} <= set(worker)
        laptop.optimizer.post(f"/api/v1/optimize/{key}/cancel")
        laptop.wait(key)
