"""Files that cTrader leaves beside each other: parameters and events that belong to a report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trading_ai.importers.trades.cbotset import ParameterFile
from trading_ai.importers.trades.formats import TradeFormat
from trading_ai.importers.trades.found import FoundTrades

_MOMENT = 1_000_000_000  # a report may show seconds where events have milliseconds


def _folder(source: str) -> str:
    return source.replace("!", "/").replace("\\", "/").rpartition("/")[0]


def give_parameters(found: Sequence[FoundTrades], files: Sequence[ParameterFile]) -> None:
    """Give the parameters of ``.cbotset`` files to the reports beside them.

    Args:
        found: the reports; changed.
        files: parameters; one that is beside no report, or beside several, is said in their notes.
    """
    for file in files:
        beside = [f for f in found if _folder(f.document.source) == _folder(file.source)]
        owners = beside or (list(found) if len(found) == 1 else [])
        for one in owners:
            new = {name: value for name, value in file.parameters.items() if name not in one.parameters}
            one.parameters |= new
            one.timeframe = one.timeframe or file.timeframe
            if file.symbol and not any(one.symbols):
                one.symbols = [file.symbol] * len(one.trades)
            if new:
                one.notes.append(f"{len(new):,} parameters are those of {file.source} beside it")
        if not owners:
            found[0].notes.append(f"the parameters of {file.source} are left out: no report is beside it")


def join_events(read: list[tuple[TradeFormat, FoundTrades]]) -> list[tuple[TradeFormat, FoundTrades]]:
    """Give the stops, targets and reasons of an ``events.json`` to the report of the same backtest beside it.

    Args:
        read: all reports with their formats.

    Returns:
        The reports without the events that were joined.
    """
    events = [(f, found) for f, found in read if f.name == "ctrader_events"]
    reports = [found for f, found in read if f.name == "ctrader_report"]
    joined = []
    for item in events:
        found = item[1]
        for report in reports:
            if _folder(report.document.source) == _folder(found.document.source) and _join(report, found):
                joined.append(id(found))
                break
    return [item for item in read if id(item[1]) not in joined]


def _join(report: FoundTrades, events: FoundTrades) -> bool:
    ours, theirs = report.trades, events.trades
    if len(ours) != len(theirs) or not len(ours):
        return False
    a, b = (
        np.lexsort((t["exit_price"], t["exit_time_ns"], t["entry_price"], t["entry_time_ns"])) for t in (ours, theirs)
    )
    left, right = ours[a], theirs[b]
    same = (
        (np.abs(left["entry_time_ns"] - right["entry_time_ns"]) < _MOMENT)
        & (np.abs(left["exit_time_ns"] - right["exit_time_ns"]) < _MOMENT)
        & (left["direction"] == right["direction"])
        & (np.abs(left["entry_price"] - right["entry_price"]) < 1e-9)
    )
    if not same.all():
        return False
    for field in ("stop_loss", "take_profit", "exit_reason"):
        ours[field][a] = theirs[field][b]
    report.notes = [note for note in report.notes if "holds no stops" not in note]
    report.notes.append(f"stops, targets and reasons of exits are those of {events.document.source} beside it")
    return True
