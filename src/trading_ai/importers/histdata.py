"""HistData "Generic ASCII" M1: no header, ``20180101 170000;open;high;low;close;0``; bid.

Its documentation says Eastern Standard Time without daylight saving (UTC-5). Real files disagree in some
years, so the documented zone only holds where the weekly opens agree.
"""

from __future__ import annotations

import re

from trading_ai.importers.raw import FormatFacts
from trading_ai.importers.sniff import Layout


def recognise(layout: Layout, name: str) -> FormatFacts | None:
    """The format's facts, or None where the table is not of this format."""
    del name
    if layout.header or layout.delimiter != ";":
        return None
    if re.fullmatch(r"\d{8} \d{6}", layout.rows[0][0]):
        return FormatFacts("histdata", timezone="EST", side="bid")
    return None
