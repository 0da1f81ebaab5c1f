"""Settings of the account as searched parameters: spread, slippage, direction, size; each value has its own account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.engine.costs import Costs
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing, SizingMode
from trading_ai.errors import EvaluationError, ParameterError
from trading_ai.evaluation.declared import SETTINGS, searched_settings
from trading_ai.evaluation.model import BacktestResult, BacktestSpec, EvaluatedChunk
from trading_ai.evaluation.ports import BarsEvaluator, BarsOf, Evaluator
from trading_ai.market.bars import Bars
from trading_ai.metrics.catalog import METRIC_NAMES, METRICS
from trading_ai.parameters import Combination, SearchSpace, Value
from trading_ai.strategies.base import Declared

Indices = npt.NDArray[np.int64]

_MEMBERS_KEPT = 16
"""Evaluators that are kept: each holds bars with its own spread, and orders."""


def set_account(
    sizing: Sizing, costs: Costs, rules: ExecutionRules, values: Mapping[str, Value]
) -> tuple[Sizing, Costs, ExecutionRules]:
    """A size, costs and rules with some settings changed.

    Args:
        sizing: the size without them.
        costs: the costs without them.
        rules: the rules without them.
        values: settings by the names of options, see `declared.SETTINGS`.

    Raises:
        RuleError: a value is impossible, or does not go with the others.
    """
    for name, value in values.items():
        group = SETTINGS[name]
        changed: Any = value if isinstance(value, str) else float(value)
        if group == "sizing":
            sizing = replace(sizing, mode=cast("SizingMode", name), value=changed)
        elif group == "costs":
            costs = replace(costs, **{name: changed})
        else:
            changed = value if isinstance(value, str) else int(value)
            rules = replace(rules, **{name: changed})
    return sizing, costs, rules


def with_settings(
    spec: BacktestSpec, strategy: Declared, space: SearchSpace, values: Mapping[str, Value]
) -> tuple[BacktestSpec, Combination]:
    """A backtest with the settings of a combination, and what else the combination says."""
    names = searched_settings(strategy, space)
    settings = {name: values[name] for name in names}
    sizing, costs, rules = set_account(spec.sizing, spec.costs, spec.rules, settings)
    rest = {name: value for name, value in values.items() if name not in names}
    return replace(spec, sizing=sizing, costs=costs, rules=rules), rest


def without_settings(strategy: Declared, space: SearchSpace) -> SearchSpace:
    """The other axes of a search space."""
    names = searched_settings(strategy, space)
    return SearchSpace(tuple(axis for axis in space.axes if axis.name not in names))


class SettingsEvaluator(Evaluator):
    """Evaluates each combination with the account that its settings make.

    Args:
        space: the search space, with its axes of settings.
        strategy: the strategy.
        make: makes the evaluator of the other axes, of whatever kind, for values of the settings.
    """

    def __init__(self, space: SearchSpace, strategy: Declared, make: Callable[[Combination], Evaluator]) -> None:
        self.space, self.strategy, self._make = space, strategy, make
        self._names = searched_settings(strategy, space)
        sizes = [name for name in self._names if SETTINGS[name] == "sizing"]
        if len(sizes) > 1:
            raise ParameterError(
                f"cannot be searched beside {sizes[0]}: a position has one size", parameter=sizes[1], own=True
            )
        self._axes = [space.names.index(name) for name in self._names]
        self._members: dict[tuple[Value, ...], Evaluator] = {}
        self._base = self._member(tuple(space.axes[i].values[0] for i in self._axes))
        self._others = self._base.space
        self.fixed, self.account, self.period = self._base.fixed, self._base.account, self._base.period
        # Refused before any trial is run: each value by itself, beside the first of the others.
        for place, axis in enumerate(self._axes):
            values = space.axes[axis].values
            for value in {values[0], values[-1]}:
                settings = [space.axes[i].values[0] for i in self._axes]
                settings[place] = value
                self._member(tuple(settings))

    def _member(self, settings: tuple[Value, ...]) -> Evaluator:
        if settings not in self._members:
            while len(self._members) >= _MEMBERS_KEPT:
                del self._members[next(iter(self._members))]
            member = self._make(dict(zip(self._names, settings, strict=True)))
            member.n_threads = self.n_threads if self._members else member.n_threads
            self._members[settings] = member
        return self._members[settings]

    def member(self, combination: Mapping[str, Value]) -> Evaluator:
        """What evaluates one combination, with the account of its settings.

        Raises:
            ParameterError: it lacks a setting.
            RuleError: a setting is impossible.
        """
        for name in self._names:
            if name not in combination:
                raise ParameterError("needs a value: it is searched", parameter=name, own=True)
        return self._member(tuple(combination[name] for name in self._names))

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
        return self._base.n_days

    @property
    @override
    def day_numbers(self) -> Indices:
        return self._base.day_numbers

    @override
    def bars_of(self, combination: Mapping[str, Value]) -> BarsOf:
        return self.member(combination).bars_of(self._without(combination))

    @override
    def strategy_bars(self, combination: Mapping[str, Value]) -> Bars:
        return self._base.strategy_bars(self._without(combination))  # what a strategy sees is no matter of its account

    @override
    def day_opens(self, day: int) -> int | None:
        return self._base.day_opens(day)

    @override
    def evaluate(self, indices: Indices, keep_daily_profit: bool = False) -> EvaluatedChunk:
        m = indices.shape[0]
        metrics = np.full((m, len(METRICS)), np.nan)
        daily = np.zeros((m, self.n_days), dtype=np.float32) if keep_daily_profit else None
        failures: dict[int, str] = {}
        inner, keys = np.zeros(m, dtype=np.int64), np.zeros(m, dtype=np.int64)
        sizes = iter(self._others.shape)
        positions = self.space.positions(indices)
        for i, position in enumerate(positions):
            if i in self._axes:
                keys = keys * self.space.shape[i] + position
            else:
                inner = inner * next(sizes) + position
        for key in np.unique(keys).tolist():
            rows = np.flatnonzero(keys == key)
            settings = tuple(self.space.axes[i].values[int(positions[i][rows[0]])] for i in self._axes)
            chunk = self._member(settings).evaluate(inner[rows], keep_daily_profit)
            metrics[rows] = chunk.metrics
            whole = dict(zip(inner[rows].tolist(), indices[rows].tolist(), strict=True))
            failures.update({whole[i]: text for i, text in chunk.failures.items()})
            if daily is not None and chunk.daily_profit is not None:
                daily[rows] = chunk.daily_profit
        return EvaluatedChunk(indices, metrics, failures, daily)

    @override
    def metrics_of(self, **parameters: Value) -> dict[str, float]:
        chunk = self.evaluate(np.array([self.space.index_of(parameters)]))
        for message in chunk.failures.values():
            raise EvaluationError(message)
        return dict(zip(METRIC_NAMES, chunk.metrics[0].tolist(), strict=True))

    @override
    def metrics_at(self, combination: Mapping[str, Value], entry_delay: int = 0) -> dict[str, float]:
        return self.member(combination).metrics_at(self._without(combination), entry_delay)

    @override
    def backtest(self, combination: Mapping[str, Value] | None = None) -> BacktestResult:
        given = combination or {}
        result = self.member(given).backtest(self._without(given))
        settings = {name: given[name] for name in self._names}
        return replace(result, parameters={**settings, **result.parameters})

    def _without(self, combination: Mapping[str, Value]) -> Combination:
        return {name: value for name, value in combination.items() if name not in self._names}


class BarsSettingsEvaluator(SettingsEvaluator, BarsEvaluator):
    """The same on the bars of one symbol; `data` and `account` are those of the first value of each setting."""

    def __init__(self, space: SearchSpace, strategy: Declared, make: Callable[[Combination], BarsEvaluator]) -> None:
        super().__init__(space, strategy, make)
        first = make(dict(zip(self._names, (space.axes[i].values[0] for i in self._axes), strict=True)))
        self.bars, self.data, self.account_currency = first.bars, first.data, first.account_currency
