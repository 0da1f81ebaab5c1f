"""Walk-forward over HTTP: one request, sent again until everything is complete."""

from __future__ import annotations

import time

import pytest

from tests.integration.api.laptop import BARS, assert_problem
from trading_ai.library import backtest

ASKED = {
    "parameters": [{"name": "stop_loss", "values": [20, 40, 60]}, {"name": "fast", "values": [3, 8]}],
    "objective": "net_profit",
    "windows": "1W/3D",
}


def ask(laptop, **changes):
    return laptop.optimizer.post("/api/v1/walk-forward", json={"backtest_id": laptop.backtest_id, **ASKED, **changes})


def complete(laptop, **changes):
    deadline = time.monotonic() + 100
    while (answer := ask(laptop, **changes)).json()["status"] == "running":
        assert time.monotonic() < deadline, answer.text
        assert answer.json()["result"] is None
        time.sleep(0.05)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_same_request_begins_it_and_has_its_result(laptop):
    state = complete(laptop)
    assert state["status"] == "completed"
    assert state["completed_tasks"] == state["total_tasks"] == 6 * len(state["optimizations"])
    found = state["result"]
    assert len(state["optimizations"]) == len(found["windows"]) + 1
    n_optimizations = len(laptop.optimizer.get("/api/v1/optimize", params={"limit": 10_000}).json())
    assert complete(laptop)["result"] == found
    assert len(laptop.optimizer.get("/api/v1/optimize", params={"limit": 10_000}).json()) == n_optimizations
    for window in found["windows"]:
        kept = laptop.pipeline.get(f"/api/v1/backtests/{window['backtest_id']}").json()
        local = backtest(BARS, "sma_crossover", **kept["parameters"], start=kept["start"], end=kept["end"])
        assert kept["parameters"] | window["parameters"] == kept["parameters"]
        assert window["out_of_sample_profit"] == pytest.approx(local.daily_profit.sum())
        best = laptop.optimizer.get(f"/api/v1/optimize/{window['optimization_id']}/results").json()
        assert best["best_parameters"] == window["parameters"]
    # The newest backtest stays the one that the user made.
    assert not [b for b in laptop.pipeline.get("/api/v1/backtests").json() if b["name"].startswith("walk-forward")]
    everything = laptop.pipeline.get("/api/v1/backtests", params={"windows": "true"}).json()
    assert {w["backtest_id"] for w in found["windows"]} <= {b["id"] for b in everything}


def test_a_window_is_steered_like_any_optimization(laptop):
    asked = {
        "backtest_id": laptop.slow_backtest_id,
        "parameters": [{"name": "period", "min_value": 60, "max_value": 259, "step": 1}],
        "windows": "2W/2W",
        "compare": False,
    }
    (part,) = ask(laptop, **asked).json()["optimizations"]
    laptop.wait_for_trials(part["optimization_id"])
    laptop.optimizer.post(f"/api/v1/optimize/{part['optimization_id']}/pause")
    assert ask(laptop, **asked).json()["status"] == "paused"
    laptop.optimizer.post(f"/api/v1/optimize/{part['optimization_id']}/cancel")
    assert_problem(ask(laptop, **asked), 409, says="was cancelled")


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"windows": "12M"}, 422, "windows"),
        ({"windows": "24M/6M"}, 422, "shorter training"),
        ({"backtest_id": "00000000-0000-0000-0000-000000000000"}, 404, "00000000"),
        ({"objective": "file.py:secret"}, 422, "must be a metric or a formula"),
        ({"name": "mine"}, 422, "name"),
        ({"parameters": [{"name": "speed", "values": [1]}]}, 422, "speed"),
    ],
)
def test_what_cannot_be_walked_is_refused(laptop, change, status, says):
    known = len(laptop.optimizer.get("/api/v1/optimize", params={"limit": 10_000}).json())
    assert_problem(ask(laptop, **change), status, says=says)
    assert len(laptop.optimizer.get("/api/v1/optimize", params={"limit": 10_000}).json()) == known
