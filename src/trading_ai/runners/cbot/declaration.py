"""The parameters of a robot: read from the C# file beside it, or from its ``config.json``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typing_extensions import override

from trading_ai.errors import ParameterError, StrategyError
from trading_ai.parameters import Value
from trading_ai.runners.cbot.enums import ENUMS, Words, words
from trading_ai.runners.cbot.series import TIMEFRAMES
from trading_ai.strategies.base import Parameter

SERIES = {
    "Close": "ClosePrices", "Open": "OpenPrices", "High": "HighPrices", "Low": "LowPrices",
    "Median": "MedianPrices", "Typical": "TypicalPrices", "Weighted": "WeightedPrices",
}  # fmt: skip
"""Values of a parameter that is a DataSeries, and the member of the bars that each is."""

_WHOLE = {"int", "long", "integer", "int32", "int64"}
_DECIMAL = {"double", "float", "decimal", "single"}
_TEXT = {"string", "text"}
_YES_NO = {"bool", "boolean"}

_ATTRIBUTE = re.compile(
    r"\[\s*Parameter\s*(?:\((?P<inside>(?:[^()\"]|\"(?:[^\"\\]|\\.)*\"|\([^()]*\))*)\))?\s*\]\s*"
    r"(?:\[[^\]]*\]\s*)*"
    r"public\s+(?:virtual\s+|override\s+)?(?P<type>[\w.<>?]+)\s+(?P<name>\w+)\s*\{\s*get\s*;\s*(?:private\s+)?set\s*;\s*\}"
    r"(?:\s*=\s*(?P<initial>[^;]+);)?"
)
_COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_ENUM = re.compile(r"\benum\s+(\w+)\s*(?::\s*\w+\s*)?\{([^}]*)\}")


@dataclass(frozen=True)
class Text(Parameter):
    """A parameter that takes any text."""

    @override
    def check(self, value: Value) -> Value:
        if isinstance(value, str):
            return value
        if isinstance(value, bool | int | float):  # typed without quotes
            return str(value)
        raise ParameterError("must be a text", parameter=self.name, value=value, own=True)


@dataclass(frozen=True)
class Declaration:
    """What a robot declares.

    Attributes:
        parameters: its parameters by name.
        types: the kind of value that a robot gets for a parameter where it is no plain one: an enumeration, or
            ``series`` or ``timeframe``.
        class_name: name of its class in C#, or "".
    """

    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    types: Mapping[str, Any] = field(default_factory=dict)
    class_name: str = ""


def read_declaration(files: Mapping[str, bytes]) -> Declaration:
    """What the files of a robot's folder declare.

    Args:
        files: content of its ``.cs`` files and of ``config.json``, by name.

    Raises:
        StrategyError: a parameter has a type that is not known, or a default that is none of its values.
    """
    for name, content in files.items():
        if name.lower() == "config.json":
            found = _from_json(name, content)
            if found.parameters or not any(other.endswith(".cs") for other in files):
                return found
    texts = [
        _without_comments(content.decode("utf-8-sig", "replace")) for n, content in files.items() if n.endswith(".cs")
    ]
    enums = {name: _words(name, body) for text in texts for name, body in _ENUM.findall(text)}
    parameters: dict[str, Parameter] = {}
    types: dict[str, Any] = {}
    class_name = ""
    for text in texts:
        if named := re.search(r"\bnameof\s*\(\s*(\w+)\s*\)", text):
            class_name = named[1]
        elif not class_name and (derived := re.search(r"\bclass\s+(\w+)\s*:\s*Robot\b", text)):
            class_name = derived[1]
        for match in _ATTRIBUTE.finditer(text):
            given = _arguments(match["inside"] or "")
            if match["initial"] and "DefaultValue" not in given:
                given["DefaultValue"] = match["initial"].strip()
            name = match["name"]
            parameters[name], kind = _parameter(name, match["type"].rstrip("?"), given, enums)
            if kind is not None:
                types[name] = kind
    return Declaration(parameters, types, class_name)


def _without_comments(text: str) -> str:
    return _COMMENT.sub(lambda match: match[0] if match[0].startswith('"') else " ", text)


def _words(name: str, body: str) -> type[Words]:
    """An enumeration that the C# file declares itself."""
    members = [part.partition("=")[0].strip() for part in re.sub(r"\[[^\]]*\]", "", body).split(",")]
    return words(name, [member for member in members if member])


def _arguments(inside: str) -> dict[str, str]:
    """``"Name", Group = "x", DefaultValue = 3`` as a dictionary; the first unnamed one is ``Name``."""
    found: dict[str, str] = {}
    for part in re.findall(r"(?:[^,\"]|\"(?:[^\"\\]|\\.)*\")+", inside):
        key, sign, value = part.partition("=") if not part.strip().startswith('"') else ("Name", "=", part)
        found[key.strip() if sign else "Name"] = value.strip() if sign else part.strip()
    return found


def _from_json(name: str, content: bytes) -> Declaration:
    try:
        document = json.loads(content.decode("utf-8-sig"))
        rows = document.get("Parameters") or []
        parameters: dict[str, Parameter] = {}
        types: dict[str, Any] = {}
        for row in rows:
            given = {key: _text(value) for key, value in row.items() if value is not None}
            own = str(row["Name"])
            given["Name"] = str(row.get("DisplayName") or own)
            parameters[own], kind = _parameter(own, str(row["Type"]), given, {})
            if kind is not None:
                types[own] = kind
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StrategyError(
            f"{name} is no list of parameters: {type(error).__name__}: {error}", parameter="strategy",
            remedy='It must look like {"Parameters": [{"Name": "Periods", "Type": "Integer", "DefaultValue": 14}]}.',
        ) from error  # fmt: skip
    return Declaration(parameters, types)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(name: str, key: str, text: str) -> float:
    cleaned = re.sub(r"(?<=\d)[dDfFmMlL]$", "", text.strip().strip('"').replace("_", ""))
    limits = {
        "int.MaxValue": 2147483647,
        "int.MinValue": -2147483648,
        "double.MaxValue": 1e308,
        "double.MinValue": -1e308,
    }
    if cleaned in limits:
        return float(limits[cleaned])
    try:
        return float(cleaned)
    except ValueError:
        raise StrategyError(
            f"{key} is not a number", parameter=name, value=text, remedy="Write a number in place of the constant."
        ) from None


def _parameter(
    name: str, type_name: str, given: Mapping[str, str], enums: Mapping[str, type[Words]]
) -> tuple[Parameter, Any]:
    """A parameter, and its kind where the robot gets no plain value."""
    plain = type_name.rpartition(".")[2]
    low_type = plain.lower()
    description = given.get("Name", "").strip().strip('"') or name
    group = given.get("Group", "").strip().strip('"').strip()
    description = f"{group}: {description}" if group else description
    default = given.get("DefaultValue")
    if low_type in _WHOLE | _DECIMAL:
        whole = low_type in _WHOLE
        bounds = {key: _number(name, key, given[key]) for key in ("MinValue", "MaxValue", "Step") if key in given}
        value = _number(name, "DefaultValue", default) if default is not None else 0.0
        low, high = bounds.get("MinValue"), bounds.get("MaxValue")
        made = Parameter(
            int(value) if whole else value, low, high, bounds.get("Step") or (1 if whole else 0.1), "", description,
            "int" if whole else "float", name=name,
        )  # fmt: skip
        return made, None
    if low_type in _YES_NO:
        yes = (default or "false").strip().lower() == "true"
        return Parameter(yes, description=description, kind="bool", name=name), None
    if low_type in _TEXT:
        text = _unquoted(default or "")
        return Text(text, description=description, kind="choice", choices=(text,), name=name), None
    if plain in {"DataSeries", "Source"}:
        chosen = _unquoted(default or "Close")
        return _choice(name, description, chosen if chosen in SERIES else "Close", tuple(SERIES)), "series"
    if plain == "TimeFrame":
        chosen = _unquoted(default or "Hour").rpartition(".")[2]
        found = next((frame for frame in TIMEFRAMES if frame.lower() == chosen.lower()), None)
        if found is None:
            raise StrategyError("has a timeframe that is not known", parameter=name, value=chosen)
        return _choice(name, description, found, tuple(TIMEFRAMES)), "timeframe"
    if plain in {"Color", "Symbol"}:
        text = _unquoted(default or "")
        return Text(text, description=description, kind="choice", choices=(text,), name=name), None
    kind = enums.get(plain) or ENUMS.get(plain)
    if kind is None:
        raise StrategyError(
            "has a type that is not known", parameter=name, value=type_name,
            remedy="Known: int, double, bool, string, DataSeries, TimeFrame, " + ", ".join(sorted(ENUMS)) + ".",
        )  # fmt: skip
    members = tuple(member.name for member in kind)
    chosen = _unquoted(default or members[0]).rpartition(".")[2]
    if chosen not in members:
        raise StrategyError(f"is none of {', '.join(members)}", parameter=name, value=chosen)
    return _choice(name, description, chosen, members), kind


def _unquoted(text: str) -> str:
    text = text.strip().removeprefix("@")
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def _choice(name: str, description: str, default: str, choices: tuple[str, ...]) -> Parameter:
    return Parameter(default, description=description, kind="choice", choices=choices, name=name)


def code_files(folder: Path) -> dict[str, bytes]:
    """Content of what declares the parameters of a robot's folder, by name."""
    found = sorted(p for p in folder.iterdir() if p.suffix == ".cs" or p.name.lower() == "config.json")
    return {p.name: p.read_bytes() for p in found if p.is_file()}
