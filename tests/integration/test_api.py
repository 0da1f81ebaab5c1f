"""The service as a process: what a script of a few lines gets from it, and what outlives its sudden end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import requests

from tests.fakes.user_strategies import write_strategy
from tests.integration.api.served import SAMPLE, service
from trading_ai import load_sample, sweep
from trading_ai.metrics.catalog import METRIC_NAMES

STOP = {"name": "stop_loss", "min_value": 20, "max_value": 80, "step": 2}
TARGET = {"name": "take_profit", "min_value": 40, "max_value": 200, "step": 10}


def wait(url, optimization_id, until):
    deadline = time.monotonic() + 150
    while not until(status := requests.get(f"{url}/api/v1/optimize/{optimization_id}/status", timeout=30).json()):
        assert time.monotonic() < deadline, status
        time.sleep(0.05)
    return status


def completed(status):
    assert status["status"] in {"running", "completed"}, status
    return status["status"] == "completed"


def assert_same(trials, expected):
    """Check that the trials are those of a sweep, each once, to the last bit."""
    assert sorted(t["combination_index"] for t in trials) == list(range(len(expected.metrics)))
    for trial in trials:
        found = [np.nan if trial[name] is None else trial[name] for name in METRIC_NAMES]
        np.testing.assert_array_equal(found, expected.metrics[trial["combination_index"]])


def test_upload_backtest_optimize_poll_and_read(tmp_path):
    with service(tmp_path) as served:
        files = {"file": ("EURUSD_H1_2017.parquet", SAMPLE.read_bytes())}
        about = {"symbol": "EURUSD", "timeframe": "H1"}
        dataset = requests.post(f"{served.pipeline_url}/api/v1/datasets", files=files, data=about, timeout=60)
        assert dataset.status_code == 201, dataset.text
        asked = {"dataset_id": dataset.json()["id"], "strategy": "sma_crossover"}
        assert requests.post(f"{served.pipeline_url}/api/v1/backtests", json=asked, timeout=60).status_code == 201
        backtest = requests.get(f"{served.pipeline_url}/api/v1/backtests", timeout=60).json()[0]

        body = {"backtest_id": backtest["id"], "parameters": [STOP, TARGET], "optimization_type": "grid_search"}
        started = requests.post(f"{served.url}/api/v1/optimize", json=body, timeout=60).json()
        key = started["optimization_id"]
        assert started == {
            "optimization_id": key,
            "status": "running",
            "total_tasks": 527,
            "message": "Optimization started with 527 parameter combinations",
        }
        status = wait(served.url, key, completed)
        assert (status["progress_percent"], status["completed_tasks"], status["failed_tasks"]) == (100.0, 527, 0)
        ask = f"{served.url}/api/v1/optimize/{key}/results"
        found = requests.get(ask, params={"limit": 1000}, timeout=60).json()

    local = sweep(load_sample("EURUSD"), "sma_crossover", stop_loss=range(20, 81, 2), take_profit=range(40, 201, 10))
    assert found["best_parameters"] == found["results"][0]["parameters"] == local.best
    assert_same(found["results"], local)


@pytest.mark.slow
def test_a_service_that_is_killed_goes_on_with_no_trial_lost_or_doubled(tmp_path):
    n_total = 40 * 3
    (tmp_path / "slow").mkdir()
    (tmp_path / "fast").mkdir()
    with service(tmp_path) as served:
        backtest_id = served.add_backtest(write_strategy(tmp_path / "slow", seconds=0.2))
        ranges = [
            {"name": "period", "min_value": 60, "max_value": 99, "step": 1},
            {"name": "stop_loss", "min_value": 10, "max_value": 30, "step": 10},
        ]
        body = {"backtest_id": backtest_id, "parameters": ranges}
        key = requests.post(f"{served.url}/api/v1/optimize", json=body, timeout=60).json()["optimization_id"]
        before = wait(served.url, key, lambda status: status["completed_tasks"] > 0)
        assert 0 < before["completed_tasks"] < n_total
        served.kill()
        served.start()
        after = wait(served.url, key, completed)
        assert after["completed_tasks"] == after["total_tasks"] == n_total
        assert after["failed_tasks"] == 0
        ask = f"{served.url}/api/v1/optimize/{key}/results"
        trials = requests.get(ask, params={"limit": 1000}, timeout=60).json()["results"]
    fast = write_strategy(tmp_path / "fast")
    assert_same(trials, sweep(load_sample("EURUSD"), fast, period=range(60, 100), stop_loss=range(10, 31, 10)))


def test_the_same_request_many_times_at_once_starts_once(tmp_path):
    with service(tmp_path) as served:
        body = {"backtest_id": served.add_backtest(), "parameters": [STOP], "optimization_type": "grid_search"}

        def start(_):
            headers = {"Idempotency-Key": "at-once"}
            return requests.post(f"{served.url}/api/v1/optimize", json=body, headers=headers, timeout=60)

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(start, range(16)))
        assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
        assert len({answer.json()["optimization_id"] for answer in answers}) == 1
        assert len(requests.get(f"{served.url}/api/v1/optimize", timeout=60).json()) == 1


def test_listening_beyond_this_machine_without_a_key_is_refused(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "trading_ai.cli.main", "serve", "--host", "0.0.0.0"],
        env=os.environ | {"TRADING_AI_HOME": str(tmp_path)}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "there is no API key" in done.stderr
    assert "--insecure" in done.stderr
