"""Numbers, times and names as pages show them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from trading_ai.figures import theme

UNKNOWN = "\N{EN DASH}"


def figure(value: float | None, metric: str = "", currency: str = "") -> str:
    """A metric's value with its unit; a dash where it is undefined.

    Args:
        value: the value.
        metric: the metric's name; an unknown one is taken as a ratio.
        currency: account currency, appended to money.
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return theme.number(float(value), theme.metric_of(metric).unit, currency)


def count(value: float | None) -> str:
    """A whole number with separators."""
    return UNKNOWN if value is None else f"{int(value):,}"


def duration(seconds: float | None) -> str:
    """A time span in its two largest units."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    if seconds < 1:
        return "under 1 s"
    whole = round(seconds)
    parts = [(whole // 86_400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "min"), (whole % 60, "s")]
    first = next(i for i, (n, _) in enumerate(parts) if n)
    return " ".join(f"{n} {unit}" for n, unit in parts[first : first + 2] if n)


def rate(value: float | None) -> str:
    """Trials for each second."""
    if value is None:
        return UNKNOWN
    return f"{value:,.0f}/s" if value >= 10 else f"{value:,.1f}/s"


def size(n_bytes: float) -> str:
    """A number of bytes."""
    for unit in ("B", "kB", "MB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:,.1f} GB"


def moment(text: str | None) -> str:
    """A time as documents hold it, to the minute."""
    return UNKNOWN if not text else text[:16].replace("T", " ")


def ago(text: str | None, now: float) -> str:
    """How long ago a time was; the day where that is more than a week.

    Args:
        text: the time, as documents hold it.
        now: seconds since 1970.
    """
    if not text:
        return UNKNOWN
    then = datetime.fromisoformat(text)
    seconds = now - (then if then.tzinfo else then.replace(tzinfo=UTC)).timestamp()
    if seconds < 60:
        return "just now"
    if seconds > 7 * 86_400:
        return text[:10]
    return duration(seconds).partition(" ")[0] + " " + duration(seconds).split(" ")[1] + " ago"


def units(given: float | None) -> str:
    """A size in units: what was traded, and not what is left of it at some number of decimals."""
    return (
        UNKNOWN
        if given is None or not math.isfinite(given)
        else f"{float(f'{given:.10g}'):,.10f}".rstrip("0").rstrip(".")
    )


def price(given: float | None, digits: int | None) -> str:
    """A price.

    Args:
        given: the price, quote currency.
        digits: decimals in a price of the symbol; None where nobody knows them.
    """
    if given is None or not math.isfinite(given):
        return UNKNOWN
    return f"{given:.{digits}f}" if digits is not None else f"{given:.10g}"


def sentence(text: str) -> str:
    """A text that begins with a capital; the rest stays as it is."""
    return text[:1].upper() + text[1:]


def value(given: Any) -> str:
    """A parameter's value."""
    return theme.value_text(given)


def values(given: dict[str, Any]) -> str:
    """Parameters in one line."""
    return ", ".join(f"{name} {theme.value_text(each)}" for name, each in given.items())


_NEEDED = ("missing", "string_too_short", "too_short")
_RULES = {
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "greater_than_equal": "must be at least {ge:,}",
    "greater_than": "must be more than {gt:,}",
    "less_than_equal": "must be at most {le:,}",
    "less_than": "must be less than {lt:,}",
    "string_too_long": "must have at most {max_length:,} characters",
}


def refusal(found: Mapping[str, Any]) -> str:
    """What is wrong with a value of an address or a form, as a person says it.

    Args:
        found: an error of Pydantic's: ``type``, ``loc``, ``msg``, ``input`` and ``ctx``.
    """
    name = ".".join(map(str, found["loc"][1:])) or "The request"
    if found["type"] in _NEEDED and not found.get("input"):
        return f"{name}: is needed, and was left empty. Fill it in"
    rule = _RULES.get(found["type"], "")
    text = rule.format(**found.get("ctx", {})) if rule else found["msg"]
    value = found.get("input")
    return f"{name}: {text}" + (f" (got {str(value)[:60]!r})" if rule and isinstance(value, str | int | float) else "")
