"""A run that is killed, or interrupted, goes on without losing or repeating a trial."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time

import pytest

from tests.fakes.user_strategies import in_a_hurry, write_strategy
from tests.preloaded import COMMAND, run_command
from trading_ai.store.database import Database
from trading_ai.store.sql import SqlStore

SEARCH = ["--param", "period=60:119:1", "--param", "stop_loss=10:30:10"]
N_TOTAL = 60 * 3


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    return os.environ | {"TRADING_AI_HOME": str(tmp_path_factory.mktemp("home"))}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("strategy")


@pytest.fixture(scope="module")
def backtest_id(environment, folder):
    # Slow enough to be caught in the middle, on any machine: sixty sets of signals take a dozen seconds.
    name = write_strategy(folder, seconds=0.2)
    ask(environment, "data", "import", "--sample", "EURUSD")
    return ask(environment, "backtest", "run", "--dataset", "latest", "--strategy", name)["id"]


@pytest.fixture(scope="module")
def undisturbed(environment, backtest_id, folder):
    with in_a_hurry(folder):
        made = ask(environment, "optimize", backtest_id, *SEARCH, "--no-reuse", "--workers", "1", "--top", "1000")
    assert made["completed_tasks"] == N_TOTAL
    return made["results"]


def ask(environment, *arguments, code=0):
    done = run_command(*arguments, "--json", env=environment)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def begin(environment, backtest_id, workers):
    """Start a run in a process group of its own, as a terminal would, and wait until it has saved a chunk."""
    database = Database(f"sqlite:///{environment['TRADING_AI_HOME']}/trading-ai.db")
    store = SqlStore(database)
    known = {o.optimization_id for o in store.optimizations()}
    process = subprocess.Popen(
        [*COMMAND, "optimize", backtest_id, *SEARCH, "--no-reuse", "--workers", workers],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    with contextlib.closing(database):
        while time.monotonic() < deadline and process.poll() is None:
            new = [o for o in store.optimizations() if o.optimization_id not in known]
            if new and new[0].n_completed > 0:
                return process, new[0].optimization_id
            time.sleep(0.02)
    process.kill()
    pytest.fail(f"the run was never seen in the middle: {process.communicate()}")


def assert_complete(environment, optimization_id, undisturbed, folder):
    with in_a_hurry(folder):
        made = ask(environment, "resume", optimization_id, "--top", "1000")
    assert (made["status"], made["completed_tasks"], made["failed_tasks"]) == ("completed", N_TOTAL, 0)
    indices = [trial["combination_index"] for trial in made["results"]]
    assert sorted(indices) == list(range(N_TOTAL))
    assert made["results"] == undisturbed


@pytest.mark.parametrize("workers", [pytest.param("1", marks=pytest.mark.slow), "2"])
def test_a_killed_run_goes_on(environment, backtest_id, undisturbed, folder, workers):
    process, optimization_id = begin(environment, backtest_id, workers)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    before = ask(environment, "status", optimization_id)
    assert before["status"] == "running"  # nobody was left to say otherwise
    assert 0 < before["completed_tasks"] < N_TOTAL
    assert_complete(environment, optimization_id, undisturbed, folder)


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_ctrl_c_pauses_and_the_run_goes_on(environment, backtest_id, undisturbed, folder, workers):
    process, optimization_id = begin(environment, backtest_id, workers)
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to every process of the group
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert f"resume with: trading-ai resume {optimization_id[:8]}" in err
    assert "Traceback" not in err
    before = ask(environment, "status", optimization_id)
    assert before["status"] == "paused"
    assert 0 < before["completed_tasks"] < N_TOTAL
    assert_complete(environment, optimization_id, undisturbed, folder)


def test_another_terminal_pauses_a_run(environment, backtest_id, undisturbed, folder):
    process, optimization_id = begin(environment, backtest_id, "1")
    assert ask(environment, "pause", optimization_id)["status"] == "paused"
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    before = ask(environment, "status", optimization_id)
    assert before["status"] == "paused"
    assert 0 < before["completed_tasks"] < N_TOTAL
    assert ask(environment, "pause", optimization_id, code=5)["error"]["type"] == "StateError"
    assert ask(environment, "prioritize", optimization_id, "9")["priority"] == 9
    assert_complete(environment, optimization_id, undisturbed, folder)
