"""Published strategies over HTTP: who may publish, what a server never does, and what a request cannot name."""

from __future__ import annotations

import builtins
import time

import pytest

from tests.fakes.bundles import bundle
from tests.integration.api.laptop import assert_problem, running_laptop
from trading_ai.strategies.bundle import Bundle
from trading_ai.strategies.publishing import bundle_of

BUNDLES = "/api/v1/strategies/bundles"
CODE = """import builtins
import trading_ai as ta
builtins.mine_ran_here = True
class Mine(ta.Strategy):
    length: int = ta.Int(5, 1, 50, unit="bars")
    def signals(self, bars, length):
        up = bars.close > bars.open
        return ta.Signals(up, ~up, ~up, up)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Bundle:
    file = tmp_path_factory.mktemp("trader") / "mine.py"
    file.write_text(CODE)
    return bundle_of(file)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A service that takes code from whoever has a key of scope admin, and a header for each scope."""
    with running_laptop(tmp_path_factory.mktemp("guarded"), allow_code_upload=True, workers=1) as laptop:
        laptop.pipeline, laptop.optimizer, _ = laptop.clients(keys_required=True)
        keys = laptop.application.keys
        laptop.keys = {
            scope: {"X-API-Key": keys.create(scope, scope, time.time())[1]} for scope in ("read", "run", "admin")
        }
        yield laptop


def sent(client, data: bytes, name: str = "mine", headers=None):
    return client.post(BUNDLES, files={"file": ("a.zip", data)}, data={"name": name}, headers=headers or {})


def test_a_published_strategy_is_run_and_searched_and_never_in_the_server(guarded, made):
    vars(builtins).pop("mine_ran_here", None)  # it was published here
    admin = guarded.keys["admin"]
    answer = sent(guarded.pipeline, made.pack(), headers=admin)
    assert answer.status_code == 201, answer.text
    document = answer.json()
    assert (document["hash"], document["names"]) == (made.bundle_hash, ["mine"])
    assert [p["name"] for p in document["strategies"][0]["parameters"]] == ["length"]
    body = {"dataset_id": guarded.dataset_id, "strategy": "bundle:mine", "parameters": {"length": 7}}
    run = guarded.keys["run"]
    answer = guarded.pipeline.post("/api/v1/backtests", json=body, headers=run)
    assert answer.status_code == 201, answer.text
    backtest_id = answer.json()["id"]
    spec = guarded.application.store.backtest(backtest_id).spec
    assert (spec.strategy, spec.parameters["length"]) == (f"bundle:{made.bundle_hash}", 7)
    ranges = [{"name": "stop_loss", "values": [20, 30]}, {"name": "length", "values": [5, 6]}]
    asked = {"backtest_id": backtest_id, "parameters": ranges}
    answer = guarded.optimizer.post("/api/v1/optimize", json=asked, headers=run)
    assert answer.status_code == 200, answer.text
    key, deadline = answer.json()["optimization_id"], time.monotonic() + 60
    while (record := guarded.application.store.optimization(key)).status == "running":
        assert time.monotonic() < deadline, record
        time.sleep(0.05)
    assert (record.status, record.n_completed, record.n_failed) == ("completed", 4, 0), record.message
    assert not hasattr(builtins, "mine_ran_here")
    gone = guarded.pipeline.delete(f"{BUNDLES}/mine", headers=admin)
    assert_problem(gone, 409, says="is used by 1 backtest")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_studies_of_a_published_strategy_are_made_and_never_in_the_server(guarded, made):
    vars(builtins).pop("mine_ran_here", None)
    sent(guarded.pipeline, made.pack(), headers=guarded.keys["admin"])
    run, read = guarded.keys["run"], guarded.keys["read"]
    body = {"dataset_id": guarded.dataset_id, "strategy": "bundle:mine", "parameters": {"length": 8}}
    backtest_id = guarded.pipeline.post("/api/v1/backtests", json=body, headers=run).json()["id"]
    asked = {"backtest_id": backtest_id, "parameters": [{"name": "length", "values": [5, 6]}]}
    key = guarded.optimizer.post("/api/v1/optimize", json=asked, headers=run).json()["optimization_id"]
    deadline = time.monotonic() + 60
    while guarded.application.store.optimization(key).status == "running":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    study = guarded.optimizer.get(f"/api/v1/optimize/{key}/robustness", headers=read)
    assert study.status_code == 200, study.text
    assert study.json()["optimization_id"] == key
    page = guarded.optimizer.get(f"/api/v1/optimize/{key}/report?short=true", headers=read)
    assert page.status_code == 200, page.text
    assert page.text.startswith("<!DOCTYPE html>")
    looked = guarded.pipeline.get(f"/api/v1/backtests/{backtest_id}/look-ahead", headers=run)
    assert looked.status_code == 200, looked.text
    absent = guarded.optimizer.get(f"/api/v1/optimize/{key}/robustness?rank=99", headers=read)
    assert_problem(absent, 422, says="rank")
    asked |= {"windows": "14D/12D", "compare": False}
    deadline = time.monotonic() + 120
    while True:
        answer = guarded.optimizer.post("/api/v1/walk-forward", json=asked, headers=run)
        assert answer.status_code == 200, answer.text
        if answer.json()["status"] == "completed":
            break
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.2)
    assert answer.json()["result"]["windows"][0]["parameters"]["length"] in {5, 6}
    assert not hasattr(builtins, "mine_ran_here")


def test_a_wrong_value_is_refused_before_anything_runs(guarded, made):
    sent(guarded.pipeline, made.pack(), headers=guarded.keys["admin"])
    body = {"dataset_id": guarded.dataset_id, "strategy": "bundle:mine", "parameters": {"length": 0}}
    answer = guarded.pipeline.post("/api/v1/backtests", json=body, headers=guarded.keys["run"])
    assert_problem(answer, 422, says="length")


def test_what_was_published_is_listed_and_downloaded_whole(guarded):
    other = bundle(b"listed = 1")
    assert sent(guarded.pipeline, other.pack(), "listed", guarded.keys["admin"]).status_code == 201
    read = guarded.keys["read"]
    listed = guarded.pipeline.get(BUNDLES, headers=read).json()
    assert other.bundle_hash in {each["hash"] for each in listed}
    assert guarded.pipeline.get(f"{BUNDLES}/listed", headers=read).json()["hash"] == other.bundle_hash
    archive = guarded.pipeline.get(f"{BUNDLES}/{other.bundle_hash}/archive", headers=read)
    assert Bundle.unpack(archive.content) == other
    assert guarded.pipeline.delete(f"{BUNDLES}/listed", headers=guarded.keys["admin"]).json()["deleted"]
    assert_problem(guarded.pipeline.get(f"{BUNDLES}/listed", headers=read), 404)


@pytest.mark.parametrize("scope", ["read", "run"])
def test_only_an_admin_publishes_and_deletes(guarded, scope):
    headers = guarded.keys[scope]
    assert_problem(sent(guarded.pipeline, bundle().pack(), "theirs", headers), 403)
    assert_problem(guarded.pipeline.delete(f"{BUNDLES}/mine", headers=headers), 403)
    assert sent(guarded.pipeline, bundle().pack(), "theirs").status_code == 401


def test_no_code_is_taken_unless_a_setting_allows_it_and_keys_are_asked_for(laptop, guarded):
    keyed = laptop.clients(keys_required=True)[0]
    admin = {"X-API-Key": laptop.application.keys.create("a", "admin", time.time())[1]}
    assert_problem(sent(keyed, bundle().pack(), headers=admin), 403, says="TRADING_AI_ALLOW_CODE_UPLOAD")
    assert_problem(sent(laptop.pipeline, bundle().pack()), 403)
    open_to_all = guarded.clients(keys_required=False)[0]
    assert_problem(sent(open_to_all, bundle().pack()), 403, says="no API keys")


@pytest.mark.parametrize("data", [b"", b"no archive", bundle().pack()[:-40]])
def test_what_is_no_bundle_is_refused(guarded, data):
    assert_problem(sent(guarded.pipeline, data, headers=guarded.keys["admin"]), 422, says="bundle")


@pytest.mark.parametrize(
    "named",
    [
        "/etc/x.py:Y", "mine.py", "mine.py:Mine", "../mine.py", "robots/one", "C:\\x.py", "x.toml",
        "bundle:../x", "bundle:/etc/x.py", "bundle:x.py:a/b", "bundle:", "bundle:nothing", "bundle:a+bundle:b",
    ],
)  # fmt: skip
def test_a_request_cannot_name_a_file_of_the_server(laptop, tmp_path, monkeypatch, named):
    (tmp_path / "mine.py").write_text("raise SystemExit('it was run')")
    monkeypatch.chdir(tmp_path)
    body = {"dataset_id": laptop.dataset_id, "strategy": named}
    answer = laptop.pipeline.post("/api/v1/backtests", json=body)
    assert answer.status_code in {404, 422}, answer.text
