"""Both APIs over real files and a real database, with what runs optimizations on one machine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from tests.fakes.bars import random_bars
from tests.fakes.user_strategies import write_strategy
from trading_ai.api.app import make_app
from trading_ai.api.context import Context
from trading_ai.bootstrap import Application
from trading_ai.driving.local_runner import LocalRunner
from trading_ai.driving.queue import WorkerRecord
from trading_ai.errors import StateError
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.settings import Settings

BARS = random_bars(1_500, 11, tf="M15")
STOP = {"name": "stop_loss", "min_value": 20, "max_value": 80, "step": 2}
TARGET = {"name": "take_profit", "min_value": 40, "max_value": 200, "step": 10}
ENDED = {"completed", "cancelled", "failed"}


class Laptop:
    """A service on one machine, without ports.

    Attributes:
        folder: where the slow strategy is.
        application: what is served.
        pipeline: client of the pipeline API.
        optimizer: client of the optimizer API.
        assistant: client of the assistant API.
        dataset_id: a dataset that is there.
        backtest_id: a backtest that is there.
        slow_backtest_id: one whose optimizations of `period` last long enough to be stopped.
    """

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.application = Application(Settings(home=folder / "home", **settings))
        backtests = self.application.backtests
        self.dataset_id = backtests.keep_bars(BARS, "made up", {}, {})[0].dataset_id
        self.backtest_id = backtests.run(BacktestSpec("sma_crossover", {}, self.dataset_id))[0].backtest_id
        slow = BacktestSpec(write_strategy(folder, seconds=0.2), {}, self.dataset_id)
        self.slow_backtest_id = backtests.run(slow)[0].backtest_id
        now = time.time()
        worker = WorkerRecord("laptop:1:a", "laptop", 1, "local", 1, now, now)
        self.runner = LocalRunner(self.application.service, self.application.queue, worker, 1)
        self.pipeline, self.optimizer, self.assistant = self.clients(keys_required=False)

    def clients(self, *, keys_required: bool, **how: Any) -> tuple[TestClient, TestClient, TestClient]:
        """Clients of the APIs: pipeline, optimizer, assistant."""
        context = Context(self.application, self.runner.wake)
        pipeline, optimizer, assistant = (
            TestClient(make_app(name, context, keys_required=keys_required), **{"base_url": "http://localhost", **how})
            for name in ("pipeline", "optimizer", "assistant")
        )
        return pipeline, optimizer, assistant

    def start(self, *parameters: dict[str, Any], headers: dict[str, str] | None = None, **body: Any) -> Any:
        """The answer to a request for an optimization; 4 combinations unless told otherwise."""
        ranges = parameters or ({"name": "stop_loss", "values": [20, 30, 40, 50]},)
        asked = {"backtest_id": self.backtest_id, "parameters": ranges, **body}
        return self.optimizer.post("/api/v1/optimize", json=asked, headers=headers or {})

    def started(self, *parameters: dict[str, Any], **body: Any) -> str:
        """Id of an optimization that was started."""
        answer = self.start(*parameters, **body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["optimization_id"])

    def slow(self, n: int = 200) -> str:
        """Id of an optimization that lasts longer than any test waits."""
        period = {"name": "period", "min_value": 60, "max_value": 59 + n, "step": 1}
        return self.started(period, backtest_id=self.slow_backtest_id, reuse=False)

    def status(self, key: str) -> dict[str, Any]:
        """Status of an optimization."""
        answer = self.optimizer.get(f"/api/v1/optimize/{key}/status")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def wait(self, key: str, wanted: set[str] | None = None) -> dict[str, Any]:
        """The status once an optimization has ended."""
        deadline = time.monotonic() + 100
        while (found := self.status(key))["status"] not in (wanted or ENDED):
            assert time.monotonic() < deadline, found
            time.sleep(0.02)
        return found

    def wait_for_trials(self, key: str) -> dict[str, Any]:
        """The status once the first trials are stored."""
        deadline = time.monotonic() + 100
        while not (found := self.status(key))["completed_tasks"]:
            assert time.monotonic() < deadline, found
            time.sleep(0.02)
        return found


@contextmanager
def running_laptop(folder: Path, **settings: Any) -> Iterator[Laptop]:
    """A laptop whose optimizations run."""
    laptop = Laptop(folder, **settings)
    laptop.runner.start()
    try:
        yield laptop
    finally:
        for record in laptop.application.store.optimizations():
            if record.status == "running":
                with suppress(StateError):  # it was complete a moment later
                    laptop.application.service.cancel(record.optimization_id)
        laptop.runner.stop()
        laptop.application.database.engine.dispose()


def assert_problem(
    answer: Any, status: int, *, field: str = "", value: object = None, says: str = ""
) -> dict[str, Any]:
    """Check that an answer is a problem document that names field, value and rule; returns it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert document["type"]
    assert document["title"]
    assert document["detail"]
    if field:
        error = next(e for e in document["errors"] if e["field"] == field)
        assert error["rule"]
        if value is not None:
            assert error["value"] == value
    assert says in answer.json()["detail"], document
    return document
