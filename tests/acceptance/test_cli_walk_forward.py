"""Exact walk-forward as a user runs it, and as one whose machine fails runs it."""

from __future__ import annotations

import json
import signal
import subprocess
import time

import pytest

from tests.acceptance.test_cli import Shell
from tests.fakes.user_strategies import in_a_hurry, write_strategy
from tests.preloaded import COMMAND
from trading_ai.store.database import Database
from trading_ai.store.sql import SqlStore

# Slow enough to be caught in the middle of a window: twelve sets of signals take over two seconds.
SEARCH = ["--param", "period=60:71:1", "--param", "stop_loss=15:45:15", "--objective", "net_profit"]
WINDOWS = ["--windows", "6M/2M", "--workers", "1"]
N_PARTS = 3 + 1  # windows, and the sweep of all days
N_TOTAL = 12 * 3


def prepared(folder) -> tuple[Shell, str]:
    """A home with a backtest of a slow strategy."""
    shell = Shell(folder)
    shell.ask("data", "import", "--sample", "EURUSD")
    strategy = write_strategy(folder, seconds=0.2)
    return shell, shell.ask("backtest", "run", "--dataset", "latest", "--strategy", strategy)["id"]


def parts(shell):
    found = shell.ask("list", "--windows")
    return {o["name"]: o for o in found if o["name"].startswith("walk-forward ")}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    shell, _ = prepared(tmp_path_factory.mktemp("undisturbed"))
    with in_a_hurry(shell.folder):
        return shell, shell.ask("walk-forward", "latest", *SEARCH, *WINDOWS)


def kill_within_a_part(process, shell):
    """Kill a walk-forward of which one part is complete and another has some of its trials, and no more has begun.

    The process is halted before the database is believed: what it says while the process runs may be over by the time
    that the signal arrives, on a busy machine above all.
    """
    database = Database(f"sqlite:///{shell.folder / 'home' / 'trading-ai.db'}")
    store = SqlStore(database)

    def within():
        begun = [o for o in store.optimizations() if o.name.startswith("walk-forward ")]
        running = [o for o in begun if o.status == "running"]
        complete = [o for o in begun if o.status == "completed"]
        inside = len(running) == 1 and 0 < running[0].n_completed < running[0].n_total
        return bool(complete) and inside and len(begun) == len(complete) + 1 < N_PARTS

    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        if within():
            process.send_signal(signal.SIGSTOP)
            if within():
                break
            process.send_signal(signal.SIGCONT)
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    database.close()


@pytest.mark.slow
def test_a_killed_walk_forward_goes_on(undisturbed, tmp_path):
    shell, backtest_id = prepared(tmp_path)
    process = subprocess.Popen(
        [*COMMAND, "walk-forward", "latest", *SEARCH, *WINDOWS],
        env=shell.environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    kill_within_a_part(process, shell)
    process.communicate(timeout=30)
    before = parts(shell)
    complete = {name for name, o in before.items() if o["status"] == "completed"}
    caught = [o for o in before.values() if o["status"] == "running"]
    assert complete
    assert len(caught) == 1
    assert len(before) < N_PARTS

    with in_a_hurry(tmp_path):
        done = shell.run("walk-forward", "latest", *SEARCH, *WINDOWS, "--json")
    state, after = json.loads(done.stdout), parts(shell)
    found = state["result"]
    for name in complete:
        assert after[name] == before[name]
        assert f"{name} is complete already" in done.stderr
    assert len(after) == N_PARTS
    assert all(
        (o["status"], o["completed_tasks"], o["failed_tasks"]) == ("completed", N_TOTAL, 0) for o in after.values()
    )
    assert after[caught[0]["name"]]["id"] == caught[0]["id"]
    assert state["backtest_id"] == backtest_id

    _, expected = undisturbed
    expected = expected["result"]
    for mine, other in zip(found["windows"], expected["windows"], strict=True):
        ids = {"optimization_id": None, "backtest_id": None}
        assert mine | ids == other | ids
    same = ("net_profit", "efficiency", "drift", "daily_profit", "days", "instant_net_profit", "n_same")
    assert {name: found[name] for name in same} == {name: expected[name] for name in same}


def test_what_it_says(undisturbed):
    shell, state = undisturbed
    assert state["status"] == "completed"
    found = state["result"]
    assert (found["size"], found["anchored"], len(found["windows"])) == ("6M/2M", False, 3)
    for window in found["windows"]:
        assert window["train_first"] < window["test_first"] < window["test_end"]
        record = shell.ask("results", window["optimization_id"], "--top", "1")
        assert record["results"][0]["parameters"] == window["parameters"]
        trades = shell.ask("backtest", "trades", window["backtest_id"])
        assert trades["total"] == window["n_trades"]
    assert len(found["days"]) == len(found["daily_profit"]) == len(found["instant_daily_profit"])
    assert sum(found["daily_profit"]) == pytest.approx(found["net_profit"])
    told = shell.run("walk-forward", "latest", *SEARCH, *WINDOWS)
    assert told.stderr.count("is complete already") == N_PARTS
    for text in ("Walk-forward 6M/2M", "out of sample in 3 windows", "The instant form", "They differ where"):
        assert text in told.stdout


def test_what_cannot_be_walked_is_refused(undisturbed):
    shell, _ = undisturbed
    known = parts(shell)
    refused = shell.ask("walk-forward", "latest", *SEARCH, "--windows", "24M/6M", code=2)["error"]
    assert refused["parameter"] == "--windows"
    assert "shorter training" in refused["remedy"]
    assert "--param" in shell.run("walk-forward", "latest", code=2).stderr
    assert parts(shell) == known
