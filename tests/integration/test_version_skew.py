"""Workers and coordinators of several versions, or without a strategy's file, share one database: nothing mixes."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from tests.fakes.user_strategies import write_strategy
from trading_ai.bootstrap import Application
from trading_ai.documents.workers import workers_json
from trading_ai.driving import chunk_worker, cluster
from trading_ai.driving.chunk_worker import ChunkWorker
from trading_ai.driving.cluster import Coordinator
from trading_ai.driving.planning import job_of
from trading_ai.driving.queue import REFUSAL_SECONDS, WorkerRecord
from trading_ai.errors import ChangedError, StorageError
from trading_ai.evaluation import job
from trading_ai.evaluation.identity import Identity
from trading_ai.evaluation.job import evaluate_piece, job_evaluator
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.importers.samples import load_sample
from trading_ai.optimization.judging import Judge
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.parameters import ParameterRange, SearchSpace
from trading_ai.settings import Settings
from trading_ai.store import work as sql_work

SPACE = SearchSpace((ParameterRange("stop_loss", 20, 60, 2), ParameterRange("take_profit", 40, 100, 10)))


@contextmanager
def engine(version: str):
    """What runs in the block is of another version of the engine."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (chunk_worker, cluster, job, sql_work):
            patch.setattr(module, "ENGINE_VERSION", version)
        yield


@contextmanager
def without(file: Path | None):
    """What runs in the block is on a machine that has not this file."""
    if file is None:
        yield
        return
    aside = file.with_suffix(".aside")
    file.rename(aside)
    try:
        yield
    finally:
        aside.rename(file)


class Machine:
    """A worker with its companion, of some version, and perhaps without a file."""

    def __init__(self, service, name, version=job.ENGINE_VERSION, lacks=None):
        self.service, self.name, self.version, self.lacks = service, name, version, lacks
        store, queue, clock = service.store, service.queue, service.clock
        with engine(version):
            self.record = WorkerRecord(name, name, 1, "celery", 1, 0.0, 0.0, engine_version=version)
            self.worker = ChunkWorker(store, service.application.artifacts, queue, name, f"{name}/1", clock)
            self.companion = Coordinator(store, queue, lambda _: None, lambda: 0, f"{name}/companion", clock)
        self.n_trials = 0

    def live(self) -> None:
        """Beat, coordinate or stand by, and take the first chunk that waits."""
        with engine(self.version), without(self.lacks):
            self.service.queue.heartbeat(replace(self.record, heartbeat_at=self.service.now))
            self.companion.tick()
            waiting = [c for c in self.service.queue.chunks() if c.owner is None]
            if waiting:
                done = self.worker.run(waiting[0].chunk_id, waiting[0].optimization_id)
                self.n_trials += done.n_trials if done else 0


class Service:
    """One database and some machines, on a clock that moves by a second with each round."""

    def __init__(self, folder: Path) -> None:
        self.application = Application(Settings(home=folder / "home"))
        self.store, self.queue = self.application.store, self.application.queue
        bars = load_sample("EURUSD").slice(0, 1000)
        self.dataset_id = self.application.backtests.keep_bars(bars, "sample", {}, {})[0].dataset_id
        self.now = time.time()

    def clock(self) -> float:
        return self.now

    def begin(self, strategy: str = "sma_crossover", **changes: object) -> str:
        record, _ = self.application.backtests.run(BacktestSpec(strategy, {}, self.dataset_id))
        spec = OptimizationSpec(record.backtest_id, SPACE, reuse=False, **changes)
        return self.application.service.begin(self.application.service.plan(spec, measure=False)).optimization_id

    def run(self, *machines: Machine, n_rounds: int = 150) -> None:
        for _ in range(n_rounds):
            self.now += 1.0
            for machine in machines:
                machine.live()
            if not self.queue.running():
                return

    def right(self, key: str) -> None:
        """Assert that an optimization is complete, and each trial what this engine makes of it."""
        record = self.store.optimization(key)
        assert (record.status, record.n_completed, record.n_failed) == ("completed", SPACE.n_combinations, 0)
        evaluator = job_evaluator(job_of(self.store, record), self.application.artifacts)
        for page in self.store.trials(key):
            np.testing.assert_array_equal(page.metrics, evaluator.evaluate(page.indices).metrics)


@pytest.fixture
def service(tmp_path):
    made = Service(tmp_path)
    yield made
    made.application.database.close()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["the older leads", "the newer leads"])
@pytest.mark.parametrize("method", [{}, {"method": "genetic", "max_iterations": SPACE.n_combinations}])
def test_versions_share_a_queue_and_mix_no_trial(service, order, method):
    key = service.begin(**method)
    machines = [Machine(service, "same"), Machine(service, "other", "99")]
    service.run(*(machines[i] for i in order))
    assert [machine.n_trials for machine in machines] == [SPACE.n_combinations, 0]
    service.right(key)


def test_a_worker_that_refuses_says_why(service):
    key = service.begin()
    same, other = Machine(service, "same"), Machine(service, "other", "99")
    service.run(same, other, n_rounds=1)
    other.live()
    refusals = service.queue.refusals(service.now - REFUSAL_SECONDS)
    assert {(r.optimization_id, r.worker_id) for r in refusals} == {(key, "other")}
    assert "engine version" in refusals[0].reason
    assert "99" in refusals[0].reason
    told = workers_json(service.queue.workers(), service.queue.chunks(), [], service.now, refusals)["workers"]
    assert {w["worker_id"]: [r["optimization_id"] for r in w["refuses"]] for w in told} == {"same": [], "other": [key]}
    assert {w["worker_id"]: w["engine_version"] for w in told} == {"same": job.ENGINE_VERSION, "other": "99"}


def test_without_a_worker_that_can_it_waits_and_says_so_and_fails_in_the_end(service):
    key = service.begin()
    machines = [Machine(service, name, "99") for name in ("one", "two")]
    service.run(*machines, n_rounds=30)
    record = service.store.optimization(key)
    assert (record.status, record.n_completed) == ("running", 0)
    assert record.message.startswith("waits: no worker that is online can evaluate it")
    service.run(*machines, n_rounds=60)
    record = service.store.optimization(key)
    assert (record.status, record.n_completed) == ("failed", 0)
    assert record.message.startswith("no worker could evaluate it for 60 s. ")
    assert "engine version" in record.message


def test_a_worker_that_can_and_comes_late_does_all(service):
    key = service.begin()
    others = [Machine(service, name, "99") for name in ("one", "two")]
    service.run(*others, n_rounds=50)
    service.run(*others, Machine(service, "same"))
    service.right(key)
    assert service.store.optimization(key).message == ""


def test_no_worker_at_all_is_waited_for(service):
    key = service.begin()
    api = Coordinator(service.store, service.queue, lambda _: None, lambda: 0, "api", service.clock)
    for _ in range(200):
        service.now += 1.0
        api.tick()
    assert service.store.optimization(key).status == "running"
    service.run(Machine(service, "same"))
    service.right(key)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["the one that has it leads", "the one that lacks it leads"])
def test_a_worker_without_the_strategy_leaves_it_to_others(service, tmp_path, order):
    name = write_strategy(tmp_path)
    bad_for_one, good = service.begin(name), service.begin()
    machines = [Machine(service, "has"), Machine(service, "lacks", lacks=tmp_path / "picky.py")]
    service.run(*(machines[i] for i in order))
    service.right(good)
    assert service.store.optimization(bad_for_one).status == "completed"
    assert machines[0].n_trials >= SPACE.n_combinations  # all of the one, and perhaps some of the other


def test_a_file_that_arrives_late_is_noticed(service, tmp_path):
    key = service.begin(write_strategy(tmp_path))
    machine = Machine(service, "late", lacks=tmp_path / "picky.py")
    service.run(machine, n_rounds=20)
    assert service.store.optimization(key).status == "running"
    machine.lacks = None
    service.run(machine)
    assert (service.store.optimization(key).status, machine.n_trials) == ("completed", SPACE.n_combinations)


def test_two_that_lack_different_strategies_do_each_others(service, tmp_path):
    files = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        files.append(Path(write_strategy(folder).rpartition(":")[0]))
    keys = [service.begin(f"{file}:Picky") for file in files]
    service.run(Machine(service, "lacks-a", lacks=files[0]), Machine(service, "lacks-b", lacks=files[1]))
    assert [service.store.optimization(key).status for key in keys] == ["completed", "completed"]


def test_an_older_worker_that_compares_nothing_gets_no_chunk(service):
    service.begin()
    service.run(Machine(service, "same"), n_rounds=1)
    waiting = next(c for c in service.queue.chunks() if c.owner is None)
    claim = text("UPDATE chunks SET owner = 'old/1', lease_expires_at = 9e9 WHERE id = :id AND owner IS NULL")
    with (
        pytest.raises(StorageError, match="an_owner_says_its_engine"),
        service.application.database.write() as database,
    ):
        database.execute(claim, {"id": waiting.chunk_id})


def test_results_say_what_made_them_and_others_are_refused(service):
    record = service.store.optimization(service.begin())
    work = job_of(service.store, record)
    judge = Judge(service.store, record.optimization_id, record.spec, work.identity)
    made = evaluate_piece(job_evaluator(work, service.application.artifacts), work, np.arange(4))
    assert made.made_by == Identity(job.ENGINE_VERSION, record.strategy_hash, (service.dataset_id,))
    others = [
        (replace(work.identity, engine_version="99"), "engine version 99, and the optimization is of"),
        (replace(work.identity, strategy_hash="f" * 64), "strategy ffffffffffff, and the optimization is of"),
        (replace(work.identity, dataset_ids=("e" * 64,)), "data eeeeeeeeeeee, and the optimization is of"),
        (None, "do not say"),
    ]
    for identity, reason in others:
        with pytest.raises(ChangedError, match=reason):
            judge.save(replace(made, made_by=identity))
    with engine("99"):
        skewed = evaluate_piece(
            job_evaluator(replace(work, engine_version="99"), service.application.artifacts), work, np.arange(4)
        )
    with pytest.raises(ChangedError, match="engine version 99"):
        judge.save(skewed)
    assert service.store.optimization(record.optimization_id).n_completed == 0
    assert judge.save(made).n_new == 4


def test_a_stolen_glance_at_results_of_another_engine_gives_the_chunk_back(service, monkeypatch):
    """A worker whose code was replaced under it: what it loaded says one version, what it evaluates with another."""
    key = service.begin()
    same = Machine(service, "same")
    right = chunk_worker.evaluate_piece

    def skewed(evaluator, given, indices):
        made = right(evaluator, given, indices)
        return replace(made, made_by=replace(made.made_by, engine_version="99"))

    monkeypatch.setattr(chunk_worker, "evaluate_piece", skewed)
    service.run(same, n_rounds=10)
    assert service.store.optimization(key).n_completed == 0
    monkeypatch.setattr(chunk_worker, "evaluate_piece", right)
    service.run(same)
    service.right(key)
