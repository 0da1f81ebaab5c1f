"""The runner of robots, whether or not this checkout's entry points are installed, and bars made by hand."""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
import pytest

from trading_ai import Costs, ExecutionRules, backtest, symbol, timeframe
from trading_ai.market.bars import Bars
from trading_ai.runners.cbot.runner import CBotRunner
from trading_ai.strategies import hosted, registry

ROBOTS = Path(__file__).parents[2] / "fakes" / "robots"
HOUR = 3_600_000_000_000
HEAD = """
import clr
clr.AddReference("cAlgo.API")
from cAlgo.API import *
from robot_wrapper import *
"""


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    monkeypatch.setattr(hosted, "runners", lambda: (CBotRunner(),))
    assert registry.find_hosted is hosted.find_hosted


@pytest.fixture
def robot(tmp_path):
    """Makes a robot of the lines of its class, and of the properties that its C# file declares."""

    def made(body, declared="", name="Mine"):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / f"{name}_main.py").write_text(HEAD + textwrap.dedent(body))
        (folder / f"{name}.cs").write_text(f"public partial class {name} : Robot {{\n{declared}\n}}")
        return CBotRunner().find(folder, "")

    return made


def hours(*rows, spread=0.0, volume=None):
    """Hourly bars of EURUSD of (open, high, low, close), in pips above 1.1000."""
    prices = 1.1 + np.round(np.array(rows, dtype=float), 1) / 1e4
    prices = np.round(prices, 5)
    return Bars(symbol("EURUSD"), timeframe("H1"), np.arange(len(rows)) * HOUR, *prices.T)


def run(chosen, bars, *, spread=0.0, log=False, rules=None, capital=10_000.0, costs=None, **parameters):
    found = backtest(
        bars, chosen, costs=costs or Costs(spread_pips=spread), rules=rules or ExecutionRules(), capital=capital,
        params=parameters,
    )  # fmt: skip
    return (found, found.log) if log else found


def pips(trades):
    """Entry and exit of trades, pips above 1.1000."""
    return [(round((t["entry_price"] - 1.1) * 1e4, 1), round((t["exit_price"] - 1.1) * 1e4, 1)) for t in trades]
