"""cTrader's History exports: SpreadsheetML of older versions, CSV and workbooks of newer ones."""

from __future__ import annotations

import re

import numpy as np

from trading_ai.importers.trades.cells import Columns, header_of, plain
from trading_ai.importers.trades.document import Document
from trading_ai.importers.trades.found import FoundTrades, empty_trades
from trading_ai.importers.trades.words import side_of

_WORDS = {
    "entry_time": ("entrytime*", "openingtime*", "opentime*", "heurelentree*", "heuredouverture*", "eröffnungszeit*"),
    "exit_time": ("closetime*", "closingtime*", "exittime*", "heuredefermeture*", "schließzeit*"),
    "symbol": ("symbol", "symbole", "símbolo", "simbolo", "символ"),
    "direction": ("openingdirection", "type", "direction", "side", "tradetype", "typ", "richtung"),
    "entry_price": ("entryprice", "openingprice", "openprice", "prixdentree", "eröffnungskurs"),
    "exit_price": ("closingprice", "closeprice", "exitprice", "prixdecloture", "schlusskurs"),
    "quantity": ("closingquantity", "quantity", "closedquantity", "lots"),
    "volume": ("closingvolume", "volume", "volumen"),
    "net": ("net*",),
    "gross": ("gross*",),
    "commission": ("commission*", "kommission*"),
    "swap": ("swap*",),
    "balance": ("balance*",),
    "label": ("label",),
    "pips": ("pips",),
}
_NEEDED = ("entry_time", "exit_time", "symbol", "direction", "entry_price", "exit_price", "net")
_OFFSET = re.compile(r"\(\s*(?:UTC|GMT)\s*([+-]?\s*\d{1,2}(?::\d\d)?)?\s*\)", re.IGNORECASE)
_CURRENCY = re.compile(r"(?i)^(?:net|gross)\W*(?:profit)?\W*([A-Z]{3})\)?$")
_VOLUME = re.compile(r"^(?:[A-Z]{2,6}\s+)?([\d.,'\u00a0\u202f  ]+)\s*([kKmM])?\s*([A-Za-z]*)$")


def recognises(document: Document) -> bool:
    """Whether a document is a History export."""
    if document.kind in {"json", "ini"}:
        return False
    found = header_of(document, _WORDS, _NEEDED, within=40)
    # The names of the columns of money carry the currency, which no other platform's do.
    return found is not None and any(_OFFSET.search(text) or _CURRENCY.match(text) for text in document.rows[found[0]])


def read(document: Document) -> FoundTrades:
    """Read a History export.

    Raises:
        DataError: a cell is damaged, or a column is missing.
    """
    header = header_of(document, _WORDS, _NEEDED, within=40)
    assert header is not None
    at, roles = header
    heads = document.rows[at]
    rows = [row for row in range(at + 1, len(document.rows)) if not _is_total(document, row, roles)]
    columns = Columns(document, rows, roles)
    columns.settle_style(
        [role for role in ("entry_price", "exit_price", "net", "gross", "commission") if role in roles]
    )
    trades = empty_trades(len(rows))
    aware = False
    if rows:
        for role in ("entry_time", "exit_time"):
            times, aware = columns.times(role, day_first=True)
            trades[f"{role}_ns"] = times
    for role in ("entry_price", "exit_price"):
        trades[role] = columns.numbers(role)
    trades["net_profit"] = columns.numbers("net")
    trades["gross_profit"] = columns.numbers("gross", needed=False)
    trades["commission"] = np.abs(columns.numbers("commission", needed=False))
    trades["swap"] = columns.numbers("swap", needed=False)
    trades["row"] = rows
    size_role = "volume" if "volume" in roles else "quantity"
    if size_role not in roles:
        raise document.refuse("has no such column", parameter="volume", remedy="Export all columns")
    unit = "units"
    for i, (row, side, size) in enumerate(zip(rows, columns.texts("direction"), columns.texts(size_role), strict=True)):
        trades["direction"][i] = side_of(side)
        if not trades["direction"][i]:
            raise document.refuse("is neither Buy nor Sell", row=row, parameter="direction", value=side)
        value, unit = _size(document, row, size, size_role)
        trades["size"][i] = value
    offset = next((found for found in map(_OFFSET.search, heads) if found), None)
    currency = next((found[1].upper() for found in map(_CURRENCY.match, heads) if found), "")
    found = FoundTrades(
        document, trades, columns.texts("symbol"), size_unit="lots" if unit == "lots" else "units", aware=aware,
        clock="" if offset is None else "UTC" + (offset[1] or "").replace(" ", "").removesuffix("+0"),
        clock_how="" if offset is None else "named by the headings", account_currency=currency,
    )  # fmt: skip
    labels = {text for text in columns.texts("label") if text}
    if len(labels) == 1:
        found.strategy = labels.pop()
    _read_capital(found, columns)
    if "commission" not in roles or "swap" not in roles:
        missing = [name for name in ("commission", "swap") if name not in roles]
        found.notes.append(f"the export has no column of {' and '.join(missing)}")
    found.notes.append("the format holds no stops, targets, reasons of exits or parameters")
    return found


def _is_total(document: Document, row: int, roles: dict[str, int]) -> bool:
    """Whether a row below the trades holds sums: it names no symbol and no side."""
    cells = document.rows[row]
    wanted = [cells[roles[role]] if roles[role] < len(cells) else "" for role in ("symbol", "direction", "entry_time")]
    first = plain(next((text for text in cells if text), ""))
    return not any(wanted) and (first.startswith(("total", "gesamt", "summe", "итого", "sum")) or not first)


def _size(document: Document, row: int, text: str, role: str) -> tuple[float, str]:
    """Units, or lots, of ``EUR 6k``, ``0.10 Lots``, ``1500 Oz``, ``10 000``."""
    match = _VOLUME.match(text.strip())
    number = None if match is None else _amount(match[1])
    if match is None or number is None or number <= 0.0:
        raise document.refuse(
            "is not a size" if text else "is missing", row=row, parameter=role, value=text or None,
            remedy="Correct or remove the row (the file may be cut off)",
        )  # fmt: skip
    factor = {"k": 1e3, "m": 1e6}.get((match[2] or "").lower(), 1.0)
    lots = match[3].lower().startswith("lot") or (role == "quantity" and not match[3] and not match[2])
    return round(number * factor, 9), "lots" if lots else "units"


def _amount(text: str) -> float | None:
    bare = re.sub(r"['\s\u00a0\u202f]", "", text)
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", bare):
        bare = bare.replace(",", "")
    bare = bare.replace(",", ".")
    return float(bare) if re.fullmatch(r"\d+\.?\d*|\.\d+", bare) else None


def _read_capital(found: FoundTrades, columns: Columns) -> None:
    """The capital before the first close, from the balance after it."""
    if "balance" not in columns or not len(found.trades):
        return
    balances = columns.numbers("balance", needed=False)
    first = int(np.argmin(found.trades["exit_time_ns"]))
    if not np.isnan(balances[first]):
        found.capital = round(float(balances[first] - found.trades["net_profit"][first]), 2)
        found.notes.append("the capital is the balance after the first close less its profit")
