"""MetaTrader 5: tester reports and account histories (html, xlsx, csv), in the terminal's language.

Rows are told by their shape: a deal, an order and a position have each their own columns in all languages.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import partial

import polars as pl

from trading_ai.engine.records import SIGNAL
from trading_ai.importers.datetimes import guess_time_format, parse_times
from trading_ai.importers.trades.cells import cell, needed_number, one_number
from trading_ai.importers.trades.deals import Deal, pair_deals
from trading_ai.importers.trades.document import Document
from trading_ai.importers.trades.found import FoundTrades, make_trades
from trading_ai.importers.trades.metatrader import check_balances, check_complete, is_time
from trading_ai.importers.trades.mt5_summary import read_summary
from trading_ai.importers.trades.words import end_of, folded, side_of

_INT = re.compile(r"\d+")
_ENTRIES = {"in", "out", "in/out", "out by"}
_MONEY = {"balance", "credit", "charge", "correction", "bonus", "interest", "dividend", "tax"}

Cells = Sequence[str]


def _numbered(row: Cells) -> bool:
    return len(row) >= 2 and is_time(row[0]) and _INT.fullmatch(row[1]) is not None


def is_deal(row: Cells) -> bool:
    """Whether a row is a deal: time, deal, symbol, type, direction, volume, price, order, 4 of money, comment."""
    return _numbered(row) and len(row) >= 12 and (row[4].lower() in _ENTRIES or (not row[2] and not row[5]))


def is_position(row: Cells) -> bool:
    """Whether a row is a position: time, number, symbol, type, volume, price, S/L, T/P, time, price, 3 of money."""
    return _numbered(row) and len(row) >= 13 and is_time(row[8]) and "/" not in row[4] and side_of(row[3]) != 0


def is_order(row: Cells) -> bool:
    """Whether a row is an order: time, order, symbol, type, volume / volume, price, S/L, T/P, time, state."""
    return _numbered(row) and len(row) >= 10 and "/" in row[4]


def recognises(document: Document) -> bool:
    """Whether a document is a report of MetaTrader 5."""
    if document.kind not in {"html", "sheet", "text"}:
        return False
    return any(is_deal(row) or is_position(row) for row in map(dense, document.rows))


def dense(row: Cells) -> Cells:
    """A row of a workbook without the blank cells that merged headings leave; rows of pages as they are."""
    if len(row) > 13 and _numbered(row):
        filled = list(row)
        while len(filled) > 13 and not filled[-1]:
            filled.pop()
        return filled
    return row


def read(document: Document) -> FoundTrades:
    """Read a tester report or an account history of MetaTrader 5.

    Raises:
        DataError: a row is damaged, the report is cut off, or its figures do not add up.
    """
    rows = [dense(row) for row in document.rows]
    found = FoundTrades(document, make_trades([]), [], size_unit="lots", clock_how="the broker's server, not named")
    read_summary(found, rows)
    deals = [i for i, row in enumerate(rows) if is_deal(row)]
    positions = [i for i, row in enumerate(rows) if is_position(row)]
    for wanted, is_one, name in ((deals, is_deal, "deal"), (positions, is_position, "position")):
        if wanted:
            _check_between(document, rows, wanted, is_one, name)
    if positions:
        _read_positions(found, rows, positions)
        _read_money(found, rows, deals)
        return found
    _read_deals(found, rows, deals)
    return found


def _check_between(
    document: Document, rows: list[Cells], wanted: list[int], is_one: Callable[[Cells], bool], name: str
) -> None:
    """Refuse rows among the deals that are none: damaged ones, which would be lost."""
    for row in range(wanted[0], wanted[-1]):
        if not is_one(rows[row]) and any(rows[row]):
            raise document.refuse(
                f"is not a {name}", row=row, value=" ".join(rows[row])[:100],
                remedy="Export it again; the row was changed",
            )  # fmt: skip
    after = rows[wanted[-1] + 1 :]
    if after and len(after[0]) >= 10 and (is_time(after[0][0]) or side_of(after[0][3])):
        raise document.refuse(
            f"is not a {name}", row=wanted[-1] + 1, value=" ".join(after[0])[:100],
            remedy="Export it again; it is cut off, or was changed",
        )  # fmt: skip


def _times(document: Document, rows: list[Cells], wanted: list[int], column: int = 0) -> list[int]:
    texts = [rows[row][column] for row in wanted]
    form = guess_time_format([max(texts, key=len)])
    assert form is not None
    times, bad = parse_times(pl.Series(texts), form)
    if bad.any():
        at = wanted[int(bad.argmax())]
        raise document.refuse(
            "is not a time", row=at, parameter="time", value=rows[at][column], remedy="Correct the row"
        )
    return [int(t) for t in times]


def _level(text: str) -> float:
    return one_number(text) or math.nan


def _read_deals(found: FoundTrades, rows: list[Cells], wanted: list[int]) -> None:
    document = found.document
    levels = {row[1]: (_level(row[6]), _level(row[7])) for row in rows if is_order(row)}
    times = _times(document, rows, wanted)
    deals: list[Deal] = []
    changes, balances = [], []
    for row, time_ns in zip(wanted, times, strict=True):
        cells = rows[row]
        needed = partial(needed_number, document, cells, row)
        commission, swap, profit, balance = (
            needed(column, name) for column, name in ((8, "commission"), (9, "swap"), (10, "profit"), (11, "balance"))
        )
        changes.append(commission + swap + profit)
        balances.append(balance)
        entry = cells[4].lower()
        if entry not in _ENTRIES:
            _money(found, time_ns, changes[-1])
            continue
        direction = side_of(cells[3])
        if not direction:
            raise document.refuse("is neither buy nor sell", row=row, parameter="type", value=cells[3])
        comment = cell(cells, 12)
        stop, target = levels.get(cells[7], (math.nan, math.nan))
        deals.append(
            Deal(
                row, time_ns, cells[2], direction, {"in": True, "in/out": None}.get(entry, False),
                abs(needed(5, "volume")), needed(6, "price"),
                0.0 - commission, swap, profit, stop, target, end_of(comment, otherwise=SIGNAL),
            )
        )  # fmt: skip
    check_balances(document, wanted, changes, balances, None)
    if balances and found.capital is not None and abs(found.capital - balances[0]) > 0.011 and not found.deposits:
        raise document.refuse(
            f"begins with a balance of {balances[0]:.2f}, but its summary with {found.capital:.2f}", row=wanted[0],
            remedy="Export it again; it was changed",
        )  # fmt: skip
    _check_totals(document, rows, wanted[-1] + 1, balances[-1] if balances else 0.0)
    paired = pair_deals(deals, document)
    if found.capital is not None and found.deposits:
        found.deposits = found.deposits[1:]  # the first one is the capital
    check_complete(found, sum(deal.entry is not True for deal in deals))
    found.trades, found.symbols = make_trades(paired.rows), paired.symbols
    if len(paired.rows) != sum(deal.entry is not True for deal in deals):
        found.notes.append("exits that closed several entries at once are a trade for each entry")
    if paired.n_open:
        found.notes.append(f"{paired.n_open:,} positions were open at the end and are left out")
    if paired.n_by_profit or paired.n_doubtful:
        found.notes.append(
            "the report does not tie exits to entries: each exit closes the first position opened, but for "
            f"{paired.n_by_profit:,} whose profit told another"
            + (f"; of {paired.n_doubtful:,} it told none" if paired.n_doubtful else "")
        )
    if not levels or all(math.isnan(stop) and math.isnan(target) for stop, target in levels.values()):
        found.notes.append("no order has a stop or a target: they were never set, or set later by the strategy")


def _check_totals(document: Document, rows: list[Cells], at: int, balance: float) -> None:
    """Refuse a list without its last line, or one that ends with another balance."""
    if at >= len(rows):
        if document.kind == "text":
            return  # lists of deals by themselves have no totals
        raise document.refuse("ends without the deals' totals", remedy="Export it again; it is cut off")
    numbers = [value for value in map(one_number, rows[at]) if value is not None]
    if numbers and abs(numbers[-1] - balance) > 0.011:
        raise document.refuse(
            f"has totals that end with a balance of {numbers[-1]:.2f}, but the last deal's is {balance:.2f}", row=at,
            remedy="Export it again; a row is missing, or was changed",
        )  # fmt: skip


def _read_positions(found: FoundTrades, rows: list[Cells], wanted: list[int]) -> None:
    document = found.document
    entries, exits = _times(document, rows, wanted), _times(document, rows, wanted, 8)
    trades = []
    for row, entry_ns, exit_ns in zip(wanted, entries, exits, strict=True):
        cells = rows[row]
        needed = partial(needed_number, document, cells, row)
        commission, swap, profit = (
            needed(column, name) for column, name in ((10, "commission"), (11, "swap"), (12, "profit"))
        )
        stop, target = _level(cells[6]), _level(cells[7])
        trades.append(
            {
                "entry_time_ns": entry_ns, "exit_time_ns": exit_ns, "direction": side_of(cells[3]), "exit_reason": -1,
                "size": needed(4, "volume"),
                "entry_price": needed(5, "price"),
                "exit_price": needed(9, "price"), "stop_loss": stop, "take_profit": target,
                "gross_profit": profit, "commission": 0.0 - commission, "swap": swap,
                "net_profit": profit + commission + swap, "row": row,
            }
        )  # fmt: skip
    found.trades, found.symbols = make_trades(trades), [rows[row][2] for row in wanted]
    found.notes.append("stops and targets are the last ones that a position had; the history does not hold the first")
    check_complete(found, len(trades))


def _read_money(found: FoundTrades, rows: list[Cells], deals: list[int]) -> None:
    times = _times(found.document, rows, deals) if deals else []
    for row, time_ns in zip(deals, times, strict=True):
        cells = rows[row]
        if cells[4].lower() not in _ENTRIES and folded(cells[3]) in _MONEY | {folded(cells[3])}:
            _money(found, time_ns, one_number(cell(cells, 10)) or 0.0)


def _money(found: FoundTrades, time_ns: int, amount: float) -> None:
    if found.capital is None and not found.deposits:
        found.capital = amount
    else:
        found.deposits.append((time_ns, amount))
