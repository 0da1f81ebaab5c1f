"""Whatever one optimization raises ends that one, with the reason; the one beside it is completed."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.fakes.user_strategies import write_strategy
from trading_ai.bootstrap import Application
from trading_ai.driving import chunk_worker, cluster, here, local_runner, planning, service
from trading_ai.driving.chunk_worker import ChunkWorker
from trading_ai.driving.cluster import Coordinator
from trading_ai.driving.dispatch import Dispatch
from trading_ai.driving.driven import Driven
from trading_ai.driving.here import Here
from trading_ai.driving.local_runner import LocalRunner
from trading_ai.driving.queue import WorkerRecord
from trading_ai.errors import StorageError, TransientError
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.executors import inline
from trading_ai.importers.samples import load_sample
from trading_ai.optimization.judging import Judge
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.parameters import ParameterRange, SearchSpace
from trading_ai.settings import Settings
from trading_ai.store import work as sql_work
from trading_ai.store.sql import SqlStore
from trading_ai.store.work import SqlWork

SPACE = SearchSpace((ParameterRange("stop_loss", 20, 60, 2), ParameterRange("take_profit", 40, 100, 10)))
OTHER_SPACE = SearchSpace((ParameterRange("stop_loss", 20, 60, 2), ParameterRange("take_profit", 30, 100, 10)))


class Work:
    """A coordinator and a worker in this process, on a database of their own."""

    def __init__(self, folder: Path) -> None:
        self.application = Application(Settings(home=folder / "home"))
        bars = load_sample("EURUSD").slice(0, 1000)
        self.seen: list[dict[str, tuple[str, str]]] = []
        self.dataset_id = self.application.backtests.keep_bars(bars, "sample", {}, {})[0].dataset_id

    def begin(self, strategy: str = "sma_crossover", space: SearchSpace = SPACE, **changes: object) -> str:
        record, _ = self.application.backtests.run(BacktestSpec(strategy, {}, self.dataset_id))
        spec = OptimizationSpec(record.backtest_id, space, reuse=False, **changes)
        service = self.application.service
        return service.begin(service.plan(spec, measure=False)).optimization_id

    def run(self, n_ticks: int = 120, left_waiting: str = "", seconds: float = 1.0) -> None:
        """Let a coordinator and a worker work, on a clock that moves by so many seconds with each round."""
        store, queue = self.application.store, self.application.queue
        now = [time.time()]
        coordinators = [
            Coordinator(store, queue, lambda _: None, lambda: 0, owner, lambda: now[0])
            for owner in ("api", "worker/companion")
        ]
        worker = ChunkWorker(store, self.application.artifacts, queue, "worker", "worker/1", lambda: now[0])
        for _ in range(n_ticks):
            now[0] += seconds
            queue.heartbeat(WorkerRecord("worker", "machine", 1, "celery", 1, now[0], now[0]))
            for coordinator in coordinators:
                with suppress(TransientError):
                    coordinator.tick()
            for chunk in queue.chunks():
                if chunk.optimization_id != left_waiting:
                    with suppress(StorageError):
                        worker.run(chunk.chunk_id, chunk.optimization_id)
            with suppress(Exception):
                self.seen.append({key: self.ends(key) for key in queue.running()})
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
    assert message.startswith("no worker could evaluate it for 60 s")
    assert reason in message
    # It waited for another worker before, and said so from the start.
    waited = [seen[bad] for seen in work.seen if bad in seen]
    assert 55 <= len(waited) <= 70
    assert all("waits: no worker that is online can evaluate it" in told[1] for told in waited[5:])


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


OTHERS = [TypeError, MemoryError, ValueError, KeyError, RecursionError, ZeroDivisionError]


def in_turn(steps):
    """Each step with both kinds of errors of a database, and with one of the others; two of the three are slow."""
    return [
        pytest.param(
            owner, step, kind("made to fail"), id=f"{owner.__name__}.{step}-{kind.__name__}",
            marks=[] if i % 3 == n else pytest.mark.slow,
        )
        for i, (owner, step) in enumerate(steps)
        for n, kind in enumerate((StorageError, TransientError, OTHERS[i % len(OTHERS)]))
    ]  # fmt: skip


def made_faulty(monkeypatch, owner, step, bad, error):
    """Make a step raise for one optimization; says how often it did."""
    right, calls = getattr(owner, step), []

    def faulty(*given, **named):
        if any(concerns(bad, each) for each in given):
            calls.append(step)
            raise error
        return right(*given, **named)

    monkeypatch.setattr(owner, step, faulty)
    return calls


def concerns(bad, given) -> bool:
    """Whether something is of the bad optimization, which alone learns and has the other space."""
    if isinstance(given, str):
        return given == bad
    if isinstance(given, Dispatch):
        return given.learns
    names = ("optimization_id", "_key")
    return bad in [getattr(given, name, "") for name in names] or getattr(given, "space", None) == OTHER_SPACE


STEPS_OF_A_CLUSTER = [
    (Coordinator, "_begin"),
    (Driven, "observe"),
    (Driven, "enough"),
    (cluster, "complete"),
    (cluster, "known_scores"),
    (Dispatch, "refill"),
    (Dispatch, "take"),
    (planning, "Answers"),
    (Judge, "save"),
    (ChunkWorker, "_task"),
    (chunk_worker, "job_of"),
    (chunk_worker, "job_evaluator"),
    (chunk_worker, "evaluate_piece"),
    (sql_work, "_chunk"),
    (SqlWork, "add_chunks"),
    (SqlWork, "chunk_indices"),
    (SqlStore, "optimization"),
    (SqlStore, "acquire_lease"),
    (SqlStore, "save_chunk"),
    (SqlStore, "scores"),
]


@pytest.mark.parametrize(("owner", "step", "error"), in_turn(STEPS_OF_A_CLUSTER))
def test_a_fault_in_any_step_of_the_cluster(work, monkeypatch, owner, step, error):
    bad, good = work.begin(method="genetic", max_iterations=40, space=OTHER_SPACE), work.begin()
    calls = made_faulty(monkeypatch, owner, step, bad, error)
    work.run(seconds=3.0)
    monkeypatch.undo()
    assert calls
    assert work.ends(good) == ("completed", "")
    status, message = work.ends(bad)
    assert status == "failed", message
    assert "made to fail" in message
    work.application.service.set_running(bad)  # what failed can go on when the cause is gone
    work.run()
    assert work.ends(bad) == ("completed", "")


OF_OLDER_VERSIONS = [
    ("objective", "net_profit + 'a'", "a text where a number belongs"),
    ("objective", "-(net_profit < 1)", "a condition where a number belongs"),
    ("objective", "9" * 400 + " + net_profit", "too large"),
    ("objective", "no_such_metric", "no_such_metric"),
    ("constraints", ["no_such_metric > 1"], "no_such_metric"),
    ("parameter_constraints", ["stop_loss < 'wide'"], "cannot be compared"),
]


def stored_as_older_versions_did(work, name, value) -> str:
    """An optimization that is marked as running with what is now refused."""
    key = work.begin()
    with work.application.database.write() as connection:
        chosen = text("SELECT spec FROM optimizations WHERE optimization_id = :key")
        spec = json.loads(connection.execute(chosen, {"key": key}).scalar_one()) | {name: value}
        change = text("UPDATE optimizations SET spec = :spec WHERE optimization_id = :key")
        connection.execute(change, {"key": key, "spec": json.dumps(spec)})
    return key


@pytest.mark.parametrize(("name", "value", "reason"), OF_OLDER_VERSIONS)
def test_what_older_versions_accepted_fails_alone_in_a_cluster(work, name, value, reason):
    bad, good = stored_as_older_versions_did(work, name, value), work.begin()
    work.run(seconds=3.0)
    assert work.ends(good) == ("completed", "")
    assert work.ends(bad)[0] == "failed"
    assert reason in work.ends(bad)[1]


@pytest.mark.parametrize(("name", "value", "reason"), OF_OLDER_VERSIONS)
def test_what_older_versions_accepted_fails_alone_on_one_machine(work, served, name, value, reason):
    bad, good = stored_as_older_versions_did(work, name, value), work.begin()
    served(lambda: not work.application.queue.running())
    assert work.ends(good) == ("completed", "")
    assert work.ends(bad)[0] == "failed"
    assert reason in work.ends(bad)[1]


def test_a_failure_that_cannot_be_stored_holds_up_no_other(work, monkeypatch):
    bad, good = work.begin(method="genetic", max_iterations=40, space=OTHER_SPACE), work.begin()
    made_faulty(monkeypatch, Judge, "save", bad, TypeError("made to fail"))
    made_faulty(monkeypatch, SqlStore, "change_status", bad, StorageError("full"))
    work.run(n_ticks=30)
    assert work.ends(good) == ("completed", "")
    assert work.ends(bad)[0] == "running"
    monkeypatch.undo()
    made_faulty(monkeypatch, Judge, "save", bad, TypeError("made to fail"))
    work.run()
    assert work.ends(bad) == ("failed", "TypeError: made to fail")


def test_a_database_that_is_away_fails_no_optimization(work, monkeypatch):
    keys = [work.begin(), work.begin(space=OTHER_SPACE)]
    for key in keys:
        made_faulty(monkeypatch, SqlStore, "acquire_lease", key, TransientError("away"))
    work.run(n_ticks=50, seconds=3.0)
    assert [work.ends(key)[0] for key in keys] == ["running", "running"]
    monkeypatch.undo()
    work.run()
    assert [work.ends(key) for key in keys] == [("completed", ""), ("completed", "")]


STEPS_OF_A_LAPTOP = [
    (service, "plan_optimization"),
    (service, "take_lease"),
    (Here, "_run"),
    (Here, "_executor"),
    (here, "Judge"),
    (here, "job_of"),
    (here, "dispatch_of"),
    (here, "complete"),
    (Dispatch, "refill"),
    (Dispatch, "take"),
    (planning, "Answers"),
    (planning, "known_scores"),
    (Judge, "save"),
    (inline, "evaluate_piece"),
    (SqlStore, "optimization"),
    (SqlStore, "done_indices"),
    (SqlStore, "acquire_lease"),
    (SqlStore, "save_chunk"),
]


@pytest.fixture
def served(work, monkeypatch):
    """Serves what is marked as running, as a server of one machine does, and at the end is told to stop."""
    monkeypatch.setattr(local_runner, "_RETRY_SECONDS", 0.1)
    monkeypatch.setattr(local_runner, "_TROUBLE_SECONDS", 0.3)
    runners = []

    def serve(until, seconds: float = 20.0) -> None:
        worker = WorkerRecord("laptop", "machine", 1, "local", 2, time.time(), time.time())
        runners.append(LocalRunner(work.application.service, work.application.queue, worker, 1))
        runners[-1].start()
        limit = time.monotonic() + seconds
        while time.monotonic() < limit and not until():
            time.sleep(0.05)
        runners.pop().stop()

    yield serve
    for runner in runners:
        runner.stop()


@pytest.mark.parametrize(("owner", "step", "error"), in_turn(STEPS_OF_A_LAPTOP))
def test_a_fault_in_any_step_of_one_machine(work, served, monkeypatch, owner, step, error):
    bad, good = work.begin(method="genetic", max_iterations=40, space=OTHER_SPACE), work.begin()
    calls = made_faulty(monkeypatch, owner, step, bad, error)
    served(lambda: not work.application.queue.running())
    monkeypatch.undo()
    assert calls
    assert work.ends(good) == ("completed", "")
    status, message = work.ends(bad)
    # A database that refuses to write pauses what it can be written to again later.
    assert status in (("failed", "paused") if type(error) is StorageError else ("failed",)), message
    assert "made to fail" in message
    work.application.service.set_running(bad)
    served(lambda: not work.application.queue.running())
    assert work.ends(bad) == ("completed", "")


def test_ten_bad_ones_leave_a_place_for_a_good_one(work, served, monkeypatch):
    bad = [work.begin(space=OTHER_SPACE) for _ in range(10)]
    good = work.begin()
    for key in bad:
        made_faulty(monkeypatch, Judge, "save", key, TypeError("made to fail"))
        made_faulty(monkeypatch, SqlStore, "change_status", key, StorageError("full"))
    served(lambda: work.ends(good)[0] == "completed")
    assert work.ends(good) == ("completed", "")
    monkeypatch.undo()
    served(lambda: not work.application.queue.running())
    assert {work.ends(key)[0] for key in bad} == {"completed"}


def test_a_strategy_that_changed_while_the_server_was_down(work, served, tmp_path):
    name = write_strategy(tmp_path)
    bad, good = work.begin(name), work.begin()
    file = tmp_path / "picky.py"
    file.write_text(file.read_text() + "\nCHANGED = True\n")
    served(lambda: not work.application.queue.running())
    assert work.ends(good) == ("completed", "")
    status, message = work.ends(bad)
    assert status == "failed"
    assert "has changed since the start" in message


def test_what_a_machine_has_run_is_counted(work, served):
    keys = [work.begin(), work.begin(method="genetic", max_iterations=40)]
    seen = []
    right = work.application.queue.remove_worker
    work.application.queue.remove_worker = lambda worker_id: (
        seen.extend(work.application.queue.workers()) or right(worker_id)
    )
    served(lambda: not work.application.queue.running())
    n_run = sum(record.n_completed - record.n_reused for record in map(work.application.store.optimization, keys))
    assert [(w.n_processed, w.n_failed) for w in seen] == [(n_run, 0)]
    assert seen[0].busy_seconds > 0.0


def test_a_fault_while_a_killer_is_isolated(work, monkeypatch):
    bad, good = work.begin(), work.begin()
    monkeypatch.setattr(cluster, "_is_killer", lambda chunk: chunk.optimization_id == bad)
    monkeypatch.setattr(Coordinator, "_isolate", lambda *_: 1 / 0)
    work.run(left_waiting=bad)
    assert work.ends(good) == ("completed", "")
    assert work.ends(bad)[0] == "failed"
    assert "ZeroDivisionError" in work.ends(bad)[1]
