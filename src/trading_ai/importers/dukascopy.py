"""Dukascopy bar export: ``Gmt time,Open,High,Low,Close,Volume`` with ``26.03.2025 00:00:00.000``.

One side a file, named in the file name; weekends are filled with flat bars without volume.
"""

from __future__ import annotations

import re

from trading_ai.importers.raw import FormatFacts
from trading_ai.importers.sniff import Layout


def recognise(layout: Layout, name: str) -> FormatFacts | None:
    """The format's facts, or None where the table is not of this format."""
    if not layout.header:
        return None
    head = layout.header[layout.roles["time"]].strip().lower()
    value = layout.rows[0][layout.roles["time"]]
    stamped = re.match(r"\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d\.\d{3}", value) is not None
    if not stamped or head not in {"gmt time", "local time", "time", "etc/utc", "utc"}:
        return None
    side = re.search(r"(?:^|[^A-Z])(BID|ASK)(?:[^A-Z]|$)", name.upper())
    zone = "" if head == "local time" else "UTC"
    return FormatFacts("dukascopy", timezone=zone, day_first=True, side=side[1].lower() if side else "")
