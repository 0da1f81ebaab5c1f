"""Whatever one optimization raises ends that one, with the reason; the one beside it is completed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.user_strategies import write_strategy
from trading_ai.bootstrap import Application
from trading_ai.driving import cluster
from trading_ai.driving.chunk_worker import ChunkWorker
from trading_ai.driving.cluster import Coordinator
from trading_ai.driving.dispatch import Dispatch
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.importers.samples import load_sample
from trading_ai.optimization.judging import Judge
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.parameters import ParameterRange, SearchSpace
from trading_ai.settings import Settings

SPACE = SearchSpace((ParameterRange("stop_loss", 20, 60, 2), ParameterRange("take_profit", 40, 100, 10)))


class Work:
    """A coordinator and a worker in this process, on a database of their own."""

    def __init__(self, folder: Path) -> None:
        self.application = Application(Settings(home=folder / "home"))
        bars = load_sample("EURUSD").slice(0, 1000)
        self.dataset_id = self.application.backtests.keep_bars(bars, "sample", {}, {})[0].dataset_id

    def begin(self, strategy: str = "sma_crossover", **changes: object) -> str:
        record, _ = self.application.backtests.run(BacktestSpec(strategy, {}, self.dataset_id))
        spec = OptimizationSpec(record.backtest_id, SPACE, reuse=False, **changes)
        service = self.application.service
        return service.begin(service.plan(spec, measure=False)).optimization_id

    def run(self, n_ticks: int = 60, left_waiting: str = "") -> None:
        store, queue = self.application.store, self.application.queue
        coordinator = Coordinator(store, queue, lambda _: None, lambda: 0, "test")
        worker = ChunkWorker(store, self.application.artifacts, queue, "worker", "worker:1")
        for _ in range(n_ticks):
            coordinator.tick()
            for chunk in queue.chunks():
                if chunk.optimization_id != left_waiting:
                    worker.run(chunk.chunk_id)
            if not queue.running():
                return

    def ends(self, key: str) -> tuple[str, str]:
        record = self.application.store.optimization(key)
        return record.status, record.message


@pytest.fixture
def work(tmp_path):
    return Work(tmp_path)


def objective(folder: Path) -> Path:
    file = folder / "mine.py"
    file.write_text("def score(metrics):\n    return metrics['net_profit']\n")
    return file


def gone(file: Path) -> None:
    file.unlink()


def changed(file: Path) -> None:
    file.write_text("def score(metrics):\n    return -metrics['net_profit']\n")


@pytest.mark.parametrize("method", ["grid_search", "genetic"])
@pytest.mark.parametrize("how", ["{}:score", "plateau({}:score)"])
@pytest.mark.parametrize(("after", "reason"), [(gone, "no such file"), (changed, "has changed since the start")])
def test_an_objective_that_is_gone_or_changed(work, tmp_path, method, how, after, reason):
    file = objective(tmp_path)
    bad = work.begin(objective=how.format(file), method=method, max_iterations=40 if method == "genetic" else None)
    after(file)
    good = work.begin()
    work.run()
    assert work.ends(good) == ("completed", "")
    status, message = work.ends(bad)
    assert status == "failed"
    assert reason in message


def test_an_objective_that_raises(work, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("def score(metrics):\n    return metrics['no such metric']\n")
    bad, good = work.begin(objective=f"{file}:score"), work.begin()
    work.run()
    assert work.ends(good) == ("completed", "")
    assert work.ends(bad)[0] == "failed"
    assert "KeyError" in work.ends(bad)[1]


def test_a_strategy_that_is_gone(work, tmp_path):
    name = write_strategy(tmp_path)
    bad = work.begin(name)
    (tmp_path / "picky.py").unlink()
    good = work.begin()
    work.run()
    assert work.ends(good) == ("completed", "")
    assert work.ends(bad)[0] == "failed"
    assert "no such file" in work.ends(bad)[1]


@pytest.mark.parametrize(
    ("owner", "step"),
    [
        (Coordinator, "_begin"),
        (Dispatch, "refill"),
        (Judge, "save"),
        (ChunkWorker, "_task"),
    ],
)
def test_a_fault_in_any_step(work, monkeypatch, owner, step):
    bad = work.begin(method="genetic", max_iterations=40)
    good = work.begin()
    right = getattr(owner, step)
    calls = []

    def faulty(self, *given, **named):
        told = [getattr(each, "optimization_id", each) for each in given]
        is_bad = bad in told or getattr(self, "_key", "") == bad or (owner is Dispatch and self.learns)
        if is_bad:
            calls.append(step)
            raise RuntimeError("made to fail")
        return right(self, *given, **named)

    monkeypatch.setattr(owner, step, faulty)
    work.run()
    assert calls
    assert work.ends(good) == ("completed", "")
    assert work.ends(bad) == ("failed", "RuntimeError: made to fail")


def test_a_fault_while_a_killer_is_isolated(work, monkeypatch):
    bad, good = work.begin(), work.begin()
    monkeypatch.setattr(cluster, "_is_killer", lambda chunk: chunk.optimization_id == bad)
    monkeypatch.setattr(Coordinator, "_isolate", lambda *_: 1 / 0)
    work.run(left_waiting=bad)
    assert work.ends(good) == ("completed", "")
    assert work.ends(bad)[0] == "failed"
    assert "ZeroDivisionError" in work.ends(bad)[1]
