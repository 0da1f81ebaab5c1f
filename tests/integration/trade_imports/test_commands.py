"""The commands of imports as a user types them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.trade_imports import samples
from tests.integration.trade_imports.test_passes import mt5_xml
from trading_ai.cli.main import run


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command in a home of its own: its exit code, and what it printed."""
    monkeypatch.setenv("TRADING_AI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)

    def command(*words: str) -> tuple[int, str, str]:
        code = run(list(words))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


def test_a_report_becomes_a_backtest(ask: Any, tmp_path: Path) -> None:
    (tmp_path / "report.htm").write_bytes(samples.mt4())
    code, out, err = ask("backtest", "import", "report.htm", "--name", "mine")
    assert code == 0, err
    assert "MetaTrader 4 tester report" in out
    assert "297.90" in out
    assert "UTC is assumed for the times" in err
    code, out, err = ask("backtest", "import", "report.htm", "--json")
    (item,) = json.loads(out)["imported"]
    assert (item["added"], item["backtest"]["name"]) == (False, "mine")
    code, out, _ = ask("backtest", "show", "mine", "--json")
    assert json.loads(out)["net_profit"] == 297.9
    (tmp_path / "report.htm").write_bytes(samples.mt4()[:3000])
    code, out, err = ask("backtest", "import", "report.htm")
    assert code == 2
    assert "report.htm" in err


def test_columns_and_a_dataset_are_options(ask: Any, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("a,b,c,d,e\n2024-01-02 10:00,2024-01-02 11:00,2,1.5,1.4\n")
    names = ["entry_time=a", "exit_time=b", "size=c", "entry_price=d", "exit_price=e"]
    columns = [word for name in names for word in ("--columns", name)]
    code, out, err = ask("backtest", "import", "list.csv", *columns, "--symbol", "AAPL", "--timezone", "NY+7", "--json")
    assert code == 0, err
    assert json.loads(out)["imported"][0]["backtest"]["symbol"] == "AAPL"
    code, _, err = ask("backtest", "import", "list.csv", *columns, "--symbol", "AAPL", "--dataset", "nothing")
    assert code == 4
    code, _, err = ask("backtest", "import", "list.csv", "--lot-size", "-1")
    assert code == 2
    assert "--lot-size" in err


def test_passes_become_an_optimization(ask: Any, tmp_path: Path) -> None:
    (tmp_path / "passes.xml").write_text(mt5_xml())
    code, out, err = ask("import-passes", "passes.xml")
    assert code == 0, err
    assert "Fast=25, UseFilter=True" in out
    assert "deflated Sharpe ratio" in err
    code, out, _ = ask("results", "latest", "--json")
    assert code == 0
    assert json.loads(out)["results"][0]["net_profit"] == 500.0
