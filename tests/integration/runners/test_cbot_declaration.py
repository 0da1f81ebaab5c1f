"""What a robot's folder declares, which folders are robots, and whose results are whose."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.integration.runners.conftest import ROBOTS, hours, run
from trading_ai.cli import main
from trading_ai.errors import DataError, ParameterError, StrategyError
from trading_ai.runners.cbot.cbotset import parse_cbotset, value_for, values_for
from trading_ai.runners.cbot.declaration import read_declaration
from trading_ai.runners.cbot.runner import CBotRunner
from trading_ai.strategies.identity import strategy_identity
from trading_ai.strategies.registry import strategy


def test_parameters_are_read_from_the_csharp_file():
    cross = strategy(str(ROBOTS / "Cross"))
    found = {name: (p.kind, p.default, p.low, p.high, p.step) for name, p in cross.parameters.items()}
    assert found == {
        "Source": ("choice", "Close", None, None, 1), "Fast": ("int", 9, 1, 200, 2), "Slow": ("int", 20, 2, None, 1),
        "Kind": ("choice", "Simple", None, None, 1), "Lots": ("float", 0.01, 0.01, None, 0.01),
        "StopPips": ("float", 10.0, None, None, 0.1), "TargetPips": ("float", 10.0, None, None, 0.1),
        "Label": ("choice", 'Cross // of "two"', None, None, 1), "ticks": ("choice", "ohlc", None, None, 1),
        "accounting": ("choice", "hedged", None, None, 1),
    }  # fmt: skip
    assert cross.parameters["Fast"].description == "Averages: Fast, in bars"
    assert cross.name == "cross"
    assert cross.parameters["Label"].check("any other") == "any other"
    with pytest.raises(ParameterError, match="Kind: must be one of 'Simple'"):
        cross.parameters["Kind"].check("Simpel")


def test_parameters_are_read_from_a_config():
    found = strategy(str(ROBOTS / "RsiOnTick")).parameters
    assert (found["Periods"].default, found["Periods"].low, found["Periods"].description) == (14, 2, "RSI: RSI periods")
    assert (found["Times"].kind, found["Times"].high) == ("float", 50)
    assert found["Source"].default == "Close"


def test_enumerations_of_the_file_itself_and_odd_forms():
    code = b"""
    public enum Way { Fast, Slow = 3 }
    [Robot] public class A : Robot {
        [Parameter] public Way How { get; set; }
        [Parameter("Yes", DefaultValue = true)]
        public bool Yes { get; set; }
        [Parameter("F", DefaultValue = TimeFrame.Hour4)] public TimeFrame Frame { get; set; }
        [Parameter("N", MinValue = -1.5, DefaultValue = 2e1)] public double? N { get; set; } = 3;
        [Parameter(Group = "a, b", DefaultValue = -5)] public int M { get; set; }
        [Parameter] public StopTriggerMethod S { get; set; }
        /* [Parameter] public int Gone { get; set; } */
    }"""
    found = read_declaration({"A.cs": code})
    assert {name: p.default for name, p in found.parameters.items()} == {
        "How": "Fast", "Yes": True, "Frame": "Hour4", "N": 20.0, "M": -5, "S": "Trade",
    }  # fmt: skip
    assert found.parameters["How"].choices == ("Fast", "Slow")
    assert found.class_name == "A"
    with pytest.raises(StrategyError, match=r"X: has a type that is not known \(got 'Wrong'\)"):
        read_declaration({"A.cs": b'[Parameter("x")] public Wrong X { get; set; }'})
    with pytest.raises(StrategyError, match=r"config\.json is no list of parameters"):
        read_declaration({"config.json": b'{"Parameters": [{"Type": "Integer"}]}'})


def test_choices_reach_the_robot_as_what_they_are(robot):
    mine = robot(
        "class Mine:\n    def on_start(self): print(api.Kind is MovingAverageType.Hull, api.Src is api.Bars.HighPrices,"
        " api.Frame is TimeFrame.Hour4, repr(api.Text))",
        "[Parameter] public MovingAverageType Kind { get; set; } [Parameter] public DataSeries Src { get; set; }"
        "[Parameter] public TimeFrame Frame { get; set; } [Parameter] public string Text { get; set; }",
    )
    chosen = {"Kind": "Hull", "Src": "High", "Frame": "Hour4"}
    assert "True True True ''" in run(mine, hours((0, 1, -1, 0)), log=True, **chosen)[1]


def test_folders_that_are_robots_and_others(tmp_path):
    find = CBotRunner().find
    assert find(ROBOTS / "Cross" / "Cross_main.py", "") is not None
    shutil.copytree(ROBOTS / "Cross", tmp_path / "project" / "Cross")
    assert find(tmp_path / "project", "").main.name == "Cross_main.py"  # the platform's folder in a folder
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "strategy.py").write_text("")
    assert find(tmp_path / "other", "") is None
    assert find(tmp_path / "other" / "strategy.py", "") is None
    with pytest.raises(StrategyError, match="holds several robots"):
        find(ROBOTS, "")


def test_an_identity_is_that_of_the_files_wherever_they_lie(tmp_path):
    shutil.copytree(ROBOTS / "Cross", tmp_path / "elsewhere")
    here, there = strategy(str(ROBOTS / "Cross")), strategy(str(tmp_path / "elsewhere"))
    assert strategy_identity(here) == strategy_identity(there)
    main_file = tmp_path / "elsewhere" / "Cross_main.py"
    main_file.write_text(main_file.read_text().replace("\n", "\r\n"), newline="")
    assert strategy_identity(strategy(str(tmp_path / "elsewhere"))) == strategy_identity(here)
    main_file.write_text(main_file.read_text() + "# more\n")
    assert strategy_identity(strategy(str(tmp_path / "elsewhere"))) != strategy_identity(here)


OLD = "\ufeff[ChartParameters]\r\nSymbol = EURUSD\r\nTimeframe = m1\r\n\r\n[cBotParameters]\r\nFast = 7\r\nKind = Hull"
NEW = {"Chart": {"Symbol": "US100", "Period": "m1"}, "Parameters": {"Fast": "7", "Kind": "Hull", "Lots": "0.5"}}


def test_saved_parameters_of_both_forms():
    old, new = parse_cbotset(OLD.encode()), parse_cbotset(("\ufeff" + json.dumps(NEW)).encode())
    assert (old.symbol, old.timeframe, new.symbol) == ("EURUSD", "m1", "US100")
    declared = strategy(str(ROBOTS / "Cross")).parameters
    assert values_for(declared, old) == {"Fast": 7, "Kind": "Hull"}
    assert values_for(declared, new) == {"Fast": 7, "Kind": "Hull", "Lots": 0.5}
    with pytest.raises(ParameterError, match=r"Fats: is not a parameter of the robot\. Did you mean Fast"):
        values_for(declared, parse_cbotset(b"[cBotParameters]\nFats = 1"))
    with pytest.raises(ParameterError, match="Fast: must be a number"):
        values_for(declared, parse_cbotset(b"[cBotParameters]\nFast = quick"))
    with pytest.raises(DataError, match=r"a\.cbotset:2: is neither a part"):
        parse_cbotset(b"[cBotParameters]\nFast", "a.cbotset")
    with pytest.raises(DataError, match="is no JSON"):
        parse_cbotset(b'{"Parameters": ')
    with pytest.raises(DataError, match='has no "Parameters"'):
        parse_cbotset(b"{}")


def test_saved_parameters_become_flags(tmp_path, capsys):
    rows = [
        {"Name": "Fast", "Value": 9, "Optimize": True, "Min": 5, "Max": 15, "Step": 5},
        {"Name": "Kind", "Value": "Simple", "Optimize": True, "Values": ["Simple", "Hull"]},
        {"Name": "Label", "Value": "two words"}, {"Name": "Lots", "Value": 1},
    ]  # fmt: skip
    file = tmp_path / "search.cbotset"
    file.write_text(json.dumps({"Parameters": rows}))
    assert main.run(["cbotset", str(file), "--strategy", str(ROBOTS / "Cross")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "--set Fast=9 --set Kind=Simple --set 'Label=\"two words\"' --set Lots=1.0",
        "--param Fast=5:15:5 --param Kind=Simple,Hull",
    ]


def test_a_folder_of_robots_is_checked(tmp_path, capsys):
    shutil.copytree(ROBOTS, tmp_path / "robots")
    broken = tmp_path / "robots" / "Broken"
    broken.mkdir()
    (broken / "Broken_main.py").write_text("import clr\nclass Broken:\n    def on_start(self):\n        api.Fly()\n")
    (broken / "Broken.cs").write_text("class Broken : Robot { }")
    assert main.run(["check-robots", str(tmp_path / "robots"), "--bars", "600", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["n_robots"], found["n_ran"], found["n_traded"]) == (3, 2, 2)
    assert [row["missing"] for row in found["robots"]] == ["line 4: api.Fly", "", ""]
    assert main.run(["check-robots", str(tmp_path / "robots"), "--bars", "600"]) == 0
    assert "2 of 3 ran, 2 of them traded." in capsys.readouterr().out
    assert main.run(["check-robots", str(tmp_path)[:-1] + "nowhere"]) == 2


def test_a_robot_is_backtested_searched_and_asked_for_its_log(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TRADING_AI_HOME", str(tmp_path))
    from trading_ai.bootstrap import Application
    from trading_ai.cli.importing import import_sample

    import_sample(Application(), "EURUSD")
    capsys.readouterr()
    robot = ["--strategy", str(ROBOTS / "RsiOnTick"), "--dataset", "latest", "--to", "2017-03-01", "--spread", "1"]
    assert main.run(["backtest", "run", *robot, "--set", "Periods=7", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["metrics"]["total_trades"] > 0
    assert main.run(["backtest", "log", "latest"]) == 0
    assert capsys.readouterr().out.startswith("fitness ")
    assert main.run(["optimize", "latest", "--param", "Periods=7,14", "--param", "Times=1:3:1", "--workers", "1"]) == 0
    capsys.readouterr()
    search = ["--param", "Periods=7,14", "--objective", "get_fitness", "--where", "fitness > -100000"]
    assert main.run(["optimize", "latest", *search, "--workers", "2", "--json"]) == 0
    capsys.readouterr()
    assert main.run(["verify", "latest"]) == 0
    capsys.readouterr()
    assert main.run(["results", "latest", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    said = [row["fitness"] for row in shown["results"]]
    assert said == sorted(said, reverse=True)
    assert len(said) == 2


def test_a_cbotset_gives_values_to_a_run_and_ranges_to_a_search(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TRADING_AI_HOME", str(tmp_path))
    from trading_ai.bootstrap import Application
    from trading_ai.cli.importing import import_sample

    import_sample(Application(), "EURUSD")
    saved = tmp_path / "saved.cbotset"
    searched = {"value": 14, "optimize": True, "min": 7, "max": 21, "step": 7}
    saved.write_text(json.dumps({"Parameters": {"Periods": searched, "Times": 3}}))
    robot = ["--strategy", str(ROBOTS / "RsiOnTick"), "--dataset", "latest", "--to", "2017-02-01"]

    def told(*command):
        capsys.readouterr()
        assert main.run([*command, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    ran = told("backtest", "run", *robot, "--cbotset", str(saved))
    assert (ran["parameters"]["Periods"], ran["parameters"]["Times"]) == (14, 3)
    ran = told("backtest", "run", *robot, "--cbotset", str(saved), "--set", "Times=2")
    assert (ran["parameters"]["Periods"], ran["parameters"]["Times"]) == (14, 2)
    # The backtest has Times=2 and the file 3: what is searched is what the file says.
    found = told("optimize", "latest", "--cbotset", str(saved), "--workers", "1", "--min-trades", "0")
    tried = {(row["parameters"]["Periods"], row["parameters"]["Times"]) for row in found["results"]}
    assert tried == {(7, 3), (14, 3), (21, 3)}
    found = told(
        "optimize", "latest", "--cbotset", str(saved), "--param", "Times=1,2", "--workers", "1", "--min-trades", "0"
    )
    assert {row["parameters"]["Times"] for row in found["results"]} == {1, 2}


@pytest.mark.parametrize("value", ["NaN", "Infinity", "much"])
def test_a_value_of_a_cbotset_that_is_no_number_is_refused(value):
    parameters = strategy(str(ROBOTS / "RsiOnTick")).parameters
    with pytest.raises(ParameterError, match="must be a number"):
        value_for(parameters, "Periods", value)
