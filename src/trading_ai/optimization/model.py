"""The nouns of an optimization: backtest specification, optimization, evaluated chunk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from trading_ai.engine.costs import Costs
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing
from trading_ai.market.date_range import range_text
from trading_ai.options import Given
from trading_ai.parameters import SearchSpace, Value

OptimizationStatus = Literal["running", "paused", "cancelled", "completed", "failed"]


@dataclass(frozen=True)
class BacktestSpec:
    """Everything that determines a backtest's numbers, besides the engine's version.

    Attributes:
        strategy: registry name, or ``path/to/file.py:Class``.
        parameters: strategy and exit parameters by name; missing ones take their defaults.
        dataset_id: content hash of the bars.
        timeframe: timeframe that the strategy sees; None for the dataset's own. When longer than the
            dataset's, bars are resampled for the signals and exits are resolved on the dataset's bars.
        detail_dataset_id: finer bars of the same symbol that decide exits, or None.
        capital: starting balance, account currency.
        account_currency: currency of the account.
        sizing: position size.
        costs: spread, commission, slippage, swap, conversion.
        rules: execution rules.
        start: first moment that is traded, a date or time in UTC; None for the first bar. Earlier bars are still seen
            by the strategy, whose indicators are warm when trading begins.
        end: the moment after the last; bars that open at or after it do not exist for the backtest, and positions
            that are open then end as at the end of data. None for all.

    Raises:
        ParameterError: `start` or `end` cannot be read, or nothing lies between them.
    """

    strategy: str
    parameters: Mapping[str, Value]
    dataset_id: str
    timeframe: str | None = None
    detail_dataset_id: str | None = None
    capital: float = 10_000.0
    account_currency: str = "USD"
    sizing: Sizing = field(default_factory=Sizing)
    costs: Costs = field(default_factory=Costs)
    rules: ExecutionRules = field(default_factory=ExecutionRules)
    start: str | None = None
    end: str | None = None

    def __post_init__(self) -> None:
        start, end = range_text(self.start, self.end)
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "end", end)

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready dict; `from_json` reads it back.

        Without a date range it is what it was before there were any, so that older backtests compare equal.
        """
        given = asdict(self) | {"parameters": dict(self.parameters)}
        return {name: value for name, value in given.items() if name not in {"start", "end"} or value is not None}

    @classmethod
    def of(cls, strategy: str, parameters: Mapping[str, Value], dataset_id: str, given: Given) -> BacktestSpec:
        """The backtest with those options, see `trading_ai.options`; what is not given keeps its default."""
        return cls(
            strategy,
            parameters,
            dataset_id,
            sizing=Sizing(**given.get("sizing", {})),
            costs=Costs(**given.get("costs", {})),
            rules=ExecutionRules(**given.get("rules", {})),
            **given.get("backtest", {}),
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> BacktestSpec:
        """Read what `to_json` wrote."""
        return cls(
            **{
                **data,
                "sizing": Sizing(**data["sizing"]),
                "costs": Costs(**data["costs"]),
                "rules": ExecutionRules(**data["rules"]),
            }
        )


DAILY_PROFIT_KEPT_UP_TO = 20_000
"""Combinations up to which daily profits are kept unless asked otherwise; those of more can be computed again."""


def keeps_daily_profit(space: SearchSpace) -> bool:
    """Whether daily profits are kept where nobody says."""
    return space.n_combinations <= DAILY_PROFIT_KEPT_UP_TO


@dataclass(frozen=True)
class OptimizationSpec:
    """What to search, how, and what counts as better.

    Attributes:
        backtest_id: the backtest whose other parameters stay as they are.
        space: the parameter ranges.
        method: name of the search method.
        max_iterations: number of combinations to try; None tries the whole space (grid only).
        seed: seed of methods that draw.
        objective: metric to rank by.
        more_objectives: further ones; the trials that none beats in all of them are the Pareto front.
        constraints: conditions on results, such as ``total_trades >= 30``; a trial that breaks one ranks
            below all that hold them.
        keep_daily_profit: keep each trial's daily profits for later statistics.
        batch_size: combinations that a method that learns proposes before it is told their results.
        parameter_constraints: conditions on parameters, such as ``fast < slow``; combinations that break one are
            not part of the space.
        max_seconds: stop after so long; None for no limit.
        stagnation: stop after so many trials without a better one; None for no limit.
        reuse: answer combinations that were tried before from the ledger instead of running them again.
        warm_start: let a method that learns begin with what earlier optimizations tried.
        datasets: where the symbol is searched, the dataset of each symbol; filled in by planning.
    """

    backtest_id: str
    space: SearchSpace
    method: str = "grid_search"
    max_iterations: int | None = None
    seed: int = 0
    objective: str = "sharpe_ratio"
    constraints: tuple[str, ...] = ()
    keep_daily_profit: bool = False
    batch_size: int = 16
    parameter_constraints: tuple[str, ...] = ()
    max_seconds: float | None = None
    stagnation: int | None = None
    reuse: bool = True
    warm_start: bool = False
    more_objectives: tuple[str, ...] = ()
    datasets: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, backtest_id: str, space: SearchSpace, given: Given) -> OptimizationSpec:
        """The optimization with those options, see `trading_ai.options`; what is not given keeps its default.

        Daily profits are kept of a space that is small enough where nobody says (None).
        """
        values = dict(given.get("optimization", {}))
        if values.get("keep_daily_profit", False) is None:
            values["keep_daily_profit"] = keeps_daily_profit(space)
        return cls(backtest_id, space, **values)


@dataclass(frozen=True, eq=False)
class BacktestResult:
    """One combination in full.

    Attributes:
        parameters: every parameter's value.
        trades: closed trades in order of closing, see `engine.records.TRADE`.
        metrics: every metric by name; NaN where undefined.
        equity: equity at each execution bar's close, account currency, shape (n_bars,).
        equity_time_ns: open time of each of those bars, UTC, shape (n_bars,).
        daily_profit: change of equity over each trading day, account currency, shape (n_days,).
        day_numbers: date of each trading day, days since 1970-01-01, shape (n_days,).
    """

    parameters: Mapping[str, Value]
    trades: npt.NDArray[np.void]
    metrics: dict[str, float]
    equity: npt.NDArray[np.float64]
    equity_time_ns: npt.NDArray[np.int64]
    daily_profit: npt.NDArray[np.float64]
    day_numbers: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class EvaluatedChunk:
    """Results of some combinations.

    Attributes:
        indices: combination indices, int64, shape (m,).
        metrics: one row a combination, columns as in `trading_ai.metrics.catalog.METRICS`, float64,
            shape (m, n_metrics); all-NaN where the combination failed.
        failures: error text of each failed combination, by index.
        daily_profit: account currency for each trading day, float32, shape (m, n_days), or None.
        reused: whether they are copies of earlier trials instead of results of a run.
    """

    indices: npt.NDArray[np.int64]
    metrics: npt.NDArray[np.float64]
    failures: Mapping[int, str] = field(default_factory=dict)
    daily_profit: npt.NDArray[np.float32] | None = None
    reused: bool = False
