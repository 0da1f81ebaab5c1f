"""TradingView's "List of trades" (CSV, xlsx): two rows a trade, of all versions of the headings."""

from __future__ import annotations

import math
import re

import numpy as np

from trading_ai.engine.records import SIGNAL
from trading_ai.importers.trades.cells import Columns, header_of
from trading_ai.importers.trades.document import Document
from trading_ai.importers.trades.found import FoundTrades, empty_trades
from trading_ai.importers.trades.words import end_of, folded

_WORDS = {
    "trade": ("trade", "tradenumber", "tradeno"),
    "type": ("type",),
    "time": ("dateandtime", "datetime", "dateutc"),
    "signal": ("signal",),
    "price": ("price*",),
    "size": ("sizeqty", "positionsizeqty", "contracts", "quantity", "qty", "positionsize"),
    "net": ("netpl*", "netpnl*", "pnl*", "profit*", "pl*"),
    "cumulative": ("cumulativepl*", "cumulativepnl*", "cumprofit*", "cumulativeprofit*"),
    "percent": ("cumulativeplpercent", "cumulativepnlpercent", "cumprofitpercent", "cumulativeprofitpercent"),
}
_NEEDED = ("trade", "type", "time", "price", "size", "net")
_ENTRY = re.compile(r"entry|einstieg|entrada|entree|entrata|вход|giris|wejscie|入场|入場|エントリー|진입")
_SHOWN_TO = 0.005
"""How far a figure may be from what is shown of it with two decimals."""
_TOLD_TO = 1.05
"""How wide the range of deposits that fit may be, largest by smallest."""
_NEVER = np.iinfo(np.int64).max
_CURRENCY = re.compile(r"\b([A-Z]{3,5})\b\s*\)?\s*$")
_NAME = re.compile(r"_([A-Z]+)_([A-Z0-9.!]+)_\d{4}-\d\d-\d\d")


def recognises(document: Document) -> bool:
    """Whether a document is a list of trades of TradingView."""
    if document.kind not in {"text", "sheet"}:
        return False
    found = header_of(document, _WORDS, _NEEDED, within=3)
    if found is None:
        return False
    at, roles = found
    rows = document.rows[at + 1 : at + 3]
    return not rows or any(
        "long" in word or "short" in word for word in (folded(r[roles["type"]]) for r in rows if len(r) > roles["type"])
    )


def read(document: Document) -> FoundTrades:
    """Read a list of trades.

    Raises:
        DataError: a row is damaged, a trade has not two rows, numbers are missing, or profits do not add up.
    """
    header = header_of(document, _WORDS, _NEEDED, within=3)
    assert header is not None
    at, roles = header
    columns = Columns(document, range(at + 1, len(document.rows)), roles)
    columns.settle_style([role for role in ("price", "size", "net", "cumulative") if role in roles])
    currency = _CURRENCY.search(document.rows[at][roles["net"]])
    name = _NAME.search(document.source)
    found = FoundTrades(
        document, empty_trades(0), [], clock_how="the chart's time zone, which the list does not name",
        account_currency="" if currency is None or currency[1] in {"PNL", "NET"} else currency[1],
    )  # fmt: skip
    if columns.rows:
        pairs = _pairs(document, columns)
        _read_trades(found, columns, pairs)
    found.symbols = [name[2] if name else ""] * len(found.trades)
    found.notes += [
        "the list holds no stops, targets, commissions or parameters; its profits are net of commissions",
        "times are the opens of the chart's bars" if len(found.trades) else "the list holds no trade",
    ]
    return found


def _pairs(document: Document, columns: Columns) -> list[tuple[int, int]]:
    """Positions (among the rows) of each trade's entry and exit, by number."""
    by_number: dict[int, list[int]] = {}
    numbers = columns.numbers("trade")
    for i, value in enumerate(numbers):
        by_number.setdefault(int(value), []).append(i)
    types = [folded(text) for text in columns.texts("type")]
    first, last = min(by_number), max(by_number)
    pairs = []
    for number in range(first, last + 1):
        places = by_number.get(number, [])
        if not places:
            raise document.refuse(
                "is missing", parameter="trade", value=number, remedy="Export the list again; rows were lost"
            )
        entries = [i for i in places if _ENTRY.search(types[i])]
        exits = [i for i in places if not _ENTRY.search(types[i])]
        if len(entries) == 1 and not exits and number == last:
            continue  # still open
        if len(entries) != 1 or len(exits) != 1:
            raise document.refuse(
                f"has {len(entries)} entries and {len(exits)} exits instead of one each", row=columns.rows[places[0]],
                parameter="trade", value=number, remedy="Export the list again; it is cut off, or was changed",
            )  # fmt: skip
        pairs.append((entries[0], exits[0]))
    return pairs


def _read_trades(found: FoundTrades, columns: Columns, pairs: list[tuple[int, int]]) -> None:
    document = found.document
    times, found.aware = columns.times("time")
    if found.aware:
        found.clock, found.clock_how = "UTC", "the times carry their zone"
    prices, sizes, nets = (
        columns.numbers("price"),
        columns.numbers("size", needed=False),
        columns.numbers("net", needed=False),
    )
    types, signals = columns.texts("type"), columns.texts("signal")
    trades = empty_trades(len(pairs))
    for i, (entry, exit_) in enumerate(pairs):
        sides = {("long" in folded(types[j])) - ("short" in folded(types[j])) for j in (entry, exit_)}
        if len(sides) != 1 or 0 in sides:
            raise document.refuse(
                "is neither long nor short in both rows", row=columns.rows[entry], parameter="type",
                value=f"{types[entry]}, {types[exit_]}", remedy="Export the list again; it was changed",
            )  # fmt: skip
        size = sizes[exit_] if not np.isnan(sizes[exit_]) else sizes[entry]
        net = nets[exit_] if not np.isnan(nets[exit_]) else nets[entry]
        for name, value in (("size", size), ("net", net)):
            if np.isnan(value) or (name == "size" and value <= 0.0):
                raise document.refuse("is missing", row=columns.rows[exit_], parameter=name)
        trades[i] = (
            times[entry], times[exit_], sides.pop(), end_of(signals[exit_], otherwise=SIGNAL), size, prices[entry],
            prices[exit_], np.nan, np.nan, np.nan, np.nan, np.nan, net, columns.rows[exit_],
        )  # fmt: skip
    found.trades = trades
    if "cumulative" in columns:
        cumulative = columns.numbers("cumulative", needed=False)
        _check_sums(document, columns, pairs, trades, cumulative, columns.numbers("trade").min() == 1.0)
        if "percent" in columns:
            places = [exit_ for _, exit_ in pairs]
            _tell_capital(found, cumulative[places], columns.numbers("percent", needed=False, lenient=True)[places])
        last = cumulative[pairs[-1][1]] if pairs else np.nan
        if not np.isnan(last):
            found.summary["net_profit"], found.decimals["net_profit"] = float(last), 2
    n_open = int(np.count_nonzero([folded(signals[exit_]) == "open" for _, exit_ in pairs]))
    if n_open:
        found.notes.append(f"{n_open:,} trades were open at the end; they end with the last price that the list has")


def _tell_capital(found: FoundTrades, totals: np.ndarray, percents: np.ndarray) -> None:
    """Say which first deposit it is of which these totals are these percents, to the two decimals that are shown.

    Args:
        found: gets the deposit and a note, where there is one.
        totals: cumulative profit after each trade, account currency, NaN for not said, shape (n,).
        percents: the same in percent of the first deposit, shape (n,).
    """
    told = ~np.isnan(totals) & ~np.isnan(percents)
    money, part = np.abs(totals[told]), np.abs(percents[told]) / 100.0
    with np.errstate(divide="ignore"):
        lowest = float(np.max((money - _SHOWN_TO) / (part + _SHOWN_TO / 100.0), initial=0.0))
        most = np.where(part > _SHOWN_TO / 100.0, (money + _SHOWN_TO) / (part - _SHOWN_TO / 100.0), np.inf)
    highest = float(np.min(most, initial=np.inf))
    if not 0.0 < lowest <= highest <= 2.0 * lowest:
        return
    if highest <= _TOLD_TO * lowest:
        for digits in range(1, 9):
            step = 10.0 ** (math.floor(math.log10(highest)) - digits + 1)
            found.capital = math.ceil(lowest / step) * step
            if found.capital <= highest:
                found.notes.append(f"a first deposit of {found.capital:,.10g} is what its cumulative percents mean")
                return
    # Several fit: one that is usual may be taken, if it is the only one.
    scale = 10.0 ** math.floor(math.log10(lowest))
    usual = [d * scale for d in (1.0, 2.0, 2.5, 5.0, 10.0, 20.0) if lowest <= d * scale <= highest]
    found.capital = usual[0] if len(usual) == 1 else None
    if found.capital is not None:
        found.notes.append(
            f"by its cumulative percents the first deposit was {lowest:,.4g} to {highest:,.4g}: {found.capital:,.10g} "
            "is taken; import again with a capital if it was another"
        )


def _check_sums(
    document: Document, columns: Columns, pairs: list[tuple[int, int]], trades: np.ndarray, cumulative: np.ndarray,
    is_whole: bool,
) -> None:  # fmt: skip
    """Refuse a list whose profits do not add up to its running totals.

    Where positions overlap or touch, the totals in between may hold commissions of those that are still open: what
    must add up is a run of trades that ends with nothing open.
    """
    # A list that begins later than with its first trade has a total of which nothing is known.
    before, since, n, wrong = 0.0 if is_whole else np.nan, 0.0, 0, -1
    open_until = np.maximum.accumulate(trades["exit_time_ns"])
    next_entry = np.append(np.minimum.accumulate(trades["entry_time_ns"][::-1])[::-1], _NEVER)
    for i, (_, exit_) in enumerate(pairs):
        after = cumulative[exit_]
        since, n = since + trades["net_profit"][i], n + 1
        following = next_entry[i + 1]
        if following < open_until[i]:
            continue
        # Every profit and both totals are rounded to cents or, in coins, to more digits; NaN is no total.
        if abs(before + since - after) > 0.02 + min(0.0051 * n, 0.015 * n**0.5):
            wrong = exit_ if wrong < 0 else wrong
            if following == open_until[i]:
                continue
            raise document.refuse(
                f"does not add up: {before:.2f} before and {since:.2f} of {n:,} trades give {before + since:.2f}, and "
                f"not {after:.2f}",
                row=columns.rows[wrong], parameter="cumulative profit", value=float(cumulative[wrong]),
                remedy="Export the list again; a row is missing, or was changed",
            )  # fmt: skip
        before, since, n, wrong = float(after), 0.0, 0, -1
