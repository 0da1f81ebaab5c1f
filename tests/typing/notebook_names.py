"""What a type checker, and so an editor, knows of the names of a notebook; mypy reads this file, nothing runs it."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

import plotly.graph_objects as go
import polars as pl

import trading_ai as ta
from trading_ai.results import Backtest

bars = ta.read_bars(pl.DataFrame(), symbol="EURUSD")
assert_type(bars, ta.Bars)
assert_type(bars.to_polars(), pl.DataFrame)

one = ta.backtest(bars, "sma_crossover", capital=5_000.0, costs=ta.Costs(spread_pips=0.8), fast=5)
assert_type(one, Backtest)
assert_type(one.to_polars("equity"), pl.DataFrame)
figure: go.Figure = one.plot("candles")

swept = ta.sweep(bars, "sma_crossover", objective=lambda metrics: metrics["net_profit"], fast=[5, 10])
assert_type(swept, ta.Sweep)
assert_type(swept.backtest(), Backtest)

found = ta.optimize(bars, "sma_crossover", method="bayesian", max_iterations=20, fast=range(5, 20))
assert_type(found, ta.Optimization)
assert_type(found.resume(), ta.Optimization)
assert_type(found.best, dict[str, bool | int | float | str])
assert_type(found.report("report.html"), Path)
assert_type(ta.open_optimization(), ta.Optimization)
assert_type(ta.verdict(found).survives, bool)
assert_type(ta.walk_forward(bars, "sma_crossover", windows="6M/1M", fast=[5, 10]).to_polars("daily"), pl.DataFrame)

# A mistake is one: each comment would be reported as unused if the checker saw nothing.
one.plot("heat")  # type: ignore[arg-type]
ta.optimize(bars, "sma_crossover", max_iterations="many", fast=[5])  # type: ignore[arg-type]
ta.backtest(bars, "sma_crossover", sizing=0.1)  # type: ignore[arg-type]
found.to_polar()  # type: ignore[attr-defined]
