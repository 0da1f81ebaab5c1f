"""From what a reader found to lists of trades: symbols, sizes in units, the account's currency, checks of every row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trading_ai.engine.trade_list import LISTED_TRADE, TradeList
from trading_ai.errors import DataError
from trading_ai.importers.trades.clock import TradeClock, times_in_utc
from trading_ai.importers.trades.found import FoundTrades
from trading_ai.market.symbol import Symbol
from trading_ai.market.symbol_table import in_table

_LARGEST = 1e15
_CHECKED = ("size", "entry_price", "exit_price")
_PROFITS = 0.5  # money from which on a profit tells what a lot is worth
_LIKE = 0.01


@dataclass(frozen=True)
class Stated:
    """What a user says of a report.

    Attributes:
        symbol: name of the instrument, or None for the report's.
        timezone: clock of the times, or None.
        lot_size: units in a lot, or None.
        capital: first deposit, or None for the report's.
        account_currency: or None for the report's.
    """

    symbol: str | None = None
    timezone: str | None = None
    lot_size: float | None = None
    capital: float | None = None
    account_currency: str | None = None


def settle(found: FoundTrades, origin: str, clock: TradeClock, stated: Stated, known: Symbol | None) -> list[TradeList]:
    """Lists of trades, one a symbol.

    Args:
        found: the report.
        origin: its format.
        clock: the clock taken.
        stated: what the user says.
        known: the symbol of the dataset, or None.

    Raises:
        DataError: a row is impossible, or a symbol or the size of its lot is not known.
    """
    _check(found)
    entries, exits = times_in_utc(found, clock.zone)
    names = np.array([name.strip() for name in found.symbols], dtype=object)
    distinct = list(dict.fromkeys(names.tolist()))
    if stated.symbol is not None and len(distinct) > 1:
        chosen = [name for name in distinct if _canonical(name) == _canonical(stated.symbol)]
        if not chosen:
            raise found.document.refuse(
                "holds no trades of this symbol", parameter="symbol", value=stated.symbol,
                remedy="It holds " + ", ".join(distinct),
            )  # fmt: skip
        distinct = chosen
    lists = []
    for name in distinct or [""]:
        rows = np.flatnonzero(names == name)
        lists.append(_one(found, origin, clock, stated, known, name, rows, entries, exits, alone=len(distinct) < 2))
    return lists


def _canonical(name: str) -> str:
    found = in_table(name)
    return name.strip().upper() if found is None else found.name


def _check(found: FoundTrades) -> None:
    trades, document = found.trades, found.document
    for name in _CHECKED:
        bad = ~((trades[name] > 0.0) & (trades[name] < _LARGEST))
        if bad.any():
            at = int(np.flatnonzero(bad)[0])
            raise document.refuse(
                "must be above 0", row=int(trades["row"][at]) if document.lines else None, parameter=name,
                value=float(trades[name][at]), remedy="Correct or remove the row",
            )  # fmt: skip
    for name in ("gross_profit", "commission", "swap", "net_profit"):
        bad = np.isinf(trades[name]) | (np.abs(trades[name]) >= _LARGEST)
        if bad.any():
            at = int(np.flatnonzero(bad)[0])
            raise document.refuse(
                "is too large", row=int(trades["row"][at]) if document.lines else None, parameter=name,
                value=float(trades[name][at]), remedy="Correct or remove the row",
            )  # fmt: skip


def _one(
    found: FoundTrades, origin: str, clock: TradeClock, stated: Stated, known: Symbol | None, name: str,
    rows: npt.NDArray[np.int64], entries: npt.NDArray[np.int64], exits: npt.NDArray[np.int64], *, alone: bool,
) -> TradeList:  # fmt: skip
    notes = list(found.notes)
    symbol_name, described = _symbol(found, stated, known, name, rows)
    read = found.trades[rows]
    trades = np.zeros(len(rows), LISTED_TRADE)
    for field in LISTED_TRADE.names or ():
        if field in (read.dtype.names or ()):
            trades[field] = read[field]
    trades["entry_time_ns"], trades["exit_time_ns"] = entries[rows], exits[rows]
    trades["units"] = read["size"]
    for level in ("stop_loss", "take_profit"):
        trades[level][trades[level] <= 0.0] = np.nan  # platforms write 0 for none
    trades["net_profit"] = np.where(
        np.isnan(trades["net_profit"]),
        trades["gross_profit"] - np.nan_to_num(trades["commission"]) + np.nan_to_num(trades["swap"]),
        trades["net_profit"],
    )
    if found.size_unit == "lots" and len(rows):
        trades["units"] *= _lot_size(found, stated, described, symbol_name, read, notes)
    currency = (stated.account_currency or found.account_currency).upper()
    if not currency and described is not None:
        currency = _currency_told(trades, described)
        if currency:
            notes.append(f"the account is taken for one in {currency}: its profits are those of such an account")
    if not alone:
        notes.append("the file holds several symbols; the deposit and the summary are those of all together")
    order = np.lexsort((trades["exit_time_ns"], trades["entry_time_ns"]))
    trades = trades[order]
    n_overlapping = int((trades["entry_time_ns"][1:] < np.maximum.accumulate(trades["exit_time_ns"])[:-1]).sum())
    if n_overlapping:
        notes.append(f"{n_overlapping:,} of {len(trades):,} positions were opened while another was open")
    if clock.doubt:
        notes.append(clock.doubt)
    if clock.equals:
        notes.append(f"these clocks fit the bars as well: {', '.join(clock.equals)}")
    for time_ns, amount in found.deposits:
        day = str(np.datetime64(time_ns, "ns").astype("datetime64[D]"))
        notes.append(
            f"{'deposit' if amount >= 0 else 'withdrawal'} of {abs(amount):.2f} on {day}, not part of the trades"
        )
    return TradeList(
        symbol_name, trades, currency, stated.capital if stated.capital is not None else found.capital, origin,
        f"{clock.zone}: {clock.how}", dict(found.parameters), dict(found.summary) if alone else {}, tuple(notes),
    )  # fmt: skip


def _symbol(
    found: FoundTrades, stated: Stated, known: Symbol | None, name: str, rows: Sequence[int] | npt.NDArray[np.int64]
) -> tuple[str, Symbol | None]:
    said = stated.symbol or name or (known.name if known is not None else "")
    if not said:
        if not len(rows):
            return "", None
        raise found.document.refuse(
            "names no symbol",
            parameter="symbol",
            remedy="State the symbol, such as EURUSD, or name a dataset of its bars",
        )
    if known is not None and _canonical(said) in {known.name, _canonical(known.name)}:
        return known.name, known
    described = in_table(said)
    return (said.upper() if described is None else described.name), described


def _worth(read: npt.NDArray[np.void]) -> float:
    """Account currency for a price of one and a size of one, where most trades tell the same; else NaN."""
    profit = np.where(np.isnan(read["gross_profit"]), read["net_profit"], read["gross_profit"])
    move = (read["exit_price"] - read["entry_price"]) * read["direction"] * read["size"]
    told = (np.abs(profit) >= _PROFITS) & (move * profit > 0.0)
    if told.sum() < 1:
        return math.nan
    ratios = profit[told] / move[told]
    middle = float(np.median(ratios))
    # Half a cent of each profit is rounding, and swaps may be inside.
    near = np.abs(ratios - middle) <= np.maximum(_LIKE * middle, 0.0051 / np.abs(move[told]))
    return middle if near.mean() >= 0.6 else math.nan


def _lot_size(
    found: FoundTrades,
    stated: Stated,
    described: Symbol | None,
    name: str,
    read: npt.NDArray[np.void],
    notes: list[str],
) -> float:
    if stated.lot_size is not None:
        return stated.lot_size
    worth = _worth(read)
    in_quote = described is not None and found.account_currency in {"", described.quote_currency}
    if described is not None:
        usual = described.lot_size
        if in_quote and found.account_currency and not math.isnan(worth) and abs(worth / usual - 1.0) > _LIKE:
            taken = _round_size(worth)
            notes.append(f"a lot is taken for {taken:g} units, as the profits say; it is usually {usual:g}")
            return taken
        return usual
    if not math.isnan(worth):
        taken = _round_size(worth)
        notes.append(f"a lot of {name} is taken for {taken:g} units, as the profits say of an account in its currency")
        return taken
    raise DataError(
        f"holds sizes in lots of {name}, and how many units a lot is cannot be told", file=found.document.source,
        parameter="lot_size", remedy="State lot_size, such as 100 for gold",
    )  # fmt: skip


def _round_size(worth: float) -> float:
    """The nearest number of two digits: profits are rounded, sizes of lots are not odd."""
    digits = 1 - math.floor(math.log10(worth))
    rounded = round(worth, digits)
    return rounded if abs(rounded / worth - 1.0) <= _LIKE else worth


def _currency_told(trades: npt.NDArray[np.void], described: Symbol) -> str:
    """The account's currency, where profits are those of one in the quote or the base currency; else ""."""
    sized = np.zeros(len(trades), [(n, "f8") for n in ("gross_profit", "net_profit", "exit_price", "entry_price",
                                                        "direction", "size")])  # fmt: skip
    for field in ("gross_profit", "net_profit", "exit_price", "entry_price", "direction"):
        sized[field] = trades[field]
    sized["size"] = trades["units"]
    worth = _worth(sized)
    if not math.isnan(worth) and abs(worth - 1.0) <= 2 * _LIKE:
        return described.quote_currency
    sized["size"] = trades["units"] / trades["exit_price"]
    worth = _worth(sized)
    return described.base_currency if not math.isnan(worth) and abs(worth - 1.0) <= 2 * _LIKE else ""
