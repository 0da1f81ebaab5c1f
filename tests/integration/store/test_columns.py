"""Columns in memory stay within their bound, and what they forget is read again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.conformance.test_store import BACKTEST, DATASET, OPTIMIZATION
from trading_ai.evaluation.model import EvaluatedChunk
from trading_ai.metrics.catalog import METRIC_COLUMN, METRIC_NAMES
from trading_ai.optimization.paging import Order
from trading_ai.store.columns import Columns
from trading_ai.store.sql import SqlStore

N = 3_000


@pytest.fixture
def store(tmp_path):
    made = SqlStore(f"sqlite:///{tmp_path / 'store.sqlite'}")
    made.add_dataset(DATASET)
    made.add_backtest(BACKTEST)
    rng = np.random.default_rng(4)
    made.metrics = {}
    for key in ("aaaa-1", "bbbb-2", "cccc-3"):
        made.add_optimization(replace(OPTIMIZATION, optimization_id=key, status="paused"))
        metrics = made.metrics[key] = rng.standard_normal((N, len(METRIC_NAMES)))
        for part in np.array_split(rng.permutation(N), 4):
            chunk = EvaluatedChunk(part, metrics[part], {}, None)
            made.save_chunk(key, chunk, metrics[part, 0], np.ones(part.size, dtype=bool), 0.0)
    yield made
    made.close()


@pytest.mark.parametrize("max_bytes", [1, 40 * N, 100 * N, 10_000_000])
def test_the_bound_holds_whatever_is_asked_for(store, max_bytes):
    store._columns = Columns(max_bytes)
    for name in METRIC_NAMES[:12]:
        for key, metrics in store.metrics.items():
            found = store.page(key, Order(name), 5, 1_000).trials.indices
            expected = np.argsort(metrics[:, METRIC_COLUMN[name]])[1_000:1_005]
            assert found.tolist() == expected.tolist()
            assert store._columns.n_bytes <= max(max_bytes, 8 * 3 * N)  # one column is used while it is asked for


def test_a_column_is_read_once(store, monkeypatch):
    store.page("aaaa-1", Order("sqn"), 5, 500)
    monkeypatch.setattr("trading_ai.store.columns._some_blocks", lambda *_: pytest.fail("read again"))
    for offset in (0, 700, 2_990):
        assert store.page("aaaa-1", Order("sqn", descending=True), 5, offset).trials.indices.size == 5
