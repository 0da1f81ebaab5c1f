"""QuantConnect LEAN data: ``20070101 21:00,...`` rows (hour, day), or one day's rows in ms since midnight.

Trades have open, high, low, close and volume; quotes have bid open, high, low, close and size, then the same
of the ask. US equities hold prices times 10,000. Zones differ by venue: New York for equities, mostly UTC for
the rest.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from trading_ai.errors import DataError
from trading_ai.importers import ticks
from trading_ai.importers.chosen import Asked
from trading_ai.importers.containers import Member
from trading_ai.importers.csv_bars import read_table
from trading_ai.importers.numbers import NumberStyle
from trading_ai.importers.raw import FormatFacts, RawRows
from trading_ai.importers.sniff import Layout
from trading_ai.importers.text import SAMPLE_BYTES
from trading_ai.market.symbol import Symbol

_DAY_FILE = re.compile(r"(\d{8})_(.+)_(tick|second|minute)_(trade|quote)\.csv", re.IGNORECASE)
_TRADE = ("time", "open", "high", "low", "close", "volume")
# Fields of ticks after the time, by their number: quotes with and without sizes, trades.
_TICK_QUOTES = {3: (1, 2), 5: (1, 3)}
_QUOTE = {"time": 0, "open": 1, "high": 2, "low": 3, "close": 4}
_QUOTE |= {"ask_open": 6, "ask_high": 7, "ask_low": 8, "ask_close": 9}


def recognise(data: bytes, name: str, symbol: Symbol) -> FormatFacts | None:
    """The format's facts, or None where the text is not of this format."""
    first = data[:400].decode(errors="replace").splitlines()[0] if data else ""
    dated = re.match(r"\d{8} \d\d:\d\d,", first) is not None and first.count(",") in {5, 10}
    if not (dated or (_DAY_FILE.fullmatch(name) and re.match(r"\d+,", first))):
        return None
    equity = symbol.kind == "stock"
    return FormatFacts(
        "lean",
        timezone="America/New_York" if equity else "UTC",
        side="bid+ask" if first.count(",") == 10 else "trade",
        price_scale=1e-4 if equity else None,
    )


def read(member: Member, facts: FormatFacts, asked: Asked, *, repair: bool = False) -> RawRows:
    """Read one LEAN file; ticks become bars of one minute.

    Raises:
        DataError: bars of seconds, or a row that cannot be read.
    """
    day = _DAY_FILE.fullmatch(member.name)
    source = member.origin
    if day and day[3].lower() == "second":
        raise DataError("holds bars of seconds", file=source, remedy="Import ticks, or bars of a minute or longer")
    # Times are milliseconds of the day that the file is named after.
    midnight = int(np.datetime64(f"{day[1][:4]}-{day[1][4:6]}-{day[1][6:]}", "ns").astype(np.int64)) if day else 0
    if day and day[3].lower() == "tick":
        layout = _tick_layout(_rows(member.head()), day[4].lower(), source)
        side = "trade" if "price" in layout.roles else "bid+ask"
        facts = replace(facts, name="lean ticks", side=side)
        rows = ticks.read(
            member, layout, facts, asked=asked, date_format="ms_of_day", repair=repair, midnight_ns=midnight
        )
        return replace(rows, aware=False, date_format="milliseconds of the day in the file name")
    data = member.read()
    rows_ = _rows(data)
    texts = [f.partition(".")[2] for row in rows_[:-1] or rows_ for f in row[1:5]]
    decimals = min(max(len(text.rstrip("0")) for text in texts), 8)
    roles = _QUOTE if facts.side == "bid+ask" else {role: i for i, role in enumerate(_TRADE)}
    layout = Layout(",", 0, (), len(rows_[0]), roles, NumberStyle(), decimals, rows_)
    if day is None:
        return read_table(data, layout, facts, source=source)
    raw = read_table(data, layout, facts, source=source, date_format="ms_of_day")
    return replace(
        raw,
        time_ns=raw.time_ns + midnight,
        aware=False,
        date_format="milliseconds of the day in the file name",
    )


def _rows(data: bytes) -> tuple[tuple[str, ...], ...]:
    text = data[:SAMPLE_BYTES].decode(errors="replace")
    return tuple(tuple(line.split(",")) for line in text.splitlines()[:2000])


def _tick_layout(rows: tuple[tuple[str, ...], ...], kind: str, source: str) -> Layout:
    n_fields = len(rows[0])
    if kind == "trade" and n_fields >= 3:
        roles = {"time": 0, "price": 1, "size": 2}
    elif n_fields in _TICK_QUOTES:
        bid, ask = _TICK_QUOTES[n_fields]
        roles = {"time": 0, "bid": bid, "ask": ask}
    else:
        raise DataError(
            f"has {n_fields} fields where ticks have 3 or 5",
            file=source,
            line=1,
            value=",".join(rows[0])[:80],
            remedy="Check the file",
        )
    texts = [row[i].partition(".")[2] for row in rows[:-1] or rows for i in list(roles.values())[1:2] if i < len(row)]
    decimals = min(max(len(text.rstrip("0")) for text in texts), 8)
    return Layout(",", 0, (), n_fields, roles, NumberStyle(), decimals, rows)
