"""The symbol as a searched parameter: each combination is evaluated on the bars of its own symbol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.errors import EvaluationError, ParameterError, did_you_mean
from trading_ai.evaluation.declared import SYMBOL
from trading_ai.evaluation.model import BacktestResult, BacktestSpec, EvaluatedChunk
from trading_ai.evaluation.ports import BarsOf, Evaluator
from trading_ai.market.bars import Bars
from trading_ai.market.date_range import moment_ns, moment_text
from trading_ai.metrics.catalog import METRIC_NAMES, METRICS
from trading_ai.parameters import Combination, SearchSpace, Value

Indices = npt.NDArray[np.int64]


def without_symbol(space: SearchSpace) -> SearchSpace:
    """The other axes of a search space."""
    return SearchSpace(tuple(axis for axis in space.axes if axis.name != SYMBOL))


def symbol_specs(
    backtest: BacktestSpec, datasets: Mapping[str, str], load: Callable[[str], Bars]
) -> dict[str, BacktestSpec]:
    """The backtest on each symbol's own bars, over the period that all of them cover: no symbol wins by its years.

    Args:
        backtest: the backtest.
        datasets: dataset id of each symbol, at least one.
        load: reads the bars of a dataset.

    Raises:
        ParameterError: there is no such period.
    """
    every = [load(dataset_id) for dataset_id in datasets.values()]
    first = max(int(bars.open_time_ns[0]) for bars in every)
    last = min(int(bars.open_time_ns[-1]) + bars.timeframe.ns for bars in every)
    start = first if backtest.start is None else max(first, moment_ns(backtest.start, "start"))
    end = last if backtest.end is None else min(last, moment_ns(backtest.end, "end"))
    if start >= end:
        raise ParameterError(
            "the datasets share no time that could be traded", parameter=SYMBOL, value=", ".join(datasets), own=True
        )
    return {
        name: replace(backtest, dataset_id=dataset_id, start=moment_text(start), end=moment_text(end))
        for name, dataset_id in datasets.items()
    }


class SymbolsEvaluator(Evaluator):
    """Evaluates each combination on its own symbol.

    Daily profits are of all days on which any symbol trades, zero where its own does not.

    Args:
        space: the search space, with its axis of symbols.
        members: an evaluator of the other axes for each symbol, at least one.
        period: start and end that they have in common.
    """

    def __init__(
        self, space: SearchSpace, members: Mapping[str, Evaluator], period: tuple[str | None, str | None]
    ) -> None:
        self.space, self._members, self.period = space, dict(members), period
        self._axis = space.names.index(SYMBOL)
        any_member = next(iter(self._members.values()))
        self._others = any_member.space
        self.strategy, self.fixed, self.account = any_member.strategy, any_member.fixed, any_member.account
        self._days: Indices = np.unique(np.concatenate([m.day_numbers for m in self._members.values()]))

    @property  # type: ignore[explicit-override]  # mypy does not see it where there is a setter
    @override
    def n_threads(self) -> int:
        return next(iter(self._members.values())).n_threads

    @n_threads.setter
    @override
    def n_threads(self, n: int) -> None:
        for member in self._members.values():
            member.n_threads = n

    @property
    @override
    def n_days(self) -> int:
        return int(self._days.shape[0])

    @property
    @override
    def day_numbers(self) -> Indices:
        return self._days

    def member(self, combination: Mapping[str, Value]) -> Evaluator:
        """What evaluates one combination, with the bars of its symbol.

        Raises:
            ParameterError: the combination names no symbol of this space.
        """
        name = str(combination.get(SYMBOL, ""))
        if name not in self._members:
            raise ParameterError(
                "is not one of the values of this search space",
                parameter=SYMBOL,
                own=True,
                value=name,
                remedy=did_you_mean(name, self._members) + f"Known: {', '.join(self._members)}",
            )
        return self._members[name]

    @override
    def bars_of(self, combination: Mapping[str, Value]) -> BarsOf:
        return self.member(combination).bars_of(_without(combination))

    @override
    def strategy_bars(self, combination: Mapping[str, Value]) -> Bars:
        return self.member(combination).strategy_bars(_without(combination))

    @override
    def day_opens(self, day: int) -> int | None:
        # Of the first of the symbols that begins that day.
        opens = [found for member in self._members.values() if (found := member.day_opens(day)) is not None]
        return min(opens) if opens else None

    @override
    def evaluate(self, indices: Indices, keep_daily_profit: bool = False) -> EvaluatedChunk:
        m = indices.shape[0]
        metrics = np.full((m, len(METRICS)), np.nan)
        daily = np.zeros((m, self.n_days), dtype=np.float32) if keep_daily_profit else None
        failures: dict[int, str] = {}
        positions = self.space.positions(indices)
        others = [p for i, p in enumerate(positions) if i != self._axis]
        inner = np.zeros(m, dtype=np.int64)
        for size, position in zip(self._others.shape, others, strict=True):
            inner = inner * size + position
        names = self.space.axes[self._axis].values
        for place in np.unique(positions[self._axis]).tolist():
            rows = np.flatnonzero(positions[self._axis] == place)
            member = self._members[str(names[place])]
            chunk = member.evaluate(inner[rows], keep_daily_profit)
            metrics[rows] = chunk.metrics
            whole = dict(zip(inner[rows].tolist(), indices[rows].tolist(), strict=True))
            failures.update({whole[i]: text for i, text in chunk.failures.items()})
            if daily is not None and chunk.daily_profit is not None:
                daily[np.ix_(rows, np.searchsorted(self._days, member.day_numbers))] = chunk.daily_profit
        if daily is not None and failures:
            daily[np.isin(indices, list(failures))] = np.nan
        return EvaluatedChunk(indices, metrics, failures, daily)

    @override
    def metrics_of(self, **parameters: Value) -> dict[str, float]:
        chunk = self.evaluate(np.array([self.space.index_of(parameters)]))
        for message in chunk.failures.values():
            raise EvaluationError(message)
        return dict(zip(METRIC_NAMES, chunk.metrics[0].tolist(), strict=True))

    @override
    def metrics_at(self, combination: Mapping[str, Value], entry_delay: int = 0) -> dict[str, float]:
        return self.member(combination).metrics_at(_without(combination), entry_delay)

    @override
    def backtest(self, combination: Mapping[str, Value] | None = None) -> BacktestResult:
        given = combination or {}
        result = self.member(given).backtest(_without(given))
        return replace(result, parameters={SYMBOL: given[SYMBOL], **result.parameters})


def _without(combination: Mapping[str, Value]) -> Combination:
    return {name: value for name, value in combination.items() if name != SYMBOL}
