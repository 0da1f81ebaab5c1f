"""A published robot, its `get_fitness` the objective, on two machines of Celery that never saw its folder."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np
import pytest

import trading_ai as ta
from tests.chaos.cluster import Cluster
from trading_ai.metrics.catalog import METRIC_COLUMN
from trading_ai.store.sql import SqlStore
from trading_ai.strategies.registry import strategy

ROBOT = Path(__file__).parents[2] / "fakes" / "robots" / "RsiOnTick"
PERIODS, TIMES = range(4, 20), range(1, 4)


@pytest.mark.slow
@pytest.mark.timeout(480)
def test_get_fitness_ranks_on_a_cluster_as_in_one_process(tmp_path):
    known = ta.sweep(
        ta.load_sample("EURUSD"), strategy(str(ROBOT)), Periods=PERIODS, Times=TIMES, end="2017-02-01",
        costs=ta.Costs(spread_pips=1.0), objective="get_fitness", min_trades=0, keep_daily_profit=True,
    )  # fmt: skip
    assert not known.failures
    assert len(np.unique(known.column("fitness"))) > 5
    with Cluster(tmp_path, n_workers=0, concurrency=1) as cluster:
        folder = shutil.copytree(ROBOT, tmp_path / "robots" / "RsiOnTick")
        cluster.run("data", "import", "--sample", "EURUSD", "--json")
        cluster.run("strategy", "publish", str(folder), "--name", "rsi", "--json")
        shutil.rmtree(folder.parent)
        run = ("backtest", "run", "--dataset", "latest", "--strategy", "bundle:rsi", "--to", "2017-02-01")
        backtest_id = cluster.run(*run, "--spread", "1", "--json")["id"]
        cluster.n_workers = 2
        for i in range(cluster.n_workers):
            cluster.start(f"worker-{i}")
        cluster.wait_ready()
        asked = {
            "backtest_id": backtest_id, "objective": "get_fitness", "min_trades": 0, "keep_daily_profit": True,
            "parameters": [
                {"name": "Periods", "min_value": 4, "max_value": 19, "step": 1},
                {"name": "Times", "min_value": 1, "max_value": 3, "step": 1},
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
        best = cluster.call("GET", f"/api/v1/optimize/{key}/results")["results"][0]
    order = np.argsort(np.concatenate([page.indices for page in pages]))
    metrics = np.concatenate([page.metrics for page in pages])[order]
    np.testing.assert_array_equal(metrics, known.metrics)
    rows = {int(i): row for indices, profits in days for i, row in zip(indices, profits, strict=True)}
    np.testing.assert_array_equal(np.array([rows[i] for i in range(len(known))]), known.daily_profit)
    assert best["parameters"] == known.best
    assert best["fitness"] == np.nanmax(metrics[:, METRIC_COLUMN["fitness"]])
