"""Published strategies on machines that never saw their files."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.fakes.bundles import bundle
from trading_ai.bootstrap import Application, artifacts_opener
from trading_ai.driving.chunk_worker import ChunkWorker
from trading_ai.driving.cluster import Coordinator
from trading_ai.driving.planning import job_of
from trading_ai.driving.queue import WorkerRecord
from trading_ai.errors import EvaluationError, NotFoundError, StrategyError
from trading_ai.evaluation.job import evaluate_piece, job_evaluator
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.importers.samples import load_sample
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.parameters import ParameterRange, SearchSpace
from trading_ai.settings import Settings
from trading_ai.store import bundle_cache
from trading_ai.store.bundle_cache import BundleCache
from trading_ai.strategies import bundled, requirements
from trading_ai.strategies.bundled import find_bundles_with
from trading_ai.strategies.identity import strategy_identity
from trading_ai.strategies.publishing import bundle_of
from trading_ai.strategies.registry import strategy

SPACE = SearchSpace((ParameterRange("stop_loss", 20, 60, 2), ParameterRange("length", 5, 15, 5)))

MINE = """import csv
from pathlib import Path
import numpy as np
import trading_ai as ta
from levels.shift import shifted

class {name}(ta.Strategy):
    data_files = ("data/shift.csv",)
    length: int = ta.Int(5, 2, 50, unit="bars")

    def signals(self, bars, length):
        n = int(next(csv.reader((Path(__file__).parent / "data/shift.csv").open()))[0])
        up = bars.close > shifted(bars.close, length + n)
        return ta.Signals(up, ~up, ~up, up)
"""

HELPER = """import numpy as np
def shifted(values, n):
    return np.concatenate((np.full(n, np.nan), values[:-n]))
"""


@pytest.fixture(autouse=True)
def forgotten():
    yield
    find_bundles_with(None)


def written(folder: Path, *names: str) -> Path:
    """A file with a helper in a folder without an ``__init__.py``, a data file, and things that do not belong to it."""
    for path, content in {
        "mine.py": "".join(MINE.format(name=name) for name in names or ("Mine",)),
        "levels/shift.py": HELPER, "data/shift.csv": "1\n", "other.py": "secret = 1", ".env": "KEY=1",
    }.items():  # fmt: skip
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    return folder / "mine.py"


class Machine:
    """A worker with its companion on a machine of its own: nothing but the database is shared."""

    def __init__(self, folder: Path, name: str, url: str) -> None:
        self.application = Application(Settings(home=folder / name, database_url=url))
        self.name, self.cache = name, folder / name / "cache" / "bundles"
        self.lacks: list[str] = []
        self.n_trials = 0

    def live(self, bars: object, now: float) -> None:
        application = self.application
        application.artifacts.save_bars(bars)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bundled, "missing", lambda needs: self.lacks or requirements.missing(needs))
            find_bundles_with(application._bundle_cache)
            queue = application.queue
            queue.heartbeat(WorkerRecord(self.name, self.name, 1, "celery", 1, 0.0, now))
            waiting = [c for c in queue.chunks() if c.owner is None]
            if waiting:
                worker = ChunkWorker(
                    application.store, application.artifacts, queue, self.name, f"{self.name}/1", lambda: now
                )
                done = worker.run(waiting[0].chunk_id, waiting[0].optimization_id)
                self.n_trials += done.n_trials if done else 0


class Cluster:
    """A laptop that publishes, two machines, and a coordinator that never runs the code."""

    def __init__(self, folder: Path) -> None:
        self.now = time.time()
        url = f"sqlite:///{folder / 'shared.db'}"
        self.laptop = Application(Settings(home=folder / "laptop", database_url=url))
        self.bars = load_sample("EURUSD").slice(0, 400)
        self.dataset_id = self.laptop.backtests.keep_bars(self.bars, "sample", {}, {})[0].dataset_id
        self.machines = [Machine(folder, name, url) for name in ("one", "two")]
        self.planner = Application(Settings(home=folder / "planner", database_url=url))
        self.planner.artifacts.save_bars(self.bars)
        self.planner.never_run_bundles()
        find_bundles_with(self.laptop._bundle_cache)

    def begin(self, named: str) -> str:
        record, _ = self.laptop.backtests.run(BacktestSpec(named, {}, self.dataset_id))
        find_bundles_with(self.planner._bundle_cache)
        plan = self.planner.service.plan(OptimizationSpec(record.backtest_id, SPACE, reuse=False), measure=False)
        return self.planner.service.begin(plan).optimization_id

    def run(self, n_rounds: int = 120) -> None:
        planner = self.planner
        coordinator = Coordinator(planner.store, planner.queue, lambda _: None, lambda: 0, "planner", lambda: self.now)
        for _ in range(n_rounds):
            self.now += 1.0
            for machine in self.machines:
                find_bundles_with(planner._bundle_cache)
                coordinator.tick()
                machine.live(self.bars, self.now)
            if not planner.queue.running():
                return


@pytest.fixture
def cluster(tmp_path) -> Cluster:
    return Cluster(tmp_path)


def test_machines_that_never_saw_the_files_evaluate_all_of_it(cluster, tmp_path):
    file = written(tmp_path / "trader")
    made = bundle_of(file)
    assert sorted(made.contents) == ["data/shift.csv", "levels/shift.py", "mine.py"]
    expected = strategy_identity(strategy(str(file)))
    assert made.manifest.declared[0].strategy_hash == expected
    local, _ = cluster.laptop.backtests.run(BacktestSpec(str(file), {}, cluster.dataset_id))
    cluster.laptop.bundles.keep(made, "mine", cluster.now)
    file.unlink()  # nobody has it any more
    key = cluster.begin("bundle:mine")
    cluster.run()
    record = cluster.planner.store.optimization(key)
    assert (record.status, record.n_completed, record.n_failed) == ("completed", SPACE.n_combinations, 0)
    assert record.strategy_hash == expected
    assert all(machine.n_trials for machine in cluster.machines)
    backtest = cluster.laptop.store.backtest(record.spec.backtest_id)
    assert backtest.spec.strategy == f"bundle:{made.bundle_hash}"
    assert backtest.metrics["net_profit"] == local.metrics["net_profit"] != 0.0
    assert not (tmp_path / "planner" / "cache").exists()  # what plans never fetches code
    find_bundles_with(cluster.laptop._bundle_cache)
    job = job_of(cluster.laptop.store, record)
    evaluator = job_evaluator(job, cluster.laptop.artifacts)
    for page in cluster.laptop.store.trials(key):
        np.testing.assert_array_equal(page.metrics, evaluate_piece(evaluator, job, page.indices).metrics)


def test_publishing_again_under_the_same_name_does_not_change_a_backtest(cluster, tmp_path):
    file = written(tmp_path / "trader")
    bundles = cluster.laptop.bundles
    bundles.keep(bundle_of(file), "mine", cluster.now)
    first, result = cluster.laptop.backtests.run(BacktestSpec("bundle:mine", {}, cluster.dataset_id))
    (file.parent / "data/shift.csv").write_text("7\n")
    bundles.keep(bundle_of(file), "mine", cluster.now)
    second, other = cluster.laptop.backtests.run(BacktestSpec("bundle:mine", {}, cluster.dataset_id))
    _, again = cluster.laptop.backtests.run(first.spec)
    assert result.metrics["net_profit"] == again.metrics["net_profit"] != other.metrics["net_profit"]
    assert first.strategy_hash != second.strategy_hash


def test_a_machine_that_lacks_a_requirement_leaves_the_chunks_to_others(cluster, tmp_path):
    cluster.laptop.bundles.keep(bundle_of(written(tmp_path / "trader")), "mine", cluster.now)
    key = cluster.begin("bundle:mine")
    cluster.machines[0].lacks = ["numpy==99 is needed, and numpy 1 is installed"]
    cluster.run()
    assert cluster.planner.store.optimization(key).status == "completed"
    assert [bool(machine.n_trials) for machine in cluster.machines] == [False, True]


def test_an_optimization_that_nobody_can_run_fails_with_all_that_is_missing(cluster, tmp_path):
    cluster.laptop.bundles.keep(bundle_of(written(tmp_path / "trader")), "mine", cluster.now)
    key = cluster.begin("bundle:mine")
    for machine in cluster.machines:
        machine.lacks = ["a==1 is not installed", "b==2 is needed, and 3 is installed"]
    cluster.run()
    record = cluster.planner.store.optimization(key)
    assert (record.status, record.n_completed) == ("failed", 0)
    assert "a==1 is not installed; b==2 is needed, and 3 is installed" in record.message


def test_a_process_that_plans_knows_what_a_bundle_declares_and_does_not_run_it(cluster, tmp_path):
    made = bundle_of(written(tmp_path / "trader", "Mine", "Yours"))
    cluster.laptop.bundles.keep(made, "both", cluster.now)
    find_bundles_with(cluster.planner._bundle_cache)
    chosen = strategy("bundle:both:Yours")
    assert list(chosen.parameters) == ["length"]
    assert strategy_identity(chosen) == made.manifest.declaration("Yours").strategy_hash
    spec = BacktestSpec("bundle:both:Yours", {}, cluster.dataset_id)
    with pytest.raises(EvaluationError, match="not run inside of a server"):
        cluster.planner.backtests.run(spec)
    with pytest.raises(StrategyError, match="Mine, Yours"):
        strategy("bundle:both")
    with pytest.raises(NotFoundError, match="strategy list"):
        strategy("bundle:other")
    with pytest.raises(StrategyError, match="one of several"):
        strategy("bundle:both:Mine+sma_crossover")


def test_worker_processes_of_one_machine_run_it_too(cluster, tmp_path):
    cluster.laptop.bundles.keep(bundle_of(written(tmp_path / "trader")), "mine", cluster.now)
    record, _ = cluster.laptop.backtests.run(BacktestSpec("bundle:mine", {}, cluster.dataset_id))
    find_bundles_with(None)
    artifacts_opener(cluster.laptop.settings)()  # what such a process calls first
    assert strategy(record.spec.strategy).name == "mine"


def test_what_needs_more_than_its_own_files_is_not_published(tmp_path):
    file = written(tmp_path / "trader")
    file.write_text(file.read_text().replace('("data/shift.csv",)', '("../outside.csv",)'))
    (tmp_path / "outside.csv").write_text("1\n")
    with pytest.raises(StrategyError, match=r"plain relative|own files"):
        bundle_of(file)


def test_a_command_is_published_with_its_folder(tmp_path):
    folder = tmp_path / "command"
    folder.mkdir()
    (folder / "run.toml").write_text('command = ["python3", "run.py"]\nfiles = ["run.py"]\nreport = "json"\n')
    (folder / "run.py").write_text("print(1)\n")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "run.pyc").write_text("")
    made = bundle_of(folder / "run.toml")
    assert (made.manifest.entry, sorted(made.contents)) == ("run.toml", ["run.py", "run.toml"])


class Counting:
    """Bundles that count how often one is fetched."""

    def __init__(self, *held) -> None:
        self.held = {each.bundle_hash: each for each in held}
        self.n_loads = 0

    def load(self, bundle_hash):
        self.n_loads += 1
        return self.held[bundle_hash]


def test_a_damaged_cache_is_fetched_again_and_a_good_one_is_not(tmp_path):
    made = bundle()
    source = Counting(made)

    def opened() -> Path:
        return BundleCache(lambda: source, tmp_path, 1 << 20).folder(made.bundle_hash)

    file = opened() / "quiet.py"
    (file.parent / "result.txt").write_text("a strategy may write beside its files")
    opened()
    assert source.n_loads == 1
    file.write_text("evil = 1")
    assert (opened() / "quiet.py").read_bytes() == made.contents["quiet.py"]
    (file.parent / "numpy.py").write_text("evil = 1")
    assert not (opened() / "numpy.py").exists()
    assert source.n_loads == 3


def test_the_cache_is_bounded_and_keeps_what_is_in_use(tmp_path):
    made = [bundle(str(i).encode() * 1000) for i in range(4)]
    source = Counting(*made)
    holder = BundleCache(lambda: source, tmp_path, 2500)
    holder.folder(made[0].bundle_hash)
    for i, each in enumerate(made[1:]):
        BundleCache(lambda: source, tmp_path, 2500).folder(each.bundle_hash)  # of a process that has ended since
        os.utime(tmp_path / each.bundle_hash, (i, i))
    kept = {path.name for path in tmp_path.iterdir() if path.is_dir()}
    assert kept == {made[0].bundle_hash, made[3].bundle_hash}
    assert (holder.folder(made[0].bundle_hash) / "quiet.py").is_file()


def _fetch_slowly(folder: Path, begun) -> None:
    made = bundle()

    def slow_mkdtemp(**named):
        found = real(**named)
        Path(found, "half").write_text("half of it")
        begun.send(1)
        time.sleep(60)
        return found

    real = bundle_cache.tempfile.mkdtemp
    bundle_cache.tempfile.mkdtemp = slow_mkdtemp
    BundleCache(lambda: Counting(made), folder, 1 << 20).folder(made.bundle_hash)


def test_a_process_that_is_killed_while_it_fetches_leaves_nothing_that_is_used(tmp_path):
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_fetch_slowly, args=(tmp_path, theirs))
    process.start()
    assert ours.poll(20)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    (left,) = tmp_path.glob(".new-*")
    source = Counting(made := bundle())
    assert (BundleCache(lambda: source, tmp_path, 1 << 20).folder(made.bundle_hash) / "quiet.py").is_file()
    assert source.n_loads == 1
    os.utime(left, (0, 0))  # hours later
    other = bundle(b"x = 1")
    BundleCache(lambda: Counting(other), tmp_path, 1 << 20).folder(other.bundle_hash)
    assert not left.exists()


def _fetch(folder: Path, told) -> None:
    made = bundle()
    found = BundleCache(lambda: Counting(made), folder, 1 << 20).folder(made.bundle_hash)
    told.send((found / "quiet.py").read_bytes() == made.contents["quiet.py"])


def test_processes_that_fetch_at_the_same_time_all_get_the_whole(tmp_path):
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    processes = [context.Process(target=_fetch, args=(tmp_path, theirs)) for _ in range(8)]
    for process in processes:
        process.start()
    for _ in processes:
        assert ours.poll(20)
        assert ours.recv()
    for process in processes:
        process.join()
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [bundle().bundle_hash]


def test_the_manifest_of_a_bundle_is_replaced_by_none_of_another(tmp_path):
    made = bundle()
    cache = BundleCache(lambda: Counting(made), tmp_path, 1 << 20)
    folder = cache.folder(made.bundle_hash).parent
    other = replace(made.manifest, requirements=("numpy==0",))
    (folder / "manifest.json").write_text(other.to_json())
    source = Counting(made)
    BundleCache(lambda: source, tmp_path, 1 << 20).folder(made.bundle_hash)
    assert source.n_loads == 1
