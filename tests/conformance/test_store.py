"""One suite for every store: what `trading_ai.optimization.ports.Store` promises."""

from __future__ import annotations

import math
import multiprocessing
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.servers import postgres_server
from trading_ai.errors import NotFoundError, StateError, StorageError
from trading_ai.evaluation.model import BacktestSpec, EvaluatedChunk
from trading_ai.metrics.catalog import METRIC_COLUMN, METRIC_NAMES
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.optimization.paging import Order
from trading_ai.optimization.records import BacktestRecord, DatasetRecord, OptimizationRecord
from trading_ai.parameters import Choices, ParameterRange, SearchSpace
from trading_ai.store.memory import MemoryStore
from trading_ai.store.sql import SqlStore
from trading_ai.store.tables import metadata, trial_blocks, trial_metrics

DATASET = DatasetRecord("d" * 64, "EURUSD", "H1", 10, 1, 2, "file.csv", 1.0, {"timezone": "UTC"}, {"gaps": [1]})
BACKTEST = BacktestRecord(
    "1234abcd-0000", "first", BacktestSpec("sma_crossover", {"fast": 10, "flag": True}, "d" * 64), "EURUSD", "H1",
    "code", "1", {"net_profit": 1.5, "sqn": math.nan}, 2.0,
)  # fmt: skip
SPACE = SearchSpace((ParameterRange("stop_loss", 20, 80, 2), Choices("kind", ("a", "b"))))
SPEC = OptimizationSpec(BACKTEST.backtest_id, SPACE, constraints=("total_trades >= 30",))
OPTIMIZATION = OptimizationRecord("9999aaaa-1", "mine", SPEC, "running", 62, 0, 0, "code", "1", 3.0)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "postgresql":
        return request.getfixturevalue("postgres_url")
    return f"sqlite:///{tmp_path / 'store.sqlite'}"


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request, tmp_path):
    if request.param == "memory":
        yield MemoryStore()
        return
    sqlite = f"sqlite:///{tmp_path / 'store.sqlite'}"
    made = SqlStore(sqlite if request.param == "sqlite" else request.getfixturevalue("postgres_store_url"))
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
    filled.add_backtest(
        replace(BACKTEST, backtest_id="9abcdef0-0000", part_of="walk-forward 1M/1W of 1234", created_at=99.0)
    )
    assert filled.backtest("latest").backtest_id == "5678abcd-0000"
    assert filled.backtests()[0].backtest_id == "9abcdef0-0000"
    with pytest.raises(NotFoundError, match="Several begin like this"):
        filled.backtest("5678")
    for wanted in ("0000", "123", "12_4", "%"):
        with pytest.raises(NotFoundError):
            filled.backtest(wanted)


def test_a_part_of_a_study_is_never_the_latest(store):
    store.add_dataset(DATASET)
    store.add_backtest(replace(BACKTEST, part_of="walk-forward 1M/1W of 1234"))
    store.add_optimization(replace(OPTIMIZATION, part_of="walk-forward 1M/1W of 1234"))
    for call, record in ((store.backtest, BACKTEST.backtest_id), (store.optimization, OPTIMIZATION.optimization_id)):
        with pytest.raises(NotFoundError, match="belongs to a walk-forward: name it by its id"):
            call("latest")
        assert call(record).part_of == "walk-forward 1M/1W of 1234"
    store.add_optimization(replace(OPTIMIZATION, optimization_id="8888aaaa-1", created_at=2.0))
    assert store.optimization("latest").optimization_id == "8888aaaa-1"  # older than the window
    assert store.optimizations()[0].optimization_id == OPTIMIZATION.optimization_id


def test_a_dataset_that_is_added_again_is_the_latest(store):
    other = replace(DATASET, dataset_id="e" * 64, symbol="GBPUSD", created_at=5.0)
    assert (store.add_dataset(DATASET), store.add_dataset(other)) == (True, True)
    assert store.dataset("latest") == other
    assert store.add_dataset(replace(DATASET, source="again.csv", created_at=6.0)) is False
    assert store.dataset("latest") == DATASET  # as it was
    assert [d.symbol for d in store.datasets()] == ["EURUSD", "GBPUSD"]


def test_names_are_ids_where_they_are_unique(filled):
    key = OPTIMIZATION.optimization_id
    assert filled.optimization("mine").optimization_id == key
    assert filled.backtest("first").backtest_id == BACKTEST.backtest_id
    filled.add_optimization(replace(OPTIMIZATION, optimization_id="7777bbbb-1", created_at=9.0))
    with pytest.raises(NotFoundError, match=r"Several are called so: give the id.* newest is 7777bbbb, then 9999aaaa"):
        filled.optimization("mine")
    filled.add_optimization(replace(OPTIMIZATION, optimization_id="6666cccc-1", name="9999", created_at=9.0))
    with pytest.raises(NotFoundError, match="Several are called so"):  # a name, and how another id begins
        filled.optimization("9999")
    filled.add_optimization(replace(OPTIMIZATION, optimization_id="5555dddd-1", name=key, created_at=9.0))
    assert filled.optimization(key).optimization_id == key  # a whole id is that id
    filled.add_optimization(replace(OPTIMIZATION, optimization_id="4444eeee-1", name="x", created_at=9.0))
    assert filled.optimization("x").optimization_id == "4444eeee-1"  # a name may be short
    filled.add_optimization(replace(OPTIMIZATION, optimization_id="3333ffff-1", name="", created_at=9.0))
    for wanted in ("", "min", "%", "mine "):
        with pytest.raises(NotFoundError):
            filled.optimization(wanted)


def test_what_was_tried_outlives_its_deletion(filled):
    save(filled, [7, 0, 3], failures={3: "it broke"})
    assert list(filled.deleted_tries(["EURUSD"])) == []
    filled.delete_optimization(OPTIMIZATION.optimization_id)
    filled.delete_backtest(BACKTEST.backtest_id)
    filled.delete_dataset(DATASET.dataset_id)
    optimization, backtest = filled.deleted_tries(["EURUSD", "GBPUSD"])
    assert list(filled.deleted_tries(["GBPUSD"])) == []
    for tried in (optimization, backtest):
        assert (tried.backtest, tried.strategy_hash, tried.timeframe) == (BACKTEST.spec, "code", "H1")
        assert (dict(tried.spans), tried.deleted) == ({"EURUSD": (1, 2)}, True)
    assert optimization.indices.tolist() == [0, 3, 7]  # one that failed was tried
    assert optimization.space.to_json() == SPACE.to_json()
    assert (backtest.indices.tolist(), backtest.space.axes) == ([0], ())


def test_nothing_is_kept_of_what_tried_nothing_or_was_not_deleted(filled):
    key = OPTIMIZATION.optimization_id
    assert filled.acquire_lease(key, "a", 100.0, 30.0)
    save(filled, [1])
    with pytest.raises(StateError):
        filled.delete_optimization(key)
    with pytest.raises(StateError):
        filled.delete_backtest(BACKTEST.backtest_id)
    filled.add_optimization(replace(OPTIMIZATION, optimization_id="8888aaaa-1"))
    filled.delete_optimization("8888aaaa-1")
    assert list(filled.deleted_tries(["EURUSD"])) == []


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


def test_the_priority_can_change_while_it_runs(filled):
    key = OPTIMIZATION.optimization_id
    before = filled.optimization(key)
    filled.set_priority(key, 9)
    assert filled.optimization(key) == replace(before, priority=9)
    filled.set_priority("unknown", 1)
    assert filled.optimization(key).priority == 9


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
    made, scores = chunk([5, 6, 7])
    copies = replace(made, reused=True)
    assert filled.save_chunk(OPTIMIZATION.optimization_id, copies, scores, np.ones(3, bool), 0.0) == 2
    assert (filled.optimization("latest").n_completed, filled.optimization("latest").n_reused) == (6, 2)
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


def test_a_ruined_account_ranks_last(filled):
    # Ruined: -infinity, and it holds nothing. Below it comes neither what broke a condition nor what has no score.
    save(filled, [3, 4, 5, 6], [-math.inf, math.nan, 2.0, -5.0], [False, False, False, True])
    assert filled.ranked("latest", 10).indices.tolist() == [6, 5, 4, 3]
    assert filled.ranked("latest", 1, 3).indices.tolist() == [3]
    assert filled.optimization("latest").best_index == 6


def test_other_scores_change_the_ranking_and_the_best(filled):
    n = 1300  # several blocks
    rng = np.random.default_rng(5)
    failures = {3: "Traceback: it broke"}
    feasible = np.arange(n) % 7 != 0
    for part in np.array_split(rng.permutation(n), 3):
        save(filled, part, feasible=feasible[part], failures={k: v for k, v in failures.items() if k in part})
    key = OPTIMIZATION.optimization_id
    scores = rng.standard_normal(n)
    scores[~feasible | (np.arange(n) % 5 == 0) | (np.arange(n) == 3)] = np.nan
    for _ in range(2):  # done again it gives the same
        filled.replace_scores(key, np.arange(n), scores)
        best = int(np.nanargmax(scores))
        record = filled.optimization(key)
        assert (record.best_index, record.best_score) == (best, scores[best])
        assert record.n_completed == n
        assert np.array_equal(filled.scores(key)[1], scores, equal_nan=True)
        order = np.argsort(-np.where(np.isnan(scores), -np.inf, scores), kind="stable")
        assert filled.ranked(key, 40, 3).indices.tolist() == order[3:43].tolist()
    assert filled.ranked(key, n).feasible.sum() == (feasible & (np.arange(n) != 3)).sum()
    filled.replace_scores(key, np.arange(n), np.full(n, np.nan))
    assert filled.optimization(key).best_index is None
    with pytest.raises(NotFoundError):
        filled.replace_scores("unknown", np.arange(1), np.zeros(1))


ORDERS = [Order(), Order("net_profit"), Order("net_profit", descending=True), Order("sharpe_ratio", descending=True)]


@pytest.mark.parametrize("order", ORDERS)
def test_pages_of_any_order_make_the_whole_table_forwards_and_backwards(filled, order):
    n = 1500  # several blocks, whose trials lie among each other's
    rng = np.random.default_rng(11)
    metrics = rng.choice([-2.0, 0.0, 0.5, 3.0, math.nan], (n, len(METRIC_NAMES)))
    scores, feasible = rng.choice([1.0, 2.0, math.nan, -math.inf], n), rng.random(n) < 0.8
    failures = {int(i): f"broke {i}" for i in rng.choice(n, 5, replace=False)}
    key, permutation = OPTIMIZATION.optimization_id, rng.permutation(n)

    def add(part):
        made = EvaluatedChunk(part, metrics[part], {i: failures[i] for i in part.tolist() if i in failures}, None)
        filled.save_chunk(key, made, scores[part], feasible[part], 0.0)

    add(permutation[:700])
    filled.page(key, order, 10, 600)  # what it remembers must not hide what comes
    add(permutation[700:1100])
    add(permutation[1100:])
    failed = np.isin(np.arange(n), list(failures))
    if order.metric is None:
        held, ruined = feasible & ~failed, np.isneginf(scores) & ~feasible & ~failed
        undefined = np.isnan(scores) | failed
        expected = np.lexsort(
            (np.arange(n), np.where(undefined | ruined, 0, -scores), undefined, ~held & ~ruined, ruined)
        )
    else:
        values = np.where(failed, math.nan, metrics[:, METRIC_COLUMN[order.metric]])
        expected = np.lexsort((np.arange(n), -values if order.descending else values))
    whole = filled.page(key, order, n)
    assert (whole.offset, whole.total) == (0, n)
    assert whole.trials.indices.tolist() == expected.tolist()
    np.testing.assert_array_equal(whole.trials.feasible, (feasible & ~failed)[expected])
    np.testing.assert_array_equal(whole.trials.metrics, np.where(failed[:, None], math.nan, metrics)[expected])
    assert whole.trials.errors == failures
    seen, page = [], filled.page(key, order, 400)
    while True:
        seen += page.trials.indices.tolist()
        assert page.offset + page.trials.indices.size == len(seen)
        following = filled.page(key, order, 400, after=page.keys[1])
        if following.keys is None:
            break
        page = following
    assert seen == expected.tolist()
    back = page.trials.indices.tolist()
    while page.offset:
        page = filled.page(key, order, 400, before=page.keys[0])
        back = page.trials.indices.tolist() + back
    assert back == expected.tolist()
    assert filled.page(key, order, 400, before=page.keys[0]).trials.indices.size == 0
    for offset, limit in ((0, 1), (1, 3), (777, 40), (1499, 5), (1500, 5), (2**40, 10_000)):
        part = filled.page(key, order, limit, offset)
        assert part.trials.indices.tolist() == expected[offset : offset + limit].tolist()
        assert part.trials.errors == {i: failures[i] for i in part.trials.indices.tolist() if i in failures}
    some = rng.choice(n, 60, replace=False)
    found = filled.trials_of(key, some)
    assert found.indices.tolist() == some.tolist()
    np.testing.assert_array_equal(found.metrics, np.where(failed[:, None], math.nan, metrics)[some])
    filled.replace_scores(key, np.arange(n), np.where(failed | ~feasible, math.nan, np.arange(n, dtype=float)))
    if order.metric is None:
        held = np.flatnonzero(feasible & ~failed)[::-1]
        assert filled.page(key, order, 10, held.size - 10).trials.indices.tolist() == held[-10:].tolist()


def test_pages_of_many_at_once_are_right(filled):
    for part in np.array_split(np.random.default_rng(3).permutation(6000), 6):
        save(filled, part)
    orders = [Order("net_profit"), Order("net_profit", descending=True), Order("sqn"), Order()]

    def ask(i):
        order, offset = orders[i % 4], 500 + i
        found = filled.page("latest", order, 5, offset).trials.indices.tolist()
        rising = list(range(offset, offset + 5))
        assert found == (rising if i % 2 == 0 else [5999 - place for place in rising]), order

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(ask, range(40)))


def test_an_empty_ranking(filled):
    for order in ORDERS:
        empty = filled.page("latest", order, 5, 7)
        assert (empty.trials.indices.size, empty.keys, empty.total) == (0, None, 0)
    assert filled.trials_of("latest", np.empty(0, dtype=np.int64)).metrics.shape == (0, len(METRIC_NAMES))
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
    some = {}
    for indices, profits in filled.daily_profits("latest", np.array([3, 4])):
        some.update(zip(indices.tolist(), profits, strict=True))
    assert {3, 4} <= set(some)
    assert len(some) < 1300
    assert all(np.array_equal(some[i], days[i]) for i in some)
    assert not list(filled.daily_profits("latest", np.array([5000])))


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
def test_any_order_of_chunks_gives_the_same_ranking(filled, chunks, offset, limit):
    rng = np.random.default_rng(7)
    scores = rng.choice([1.0, 2.0, 3.0, math.nan, math.inf, -math.inf], 61)
    feasible = rng.random(61) < 0.7
    plain = MemoryStore()
    plain.add_backtest(BACKTEST)
    pages = []
    for one, order in ((plain, chunks), (filled, chunks[::-1])):
        if one.optimizations():
            one.delete_optimization("latest")
        one.add_optimization(replace(OPTIMIZATION, status="paused"))
        for indices in order:
            save(one, indices, scores[indices], feasible[indices])
        assert one.optimization("latest").n_completed == len({i for c in chunks for i in c})
        pages.append(one.ranked("latest", limit, offset))
    np.testing.assert_array_equal(pages[0].indices, pages[1].indices)
    np.testing.assert_array_equal(pages[0].feasible, pages[1].feasible)
    assert pages[0].metrics.tolist() == pages[1].metrics.tolist()


def test_numbers_and_texts_of_every_size(filled):
    far = 2**62
    assert save(filled, [far, 0], [1e300, 5e-324], failures={far: "broke: \0 \U0001f4a5 'quoted' \\ %s"}) == 2
    assert filled.done_indices("latest").tolist() == [0, far]
    assert filled.ranked("latest", 5).errors == {far: "broke: \0 \U0001f4a5 'quoted' \\ %s"}
    dataset = replace(DATASET, dataset_id="e" * 64, n_bars=far, first_ns=-far, last_ns=far, source="ü\U0001f4a5%s")
    assert filled.add_dataset(dataset)
    assert filled.dataset("eeee") == dataset
    big = replace(OPTIMIZATION, optimization_id="8888", n_total=far, created_at=1e9 + 1e-6, name="Größe")
    filled.add_optimization(big)
    assert filled.optimization("8888") == big
    assert filled.change_status("8888", ["running"], "failed", 1e9 + 2e-6, "a \0 b")
    assert filled.optimization("8888").message.startswith("a ")
    assert filled.acquire_lease("8888", "a", 1e9, math.inf)
    assert not filled.acquire_lease("8888", "b", 2e9, 1.0)


def test_a_store_outlives_its_process(url):
    first = SqlStore(url)
    first.add_backtest(BACKTEST)
    first.add_optimization(OPTIMIZATION)
    save(first, range(10))
    first.close()
    second = SqlStore(url)
    assert second.ranked("latest", 1).indices.tolist() == [9]
    second.close()


def run_at_once(work, *argument_lists):
    """Results of `work` in processes that start together."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(argument_lists), mp_context=context) as pool:
        return [future.result() for future in [pool.submit(work, *arguments) for arguments in argument_lists]]


def open_and_write(url, start, seed):
    time.sleep(max(start - time.time(), 0.0))
    store = SqlStore(url)
    store.add_dataset(DATASET)
    order = np.random.default_rng(2).permutation(3000)
    with suppress(StorageError):  # all but the first
        store.add_backtest(BACKTEST)
    with suppress(StorageError):
        store.add_optimization(OPTIMIZATION)
    new = 0
    for part in np.random.default_rng(seed).permutation(np.arange(30)):
        # Each part overlaps the next: its trials come in two chunks, and every process saves both.
        new += save(store, order[part * 100 : part * 100 + 150], failures={int(order[part * 100]): "broke"})
    store.close()
    return new


def test_processes_that_start_together_lose_and_double_nothing(url):
    start = time.time() + 3.0
    new = run_at_once(open_and_write, *((url, start, seed) for seed in range(4)))
    assert sum(new) == 3000
    store = SqlStore(url)
    assert len(store.datasets()) == len(store.backtests()) == len(store.optimizations()) == 1
    assert store.done_indices("latest").tolist() == list(range(3000))
    record = store.optimization("latest")
    assert (record.n_completed, record.seconds) == (3000, 60.0)
    pages = list(store.trials("latest"))
    assert sorted(np.concatenate([p.indices for p in pages]).tolist()) == list(range(3000))
    assert record.n_failed == sum(len(p.errors) for p in pages)
    store.close()


def test_threads_that_open_an_empty_database_migrate_it_once(url):
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(SqlStore, [url] * 6))
    assert [store.datasets() for store in stores] == [[]] * 6
    for store in stores:
        store.close()


def test_a_deleted_optimization_leaves_no_trials(url):
    store = SqlStore(url)
    store.add_backtest(BACKTEST)

    def write():
        with suppress(NotFoundError):
            for first in range(0, 20_000, 200):
                save(store, range(first, first + 200))

    for _ in range(3):
        store.add_optimization(replace(OPTIMIZATION, status="paused"))
        with ThreadPoolExecutor(3) as pool:
            writers = [pool.submit(write) for _ in range(2)]
            while not store.done_indices("latest").size:
                time.sleep(0.005)
            store.delete_optimization("latest")
            for writer in writers:
                writer.result()
    with store.engine.connect() as connection:
        for table in (trial_blocks, trial_metrics):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0
    store.close()


def test_the_tables_are_those_of_the_steps(url):
    store = SqlStore(url)
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    store.close()


def test_the_server_may_restart(tmp_path):
    with postgres_server(tmp_path) as server:
        store = SqlStore(server.url.replace("+psycopg", ""))
        store.add_backtest(BACKTEST)
        store.add_optimization(OPTIMIZATION)
        assert save(store, range(10)) == 10
        server.kill()
        with pytest.raises(StorageError, match=r"could not be read: .*[Cc]onnection"):
            store.optimizations()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(save, store, range(5, 15))
            time.sleep(0.2)
            server.restart()
            assert waiting.result() == 5
        server.restart()
        assert store.done_indices("latest").tolist() == list(range(15))
        store.close()
