"""What evaluates the combinations of a search space, on one symbol's bars or on those of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from trading_ai.engine.account import Account
from trading_ai.evaluation.model import BacktestResult, EvaluatedChunk
from trading_ai.evaluation.sweep import SweepEvaluator
from trading_ai.market.bars import Bars
from trading_ai.parameters import Combination, SearchSpace, Value
from trading_ai.strategies.base import Strategy

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Evaluator(Protocol):
    """As `SweepEvaluator` documents its methods.

    Attributes:
        strategy: the strategy.
        space: the search space.
        fixed: values of the parameters that are not searched.
        account: capital, sizing, costs and rules.
    """

    strategy: Strategy
    space: SearchSpace
    fixed: Combination
    account: Account

    @property
    def period(self) -> tuple[str | None, str | None]:
        """Start and end to which the backtest's date range is narrowed; None where it is not."""
        ...

    @property
    def n_threads(self) -> int:
        """Threads to use."""
        ...

    @n_threads.setter
    def n_threads(self, n: int) -> None: ...

    @property
    def n_days(self) -> int:
        """Number of trading days: the length of a daily-profit row."""
        ...

    @property
    def day_numbers(self) -> Indices:
        """Date of each trading day, days since 1970-01-01, shape (n_days,)."""
        ...

    def of(self, combination: Mapping[str, Value]) -> SweepEvaluator:
        """What evaluates one combination, with its bars."""
        ...

    def day_opens(self, day: int) -> int | None:
        """Open time of the first bar of a trading day or the next one, ns UTC; None at the data's own ends."""
        ...

    def evaluate(self, indices: Indices, keep_daily_profit: bool = False) -> EvaluatedChunk:
        """Evaluate combinations."""
        ...

    def metrics_of(self, **parameters: Value) -> dict[str, float]:
        """Metrics of one combination of the search space, by name."""
        ...

    def metrics_at(self, combination: Mapping[str, Value], entry_delay: int = 0) -> dict[str, float]:
        """Metrics of any combination by name, with entries some bars late."""
        ...

    def backtest(self, combination: Mapping[str, Value] | None = None) -> BacktestResult:
        """Run one combination in full."""
        ...


class Artifacts(Protocol):
    """Where bars and backtests' trades stay: immutable files addressed by id."""

    def save_bars(self, bars: Bars) -> str:
        """Keep bars; returns their content hash. Saving the same bars again changes nothing."""
        ...

    def load_bars(self, dataset_id: str) -> Bars:
        """Bars by content hash, verified.

        Raises:
            NotFoundError: there are none.
            StorageError: the file does not match its hash.
        """
        ...

    def delete_bars(self, dataset_id: str) -> None:
        """Remove bars; nothing happens if there are none."""
        ...

    def save_backtest(self, backtest_id: str, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Keep a backtest's arrays (trades, equity, daily_profit, ...)."""
        ...

    def load_backtest(self, backtest_id: str) -> dict[str, npt.NDArray[Any]]:
        """Arrays of a backtest.

        Raises:
            NotFoundError: there are none.
        """
        ...

    def delete_backtest(self, backtest_id: str) -> None:
        """Remove a backtest's arrays; nothing happens if there are none."""
        ...


@dataclass(frozen=True)
class Job:
    """What a worker needs to evaluate chunks of one optimization, JSON-able.

    Attributes:
        backtest: the backtest.
        axes: the search space, as `SearchSpace.to_json` gives it.
        keep_daily_profit: whether chunks carry daily profits.
        strategy_hash: code hash that the strategy must have.
        datasets: where the symbol is searched, the dataset of each symbol.
    """

    backtest: Mapping[str, Any]
    axes: Sequence[Mapping[str, Any]]
    keep_daily_profit: bool
    strategy_hash: str
    datasets: Mapping[str, str] = field(default_factory=dict)
