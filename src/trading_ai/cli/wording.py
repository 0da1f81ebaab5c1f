"""Errors in the words of the command line: options are named by their flags."""

from __future__ import annotations

import re
from functools import cache

from trading_ai.errors import InputError, TradingAIError
from trading_ai.options import OPTIONS, option

_OTHER_FLAGS = frozenset({
    "compare", "anchored", "columns", "date_format", "delimiter", "digits", "format", "lot_size", "pip_size",
    "price_scale", "quote_currency", "rank", "repair", "side", "symbol", "threshold", "timezone", "windows", "workers",
})  # fmt: skip
"""Options of single commands that the table does not hold; their flags are their names."""

_MENTION = re.compile(r"(?<![\w.\"'])([a-z][a-z_]*)=(?=[^\s=])")
_BARE = re.compile(r"(?<![\w.\"'-])([a-z]+(?:_[a-z]+)+)\b(?!=)")


@cache
def _flags() -> dict[str, str]:
    """Flags by the key of the option, and by its name in the library."""
    flags = {name: "--" + name.replace("_", "-") for name in _OTHER_FLAGS}
    for row in OPTIONS:
        if row.named_by:
            choices = option(row.group, row.named_by).choices or {}
            words = "/".join("--" + choice.replace("_", "-") for choice in choices)
            flags |= {f"{row.group}.{row.field}": words, f"{row.group}.{row.named_by}": words}
        elif row.has_flag:
            flags |= {name: row.shown_flag for name in (row.field, row.library) if name}
            flags[f"{row.group}.{row.field}"] = row.shown_flag
    return flags


def flag_of(key: str) -> str:
    """The flag of an option, or the name as it is where it is no option."""
    return _flags().get(key, key)


def _text(text: str) -> str:
    """What a rule or a remedy reads like: ``price_scale=0.01`` is typed ``--price-scale 0.01``."""
    flags = _flags()
    text = _MENTION.sub(lambda m: f"{flags[m[1]]} " if m[1] in flags else m[0], text)
    return _BARE.sub(lambda m: flags.get(m[1], m[0]), text)


def in_flags(error: TradingAIError) -> TradingAIError:
    """An error as the command line says it."""
    return error.named(flag_of, _text) if isinstance(error, InputError) else error
