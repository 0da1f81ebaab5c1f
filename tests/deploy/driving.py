"""How the tests use a system that runs at the ports that users know, and what it must answer."""

from __future__ import annotations

import io
from importlib import resources
from math import prod
from pathlib import Path
from typing import Any

import httpx
import polars as pl

import trading_ai as ta

SAMPLE = Path(str(resources.files("trading_ai") / "sample_data" / "EURUSD_H1_2017.parquet"))
OPTIMIZER, PIPELINE = (f"http://127.0.0.1:{port}" for port in (30802, 30800))
FIXED = {"slow": 40}
PAGE = 10_000
KEYS: dict[str, str] = {}
"""Headers that every request needs: the API key, where the system asks for one."""
AXES = {"fast": range(5, 15), "stop_loss": range(11, 211), "take_profit": range(11, 211)}
# Runs for longer than Prometheus takes to look twice, and than a pod takes to start.
LONG = AXES | {"stop_loss": range(11, 1011), "take_profit": range(11, 1011)}


def add_backtest() -> str:
    """Id of a backtest on the bars that come with the package."""
    with SAMPLE.open("rb") as file:
        asked = {"symbol": "EURUSD", "timeframe": "H1", "timezone": "UTC"}
        answer = httpx.post(
            f"{PIPELINE}/api/v1/datasets",
            data=asked,
            files={"file": (SAMPLE.name, file)},
            headers=KEYS,
            timeout=60,
        )
    assert answer.is_success, answer.text
    body = {"dataset_id": answer.json()["id"], "strategy": "sma_crossover", "parameters": {"fast": 10, **FIXED}}
    answer = httpx.post(f"{PIPELINE}/api/v1/backtests", json=body, headers=KEYS, timeout=120)
    assert answer.is_success, answer.text
    return str(answer.json()["id"])


def optimize(backtest_id: str, axes: dict[str, range] = AXES) -> str:
    """Start a grid; returns its id."""
    ranges = [{"name": n, "min_value": r[0], "max_value": r[-1], "step": 1} for n, r in axes.items()]
    # What an earlier optimization found must be found again.
    body = {"backtest_id": backtest_id, "parameters": ranges, "keep_daily_profit": False, "reuse": False}
    answer = httpx.post(f"{OPTIMIZER}/api/v1/optimize", json=body, headers=KEYS, timeout=60)
    assert answer.is_success, answer.text
    return str(answer.json()["optimization_id"])


def status(key: str) -> dict[str, Any]:
    """State and progress of an optimization."""
    answer = httpx.get(f"{OPTIMIZER}/api/v1/optimize/{key}/status", headers=KEYS, timeout=30)
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def results(key: str, n_total: int) -> pl.DataFrame:
    """Every ranked trial, a page after the other."""
    pages, accept = [], {"Accept": "application/vnd.apache.parquet"}
    for offset in range(0, n_total, PAGE):
        url = f"{OPTIMIZER}/api/v1/optimize/{key}/results?limit={PAGE}&offset={offset}"
        answer = httpx.get(url, headers=accept | KEYS, timeout=120)
        assert answer.is_success, answer.text
        pages.append(pl.read_parquet(io.BytesIO(answer.content)))
    return pl.concat(pages)


def table(frame: pl.DataFrame) -> pl.DataFrame:
    """What must be equal to the last bit, in one order."""
    columns = [*AXES, "net_profit", "total_trades", "win_rate", "sharpe_ratio", "max_drawdown"]
    return frame.select(pl.col(columns).cast(pl.Float64)).sort(list(AXES))


def assert_complete_and_right(key: str, axes: dict[str, range]) -> None:
    """Nothing is lost, doubled or failed, and every trial is what this process finds, to the last bit."""
    n_total, after = prod(map(len, axes.values())), status(key)
    assert (after["completed_tasks"], after["total_tasks"], after["failed_tasks"]) == (n_total, n_total, 0)
    here = ta.sweep(ta.load_sample("EURUSD"), "sma_crossover", **FIXED, **axes).to_polars()
    assert table(results(key, n_total)).equals(table(here))
