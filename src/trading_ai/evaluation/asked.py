"""What a call names: a strategy or several, parameters with one value, and those that are searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trading_ai.errors import ParameterError
from trading_ai.parameters import Axis, Choices, ParameterRange, SearchSpace, Value, axis_of
from trading_ai.strategies.base import Declared, Signals, SignalStrategy, Strategy
from trading_ai.strategies.event import EventStrategy
from trading_ai.strategies.one_of import WHICH, OneOf
from trading_ai.strategies.registry import strategy as find_strategy

StrategyLike = (
    str | Declared | type[Strategy] | type[EventStrategy] | Signals | Sequence[str | Declared | type[Strategy]]
)
"""A name, ``file.py:Class``, a class or object, ready signals; or a list of strategies, of which one is searched."""


def asked(
    strategy: StrategyLike, parameters: Mapping[str, Any], params: Mapping[str, Any]
) -> tuple[Declared, SearchSpace, dict[str, Value]]:
    """Read what was named.

    Args:
        strategy: which strategy, or which of several.
        parameters: values given as keyword arguments: one is fixed, a range or list is searched.
        params: values given as a mapping.

    Returns:
        The strategy, the space of what is searched, and the fixed values.

    Raises:
        StrategyError: there is no such strategy.
        ParameterError: a name is given twice, or a value is no value, range or list.
    """
    axes: list[Axis] = []
    fixed: dict[str, Value] = {}
    if isinstance(strategy, Signals):
        chosen: Declared = SignalStrategy(strategy)
    elif isinstance(strategy, str | Declared | type):
        chosen = find_strategy(strategy)
    else:
        several = OneOf([find_strategy(each) for each in strategy])
        axes.append(Choices(WHICH, tuple(several.members)))
        chosen = several
    for name, value in _joined(parameters, params).items():
        if isinstance(value, str | bool | int | float | np.generic):
            fixed[name] = value.item() if isinstance(value, np.generic) else value
        elif isinstance(value, range):
            axes.append(Choices(name, tuple(value)))
        elif isinstance(value, ParameterRange | Choices | Sequence | np.ndarray):
            axes.append(axis_of(name, value))
        else:
            raise ParameterError(
                "must be a value, or a range or list of values", parameter=name, value=type(value).__name__
            )
    return chosen, SearchSpace(tuple(axes)), fixed


def _joined(parameters: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters given as keyword arguments and those given as a mapping.

    Raises:
        ParameterError: one is in both.
    """
    for name in params:
        if name in parameters:
            raise ParameterError(
                "is given twice, as an argument and in params", parameter=name, value=params[name],
                remedy="Leave one of them out.",
            )  # fmt: skip
    return {**parameters, **params}
