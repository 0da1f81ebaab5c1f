"""One machine with local processes, and Celery workers on Redis and on Valkey: the same trials, to the last bit."""

from __future__ import annotations

import os
import subprocess
import time
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest

import trading_ai as ta
from tests.chaos.cluster import Cluster, free_port
from tests.fakes.user_strategies import KILLS, RAISES, in_a_hurry, write_strategy
from trading_ai.bootstrap import Application
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.metrics.catalog import METRIC_COLUMN
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.optimization.shape import plateau_scores
from trading_ai.parameters import Choices, ParameterRange, SearchSpace
from trading_ai.settings import Settings
from trading_ai.store.sql import SqlStore

pytestmark = pytest.mark.timeout(180)

STOP = {"name": "stop_loss", "min_value": 20, "max_value": 80, "step": 2}
TARGET = {"name": "take_profit", "min_value": 40, "max_value": 200, "step": 10}
SPACE = SearchSpace((ParameterRange("stop_loss", 20, 80, 2), ParameterRange("take_profit", 40, 200, 10)))


class OneMachine(Cluster):
    """`trading-ai serve` alone: SQLite and local processes."""

    def __enter__(self) -> OneMachine:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.pipeline_port, self.optimizer_port = free_port(), free_port()
        self.log = (self.folder / "log").open("wb")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.start("api")
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        self.log.close()

    def environment(self, home: str, code: Path | None = None) -> dict[str, str]:
        return {**os.environ, "TRADING_AI_HOME": str(self.folder / "home"), "PYTHONWARNINGS": "ignore"}


class Service:
    """A service with a backtest to search.

    Attributes:
        store: what it keeps.
        backtest_id: a backtest of real bars.
        slow_folder: where the strategy of the backtest `slow_id` is.
    """

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster = cluster
        cluster.run("data", "import", "--sample", "EURUSD", "--json")
        if isinstance(cluster, OneMachine):
            self.store = Application(Settings(home=cluster.folder / "home")).store
        else:
            self.store = SqlStore(cluster.postgres.url)
        self.backtest_id = self.backtest("sma_crossover")
        self.picky_id = self.backtest(write_strategy(folder))
        self.slow_folder = folder / "slow"
        self.slow_id = self.backtest(write_strategy(self.slow_folder, seconds=0.2))

    def backtest(self, strategy: str) -> str:
        run = ("backtest", "run", "--dataset", "latest", "--strategy", strategy, "--json")
        return str(self.cluster.run(*run)["id"])

    def start(self, *parameters: object, **body: object) -> str:
        asked = {"backtest_id": self.backtest_id, "parameters": parameters, "reuse": False, **body}
        return str(self.cluster.call("POST", "/api/v1/optimize", asked)["optimization_id"])

    def status(self, key: str) -> dict[str, object]:
        found: dict[str, object] = self.cluster.call("GET", f"/api/v1/optimize/{key}/status")
        return found

    def wait(self, key: str, *states: str) -> dict[str, object]:
        limit = time.monotonic() + 90
        while (found := self.status(key))["status"] not in (states or ("completed", "failed", "cancelled")):
            assert time.monotonic() < limit, found
            time.sleep(0.1)
        return found

    def finished(self, *parameters: object, **body: object) -> str:
        key = self.start(*parameters, **body)
        assert self.wait(key)["status"] == "completed"
        return key

    def deleted(self, key: str) -> bool:
        try:
            self.cluster.call("DELETE", f"/api/v1/optimize/{key}")
        except urllib.error.HTTPError as refused:
            if refused.code != 409:
                raise
            return False
        return True

    def metrics(self, key: str) -> dict[int, list[float]]:
        return by_index((page.indices, page.metrics) for page in self.store.trials(key))

    def days(self, key: str) -> dict[int, list[float]]:
        return by_index(self.store.daily_profits(key))


def by_index(parts):
    """Rows by combination index; fails if a combination comes twice."""
    found = {}
    for indices, rows in parts:
        for index, row in zip(indices.tolist(), rows.tolist(), strict=True):
            assert index not in found
            found[index] = row
    return found


@contextmanager
def _kind(name: str, folder: Path) -> Iterator[Cluster]:
    if name == "one machine":
        with OneMachine(folder) as machine:
            limit = time.monotonic() + 40
            while True:
                with suppress(OSError):
                    machine.call("GET", "/health")
                    break
                assert time.monotonic() < limit, (folder / "log").read_text()[-3000:]
                time.sleep(0.1)
            yield machine
        return
    with Cluster(folder, n_workers=1, broker_kind=name) as cluster:
        cluster.wait_ready()
        yield cluster


@pytest.fixture(scope="module", params=["one machine", "redis", pytest.param("valkey", marks=pytest.mark.slow)])
def service(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("service")
    (folder / "slow").mkdir()
    with _kind(request.param, folder / "processes") as cluster:
        yield Service(cluster, folder)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The same searches in this process."""
    application = Application(Settings(home=tmp_path_factory.mktemp("plain")))
    bars = ta.load_sample("EURUSD")
    dataset_id = application.backtests.keep_bars(bars, "sample", {}, {})[0].dataset_id
    backtest_id = application.backtests.run(BacktestSpec("sma_crossover", {}, dataset_id))[0].backtest_id

    def search(space: SearchSpace = SPACE, **changes: object) -> tuple[dict[int, list[float]], dict[int, list[float]]]:
        spec = OptimizationSpec(backtest_id, space, reuse=False, **changes)  # type: ignore[arg-type]
        key = application.service.start(application.service.plan(spec), n_workers=1).optimization_id
        metrics = by_index((page.indices, page.metrics) for page in application.store.trials(key))
        return metrics, by_index(application.store.daily_profits(key))

    return search


def same(one: dict[int, list[float]], other: dict[int, list[float]]) -> None:
    assert sorted(one) == sorted(other)
    for index, row in one.items():
        np.testing.assert_array_equal(row, other[index])


def test_a_grid_with_its_daily_profits(service, plain):
    key = service.finished(STOP, TARGET, keep_daily_profit=True)
    metrics, days = plain(keep_daily_profit=True)
    assert len(metrics) == 527
    same(service.metrics(key), metrics)
    same(service.days(key), days)


def test_signals_and_exits_together_with_conditions(service, plain):
    ranges = ({"name": "fast", "values": [5, 10, 20, 40]}, {"name": "slow", "values": [10, 20, 50]}, STOP)
    axes = (Choices("fast", (5, 10, 20, 40)), Choices("slow", (10, 20, 50)), ParameterRange("stop_loss", 20, 80, 2))
    how = {"parameter_constraints": ("fast * 2 <= slow",), "constraints": ("total_trades >= 60",)}
    key = service.finished(*ranges, **{name: list(texts) for name, texts in how.items()})
    metrics, _ = plain(SearchSpace(axes), **how)
    same(service.metrics(key), metrics)


def test_the_plateau_is_picked_when_all_trials_are_known(service, plain):
    key = service.finished(STOP, TARGET, objective="plateau(net_profit)")
    metrics, _ = plain()
    indices = np.array(sorted(metrics))
    profits = np.array([metrics[i][METRIC_COLUMN["net_profit"]] for i in indices])
    scores = plateau_scores(SPACE, indices, profits)
    best = int(np.nanargmax(scores))
    status = service.status(key)
    assert status["best"]["value"] == scores[best]
    assert status["best"]["parameters"] == SPACE.combination(best)
    first = service.cluster.call("GET", f"/api/v1/optimize/{key}/results?limit=3")["results"]
    assert [r["objective"] for r in first] == np.sort(scores[~np.isnan(scores)])[::-1][:3].tolist()


# One that asks for all at once, and one that learns; the others of both kinds are slow.
@pytest.mark.parametrize(
    "method",
    [
        "random_search",
        "bayesian",
        *(pytest.param(m, marks=pytest.mark.slow) for m in ("quasi_random", "coarse_to_fine")),
    ],
)
def test_a_search_with_a_seed(service, plain, method):
    how = {"max_iterations": 60, "seed": 5, "batch_size": 12}
    key = service.finished(STOP, TARGET, optimization_type=method, **how)
    metrics, _ = plain(method=method, **how)
    assert len(metrics) == 60
    same(service.metrics(key), metrics)
    again = service.finished(STOP, TARGET, optimization_type=method, reuse=True, **how)
    assert service.status(again)["reused_tasks"] == 60  # a method that learns asks for the same, and is told the same
    same(service.metrics(again), metrics)


def test_the_symbol_is_searched(service, plain, tmp_path):
    bars = ta.load_sample("EURUSD")
    stamps = bars.open_time_ns.astype("datetime64[ns]").astype("datetime64[s]").astype(str)
    columns = (bars.open, bars.high, bars.low, bars.close)
    rows = zip(stamps, *((price * 1.2).round(5) for price in columns), strict=True)
    file = tmp_path / "pounds.csv"
    file.write_text("time,open,high,low,close\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    how = ("--symbol", "GBPUSD", "--timeframe", "H1", "--timezone", "UTC", "--json")
    service.cluster.run("data", "import", str(file), *how)
    key = service.finished(STOP, {"name": "symbol", "values": ["EURUSD", "GBPUSD"]})
    told = service.cluster.call("GET", f"/api/v1/optimize/{key}")
    assert sorted(told["datasets"]) == ["EURUSD", "GBPUSD"]
    metrics, _ = plain(space=SearchSpace((SPACE.axes[0],)))
    found = service.metrics(key)
    assert len(found) == 62
    same({i // 2: row for i, row in found.items() if i % 2 == 0}, metrics)
    assert all(found[i] != found[i + 1] for i in range(0, 62, 2))


def test_a_combination_that_raises_is_a_failed_trial(service):
    period = {"name": "period", "min_value": RAISES - 2, "max_value": RAISES + 2, "step": 1}
    key = service.finished(period, TARGET, backtest_id=service.picky_id)
    assert service.status(key)["failed_tasks"] == 17
    results = service.cluster.call("GET", f"/api/v1/optimize/{key}/results?limit=100")["results"]
    failed = [r for r in results if r["error"]]
    assert {r["parameters"]["period"] for r in failed} == {RAISES}
    assert all("Traceback" in r["error"] and "is not liked" in r["error"] for r in failed)
    assert len(results) == 85


def test_a_combination_that_kills_its_worker_is_found_and_the_others_go_on(service):
    period = {"name": "period", "min_value": KILLS - 1, "max_value": KILLS + 1, "step": 1}
    key = service.finished(period, backtest_id=service.picky_id)
    results = service.cluster.call("GET", f"/api/v1/optimize/{key}/results")["results"]
    assert [r["parameters"]["period"] for r in results if r["error"]] == [KILLS]
    assert all("killed" in r["error"] for r in results if r["error"])
    assert sum(r["net_profit"] is not None for r in results) == 2


def test_pause_and_resume(service):
    period = {"name": "period", "min_value": 60, "max_value": 119, "step": 1}
    key = service.start(period, backtest_id=service.slow_id)
    limit = time.monotonic() + 60
    while service.status(key)["completed_tasks"] == 0:
        assert time.monotonic() < limit
        time.sleep(0.1)
    service.cluster.call("POST", f"/api/v1/optimize/{key}/pause")
    service.wait(key, "paused")
    with in_a_hurry(service.slow_folder):
        service.cluster.call("POST", f"/api/v1/optimize/{key}/resume")
        assert service.wait(key)["completed_tasks"] == 60
    assert sorted(service.metrics(key)) == list(range(60))


def test_cancel_then_delete(service):
    period = {"name": "period", "min_value": 60, "max_value": 400, "step": 1}
    key = service.start(period, backtest_id=service.slow_id)
    service.cluster.call("POST", f"/api/v1/optimize/{key}/cancel")
    assert service.wait(key)["status"] == "cancelled"
    limit = time.monotonic() + 60
    while not service.deleted(key):  # a chunk that is under way is finished first
        assert time.monotonic() < limit
        time.sleep(0.3)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        service.status(key)
