"""One suite for every store: what `trading_ai.optimization.ports.Store` promises."""

from __future__ import annotations

import math
import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trading_ai.errors import NotFoundError, StateError
from trading_ai.metrics.catalog import METRIC_COLUMN, METRIC_NAMES
from trading_ai.optimization.model import BacktestSpec, EvaluatedChunk, OptimizationSpec
from trading_ai.optimization.ports import BacktestRecord, DatasetRecord, OptimizationRecord
from trading_ai.parameters import Choices, ParameterRange, SearchSpace
from trading_ai.store.memory import MemoryStore
from trading_ai.store.sql import SqlStore

DATASET = DatasetRecord("d" * 64, "EURUSD", "H1", 10, 1, 2, "file.csv", 1.0, {"timezone": "UTC"}, {"gaps": [1]})
BACKTEST = BacktestRecord(
    "1234abcd-0000", "first", BacktestSpec("sma_crossover", {"fast": 10, "flag": True}, "d" * 64), "EURUSD", "H1",
    "code", "1", {"net_profit": 1.5, "sqn": math.nan}, 2.0,
)  # fmt: skip
SPACE = SearchSpace((ParameterRange("stop_loss", 20, 80, 2), Choices("kind", ("a", "b"))))
SPEC = OptimizationSpec(BACKTEST.backtest_id, SPACE, constraints=("total_trades >= 30",))
OPTIMIZATION = OptimizationRecord("9999aaaa-1", "mine", SPEC, "running", 62, 0, 0, "code", "1", 3.0)


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path):
    if request.param == "memory":
        yield MemoryStore()
    else:
        made = SqlStore(f"sqlite:///{tmp_path / 'store.sqlite'}")
        yield made
        made.close()


@pytest.fixture
def filled(store):
    store.add_dataset(DATASET)
    store.add_backtest(BACKTEST)
    store.add_optimization(OPTIMIZATION)
    return store


def chunk(indices, scores=None, failures=None, days=None):
    indices = np.asarray(indices, dtype=np.int64)
    metrics = np.full((indices.size, len(METRIC_NAMES)), 0.25)
    metrics[:, METRIC_COLUMN["net_profit"]] = indices * 1.5
    made = EvaluatedChunk(indices, metrics, failures or {}, days)
    scores = np.asarray(indices if scores is None else scores, dtype=np.float64)
    return made, scores


def save(store, indices, scores=None, feasible=None, **more):
    made, scores = chunk(indices, scores, **more)
    held = np.ones(made.indices.size, dtype=bool) if feasible is None else np.asarray(feasible)
    return store.save_chunk(OPTIMIZATION.optimization_id, made, scores, held, 0.5)


def test_records_come_back_as_they_went_in(filled):
    assert filled.datasets() == [DATASET]
    assert filled.dataset("dddd") == DATASET
    got = filled.backtest("1234")
    assert math.isnan(got.metrics["sqn"])
    assert replace(got, metrics={}) == replace(BACKTEST, metrics={})
    assert filled.optimization("latest") == OPTIMIZATION
    assert filled.optimization(OPTIMIZATION.optimization_id).spec.space.n_combinations == 62
    assert filled.add_dataset(DATASET) is False


def test_newest_first_and_latest(filled):
    filled.add_backtest(replace(BACKTEST, backtest_id="5678abcd-0000", created_at=9.0))
    filled.add_backtest(replace(BACKTEST, backtest_id="5678ffff-0000", created_at=5.0))
    assert [b.backtest_id[:8] for b in filled.backtests()] == ["5678abcd", "5678ffff", "1234abcd"]
    assert filled.backtest("latest").backtest_id == "5678abcd-0000"
    with pytest.raises(NotFoundError, match="Several begin like this"):
        filled.backtest("5678")
    for wanted in ("0000", "123", "12_4", "%"):
        with pytest.raises(NotFoundError):
            filled.backtest(wanted)


def test_nothing_yet(store):
    for call in (store.dataset, store.backtest, store.optimization):
        with pytest.raises(NotFoundError, match="There is no"):
            call("latest")
    assert store.datasets() == store.backtests() == store.optimizations() == []


def test_what_is_used_is_not_deleted(filled):
    with pytest.raises(StateError, match="used by 1 backtest"):
        filled.delete_dataset(DATASET.dataset_id)
    with pytest.raises(StateError, match="used by 1 optimization"):
        filled.delete_backtest(BACKTEST.backtest_id)
    save(filled, range(5))
    filled.delete_optimization(OPTIMIZATION.optimization_id)
    filled.delete_backtest(BACKTEST.backtest_id)
    filled.delete_dataset(DATASET.dataset_id)
    assert filled.datasets() == filled.backtests() == filled.optimizations() == []


def test_status_is_compare_and_set(filled):
    key = OPTIMIZATION.optimization_id
    assert filled.change_status(key, ["running"], "running", 10.0)
    assert filled.optimization(key).started_at == 10.0
    assert filled.change_status(key, ["running"], "paused", 11.0, "interrupted")
    assert not filled.change_status(key, ["running"], "completed", 12.0)
    assert filled.optimization(key).message == "interrupted"
    assert filled.change_status(key, ["paused"], "running", 13.0)
    assert filled.change_status(key, ["running"], "completed", 14.0)
    record = filled.optimization(key)
    assert (record.started_at, record.finished_at, record.status) == (10.0, 14.0, "completed")
    assert not filled.change_status("unknown", ["running"], "paused", 1.0)


def test_one_owner_at_a_time(filled):
    key = OPTIMIZATION.optimization_id
    assert filled.acquire_lease(key, "a", 100.0, 30.0)
    assert not filled.acquire_lease(key, "b", 120.0, 30.0)
    assert filled.acquire_lease(key, "a", 125.0, 30.0)
    assert not filled.acquire_lease(key, "b", 154.0, 30.0)
    with pytest.raises(StateError, match="running"):
        filled.delete_optimization(key)
    assert filled.acquire_lease(key, "b", 155.0, 30.0)
    filled.release_lease(key, "a")
    assert not filled.acquire_lease(key, "a", 156.0, 30.0)
    filled.release_lease(key, "b")
    assert filled.acquire_lease(key, "a", 157.0, 30.0)
    assert not filled.acquire_lease("unknown", "a", 1.0, 1.0)


def test_a_trial_is_written_once(filled):
    assert save(filled, [0, 1, 2]) == 3
    assert save(filled, [2, 1, 5]) == 1
    assert save(filled, [0, 1, 2, 5]) == 0
    record = filled.optimization("latest")
    assert (record.n_completed, record.n_failed, record.seconds) == (4, 0, 1.5)
    assert filled.done_indices("latest").tolist() == [0, 1, 2, 5]
    assert filled.count_trials_on(DATASET.dataset_id) == 4
    assert filled.count_trials_on("other") == 0
    with pytest.raises(NotFoundError):
        filled.save_chunk("unknown", *chunk([1]), np.ones(1, bool), 0.0)


def test_ranking(filled):
    scores = [1.0, math.nan, 3.0, 3.0, -math.inf, 9.0, 2.0]
    feasible = [True, True, True, True, True, False, True]
    failures = {6: "Traceback: it broke"}
    save(filled, [10, 1, 30, 20, 5, 4, 6], scores, feasible, failures=failures)
    page = filled.ranked("latest", 10)
    assert page.indices.tolist() == [20, 30, 10, 5, 1, 4, 6]
    assert page.feasible.tolist() == [True, True, True, True, True, False, False]
    assert page.errors == failures
    assert np.isnan(page.metrics[-1]).all()
    assert page.metrics[0, METRIC_COLUMN["net_profit"]] == 30.0
    assert filled.ranked("latest", 2, 3).indices.tolist() == [5, 1]
    assert filled.ranked("latest", 5, 7).indices.tolist() == []
    assert filled.ranked("latest", 1, 6).errors == failures
    assert filled.optimization("latest").n_failed == 1


def test_an_empty_ranking(filled):
    assert filled.ranked("latest", 5).indices.size == 0
    assert filled.done_indices("latest").size == 0
    assert list(filled.trials("latest")) == []


def test_all_trials_in_pages(filled):
    order = np.random.default_rng(1).permutation(1500)
    for part in np.array_split(order, 4):
        save(filled, part, failures={int(part[0]): "broke"})
    seen = np.concatenate([p.indices for p in filled.trials("latest", batch=600)])
    assert sorted(seen.tolist()) == list(range(1500))
    errors = [i for p in filled.trials("latest", batch=600) for i in p.errors]
    assert len(errors) == 4
    assert filled.ranked("latest", 3).indices.tolist() == sorted(set(range(1500)) - set(errors))[::-1][:3]


def test_daily_profits_stay_with_their_trials(filled):
    days = np.arange(1300 * 3, dtype=np.float32).reshape(1300, 3)
    save(filled, range(650), days=days[:650])
    save(filled, range(600, 1300), days=days[600:])
    got = {}
    for indices, profits in filled.daily_profits("latest"):
        got.update(zip(indices.tolist(), profits, strict=True))
    assert sorted(got) == list(range(1300))
    np.testing.assert_array_equal(np.array([got[i] for i in range(1300)]), days)


def test_many_threads_lose_and_double_nothing(filled):
    order = np.random.default_rng(2).permutation(4000)

    def write(seed):
        for part in np.random.default_rng(seed).permutation(np.arange(20)):
            save(filled, order[part * 200 : part * 200 + 200])

    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert filled.done_indices("latest").tolist() == list(range(4000))
    assert filled.optimization("latest").n_completed == 4000
    assert filled.ranked("latest", 3).indices.tolist() == [3999, 3998, 3997]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chunks=st.lists(st.lists(st.integers(0, 60), min_size=1, max_size=20, unique=True), min_size=1, max_size=8),
    offset=st.integers(0, 10),
    limit=st.integers(1, 70),
)
def test_any_order_of_chunks_gives_the_same_ranking(tmp_path_factory, chunks, offset, limit):
    rng = np.random.default_rng(7)
    scores = rng.choice([1.0, 2.0, 3.0, math.nan], 61)
    feasible = rng.random(61) < 0.7
    path = tmp_path_factory.mktemp("store") / "s.sqlite"
    pages = []
    for store, order in ((MemoryStore(), chunks), (SqlStore(f"sqlite:///{path}"), chunks[::-1])):
        store.add_backtest(BACKTEST)
        store.add_optimization(OPTIMIZATION)
        for indices in order:
            save(store, indices, scores[indices], feasible[indices])
        assert store.optimization("latest").n_completed == len({i for c in chunks for i in c})
        pages.append(store.ranked("latest", limit, offset))
    np.testing.assert_array_equal(pages[0].indices, pages[1].indices)
    np.testing.assert_array_equal(pages[0].feasible, pages[1].feasible)


def test_a_store_outlives_its_process(tmp_path):
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    first = SqlStore(url)
    first.add_backtest(BACKTEST)
    first.add_optimization(OPTIMIZATION)
    save(first, range(10))
    first.close()
    second = SqlStore(url)
    assert second.ranked("latest", 1).indices.tolist() == [9]
    second.close()
