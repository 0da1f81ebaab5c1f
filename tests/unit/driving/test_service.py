"""The use cases over the store in memory and an executor in this process."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from tests.fakes.artifacts import MemoryArtifacts
from tests.fakes.bars import EURUSD, bars_of, random_bars
from trading_ai.driving.dispatch import Dispatch
from trading_ai.driving.here import LEASE_SECONDS, Here
from trading_ai.driving.service import OptimizationService
from trading_ai.engine.version import ENGINE_VERSION
from trading_ai.errors import DataError, NotFoundError, ParameterError, StateError, StorageError
from trading_ai.evaluation import job
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.executors.inline import InlineExecutor
from trading_ai.library import backtest as run_in_memory
from trading_ai.library import sweep
from trading_ai.market.resample import resample
from trading_ai.optimization.backtests import BacktestService
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.optimization.records import DatasetRecord
from trading_ai.parameters import ParameterRange, SearchSpace
from trading_ai.store.memory import MemoryStore

BARS = random_bars(1_500, 11, tf="M15")


class House:
    """A store, artifacts, the two services, and a clock that only sleeping moves."""

    def __init__(self) -> None:
        self.store, self.artifacts = MemoryStore(), MemoryArtifacts()
        self.now = 1_000.0
        ids = count(1)

        def new_id() -> str:
            return f"{next(ids):08d}-id"

        self.backtests = BacktestService(self.store, self.artifacts, clock=self.clock, new_id=new_id)
        self.service = OptimizationService(
            self.store,
            self.artifacts,
            lambda evaluator, seconds, n, isolate: InlineExecutor(self.artifacts, 1, evaluator),
            max_combinations=10_000,
            clock=self.clock,
            sleep=self.sleep,
            new_id=new_id,
        )

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def add(self, bars=BARS) -> str:
        dataset_id = self.artifacts.save_bars(bars)
        first, last = int(bars.open_time_ns[0]), int(bars.open_time_ns[-1])
        name, frame = bars.symbol.name, str(bars.timeframe)
        self.store.add_dataset(DatasetRecord(dataset_id, name, frame, len(bars), first, last, "made up", self.now))
        return dataset_id


@pytest.fixture
def house(monkeypatch):
    monkeypatch.setattr(Dispatch, "size", lambda *_: 7)  # several pieces however fast the machine is
    return House()


def space_of(*texts):
    return SearchSpace(tuple(ParameterRange.parse(text) for text in texts))


EXITS = space_of("stop_loss=10:40:5", "take_profit=20:60:10")


def started(house, space=EXITS, strategy="sma_crossover", **changes):
    record, _ = house.backtests.run(BacktestSpec(strategy, {}, house.add()))
    return house.service.plan(OptimizationSpec(record.backtest_id, space, **changes))


def trials(house, record):
    page = house.store.ranked(record.optimization_id, 10_000)
    return dict(zip(page.indices.tolist(), page.metrics.tolist(), strict=True)), page


def test_a_backtest_is_kept_with_its_trades(house):
    spec = BacktestSpec("sma_crossover", {"fast": 5, "stop_loss": 20}, house.add())
    record, result = house.backtests.run(spec, "mine")
    kept = house.store.backtest("latest")
    assert kept == record
    assert kept.name == "mine"
    assert kept.spec.parameters["slow"] == 30  # defaults are filled in, so that they cannot change later
    expected = run_in_memory(BARS, "sma_crossover", fast=5, stop_loss=20)
    assert kept.metrics == pytest.approx(expected.metrics, nan_ok=True)
    arrays = house.artifacts.load_backtest(record.backtest_id)
    np.testing.assert_array_equal(arrays["trades"], result.trades)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [({"fats": 5}, "Known: .*fast"), ({"fast": 0}, "must lie between"), ({"fast": 50, "slow": 20}, "below slow")],
)
def test_an_impossible_backtest_leaves_nothing(house, parameters, message):
    with pytest.raises(ParameterError, match=message):
        house.backtests.run(BacktestSpec("sma_crossover", parameters, house.add()))
    assert house.store.backtests() == []


def test_a_longer_timeframe_resamples_signals_and_keeps_exits_fine(house):
    spec = BacktestSpec("sma_crossover", {"fast": 3, "slow": 8, "stop_loss": 15}, house.add(), timeframe="H1")
    record, result = house.backtests.run(spec)
    expected = run_in_memory(resample(BARS, "H1"), "sma_crossover", fast=3, slow=8, stop_loss=15, detail=BARS)
    np.testing.assert_array_equal(result.trades, expected.trades)
    assert record.timeframe == "H1"
    assert result.equity.shape == (len(BARS),)


def test_detail_bars_of_another_symbol_or_a_coarser_timeframe_are_refused(house):
    own = house.add()
    coarse = house.add(resample(BARS, "H1"))
    with pytest.raises(DataError, match="must be finer"):
        house.backtests.run(BacktestSpec("sma_crossover", {}, own, detail_dataset_id=coarse))
    other = type(EURUSD)("GBPUSD", 0.0001, 5, 100_000.0, "USD", "GBP", "fx")
    foreign = house.add(bars_of([[1, 1, 1, 1]] * 9, symbol=other, tf="M1"))
    with pytest.raises(DataError, match="GBPUSD, not of EURUSD"):
        house.backtests.run(BacktestSpec("sma_crossover", {}, own, detail_dataset_id=foreign))


def test_an_optimization_gives_what_a_sweep_gives(house):
    plan = started(house)
    seen = []
    record = house.service.start(plan, report=seen.append)
    assert (record.status, record.n_completed, record.n_failed) == ("completed", 35, 0)
    expected = sweep(BARS, "sma_crossover", stop_loss=range(10, 41, 5), take_profit=range(20, 61, 10))
    found, page = trials(house, record)
    np.testing.assert_array_equal([found[i] for i in range(35)], expected.metrics)
    best = plan.space.combination(int(page.indices[0]))
    assert best == expected.best
    assert [p.n_completed for p in seen] == [7, 14, 21, 28, 35]
    assert plan.space.combination(seen[-1].best_index) == best


def test_combinations_that_break_a_rule_are_left_out(house):
    plan = started(house, space_of("fast=5:9:1", "slow=7:8:1"))
    assert (plan.space.n_combinations, plan.n_total, plan.n_left_out) == (10, 5, 5)


def test_random_search_tries_as_many_as_asked_and_the_seed_decides_which(house):
    first, again, other = (
        started(house, method="random_search", max_iterations=9, seed=seed).indices.tolist() for seed in (1, 1, 2)
    )
    assert len(set(first)) == 9
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("space", "changes", "message"),
    [
        (space_of("stop=10:20:5"), {}, "Known: .*stop_loss"),
        (space_of("fast=0:20:5"), {}, "must lie between"),
        (space_of("stop_loss=1:200:1", "take_profit=1:200:1"), {}, r"200 x 200 = 40,000 .*more than 10,000"),
        (SearchSpace(()), {}, "needs at least one"),
        (EXITS, {"objective": "luck"}, "not a known metric"),
        (EXITS, {"constraints": ("tardes > 3",)}, "not a known metric"),
        (EXITS, {"method": "guess"}, "not a known search method"),
        (EXITS, {"max_iterations": 0}, "must be at least 1"),
        (space_of("fast=40:50:1", "slow=10:20:1"), {}, "no combination has fast below slow"),
    ],
)
def test_what_cannot_run_is_refused_before_a_single_trial(house, space, changes, message):
    with pytest.raises(ParameterError, match=message):
        started(house, space, **changes)
    assert house.store.optimizations() == []


def test_unknown_backtest(house):
    with pytest.raises(NotFoundError):
        house.service.plan(OptimizationSpec("nothing", EXITS))


def test_constraints_decide_before_the_objective(house):
    _, page = trials(house, house.service.start(started(house)))
    bound = np.median(page.metrics[:, 0])
    plan = started(house, constraints=(f"net_profit < {bound}",))
    _, page = trials(house, house.service.start(plan))
    assert page.feasible.tolist() == sorted(page.feasible.tolist(), reverse=True)
    assert 0 < page.feasible.sum() < 35


def paused_after(house, plan, n_chunks):
    seen = []
    return house.service.start(plan, report=seen.append, stop=lambda: len(seen) >= n_chunks)


def test_pause_and_resume_lose_and_repeat_nothing(house, monkeypatch):
    plan = started(house)
    record = paused_after(house, plan, 2)
    assert (record.status, record.n_completed) == ("paused", 14)
    tried = []
    evaluate = job.evaluate_piece
    monkeypatch.setattr(
        "trading_ai.executors.inline.evaluate_piece",
        lambda e, job, indices: tried.extend(indices.tolist()) or evaluate(e, job, indices),
    )
    record = house.service.resume(record.optimization_id)
    assert (record.status, record.n_completed) == ("completed", 35)
    assert sorted(tried) == sorted(set(range(35)) - set(plan.indices[:14].tolist()))
    undisturbed = house.service.start(started(house))
    assert str(trials(house, record)[0]) == str(trials(house, undisturbed)[0])


def test_resuming_a_complete_one_changes_nothing(house):
    record = house.service.start(started(house))
    assert house.service.resume(record.optimization_id) == record


def test_resume_waits_for_the_lease_of_a_killed_process(house):
    record = paused_after(house, started(house), 1)
    key = record.optimization_id
    house.store.change_status(key, ("paused",), "running", house.now)
    house.store.acquire_lease(key, "killed", house.now, LEASE_SECONDS)
    told = []
    record = house.service.resume(key, waiting=told.append)
    assert record.status == "completed"
    assert told == [LEASE_SECONDS]


def test_resume_is_refused_while_another_process_keeps_its_lease_alive(house):
    record = paused_after(house, started(house), 1)
    key = record.optimization_id
    house.store.acquire_lease(key, "alive", house.now, 10_000.0)
    with pytest.raises(StateError, match="being run by another process"):
        house.service.resume(key)
    assert house.store.optimization(key).n_completed == 7


def test_resume_is_refused_when_the_engine_changed(house, monkeypatch):
    record = paused_after(house, started(house), 1)
    monkeypatch.setattr(job.check_code, "__defaults__", ("next",))
    monkeypatch.setattr(job, "ENGINE_VERSION", "next")
    with pytest.raises(StateError, match=f"engine version {ENGINE_VERSION}, this is next"):
        house.service.resume(record.optimization_id)


def test_cancel_keeps_trials_and_is_final(house):
    record = paused_after(house, started(house), 1)
    cancelled = house.service.cancel(record.optimization_id)
    assert (cancelled.status, cancelled.n_completed) == ("cancelled", 7)
    with pytest.raises(StateError, match="was cancelled"):
        house.service.resume(record.optimization_id)
    with pytest.raises(StateError, match="nothing to cancel"):
        house.service.cancel(record.optimization_id)


def test_a_running_one_notices_that_it_was_cancelled(house):
    plan = started(house)

    def cancel(progress):
        if progress.n_completed == 7:
            house.service.cancel(progress.optimization_id)
        house.now += 1.0  # the status is looked up twice a second

    record = house.service.start(plan, report=cancel)
    assert (record.status, record.n_completed) == ("cancelled", 7)


def test_a_server_does_not_take_up_what_was_paused_while_it_planned(house, monkeypatch):
    key = paused_after(house, started(house), 1).optimization_id
    house.service.set_running(key)
    plan = house.service.plan

    def slow(spec, **asked):
        house.service.pause(key)
        return plan(spec, **asked)

    with monkeypatch.context() as planning:
        planning.setattr(house.service, "plan", slow)
        record = house.service.serve(key)
    assert (record.status, record.n_completed) == ("paused", 7)
    house.service.set_running(key)
    assert house.service.serve(key).status == "completed"


def test_what_a_stopping_server_leaves_runs_with_the_next(house):
    key = paused_after(house, started(house), 1).optimization_id
    house.service.set_running(key)
    asked = count()
    record = house.service.serve(key, stop=lambda: next(asked) >= 2)
    assert record.status == "running"
    assert 7 <= record.n_completed < 35
    assert house.service.serve(key).status == "completed"


def test_a_run_resumed_before_it_stopped_is_not_paused_again(house):
    def pause(progress):
        house.now += 1.0  # the status is looked up twice a second
        if progress.n_completed == 7:
            house.service.pause(progress.optimization_id)

    run = Here._run

    def resumed(*asked, **named):
        ending = run(*asked, **named)
        house.service.set_running("latest")
        return ending

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Here, "_run", resumed)
        record = house.service.start(started(house), report=pause)
    assert record.status == "running"


def test_ctrl_c_in_the_middle_of_a_chunk_pauses(house):
    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        house.service.start(started(house), report=interrupt)
    record = house.store.optimization("latest")
    assert (record.status, record.n_completed) == ("paused", 7)
    assert house.service.resume(record.optimization_id).status == "completed"


def test_a_store_that_fails_pauses_with_the_reason(house, monkeypatch):
    plan = started(house)

    def full(*_):
        raise StorageError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(house.store, "save_chunk", full)
        with pytest.raises(StorageError):
            house.service.start(plan)
    record = house.store.optimization("latest")
    assert (record.status, record.message) == ("paused", "the disk is full")
    assert house.service.resume(record.optimization_id).status == "completed"


def test_delete(house):
    record = house.service.start(started(house))
    backtest_id = record.spec.backtest_id
    with pytest.raises(StateError):
        house.backtests.delete(backtest_id)
    house.service.delete_optimization(record.optimization_id)
    house.backtests.delete(backtest_id)
    with pytest.raises(NotFoundError):
        house.artifacts.load_backtest(backtest_id)
    house.backtests.delete_dataset("latest")
    assert house.store.datasets() == []


def test_daily_profits_are_kept_when_asked(house):
    record = house.service.start(started(house, keep_daily_profit=True))
    kept = list(house.store.daily_profits(record.optimization_id))
    assert sorted(np.concatenate([indices for indices, _ in kept]).tolist()) == list(range(35))
    evaluator, (result,) = house.service.backtest_of(record, [3])
    row = next(days[indices.tolist().index(3)] for indices, days in kept if 3 in indices)
    np.testing.assert_allclose(row, result.daily_profit, rtol=1e-5, atol=1e-3)
    assert row.shape == (evaluator.n_days,)
