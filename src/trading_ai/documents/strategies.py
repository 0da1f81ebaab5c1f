"""A strategy as JSON."""

from __future__ import annotations

from collections.abc import Iterable

from typing_extensions import TypedDict

from trading_ai.documents.forms import form
from trading_ai.engine.rules import EXIT_PARAMETERS
from trading_ai.parameters import Value
from trading_ai.strategies import base


@form()
class StrategyParameter(TypedDict):
    """A parameter of a strategy, or of the exits that every strategy has.

    Attributes:
        name: its name.
        kind: int, float, bool or choice.
        default: the value used when none is given.
        minimum: smallest allowed value, or null.
        maximum: largest allowed value, or null.
        step: the step a search takes by default.
        choices: the allowed values of a choice, or null.
        unit: unit in words, such as bars or pips, or "".
        description: what it does, in one line.
    """

    name: str
    kind: str
    default: Value
    minimum: float | None
    maximum: float | None
    step: float
    choices: list[Value] | None
    unit: str
    description: str


@form()
class Strategy(TypedDict):
    """A strategy that can be run.

    Attributes:
        name: what requests and commands call it.
        description: what it does, in one line.
        rules: what its parameters must hold, such as "fast < slow".
        parameters: its own parameters.
        exit_parameters: the exits that it has besides; none if it places its own orders.
    """

    name: str
    description: str
    rules: list[str]
    parameters: list[StrategyParameter]
    exit_parameters: list[StrategyParameter]


def strategy_json(name: str, strategy: base.Declared | type[base.Declared]) -> Strategy:
    """A strategy with its parameters."""
    return {
        "name": name,
        "description": (strategy.__doc__ or "").strip().partition("\n")[0],
        "rules": [f"{smaller} < {larger}" for smaller, larger in strategy.rules],
        "parameters": _parameters(strategy.parameters.values()),
        "exit_parameters": _parameters(EXIT_PARAMETERS.values() if strategy.has_exit_parameters else ()),
    }


def _parameters(parameters: Iterable[base.Parameter]) -> list[StrategyParameter]:
    return [
        {
            "name": p.name,
            "kind": p.kind,
            "default": p.default,
            "minimum": p.low,
            "maximum": p.high,
            "step": p.step,
            "choices": list(p.choices) or None,
            "unit": p.unit,
            "description": p.description,
        }
        for p in parameters
    ]
