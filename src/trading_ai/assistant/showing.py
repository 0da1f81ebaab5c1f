"""Cells as people read them: numbers with their unit, times in UTC, texts of users quoted and made harmless."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from typing import Any

from trading_ai.documents.sql_tables import TABLES

_LONGEST_TEXT = 120
_UNITS = {column.name: column.unit for table in TABLES for column in table.columns}
_MONEY = {"account currency"}
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def unit_of(column: str) -> str:
    """Unit of a column of the schema, or "" where it has none."""
    return _UNITS.get(column, "")


def harmless(text: str) -> str:
    """A text of a user without control characters, shortened; it is shown and never obeyed."""
    kept = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in text)
    kept = " ".join(kept.split())
    return kept if len(kept) <= _LONGEST_TEXT else kept[:_LONGEST_TEXT] + "…"


def shown(value: Any, unit: str = "", currency: str = "") -> str:
    """A cell for people.

    Args:
        value: of the cell; None where undefined.
        unit: as the schema names it, or one of ``weekday``, ``month``, ``hour``, ``name``, ``share``.
        currency: of the account, where the unit is money.
    """
    if value is None:
        return "undefined"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M UTC")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return f'"{harmless(value)}"' if unit == "name" else harmless(value)
    return _number(value, unit, currency)


def _number(value: float, unit: str, currency: str) -> str:
    if unit == "weekday":
        return WEEKDAYS[int(value) - 1]
    if unit == "month":
        return MONTHS[int(value) - 1]
    if unit == "hour":
        return f"{int(value):02d}:00"
    if unit in _MONEY:
        return f"{round(value, 2) + 0.0:,.2f} {currency}".rstrip()
    if unit == "%":
        return f"{value:.2f} %"
    if unit == "share":
        return f"{100.0 * value:.1f} %"
    if unit == "plain":
        return f"{value:g}"
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e15 and unit != "ratio"):
        return f"{int(value):,}"
    return f"{value:,.2f}" if abs(value) >= 0.1 else f"{value:.3g}"
