"""Robustness, verify, export and the ledger, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acceptance.test_cli import GRID, backtest, dataset, shell  # noqa: F401


@pytest.fixture(scope="module")
def optimization(shell, backtest):  # noqa: F811
    return shell.ask("optimize", backtest["id"], *GRID)


def test_a_verdict_with_every_criterion(shell, optimization):  # noqa: F811
    found = shell.ask("robustness", optimization["id"])
    assert found["verdict"]["words"] in {"survives", "fragile", "likely luck"}
    assert len(found["verdict"]["criteria"]) >= 10
    assert all({"name", "value", "threshold", "holds"} <= set(c) for c in found["verdict"]["criteria"])
    assert found["n_ledger_trials"] >= found["n_trials"]
    assert found["reruns"]["entry_delay"]["bars"] == [0, 1, 2, 3]
    told = shell.run("robustness", optimization["id"])
    assert f"Verdict: {found['verdict']['words']}" in told.stdout
    assert "Entries carried out later: net profit" in told.stdout


def test_what_the_verdict_asks_can_be_set(shell, optimization):  # noqa: F811
    found = shell.ask("robustness", optimization["id"], "--threshold", "n_trades=1e9", "--threshold", "plateau=0")
    asked = {c["name"]: (c["threshold"], c["holds"]) for c in found["verdict"]["criteria"]}
    assert asked["n_trades"] == (1e9, False)
    assert asked["plateau"][0] == 0.0
    refused = shell.run("robustness", optimization["id"], "--threshold", "luck=1", code=2)
    assert "deflated_sharpe" in refused.stderr


def test_a_stored_trial_comes_out_again_to_the_last_bit(shell, optimization):  # noqa: F811
    found = shell.ask("verify", optimization["id"], "--rank", "3")
    assert found["equal"]
    assert found["stored"] == found["again"]


def test_the_winner_as_files_of_other_platforms(shell, optimization, tmp_path):  # noqa: F811
    best = optimization["best_parameters"]
    for name in ("best.json", "best.cbotset", "best.set"):
        shell.ask("export", optimization["id"], "--output", str(tmp_path / name))
    exported = json.loads((tmp_path / "best.cbotset").read_text())
    assert exported["Parameters"]["StopLoss"] == str(best["stop_loss"])
    assert f"TakeProfit={best['take_profit']}" in (tmp_path / "best.set").read_text(encoding="utf-16")
    refused = shell.run("export", optimization["id"], "--output", str(Path(tmp_path) / "best.txt"), code=2)
    assert ".cbotset" in refused.stderr


def test_the_same_again_is_answered_from_the_ledger(shell, backtest, optimization):  # noqa: F811
    again = shell.run("optimize", backtest["id"], *GRID)
    total = f"{optimization['total_tasks']:,}"
    assert f"{total} of {total} were tried before" in again.stderr
    ranked = shell.ask("results", "latest")["results"]
    assert [t["parameters"] for t in ranked[:10]] == [t["parameters"] for t in optimization["results"][:10]]
    assert {"plateau", "sharpe_first_75", "sharpe_last_25"} <= set(ranked[0])


def test_a_formula_and_a_condition_on_parameters(shell, backtest):  # noqa: F811
    made = shell.ask(
        "optimize", backtest["id"], *GRID, "--require", "stop_loss * 2 <= take_profit",
        "--objective", "net_profit / (1 + max_drawdown)", "--top", "1000",
    )  # fmt: skip
    assert made["total_tasks"] < made["n_combinations"]
    for trial in made["results"]:
        assert trial["parameters"]["stop_loss"] * 2 <= trial["parameters"]["take_profit"]
        assert trial["objective"] == pytest.approx(trial["net_profit"] / (1 + trial["max_drawdown"]), rel=1e-12)
    values = [trial["objective"] for trial in made["results"]]
    assert values == sorted(values, reverse=True)
    report = shell.run("report", made["id"], "--output", str(shell.folder / "formula.html"))
    assert "formula.html" in report.stdout


def test_several_objectives_give_a_front(shell, backtest, tmp_path):  # noqa: F811
    both = ("--objective", "net_profit", "--objective", "max_drawdown_percent")
    made = shell.ask("optimize", backtest["id"], *GRID, *both)
    assert made["objectives"] == ["net_profit", "max_drawdown_percent"]
    front = shell.ask("results", made["id"], "--pareto", "--top", "1000")["results"]
    assert [t["rank"] for t in front] == sorted(t["rank"] for t in front)
    drawdowns = [t["max_drawdown_percent"] for t in front]
    assert drawdowns == sorted(drawdowns, reverse=True)
    assert "on the Pareto front" in shell.run("results", made["id"], "--pareto").stdout
    shell.run("report", made["id"], "--output", str(tmp_path / "r.html"))
    assert "Pareto front" in (tmp_path / "r.html").read_text(encoding="utf-8")
