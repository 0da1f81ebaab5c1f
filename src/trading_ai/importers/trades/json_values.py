"""Values of JSON reports, refused with the path at which one is wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from trading_ai.errors import DataError
from trading_ai.importers.trades.document import Document
from trading_ai.parameters import Value, parse_value

_LARGEST = 1e15
_FIRST_MS, _LAST_MS = 0, 7_258_118_400_000  # 1970 to 2200


def mapping(value: Any) -> Mapping[str, Any]:
    """A JSON object, or an empty one where there is something else."""
    return value if isinstance(value, dict) else {}


def objects(document: Document, value: Any, path: str) -> list[Mapping[str, Any]]:
    """A list of JSON objects.

    Raises:
        DataError: it is something else.
    """
    if not isinstance(value, list):
        raise wrong(document, path, value, "is not a list")
    for i, item in enumerate(value):
        if not isinstance(item, dict):
            raise wrong(document, f"{path}[{i}]", item, "is not an object")
    return value


def number(document: Document, item: Mapping[str, Any], key: str, path: str) -> float:
    """A number that must be there.

    Raises:
        DataError: it is missing, infinite or something else.
    """
    found = maybe(document, item, key, path)
    if math.isnan(found):
        raise wrong(document, f"{path}.{key}", item.get(key), "is not a number" if key in item else "is missing")
    return found


def maybe(document: Document, item: Mapping[str, Any], key: str, path: str) -> float:
    """A number, or NaN where there is none.

    Raises:
        DataError: it is something else, or too large.
    """
    value = item.get(key)
    if value is None or value == "":
        return math.nan
    if isinstance(value, str):
        try:
            value = float(value.replace(" ", ""))
        except ValueError:
            raise wrong(document, f"{path}.{key}", value, "is not a number") from None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) >= _LARGEST:
        raise wrong(document, f"{path}.{key}", value, "is not a number")
    return float(value)


def time_ns(document: Document, item: Mapping[str, Any], key: str, path: str) -> int:
    """A time in milliseconds since 1970, in ns.

    Raises:
        DataError: it is missing or outside of 1970 to 2199.
    """
    value = item.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not _FIRST_MS < value < _LAST_MS:
        raise wrong(document, f"{path}.{key}", value, "is not a time in milliseconds since 1970")
    return round(value * 1000) * 1000


def text(item: Mapping[str, Any], key: str) -> str:
    """A text, or "" where there is none."""
    value = item.get(key)
    return value.strip() if isinstance(value, str) else ""


def parameter(value: Any) -> Value:
    """A parameter's value as JSON has it; numbers in texts become numbers."""
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value
    if isinstance(value, str):
        return parse_value(value) if value.strip() else value
    return str(value)


def wrong(document: Document, path: str, value: object, rule: str) -> DataError:
    """An error about what stands at a path of the file."""
    return document.refuse(
        rule, parameter=path, value=value if value is None else str(value)[:100],
        remedy="Export it again; it is cut off, or was changed",
    )  # fmt: skip
