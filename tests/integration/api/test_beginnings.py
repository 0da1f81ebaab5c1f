"""What a request begins beside its answer: once, in order, and with its error told to the next request."""

from __future__ import annotations

import threading
import time

import pytest

from trading_ai.api.beginnings import Beginnings
from trading_ai.errors import ParameterError, TradingAIError
from trading_ai.studies.exact_walk_forward import WalkForwardService


def test_a_request_does_not_wait_and_the_next_one_begins_nothing_twice():
    made, go = Beginnings(), threading.Event()
    done: list[int] = []
    steps = [lambda: go.wait(10.0), lambda: done.append(1), lambda: done.append(2)]
    began = time.monotonic()
    assert made.begin("a", steps, 0.05)
    assert made.begin("a", steps, 0.05)
    assert made.begin("b", [lambda: done.append(0)], 5.0) is False
    assert time.monotonic() - began < 2.0
    go.set()
    assert made.begin("a", [], 5.0) is False
    assert done == [0, 1, 2]


def test_the_error_of_a_step_is_told_once_and_ends_the_rest():
    made, done = Beginnings(), []

    def refuse():
        raise ParameterError("no such thing", parameter="x")

    with pytest.raises(ParameterError, match="no such thing"):
        made.begin("a", [refuse, lambda: done.append(1)], 5.0)
    assert made.begin("a", [], 0.0) is False
    with pytest.raises(TradingAIError, match="ZeroDivisionError"):
        made.begin("a", [lambda: 1 / 0], 5.0)
    assert done == []


def test_many_windows_are_answered_at_once(laptop, monkeypatch):
    right = WalkForwardService.begin

    def slow(self, part, **named):
        time.sleep(0.3)
        return right(self, part, **named)

    monkeypatch.setattr(WalkForwardService, "begin", slow)
    asked = {
        "backtest_id": laptop.backtest_id,
        "parameters": [{"name": "stop_loss", "values": [21, 41]}],
        "windows": "1W/1D",
        "compare": False,
    }
    began = time.monotonic()
    first = laptop.optimizer.post("/api/v1/walk-forward", json=asked).json()
    assert time.monotonic() - began < 5.0
    assert first["status"] == "running"
    states = [first]
    while states[-1]["status"] == "running":
        assert time.monotonic() - began < 100
        time.sleep(0.2)
        states.append(laptop.optimizer.post("/api/v1/walk-forward", json=asked).json())
    assert states[-1]["status"] == "completed"
    assert len(states[0]["optimizations"]) < len(states[-1]["optimizations"])
    assert {state["total_tasks"] for state in states} == {2 * len(states[-1]["optimizations"])}
