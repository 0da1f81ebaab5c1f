"""What forms are made of: closed dicts whose docstrings say what each field is, and the few values that need care.

A form is a `TypedDict`, so that a type checker sees that a function fills every field of it and no other, that what
callers get stays a plain dict, and that nothing is copied or checked a second time when a page of thousands of rows is
written. Descriptions of the APIs are made from the same classes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from inspect import cleandoc
from typing import Annotated, Any, TypeAlias, TypeVar, cast

_Form = TypeVar("_Form", bound=type)
_ATTRIBUTES = "\n\nAttributes:\n"


class _Format:
    """Says in a description of an API which kind of text a text is."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get_pydantic_json_schema__(
        self, core_schema: object, handler: Callable[[object], dict[str, object]]
    ) -> dict[str, object]:
        return handler(core_schema) | {"format": self._name}


Uuid: TypeAlias = Annotated[str, _Format("uuid")]
Moment: TypeAlias = Annotated[str, _Format("date-time")]
"""A time in UTC, ISO 8601."""

Number: TypeAlias = float | None
"""A number that may be undefined: NaN and infinities are null."""

Numbers: TypeAlias = list[Number]


def form(of: type | None = None, meanings: Mapping[str, str] | None = None) -> Callable[[_Form], _Form]:
    """Make a `TypedDict` a form: its description names every field and says that there is no other.

    What a field means is said in the "Attributes:" of the form's docstring; what is not said there stands in those of
    the forms it extends, or of the record that it shows.

    Args:
        of: the record that it shows; fields of one name mean the same in both.
        meanings: further meanings by field.
    """

    def made(cls: _Form) -> _Form:
        def describe(schema: dict[str, Any]) -> None:
            said = _meanings(cls)
            for name, field in schema["properties"].items():
                if name in said:
                    field["description"] = said[name]
            schema["description"] = cleandoc(cls.__doc__ or "").partition(_ATTRIBUTES)[0]

        found: Any = cls
        found.__form__ = (of, dict(meanings or {}))
        found.__pydantic_config__ = {"extra": "forbid", "json_schema_extra": describe}
        return cls

    return made


def _meanings(cls: type) -> dict[str, str]:
    """What each field of a form, or of a record, means."""
    found: dict[str, str] = {}
    for base in getattr(cls, "__orig_bases__", ()):
        if isinstance(base, type):
            found |= _meanings(base)
    of, more = getattr(cls, "__form__", (None, {}))
    if of is not None:  # what is NaN or None in a record is null in its form
        found |= {name: re.sub(r"\b(NaN|None)\b", "null", said) for name, said in _meanings(of).items()}
    return found | more | _attributes(cls.__doc__ or "")


def _attributes(docstring: str) -> dict[str, str]:
    """The "Attributes:" of a docstring, by name."""
    text = cleandoc(docstring).partition(_ATTRIBUTES)[2].partition("\n\n")[0]
    entries = re.split(r"^    (?=\w+: )", text, flags=re.MULTILINE)[1:]
    return {name: " ".join(said.split()) for name, _, said in (entry.partition(": ") for entry in entries)}


def iso(seconds: float) -> str:
    """A time since 1970 as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def iso_or_none(seconds: float | None) -> str | None:
    """The same of a time that may not have come."""
    return None if seconds is None else iso(seconds)


def iso_ns(nanoseconds: int) -> str:
    """A bar's time, nanoseconds since 1970, as ISO 8601 in UTC."""
    return datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def finite(value: float) -> Number:
    """A number as JSON has it: undefined is null."""
    return value if math.isfinite(value) else None


def finite_values(values: Mapping[str, object]) -> dict[str, Any]:
    """Stored values as JSON has them, however deep: undefined numbers are null, tuples are lists."""
    return cast("dict[str, Any]", _plain(values))


def _plain(value: object) -> object:
    if isinstance(value, float):
        return finite(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
