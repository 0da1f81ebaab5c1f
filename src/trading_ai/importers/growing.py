"""A dataset with the bars of a file behind it: read, held against what is there, and checked as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trading_ai.importers.read import ImportedBars, read_bars
from trading_ai.market.appending import Appended, appended
from trading_ai.market.bars import Bars
from trading_ai.market.quality import check_rows

_COLUMNS = ("open", "high", "low", "close", "volume", "spread", "ask_open", "ask_high", "ask_low", "ask_close")
REPEATED = ("timezone", "price_scale", "spread_unit", "stamped", "side", "decimal", "date_format", "ticker")
"""What was stated of the first file and holds of the next one too, unless something else is stated."""


def grown(
    old: Bars, detected: Mapping[str, Any], path: Path, stated: Mapping[str, Any], dataset_id: str
) -> tuple[ImportedBars, Appended]:
    """A dataset with the bars of a file, or of a folder's files, behind it.

    Args:
        old: its bars.
        detected: how they were read, as the dataset's record says.
        path: the file or the folder.
        stated: arguments of `read_bars`; what was stated of the old bars holds where nothing is said, and so does the
            clock that was detected there, because a short file does not tell it.
        dataset_id: of the old bars.

    Returns:
        All bars with the report on them, and what was added.

    Raises:
        DataError: the file cannot be read, or does not continue the dataset.
    """
    before = detected.get("stated") or {}
    said = {name: before[name] for name in REPEATED if name in before}
    if "timezone" not in said and detected.get("timezone"):
        said["timezone"] = detected["timezone"]
    said |= stated
    found = read_bars(path, symbol=old.symbol, timeframe=old.timeframe, **said)
    return checked(appended(old, found.bars, str(path)), {**found.detected, "stated": said}, str(path), dataset_id)


def checked(made: Appended, detected: Mapping[str, Any], source: str, dataset_id: str) -> tuple[ImportedBars, Appended]:
    """Bars that have grown, with the report on all of them and the dataset that they continue.

    Args:
        made: the bars.
        detected: how the new ones were read.
        source: where those come from.
        dataset_id: of the old bars.
    """
    bars = made.bars
    columns = {name: getattr(bars, name) for name in _COLUMNS if getattr(bars, name) is not None}
    *_, report = check_rows(bars.open_time_ns, columns, symbol=bars.symbol, timeframe=bars.timeframe, source=source)
    told = {"continues": dataset_id, "n_appended": made.n_new, "n_known": made.n_same}
    if made.last_replaced:
        report.warnings.append("the last bar of the dataset had not ended when it was read: it was taken anew")
    return ImportedBars(bars, report, {**detected, **told}), made
