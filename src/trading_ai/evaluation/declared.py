"""Parameters against what a strategy declares: known, in bounds, of the right type."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from trading_ai.engine.rules import EXIT_PARAMETERS
from trading_ai.errors import ParameterError, did_you_mean
from trading_ai.market.timeframe import timeframe
from trading_ai.options import Group, option
from trading_ai.parameters import Axis, Combination, SearchSpace, Value
from trading_ai.strategies.base import Declared, Parameter


def all_parameters(strategy: Declared) -> dict[str, Parameter]:
    """A strategy's own parameters and the exit parameters, unless it places its own orders, by name."""
    return {**(EXIT_PARAMETERS if strategy.has_exit_parameters else {}), **strategy.parameters}


TIMEFRAME = "timeframe"
"""An axis of this name searches the timeframe that the strategy sees, unless the strategy declares it itself."""


def searches_timeframe(strategy: Declared, space: SearchSpace) -> bool:
    """Whether the timeframe that the strategy sees is an axis of the space."""
    return TIMEFRAME in space.names and TIMEFRAME not in all_parameters(strategy)


SYMBOL = "symbol"
"""An axis of this name searches the symbol that is traded, likewise."""


def searches_symbol(strategy: Declared, space: SearchSpace) -> bool:
    """Whether the symbol that is traded is an axis of the space."""
    return SYMBOL in space.names and SYMBOL not in all_parameters(strategy)


SETTINGS: Mapping[str, Group] = {
    "spread_pips": "costs", "slippage_pips": "costs", "commission_per_lot": "costs", "direction": "rules",
    "opposite_signal": "rules", "max_positions": "rules", "units": "sizing", "lots": "sizing",
    "risk_percent": "sizing", "percent_of_equity": "sizing",
}  # fmt: skip
"""Options that an axis of the same name searches, likewise, with their group; of a size, the name is its mode's."""


def searched_settings(strategy: Declared, space: SearchSpace) -> tuple[str, ...]:
    """The settings of the account that are axes of the space, in its order."""
    declared = all_parameters(strategy)
    return tuple(name for name in space.names if name in SETTINGS and name not in declared)


def _check_setting(axis: Axis) -> None:
    group = SETTINGS[axis.name]
    row = option(group, "value" if group == "sizing" else axis.name)
    for value in axis.values:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if row.kind != "choice" and not is_number:
            raise ParameterError("must be a number", parameter=axis.name, value=value, own=True)
        if row.kind == "whole" and is_number and float(value) != int(value):
            raise ParameterError("must be a whole number", parameter=axis.name, value=value, own=True)
        try:
            row.check(value)
        except ParameterError as error:
            rule = f"must be {row.bounds}" if row.kind != "choice" else f"must be one of {row.bounds}"
            raise ParameterError(rule, parameter=axis.name, value=value, own=True) from error


def resolve_parameters(strategy: Declared, given: Mapping[str, Value]) -> Combination:
    """Check parameters and fill in defaults.

    Raises:
        ParameterError: a parameter is unknown (the known ones are listed), has the wrong type, or is out of
            bounds.
    """
    declared = all_parameters(strategy)
    for name in given:
        require_known(strategy, name)
    return {name: p.check(given.get(name, p.default)) for name, p in declared.items()}


def require_known(strategy: Declared, name: str) -> Parameter:
    """The declared parameter of that name.

    Raises:
        ParameterError: there is none; the message lists those there are.
    """
    declared = all_parameters(strategy)
    if name not in declared:
        raise ParameterError(
            f"is not a parameter of {strategy.name}",
            parameter=name,
            own=True,
            remedy=did_you_mean(name, declared) + "Known: " + ", ".join(declared),
        )
    return declared[name]


def check_rules(strategy: Declared, parameters: Mapping[str, Value]) -> None:
    """Refuse parameters that break a rule of a strategy.

    Raises:
        ParameterError: they do; the message has the rule and the values.
    """
    broken = strategy.broken_rule(parameters)
    if broken:
        raise ParameterError(broken, parameter=strategy.name, own=True)


def check_axis(strategy: Declared, axis: Axis) -> None:
    """Check every value of an axis against the declared parameter.

    Raises:
        ParameterError: the parameter is unknown, or a value has the wrong type or is out of bounds.
        DataError: a timeframe is unknown.
    """
    if axis.name == TIMEFRAME and TIMEFRAME not in all_parameters(strategy):
        for value in axis.values:
            timeframe(str(value))
        return
    if axis.name == SYMBOL and SYMBOL not in all_parameters(strategy):
        for value in axis.values:
            if not isinstance(value, str):
                raise ParameterError("must be the name of a symbol", parameter=SYMBOL, value=value, own=True)
        return
    if axis.name in SETTINGS and axis.name not in all_parameters(strategy):
        _check_setting(axis)
        return
    parameter = require_known(strategy, axis.name)
    values: Sequence[Value] = axis.values
    kinds = {type(v) for v in values}
    alike = kinds == {int} or (kinds == {float} and parameter.kind == "float")
    if len(values) > 2 and alike and all(map(math.isfinite, values)):  # type: ignore[arg-type]
        values = (min(values), max(values))  # the ends speak for what lies between them
    for value in values:
        parameter.check(value)
