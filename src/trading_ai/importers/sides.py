"""Joining a file of bid prices and one of ask prices into bars with both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trading_ai.errors import DataError
from trading_ai.importers.headings import ASK_PRICES, PRICES
from trading_ai.importers.raw import RawRows


def with_ask(bid: RawRows, ask: RawRows, source: str) -> RawRows:
    """Bid bars with the prices of ask bars that open at the same time.

    Bars that only one side has are left out, with a warning.

    Args:
        bid: the bid bars, ascending.
        ask: the ask bars, ascending; of the same clock.
        source: what to call both in messages.

    Raises:
        DataError: they have no time or clock in common, step back in time, or the ask lies below the bid.
    """
    for rows, name in ((bid, "bid"), (ask, "ask")):
        steps = np.diff(rows.time_ns)
        if not bool((steps > 0).all()):
            row = int(np.flatnonzero(steps <= 0)[0]) + 1
            raise DataError(
                "does not open after the row above it; bid and ask files are joined only where each is in order",
                file=source,
                line=rows.lines(row),
                parameter="time",
                remedy=f"Import the {name} file alone to see what repair would do, and sort it first",
            )
    if bid.aware != ask.aware or bid.header_zone != ask.header_zone:
        raise DataError(
            "the bid and the ask file are on different clocks",
            file=source,
            parameter="timezone",
            value=f"{bid.date_format} {bid.header_zone} and {ask.date_format} {ask.header_zone}",
            remedy="Export both with the same settings",
        )
    common, in_bid, in_ask = np.intersect1d(bid.time_ns, ask.time_ns, assume_unique=True, return_indices=True)
    if not len(common):
        raise DataError(
            "the bid and the ask file have no bar in common",
            file=source,
            parameter="side",
            remedy='Check that both are of one span and timeframe, or import one with side="bid"',
        )
    columns = {name: values[in_bid] for name, values in bid.columns.items()}
    columns |= {to: ask.columns[name][in_ask] for name, to in zip(PRICES, ASK_PRICES, strict=True)}
    columns.pop("spread", None)
    below = columns["ask_close"] < columns["close"]
    if float(below.mean()) > 0.5:
        raise DataError(
            f"the ask closes below the bid in {below.mean():.0%} of the bars: the two files seem to be exchanged, or "
            "of different symbols",
            file=source,
            line=bid.lines(int(in_bid[0])),
            parameter="side",
            value=float(columns["ask_close"][0]),
            remedy="Check which file is which",
        )
    warnings = bid.warnings
    alone = (len(bid.time_ns) - len(common), len(ask.time_ns) - len(common))
    if any(alone):
        warnings += (f"{alone[0]:,} bars of the bid file and {alone[1]:,} of the ask file have no twin: left out",)
    return replace(
        bid,
        time_ns=common,
        columns=columns,
        decimals=max(bid.decimals or 0, ask.decimals or 0) if bid.decimals is not None else None,
        lines=lambda row: bid.lines(int(in_bid[row])),
        warnings=warnings,
    )
