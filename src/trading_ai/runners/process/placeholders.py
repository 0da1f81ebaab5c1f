"""Placeholders in a command's arguments: ``{request}``, ``{start:%d/%m/%Y}``, ``{parameter.period}``.

Each argument is filled in by itself and handed to the program as it is. No shell reads it, so that no value can become
a second argument or a command.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from trading_ai.errors import StrategyError, did_you_mean
from trading_ai.parameters import Value

FILES = ("request", "bars", "report", "private")
NAMES = (*FILES, "folder", "python", "run", "symbol", "timeframe", "start", "end", "capital", "currency", "leverage",
         "spread_pips")  # fmt: skip
"""What may stand between braces, besides ``parameter.NAME``."""

_MOMENTS = ("start", "end")
_PLACE = re.compile(r"\{([A-Za-z_][\w.]*)(?::([^{}]*))?\}")


def check_placeholders(argument: str, parameters: Collection[str], file: str) -> None:
    """Check an argument's placeholders; braces that hold no name are text.

    Args:
        argument: one argument of a command.
        parameters: names of the declared parameters.
        file: where it stands, for the message.

    Raises:
        StrategyError: a placeholder is unknown, or has a format that it cannot have.
    """
    known = (*NAMES, *(f"parameter.{name}" for name in parameters))
    for match in _PLACE.finditer(argument):
        name, form = match.groups()
        if name not in known:
            raise StrategyError(
                f"command has the unknown placeholder {{{name}}}", parameter=file, value=argument,
                remedy=did_you_mean(name, known) + "Known: " + ", ".join(known),
            )  # fmt: skip
        if form is not None and name not in _MOMENTS:
            raise StrategyError(
                f"command has a format for {{{name}}}", parameter=file, value=argument,
                remedy="Only {start:...} and {end:...} have one, such as {start:%d/%m/%Y}.",
            )  # fmt: skip


def filled(argument: str, values: Mapping[str, Value | datetime]) -> str:
    """An argument with its placeholders filled in.

    Args:
        argument: one argument, checked.
        values: a value for each name that it holds; moments in UTC.
    """

    def value_of(match: re.Match[str]) -> str:
        value = values[match[1]]
        if isinstance(value, datetime):
            return value.astimezone(UTC).strftime(match[2] or "%Y-%m-%dT%H:%M:%SZ")
        return text_of(value)

    return _PLACE.sub(value_of, argument)


def text_of(value: Value) -> str:
    """A value as programs read it: ``true``, ``12``, ``0.25``, a text as it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.17g}" if float(f"{value:.15g}") != value else f"{value:.15g}"
    return str(value)
