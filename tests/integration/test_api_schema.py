"""Requests drawn from the APIs' own descriptions: every answer is one that the description names."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.integration.api.served import service

N_EXAMPLES = 5

# What a description cannot say, such as that min_value is not above max_value, is a 422 in these operations only.
CONFIG = """
hooks = "{hooks}"
# A verdict or a report takes seconds, and many more on a machine that does something else.
request-timeout = 60

[parameters]
optimization_id = "{optimization_id}"
backtest_id = "{backtest_id}"
dataset_id = "{dataset_id}"

[[operations]]
include-name = [
  "POST /api/v1/optimize", "POST /api/v1/walk-forward", "POST /api/v1/backtests", "POST /api/v1/datasets",
  "POST /api/v1/datasets/{{dataset_id}}/append",
  "POST /api/v1/backtests/import", "POST /api/v1/optimize/import",
  "POST /api/v1/sql",
]
checks.positive_data_acceptance.expected-statuses = ["2xx", "404", "422"]

[[operations]]
include-name = "GET /api/v1/optimize/{{optimization_id}}/results"
checks.positive_data_acceptance.expected-statuses = ["200", "422"]

[[operations]]
include-name = "GET /api/v1/optimize/{{optimization_id}}/robustness"
checks.positive_data_acceptance.expected-statuses = ["200", "422"]

[[operations]]
include-name = "DELETE /api/v1/optimize/{{optimization_id}}"
parameters = {{ optimization_id = "{other_id}" }}
"""

# Requests that are as described get what a description cannot say: ids and names that exist, ranges that ascend.
HOOKS = """
import uuid

import schemathesis
from schemathesis import GenerationMode

BARS = "time,open,high,low,close\\n" + "".join(
    "2024-01-02 %02d:00:00,1.1,1.2,1.0,1.1\\n" % hour for hour in range(24)
)
KNOWN = {{
    "backtest_id": "{backtest_id}", "dataset_id": "{dataset_id}", "detail_dataset_id": None,
    "strategy": "sma_crossover", "objective": "net_profit", "constraints": ["total_trades >= 1"],
    "parameter_constraints": [], "max_iterations": 2, "windows": "6M/3M", "start": None, "end": None,
    "file": BARS, "symbol": "EURUSD", "timeframe": "H1", "timezone": "UTC",
    "sql": "select count(*) as n from backtests", "max_rows": 100,
    "sizing": {{}}, "costs": {{"commission_per_lot": 3.5}}, "rules": {{}},
}}


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    if "Idempotency-Key" in (case.headers or {{}}):
        case.headers["Idempotency-Key"] = uuid.uuid4().hex
    body = case.body
    if not isinstance(body, dict):
        return
    body |= {{name: known for name, known in KNOWN.items() if name in body}}
    if isinstance(body.get("parameters"), list):
        body["parameters"] = [mended(*two) for two in zip(body["parameters"], ("stop_loss", "take_profit"))]
    elif "parameters" in body:
        body["parameters"] = {{"fast": 5}}


def mended(one, name):
    if one.get("values"):
        return {{"name": name, "values": [10, 20]}}
    return {{"name": name, "min_value": 10, "max_value": 30.5, "step": 10}}
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with service(tmp_path_factory.mktemp("service"), TRADING_AI_MAX_COMBINATIONS="100") as made:
        yield made


@pytest.fixture(scope="module")
def config(served, tmp_path_factory):
    folder = tmp_path_factory.mktemp("config")
    ids = {"backtest_id": served.add_backtest()}
    ids["dataset_id"] = httpx.get(f"{served.pipeline_url}/api/v1/datasets").json()[0]["id"]
    for name in ("optimization_id", "other_id"):
        asked = {"backtest_id": ids["backtest_id"], "parameters": [{"name": "fast", "values": list(range(2, 22))}]}
        ids[name] = httpx.post(f"{served.url}/api/v1/optimize", json=asked).json()["optimization_id"]
        while httpx.get(f"{served.url}/api/v1/optimize/{ids[name]}/status").json()["status"] != "completed":
            time.sleep(0.05)
    (folder / "hooks.py").write_text(HOOKS.format(**ids))
    file = folder / "schemathesis.toml"
    file.write_text(CONFIG.format(hooks=folder / "hooks.py", **ids))
    return file


def count(url, made):
    return len(httpx.get(f"{url}/api/v1/{made}", params={"limit": 10_000}).json())


@pytest.mark.slow
@pytest.mark.parametrize("service_name", ["pipeline", "optimizer"])
def test_answers_are_as_described(served, config, service_name, tmp_path):
    url, made = (served.url, "optimize") if service_name == "optimizer" else (served.pipeline_url, "backtests")
    command = [str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(config), "--no-color", "run"]
    command += [f"{url}/openapi.json", "--checks", "all", "--max-examples", str(N_EXAMPLES), "--seed", "1"]
    before = count(url, made)
    # One thread: Python before 3.12 may not parse source in two at once, which is how Hypothesis describes functions.
    command += ["--continue-on-failure", "--no-shrink", "--workers", "1"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, timeout=200, check=False, env=os.environ
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert httpx.get(f"{url}/health").status_code == 200
    assert count(url, made) > before  # not every request was refused
