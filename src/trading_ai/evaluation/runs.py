"""Evaluate combinations of a strategy that makes its own trades: one run each."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any

import numpy as np
from typing_extensions import override

from trading_ai.engine.records import N_TALLIES
from trading_ai.engine.runs import Ran, RunRequest, daily_profit_of, tallies_of
from trading_ai.errors import EvaluationError, TradingAIError, said_in_full
from trading_ai.evaluation.model import BacktestResult, EvaluatedChunk
from trading_ai.evaluation.one_symbol import OneSymbolEvaluator
from trading_ai.evaluation.ports import Indices
from trading_ai.market.bars import Bars
from trading_ai.metrics.catalog import METRIC_COLUMN, METRIC_NAMES
from trading_ai.parameters import Value
from trading_ai.strategies.hosted import Hosted


class RunEvaluator(OneSymbolEvaluator[Hosted]):
    """Evaluates the combinations of a search space on one set of bars, by one run each.

    Arguments and errors as of `OneSymbolEvaluator`. Runs are made one after the other: code of others is not asked
    whether it can bear threads.
    """

    def __init__(self, bars: Bars, strategy: Hosted, *arguments: Any, **options: Any) -> None:
        super().__init__(bars, strategy, *arguments, **options)
        strategy.check_backtest(self.account, self.data)

    @override
    def evaluate(self, indices: Indices, keep_daily_profit: bool = False) -> EvaluatedChunk:
        m = indices.shape[0]
        tallies = np.empty((m, N_TALLIES))
        daily = np.zeros((m, self.n_days), dtype=np.float32) if keep_daily_profit else None
        fitness = np.full(m, np.nan)
        failures: dict[int, str] = {}
        for row, index in enumerate(indices.tolist()):
            try:
                ran = self.run(self.fixed | self.space.combination(index))
            except Exception as error:  # noqa: BLE001 - its trial fails, the others go on
                failures[index] = said_in_full(error)
                continue
            tallies[row], fitness[row] = tallies_of(ran, self.data, self.account), ran.fitness
            if daily is not None:
                daily[row] = daily_profit_of(ran.equity, self.data, self.account.capital)
        failed = np.isin(indices, list(failures))
        tallies[failed] = np.nan
        metrics = self._metrics(tallies)
        metrics[:, METRIC_COLUMN["fitness"]] = fitness
        metrics[failed] = np.nan
        if daily is not None:
            daily[failed] = np.nan
        return EvaluatedChunk(indices, metrics, failures, daily)

    @override
    def metrics_at(self, combination: Mapping[str, Value], entry_delay: int = 0) -> dict[str, float]:
        if entry_delay and not self.strategy.can_delay_entries:
            raise EvaluationError(f"entries of {self.strategy.name} cannot be delayed: it places its own orders")
        try:
            ran = self.run(self._whole(combination), entry_delay)
        except TradingAIError:
            raise
        except Exception as error:  # a user's strategy may raise anything
            raise EvaluationError(traceback.format_exc()) from error
        return self._metrics_of(ran)

    @override
    def backtest(self, combination: Mapping[str, Value] | None = None) -> BacktestResult:
        parameters = self._whole(combination or {})
        ran = self.run(parameters)
        return BacktestResult(
            parameters=parameters,
            trades=ran.trades,
            metrics=self._metrics_of(ran),
            equity=ran.equity,
            equity_time_ns=self.data.bars.open_time_ns,
            daily_profit=daily_profit_of(ran.equity, self.data, self.account.capital),
            day_numbers=self.day_numbers,
            log=ran.log,
        )

    def _metrics_of(self, ran: Ran) -> dict[str, float]:
        row = self._metrics(tallies_of(ran, self.data, self.account)[None, :])[0]
        return dict(zip(METRIC_NAMES, row.tolist(), strict=True)) | {"fitness": ran.fitness}

    def run(self, parameters: Mapping[str, Value], entry_delay: int = 0) -> Ran:
        """One run, with a value for each parameter, and entries some execution bars late.

        Raises:
            ParameterError: the timeframe is not one of those searched.
        """
        seen = self._seen_by(parameters)
        starts = seen.traded.first if seen.traded.first.size else np.arange(len(seen.bars)) - self._first
        own = {name: value for name, value in parameters.items() if name in self.strategy.parameters}
        return self.strategy.run(
            RunRequest(
                seen.bars, starts, self.data, self.account, self.account_currency, own, entry_delay, self.markets
            )
        )
