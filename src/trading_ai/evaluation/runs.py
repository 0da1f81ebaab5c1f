"""Evaluate combinations of a strategy that makes its own trades: one run each."""

from __future__ import annotations

import traceback
from collections.abc import Mapping

import numpy as np
from typing_extensions import override

from trading_ai.engine.account import Account
from trading_ai.engine.execution_data import ExecutionData, prepare
from trading_ai.engine.records import N_TALLIES
from trading_ai.engine.runs import Ran, RunRequest, daily_profit_of, tallies_of
from trading_ai.errors import EvaluationError, ParameterError, TradingAIError, said_in_full
from trading_ai.evaluation.declared import TIMEFRAME, check_axis, resolve_parameters, searches_timeframe
from trading_ai.evaluation.model import BacktestResult, EvaluatedChunk
from trading_ai.evaluation.ports import BarsEvaluator, BarsOf, Floats, Indices
from trading_ai.evaluation.signal_bars import SignalBars, signal_bars
from trading_ai.market.bars import Bars
from trading_ai.market.date_range import first_bar
from trading_ai.metrics.annual import years_of
from trading_ai.metrics.benchmark import buy_and_hold
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.metrics.ratios import metrics_from_tallies
from trading_ai.parameters import Combination, SearchSpace, Value
from trading_ai.strategies.hosted import Hosted


class RunEvaluator(BarsEvaluator):
    """Evaluates the combinations of a search space on one set of bars, by one run each.

    Arguments and errors are those of `SweepEvaluator`. Runs are made one after the other: code of others is not
    asked whether it can bear threads.
    """

    period: tuple[str | None, str | None] = (None, None)

    def __init__(
        self,
        bars: Bars,
        strategy: Hosted,
        space: SearchSpace,
        fixed: Mapping[str, Value],
        account: Account,
        *,
        account_currency: str = "USD",
        detail: Bars | None = None,
        conversion_bars: Bars | None = None,
        start: str | None = None,
        day_start: str | None = None,
        n_threads: int = 1,
    ) -> None:
        for axis in space.axes:
            check_axis(strategy, axis)
        for name in fixed:
            if name in space.names:
                raise ParameterError("is both fixed and searched", parameter=name, remedy="Leave out one of the two.")
        self.bars, self.strategy, self.space = bars, strategy, space
        self.account_currency, self.n_threads = account_currency, n_threads
        self.fixed = resolve_parameters(strategy, fixed)
        every = prepare(bars if detail is None else detail, account.costs, account_currency, conversion_bars)
        self.account = account.sized(every)
        self._position_percent = 100.0 * self.account.first_position(every)
        strategy.check_backtest(self.account, every)
        self._first = first_bar(every.bars, start)
        self._searches_timeframe = searches_timeframe(strategy, space)
        frames = next(a.values for a in space.axes if a.name == TIMEFRAME) if self._searches_timeframe else ()
        self._seen = {str(f): signal_bars(bars, detail, self._first, str(f), day_start) for f in frames}
        self._only_seen = None if frames else signal_bars(bars, detail, self._first)
        self.data: ExecutionData = every.since(self._first)
        self._years = years_of(self.data.bars, self.n_days)
        self._benchmark = buy_and_hold(self.data.bars)

    @property
    @override
    def n_days(self) -> int:
        return int(self.data.day_last_bar.shape[0])

    @property
    @override
    def day_numbers(self) -> Indices:
        return self.data.day_numbers

    @override
    def bars_of(self, combination: Mapping[str, Value]) -> BarsOf:
        return BarsOf(self.bars, self.data.bars)

    @override
    def strategy_bars(self, combination: Mapping[str, Value]) -> Bars:
        return self._seen_by(combination).bars

    @override
    def day_opens(self, day: int) -> int | None:
        ordinal = int(np.searchsorted(self.day_numbers, day))
        if not 0 < ordinal < self.n_days:
            return None
        return int(self.data.bars.open_time_ns[self.data.day_last_bar[ordinal - 1] + 1])

    @override
    def evaluate(self, indices: Indices, keep_daily_profit: bool = False) -> EvaluatedChunk:
        m = indices.shape[0]
        tallies = np.empty((m, N_TALLIES))
        daily = np.zeros((m, self.n_days), dtype=np.float32) if keep_daily_profit else None
        failures: dict[int, str] = {}
        for row, index in enumerate(indices.tolist()):
            try:
                ran = self.run(self.fixed | self.space.combination(index))
            except Exception as error:  # noqa: BLE001 - its trial fails, the others go on
                failures[index] = said_in_full(error)
                continue
            tallies[row] = tallies_of(ran, self.data, self.account)
            if daily is not None:
                daily[row] = daily_profit_of(ran.equity, self.data, self.account.capital)
        failed = np.isin(indices, list(failures))
        tallies[failed] = np.nan
        metrics = self._metrics(tallies)
        metrics[failed] = np.nan
        if daily is not None:
            daily[failed] = np.nan
        return EvaluatedChunk(indices, metrics, failures, daily)

    @override
    def metrics_of(self, **parameters: Value) -> dict[str, float]:
        chunk = self.evaluate(np.array([self.space.index_of(parameters)]))
        for message in chunk.failures.values():
            raise EvaluationError(message)
        return dict(zip(METRIC_NAMES, chunk.metrics[0].tolist(), strict=True))

    @override
    def metrics_at(self, combination: Mapping[str, Value], entry_delay: int = 0) -> dict[str, float]:
        if entry_delay:
            raise EvaluationError(f"entries of {self.strategy.name} cannot be delayed: it places its own orders")
        try:
            ran = self.run(self._whole(combination))
        except TradingAIError:
            raise
        except Exception as error:  # a user's strategy may raise anything
            raise EvaluationError(traceback.format_exc()) from error
        row = self._metrics(tallies_of(ran, self.data, self.account)[None, :])[0]
        return dict(zip(METRIC_NAMES, row.tolist(), strict=True))

    @override
    def backtest(self, combination: Mapping[str, Value] | None = None) -> BacktestResult:
        parameters = self._whole(combination or {})
        ran = self.run(parameters)
        row = self._metrics(tallies_of(ran, self.data, self.account)[None, :])[0]
        return BacktestResult(
            parameters=parameters,
            trades=ran.trades,
            metrics=dict(zip(METRIC_NAMES, row.tolist(), strict=True)),
            equity=ran.equity,
            equity_time_ns=self.data.bars.open_time_ns,
            daily_profit=daily_profit_of(ran.equity, self.data, self.account.capital),
            day_numbers=self.day_numbers,
        )

    def run(self, parameters: Mapping[str, Value]) -> Ran:
        """One run, with a value for each parameter.

        Raises:
            ParameterError: the timeframe is not one of those searched.
        """
        seen = self._seen_by(parameters)
        starts = seen.traded.first if seen.traded.first.size else np.arange(len(seen.bars)) - self._first
        own = {name: value for name, value in parameters.items() if name in self.strategy.parameters}
        return self.strategy.run(RunRequest(seen.bars, starts, self.data, self.account, self.account_currency, own))

    # --- inside --------------------------------------------------------------------------------------

    def _whole(self, combination: Mapping[str, Value]) -> Combination:
        given = {**self.fixed, **combination}
        frame = {TIMEFRAME: given.pop(TIMEFRAME, "")} if self._searches_timeframe else {}
        return resolve_parameters(self.strategy, given) | frame

    def _seen_by(self, combination: Mapping[str, Value]) -> SignalBars:
        if self._only_seen is not None:
            return self._only_seen
        frame = str(combination.get(TIMEFRAME))
        if frame not in self._seen:
            raise ParameterError(
                "is not one of the values of this search space", parameter=TIMEFRAME, value=frame,
                remedy="Searched: " + ", ".join(self._seen),
            )  # fmt: skip
        return self._seen[frame]

    def _metrics(self, tallies: Floats) -> Floats:
        return metrics_from_tallies(
            tallies,
            capital=self.account.capital,
            n_bars=self.data.n_bars,
            n_days=self.n_days,
            periods_per_year=self._years.periods_per_year,
            years=self._years.years,
            benchmark=self._benchmark,
            position_percent=self._position_percent,
        )
