"""The table of options as fields of requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, Field, StrictBool, StrictFloat, StrictInt, create_model, model_validator

from trading_ai.errors import ParameterError, did_you_mean
from trading_ai.optimization.naming import UNSHOWN
from trading_ai.options import Option
from trading_ai.search.registry import METHODS

LARGEST = 1e15  # further numbers lose digits on their way through floating point
WHOLE = 10**15
ID_PATTERN = rf"^[^{UNSHOWN}/%]+$"
"""Of what names something that is stored: an id, its beginning, the name that a user gave it, or latest."""
SHOWABLE = rf"^[^{UNSHOWN}]*$"
"""A text to be shown: nothing in it is of `UNSHOWN`."""

Body = TypeVar("Body", bound=BaseModel)


def with_fields(rows: Iterable[Option]) -> Callable[[type[Body]], type[Body]]:
    """Give a request's model the fields of some options; those that are no plain value it has written out itself."""

    def decorate(model: type[Body]) -> type[Body]:
        fields: dict[str, Any] = {row.api_name: _field(row) for row in _plain(rows)}
        made: type[Body] = create_model(
            model.__name__, __base__=model, __module__=model.__module__, __doc__=model.__doc__, **fields
        )
        return made

    return decorate


def values_in(body: BaseModel, rows: Iterable[Option]) -> dict[str, Any]:
    """What a request says of some options, by field and in the types of the table; those it does not have are left out.

    Args:
        body: the request.
        rows: the options.
    """
    held = [row for row in _plain(rows) if row.api_name in type(body).model_fields]
    return {row.field: _value(row, getattr(body, row.api_name)) for row in held}


class GroupBody(BaseModel):
    """A group of options within a request; a name that is none of them is refused with those there are."""

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: object) -> object:
        known = list(cls.model_fields)
        for name in given if isinstance(given, dict) else ():
            if name not in known:
                group = cls.__name__.removesuffix("Body").lower()
                # Not what pydantic would say: the name that was meant is mostly among those that are known.
                raise ParameterError(
                    "is not known",
                    parameter=f"{group}.{str(name)[:100]}",
                    remedy=did_you_mean(name, known) + "Known: " + ", ".join(known),
                )
        return given

    model_config = {"extra": "forbid"}


def _plain(rows: Iterable[Option]) -> list[Option]:
    return [row for row in rows if row.in_api and row.kind != "object"]


def _value(row: Option, value: Any) -> Any:
    if value is None:
        return None
    if row.kind == "number":
        return float(value)
    return tuple(value) if row.kind == "texts" else value


def _field(row: Option) -> tuple[Any, Any]:
    """Type and default of the field of an option."""
    kind = _type(row)
    text = row.help + (f" ({row.unit})" if row.unit else "")
    default = list(row.default) if isinstance(row.default, tuple) else row.default
    return kind if row.default is not None else kind | None, Field(default, description=text)


def _type(row: Option) -> Any:
    if row.kind in {"number", "whole"}:
        return _number(row)
    if row.kind == "yes_no":
        return StrictBool
    if row.kind == "choice":
        return Literal[tuple(row.choices or ())]
    if row.kind == "currency":
        return Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    if row.kind == "dataset":
        return Annotated[str, Field(min_length=1, max_length=200, pattern=ID_PATTERN)]
    enum = {"enum": [*METHODS]} if row.field == "method" else None
    text: Any = Annotated[
        str,
        Field(max_length=row.max_length, pattern=SHOWABLE, json_schema_extra=enum),  # type: ignore[arg-type]
    ]
    return Annotated[list[text], Field(max_length=row.max_items)] if row.kind == "texts" else text


def _number(row: Option) -> Any:
    high = min(v for v in (row.high, row.api_high, LARGEST) if v is not None)
    low = row.low if row.low is not None or row.above is not None else -LARGEST
    # Each bound stands with each type: beside the union, it would not be in the description of the API.
    whole = Annotated[
        StrictInt,
        Field(ge=None if low is None else int(low), gt=None if row.above is None else int(row.above), le=int(high)),
    ]
    if row.kind == "whole":
        return whole
    return whole | Annotated[StrictFloat, Field(ge=low, gt=row.above, le=high, allow_inf_nan=False)]
