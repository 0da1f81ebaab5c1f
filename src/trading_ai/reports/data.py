"""What a report is made from: plain data, so that any store, API or notebook can fill it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.figures.equity import Curve
from trading_ai.market.bars import Bars
from trading_ai.metrics.catalog import METRIC_COLUMN
from trading_ai.optimization.objective import Objective
from trading_ai.parameters import SearchSpace, Value
from trading_ai.studies.assessment import Assessment

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ReportData:
    """One optimization and its winner's backtest; m trials, d trading days.

    Attributes:
        title: heading of the report.
        generated_at: when the report was made.
        strategy: the strategy's name.
        symbol: the symbol's name.
        timeframe: the strategy's timeframe.
        period: first and last day of the data, as text.
        n_bars: number of bars.
        dataset_hash: content hash of the bars.
        settings: sections such as costs, sizing, rules: names and values of each.
        space: the parameter ranges.
        method: name of the search method.
        n_combinations: size of the search space.
        n_completed: trials with a result.
        n_failed: trials that could not be evaluated.
        n_trials_tried: all trials that the winner was chosen from, for the sentence on luck.
        parameters: one column a parameter, each of shape (m,).
        metrics: columns as in `trading_ai.metrics.catalog.METRICS`, shape (m, n_metrics).
        ranking: rows of `metrics`, best first; rows left out do not rank.
        objectives: what trials are ranked by, then further ones.
        best: the best combination.
        trades: trades of the best, dtype `TRADE`.
        equity_time_ns: times of the best's equity, UTC, shape (n,).
        equity: the best's equity, account currency, shape (n,).
        neighbours: equity of combinations beside the best.
        ranked_curves: equity of the first of the ranking, the best first.
        benchmark: what the capital would have made in the market itself; None where that is undefined.
        price_side: which prices the bars hold, ``bid``, ``ask`` or ``mid``.
        day_numbers: trading days, days since 1970-01-01, shape (d,).
        daily_profit: the best's profit of each day, account currency, shape (d,).
        capital: starting balance.
        currency: account currency.
        days_per_year: trading days a year, or bars where they are longer.
        bars: bars to draw the trades on, or None.
        quality: lines of the data's quality report.
        notes: remarks to show under the headline.
        commands: shell commands that make the same numbers again.
        command_remarks: what they cannot carry along.
        assessment: the winner's study, or None where no trial can be judged.
        beside: further columns of the ranked table, each of shape (m,).
        money_exposure_percent: mean value of the winner's open positions, percent of the capital; NaN if unknown.
        costs_stated: the costs that were charged, in words.
        warnings: what speaks against the winner, or why there is none.
    """

    title: str
    generated_at: datetime
    strategy: str
    symbol: str
    timeframe: str
    period: tuple[str, str]
    n_bars: int
    dataset_hash: str
    settings: Mapping[str, Mapping[str, object]]
    space: SearchSpace
    method: str
    n_combinations: int
    n_completed: int
    n_failed: int
    n_trials_tried: int
    parameters: Mapping[str, npt.NDArray[np.generic]]
    metrics: Floats
    ranking: Ints
    objectives: tuple[Objective, ...]
    best: Mapping[str, Value]
    trades: npt.NDArray[np.void]
    equity_time_ns: Ints
    equity: Floats
    neighbours: tuple[Curve, ...] = ()
    ranked_curves: tuple[Curve, ...] = ()
    benchmark: Curve | None = None
    price_side: str = "bid"
    day_numbers: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    daily_profit: Floats = field(default_factory=lambda: np.empty(0))
    capital: float = 10_000.0
    currency: str = "USD"
    days_per_year: float = 252.0
    bars: Bars | None = None
    quality: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    command_remarks: tuple[str, ...] = ()
    assessment: Assessment | None = None
    beside: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    money_exposure_percent: float = float("nan")
    costs_stated: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def objective(self) -> str:
        """What trials are ranked by."""
        return str(self.objectives[0])

    @property
    def winner(self) -> int | None:
        """Row of the best trial, or None where no trial ranks."""
        return int(self.ranking[0]) if self.ranking.size else None

    def metric(self, name: str) -> Floats:
        """That metric of every trial, or the objective, or a column of `beside`, shape (m,)."""
        if name in self.beside:
            return self.beside[name]
        if name not in METRIC_COLUMN:
            return next(each for each in self.objectives if str(each) == name).values(self.metrics)
        column: Floats = self.metrics[:, METRIC_COLUMN[name]]
        return column

    def best_metric(self, name: str) -> float:
        """That metric of the winner; NaN without one."""
        return float(self.metric(name)[self.winner]) if self.winner is not None else float("nan")
