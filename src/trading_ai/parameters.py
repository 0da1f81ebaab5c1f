"""Parameter ranges, choices and the search spaces made of them.

A search space numbers its combinations: index 0 has every parameter at its first value and the last
parameter varies fastest, like nested loops. Any combination is computed from its index, so a space of a
million combinations needs no list of them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, DecimalException, InvalidOperation
from functools import cached_property
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from trading_ai.errors import ParameterError

Value: TypeAlias = bool | int | float | str
Combination: TypeAlias = dict[str, Value]
Indices: TypeAlias = npt.NDArray[np.int64]


def exact(number: float) -> Decimal:
    """The decimal number a user wrote: 0.1 means one tenth, not its nearest binary fraction."""
    return Decimal(repr(float(number))) if isinstance(number, float) else Decimal(number)


class Axis(Protocol):
    """One dimension of a search space."""

    @property
    def name(self) -> str:
        """The parameter's name."""
        ...

    def __len__(self) -> int:
        """Number of values, known without listing them."""
        ...

    @property
    def values(self) -> tuple[Value, ...]:
        """The values, in order."""
        ...


_MAX_VALUES = 10**18


@dataclass(frozen=True)
class ParameterRange:
    """Equally spaced values from `min_value` to `max_value`, both ends included.

    20..80 step 2 is 31 values. Values are exact decimals: 0.1..0.3 step 0.1 is 0.1, 0.2, 0.3. Where the
    step does not divide the range, the last value is the largest one not above `max_value`. Values are
    integers when minimum and step are.

    Raises:
        ParameterError: an end or the step is not finite, the step is not positive, or min is above max.
    """

    name: str
    min_value: float
    max_value: float
    step: float

    def __post_init__(self) -> None:
        for field in ("min_value", "max_value", "step"):
            value = getattr(self, field)
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise ParameterError("must be a finite number", parameter=f"{self.name}.{field}", value=value)
        if self.step <= 0:
            raise ParameterError(
                "must be above zero",
                parameter=f"{self.name}.step",
                value=self.step,
                remedy="Give a step such as 1.",
            )
        if self.min_value > self.max_value:
            raise ParameterError(
                f"the range begins at {self.min_value!r} and ends at {self.max_value!r}, which is below it",
                parameter=f"{self.name}.min_value",
                value=self.min_value,
                remedy=f"Swap the two: from {self.max_value!r} to {self.min_value!r}",
            )

    def __len__(self) -> int:
        low, high, step = exact(self.min_value), exact(self.max_value), exact(self.step)
        try:
            n = int((high - low) // step) + 1
        except DecimalException:  # more digits than exact arithmetic has
            n = _MAX_VALUES + 1
        if n > _MAX_VALUES:
            raise ParameterError(
                "is too small for the range, which has more than 10^18 values",
                parameter=f"{self.name}.step",
                value=self.step,
                remedy="Take a larger step.",
            )
        return n

    @cached_property
    def values(self) -> tuple[Value, ...]:
        """The values, ascending; integers when minimum and step are whole numbers."""
        low, step = exact(self.min_value), exact(self.step)
        if low == low.to_integral_value() and step == step.to_integral_value():
            start, stride = int(low), int(step)
            return tuple(range(start, start + len(self) * stride, stride))
        return tuple(float(low + i * step) for i in range(len(self)))

    @property
    def note(self) -> str:
        """What a user who reads the range may not expect, or "": where it ends if its step does not lead to its end."""
        low, high, step = exact(self.min_value), exact(self.max_value), exact(self.step)
        with suppress(DecimalException):
            last = low + (len(self) - 1) * step
            if last != high:
                return (
                    f"{self.name} ends at {last.normalize():f}, not at {high.normalize():f}: steps of "
                    f"{step.normalize():f} from {low.normalize():f} on do not meet it"
                )
        return ""

    @classmethod
    def parse(cls, text: str) -> ParameterRange | Choices:
        """Read ``name=min:max:step`` (step 1 if left out) or ``name=a,b,c`` for a list of values, see `parse_value`.

        Raises:
            ParameterError: the text has another shape.
        """
        name, sign, rest = text.partition("=")
        name, rest = name.strip(), rest.strip()
        if not sign or not name or not rest:
            raise ParameterError(
                "must look like NAME=MIN:MAX:STEP or NAME=A,B,C",
                parameter="space",
                value=text,
                remedy="Example: stop_loss=20:80:2",
            )
        if ":" not in "".join(_outside_quotes(rest)):
            return Choices(name, tuple(parse_value(part) for part in _listed(rest)))
        parts = rest.split(":")
        if len(parts) not in {2, 3}:
            raise ParameterError(
                "must look like NAME=MIN:MAX:STEP",
                parameter=name,
                own=True,
                value=rest,
                remedy="Example: stop_loss=20:80:2",
            )
        numbers = []
        for field, part in zip(("min_value", "max_value", "step"), [*parts, "1"], strict=False):
            value = parse_value(part.strip())
            if isinstance(value, bool | str):
                raise ParameterError("must be a number", parameter=f"{name}.{field}", value=part)
            numbers.append(value)
        return cls(name, *numbers)


@dataclass(frozen=True)
class Choices:
    """A listed set of values, in the order given.

    Raises:
        ParameterError: the list is empty or holds a value twice.
    """

    name: str
    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise ParameterError("needs at least one value", parameter=self.name, value=self.values, own=True)
        if len(set(self.values)) != len(self.values):
            raise ParameterError("must not list a value twice", parameter=self.name, value=self.values, own=True)

    def __len__(self) -> int:
        return len(self.values)


_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_ITEM = re.compile(rf"\s*({_QUOTED.pattern}(?=\s*(?:,|\Z))|[^,]*)\s*")


def parse_value(text: str) -> Value:
    """Read a parameter's value: true/false, a whole number, a decimal number, or else the text itself.

    A text in double quotes, written as in JSON, is that text, whatever it looks like: ``"10"``, ``"a,b"``, ``" "``.
    """
    if _QUOTED.fullmatch(text):
        with suppress(ValueError):  # no JSON after all: a text that holds quotes
            return str(json.loads(text))
    lowered = text.lower()
    if lowered in {"true", "false"}:
        return lowered == "true"
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number.is_finite():
        return text
    return int(number) if number == number.to_integral_value() and "." not in text else float(number)


def value_text(value: Value) -> str:
    """The text that `parse_value` reads as that value, of the same type and to the last bit, also within a list."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        text = repr(value)
        digits, e, power = text.partition("e")
        return text if "." in digits or not math.isfinite(value) else f"{digits}.0{e}{power}"
    if isinstance(value, int):
        return str(value)
    plain = value and value == value.strip() and not set(value) & set('",:') and value.isprintable()
    return value if plain and parse_value(value) == value else json.dumps(value)


def axis_text(axis: Axis) -> str:
    """The text that `ParameterRange.parse` reads as that axis."""
    if isinstance(axis, ParameterRange):
        return f"{axis.name}=" + ":".join(value_text(end) for end in (axis.min_value, axis.max_value, axis.step))
    return f"{axis.name}=" + ",".join(map(value_text, axis.values))


def _outside_quotes(text: str) -> list[str]:
    """What stands outside of quoted values of a list."""
    return [part for part in _listed(text) if not _QUOTED.fullmatch(part)]


def _listed(text: str) -> list[str]:
    """Values of a list, stripped; a comma within a quoted value does not part."""
    parts, begin = [], 0
    while begin <= len(text):
        item = _ITEM.match(text, begin)
        assert item is not None  # it matches nothing at all, too
        parts.append(item[1].strip())
        begin = item.end() + 1
    return parts


def axis_of(name: str, values: Iterable[Value] | ParameterRange | Choices) -> Axis:
    """Make an axis of whatever lists values: a range, a list, an array."""
    if isinstance(values, ParameterRange | Choices):
        return values
    if isinstance(values, np.ndarray):
        return Choices(name, tuple(values.tolist()))
    listed = tuple(values)
    if any(issubclass(kind, np.generic) for kind in set(map(type, listed))):
        listed = tuple(v.item() if isinstance(v, np.generic) else v for v in listed)
    return Choices(name, listed)


@dataclass(frozen=True)
class SearchSpace:
    """All combinations of some axes.

    Raises:
        ParameterError: two axes share a name.
    """

    axes: tuple[Axis, ...]

    def __post_init__(self) -> None:
        for name in self.names:
            if self.names.count(name) > 1:
                raise ParameterError(
                    "is given twice", parameter=name, remedy="Give every parameter one range.", own=True
                )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The parameters' names, in order."""
        return tuple(axis.name for axis in self.axes)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Number of values on each axis."""
        return tuple(len(axis) for axis in self.axes)

    @cached_property
    def n_combinations(self) -> int:
        """Number of combinations: the product of `shape` (1 for a space without axes)."""
        return math.prod(self.shape)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user who reads the ranges may not expect, a sentence each."""
        return tuple(axis.note for axis in self.axes if isinstance(axis, ParameterRange) and axis.note)

    def positions(self, indices: Indices) -> tuple[npt.NDArray[np.int64], ...]:
        """For each axis, each combination's position along it; `indices` has shape (m,)."""
        return tuple(np.unravel_index(indices, self.shape)) if self.axes else ()

    def combination(self, index: int) -> Combination:
        """The combination with that index.

        Raises:
            ParameterError: the index is outside 0..n_combinations-1.
        """
        if not 0 <= index < self.n_combinations:
            raise ParameterError(
                f"must lie in 0..{self.n_combinations - 1}", parameter="combination_index", value=index
            )
        result: Combination = {}
        for axis in reversed(self.axes):
            index, position = divmod(index, len(axis.values))
            result[axis.name] = axis.values[position]
        return {name: result[name] for name in self.names}

    def index_of(self, combination: Mapping[str, Value]) -> int:
        """The index of a combination; the inverse of `combination`.

        Raises:
            ParameterError: a parameter is missing or its value is not on its axis.
        """
        index = 0
        for axis in self.axes:
            try:
                position = axis.values.index(combination[axis.name])
            except (KeyError, ValueError):
                raise ParameterError(
                    "is not one of the values of this search space",
                    parameter=axis.name,
                    own=True,
                    value=combination.get(axis.name),
                ) from None
            index = index * len(axis.values) + position
        return index

    def to_json(self) -> list[dict[str, Any]]:
        """The axes as JSON-ready dicts; `from_json` reads them back."""
        return [
            {"name": a.name, "min_value": a.min_value, "max_value": a.max_value, "step": a.step}
            if isinstance(a, ParameterRange)
            else {"name": a.name, "values": list(a.values)}
            for a in self.axes
        ]

    @classmethod
    def from_json(cls, axes: Sequence[Mapping[str, Any]]) -> SearchSpace:
        """Read what `to_json` wrote."""
        return cls(
            tuple(
                Choices(a["name"], tuple(a["values"]))
                if "values" in a
                else ParameterRange(a["name"], a["min_value"], a["max_value"], a["step"])
                for a in axes
            )
        )


def is_ordered(axis: Axis) -> bool:
    """Whether neighbouring values of an axis are alike: a range, or numbers that ascend."""
    if isinstance(axis, ParameterRange):
        return True
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in axis.values)
    return numbers and bool(np.all(np.diff(np.array(axis.values, dtype=np.float64)) > 0))
