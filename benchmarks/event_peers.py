"""The bracket strategy of events in one run with its peers: ``python -m benchmarks.event_peers FILE --symbol EURUSD``

Needs the environment of the plug-ins (``make test-plugins`` makes ``.venv-plugins``), which has Backtrader and
backtesting.py. The peers' strategies stand in the plug-ins' folders, whose licences are theirs. Each is run on as many
bars as it gets through in some seconds; loading data, importing and compiling are not counted, indicators are. Costs
are left out everywhere, since each counts them in its own way; numbers of trades differ by how each fills.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import trading_ai as ta
from benchmarks.events import Bracket
from trading_ai.engine.account import Account
from trading_ai.engine.execution_data import prepare
from trading_ai.engine.runs import RunRequest
from trading_ai.evaluation.event_runs import run_events, with_parameters

PLUGINS = Path(__file__).parents[1] / "plugins"


def _strategy(plugin: str) -> Any:
    """The class `Bracket` of a plug-in's folder."""
    spec = importlib.util.spec_from_file_location(f"{plugin}_bracket", PLUGINS / plugin / "examples" / "bracket.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # Backtrader looks its strategies up there
    spec.loader.exec_module(module)
    return module.Bracket


def _ours(bars: ta.Bars, *, compiles: bool) -> Callable[[], int]:
    costs = ta.Costs()
    data = prepare(bars, costs, "USD")
    account = Account(100_000.0, ta.Sizing(), costs, ta.ExecutionRules()).sized(data)
    request = RunRequest(bars, np.arange(len(bars)), data, account, "USD", {})

    def run() -> int:
        strategy = with_parameters(Bracket(), {"length": 500, "risk": 10.0})
        return run_events(strategy, request, compiles=compiles).trades.size

    return run


def _frame(bars: ta.Bars) -> Any:
    import pandas as pd

    columns = {"Open": bars.open, "High": bars.high, "Low": bars.low, "Close": bars.close, "Volume": bars.volume}
    return pd.DataFrame(columns, index=pd.to_datetime(bars.open_time_ns))


def _backtrader(bars: ta.Bars) -> Callable[[], int]:
    import backtrader as bt

    strategy, frame = _strategy("backtrader"), _frame(bars)

    def run() -> int:
        cerebro = bt.Cerebro(stdstats=False)
        cerebro.adddata(bt.feeds.PandasData(dataname=frame))
        cerebro.addstrategy(strategy)
        cerebro.addanalyzer(bt.analyzers.TradeAnalyzer, _name="trades")
        cerebro.broker.setcash(100_000.0)
        return int(cerebro.run()[0].analyzers.trades.get_analysis().total.closed)

    return run


def _backtesting_py(bars: ta.Bars) -> Callable[[], int]:
    from backtesting import Backtest

    test = Backtest(_frame(bars), _strategy("backtesting_py"), cash=100_000, margin=0.01)
    return lambda: len(test.run()._trades)


def _timed(run: Callable[[], int], n_bars: int, repeats: int) -> tuple[float, int]:
    """Bars a second of CPU time, the best of some runs, and the number of trades."""
    best, n_trades = float("inf"), 0
    for _ in range(repeats):
        began = time.process_time()
        n_trades = run()
        best = min(best, time.process_time() - began)
    return n_bars / best, n_trades


def main() -> None:
    """Print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--symbol", default="EURUSD")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    bars = ta.read_bars(given.file, symbol=given.symbol)
    some, few = bars.slice(0, min(len(bars), 100_000)), bars.slice(0, min(len(bars), 20_000))
    _ours(few, compiles=True)()
    rows = (
        ("ours, compiled", bars, lambda b: _ours(b, compiles=True), 5),
        ("ours, compiled", few, lambda b: _ours(b, compiles=True), 5),
        ("ours, plain Python", few, lambda b: _ours(b, compiles=False), 3),
        ("backtesting.py", some, _backtesting_py, 2),
        ("backtesting.py", few, _backtesting_py, 3),
        ("backtrader", few, _backtrader, 2),
    )
    for name, part, prepared, repeats in rows:
        rate, n_trades = _timed(prepared(part), len(part), repeats)
        print(f"{name:<20}{len(part):>10,} bars{n_trades:>8,} trades{rate:>14,.0f} bars/s")


if __name__ == "__main__":
    main()
