"""MetaTrader 5 bar export: tab-separated ``<DATE> <TIME> <OPEN> ... <TICKVOL> <VOL> <SPREAD>``.

Prices are bid, the spread is in points, times are the broker server's; D1 files have no ``<TIME>``.
"""

from __future__ import annotations

import re

from trading_ai.importers.raw import FormatFacts
from trading_ai.importers.sniff import Layout


def recognise(layout: Layout, name: str) -> FormatFacts | None:
    """The format's facts, or None where the table is not of this format."""
    del name
    dated = re.fullmatch(r"\d{4}\.\d\d\.\d\d", layout.rows[0][layout.roles["time"]]) is not None
    if dated and "tick_volume" in layout.roles and "spread" in layout.roles:
        return FormatFacts("mt5", side="bid")
    return None
