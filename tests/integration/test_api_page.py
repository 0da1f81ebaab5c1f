"""The page on the HTTP API: its examples run as they stand."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import numpy as np
import polars as pl
import pytest

from tests.integration.api.served import SAMPLE, service
from trading_ai import load_sample, sweep

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "use-the-http-api.md"


def examples(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with service(tmp_path_factory.mktemp("service")) as made:
        made.add_backtest()
        yield made


def run(served, command, folder):
    environment = os.environ | {"OPTIMIZER_URL": served.url, "PIPELINE_URL": served.pipeline_url}
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("number", range(len(examples("python"))))
def test_python_examples(served, tmp_path, number):
    lines = run(served, [sys.executable, "-c", examples("python")[number]], tmp_path)
    targets = range(40, 201, 10) if number == 0 else [40, 80, 120]
    local = sweep(load_sample("EURUSD"), "sma_crossover", stop_loss=range(20, 81, 2), take_profit=targets)
    if number == 0:
        assert lines[0] == "Optimization started with 527 parameter combinations"
    if number == 2:  # of the newest, sorted by another metric
        best = local.evaluator.space.combination(int(local.indices[np.nanargmax(local.column("net_profit"))]))
        assert lines[-1].endswith(f" trials, the most profitable with {best}")
        return
    assert str(local.best) in lines[-1]


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="needs curl and jq")
def test_curl_examples(served, tmp_path):
    frame = pl.read_parquet(SAMPLE)
    assert frame.height == 6225
    time, *prices = frame.columns[:5]
    table = frame.select(pl.col(time).cast(pl.Datetime).dt.strftime("%Y-%m-%d %H:%M:%S").alias("time"), *prices)
    (tmp_path / "bars.csv.gz").write_bytes(gzip.compress(table.write_csv().encode()))
    printed = run(served, ["bash", "-euo", "pipefail", "-c", "\n".join(examples("bash"))], tmp_path)
    lines = "\n".join(printed)
    assert "event: end" in lines
    assert '"status":"completed"' in lines
    assert '"completed_tasks":100' in lines
    assert len((tmp_path / "trials.csv").read_text().splitlines()) == 101
    walked = json.loads((tmp_path / "walk-forward.json").read_text())
    assert printed[-2].endswith('"completed"')
    assert float(printed[-1]) == walked["result"]["net_profit"]
    assert len(walked["result"]["windows"]) == 3
    newest = httpx.get(f"{served.pipeline_url}/api/v1/backtests").json()[0]
    assert (newest["symbol"], newest["timeframe"]) == ("EURUSD", "H1")
