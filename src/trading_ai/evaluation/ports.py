"""What evaluates the combinations of a search space, on one symbol's bars or on those of several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from trading_ai.engine.version import ENGINE_VERSION
from trading_ai.errors import EvaluationError
from trading_ai.evaluation.identity import Identity
from trading_ai.evaluation.model import BacktestResult, BacktestSpec, EvaluatedChunk
from trading_ai.market.bars import Bars
from trading_ai.market.symbol import Symbol
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.parameters import Combination, SearchSpace, Value
from trading_ai.strategies.base import Declared

if TYPE_CHECKING:
    # An account brings compiled code with it, which those who only read what is stored do not need.
    from trading_ai.engine.account import Account
    from trading_ai.engine.execution_data import ExecutionData
    from trading_ai.engine.trade_list import TradeList

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class BarsOf(NamedTuple):
    """The bars of one combination.

    Attributes:
        seen: bars that the strategy sees, or that its bars are made of.
        traded: bars on which fills and exits happen, from the first one that may be traded.
    """

    seen: Bars
    traded: Bars


class Evaluator(Protocol):
    """Turns combinations of a search space into metrics, whatever it runs to get them.

    Results do not depend on how combinations are grouped, chunked or spread over threads. One object may be used by
    one thread at a time; it spreads the work over `n_threads` itself.

    Attributes:
        strategy: what is run, with the parameters and rules that it declares.
        space: the search space.
        fixed: values of the parameters that are not searched.
        account: capital, sizing, costs and rules.
        period: start and end to which the backtest's date range is narrowed; None where it is not.
        n_threads: threads to use.
    """

    strategy: Declared
    space: SearchSpace
    fixed: Combination
    account: Account
    period: tuple[str | None, str | None]
    n_threads: int

    @property
    def n_days(self) -> int:
        """Number of trading days: the length of a daily-profit row."""
        ...

    @property
    def day_numbers(self) -> Indices:
        """Date of each trading day, days since 1970-01-01, shape (n_days,)."""
        ...

    def bars_of(self, combination: Mapping[str, Value]) -> BarsOf:
        """The bars of one combination.

        Raises:
            ParameterError: the combination names a symbol that is not searched.
        """
        ...

    def strategy_bars(self, combination: Mapping[str, Value]) -> Bars:
        """The bars that the strategy sees with one combination, of the timeframe that it sees.

        Raises:
            ParameterError: the combination names a symbol or a timeframe that is not searched.
        """
        ...

    def day_opens(self, day: int) -> int | None:
        """Open time of the first bar of a trading day or the next one, ns UTC; None at the data's own ends."""
        ...

    def evaluate(self, indices: Indices, keep_daily_profit: bool = False) -> EvaluatedChunk:
        """Evaluate combinations.

        A combination whose strategy raises is reported in `failures`; the others are not affected.

        Args:
            indices: combination indices, int64, shape (m,).
            keep_daily_profit: also return each combination's daily profits.

        Returns:
            Metrics, failures, and daily profits if wanted, in the order of `indices`.
        """
        ...

    def metrics_of(self, **parameters: Value) -> dict[str, float]:
        """Metrics of one combination of the search space, by name; for searches that learn.

        Raises:
            ParameterError: a parameter of the space is missing or not on its axis.
            EvaluationError: the strategy raised.
        """
        chunk = self.evaluate(np.array([self.space.index_of(parameters)]))
        for message in chunk.failures.values():
            raise EvaluationError(message)
        return dict(zip(METRIC_NAMES, chunk.metrics[0].tolist(), strict=True))

    def metrics_at(self, combination: Mapping[str, Value], entry_delay: int = 0) -> dict[str, float]:
        """Metrics of any combination by name, with entries some execution bars late; arguments as in `backtest`."""
        ...

    def backtest(self, combination: Mapping[str, Value] | None = None) -> BacktestResult:
        """Run one combination in full: trades, equity, daily profits.

        Args:
            combination: values that differ from the fixed parameters; any declared parameter.

        Raises:
            ParameterError: a parameter is unknown or out of bounds.
            EvaluationError: the strategy raised.
        """
        ...


class BarsEvaluator(Evaluator, Protocol):
    """An evaluator on the bars of one symbol.

    Attributes:
        bars: bars of the strategy, or those that its bars are made of.
        data: the execution bars, from the first traded one on, bid and ask.
        account_currency: currency of the account.
    """

    bars: Bars
    data: ExecutionData
    account_currency: str


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

    def symbol_of(self, dataset_id: str) -> Symbol:
        """The symbol that bars are of, as they were imported; their numbers are not read where that can be helped.

        Raises:
            NotFoundError: there are none.
            StorageError: what is kept of them cannot be read.
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

    def save_trades(self, trades: TradeList) -> str:
        """Keep a list of trades; returns its content hash. Saving the same trades again changes nothing."""
        ...

    def load_trades(self, trades_id: str) -> TradeList:
        """A list of trades by content hash, verified.

        Raises:
            NotFoundError: there is none.
            StorageError: the file does not match its hash.
        """
        ...


@dataclass(frozen=True)
class Job:
    """What a worker needs to evaluate chunks of one optimization.

    Attributes:
        backtest: the backtest.
        space: the search space.
        keep_daily_profit: whether chunks carry daily profits.
        strategy_hash: code hash that the strategy must have.
        datasets: where the symbol is searched, the dataset of each symbol.
        engine_version: version that the engine must have.
    """

    backtest: BacktestSpec
    space: SearchSpace
    keep_daily_profit: bool
    strategy_hash: str
    datasets: Mapping[str, str] = field(default_factory=dict)
    engine_version: str = ENGINE_VERSION

    @property
    def identity(self) -> Identity:
        """What the numbers belong to."""
        spec = self.backtest
        used = {spec.dataset_id, spec.detail_dataset_id, *spec.other_dataset_ids, *self.datasets.values()}
        return Identity(self.engine_version, self.strategy_hash, tuple(sorted(filter(None, used))))
