"""The table of options as flags of commands."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import typer

from trading_ai.errors import InputError
from trading_ai.options import Given, Group, Option, option

_TYPES = {"number": float, "whole": int, "yes_no": bool}
_METAVARS = {"moment": "DATE", "dataset": "DATASET", "currency": "CODE"}
GIVEN = "given"
"""The argument of a command that takes what the flags say, by group and field; they are shown in its place."""
FROM_FLAGS: Given = {}
"""Its default, so that it may stand anywhere."""


def with_flags(rows: Sequence[Option]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the flags of some options, in place of its argument ``given``.

    Args:
        rows: options with flags; others are passed over.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(command, eval_str=True).parameters
        flags = [flag for row in rows for flag in _flags(row, rows)]

        def run(**values: Any) -> None:
            taken = {flag.name: values.pop(flag.name) for flag in flags}
            command(**values, **{GIVEN: _given(rows, taken)})

        shown = [p for name, p in own.items() for p in (flags if name == GIVEN else [p])]
        shown = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in shown]  # as typer calls it anyway
        run.__name__, run.__doc__ = command.__name__, command.__doc__
        run.__annotations__ = {p.name: p.annotation for p in shown}
        run.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
        return run

    return decorate


def _flags(row: Option, rows: Iterable[Option]) -> list[inspect.Parameter]:
    if row.kind == "object" or not row.has_flag or row.follows:
        return []
    if row.named_by:
        meanings = option(row.group, row.named_by).choices or {}
        usual = option(row.group, row.named_by).default
        texts = {
            choice: meaning
            + ("; 10,000, or what the capital buys if less, if no size is given" if choice == usual else "")
            for choice, meaning in meanings.items()
        }
        return [
            _flag(choice, float | None, None, f"--{choice.replace('_', '-')}", f"Size of a position: {text}.")
            for choice, text in texts.items()
        ]
    name, text = row.field, row.described
    further = next((other for other in rows if other.follows == row.field and other.group == row.group), None)
    if further is not None:
        return [_flag(name, list[str], [row.default], row.shown_flag, f"{text} {further.help}", "TEXT")]
    if row.kind == "texts":
        return [_flag(name, list[str], list(row.default or ()), row.shown_flag, text, "TEXT")]  # type: ignore[arg-type]
    words = f"{row.shown_flag}/{row.shown_off_flag}" if row.kind == "yes_no" else row.shown_flag
    kind: Any = _TYPES.get(row.kind, str)
    metavar = "|".join(row.choices) if row.choices else _METAVARS.get(row.kind)
    return [_flag(name, kind if row.default is not None else kind | None, row.default, words, text, metavar)]


def _flag(name: str, kind: Any, default: Any, words: str, text: str, metavar: str | None = None) -> inspect.Parameter:
    shown = typer.Option(default, words, help=text, metavar=metavar)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=shown, annotation=kind)


def _given(rows: Iterable[Option], taken: dict[str, Any]) -> Given:
    """What flags say, checked against the table.

    Raises:
        ParameterError: a value breaks a rule of the table.
        InputError: several flags say the same thing.
    """
    given: dict[Group, dict[str, Any]] = {row.group: {} for row in rows}
    for row in rows:
        if row.named_by:
            given[row.group] |= _named(row, taken)
        elif row.follows:
            first, *more = taken[row.follows]
            given[row.group] |= {row.follows: first, row.field: tuple(more)}
        elif row.field in taken:
            value = taken[row.field]
            if row.kind == "currency":
                value = value.upper()
            given[row.group][row.field] = tuple(value) if row.kind == "texts" else value
        if row.field in given[row.group]:
            row.check(given[row.group][row.field])
    return given


def _named(row: Option, taken: dict[str, Any]) -> dict[str, Any]:
    choices = option(row.group, row.named_by).choices or {}
    said = {choice: taken[choice] for choice in choices if taken[choice] is not None}
    if len(said) > 1:
        names = " and ".join("--" + choice.replace("_", "-") for choice in said)
        raise InputError("give only one of them", parameter=names)
    return {name: v for choice, value in said.items() for name, v in ((row.named_by, choice), (row.field, value))}
