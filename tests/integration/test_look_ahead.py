"""A strategy that reads the future, from its file to the verdict: it is told of everywhere, and never survives."""

from __future__ import annotations

import json

import pytest

from tests.integration.api.laptop import running_laptop
from tests.unit.market.weeks import fx_bars
from trading_ai.cli import main

STRATEGIES = '''
import numpy as np
from trading_ai import Choice, Int, Signals, Strategy, resample
from trading_ai.strategies.indicators import crossed_above, crossed_below, talib


class Tomorrow(Strategy):
    """Knows the next close."""

    period: int = Int(3, 2, 50)

    def signals(self, bars, period):
        ahead = np.append(bars.close[1:], bars.close[-1]) - bars.close
        up = talib.SMA(bars.close, period) > bars.close
        return Signals(long_entry=(ahead > 0) & up, short_entry=(ahead < 0) & ~up)


class Daily(Strategy):
    """Uses the day's bar before the day has ended, if asked to."""

    wait: int = Int(0, 0, 1)
    hours: str = Choice("H4", ("H4", "D1"))

    def signals(self, bars, wait, hours):
        longer = resample(bars, hours)
        at = np.searchsorted(longer.open_time_ns, bars.open_time_ns, side="right") - 1 - wait
        change = np.where(at >= 0, (longer.close - longer.open)[at], 0.0)
        return Signals(long_entry=crossed_above(change, 0.0), short_entry=crossed_below(change, 0.0))


class Honest(Strategy):
    period: int = Int(10, 2, 50)

    def signals(self, bars, period):
        mean = talib.SMA(bars.close, period)
        return Signals(long_entry=crossed_above(bars.close, mean), short_entry=crossed_below(bars.close, mean))
'''


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    (folder / "mine.py").write_text(STRATEGIES)
    bars = fx_bars("2018-01-01", "2018-12-01", "H1")
    times = bars.open_time_ns.astype("datetime64[ns]").astype("datetime64[s]").astype(str)
    rows = zip(times, bars.open, bars.high, bars.low, bars.close, strict=True)
    lines = [f"{t},{o:.5f},{h:.5f},{low:.5f},{c:.5f}" for t, o, h, low, c in rows]
    (folder / "bars.csv").write_text("time,open,high,low,close\n" + "\n".join(lines))
    return folder


@pytest.fixture
def run(home, monkeypatch, capsys):
    monkeypatch.setenv("TRADING_AI_HOME", str(home / "data"))

    def command(*arguments, code=0):
        capsys.readouterr()
        assert main.run([str(a) for a in arguments]) == code
        return capsys.readouterr()

    if not (home / "data").exists():
        command("data", "import", home / "bars.csv", "--symbol", "EURUSD", "--timezone", "UTC")
    return command


def test_the_command_finds_it_and_leaves_with_an_error(run, home):
    mine = home / "mine.py"
    told = run("look-ahead", f"{mine}:Tomorrow", code=6)
    assert "reads the future: signals changed at" in told.err
    assert "with all bars, but" in told.err
    found = json.loads(run("look-ahead", f"{mine}:Daily", "--only", "--json", code=6).out)
    assert found["reads_the_future"]
    assert found["n_different"] > 0
    assert found["found"][0]["parameters"] == {"wait": 0, "hours": "H4"}
    assert "H4" in run("look-ahead", f"{mine}:Daily", "--set", "hours=H4", "--only", code=6).err


def test_it_is_found_behind_parameters_that_were_not_given(run, home):
    mine = home / "mine.py"
    honest = run("look-ahead", f"{mine}:Daily", "--set", "wait=1", "--only").out
    assert "no signal changed at" in honest
    assert "D1" in honest
    assert "wait=0" in run("look-ahead", f"{mine}:Daily", "--set", "wait=1", code=6).err
    assert "no signal changed at" in run("look-ahead", f"{mine}:Honest", "--only").out


def test_a_search_of_it_warns_stores_it_and_does_not_survive(run, home):
    run("backtest", "run", "--dataset", "latest", "--strategy", f"{home / 'mine.py'}:Tomorrow")
    told = run("optimize", "latest", "--param", "period=2:12:1", "--param", "time_exit=2,5", "--workers", "1")
    assert "WARNING: THE STRATEGY READS THE FUTURE" in told.err
    assert "WARNING: the strategy reads the future" in told.err
    status = json.loads(run("status", "latest", "--json").out)
    assert status["look_ahead"].startswith("signals changed at")
    judged = json.loads(run("robustness", "latest", "--json").out)
    first = judged["verdict"]["criteria"][0]
    assert (first["name"], first["required"], first["holds"], first["threshold"]) == ("look_ahead", True, False, 0)
    assert first["value"] > 0
    assert "were compared" in first["explanation"]
    assert judged["verdict"]["words"] != "survives"
    assert "use bars that were not there yet" in judged["verdict"]["summary"]
    assert any(note.startswith("look-ahead: signals changed") for note in judged["notes"])
    run("report", "latest", "--output", home / "report.html")
    assert "nobody could have traded this" in (home / "report.html").read_text()


def test_a_walk_forward_of_it_says_so(run, home):
    run("backtest", "run", "--dataset", "latest", "--strategy", f"{home / 'mine.py'}:Tomorrow")
    arguments = ("walk-forward", "latest", "--param", "period=2:4:1", "--windows", "6M/3M", "--workers", "1")
    assert "THE STRATEGY READS THE FUTURE" in "".join(json.loads(run(*arguments, "--json").out)["result"]["notes"])
    told = run(*arguments)
    assert "THE STRATEGY READS THE FUTURE" in told.out + told.err


def test_a_search_of_an_honest_one_says_at_how_many_cuts_it_looked(run, home):
    run("backtest", "run", "--dataset", "latest", "--strategy", f"{home / 'mine.py'}:Honest")
    told = run("optimize", "latest", "--param", "period=5:12:1", "--param", "timeframe=H1,H4", "--workers", "1")
    assert "look-ahead: no signal changed at" in told.err
    assert "sets of parameters" in told.err
    assert json.loads(run("status", "latest", "--json").out)["look_ahead"] == ""
    judged = json.loads(run("robustness", "latest", "--json").out)
    assert judged["verdict"]["criteria"][0]["holds"]
    assert judged["evidence"]["look_ahead"] == 0


def test_a_search_that_only_sometimes_reads_the_future_is_found(run, home):
    run("backtest", "run", "--dataset", "latest", "--strategy", f"{home / 'mine.py'}:Daily", "--set", "wait=1")
    told = run("optimize", "latest", "--param", "hours=H4,D1", "--param", "time_exit=2,5", "--workers", "1")
    assert "READS THE FUTURE" not in told.err
    told = run("optimize", "latest", "--param", "wait=1,0", "--param", "hours=H4,D1", "--workers", "1")
    assert "READS THE FUTURE" in told.err


def test_over_http(tmp_path):
    with running_laptop(tmp_path, workers=1) as laptop:
        found = laptop.pipeline.get(f"/api/v1/backtests/{laptop.backtest_id}/look-ahead").raise_for_status().json()
    assert found["reads_the_future"] is False
    assert found["n_cuts"] > 100
    assert found["n_different"] == 0
    assert found["found"] == []
