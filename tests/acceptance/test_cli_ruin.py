"""When an account was ruined, as JSON says it."""

from __future__ import annotations

import pytest

from tests.acceptance.test_cli import Shell


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    shell = Shell(tmp_path_factory.mktemp("ruin"))
    shell.ask("data", "import", "--sample", "EURUSD")
    return shell


def run(shell, *arguments):
    return shell.ask("backtest", "run", "--dataset", "latest", "--strategy", "sma_crossover", *arguments)


def test_a_ruined_account_says_when(shell):
    found = run(shell, "--lots", "1", "--capital", "1000", "--leverage", "1000", "--stop-out-level", "0")
    trades = shell.ask("backtest", "trades", found["id"])["trades"]
    assert found["metrics"]["ruined"] == 1
    assert trades[-1]["exit_reason"] == "stop_out"
    assert found["ruined_at"] == trades[-1]["exit_time"]
    assert shell.ask("backtest", "show", found["id"])["ruined_at"] == found["ruined_at"]


def test_an_account_that_lives_says_null(shell):
    assert run(shell, "--units", "1000")["ruined_at"] is None
