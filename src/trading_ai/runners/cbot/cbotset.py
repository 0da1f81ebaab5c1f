"""Read ``.cbotset`` files, in which the platform keeps a robot's parameters: the older form is INI, the newer JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trading_ai.errors import DataError, ParameterError, did_you_mean
from trading_ai.parameters import Axis, Choices, ParameterRange, Value
from trading_ai.runners.cbot.declaration import Text
from trading_ai.strategies.base import Parameter

_CHART = {"chart", "chartparameters"}
_PARAMETERS = {"parameters", "cbotparameters"}


@dataclass(frozen=True)
class CbotSet:
    """What a ``.cbotset`` file holds.

    Attributes:
        symbol: symbol of its chart, or "".
        timeframe: timeframe of its chart as the file has it, such as ``m1``, or "".
        values: the parameters' values as texts, by name.
        ranges: first value, last value and step of the parameters that are to be searched, as texts, by name.
        lists: values of the parameters that are to be searched one by one, as texts, by name.
    """

    symbol: str = ""
    timeframe: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    ranges: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_cbotset(path: Path) -> CbotSet:
    """Read a file of either form.

    Raises:
        DataError: there is no such file, or it has neither form; the message names the line where it can.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", file=str(path)) from error
    return parse_cbotset(content, str(path))


def parse_cbotset(content: bytes, name: str = "") -> CbotSet:
    """The same of a file's content; errors as of `read_cbotset`."""
    try:
        text = content.decode("utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError("is no text in UTF-8 or UTF-16", file=name) from error
    # A part of the older form begins with a bracket too, but with a name in it.
    return _from_json(text, name) if text.lstrip().startswith("{") else _from_ini(text, name)


def _from_json(text: str, name: str) -> CbotSet:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"is no JSON: {error}", file=name, line=getattr(error, "lineno", None)) from error
    parts = {key.lower(): value for key, value in document.items()} if isinstance(document, dict) else {}
    chart: Any = next((parts[key] for key in _CHART if key in parts), {})
    given = next((parts[key] for key in _PARAMETERS if key in parts), None)
    if isinstance(given, list):  # rows of an optimization's settings
        given = {str(_get(row, "name")): row for row in given if isinstance(row, dict)}
    if not isinstance(given, dict):
        raise DataError('has no "Parameters"', file=name, remedy="Save the parameters in cTrader anew.")
    values: dict[str, str] = {}
    ranges: dict[str, tuple[str, str, str]] = {}
    lists: dict[str, tuple[str, ...]] = {}
    for key, value in given.items():
        if not isinstance(value, dict):
            values[key] = _text(value)
            continue
        values[key] = _text(_get(value, "value"))
        if str(_get(value, "optimize", "isoptimized", "enabled")).lower() != "true":
            continue
        low, high, step = _get(value, "min", "minvalue"), _get(value, "max", "maxvalue"), _get(value, "step")
        if None not in (low, high, step):
            ranges[key] = (_text(low), _text(high), _text(step))
        elif isinstance(_get(value, "values"), list):
            lists[key] = tuple(map(_text, _get(value, "values")))
    if not isinstance(chart, dict):
        chart = {}
    symbol, frame = _get(chart, "symbol"), _get(chart, "period", "timeframe")
    return CbotSet(_text(symbol or ""), _text(frame or ""), values, ranges, lists)


def _get(row: Mapping[str, Any], *names: str) -> Any:
    by_lower = {str(key).lower(): value for key, value in row.items()}
    return next((by_lower[name] for name in names if name in by_lower), None)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _from_ini(text: str, name: str) -> CbotSet:
    part = ""
    chart: dict[str, str] = {}
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        row = line.strip()
        if not row or row.startswith((";", "#")):
            continue
        if row.startswith("[") and row.endswith("]"):
            part = row[1:-1].strip().lower()
            continue
        key, sign, value = row.partition("=")
        if not sign or part not in _CHART | _PARAMETERS:
            raise DataError(
                "is neither a part such as [cBotParameters] nor NAME = VALUE in one", file=name, line=number, value=row
            )
        (chart if part in _CHART else values)[key.strip()] = value.strip()
    if not values:
        raise DataError("has no [cBotParameters]", file=name, remedy="Save the parameters in cTrader anew.")
    lowered = {key.lower(): value for key, value in chart.items()}
    return CbotSet(lowered.get("symbol", ""), lowered.get("timeframe", lowered.get("period", "")), values)


def values_for(parameters: Mapping[str, Parameter], given: CbotSet) -> dict[str, Value]:
    """The values of a file as a robot's parameters take them.

    Args:
        parameters: what the robot declares.
        given: the file.

    Raises:
        ParameterError: the robot has no parameter of a name, or a value is none of it.
    """
    return {name: value_for(parameters, name, text) for name, text in given.values.items()}


def value_for(parameters: Mapping[str, Parameter], name: str, text: str) -> Value:
    """One of these values; errors as of `values_for`."""
    parameter = parameters.get(name)
    if parameter is None:
        raise ParameterError(
            "is not a parameter of the robot", parameter=name, own=True,
            remedy=did_you_mean(name, parameters) + "It has: " + ", ".join(parameters),
        )  # fmt: skip
    if isinstance(parameter, Text):
        return text
    if parameter.kind == "bool":
        if text.lower() not in {"true", "false"}:
            raise ParameterError("must be True or False", parameter=name, value=text, own=True)
        return text.lower() == "true"
    if parameter.kind == "choice":
        return parameter.check(text.rpartition(".")[2])
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ParameterError("must be a number", parameter=name, value=text, own=True)
    return parameter.check(int(number) if number == int(number) and parameter.kind == "int" else number)


def axes_for(parameters: Mapping[str, Parameter], given: CbotSet, base: Mapping[str, Value]) -> list[Axis]:
    """What a file lets search: its ranges and lists, and each other value that a backtest has not, alone.

    Args:
        parameters: what the robot declares.
        given: the file.
        base: values of the backtest.

    Raises:
        ParameterError: as of `values_for`, or a range is none.
    """
    axes: list[Axis] = []
    for name, text in given.values.items():
        value = value_for(parameters, name, text)
        if name in given.ranges:
            low, high, step = given.ranges[name]
            axes.append(ParameterRange.parse(f"{name}={low}:{high}:{step}"))
        elif name in given.lists:
            axes.append(Choices(name, tuple(value_for(parameters, name, each) for each in given.lists[name])))
        elif base.get(name) != value:
            axes.append(Choices(name, (value,)))
    return axes
