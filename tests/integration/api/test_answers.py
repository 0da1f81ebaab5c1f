"""Every answer of both APIs holds the fields that its description names, and no others, however deep."""

from __future__ import annotations

import io
import json

import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from tests.integration.api.laptop import STOP, TARGET
from tests.integration.trade_imports import samples
from tests.integration.trade_imports.test_passes import mt5_xml
from trading_ai.api import assistant, notes, optimizer, passes, pipeline, search, sql, walk_forward
from trading_ai.api.answers import Health, Problem, Ready
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.importers.samples import load_sample

BARS = "time,open,high,low,close\n" + "".join(f"2024-01-02 {hour:02d}:00:00,1.1,1.2,1.0,1.1\n" for hour in range(24))
MORE = BARS.replace("2024-01-02", "2024-01-03")
LISTED = (
    b"entry_time,exit_time,direction,units,entry_price,exit_price,symbol,net_profit,exit_reason,take_profit\n"
    b"2017-01-04 04:30:00,2017-01-04 14:30:00,long,1000,1.10272,1.10721,EURUSD,4.49,take_profit,1.10721\n"
)
OPTIMIZE, BACKTESTS, DATASETS = "/api/v1/optimize", "/api/v1/backtests", "/api/v1/datasets"
NOTES = "/api/v1/notes"
ONE = OPTIMIZE + "/{optimization_id}"


@pytest.fixture(scope="module")
def models():
    """The described answer of each route, by method and path."""
    routes = [
        r
        for made in (assistant, notes, optimizer, passes, pipeline, search, sql, walk_forward)
        for r in made.router.routes
        if isinstance(r, APIRoute)
    ]
    found = {(method, route.path): route.response_model for route in routes for method in route.methods}
    return found | {("GET", "/health"): Health, ("GET", "/ready"): Ready}


@pytest.fixture(scope="module")
def year(laptop):
    """Id of an optimization on bars of a year: long enough for every part of a verdict."""
    backtests = laptop.application.backtests
    dataset, _ = backtests.keep_bars(load_sample("EURUSD"), "the sample", {}, {})
    record, _ = backtests.run(BacktestSpec("sma_crossover", {}, dataset.dataset_id))
    key = laptop.started(STOP, TARGET, backtest_id=record.backtest_id, more_objectives=["net_profit"])
    laptop.wait(key)
    return key


def visit(laptop, year):
    """Every route once or more: method, path of the route, and the answer."""
    api, data = laptop.optimizer, laptop.pipeline

    def got(client, method, path, status=200, template=None, **request):
        answer = client.request(method, path, **request)
        assert answer.status_code == status, f"{method} {path}: {answer.text[:500]}"
        return method, template or path, answer

    for client in (api, data):
        yield got(client, "GET", "/health")
        yield got(client, "GET", "/ready", template="/ready", params={"only": "database"})
    yield got(api, "GET", "/ready")

    upload = {"symbol": "EURUSD", "timezone": "UTC"}
    for _ in range(2):  # the second time it is known
        yield got(data, "POST", DATASETS, 201, data=upload, files={"file": ("b.csv", io.BytesIO(BARS.encode()))})
    yield got(data, "GET", DATASETS)
    dataset_id = data.get(DATASETS).json()[0]["id"]
    more = {"file": ("more.csv", io.BytesIO(MORE.encode()))}
    append = f"{DATASETS}/{dataset_id}/append"
    for n_bars in (1, 0):  # the second time, nothing is new
        grown = got(data, "POST", append, 201, template=DATASETS + "/{dataset_id}/append", files=more)
        yield grown
        append = f"{DATASETS}/{grown[2].json()['id']}/append"
        assert grown[2].json()["already_known"] != bool(n_bars)
    data.request("DELETE", f"{DATASETS}/{grown[2].json()['id']}")
    yield got(data, "GET", f"{DATASETS}/{dataset_id}", template=DATASETS + "/{dataset_id}")
    yield got(data, "DELETE", f"{DATASETS}/{dataset_id}", template=DATASETS + "/{dataset_id}")

    body = {"dataset_id": laptop.dataset_id, "strategy": "sma_crossover", "name": "shown", "start": "2017-01-10"}
    yield got(data, "POST", BACKTESTS, 201, json=body)
    report = {"file": ("report.htm", samples.mt4())}
    yield got(data, "POST", f"{BACKTESTS}/import", 201, files=report)
    listed = got(
        data, "POST", f"{BACKTESTS}/import", 201, files={"file": ("list.csv", LISTED)}, data={"timezone": "UTC"}
    )
    yield listed
    (item,) = listed[2].json()["imported"]
    assert item["bars"]["n_trades"] == 1
    differs = f"{BACKTESTS}/{item['backtest']['id']}/differences"
    yield got(data, "GET", differs, template=BACKTESTS + "/{backtest_id}/differences")
    yield got(data, "GET", BACKTESTS, params={"windows": "true"})
    for what in ("", "/trades", "/equity", "/look-ahead"):
        path = f"{BACKTESTS}/{laptop.backtest_id}{what}"
        yield got(data, "GET", path, template=BACKTESTS + "/{backtest_id}" + what)
    shown = next(b["id"] for b in data.get(BACKTESTS).json() if b["name"] == "shown")
    yield got(data, "DELETE", f"{BACKTESTS}/{shown}", template=BACKTESTS + "/{backtest_id}")
    yield got(data, "GET", "/api/v1/strategies")
    yield got(data, "POST", "/api/v1/sql", json={"sql": "select * from backtests"})
    yield got(data, "GET", "/api/v1/sql/schema")
    asked = {"question": "how much did I pay in costs?", "context": laptop.backtest_id}
    yield got(laptop.assistant, "POST", "/api/v1/ask", json=asked)
    yield got(laptop.assistant, "POST", "/api/v1/ask", json={"question": "what is the profit factor?"})
    yield got(laptop.assistant, "POST", "/api/v1/search", json={"query": "profit factor"})
    noted = got(laptop.assistant, "POST", NOTES, 201, json={"about": year, "text": "wide stops"})
    yield noted
    yield got(laptop.assistant, "GET", NOTES, params={"about": year})
    note = f"{NOTES}/{noted[2].json()['id']}"
    yield got(laptop.assistant, "DELETE", note, template=NOTES + "/{note_id}")
    yield got(laptop.assistant, "GET", "/ready")
    insights = "/api/v1/insights/{optimization_id}"
    yield got(laptop.assistant, "GET", f"/api/v1/insights/{year}", template=insights)

    # One that fails in part, one that never ranks, one whose neighbours count, and one that lasts.
    axes = [{"name": "stop_loss", "values": [20, 30]}, {"name": "fast", "min_value": 3, "max_value": 9, "step": 2}]
    asked = {"backtest_id": laptop.backtest_id, "parameters": axes, "constraints": ["total_trades > 1000000"]}
    yield got(api, "POST", OPTIMIZE, json=asked)
    bad = api.get(OPTIMIZE).json()[0]["optimization_id"]
    period = {"name": "period", "min_value": 31, "max_value": 34, "step": 1}
    failing = laptop.started(period, backtest_id=laptop.slow_backtest_id)
    for key in (bad, failing):
        laptop.wait(key)
    yield got(api, "GET", OPTIMIZE)
    for key in (bad, failing, year):
        for what in ("", "/status", "/results"):
            yield got(api, "GET", f"{OPTIMIZE}/{key}{what}", template=ONE + what)
    yield got(api, "GET", f"{OPTIMIZE}/{year}/results", template=ONE + "/results", params={"pareto": "true"})
    short = laptop.started({"name": "stop_loss", "values": [20, 30, 40]})
    laptop.wait(short)
    for key in (year, short):
        yield got(api, "GET", f"{OPTIMIZE}/{key}/robustness", template=ONE + "/robustness")
    yield got(api, "POST", f"{OPTIMIZE}/import", 201, files={"file": ("passes.xml", mt5_xml())})
    yield got(api, "GET", OPTIMIZE)
    slow = laptop.slow()
    laptop.wait_for_trials(slow)
    yield got(api, "GET", "/api/v1/workers/status")
    yield got(api, "GET", f"{OPTIMIZE}/{slow}/status", template=ONE + "/status")
    yield got(api, "POST", f"{OPTIMIZE}/{slow}/priority", template=ONE + "/priority", json={"priority": 3})
    for what in ("/pause", "/resume", "/cancel"):
        yield got(api, "POST", f"{OPTIMIZE}/{slow}{what}", template=ONE + what)
    yield got(api, "DELETE", f"{OPTIMIZE}/{slow}", template=ONE)

    asked = {
        "backtest_id": laptop.backtest_id, "parameters": axes, "objective": "net_profit", "windows": "1W/3D",
    }  # fmt: skip
    while (state := got(api, "POST", "/api/v1/walk-forward", json=asked))[2].json()["status"] == "running":
        yield state
    yield state


@pytest.fixture(scope="module")
def visited(laptop, year):
    return list(visit(laptop, year))


def test_every_answer_is_as_described(visited, models):
    seen = set()
    for method, path, answer in visited:
        seen.add((method, path))
        TypeAdapter(models[method, path]).validate_json(answer.text, strict=True)
    pages = {("GET", ONE + "/events"), ("GET", ONE + "/report")}
    assert seen == set(models) - pages


def test_nothing_that_may_be_left_out_or_empty_went_unseen(visited):
    told = {path: answer.json() for method, path, answer in visited if method == "GET"}
    judged = [a.json() for _, path, a in visited if path.endswith("/robustness")]
    assert [name for name, part in judged[0].items() if part is None] == []
    assert judged[0]["reruns"]["jitter"] is not None
    assert judged[1]["walk_forward"] is None
    trials = [trial for _, path, a in visited if path.endswith("/results") for trial in a.json()["results"]]
    assert {"plateau", "pareto", "sharpe_first_75", "sharpe_last_25"} <= {name for t in trials for name in t}
    assert any(t["error"] for t in trials)
    assert any(t["net_profit"] is None for t in trials)
    assert {json.dumps(t["feasible"]) for t in trials} == {"true", "false"}
    assert told["/api/v1/workers/status"]["workers"]
    walks = [a.json() for _, path, a in visited if path.endswith("/walk-forward")]
    assert walks[-1]["result"]["windows"][0]["parameters"]
    uploads = [a.json()["already_known"] for method, path, a in visited if (method, path) == ("POST", DATASETS)]
    assert uploads == [False, True]


@pytest.mark.parametrize("service", ["pipeline", "optimizer", "assistant"])
def test_every_field_has_a_meaning_and_there_are_no_others(laptop, service):
    description = getattr(laptop, service).get("/openapi.json").json()
    forms = dict(_reached(description, _answered(description)))
    assert len(forms) > (10 if service != "assistant" else 5)
    for name, schema in forms.items():
        assert schema["additionalProperties"] is False, name
        assert schema["description"], name
        for field, said in schema["properties"].items():
            assert said.get("description"), f"{name}.{field}"


def _answered(description):
    for operations in description["paths"].values():
        for operation in operations.values():
            for answer in operation["responses"].values():
                yield from (kind.get("schema", {}) for kind in answer.get("content", {}).values())


def _reached(description, schemas):
    """Every object that some schemas speak of, however deep, by name."""
    waiting, seen = list(schemas), set()
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting.extend(part)
        elif isinstance(part, dict):
            name = part.get("$ref", "").rpartition("/")[2]
            if name and name not in seen:
                seen.add(name)
                schema = description["components"]["schemas"][name]
                if "properties" in schema:
                    yield name, schema
                waiting.append(schema)
            waiting.extend(part.values())


@pytest.mark.parametrize(
    ("method", "path", "request_", "status"),
    [
        ("GET", f"{OPTIMIZE}/nothing", {}, 404),
        ("GET", "/nowhere", {}, 404),
        ("PUT", OPTIMIZE, {}, 405),
        ("POST", OPTIMIZE, {"json": {"seed": "x"}}, 422),
        ("POST", OPTIMIZE, {"content": b"{"}, 422),
        ("GET", f"{OPTIMIZE}/YEAR/results", {"params": {"sort": "luck"}}, 422),
        ("GET", f"{OPTIMIZE}/YEAR/results", {"headers": {"Accept": "image/png"}}, 406),
        ("POST", f"{OPTIMIZE}/YEAR/pause", {}, 409),
        ("POST", OPTIMIZE, {"content": b"x" * 30_000}, 413),
    ],
)
def test_refusals_are_as_described(laptop, year, method, path, request_, status):
    answer = laptop.optimizer.request(method, path.replace("YEAR", year), **request_)
    assert answer.status_code == status
    TypeAdapter(Problem).validate_json(answer.text, strict=True)


def test_a_refused_file_is_as_described(laptop):
    bad = BARS.replace("1.2,1.0,1.1\n", "1.0,1.2,1.1\n", 1)
    how = {"data": {"symbol": "EURUSD", "timezone": "UTC"}, "files": {"file": ("b.csv", io.BytesIO(bad.encode()))}}
    answer = laptop.pipeline.post(DATASETS, **how)
    found = TypeAdapter(Problem).validate_json(answer.text, strict=True)
    assert found["errors"][0]["line"] == 2


def test_the_report_is_a_page_of_its_own(laptop, year):
    answer = laptop.optimizer.get(f"{OPTIMIZE}/{year}/report")
    assert answer.status_code == 200, answer.text[:500]
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-disposition"] == f'inline; filename="report-{year[:8]}.html"'
    assert answer.text.startswith("<!")
    assert year in answer.text
    assert laptop.optimizer.get(f"{OPTIMIZE}/nothing/report").status_code == 404
    refused = laptop.slow()
    laptop.optimizer.post(f"{OPTIMIZE}/{refused}/cancel")
    if not laptop.status(refused)["completed_tasks"]:
        assert laptop.optimizer.get(f"{OPTIMIZE}/{refused}/report").status_code == 409
