"""Strategy sweeps over years of bars, ranked, reproducible and honest about luck.

    import trading_ai as ta

    bars = ta.load_sample("EURUSD")
    sweep = ta.sweep(bars, "sma_crossover", fast=10, slow=30,
                     stop_loss=range(20, 81, 2), take_profit=range(40, 201, 10))
    sweep.best

Names are imported on first use, so that ``import trading_ai`` itself is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trading_ai.engine.costs import Costs
    from trading_ai.engine.rules import ExecutionRules
    from trading_ai.engine.sizing import Sizing
    from trading_ai.errors import TradingAIError
    from trading_ai.evaluation.model import BacktestResult
    from trading_ai.importers.samples import load_sample
    from trading_ai.library import backtest, make_evaluator, read_bars, sweep
    from trading_ai.market.bars import Bars
    from trading_ai.market.quality import DataQualityWarning
    from trading_ai.market.resample import resample
    from trading_ai.market.symbol import Symbol
    from trading_ai.market.symbol_table import symbol
    from trading_ai.market.timeframe import timeframe
    from trading_ai.notebook.optimization import Optimization
    from trading_ai.notebook.optimizing import open_optimization, optimize
    from trading_ai.notebook.verdicts import Verdict, verdict
    from trading_ai.notebook.walking import WalkForward, walk_forward
    from trading_ai.parameters import Choices, ParameterRange
    from trading_ai.results import Backtest
    from trading_ai.stored import sql
    from trading_ai.strategies.base import Bool, Choice, Float, Int, Signals, Strategy
    from trading_ai.strategies.event import EventStrategy
    from trading_ai.strategies.levels import Level, Size
    from trading_ai.strategies.lookahead import LookAheadCheck, LookAheadWarning, check_look_ahead, find_look_ahead
    from trading_ai.sweep_results import Sweep

__version__ = "0.1.0"

_HOMES = {
    "Backtest": "results",
    "Bars": "market.bars",
    "BacktestResult": "evaluation.model",
    "Bool": "strategies.base",
    "Choice": "strategies.base",
    "Choices": "parameters",
    "Costs": "engine.costs",
    "DataQualityWarning": "market.quality",
    "EventStrategy": "strategies.event",
    "ExecutionRules": "engine.rules",
    "Float": "strategies.base",
    "Int": "strategies.base",
    "Level": "strategies.levels",
    "Optimization": "notebook.optimization",
    "ParameterRange": "parameters",
    "Signals": "strategies.base",
    "Size": "strategies.levels",
    "Sizing": "engine.sizing",
    "Strategy": "strategies.base",
    "Sweep": "sweep_results",
    "Symbol": "market.symbol",
    "TradingAIError": "errors",
    "Verdict": "notebook.verdicts",
    "WalkForward": "notebook.walking",
    "LookAheadCheck": "strategies.lookahead",
    "LookAheadWarning": "strategies.lookahead",
    "backtest": "library",
    "check_look_ahead": "strategies.lookahead",
    "find_look_ahead": "strategies.lookahead",
    "load_sample": "importers.samples",
    "make_evaluator": "library",
    "open_optimization": "notebook.optimizing",
    "optimize": "notebook.optimizing",
    "read_bars": "library",
    "resample": "market.resample",
    "sql": "stored",
    "sweep": "library",
    "symbol": "market.symbol_table",
    "timeframe": "market.timeframe",
    "verdict": "notebook.verdicts",
    "walk_forward": "notebook.walking",
}

__all__ = [
    "Backtest",
    "BacktestResult",
    "Bars",
    "Bool",
    "Choice",
    "Choices",
    "Costs",
    "DataQualityWarning",
    "EventStrategy",
    "ExecutionRules",
    "Float",
    "Int",
    "Level",
    "LookAheadCheck",
    "LookAheadWarning",
    "Optimization",
    "ParameterRange",
    "Signals",
    "Size",
    "Sizing",
    "Strategy",
    "Sweep",
    "Symbol",
    "TradingAIError",
    "Verdict",
    "WalkForward",
    "backtest",
    "check_look_ahead",
    "find_look_ahead",
    "load_sample",
    "make_evaluator",
    "open_optimization",
    "optimize",
    "read_bars",
    "resample",
    "sql",
    "sweep",
    "symbol",
    "timeframe",
    "verdict",
    "walk_forward",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
