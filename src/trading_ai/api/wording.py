"""Errors in the words of the HTTP API: options are named by the fields of requests."""

from __future__ import annotations

import re
from functools import cache

from trading_ai.errors import InputError
from trading_ai.options import OPTIONS

_FLAG = re.compile(r"(?<![\w-])--([a-z][a-z-]*)(?:[ =](?=[^\s-]))?")
_BARE = re.compile(r"(?<![\w.\"'-])[a-z]+(?:_[a-z]+)+\b")
_GROUPS = ("sizing", "costs", "rules")


@cache
def _fields() -> tuple[dict[str, str], dict[str, str]]:
    """Fields of requests by the key of the option or its name in the library, and by its flag."""
    by_key: dict[str, str] = {}
    by_flag: dict[str, str] = {}
    for row in OPTIONS:
        if not row.in_api:
            continue
        field = f"{row.group}.{row.api_name}" if row.group in _GROUPS else row.api_name
        by_key |= {name: field for name in (row.field, row.library) if name}
        by_key[f"{row.group}.{row.field}"] = field
        if row.has_flag:
            by_flag[row.shown_flag] = field
    return by_key, by_flag


def field_of(key: str) -> str:
    """The field of an option, or the name as it is where it is no option."""
    return _fields()[0].get(key, key)


def _text(text: str) -> str:
    """What a rule or a remedy reads like: ``--symbol EURUSD`` is sent as ``symbol=EURUSD``."""

    def sent(found: re.Match[str]) -> str:
        flag = "--" + found[1].rstrip("-")
        name = _fields()[1].get(flag, found[1].strip("-").replace("-", "_"))
        return name + ("=" if found[0] != "--" + found[1] else "")

    return _BARE.sub(lambda found: _fields()[0].get(found[0], found[0]), _FLAG.sub(sent, text))


def in_fields(error: InputError) -> InputError:
    """An error as the API says it."""
    return error.named(field_of, _text)
