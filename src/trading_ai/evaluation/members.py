"""Combinations that some of their values share out among evaluators: of each symbol, or of each account."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from typing_extensions import override

from trading_ai.evaluation.model import BacktestResult, EvaluatedChunk
from trading_ai.evaluation.ports import BarsOf, Evaluator, Indices
from trading_ai.market.bars import Bars
from trading_ai.metrics.catalog import METRICS
from trading_ai.parameters import Combination, SearchSpace, Value


class MembersEvaluator(Evaluator):
    """Evaluates each combination by a member, which knows the other axes only.

    Args:
        space: the search space.
        names: its axes whose values say which member evaluates a combination.
    """

    def __init__(self, space: SearchSpace, names: Iterable[str]) -> None:
        self.space, self._names = space, tuple(names)
        self._axes = [space.names.index(name) for name in self._names]

    @abstractmethod
    def member(self, combination: Mapping[str, Value]) -> Evaluator:
        """What evaluates one combination.

        Raises:
            ParameterError: the combination names none.
        """

    @abstractmethod
    def _member(self, values: tuple[Value, ...]) -> Evaluator:
        """The member of these values, in the order of the names."""

    @abstractmethod
    def _every_member(self) -> Iterable[Evaluator]:
        """The members that there are now, at least one."""

    @property  # type: ignore[explicit-override]  # mypy does not see it where there is a setter
    @override
    def n_threads(self) -> int:
        return next(iter(self._every_member())).n_threads

    @n_threads.setter
    @override
    def n_threads(self, n: int) -> None:
        for member in self._every_member():
            member.n_threads = n

    @override
    def bars_of(self, combination: Mapping[str, Value]) -> BarsOf:
        return self.member(combination).bars_of(self._without(combination))

    @override
    def strategy_bars(self, combination: Mapping[str, Value]) -> Bars:
        return self.member(combination).strategy_bars(self._without(combination))

    @override
    def evaluate(self, indices: Indices, keep_daily_profit: bool = False) -> EvaluatedChunk:
        m = indices.shape[0]
        metrics = np.full((m, len(METRICS)), np.nan)
        daily = np.zeros((m, self.n_days), dtype=np.float32) if keep_daily_profit else None
        failures: dict[int, str] = {}
        positions, shape = self.space.positions(indices), self.space.shape
        inner, keys = np.zeros(m, dtype=np.int64), np.zeros(m, dtype=np.int64)
        for i, (size, position) in enumerate(zip(shape, positions, strict=True)):
            if i in self._axes:
                keys = keys * size + position
            else:
                inner = inner * size + position
        for key in np.unique(keys).tolist():
            rows = np.flatnonzero(keys == key)
            values = tuple(self.space.axes[i].values[int(positions[i][rows[0]])] for i in self._axes)
            member = self._member(values)
            chunk = member.evaluate(inner[rows], keep_daily_profit)
            metrics[rows] = chunk.metrics
            whole = dict(zip(inner[rows].tolist(), indices[rows].tolist(), strict=True))
            failures.update({whole[i]: text for i, text in chunk.failures.items()})
            if daily is not None and chunk.daily_profit is not None:
                daily[np.ix_(rows, np.searchsorted(self.day_numbers, member.day_numbers))] = chunk.daily_profit
        if daily is not None and failures:
            daily[np.isin(indices, list(failures))] = np.nan
        return EvaluatedChunk(indices, metrics, failures, daily)

    @override
    def metrics_at(self, combination: Mapping[str, Value], entry_delay: int = 0) -> dict[str, float]:
        return self.member(combination).metrics_at(self._without(combination), entry_delay)

    @override
    def backtest(self, combination: Mapping[str, Value] | None = None) -> BacktestResult:
        given = combination or {}
        result = self.member(given).backtest(self._without(given))
        chosen = {name: given[name] for name in self._names}
        return replace(result, parameters={**chosen, **result.parameters})

    def _without(self, combination: Mapping[str, Value]) -> Combination:
        return {name: value for name, value in combination.items() if name not in self._names}
