"""The TOML file of a command, and the reports that it may give back."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

import trading_ai as ta
from trading_ai.errors import EvaluationError, ParameterError, StrategyError
from trading_ai.runners.process.ctrader_report import read_ctrader_report
from trading_ai.runners.process.description import read_description
from trading_ai.runners.process.own_report import read_own_report
from trading_ai.runners.process.report import report_reader
from trading_ai.runners.process.strategy import ProcessRunner

HOUR_NS = 3600 * 10**9
OPENS = np.datetime64("2024-01-02", "ns").astype(np.int64) + np.arange(4) * HOUR_NS
TRADE = {
    "entry_time": "2024-01-02T00:00:00Z", "exit_time": "2024-01-02T03:30:00+01:00", "direction": "Buy", "units": 1000,
    "entry_price": 1.1, "exit_price": 1.2, "exit_reason": "take_profit", "commission": 0.5,
}  # fmt: skip


@pytest.fixture
def described(tmp_path):
    def read(text):
        file = tmp_path / "mine.toml"
        file.write_text(text, "utf-8")
        return read_description(file)

    return read


@pytest.fixture
def reported(tmp_path):
    def read(content):
        file = tmp_path / "report.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return read_own_report(file, OPENS, 10_000.0)

    return read


def test_a_file_says_everything(described, tmp_path):
    (tmp_path / "sub").mkdir()
    found = described(
        """
        name = "cross"
        command = ["java", "-jar", "robot.jar", "{parameter.fast}"]
        time_limit_seconds = 1.5
        retries = 3
        folder = "sub"
        bars = "inline"
        rules = [["fast", "slow"]]
        [parameters.fast]
        default = 5
        min = 2
        max = 20
        step = 3
        unit = "bars"
        description = "the fast average"
        [parameters.slow]
        kind = "float"
        default = 20
        [parameters.side]
        default = "both"
        choices = ["both", "long"]
        [parameters.on]
        default = true
        """
    )
    assert (found.name, found.time_limit_seconds, found.retries, found.bars) == ("cross", 1.5, 3, "inline")
    assert found.folder == tmp_path.resolve() / "sub"
    fast = found.parameters["fast"]
    assert (fast.kind, fast.default, fast.low, fast.high, fast.step, fast.unit) == ("int", 5, 2, 20, 3, "bars")
    assert [found.parameters[n].kind for n in ("slow", "side", "on")] == ["float", "choice", "bool"]
    assert found.rules == (("fast", "slow"),)


def test_a_script_may_stand_in_the_command(described):
    found = described('command = ["sh", "-c", "' + "echo 1; " * 60 + '"]\n')
    assert len(found.identity_parts()) == 1


@pytest.mark.parametrize("pattern", ["../shared.py", "/tmp/*.py"])
def test_files_of_other_folders_are_refused(described, pattern):
    with pytest.raises(StrategyError, match="leads out of the file's folder"):
        described(f'command = ["sh"]\nfiles = ["{pattern}"]\n').identity_parts()


def test_files_of_other_kinds_are_left_to_others(described, tmp_path):
    assert described("[tool]\nname = 'x'\n") is None
    assert ProcessRunner().find(tmp_path, "") is None
    (tmp_path / "a.py").write_text("command = 1\n")
    assert ProcessRunner().find(tmp_path / "a.py", "") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("command = [", "is no TOML: Invalid value"),
        ("command = []", "command must name a program"),
        ("command = 'rm -rf'", "command must be a list of texts"),
        ("command = ['a', 1]", "command must be a list of texts"),
        ("command = ['a']\ntime_limit = 3", "time_limit is not known.*Did you mean time_limit_seconds"),
        ("command = ['a']\ntime_limit_seconds = 0", "time_limit_seconds must be a number between 0 and"),
        ("command = ['a']\nretries = 1.5", "retries must be a whole number"),
        ("command = ['a']\nretries = true", "retries must be a whole number"),
        ("command = ['a']\nfolder = 'none'", "folder is no folder"),
        ("command = ['a']\nbars = 'xml'", "bars must be one of csv, inline, none"),
        ("command = ['a']\nreport_file = '../x'", "report_file must be the name of a file"),
        ("command = ['a']\nreport_file = 'request.json'", "report_file must be the name of a file"),
        ("command = ['a']\nunchecked = ['price']", "unchecked must be of symbol, dates, capital, parameters"),
        ("command = ['a']\nunchecked = ['dates']", "unchecked must be empty"),
        ("command = ['{reqest}']", "unknown placeholder {reqest}.*Did you mean request"),
        ("command = ['a']\n[parameters]\nx = 1", "parameters must be tables"),
        ("command = ['a']\n[parameters.x]\nmin = 1", "parameters.x.default is missing"),
        ("command = ['a']\n[parameters.x]\ndefault = 1\nlow = 0", "parameters.x.low is not known"),
        ("command = ['a']\n[parameters.x]\ndefault = 'a'", "parameters.x.choices must be a list"),
        ("command = ['a']\n[parameters.x]\ndefault = 1\nkind = 'date'", "parameters.x.kind must be one of"),
        ("command = ['a']\n[parameters.x]\ndefault = 1\nstep = 0", "parameters.x.step must be above zero"),
        ("command = ['a']\nrules = [['x', 'y']]", "rules must be pairs of parameters"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(described, text, message):
    with pytest.raises(StrategyError, match=f"(?s){message}"):
        described(text)


def test_a_default_outside_of_its_bounds_is_refused(described):
    with pytest.raises(ParameterError, match="x: must lie between 2 and"):
        described("command = ['a']\n[parameters.x]\ndefault = 1\nmin = 2")


def test_a_report_of_ours_is_read(reported):
    found = reported(
        {
            "symbol": "EURUSD", "start": "2024-01-02T00:00:00Z", "end": "2024-01-02T04:00:00.000001Z", "capital": 10000,
            "account_currency": "USD", "parameters": {"a": 1}, "trades": [TRADE],
        }
    )  # fmt: skip
    (trade,) = found.trades.trades
    assert trade["entry_time_ns"] == OPENS[0]
    assert trade["exit_time_ns"] == OPENS[2] + HOUR_NS // 2
    assert (trade["direction"], trade["exit_reason"], trade["commission"]) == (1, 2, 0.5)
    assert math.isnan(trade["net_profit"])
    assert found.end_ns == OPENS[0] + 4 * HOUR_NS + 1000
    assert (found.trades.symbol, found.trades.capital, found.trades.parameters) == ("EURUSD", 10_000.0, {"a": 1})
    assert found.equity is None


def test_equity_may_be_numbers_or_moments(reported):
    assert reported({"trades": [], "equity": [1, 2.5, 3, 4]}).equity.tolist() == [1, 2.5, 3, 4]
    pairs = [["2024-01-02T01:00:00Z", 10_005], ["2024-01-02T01:59:59Z", 10_010], ["2024-01-02T02:00:00Z", 9_990]]
    # The first value holds from the close of the second bar on: at one o'clock the first has ended.
    assert reported({"trades": [], "equity": pairs}).equity.tolist() == [10_000, 10_010, 9_990, 9_990]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ([], "must be an object of JSON, not list"),
        ({}, "no list `trades`"),
        ({"trades": [1]}, "trade 1 of the report must be an object"),
        ({"trades": [{**TRADE, "units": "10"}]}, "trade 1 of the report: `units` must be a number"),
        ({"trades": [TRADE, {**TRADE, "direction": "up"}]}, "trade 2 of the report: `direction` must be long or short"),
        ({"trades": [{**TRADE, "exit_reason": "luck"}]}, "`exit_reason` must be one of signal"),
        ({"trades": [{**TRADE, "exit_time": "2024-01-02 10:00"}]}, "`exit_time` must be a time with its offset"),
        ({"trades": [{k: v for k, v in TRADE.items() if k != "units"}]}, "trade 1 of the report has no `units`"),
        ('{"trades": [], "capital": NaN}', "`capital` must be a number"),
        ('{"trades": [], "capital": 1' + "0" * 400 + "}", "`capital` must be a number"),
        ({"trades": [], "start": 5}, "`start` must be a time"),
        ({"trades": [], "parameters": []}, "`parameters` must be an object"),
        ({"trades": [], "equity": 3}, "`equity` must be a list"),
        ({"trades": [], "equity": [["2024-01-02T01:00:00Z", 1], 2]}, "must be pairs"),
        (
            {"trades": [], "equity": [["2024-01-02T01:00:00Z", 1], ["2024-01-02T00:00:00Z", 1]]},
            "must ascend",
        ),
    ],
)
def test_what_is_no_report_is_refused(reported, content, message):
    with pytest.raises(EvaluationError, match=message):
        reported(content)


def ctrader(**changes):
    item = {
        "entryTime": 1_704_153_600_000, "closeTime": 1_704_160_800_000, "symbol": "EURUSD", "volume": 1000,
        "direction": "Sell", "entryPrice": 1.1, "closePrice": 1.09, "commissions": -0.1, "swaps": -0.02, "gross": 10.0,
        "net": 9.88,
    }  # fmt: skip
    main = {
        "symbol": "EURUSD", "depositAsset": "USD", "startingCapital": 10_000,
        "testingPeriod": {"startDate": 1_704_153_600_000, "endDate": 1_704_240_000_000},
    }  # fmt: skip
    parameters = [{"propertyName": "Period", "displayName": "The period", "value": "20"},
                  {"displayName": "Ratio", "value": 0.5}, {"propertyName": "On", "value": "True"}]  # fmt: skip
    return {"main": main, "parameters": parameters, "history": {"items": [item]}} | changes


def test_a_report_of_ctrader_is_read(tmp_path):
    file = tmp_path / "report.json"
    file.write_text(json.dumps(ctrader()), "utf-8-sig")
    found = report_reader("ctrader_json")(file) if _is_installed() else read_ctrader_report(file)
    assert (found.trades.symbol, found.trades.capital, found.trades.account_currency) == ("EURUSD", 10_000.0, "USD")
    assert found.trades.parameters == {"Period": 20, "Ratio": 0.5, "On": True}
    assert (found.start_ns, found.end_ns) == (OPENS[0], OPENS[0] + 24 * HOUR_NS)
    (trade,) = found.trades.trades
    assert (trade["entry_time_ns"], trade["exit_time_ns"], trade["direction"]) == (OPENS[0], OPENS[2], -1)
    assert (trade["gross_profit"], trade["swap"], trade["net_profit"]) == (10.0, -0.02, 9.88)


@pytest.mark.parametrize("content", ["", "[]", "{}", json.dumps(ctrader(main=None)), json.dumps(ctrader(history={}))])
def test_what_is_no_report_of_ctrader_is_refused(tmp_path, content):
    file = tmp_path / "report.json"
    file.write_text(content, "utf-8")
    with pytest.raises(EvaluationError, match="is none of ctrader-cli"):
        read_ctrader_report(file)


def test_an_unknown_format_of_reports_is_refused():
    with pytest.raises(StrategyError, match=r"is no format of reports that is known here.*Known: json"):
        report_reader("no such format")


def _is_installed():
    try:
        report_reader("ctrader_json")
    except StrategyError:
        return False
    return True


def test_examples_of_commands_are_descriptions():
    examples = sorted((Path(__file__).parents[3] / "examples").rglob("*.toml"))
    assert examples
    assert all(read_description(example) is not None for example in examples)


def test_the_page_on_runners_shows_one_that_works(tmp_path):
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "write-a-runner.md").read_text("utf-8")
    names: dict[str, object] = {}
    exec(page.split("```python\n")[1].split("```")[0], names)
    (tmp_path / "a.mine").write_text("any")
    found = names["MyRunner"]().find(tmp_path / "a.mine", "")
    assert names["MyRunner"]().find(tmp_path, "") is None
    bars = ta.load_sample("EURUSD").slice(0, 100)
    run = ta.sweep(bars, found, every=[20, 50], min_trades=0)
    assert not run.failures
    assert run.column("total_trades").tolist() == [5, 2]
    assert run.column("net_profit")[1] == pytest.approx(1000 * (bars.open[[1, 51]] - bars.open[[0, 50]]).sum())
