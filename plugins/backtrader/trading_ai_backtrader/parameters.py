"""``params`` of a Backtrader strategy as parameters that can be searched."""

from __future__ import annotations

import math
from typing import Any

from trading_ai.errors import ParameterError
from trading_ai.parameters import Value
from trading_ai.strategies.base import Parameter

WIDE = 1e9
"""Bounds of numbers, either way: Backtrader's params declare none."""


class Text(Parameter):
    """A parameter that takes any text; its default is the only choice that is known."""

    def check(self, value: Value) -> Value:
        """Return the text.

        Raises:
            ParameterError: the value is none.
        """
        if not isinstance(value, str):
            raise ParameterError("must be a text", parameter=self.name, value=value, own=True)
        return value


def declared_parameters(kind: type[Any]) -> dict[str, Parameter]:
    """A parameter for each of a strategy's params whose default is a number, a yes or no, or a text.

    Params with other defaults (a class of indicators, a date, a tuple, None) keep them.

    Args:
        kind: a ``bt.Strategy`` class.
    """
    found = {name: _declared(name, default) for name, default in kind.params._getitems()}
    return {name: parameter for name, parameter in found.items() if parameter is not None}


def _declared(name: str, default: object) -> Parameter | None:
    if isinstance(default, bool):
        return Parameter(default, kind="bool", name=name)
    if isinstance(default, int) and abs(default) <= WIDE:
        return Parameter(default, int(-WIDE), int(WIDE), 1, kind="int", name=name)
    if isinstance(default, float) and math.isfinite(default) and abs(default) <= WIDE:
        return Parameter(default, -WIDE, WIDE, _step(default), kind="float", name=name)
    if isinstance(default, str):
        return Text(default, kind="choice", choices=(default,), name=name)
    return None


def _step(default: float) -> float:
    """A tenth of the default's size as a power of ten: 0.1 for 2.5, 0.001 for 0.02."""
    return 10.0 ** (math.floor(math.log10(abs(default))) - 1) if default else 0.1
