"""MetaTrader 4 tester reports (htm): every order's events, in the terminal's language."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import polars as pl

from trading_ai.engine.records import END_OF_DATA, SIGNAL, STOP_LOSS, TAKE_PROFIT
from trading_ai.importers.datetimes import guess_time_format, parse_times
from trading_ai.importers.trades.cells import cell, needed_number, one_number
from trading_ai.importers.trades.document import Document
from trading_ai.importers.trades.found import FoundTrades, make_trades
from trading_ai.importers.trades.metatrader import (
    check_balances,
    check_complete,
    count_and_percent,
    drawdown,
    figure,
    first_of_two,
    inputs_of,
    is_time,
    timeframe_in,
)

_INT = re.compile(r"\d+")
_SIDES = {"buy": 1, "sell": -1}
_CLOSES = {
    "close": SIGNAL, "close by": SIGNAL, "s/l": STOP_LOSS, "t/p": TAKE_PROFIT, "close at stop": END_OF_DATA,
}  # fmt: skip
_PASSED = {"modify", "delete", "delete expired", "buy stop", "sell stop", "buy limit", "sell limit", "expired"}
_SIZE = 1e-9


def _is_event(row: list[str]) -> bool:
    return (
        len(row) >= 9
        and _INT.fullmatch(row[0]) is not None
        and is_time(row[1])
        and row[2].lower() in {*_SIDES, *_CLOSES, *_PASSED}
        and _INT.fullmatch(row[3]) is not None
    )


def recognises(document: Document) -> bool:
    """Whether a document is a tester report of MetaTrader 4."""
    if document.kind not in {"html", "sheet"}:
        return False
    if any(_is_event(list(row)) for row in document.rows[:60]):
        return True
    # A strategy that did not trade has the summary only.
    return document.title.startswith("Strategy Tester:") and document.kind == "html"


@dataclass
class _Order:
    time_ns: int
    direction: int
    size: float
    price: float
    stop: float
    target: float
    left: float = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.size


def read(document: Document) -> FoundTrades:
    """Read a tester report of MetaTrader 4.

    Raises:
        DataError: a row is damaged, the report is cut off, or its figures do not add up.
    """
    events = [i for i, row in enumerate(document.rows) if _is_event(list(row))]
    first = events[0] if events else len(document.rows)
    if events:
        _check_rows(document, events)
    head = [list(row) for row in document.rows[:first] if any(row)]
    found = FoundTrades(document, make_trades([]), [], size_unit="lots", clock_how="the broker's server, not named")
    symbol = _read_head(found, head[: -1 if events else None])
    rows = _trades(document, events, found)
    found.trades = make_trades(rows)
    found.symbols = [symbol] * len(rows)
    check_complete(found, len(rows))
    found.notes += [
        "times are to the minute",
        "profits are as the tester booked them: commission and swap are inside and not told apart",
        "the report does not name the account's currency",
    ]
    return found


def _check_rows(document: Document, events: list[int]) -> None:
    """Refuse a gap in the numbers of the events, or a row among them that is none."""
    for at, row in enumerate(range(events[0], events[-1] + 1)):
        cells = document.rows[row]
        if not _is_event(list(cells)) or int(cells[0]) != int(document.rows[events[0]][0]) + at:
            raise document.refuse(
                "is not the next event of an order", row=row, value=" ".join(cells)[:100] or None,
                remedy="Export it again; a row is missing, or was changed",
            )  # fmt: skip
    tail = [row for row in document.rows[events[-1] + 1 :] if len(row) >= 4 and _INT.fullmatch(row[0])]
    if tail:
        raise document.refuse(
            "is not an event of an order", row=events[-1] + 1, value=" ".join(tail[0])[:100],
            remedy="Export it again; it is cut off, or was changed",
        )  # fmt: skip


def _read_head(found: FoundTrades, head: list[list[str]]) -> str:
    """The settings and the summary; returns the symbol.

    Figures are found by their place, counted from the list of events backwards, which is the same in all languages.
    """
    document = found.document
    found.strategy = document.title.partition(":")[2].strip()
    wide = [row for row in head if len(row) >= 2]
    if len(wide) < 11:
        raise document.refuse("has no summary", remedy="Export it again; it is cut off")
    symbol = wide[0][1].partition("(")[0].strip()
    found.timeframe = timeframe_in(wide[1][1])
    for row in wide[2:6]:
        if "=" in row[1] and ";" in row[1]:
            found.parameters = inputs_of(part for part in row[1].replace("\n", " ").split(";"))
    values = [[text for text in row if any(c.isdigit() for c in text)] for row in wide[-11:]]
    deposit, profit, factor, fall, trades, won, largest, average, runs, *_ = values
    if not deposit or not profit:
        raise document.refuse("has no initial deposit", remedy="Export it again; it is cut off, or was changed")
    found.capital = one_number(deposit[0])
    if len(deposit) > 1:
        found.costs["spread"] = deposit[1]
    for name, text in zip(("net_profit", "gross_profit", "gross_loss"), profit, strict=False):
        figure(found, name, text)
    for name, text in zip(("profit_factor", "expectancy"), factor, strict=False):
        if len(factor) == 2:
            figure(found, name, text)
    if len(fall) == 3:
        drawdown(found, "max_drawdown", "", fall[1])
        drawdown(found, "", "max_drawdown_percent", fall[2])
    if trades:
        figure(found, "total_trades", trades[0])
    if len(trades) == 3:
        count_and_percent(found, "short_trades", "short_win_rate", trades[1])
        count_and_percent(found, "long_trades", "long_win_rate", trades[2])
    if won:
        count_and_percent(found, "", "win_rate", won[0])
    for names, texts in ((("largest_win", "largest_loss"), largest), (("average_win", "average_loss"), average)):
        for name, text in zip(names, texts, strict=False):
            figure(found, name, text)
    for name, text in zip(("max_consecutive_wins", "max_consecutive_losses"), runs, strict=False):
        first_of_two(found, name, text)
    return symbol


def _trades(document: Document, events: list[int], found: FoundTrades) -> list[dict[str, float]]:
    if not events:
        return []
    values = pl.Series([document.rows[row][1] for row in events])
    form = guess_time_format([values[0]])
    assert form is not None
    times, bad = parse_times(values, form)
    orders: dict[str, _Order] = {}
    rests: list[_Order] = []  # what partial closes left, which goes on under a number that is not told
    trades: list[dict[str, float]] = []
    closing: list[tuple[int, float, float]] = []
    for at, row in enumerate(events):
        cells = document.rows[row]
        needed = partial(needed_number, document, cells, row)
        if bad[at]:
            raise document.refuse("is not a time", row=row, parameter="time", value=cells[1], remedy="Correct the row")
        kind, number = cells[2].lower(), cells[3]
        size, price = (
            needed(4, "size"),
            needed(5, "price"),
        )
        stop, target = (_level(cells, 6), _level(cells, 7))
        if kind in _SIDES:
            orders[number] = _Order(int(times[at]), _SIDES[kind], size, price, stop, target)
        elif kind == "modify" and number in orders and orders[number].time_ns == int(times[at]):
            orders[number].stop, orders[number].target = stop, target  # levels that are set right after the entry
        elif kind in _CLOSES:
            order = orders.get(number) or _rest(rests, size)
            if order is None or size > order.left + _SIZE:
                raise document.refuse(
                    "closes an order that was not opened", row=row, parameter="order", value=number,
                    remedy="Export it again; a row is missing, or was changed",
                )  # fmt: skip
            orders.pop(number, None)
            order.left -= size
            if order.left > _SIZE:
                rests.append(order)
            profit, balance = (
                needed(8, "profit"),
                needed(9, "balance"),
            )
            closing.append((row, profit, balance))
            trades.append(
                {
                    "entry_time_ns": order.time_ns, "exit_time_ns": int(times[at]), "direction": order.direction,
                    "exit_reason": _CLOSES[kind], "size": size, "entry_price": order.price, "exit_price": price,
                    "stop_loss": order.stop, "take_profit": order.target, "net_profit": profit, "row": row,
                }
            )  # fmt: skip
    if orders or rests:
        raise document.refuse(
            f"leaves {len(orders) + len(rests):,} orders open at its end", remedy="Export it again; it is cut off"
        )
    check_balances(document, [c[0] for c in closing], [c[1] for c in closing], [c[2] for c in closing], found.capital)
    return trades


def _rest(rests: list[_Order], size: float) -> _Order | None:
    fitting = [order for order in rests if order.left >= size - _SIZE]
    if not fitting:
        return None
    order = next((o for o in fitting if abs(o.left - size) <= _SIZE), fitting[0])
    rests.remove(order)
    return order


def _level(cells: Sequence[str], at: int) -> float:
    value = one_number(cell(cells, at))
    return value if value else math.nan
