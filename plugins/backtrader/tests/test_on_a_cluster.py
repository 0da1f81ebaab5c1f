"""A published class of Backtrader on two machines of Celery that never saw its file."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from tests.chaos.cluster import Cluster

import trading_ai as ta
from trading_ai.store.sql import SqlStore
from trading_ai.strategies.registry import strategy

FILE = Path(__file__).with_name("cross_with_levels.py")
FAST, SLOW = range(5, 11), (20, 30, 40)


@pytest.mark.timeout(480)
def test_a_cluster_gives_what_one_process_gives(tmp_path):
    known = ta.sweep(
        ta.load_sample("EURUSD"), strategy(f"{FILE}:CrossWithLevels"), fast=FAST, slow=SLOW, end="2017-03-01",
        capital=100_000.0, costs=ta.Costs(spread_pips=1.0), min_trades=0, keep_daily_profit=True,
    )  # fmt: skip
    assert not known.failures
    assert known.column("total_trades").min() > 5
    with Cluster(tmp_path, n_workers=0, concurrency=1) as cluster:
        copy = shutil.copy(FILE, tmp_path / "mine.py")
        cluster.run("data", "import", "--sample", "EURUSD", "--json")
        cluster.run("strategy", "publish", f"{copy}:CrossWithLevels", "--name", "crosses", "--json")
        Path(copy).unlink()
        run = ("backtest", "run", "--dataset", "latest", "--strategy", "bundle:crosses", "--to", "2017-03-01")
        backtest_id = cluster.run(*run, "--spread", "1", "--capital", "100000", "--json")["id"]
        cluster.n_workers = 2
        for i in range(cluster.n_workers):
            cluster.start(f"worker-{i}")
        cluster.wait_ready()
        asked = {
            "backtest_id": backtest_id, "min_trades": 0, "keep_daily_profit": True,
            "parameters": [
                {"name": "fast", "min_value": 5, "max_value": 10, "step": 1},
                {"name": "slow", "min_value": 20, "max_value": 40, "step": 10},
            ],
        }  # fmt: skip
        key = cluster.call("POST", "/api/v1/optimize", asked, timeout=90)["optimization_id"]
        limit = time.monotonic() + 240
        while (found := cluster.call("GET", f"/api/v1/optimize/{key}/status"))["status"] not in {"completed", "failed"}:
            assert time.monotonic() < limit, found
            time.sleep(0.5)
        assert (found["status"], found["completed_tasks"]) == ("completed", len(known)), found
        store = SqlStore(cluster.postgres.url)
        pages, days = list(store.trials(key)), list(store.daily_profits(key))
    order = np.argsort(np.concatenate([page.indices for page in pages]))
    np.testing.assert_array_equal(np.concatenate([page.metrics for page in pages])[order], known.metrics)
    rows = {int(i): row for indices, profits in days for i, row in zip(indices, profits, strict=True)}
    np.testing.assert_array_equal(np.array([rows[i] for i in range(len(known))]), known.daily_profit)
