"""Commands as strategies: a fake `ctrader-cli` that works, and that misbehaves in every way that was seen."""

from __future__ import annotations

import os
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest

import trading_ai as ta
from trading_ai.errors import EvaluationError, ParameterError, StrategyError
from trading_ai.evaluation.job import job_evaluator
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.evaluation.ports import Job
from trading_ai.executors.processes import LocalExecutor
from trading_ai.parameters import Choices, ParameterRange, SearchSpace
from trading_ai.runners.process.running import KEPT_OUTPUT
from trading_ai.runners.process.strategy import ProcessRunner
from trading_ai.store.artifacts import FileArtifacts
from trading_ai.strategies import hosted
from trading_ai.strategies.identity import strategy_identity
from trading_ai.strategies.registry import strategy

FAKE = Path(__file__).parents[2] / "fakes" / "fake_ctrader_cli.py"
BARS = ta.load_sample("EURUSD").slice(0, 60)
MOODS = (
    "good", "hangs", "leaves", "crashes", "dies", "stumbles", "floods", "silent", "empty", "babbles", "default week",
    "other week", "other symbol", "other capital", "ignores flags", "forgets", "contradicts",
)  # fmt: skip
DESCRIPTION = f"""
name = "fake_robot"
command = ["{{python}}", "-S", "fake_ctrader_cli.py", "backtest", "--request={{request}}", "--report-json={{report}}",
           "--every={{parameter.every}}", "--mood={{parameter.mood}}", "--start={{start:%d/%m/%Y}}"]
time_limit_seconds = LIMIT
retries = RETRIES
environment = ["FAKE_PIDS"]

[parameters.every]
default = 10
min = 2
max = 50

[parameters.mood]
default = "good"
choices = {list(MOODS)}
"""


@pytest.fixture(autouse=True)
def only_this_runner(monkeypatch):
    monkeypatch.setattr(hosted, "runners", lambda: (ProcessRunner(),))


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_PIDS", str(tmp_path / "pids"))
    (tmp_path / "fake_ctrader_cli.py").write_bytes(FAKE.read_bytes())

    def write(limit=60, retries=0, more=""):
        file = tmp_path / "robot.toml"
        text = DESCRIPTION.replace("LIMIT", str(limit)).replace("RETRIES", str(retries))
        file.write_text(more + text, "utf-8")
        return str(file)

    return write


def backtest(name, **options):
    return ta.backtest(BARS, name, costs=ta.Costs(spread_pips=0), **options)


def is_gone(pid, seconds=5.0):
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def test_its_trades_become_a_backtest(write):
    result = backtest(write(), every=20)
    trades = result.trades
    assert trades["entry_bar"].tolist() == [0, 20, 40]
    assert trades["exit_bar"].tolist() == [1, 21, 41]
    gross = 1000.0 * (BARS.open[[1, 21, 41]] - BARS.open[[0, 20, 40]])
    np.testing.assert_allclose(trades["gross_profit"], gross)
    np.testing.assert_allclose(trades["net_profit"], gross - 0.07)
    assert result.metrics["commission_paid"] == pytest.approx(0.21)
    assert result.equity[-1] == pytest.approx(10_000 + (gross - 0.07).sum())
    # Between entry and exit the position is worth what the close says.
    assert result.equity[20] == pytest.approx(result.equity[19] + 1000 * (BARS.close[20] - BARS.open[20]))


def test_bars_before_the_start_are_given_and_not_traded(write):
    start = str(BARS.open_time_ns[30].astype("datetime64[ns]"))
    result = backtest(write(), every=20, start=start)
    assert result.trades["entry_time_ns"].tolist() == BARS.open_time_ns[[30, 50]].tolist()
    assert result.trades["entry_bar"].tolist() == [0, 20]


@pytest.mark.parametrize(
    ("mood", "message"),
    [
        ("crashes", "fake_robot: the command ended with exit code 3.*Unhandled exception: no symbol"),
        ("dies", "ended by signal 9"),
        ("silent", "exit code 0 and wrote no report.json"),
        ("empty", "exit code 0 and wrote an empty report.json"),
        ("babbles", "the report is no JSON"),
        ("default week", "start is 2011-01-02T00:00:00Z, 2017-01-01T22:00:00Z was asked for"),
        ("other week", "trade 1 of the report is of 2011-01-01T22:00:00Z, outside of the period"),
        ("other symbol", "symbol is GBPUSD, EURUSD was asked for"),
        ("other capital", r"capital is 1,000.00, 10,000.00 was asked for"),
        ("ignores flags", "parameter every is 7, 10 was asked for"),
        ("forgets", "does not say its parameter every"),
        ("contradicts", "trade 1 of the report contradicts itself"),
    ],
)
def test_what_it_does_wrong_is_refused(write, mood, message):
    with pytest.raises(EvaluationError, match=f"(?s){message}"):
        backtest(write(), mood=mood)


def test_a_trial_that_fails_leaves_the_others_alone(write):
    run = ta.sweep(BARS, write(), mood=["good", "default week", "leaves"], every=20, min_trades=0)
    assert list(run.failures) == [1]
    assert "2011-01-02" in run.failures[1]
    assert run.column("total_trades")[[0, 2]].tolist() == [3, 3]


def test_a_time_limit_ends_the_whole_tree(write, tmp_path):
    began = time.monotonic()
    with pytest.raises(EvaluationError, match=r"(?s)time limit of 1 s, with all that it had started.*mood hangs"):
        backtest(write(limit=1, retries=3), mood="hangs")
    assert time.monotonic() - began < 10  # it is not tried again
    own, grandchild = map(int, (tmp_path / "pids").read_text("utf-8").split())
    assert is_gone(own)
    assert is_gone(grandchild)


def test_what_it_leaves_behind_is_ended_and_its_result_counts(write, tmp_path):
    result = backtest(write(), mood="leaves", every=20)
    assert len(result.trades) == 3
    assert is_gone(int((tmp_path / "pids").read_text("utf-8").split()[1]))


def test_a_crash_is_tried_again(write, tmp_path):
    with pytest.raises(EvaluationError, match="exit code 3"):
        backtest(write(retries=0), mood="stumbles")
    (tmp_path / "pids").unlink()
    assert len(backtest(write(retries=1), mood="stumbles", every=20).trades) == 3
    with pytest.raises(EvaluationError, match=r"exit code 3 \(3 attempts\)"):
        backtest(write(retries=2), mood="crashes")


def test_output_is_kept_in_part(write):
    chosen = strategy(write())
    evaluator = ta.make_evaluator(BARS, chosen, costs=ta.Costs(spread_pips=0))
    ran = evaluator.run({"every": 20, "mood": "floods"})
    assert len(ran.log) < KEPT_OUTPUT + 500
    assert "mood floods" in ran.log
    assert "bytes left out" in ran.log
    assert ran.log.rstrip().endswith("last words")


def test_nothing_of_it_stays_in_the_temporary_folder(write, tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    backtest(write(), every=20)
    with pytest.raises(EvaluationError):
        backtest(write(), mood="crashes")
    assert not list(folder.iterdir())


def test_values_are_never_read_by_a_shell(tmp_path):
    script = tmp_path / "echo.py"
    script.write_text("import sys, pathlib\npathlib.Path('seen').write_text(repr(sys.argv[1:]))\nsys.exit(1)\n")
    word = "; touch hacked $(touch hacked) `touch hacked` {private}"
    (tmp_path / "echo.toml").write_text(
        'command = ["{python}", "-S", "echo.py", "{parameter.word}", "a b", "{not a name}"]\nretries = 0\n'
        f"[parameters.word]\ndefault = '{word}'\nchoices = ['{word}']\n"
    )
    with pytest.raises(EvaluationError, match="exit code 1"):
        backtest(str(tmp_path / "echo.toml"))
    assert (tmp_path / "seen").read_text() == repr([word, "a b", "{not a name}"])
    assert not list(tmp_path.glob("hacked*"))


def test_settings_of_this_system_are_not_handed_on(tmp_path, monkeypatch):
    monkeypatch.setenv("TRADING_AI_DATABASE_URL", "secret")
    script = tmp_path / "env.py"
    script.write_text(
        "import os, pathlib\npathlib.Path('seen').write_text(' '.join(os.environ))\nraise SystemExit(1)\n"
    )
    (tmp_path / "env.toml").write_text('command = ["{python}", "-S", "env.py"]\nretries = 0\n')
    with pytest.raises(EvaluationError):
        backtest(str(tmp_path / "env.toml"))
    seen = (tmp_path / "seen").read_text().split()
    assert "TRADING_AI_DATABASE_URL" not in seen
    assert {"PATH", "TRADING_AI_REQUEST", "TRADING_AI_REPORT", "TRADING_AI_RUN"} <= set(seen)


def test_a_program_that_is_not_here_is_said_before_any_trial(tmp_path):
    (tmp_path / "none.toml").write_text('command = ["no-such-program-anywhere"]\n')
    with pytest.raises(StrategyError, match="names a program that is not here"):
        ta.sweep(BARS, str(tmp_path / "none.toml"))


def test_after_a_time_limit_the_stop_command_runs(tmp_path):
    (tmp_path / "stop.py").write_text("import sys, pathlib\npathlib.Path('stopped').write_text(sys.argv[1])\n")
    (tmp_path / "slow.toml").write_text(
        'command = ["{python}", "-S", "-c", "import time; time.sleep(60)", "{run}"]\ntime_limit_seconds = 0.3\n'
        'stop_command = ["{python}", "-S", "stop.py", "{run}"]\n'
    )
    with pytest.raises(EvaluationError, match=r"time limit of 0\.3 s"):
        backtest(str(tmp_path / "slow.toml"))
    assert len((tmp_path / "stopped").read_text()) == 32


def test_its_identity_is_its_file_its_scripts_and_what_they_import(write, tmp_path):
    first = strategy_identity(strategy(write()))
    assert strategy_identity(strategy(write())) == first
    assert strategy_identity(strategy(write(limit=61))) != first
    script = tmp_path / "fake_ctrader_cli.py"
    text = script.read_text("utf-8")
    (tmp_path / "levels.py").write_text("A = 1\n")
    script.write_text(text + "\nimport levels\n", "utf-8")
    second = strategy_identity(strategy(write()))
    assert second != first
    (tmp_path / "levels.py").write_text("A = 2\n")
    assert strategy_identity(strategy(write())) not in {first, second}
    script.write_text(text, "utf-8")
    assert strategy_identity(strategy(write())) == first
    (tmp_path / "robot.algo").write_bytes(b"one")
    named = strategy_identity(strategy(write(more='files = ["*.algo"]\n')))
    (tmp_path / "robot.algo").write_bytes(b"two")
    assert strategy_identity(strategy(write(more='files = ["*.algo"]\n'))) != named
    with pytest.raises(StrategyError, match="files finds no file"):
        strategy(write(more='files = ["*.exe"]\n'))


def test_parameters_have_the_bounds_of_the_file(write):
    with pytest.raises(ParameterError, match="every: must lie between 2 and 50"):
        backtest(write(), every=1)
    with pytest.raises(ParameterError, match="mood: must be one of"):
        backtest(write(), mood="unknown")


@pytest.mark.skipif(sys.platform != "linux", reason="workers find the runner by the test's own metadata")
def test_two_workers_give_what_one_process_gives(write, tmp_path, monkeypatch):
    # Workers find runners as users' machines do: by the metadata of an installed package.
    metadata = tmp_path / "site" / "process_runner_of_a_test-1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: process-runner-of-a-test\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(
        "[trading_ai.runners]\nprocess = trading_ai.runners.process.strategy:ProcessRunner\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{metadata.parent}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.syspath_prepend(str(metadata.parent))
    name, home = write(), tmp_path / "home"
    dataset_id = FileArtifacts(home).save_bars(BARS)
    space = SearchSpace((ParameterRange("every", 10, 20, 2), Choices("mood", ("good", "crashes"))))
    job = Job(BacktestSpec(name, {}, dataset_id), space, True, strategy_identity(strategy(name)))
    indices = np.arange(space.n_combinations)
    expected = job_evaluator(job, FileArtifacts(home)).evaluate(indices, True)
    found, failures = {}, {}
    executor = LocalExecutor(partial(FileArtifacts, home), 2)
    try:
        for chunk, _ in executor.run(job, (indices[i : i + 2] for i in range(0, len(indices), 2)), lambda: False):
            found |= dict(zip(chunk.indices.tolist(), chunk.metrics, strict=True))
            failures |= chunk.failures
    finally:
        executor.close()
    assert set(failures) == set(expected.failures) == {1, 3, 5, 7, 9, 11}
    np.testing.assert_array_equal(np.array([found[i] for i in indices.tolist()]), expected.metrics)
