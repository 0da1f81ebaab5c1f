"""The searched parameters of an optimization as JSON."""

from __future__ import annotations

from typing import cast

from typing_extensions import TypedDict

from trading_ai.documents.forms import form
from trading_ai.parameters import SearchSpace, Value


@form()
class Range(TypedDict):
    """A searched parameter as a range.

    Attributes:
        name: the parameter.
        min_value: first value.
        max_value: last value, if a step leads there.
        step: from one value to the next.
    """

    name: str
    min_value: float
    max_value: float
    step: float


@form()
class Choices(TypedDict):
    """A searched parameter as a list of values.

    Attributes:
        name: the parameter.
        values: what is tried.
    """

    name: str
    values: list[Value]


def axes_json(space: SearchSpace) -> list[Range | Choices]:
    """The searched parameters."""
    return cast("list[Range | Choices]", space.to_json())
