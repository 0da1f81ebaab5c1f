"""Requests drawn from the APIs' own descriptions: every answer is one that the description names."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.unit.api.served import service

N_EXAMPLES = 6

# What a description cannot say, such as that min_value is not above max_value, is a 422 in these operations only.
CONFIG = """
hooks = "{hooks}"

[parameters]
optimization_id = "{optimization_id}"
backtest_id = "{backtest_id}"
dataset_id = "{dataset_id}"

[[operations]]
include-name = ["POST /api/v1/optimize", "POST /api/v1/backtests", "POST /api/v1/datasets"]
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

# Names of things that exist, so that requests get past the look-up.
HOOKS = """
import re

import schemathesis

IDS = {{"backtest_id": "{backtest_id}", "dataset_id": "{dataset_id}", "strategy": "sma_crossover"}}


@schemathesis.hook
def map_body(context, body):
    if isinstance(body, dict):
        for name, known in IDS.items():
            if isinstance(body.get(name), str) and re.fullmatch("[A-Za-z0-9-]{{1,100}}", body[name]):
                body[name] = known
        ranges = body.get("parameters")
        for i, one in enumerate(ranges if isinstance(ranges, list) else []):
            if isinstance(one, dict) and isinstance(one.get("name"), str):
                if re.fullmatch("[A-Za-z_][A-Za-z0-9_]{{0,99}}", one["name"]):
                    one["name"] = ("stop_loss", "take_profit")[i % 2]
    return body
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


@pytest.mark.slow
@pytest.mark.parametrize("service_name", ["pipeline", "optimizer"])
def test_answers_are_as_described(served, config, service_name, tmp_path):
    url = served.url if service_name == "optimizer" else served.pipeline_url
    command = [str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(config), "--no-color", "run"]
    command += [f"{url}/openapi.json", "--checks", "all", "--max-examples", str(N_EXAMPLES), "--seed", "1"]
    command += ["--continue-on-failure", "--no-shrink", "--workers", "2"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, timeout=200, check=False, env=os.environ
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert httpx.get(f"{url}/health").status_code == 200
