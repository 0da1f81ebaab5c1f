"""Lists of trades with one row each: backtesting.py, vectorbt, QuantConnect, and any other by a mapping of columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from trading_ai.engine.records import EXIT_REASONS
from trading_ai.errors import DataError, did_you_mean
from trading_ai.importers.trades.cells import Columns, header_of
from trading_ai.importers.trades.document import Document
from trading_ai.importers.trades.found import NOT_SAID, FoundTrades, empty_trades
from trading_ai.importers.trades.words import end_of, side_of
from trading_ai.market.symbol_table import in_table

ROLES = {
    "entry_time": "when it was opened",
    "exit_time": "when it was closed",
    "entry_price": "price of the entry",
    "exit_price": "price of the exit",
    "size": "size in units, or in lots with the role lots; negative for short where there is no direction",
    "lots": "size in lots",
    "direction": "buy or sell, long or short, 1 or -1; long if left out and sizes are not negative",
    "symbol": "name of the instrument",
    "stop_loss": "price of the stop",
    "take_profit": "price of the target",
    "gross_profit": "profit of the price, account currency",
    "commission": "commission of both sides, account currency",
    "swap": "swap, account currency",
    "net_profit": "profit after costs, account currency",
    "exit_reason": "what closed it",
}
"""Columns that a list of trades may have, and what each means."""

_WORDS = {
    "entry_time": ("entrytime", "opentime", "entrydate", "opendate", "timeopen", "openedat", "entrydatetime"),
    "exit_time": ("exittime", "closetime", "exitdate", "closedate", "timeclose", "closedat", "exitdatetime"),
    "entry_price": ("entryprice", "openprice", "priceopen", "openrate", "buyprice", "avgentryprice"),
    "exit_price": ("exitprice", "closeprice", "priceclose", "closerate", "sellprice", "avgexitprice"),
    "lots": ("lots", "volumelots", "lot"),
    "size": ("units", "size", "quantity", "qty", "volume", "amount", "contracts", "shares"),
    "direction": ("direction", "side", "type", "tradetype", "positiontype"),
    "symbol": ("symbol", "ticker", "instrument", "pair", "market"),
    "stop_loss": ("stoploss", "sl", "stopprice"),
    "take_profit": ("takeprofit", "tp", "targetprice"),
    "gross_profit": ("grossprofit", "gross", "grosspnl", "grosspl"),
    "commission": ("commission", "commissions", "fees", "fee"),
    "swap": ("swap", "swaps", "financing"),
    "net_profit": ("netprofit", "net", "netpnl", "netpl", "pnl", "profit", "pl", "profitloss"),
    "exit_reason": ("exitreason", "reason", "closereason"),
}  # fmt: skip
_NEEDED = ("entry_time", "exit_time", "entry_price", "exit_price")
_BACKTESTING = {
    "size": ("size",), "entry_bar": ("entrybar",), "exit_bar": ("exitbar",), "entry_price": ("entryprice",),
    "exit_price": ("exitprice",), "stop_loss": ("sl",), "take_profit": ("tp",), "net_profit": ("pnl",),
    "commission": ("commission",), "entry_time": ("entrytime",), "exit_time": ("exittime",),
}  # fmt: skip
_VECTORBT = {
    "size": ("size",), "entry_time": ("entrytimestamp", "entryindex"), "exit_time": ("exittimestamp", "exitindex"),
    "entry_price": ("avgentryprice",), "exit_price": ("avgexitprice",), "entry_fees": ("entryfees",),
    "exit_fees": ("exitfees",), "net_profit": ("pnl",), "direction": ("direction",), "status": ("status",),
    "symbol": ("column", "symbol"),
}  # fmt: skip
_QUANTCONNECT = {
    "entry_time": ("entrytime",), "exit_time": ("exittime",), "symbol": ("symbols", "symbol"),
    "direction": ("direction",), "entry_price": ("entryprice",), "exit_price": ("exitprice",),
    "size": ("quantity",), "gross_profit": ("pl", "pnl"),
    "commission": ("fees",), "mae": ("mae",), "mfe": ("mfe",),
}  # fmt: skip
_MONEY = ("entry_price", "exit_price", "gross_profit", "commission", "net_profit", "stop_loss", "take_profit", "size")
_REASON_CODES = {word: code for code, word in EXIT_REASONS.items()}


def _header(
    document: Document, words: Mapping[str, tuple[str, ...]], needed: Iterable[str]
) -> tuple[int, dict[str, int]] | None:
    return header_of(document, words, tuple(needed), within=30) if document.kind in {"text", "sheet"} else None


def is_backtesting(document: Document) -> bool:
    """Whether a document is ``stats["_trades"]`` of backtesting.py."""
    needed = ("size", "entry_bar", "exit_bar", "entry_price", "exit_price", "net_profit", "entry_time", "exit_time")
    return _header(document, _BACKTESTING, needed) is not None


def is_vectorbt(document: Document) -> bool:
    """Whether a document is ``portfolio.trades.records_readable`` of vectorbt."""
    needed = ("size", "entry_time", "exit_time", "entry_price", "exit_price", "net_profit", "direction", "status")
    return _header(document, _VECTORBT, needed) is not None


def is_quantconnect(document: Document) -> bool:
    """Whether a document is QuantConnect's list of trades."""
    needed = (
        "entry_time",
        "exit_time",
        "symbol",
        "direction",
        "entry_price",
        "exit_price",
        "size",
        "gross_profit",
        "mae",
    )
    return _header(document, _QUANTCONNECT, needed) is not None


def is_table(document: Document) -> bool:
    """Whether a document is a list of trades whose columns are named as usual."""
    found = _header(document, _WORDS, _NEEDED)
    return found is not None and bool(found[1].keys() & {"size", "lots"})


def read_backtesting(document: Document) -> FoundTrades:
    """Read trades of backtesting.py.

    Raises:
        DataError: a cell is damaged.
    """
    found, columns = _begin(document, _BACKTESTING, "the data's own")
    trades = found.trades
    signed = columns.numbers("size", name="Size")
    trades["direction"] = np.sign(signed).astype(np.int8)
    trades["size"] = np.abs(signed)
    trades["commission"] = columns.numbers("commission", needed=False, name="Commission")
    profit = columns.numbers("net_profit", name="PnL")
    gross = signed * (trades["exit_price"] - trades["entry_price"])
    charged = np.nan_to_num(trades["commission"])
    # Versions differ in whether PnL is less the commission; the prices tell which it is.
    before = bool(np.abs(profit - gross).sum() <= np.abs(profit - (gross - charged)).sum())
    trades["net_profit"] = profit - charged if before else profit
    trades["gross_profit"] = profit if before else profit + charged
    found.notes.append("the table holds no symbol, account currency or parameters")
    return found


def read_vectorbt(document: Document) -> FoundTrades:
    """Read trades of vectorbt; open ones are left out.

    Raises:
        DataError: a cell is damaged.
    """
    header = _header(document, _VECTORBT, ("status",))
    assert header is not None
    at, roles = header
    status = [row[roles["status"]].lower() if len(row) > roles["status"] else "" for row in document.rows]
    for row in range(at + 1, len(document.rows)):
        if status[row] not in {"closed", "open"}:
            raise document.refuse("is neither Closed nor Open", row=row, parameter="Status", value=status[row] or None)
    closed = [row for row in range(at + 1, len(document.rows)) if status[row] == "closed"]
    found, columns = _begin(document, _VECTORBT, "the data's own", closed)
    trades = found.trades
    trades["size"] = columns.numbers("size", name="Size")
    trades["direction"] = _sides(columns)
    fees = [columns.numbers(role, needed=False) for role in ("entry_fees", "exit_fees")]
    trades["commission"] = fees[0] + fees[1]
    trades["net_profit"] = columns.numbers("net_profit", name="PnL")
    trades["gross_profit"] = trades["net_profit"] + trades["commission"]
    found.symbols = [name if in_table(name) else "" for name in columns.texts("symbol")]
    n_open = len(document.rows) - at - 1 - len(closed)
    if n_open:
        found.notes.append(f"{n_open:,} trades were open at the end and are left out")
    found.notes.append("the table holds no stops, targets, reasons of exits, account currency or parameters")
    return found


def read_quantconnect(document: Document) -> FoundTrades:
    """Read QuantConnect's list of trades, whose profits are before fees.

    Raises:
        DataError: a cell is damaged.
    """
    found, columns = _begin(document, _QUANTCONNECT, "the algorithm's own")
    trades = found.trades
    trades["size"] = np.abs(columns.numbers("size", name="Quantity"))
    trades["direction"] = _sides(columns)
    trades["gross_profit"] = columns.numbers("gross_profit", name="P&L")
    trades["commission"] = columns.numbers("commission", needed=False, name="Fees")
    trades["net_profit"] = trades["gross_profit"] - np.nan_to_num(trades["commission"])
    # A list may hold several contracts, and a ticker may be followed by the platform's own key.
    found.symbols = [re.split(r"[\s,\]]", text.strip("[]'\" "))[0].strip("'\"") for text in columns.texts("symbol")]
    found.notes.append("the list holds no stops, targets, reasons of exits, account currency or parameters")
    return found


def read_table(document: Document, mapping: Mapping[str, str | int] | None = None) -> FoundTrades:
    """Read a list of trades by the names of its columns, or by a mapping.

    Args:
        document: the file.
        mapping: column by role, see `ROLES`: its heading, or its number from 0; roles not named are found by their
            usual headings.

    Raises:
        DataError: a role or a column is unknown, or a cell is damaged.
    """
    words = {role: names for role, names in _WORDS.items() if role not in (mapping or {})}
    numbers_of = _numbered(document, mapping or {}, words)
    at, roles = numbers_of
    found, columns = _begin(document, None, "the list's own", None, (at, roles))
    trades = found.trades
    size_role = "lots" if "lots" in roles else "size"
    sizes = columns.numbers(size_role)
    found.size_unit = "lots" if size_role == "lots" else "units"
    trades["size"] = np.abs(sizes)
    if "direction" in roles:
        trades["direction"] = _sides(columns)
    else:
        trades["direction"] = np.where(sizes < 0.0, -1, 1)
        if not (sizes < 0.0).any():
            found.notes.append("the list names no direction: all trades are taken for long")
    for role in ("stop_loss", "take_profit", "gross_profit", "commission", "swap", "net_profit"):
        trades[role] = columns.numbers(role, needed=False)
    trades["commission"] = np.abs(trades["commission"])
    if "net_profit" in roles and "gross_profit" not in roles and {"commission", "swap"} & roles.keys():
        _settle_profit(found)
    if "exit_reason" in roles:
        trades["exit_reason"] = [_REASON_CODES.get(t.lower(), end_of(t)) for t in columns.texts("exit_reason")]
    found.symbols = columns.texts("symbol")
    missing = [role for role in ("stop_loss", "take_profit", "commission", "swap", "net_profit") if role not in roles]
    if missing:
        found.notes.append("the list has no column of " + ", ".join(missing))
    return found


def _settle_profit(found: FoundTrades) -> None:
    """Whether a column of profit is before or after costs, which its heading leaves open: its trades' prices tell.

    Profit before costs is in proportion to size and way of the price, whatever a lot and the account's currency are.
    """
    trades = found.trades
    way = trades["direction"] * trades["size"] * (trades["exit_price"] - trades["entry_price"])
    charged = np.nan_to_num(trades["commission"]) - np.nan_to_num(trades["swap"])
    known = (way != 0.0) & np.isfinite(trades["net_profit"])
    if not charged[known].any():
        return

    def misfit(profit: npt.NDArray[np.float64]) -> float:
        ratio = float(np.median(profit[known] / way[known]))
        return float(np.abs(profit[known] - ratio * way[known]).sum())

    before, after = misfit(trades["net_profit"]), misfit(trades["net_profit"] + charged)
    if known.sum() < 3 or before == after:
        found.notes.append("the profit is taken as it is after commission and swap: too few trades tell")
    elif before < after:
        trades["gross_profit"] = trades["net_profit"]
        trades["net_profit"] = trades["gross_profit"] - charged
        found.notes.append("the profit is before commission and swap, as the trades' prices tell")


def _begin(
    document: Document, words: Mapping[str, tuple[str, ...]] | None, clock_how: str, rows: list[int] | None = None,
    header: tuple[int, dict[str, int]] | None = None,
) -> tuple[FoundTrades, Columns]:  # fmt: skip
    """Times and prices, which all lists have."""
    header = header or _header(document, words or {}, ("entry_time", "exit_time"))
    assert header is not None
    at, roles = header
    wanted = list(range(at + 1, len(document.rows))) if rows is None else rows
    columns = Columns(document, wanted, roles)
    columns.settle_style([role for role in _MONEY if role in roles])
    found = FoundTrades(document, empty_trades(len(wanted)), [""] * len(wanted), clock_how=clock_how + ", not named")
    if wanted:
        for role in ("entry_time", "exit_time"):
            found.trades[f"{role}_ns"], found.aware = columns.times(role)
    if found.aware:
        found.clock, found.clock_how = "UTC", "the times carry their zone"
    for role in ("entry_price", "exit_price"):
        found.trades[role] = columns.numbers(role)
    for role in ("stop_loss", "take_profit"):
        if role in roles:
            found.trades[role] = columns.numbers(role, needed=False)
    found.trades["row"] = wanted
    found.trades["exit_reason"] = NOT_SAID
    return found, columns


def _sides(columns: Columns) -> npt.NDArray[np.int8]:
    found = []
    for row, text in zip(columns.rows, columns.texts("direction"), strict=True):
        word = text.strip().lower()
        side = side_of(word) or {"1": 1, "+1": 1, "-1": -1, "0": 1}.get(word, 0)
        if not side:
            raise columns.document.refuse(
                "is neither long nor short" if text else "is missing", row=row, parameter="direction",
                value=text or None, remedy="Use buy or sell, long or short",
            )  # fmt: skip
        found.append(side)
    return np.array(found, np.int8)


def _numbered(
    document: Document, mapping: Mapping[str, str | int], words: Mapping[str, tuple[str, ...]]
) -> tuple[int, dict[str, int]]:
    """The header's row, -1 where there is none, and the column of each role."""
    for role in mapping:
        if role not in ROLES:
            raise DataError(
                "is not a column of a list of trades", parameter="columns", value=role,
                remedy=did_you_mean(role, ROLES) + "Use " + ", ".join(ROLES),
            )  # fmt: skip
    named = {role: str(name).strip().lower() for role, name in mapping.items()}
    for at in range(min(30, len(document.rows))):
        heads = [text.lower() for text in document.rows[at]]
        if all(name in heads or name.isdigit() for name in named.values()):
            usual = header_of(document, words, (), first=at, within=1)
            roles = dict(usual[1]) if usual else {}
            for role, name in named.items():
                roles = {other: column for other, column in roles.items() if column != _place(heads, name)}
                roles[role] = _place(heads, name)
            missing = [role for role in _NEEDED if role not in roles]
            if not roles.keys() & {"size", "lots"}:
                missing.append("size")
            if missing and (named or at == min(30, len(document.rows)) - 1):
                raise document.refuse(
                    "has no column of " + ", ".join(missing), row=at, value=", ".join(document.rows[at])[:200],
                    remedy=f"Name it, as in columns {missing[0]}=NAME",
                )  # fmt: skip
            far = [role for role, column in roles.items() if column >= len(heads)]
            if far and not missing:
                raise document.refuse(
                    f"has {len(heads)} columns", row=at, parameter=far[0], value=roles[far[0]],
                    remedy="Columns are counted from 0.",
                )  # fmt: skip
            if not missing:
                # Where columns are told by number, the first row may be a trade already.
                is_told = all(named.get(role, "").isdigit() for role in _NEEDED)
                return (at - 1 if is_told and _is_number(heads[roles["entry_price"]]) else at), roles
    unknown = next((name for role, name in named.items()), "")
    raise document.refuse(
        "has no such column", parameter="columns", value=unknown or None,
        remedy="Its first row has: " + ", ".join(document.rows[0] if document.rows else ())[:200],
    )  # fmt: skip


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "").strip().isdigit()


def _place(heads: list[str], name: str) -> int:
    return heads.index(name) if name in heads else int(name)
