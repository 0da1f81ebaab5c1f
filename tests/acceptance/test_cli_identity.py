"""No result comes from other code than the code that is there: a helper is edited between two commands."""

from __future__ import annotations

import pytest

from tests.acceptance.test_cli import Shell

STRATEGY = """
import numpy as np
from helper import SIDE
from trading_ai import Int, Signals, Strategy


class Mine(Strategy):
    period = Int(20, 2, 500, unit="bars")

    def signals(self, bars, period):
        marks = np.arange(len(bars)) % period == 0
        return Signals(**{SIDE: marks})
"""


@pytest.fixture
def shell(tmp_path):
    (tmp_path / "mine.py").write_text(STRATEGY)
    (tmp_path / "helper.py").write_text('SIDE = "long_entry"\n')
    made = Shell(tmp_path)
    made.run("data", "import", "--sample", "EURUSD")
    return made


@pytest.mark.slow
def test_an_edited_helper_is_not_answered_from_the_ledger_and_is_refused_by_verify(shell):
    grid = ("--param", "period=20,30,40", "--param", "stop_loss=20")
    shell.run("backtest", "run", "--dataset", "latest", "--strategy", "mine.py:Mine")
    assert "tried before" not in said(shell.run("optimize", "latest", *grid, "--name", "first"))
    assert "3 of 3 were tried before" in said(shell.run("optimize", "latest", *grid))
    best = shell.run("results", "latest", "--top", "3").stdout
    shell.run("verify", "latest")

    (shell.folder / "helper.py").write_text('SIDE = "short_entry"\n')
    assert "has changed since the start" in shell.run("verify", "latest", code=5).stderr
    assert "has changed since the start" in shell.run("optimize", "latest", *grid, code=5).stderr

    shell.run("backtest", "run", "--dataset", "latest", "--strategy", "mine.py:Mine")
    assert "tried before" not in said(shell.run("optimize", "latest", *grid))
    assert shell.run("results", "latest", "--top", "3").stdout != best
    shell.run("verify", "latest")

    (shell.folder / "helper.py").write_text('SIDE = "long_entry"\n')
    assert "has changed since the start" in shell.run("verify", "latest", code=5).stderr


def said(done):
    return done.stdout + done.stderr
