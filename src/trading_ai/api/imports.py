"""The form fields of an upload: every option of an import, made from the table of options."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Form
from pydantic import BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from trading_ai.api.fields import SHOWABLE
from trading_ai.option import READING_OPTIONS
from trading_ai.options import Option, rows_of

_TYPES: dict[str, Any] = {"number": float, "whole": int}


def _true_or_false(given: object) -> object:
    """A form's text that is a truth value as JSON writes it, and not whatever else might mean one."""
    if given not in {"true", "false", True, False}:
        raise PydanticCustomError("true_or_false", "must be true or false")
    return given


def _or_nothing(given: object) -> object:
    """A form has text only: an empty field and the word null, as a browser's script sends it, leave an option out."""
    return None if given in ("", "null") else given


def _field(row: Option) -> inspect.Parameter:
    about: dict[str, Any] = {"description": row.described, "alias": row.api_name}
    default: Any = row.default
    kind: Any
    if row.kind == "yes_no":
        kind = Annotated[bool, BeforeValidator(_true_or_false), Form(**about)]
    elif row.kind == "texts":
        text: Any = Annotated[str, StringConstraints(max_length=row.max_length, pattern=SHOWABLE)]
        kind = Annotated[list[text], Form(max_length=row.max_items, **about)]
        default = []
    elif row.kind in _TYPES:
        high = row.high if row.high is not None else row.api_high
        bounds = Field(gt=row.above, ge=row.low, le=high, allow_inf_nan=False)
        number: Any = Annotated[_TYPES[row.kind], bounds]
        kind = Annotated[number | None, BeforeValidator(_or_nothing), Form(**about)]
    else:
        line: Any = Annotated[str, StringConstraints(max_length=row.max_length, pattern=SHOWABLE)]
        kind = Annotated[line | None, BeforeValidator(_or_nothing), Form(**about)]
    return inspect.Parameter(row.field, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


def _from_form(rows: tuple[Option, ...]) -> Callable[..., dict[str, Any]]:
    def options_of_import(**values: Any) -> dict[str, Any]:
        given = {name: value for name, value in values.items() if value not in (None, "", [])}
        for row in rows:
            row.check(given.get(row.field))
        return given

    options_of_import.__signature__ = inspect.Signature([_field(row) for row in rows])  # type: ignore[attr-defined]
    return options_of_import


upload_options = _from_form(tuple(row for row in rows_of("import") if row.in_api))
report_options = _from_form(tuple(row for row in rows_of("report") if row.in_api))
append_options = _from_form(tuple(row for row in rows_of("import") if row.in_api and row.field in READING_OPTIONS))
AppendOptions = Annotated[dict[str, Any], Depends(append_options)]
"""What a form says of a file by which a dataset grows, as arguments of `read_bars`."""
ReportOptions = Annotated[dict[str, Any], Depends(report_options)]
"""What a form says of reports, as arguments of `read_trades`, and the dataset."""
ImportOptions = Annotated[dict[str, Any], Depends(upload_options)]
"""What a form says of the file, as arguments of `read_bars`."""
