"""The TOML file that describes a command as a strategy."""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trading_ai.errors import StrategyError, did_you_mean
from trading_ai.parameters import Value
from trading_ai.runners.process.placeholders import check_placeholders
from trading_ai.strategies.base import Parameter
from trading_ai.strategies.sources import read_sources

OWN_REPORT = "json"
"""The report format that is ours, see `trading_ai.runners.process.own_report`."""

CHECKED = ("symbol", "dates", "capital", "parameters")
"""What a report must repeat of its request, or it is refused."""

_BARS = ("csv", "inline", "none")
_KEYS = (
    "name", "command", "stop_command", "time_limit_seconds", "retries", "folder", "bars", "report", "report_file",
    "unchecked", "environment", "files", "parameters", "rules",
)  # fmt: skip
_PARAMETER_KEYS = ("kind", "default", "min", "max", "step", "unit", "description", "choices")
_KINDS = ("int", "float", "bool", "choice")
_MOST_SECONDS = 7 * 86_400.0
_MOST_RETRIES = 10
_WIDE = 1e9


@dataclass(frozen=True)
class Description:
    """A command as a strategy.

    Attributes:
        path: the file that says so.
        name: what users and messages call it.
        command: the program and its arguments, with placeholders; never a shell's line.
        stop_command: run after a time limit, for what the command started elsewhere (a container); may be empty.
        time_limit_seconds: for one attempt.
        retries: attempts after a crash, or after an end without a report; a time limit or a refused report is final.
        folder: where the command runs.
        bars: how it gets the bars: ``csv`` file, ``inline`` in the request, or ``none``.
        report: format of what comes back: ``json``, or the name of an importer.
        report_file: name of the report in the private folder.
        unchecked: those of `CHECKED` that the report's format does not hold.
        environment: names of environment variables that the command gets besides the usual ones.
        files: what its results depend on besides this file: patterns relative to it.
        parameters: the declared parameters by name.
        rules: pairs of parameters of which the first must be below the second.
    """

    path: Path
    name: str
    command: tuple[str, ...]
    stop_command: tuple[str, ...] = ()
    time_limit_seconds: float = 600.0
    retries: int = 1
    folder: Path = Path()
    bars: str = "csv"
    report: str = OWN_REPORT
    report_file: str = "report.json"
    unchecked: frozenset[str] = frozenset()
    environment: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    rules: tuple[tuple[str, str], ...] = ()

    def identity_parts(self) -> tuple[str, ...]:
        """A line for this file, for each file it names, for scripts among the arguments, and for what those import.

        Raises:
            StrategyError: a pattern of `files` finds nothing, or a file cannot be read.
        """
        home = self.path.resolve().parent
        parts = {f"command {_digest(self.path)}"}
        found: set[Path] = set()
        for pattern in self.files:
            if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
                raise self._error("files", pattern, "leads out of the file's folder", "Put what it needs beside it.")
            matches = [file for file in home.glob(pattern) if file.is_file()]
            if not matches:
                raise self._error("files", pattern, "finds no file", "Patterns are relative to the file's own folder.")
            found.update(matches)
        for argument in self.command:
            is_file = False
            file = Path(argument.replace("{folder}", str(home)))
            inside = file if file.is_absolute() else self.folder / file
            with suppress(OSError, ValueError):  # a script in the argument itself is no file
                is_file = inside.is_file() and inside.resolve().is_relative_to(home)
            if is_file:
                found.add(inside)
        for file in found:
            parts.add(f"file {file.resolve().relative_to(home).as_posix()} {_digest(file)}")
            if file.suffix == ".py":
                try:
                    parts.update(read_sources(file).parts())
                except (OSError, SyntaxError, ValueError) as error:
                    raise self._error("files", str(file), f"cannot be read as Python: {error}") from error
        return tuple(sorted(parts))

    def _error(self, key: str, value: object, rule: str, remedy: str = "") -> StrategyError:
        return StrategyError(f"{key} {rule}", parameter=self.path.name, value=value, remedy=remedy)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def read_description(path: Path) -> Description | None:
    """Read a file; None where it is TOML of another kind: it names no command.

    Raises:
        StrategyError: it is no TOML, or a key of it is unknown, missing or of the wrong kind.
    """
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StrategyError(f"is no TOML: {error}", parameter="strategy", value=str(path)) from error
    if "command" not in given:
        return None
    reader = _Reader(path, given)
    reader.known(given, _KEYS, "")
    home = path.resolve().parent
    folder = home / reader.text("folder", ".")
    if not folder.is_dir():
        raise reader.error("folder", given["folder"], "is no folder", "It is relative to the file's own folder.")
    parameters = reader.parameters()
    made = Description(
        path=path,
        name=reader.text("name", path.stem),
        command=reader.texts("command"),
        stop_command=reader.texts("stop_command"),
        time_limit_seconds=reader.number("time_limit_seconds", 600.0, 0.0, _MOST_SECONDS),
        retries=int(reader.number("retries", 1, 0, _MOST_RETRIES, whole=True)),
        folder=folder,
        bars=reader.one_of("bars", "csv", _BARS),
        report=reader.text("report", OWN_REPORT),
        report_file=reader.file_name("report_file", "report.json"),
        unchecked=frozenset(reader.texts("unchecked")),
        environment=reader.texts("environment"),
        files=reader.texts("files"),
        parameters=parameters,
        rules=reader.rules(parameters),
    )
    if not made.command:
        raise reader.error("command", [], "must name a program", 'Write a list: command = ["program", "argument"].')
    for name in made.unchecked - set(CHECKED):
        raise reader.error("unchecked", name, "must be of " + ", ".join(CHECKED))
    if made.unchecked and made.report == OWN_REPORT:
        raise reader.error("unchecked", sorted(made.unchecked), "must be empty: the own format holds everything")
    for argument in (*made.command, *made.stop_command):
        check_placeholders(argument, parameters, path.name)
    return made


class _Reader:
    """Reads the keys of a file, and says which of them is wrong."""

    def __init__(self, path: Path, given: Mapping[str, Any]) -> None:
        self._path, self._given = path, given

    def error(self, key: str, value: object, rule: str, remedy: str = "") -> StrategyError:
        return StrategyError(f"{key} {rule}", parameter=self._path.name, value=value, remedy=remedy)

    def known(self, given: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
        for key in given:
            if key not in names:
                raise self.error(
                    f"{where}{key}", None, "is not known", did_you_mean(key, names) + "Known: " + ", ".join(names)
                )

    def text(self, key: str, default: str) -> str:
        value = self._given.get(key, default)
        if not isinstance(value, str) or not value or "\0" in value:
            raise self.error(key, value, "must be a text")
        return value

    def file_name(self, key: str, default: str) -> str:
        value = self.text(key, default)
        if Path(value).name != value or value in {".", "..", "request.json", "bars.csv"}:
            raise self.error(
                key, value, "must be the name of a file, without folders, that is not one of the request's"
            )
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._given.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and "\0" not in item for item in value):
            raise self.error(key, value, "must be a list of texts")
        return tuple(value)

    def one_of(self, key: str, default: str, allowed: tuple[str, ...]) -> str:
        value = self.text(key, default)
        if value not in allowed:
            raise self.error(key, value, "must be one of " + ", ".join(allowed))
        return value

    def number(self, key: str, default: float, low: float, high: float, *, whole: bool = False) -> float:
        value = self._given.get(key, default)
        good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not good or not low <= value <= high or (whole and value != int(value)) or (not whole and not value):
            raise self.error(key, value, f"must be a {'whole ' if whole else ''}number between {low:g} and {high:g}")
        return float(value)

    def parameters(self) -> dict[str, Parameter]:
        given = self._given.get("parameters", {})
        if not isinstance(given, dict) or not all(isinstance(table, dict) for table in given.values()):
            raise self.error("parameters", None, "must be tables", "Write [parameters.period], one for each.")
        return {name: self._parameter(name, table) for name, table in given.items()}

    def _parameter(self, name: str, table: Mapping[str, Any]) -> Parameter:
        where = f"parameters.{name}."
        self.known(table, _PARAMETER_KEYS, where)
        if "default" not in table:
            raise self.error(f"{where}default", None, "is missing")
        default: Value = table["default"]
        guessed = {bool: "bool", int: "int", float: "float", str: "choice"}.get(type(default), "")
        kind = table.get("kind", guessed)
        if kind not in _KINDS:
            raise self.error(f"{where}kind", kind, "must be one of " + ", ".join(_KINDS))
        choices = table.get("choices", [])
        if kind == "choice" and (not isinstance(choices, list) or default not in choices):
            raise self.error(f"{where}choices", choices, "must be a list that holds the default")
        numbers = {"min": -_WIDE, "max": _WIDE, "step": 1 if kind == "int" else 0.1}
        for key, usual in tuple(numbers.items()):
            value = table.get(key, usual)
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise self.error(where + key, value, "must be a number")
            numbers[key] = value
        if numbers["step"] <= 0:
            raise self.error(f"{where}step", numbers["step"], "must be above zero")
        if kind == "int":
            numbers = {key: int(value) if value == int(value) else value for key, value in numbers.items()}
        made = Parameter(
            default, numbers["min"], numbers["max"], numbers["step"], str(table.get("unit", "")),
            str(table.get("description", "")), kind=kind, choices=tuple(choices), name=name,
        )  # fmt: skip
        made.check(default)
        return made

    def rules(self, parameters: Mapping[str, Parameter]) -> tuple[tuple[str, str], ...]:
        given = self._given.get("rules", [])
        pairs = isinstance(given, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in given)
        if not pairs or any(name not in parameters for pair in given for name in pair):
            raise self.error("rules", given, "must be pairs of parameters", 'Write rules = [["fast", "slow"]].')
        return tuple((str(pair[0]), str(pair[1])) for pair in given)
