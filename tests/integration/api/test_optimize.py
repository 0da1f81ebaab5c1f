"""Start, watch, stop and read optimizations over HTTP."""

from __future__ import annotations

import csv
import io
import json
import uuid

import numpy as np
import polars as pl
import pytest

from tests.fakes.user_strategies import in_a_hurry
from tests.integration.api.laptop import BARS, STOP, TARGET, assert_problem
from trading_ai.library import sweep
from trading_ai.metrics.catalog import METRIC_NAMES


@pytest.fixture(scope="module")
def grid(laptop):
    """Id of a complete optimization of 527 combinations."""
    key = laptop.started(STOP, TARGET, name="the grid")
    laptop.wait(key)
    return key


def ranks(answer):
    return [trial["rank"] for trial in answer.json()["results"]]


def test_the_answer_says_where_a_range_ends(laptop):
    answer = laptop.start({"name": "stop_loss", "min_value": 20, "max_value": 80, "step": 7})
    assert answer.json()["message"] == (
        "Optimization started with 9 parameter combinations; "
        "stop_loss ends at 76, not at 80: steps of 7 from 20 on do not meet it"
    )


def test_the_answer_to_a_start_is_the_contract_to_the_letter(laptop):
    answer = laptop.start(STOP, TARGET, optimization_type="grid_search")
    key = answer.json()["optimization_id"]
    assert str(uuid.UUID(key)) == key
    assert answer.json() == {
        "optimization_id": key,
        "status": "running",
        "total_tasks": 527,
        "message": "Optimization started with 527 parameter combinations",
    }


def test_status_of_a_complete_optimization(laptop, grid):
    found = laptop.status(grid)
    assert (found["status"], found["progress_percent"]) == ("completed", 100.0)
    assert (found["completed_tasks"], found["total_tasks"], found["failed_tasks"]) == (527, 527, 0)
    assert found["eta_seconds"] == 0.0
    assert found["started_at"].endswith("+00:00")
    first = laptop.optimizer.get(f"/api/v1/optimize/{grid}/results", params={"limit": 1}).json()
    assert found["best"]["parameters"] == first["best_parameters"] == first["results"][0]["parameters"]
    assert found["best"]["value"] == first["results"][0]["sharpe_ratio"]


def test_status_on_the_way_has_one_decimal(laptop):
    key = laptop.slow(300)
    found = laptop.wait_for_trials(key)
    done, total = found["completed_tasks"], found["total_tasks"]
    assert 0 < done < total == 300
    assert found["progress_percent"] == int(1000 * done / total) / 10
    assert found["eta_seconds"] > 0
    laptop.optimizer.post(f"/api/v1/optimize/{key}/cancel")


def test_results_equal_a_sweep_in_this_process(laptop, grid):
    body = laptop.optimizer.get(f"/api/v1/optimize/{grid}/results", params={"limit": 1000}).json()
    assert body["total"] == len(body["results"]) == 527
    assert [trial["rank"] for trial in body["results"]] == list(range(1, 528))
    local = sweep(BARS, "sma_crossover", stop_loss=range(20, 81, 2), take_profit=range(40, 201, 10))
    assert body["best_parameters"] == local.best
    for trial in body["results"]:
        row = local.metrics[trial["combination_index"]]
        found = [np.nan if trial[name] is None else trial[name] for name in METRIC_NAMES]
        np.testing.assert_array_equal(found, row)
    first = body["results"][0]
    assert {"rank", "parameters", "net_profit", "win_rate", "sharpe_ratio"} <= set(first)
    assert set(first["parameters"]) == {"stop_loss", "take_profit"}


def test_pages_and_sorting(laptop, grid):
    ask = f"/api/v1/optimize/{grid}/results"
    everything = laptop.optimizer.get(ask, params={"limit": 1000}).json()["results"]
    page = laptop.optimizer.get(ask, params={"limit": 7, "offset": 3})
    assert page.json()["results"] == everything[3:10]
    assert page.json()["total"] == 527
    assert ranks(laptop.optimizer.get(ask, params={"offset": 527})) == []
    for sort, sign in (("net_profit", 1), ("-net_profit", -1)):
        profits = [t["net_profit"] for t in laptop.optimizer.get(ask, params={"sort": sort}).json()["results"]]
        expected = sorted((t["net_profit"] for t in everything), key=lambda p: sign * p)[:100]
        assert profits == expected
    assert_problem(laptop.optimizer.get(ask, params={"sort": "luck"}), 422, says="luck")
    assert_problem(laptop.optimizer.get(ask, params={"limit": 0}), 422, field="limit", value="0")
    assert_problem(laptop.optimizer.get(ask, params={"offset": "x"}), 422, field="offset", value="x")


def test_csv_and_parquet_by_accept(laptop, grid):
    ask, limit = f"/api/v1/optimize/{grid}/results", {"limit": 20}
    trials = laptop.optimizer.get(ask, params=limit).json()["results"]
    text = laptop.optimizer.get(ask, params=limit, headers={"Accept": "text/csv"})
    assert text.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(text.text)))
    parquet = laptop.optimizer.get(ask, params=limit, headers={"Accept": "application/vnd.apache.parquet"})
    frame = pl.read_parquet(io.BytesIO(parquet.content))
    assert len(rows) == len(frame) == 20
    for i, trial in enumerate(trials):
        assert float(rows[i]["net_profit"]) == frame["net_profit"][i] == trial["net_profit"]
        assert int(rows[i]["stop_loss"]) == frame["stop_loss"][i] == trial["parameters"]["stop_loss"]
    assert_problem(laptop.optimizer.get(ask, headers={"Accept": "image/png"}), 406, says="text/csv")


def test_random_search_tries_exactly_as_many_distinct_ones_as_asked(laptop):
    def tried(seed):
        key = laptop.started(STOP, TARGET, optimization_type="random_search", max_iterations=100, seed=seed)
        assert laptop.wait(key)["completed_tasks"] == 100
        body = laptop.optimizer.get(f"/api/v1/optimize/{key}/results", params={"limit": 1000}).json()
        return {trial["combination_index"] for trial in body["results"]}

    first, again, other = tried(1), tried(1), tried(2)
    assert len(first) == 100
    assert first == again != other


def test_objective_constraints_and_name_are_optional(laptop):
    asked = {"objective": "net_profit", "constraints": ["total_trades >= 40"], "name": "tight"}
    key = laptop.started(STOP, **asked)
    laptop.wait(key)
    shown = laptop.optimizer.get(f"/api/v1/optimize/{key}").json()
    assert {name: shown[name] for name in asked} == asked
    trials = laptop.optimizer.get(f"/api/v1/optimize/{key}/results").json()["results"]
    assert [t["feasible"] for t in trials] == [t["total_trades"] >= 40 for t in trials]
    held = [t["net_profit"] for t in trials if t["feasible"]]
    assert held == sorted(held, reverse=True)


def test_several_objectives_and_their_front(laptop):
    key = laptop.started(STOP, objective="net_profit", more_objectives=["max_drawdown"])
    laptop.wait(key)
    assert laptop.optimizer.get(f"/api/v1/optimize/{key}").json()["objectives"] == ["net_profit", "max_drawdown"]
    path = f"/api/v1/optimize/{key}/results"
    trials = laptop.optimizer.get(path).json()["results"]
    front = laptop.optimizer.get(path, params={"pareto": "true"}).json()
    assert front["results"] == [t for t in trials if t["pareto"]]
    assert front["total"] == len(front["results"]) < len(trials)
    page = laptop.optimizer.get(path, params={"pareto": "true", "offset": 1, "limit": 1}).json()["results"]
    assert page == front["results"][1:2]
    csv = laptop.optimizer.get(path, params={"pareto": "true"}, headers={"Accept": "text/csv"}).text.splitlines()
    assert len(csv) == front["total"] + 1
    assert_problem(laptop.start(STOP, more_objectives=["sharpe_ratio"]), 422, field="objective", says="given twice")
    assert_problem(laptop.start(STOP, more_objectives=["x.py:f"]), 422, field="objective", says="not for requests")
    single = laptop.started(STOP)
    laptop.wait(single)
    answer = laptop.optimizer.get(f"/api/v1/optimize/{single}/results", params={"pareto": "true"})
    assert_problem(answer, 422, says="has one objective")


def test_the_list_is_newest_first(laptop, grid):
    newest = laptop.started()
    listed = laptop.optimizer.get("/api/v1/optimize").json()
    assert listed[0]["optimization_id"] == newest
    assert [o["created_at"] for o in listed] == sorted((o["created_at"] for o in listed), reverse=True)
    assert next(o for o in listed if o["optimization_id"] == grid)["name"] == "the grid"
    assert laptop.optimizer.get("/api/v1/optimize", params={"limit": 1}).json()[0]["optimization_id"] == newest


def test_pause_resume_and_cancel(laptop):
    key = laptop.slow(300)
    laptop.wait_for_trials(key)
    do = f"/api/v1/optimize/{key}/"
    assert laptop.optimizer.post(do + "pause").json()["status"] == "paused"
    assert laptop.status(key)["status"] == "paused"  # at once, whoever asked before
    assert_problem(laptop.optimizer.post(do + "pause"), 409, says="is paused; nothing to pause")
    assert laptop.optimizer.post(do + "resume").json()["status"] == "running"
    assert laptop.optimizer.post(do + "cancel").json()["status"] == "cancelled"
    assert laptop.status(key)["status"] == "cancelled"
    for what in ("pause", "resume", "cancel"):
        assert_problem(laptop.optimizer.post(do + what), 409, says="is cancelled")
    assert laptop.optimizer.get(do + "results").json()["total"] > 0  # what was done is kept


def test_the_priority_of_a_running_one_can_be_changed(laptop):
    key = laptop.slow(300)
    do = f"/api/v1/optimize/{key}/priority"
    assert laptop.optimizer.post(do, json={"priority": 9}).json()["priority"] == 9
    assert laptop.optimizer.get(f"/api/v1/optimize/{key}").json()["priority"] == 9
    assert laptop.optimizer.post(do, json={"priority": 3.0}).json()["priority"] == 3
    for wrong in (0, 10, "9", 1.5, None, True):
        assert_problem(laptop.optimizer.post(do, json={"priority": wrong}), 422, field="priority")
    laptop.optimizer.post(f"/api/v1/optimize/{key}/cancel")
    assert_problem(laptop.optimizer.post(do, json={"priority": 2}), 409, says="nothing to prioritize")


def test_what_was_paused_goes_on_without_a_trial_lost_or_doubled(laptop):
    key = laptop.slow(24)
    laptop.wait_for_trials(key)
    laptop.optimizer.post(f"/api/v1/optimize/{key}/pause")
    with in_a_hurry(laptop.folder):
        laptop.optimizer.post(f"/api/v1/optimize/{key}/resume")
        assert laptop.wait(key)["completed_tasks"] == 24
    trials = laptop.optimizer.get(f"/api/v1/optimize/{key}/results").json()["results"]
    assert sorted(t["combination_index"] for t in trials) == list(range(24))


def test_delete_takes_it_out_of_everything(laptop):
    key = laptop.started()
    laptop.wait(key)
    assert laptop.optimizer.delete(f"/api/v1/optimize/{key}").json() == {"optimization_id": key, "deleted": True}
    for path in ("", "/status", "/results", "/events"):
        assert_problem(laptop.optimizer.get(f"/api/v1/optimize/{key}{path}"), 404, says=key)
    assert_problem(laptop.optimizer.delete(f"/api/v1/optimize/{key}"), 404, says=key)


def test_a_running_one_is_not_deleted(laptop):
    key = laptop.slow()
    laptop.wait_for_trials(key)
    assert_problem(laptop.optimizer.delete(f"/api/v1/optimize/{key}"), 409)
    laptop.optimizer.post(f"/api/v1/optimize/{key}/cancel")


def test_a_repeated_request_starts_nothing_twice(laptop):
    count = len(laptop.optimizer.get("/api/v1/optimize", params={"limit": 1000}).json())
    headers = {"Idempotency-Key": "monday-1"}
    first = laptop.start(STOP, objective="net_profit", name="once", headers=headers)
    laptop.wait(first.json()["optimization_id"])
    again = laptop.start(STOP, objective="net_profit", name="once", headers=headers)
    assert again.status_code == 200
    assert again.json()["optimization_id"] == first.json()["optimization_id"]
    assert len(laptop.optimizer.get("/api/v1/optimize", params={"limit": 1000}).json()) == count + 1
    other = laptop.start(STOP, objective="net_profit", name="once", headers={"Idempotency-Key": "monday-2"})
    assert other.json()["optimization_id"] != first.json()["optimization_id"]


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": [STOP, TARGET]},
        {"objective": "net_profit"},
        {"seed": 7},
        {"name": "another"},
        {"priority": 9},
        {"constraints": ["total_trades > 1"]},
        {"reuse": False},
        {"optimization_type": "random_search", "max_iterations": 3},
    ],
)
def test_a_key_for_another_request_is_refused(laptop, change):
    headers = {"Idempotency-Key": f"key-of-{'-'.join(change)}"}
    first = laptop.start(STOP, headers=headers).json()["optimization_id"]
    answer = laptop.start(STOP, headers=headers, **change)
    assert_problem(answer, 422, field="Idempotency-Key", value=headers["Idempotency-Key"], says=first)
    assert laptop.start(STOP, headers=headers).json()["optimization_id"] == first


def test_a_repetition_may_name_the_backtest_by_its_beginning(laptop):
    headers = {"Idempotency-Key": "short"}
    first = laptop.start(STOP, headers=headers)
    again = laptop.start(STOP, headers=headers, backtest_id=laptop.backtest_id[:8])
    assert again.json()["optimization_id"] == first.json()["optimization_id"]
    other = laptop.start({"name": "period", "values": [20]}, headers=headers, backtest_id=laptop.slow_backtest_id)
    assert_problem(other, 422, field="Idempotency-Key")


def test_a_repetition_with_a_warm_start_is_one(laptop):
    asked = {"optimization_type": "bayesian", "max_iterations": 5, "warm_start": True}
    first, again = (laptop.start(STOP, headers={"Idempotency-Key": "warm"}, **asked).json() for _ in range(2))
    assert first["optimization_id"] == again["optimization_id"]


def test_events_tell_progress_and_bests_and_end(laptop):
    key = laptop.slow(10)
    answer = laptop.optimizer.get(f"/api/v1/optimize/{key}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    parts = [part for part in answer.text.split("\n\n") if part and not part.startswith(":")]
    told = [(kind[7:], json.loads(data[6:])) for kind, data in (part.split("\n") for part in parts)]
    kinds = [kind for kind, _ in told]
    assert {"progress", "best", "end"} == set(kinds)
    assert kinds.count("end") == 1
    assert kinds[-1] == "end"
    done = [data["completed_tasks"] for kind, data in told if kind == "progress"]
    assert done == sorted(done)
    assert done[-1] == 10
    bests = [data["value"] for kind, data in told if kind == "best"]
    assert bests == sorted(bests)
    assert told[-1][1]["status"] == "completed"


def test_the_verdict(laptop, grid):
    body = laptop.optimizer.get(f"/api/v1/optimize/{grid}/robustness").json()
    assert body["verdict"]["words"] in {"survives", "fragile", "likely luck"}
    kept = laptop.application.verdicts.all()[0]
    assert (kept.optimization_id, kept.words) == (grid, body["verdict"]["words"])
    assert [c.name for c in kept.criteria] == [c["name"] for c in body["verdict"]["criteria"]]


@pytest.mark.parametrize("sort", ["x", "-x", "luck", "-", ""])
def test_an_unknown_sort_is_called_sort(laptop, grid, sort):
    answer = laptop.optimizer.get(f"/api/v1/optimize/{grid}/results", params={"sort": sort})
    assert_problem(answer, 422, field="sort", value=sort.removeprefix("-") or None)


def pages(laptop, key, **params):
    """All pages of a table from its first to its last, by cursors."""
    cursor = {}
    while True:
        answer = laptop.optimizer.get(f"/api/v1/optimize/{key}/results", params=params | cursor)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        yield page
        if page["next"] is None:
            return
        cursor = {"cursor": page["next"]}


@pytest.mark.parametrize("sort", [None, "net_profit", "-net_profit", "total_trades", "-profit_factor"])
def test_cursors_lead_through_a_table_and_back(laptop, grid, sort):
    asked = {} if sort is None else {"sort": sort}
    path = f"/api/v1/optimize/{grid}/results"
    whole = laptop.optimizer.get(path, params={"limit": 1000, **asked}).json()
    assert (whole["next"], whole["previous"], whole["offset"], whole["total"]) == (None, None, 0, 527)
    seen, last = [], None
    for page in pages(laptop, grid, limit=100, **asked):
        assert page["offset"] == len(seen)
        assert page["total"] == 527
        seen += page["results"]
        last = page
    assert seen == whole["results"]
    back = last["results"]
    while last["previous"] is not None:
        last = laptop.optimizer.get(path, params={"limit": 100, "cursor": last["previous"], **asked}).json()
        back = last["results"] + back
    assert back == whole["results"]


def test_cursors_of_another_table_and_none_at_all(laptop, grid):
    path = f"/api/v1/optimize/{grid}/results"
    cursor = laptop.optimizer.get(path, params={"limit": 5}).json()["next"]
    assert_problem(laptop.optimizer.get(path, params={"cursor": cursor, "sort": "sqn"}), 422, field="cursor")
    assert_problem(laptop.optimizer.get(path, params={"cursor": cursor, "offset": 3}), 422, field="cursor")
    assert_problem(laptop.optimizer.get(path, params={"cursor": "Zm9v"}), 422, field="cursor")
    assert_problem(laptop.optimizer.get(path, params={"cursor": "a b"}), 422, field="cursor")
    assert_problem(laptop.optimizer.get(path, params={"cursor": cursor, "pareto": "true"}), 422, field="cursor")


def test_pages_of_a_front(laptop):
    key = laptop.started(STOP, TARGET, objective="net_profit", more_objectives=["max_drawdown"])
    laptop.wait(key)
    whole = laptop.optimizer.get(f"/api/v1/optimize/{key}/results", params={"pareto": "true"}).json()
    assert whole["total"] == len(whole["results"]) > 1
    seen = list(pages(laptop, key, limit=2, pareto="true"))
    assert [trial for page in seen for trial in page["results"]] == whole["results"]
    before = laptop.optimizer.get(
        f"/api/v1/optimize/{key}/results", params={"pareto": "true", "limit": 2, "cursor": seen[-1]["previous"]}
    ).json()
    assert before["results"] == seen[-2]["results"]
    both = {"pareto": "true", "sort": "sqn"}
    assert_problem(laptop.optimizer.get(f"/api/v1/optimize/{key}/results", params=both), 422, field="pareto")
