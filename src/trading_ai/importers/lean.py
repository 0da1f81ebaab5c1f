"""QuantConnect LEAN data: ``20070101 21:00,...`` rows (hour, day), or one day's rows in ms since midnight.

Trades have open, high, low, close and volume; quotes have bid open, high, low, close and size, then the same
of the ask. US equities hold prices times 10,000. Zones differ by venue: New York for equities, mostly UTC for
the rest.
"""

from __future__ import annotations

import re

import numpy as np

from trading_ai.errors import DataError
from trading_ai.importers.csv_bars import read_table
from trading_ai.importers.raw import FormatFacts, RawRows
from trading_ai.importers.sniff import SAMPLE_BYTES, Layout
from trading_ai.market.symbol import Symbol

_DAY_FILE = re.compile(r"(\d{8})_(.+)_(tick|second|minute)_(trade|quote)\.csv", re.IGNORECASE)
_TRADE = ("time", "open", "high", "low", "close", "volume")
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


def read(data: bytes, name: str, facts: FormatFacts, *, source: str) -> RawRows:
    """Read one LEAN file.

    Raises:
        DataError: ticks, or a row that cannot be read.
    """
    day = _DAY_FILE.fullmatch(name)
    if day and day[3].lower() != "minute":
        raise DataError(
            f"holds {'ticks' if day[3].lower() == 'tick' else 'seconds'}, not bars",
            file=source,
            remedy="Import minute, hour or daily bars",
        )
    rows = tuple(tuple(line.split(",")) for line in data[:SAMPLE_BYTES].decode(errors="replace").splitlines()[:2000])
    decimals = max(len(f.partition(".")[2].rstrip("0")) for row in rows[:-1] or rows for f in row[1:5])
    roles = _QUOTE if facts.side == "bid+ask" else {role: i for i, role in enumerate(_TRADE)}
    layout = Layout(",", 0, (), len(rows[0]), roles, False, min(decimals, 8), rows)
    if day is None:
        return read_table(data, layout, facts, source=source)
    # Times are milliseconds of the day that the file is named after: read them as epochs and move them there.
    midnight = np.datetime64(f"{day[1][:4]}-{day[1][4:6]}-{day[1][6:]}", "ns").astype(np.int64)
    raw = read_table(data, layout, facts, source=source, date_format="ms_of_day")
    return RawRows(
        raw.time_ns + midnight,
        False,
        raw.columns,
        raw.decimals,
        raw.lines,
        "milliseconds of the day in the file name",
    )
