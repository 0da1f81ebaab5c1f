"""MetaTrader 4 history export: ``2022.08.15,10:06,open,high,low,close,tick volume``, no header.

Prices are bid, times are the broker server's, which is not documented.
"""

from __future__ import annotations

import re

from trading_ai.importers.raw import FormatFacts
from trading_ai.importers.sniff import Layout


def recognise(layout: Layout, name: str) -> FormatFacts | None:
    """The format's facts, or None where the table is not of this format."""
    del name
    row = layout.rows[0]
    if layout.header or layout.delimiter != "," or len(row) != 7:
        return None
    if not (re.fullmatch(r"\d{4}\.\d\d\.\d\d", row[0]) and re.fullmatch(r"\d\d:\d\d", row[1])):
        return None
    return FormatFacts("mt4", side="bid")
