"""What the reports of MetaTrader 4 and 5 have in common: labelled figures, inputs, and rows told by their shape.

Labels are in the language of the terminal; the order of the figures and the shape of the rows are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from trading_ai.importers.trades.cells import one_number
from trading_ai.importers.trades.document import Document
from trading_ai.importers.trades.found import FoundTrades
from trading_ai.parameters import Value, parse_value

TIME = re.compile(r"\d{4}\.\d\d\.\d\d \d\d:\d\d(?::\d\d(?:\.\d+)?)?")
_TIMEFRAME = re.compile(r"\b(MN1?|W1|D1|H(?:1|2|3|4|6|8|12)|M(?:1|2|3|4|5|6|10|12|15|20|30))\b")
_COUNT_AND_PERCENT = re.compile(r"^\s*([\d  ]+)\s*\(\s*([\d.]+)\s*%\s*\)\s*$")
_TWO = re.compile(r"^\s*(-?[\d.  ]+%?)\s*\(\s*(-?[\d.  ]+%?)\s*\)\s*$")
CLOCK = "the broker's server"


def is_time(text: str) -> bool:
    """Whether a cell is a time as MetaTrader writes it."""
    return TIME.fullmatch(text) is not None


def timeframe_in(text: str) -> str:
    """The timeframe that a text such as ``Daily (D1) 2019.01.01 ...`` names, or ""."""
    found = _TIMEFRAME.search(text)
    return "" if found is None else found[1].replace("MN1", "MN")


def inputs_of(pairs: Iterable[str]) -> dict[str, Value]:
    """Inputs of ``name=value`` texts; headings among them are passed over."""
    found: dict[str, Value] = {}
    for pair in pairs:
        name, sign, value = (part.strip() for part in pair.partition("="))
        if sign and name and not name.startswith("=") and not value.startswith("=="):
            text = value.strip('"')
            found[name] = text if value.startswith('"') or not text else parse_value(text)
    return found


def figure(found: FoundTrades, name: str, text: str) -> None:
    """Keep a plain figure."""
    found.say(name, text, one_number(text))


def count_and_percent(found: FoundTrades, count: str, percent: str, text: str) -> None:
    """Keep the figures of ``31 (61.29%)``; either may have no name of ours."""
    match = _COUNT_AND_PERCENT.match(text)
    if match:
        for name, part in ((count, match[1]), (percent, match[2])):
            if name:
                figure(found, name, part)


def drawdown(found: FoundTrades, money: str, percent: str, text: str) -> None:
    """Keep the figures of ``661.03 (20.91%)`` or ``20.91% (661.03)`` that have a name."""
    match = _TWO.match(text)
    if match:
        for part in match.groups():
            name = percent if part.endswith("%") else money
            if name:
                figure(found, name, part.removesuffix("%"))


def first_of_two(found: FoundTrades, name: str, text: str) -> None:
    """Keep the count of ``9 (53.94)``."""
    match = _TWO.match(text)
    if match:
        figure(found, name, match[1])


def check_complete(found: FoundTrades, n_closed: int) -> None:
    """Refuse a report whose summary counts other trades than it lists.

    Args:
        found: the report, with its summary.
        n_closed: trades as the report counts them.

    Raises:
        DataError: it is cut off, or of two reports.
    """
    said = found.summary.get("total_trades")
    if said is not None and said != n_closed:
        raise found.document.refuse(
            f"lists {n_closed:,} closed trades, but its summary counts {said:,.0f}", parameter="total trades",
            remedy="Export it again; it is cut off, or was changed",
        )  # fmt: skip


def check_balances(
    document: Document, rows: Sequence[int], changes: Sequence[float], balances: Sequence[float], start: float | None
) -> None:
    """Refuse rows whose balance is not the one before and the row's own change.

    Args:
        document: the file.
        rows: the rows.
        changes: money that each adds, account currency.
        balances: balance after each.
        start: balance before the first, or None where it is not known.

    Raises:
        DataError: a row is missing or was changed.
    """
    before = start
    for row, change, balance in zip(rows, changes, balances, strict=True):
        # Balances are shown rounded, each by up to half a cent, and changes as well.
        if before is not None and abs(before + change - balance) > 0.0251:
            raise document.refuse(
                f"does not add up: {before:.2f} before it and {change:.2f} give {before + change:.2f}", row=row,
                parameter="balance", value=balance, remedy="Export it again; a row is missing, or was changed",
            )  # fmt: skip
        before = balance
