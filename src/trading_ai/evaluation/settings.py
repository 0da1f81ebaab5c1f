"""Settings of the account as searched parameters: spread, slippage, direction, size; each value has its own account."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from trading_ai.engine.costs import Costs
from trading_ai.engine.rules import ExecutionRules
from trading_ai.engine.sizing import Sizing, SizingMode
from trading_ai.errors import ParameterError
from trading_ai.evaluation.declared import SETTINGS, all_parameters, check_axis, searched_settings
from trading_ai.evaluation.members import MembersEvaluator
from trading_ai.evaluation.model import BacktestSpec
from trading_ai.evaluation.ports import BarsEvaluator, Evaluator
from trading_ai.market.bars import Bars
from trading_ai.parameters import Choices, Combination, SearchSpace, Value
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


def fixed_settings(
    strategy: Declared, space: SearchSpace, fixed: Mapping[str, Value]
) -> tuple[Combination, Combination]:
    """Settings among fixed values, and the other values: what may be searched may have one value as well.

    Raises:
        ParameterError: a setting is impossible, or there are two sizes.
    """
    declared = all_parameters(strategy)
    settings = {name: value for name, value in fixed.items() if name in SETTINGS and name not in declared}
    for name, value in settings.items():
        check_axis(strategy, Choices(name, (value,)))
    sizes = [name for name in (*searched_settings(strategy, space), *settings) if SETTINGS[name] == "sizing"]
    if len(sizes) > 1:
        raise ParameterError(
            f"cannot be given beside {sizes[0]}: a position has one size", parameter=sizes[1], own=True
        )
    return settings, {name: value for name, value in fixed.items() if name not in settings}


def without_settings(strategy: Declared, space: SearchSpace) -> SearchSpace:
    """The other axes of a search space."""
    names = searched_settings(strategy, space)
    return SearchSpace(tuple(axis for axis in space.axes if axis.name not in names))


class SettingsEvaluator(MembersEvaluator):
    """Evaluates each combination with the account that its settings make.

    Args:
        space: the search space, with its axes of settings.
        strategy: the strategy.
        make: makes the evaluator of the other axes, of whatever kind, for values of the settings.
    """

    def __init__(self, space: SearchSpace, strategy: Declared, make: Callable[[Combination], Evaluator]) -> None:
        super().__init__(space, searched_settings(strategy, space))
        self.strategy, self._make = strategy, make
        sizes = [name for name in self._names if SETTINGS[name] == "sizing"]
        if len(sizes) > 1:
            raise ParameterError(
                f"cannot be searched beside {sizes[0]}: a position has one size", parameter=sizes[1], own=True
            )
        self._members: dict[tuple[Value, ...], Evaluator] = {}
        self._base = self._member(tuple(space.axes[i].values[0] for i in self._axes))
        self.fixed, self.account, self.period = self._base.fixed, self._base.account, self._base.period
        # Refused before any trial is run: each value by itself, beside the first of the others.
        for place, axis in enumerate(self._axes):
            values = space.axes[axis].values
            for value in {values[0], values[-1]}:
                settings = [space.axes[i].values[0] for i in self._axes]
                settings[place] = value
                self._member(tuple(settings))

    @override
    def _member(self, values: tuple[Value, ...]) -> Evaluator:
        if values not in self._members:
            while len(self._members) >= _MEMBERS_KEPT:
                del self._members[next(iter(self._members))]
            member = self._make(dict(zip(self._names, values, strict=True)))
            member.n_threads = self.n_threads if self._members else member.n_threads
            self._members[values] = member
        return self._members[values]

    @override
    def _every_member(self) -> Iterable[Evaluator]:
        return self._members.values()

    @override
    def member(self, combination: Mapping[str, Value]) -> Evaluator:
        for name in self._names:
            if name not in combination:
                raise ParameterError("needs a value: it is searched", parameter=name, own=True)
        return self._member(tuple(combination[name] for name in self._names))

    @property
    @override
    def n_days(self) -> int:
        return self._base.n_days

    @property
    @override
    def day_numbers(self) -> Indices:
        return self._base.day_numbers

    @override
    def strategy_bars(self, combination: Mapping[str, Value]) -> Bars:
        return self._base.strategy_bars(self._without(combination))  # what a strategy sees is no matter of its account

    @override
    def day_opens(self, day: int) -> int | None:
        return self._base.day_opens(day)


class BarsSettingsEvaluator(SettingsEvaluator, BarsEvaluator):
    """The same on the bars of one symbol; `data` and `account` are those of the first value of each setting."""

    def __init__(self, space: SearchSpace, strategy: Declared, make: Callable[[Combination], BarsEvaluator]) -> None:
        super().__init__(space, strategy, make)
        first = cast("BarsEvaluator", self._base)
        self.bars, self.data, self.account_currency = first.bars, first.data, first.account_currency
