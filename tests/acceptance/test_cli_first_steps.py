"""What one does first: no command at all, questions, a look at what works, watching, opening, completing."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
import webbrowser
from pathlib import Path

import pytest

import trading_ai as ta
from trading_ai.bootstrap import Application
from trading_ai.cli.main import run


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home in which `init --yes` has been run."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TRADING_AI_HOME", str(folder))
        assert run(["init", "--yes"]) == 0
    return folder


@pytest.fixture
def ran(home, monkeypatch, capsys):
    monkeypatch.setenv("TRADING_AI_HOME", str(home))

    def call(*words, code=0):
        capsys.readouterr()
        assert run(list(words)) == code
        return capsys.readouterr()

    return call


def test_no_command_says_where_one_is_and_what_comes_next(tmp_path, monkeypatch, capsys, ran):
    said = ran().out
    assert "1 datasets, 1 backtests, 1 optimizations" in said
    key = json.loads(ran("list", "--json").out)[0]["id"][:8]
    assert f"trading-ai robustness {key}" in said
    monkeypatch.setenv("TRADING_AI_HOME", str(tmp_path / "new"))
    assert run([]) == 0
    said = capsys.readouterr().out
    assert "0 datasets" in said
    assert "trading-ai demo" in said


def test_a_database_that_is_away_is_said_and_leads_to_the_doctor(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("TRADING_AI_HOME", str(tmp_path))
    monkeypatch.setenv("TRADING_AI_DATABASE_URL", "postgresql://nobody:nothing@127.0.0.1:1/none")
    assert run([]) == 0
    said = capsys.readouterr().out
    assert "cannot be used" in said
    assert "trading-ai doctor" in said
    assert "nothing" not in said.replace("nothing works", "")  # the password
    assert run(["doctor", "--json"]) == 7
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["database"]["found"] == "fault"
    assert checks["home"]["found"] == "ok"
    assert "TRADING_AI_DATABASE_URL" in checks["database"]["remedy"]


def test_questions_are_asked_again_until_the_answers_hold(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TRADING_AI_HOME", str(tmp_path / "home"))
    file = tmp_path / "GBPUSD_H1.csv"
    bars = ta.load_sample("EURUSD")
    times = bars.open_time_ns.astype("datetime64[ns]").astype("datetime64[s]").astype(str)
    columns = (times, bars.open, bars.high, bars.low, bars.close)
    rows = [",".join(map(str, row)) for row in zip(*columns, strict=True)]
    file.write_text("time,open,high,low,close\n" + "\n".join(rows[:1500]) + "\n")
    answers = [
        str(tmp_path / "missing.csv"), str(file), "", "no such strategy", "rsi_reversal", "wide", "-1", "0.8", "3.5",
        "stop_loss", "stop_loss=20:40:20 take_profit=40:80:20",
    ]  # fmt: skip
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(answers) + "\n"))
    assert run(["init"]) == 0
    shown = capsys.readouterr()
    assert shown.err.count("must be a number of 0 or more") == 2
    assert "is not there" in shown.err
    assert f"$ trading-ai data import {file} --symbol GBPUSD" in shown.out
    assert "--strategy rsi_reversal --spread 0.8 --commission-per-lot 3.5" in shown.out
    assert "--param stop_loss=20:40:20 --param take_profit=40:80:20" in shown.out
    assert "2 x 3 = 6 combinations" in shown.err
    assert "Verdict:" in shown.out


def test_a_step_that_fails_ends_the_questions_with_its_code(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TRADING_AI_HOME", str(tmp_path / "home"))
    file = tmp_path / "bars.csv"
    file.write_text("nothing,of,use\n1,2,3\n")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{file}\nEURUSD\n\n\n\n\n"))
    assert run(["init"]) == 2
    shown = capsys.readouterr()
    assert "error:" in shown.err
    assert "$ trading-ai backtest" not in shown.out


def test_watching_what_is_over_and_what_runs(ran, home):
    assert "completed: " in ran("watch", "latest").out
    assert "no optimization with id" in ran("watch", "nothing", code=4).err
    application = Application()
    record = application.store.optimizations()[0]
    backtest_id = record.spec.backtest_id
    search = ["optimize", backtest_id, "--param", "stop_loss=1:400:1", "--param", "take_profit=1:400:1", "--no-reuse"]
    process = subprocess.Popen(
        [sys.executable, "-m", "trading_ai.cli.main", *search, "--name", "long", "--no-daily-profit"],
        env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not any(r.name == "long" for r in application.store.optimizations()):
            assert process.poll() is None
            time.sleep(0.05)
        said = ran("watch", "long", "--every", "0.2").out
    finally:
        process.wait(120)
    assert said.splitlines()[-1].startswith("completed: 160,000 of 160,000 trials (100.0 %)")


def test_watching_ends_nothing_but_the_watching(ran, monkeypatch):
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    application = Application()
    record = application.store.optimizations()[-1]
    running = type("Store", (), {"optimization": lambda self, key: _as_running(record)})()
    with monkeypatch.context() as patched:
        patched.setattr(type(application), "store", running)
        patched.setattr("trading_ai.cli.watch.time.sleep", interrupt)
        assert ran("watch", "latest", code=130).out.startswith("running: ")
    assert Application().store.optimization(record.optimization_id) == record


def _as_running(record):
    from dataclasses import replace

    return replace(record, status="running")


def test_a_report_is_made_and_shown(ran, home, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    path = Path(ran("open", "latest").out.strip())
    assert opened == [path.as_uri()]
    assert path.parent == (home / "reports").resolve()
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    monkeypatch.setattr("trading_ai.cli.opening.write_report", lambda service, record, output: output)
    assert "no browser could be opened" in ran("open", "latest").err
    found = json.loads(ran("open", "latest", "--no-show", "--json").out)
    assert (found["shown"], found["output"]) == (False, str(path))


def test_the_doctor_finds_everything_well(ran):
    checks = json.loads(ran("doctor", "--json").out)["checks"]
    assert not [check for check in checks if check["found"] == "fault"]
    assert {"program", "machine", "home", "database", "simulators"} <= {check["name"] for check in checks}
    assert "6,225 bars" in ran("doctor").out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell", "pwsh"])
def test_every_shell_has_its_script(ran, shell):
    script = ran("completion", shell).out
    assert "trading-ai" in script
    assert "_TRADING_AI_COMPLETE" in script
    assert "Use bash, zsh" in ran("completion", "tcsh", code=2).err


@pytest.mark.parametrize(
    ("line", "expected"), [("trading-ai wa", ["walk-forward", "watch"]), ("trading-ai optimize --par", ["--param"])]
)
def test_bash_completes(line, expected):
    words = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" ")), "_TRADING_AI_COMPLETE": "complete_bash"}
    done = subprocess.run(
        [sys.executable, "-m", "trading_ai.cli.main"], env={**os.environ, **words}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert sorted(done.stdout.split()) == expected
