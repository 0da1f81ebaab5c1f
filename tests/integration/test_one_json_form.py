"""The same stored thing has one JSON form, whoever tells of it: the HTTP APIs, `--json`, and files."""

from __future__ import annotations

import json

import pytest

from tests.integration.api.laptop import STOP, TARGET, running_laptop
from trading_ai.cli import main

SEARCH = [{"name": "stop_loss", "values": [20, 30, 40]}, {"name": "fast", "min_value": 3, "max_value": 9, "step": 2}]
SAME_SEARCH = ["--param", "stop_loss=20,30,40", "--param", "fast=3:9:2", "--objective", "net_profit"]


@pytest.fixture(scope="module")
def laptop(tmp_path_factory):
    with running_laptop(tmp_path_factory.mktemp("laptop"), workers=1) as made:
        made.grid = made.started(STOP, TARGET, name="the grid", more_objectives=["net_profit"])
        made.wait(made.grid)
        yield made


@pytest.fixture
def ask(laptop, monkeypatch, capsys):
    """What a command prints with `--json` about what the service has."""
    monkeypatch.setenv("TRADING_AI_HOME", str(laptop.application.settings.home))

    def asked(*arguments):
        capsys.readouterr()
        assert main.run([*arguments, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return asked


def pipeline(laptop, path, **asked):
    return laptop.pipeline.get(f"/api/v1/{path}", params=asked).raise_for_status().json()


def optimizer(laptop, path="", **asked):
    return laptop.optimizer.get(f"/api/v1/optimize{path}", params=asked).raise_for_status().json()


def test_datasets(laptop, ask):
    assert ask("data", "list") == pipeline(laptop, "datasets")
    assert ask("data", "show", laptop.dataset_id) == pipeline(laptop, f"datasets/{laptop.dataset_id}")


def test_an_import_and_an_upload(laptop, ask, tmp_path):
    rows = "".join(f"2024-01-02 {hour:02d}:00:00,1.1,1.2,1.0,1.1\n" for hour in range(24))
    file = tmp_path / "bars.csv"
    file.write_text(f"time,open,high,low,close\n{rows}")
    imported = ask("data", "import", str(file), "--symbol", "EURUSD", "--timezone", "UTC")
    with file.open("rb") as opened:
        how = {"data": {"symbol": "EURUSD", "timezone": "UTC"}, "files": {"file": ("bars.csv", opened)}}
        uploaded = laptop.pipeline.post("/api/v1/datasets", **how).json()
    # Only the machine itself is told where the file lies.
    assert (imported["source"], imported["quality"]["source"]) == (str(file), str(file))
    named = {"source": "bars.csv", "quality": imported["quality"] | {"source": "bars.csv"}}
    assert imported | named | {"already_known": True} == uploaded
    assert ask("data", "delete", imported["id"]) == {"id": imported["id"], "deleted": True}


def test_backtests_and_trades(laptop, ask):
    assert ask("backtest", "list") == pipeline(laptop, "backtests", windows=True)
    for what in ("show", "trades"):
        path = f"backtests/{laptop.backtest_id}" + ("/trades" if what == "trades" else "")
        assert ask("backtest", what, laptop.backtest_id) == pipeline(laptop, path, limit=10_000)


def test_strategies(laptop, ask):
    assert ask("strategies") == pipeline(laptop, "strategies")


def test_optimizations_and_their_status(laptop, ask):
    assert ask("list") == optimizer(laptop)
    shown = ask("status", laptop.grid)
    assert shown == optimizer(laptop, f"/{laptop.grid}")
    assert optimizer(laptop, f"/{laptop.grid}/status").items() <= shown.items()


@pytest.mark.parametrize("pareto", [False, True])
def test_results(laptop, ask, pareto):
    printed = ask("results", laptop.grid, "--top", "1000", *(["--pareto"] if pareto else []))
    assert printed == optimizer(laptop, f"/{laptop.grid}/results", limit=1000, pareto=pareto)
    assert len(printed["results"]) == printed["total"]


def test_a_run_is_an_optimization_with_its_results(laptop, ask):
    ran = ask("optimize", laptop.backtest_id, *SAME_SEARCH, "--workers", "1", "--top", "5")
    key = ran["id"]
    results = optimizer(laptop, f"/{key}/results", limit=5)
    assert ran == optimizer(laptop, f"/{key}") | results
    assert ask("resume", key, "--top", "5") == ran
    assert ask("delete", key) == {"optimization_id": key, "deleted": True}


def test_an_answer_and_insights(laptop, ask):
    question = "top 3 combinations by net profit"
    answered = laptop.assistant.post("/api/v1/ask", json={"question": question, "context": laptop.grid})
    assert ask("ask", question, "--run", laptop.grid) == answered.raise_for_status().json()
    found = laptop.assistant.get(f"/api/v1/insights/{laptop.grid}")
    assert ask("insights", laptop.grid) == found.raise_for_status().json()


def test_a_verdict(laptop, ask):
    assert ask("robustness", laptop.grid, "--rank", "2") == optimizer(laptop, f"/{laptop.grid}/robustness", rank=2)


def test_a_trial_run_again_and_its_parameters_as_a_file(laptop, ask, tmp_path):
    first = optimizer(laptop, f"/{laptop.grid}/results")["results"][0]
    found = ask("verify", laptop.grid)
    alike = {"parameters": first["parameters"], "combination_index": first["combination_index"], "rank": 1}
    assert alike.items() <= found.items()
    assert found["stored"].items() <= first.items()
    file = tmp_path / "best.json"
    said = ask("export", laptop.grid, "--output", str(file))
    assert said == json.loads(file.read_text()) | {"output": str(file)}
    assert first["parameters"].items() <= said["parameters"].items()


def test_a_walk_forward(laptop, ask):
    asked = {
        "backtest_id": laptop.backtest_id, "parameters": SEARCH, "objective": "net_profit", "windows": "1W/3D",
    }  # fmt: skip
    printed = ask("walk-forward", laptop.backtest_id, *SAME_SEARCH, "--windows", "1W/3D", "--workers", "1")
    assert printed["status"] == "completed"
    assert printed == laptop.optimizer.post("/api/v1/walk-forward", json=asked).json()
