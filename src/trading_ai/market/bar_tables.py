"""Bars as a table: of Polars, and in HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trading_ai import shown

if TYPE_CHECKING:
    import polars as pl

    from trading_ai.market.bars import Bars

_COLUMNS = ("open", "high", "low", "close", "volume", "spread", "ask_open", "ask_high", "ask_low", "ask_close")
_ENDS = 3
"""Bars shown of either end."""


def frame_of(bars: Bars) -> pl.DataFrame:
    """One row a bar: ``time`` of its open (UTC), prices, volume, and spread or ask prices where there are any."""
    import polars as pl  # noqa: PLC0415 - a fifth of a second that a run itself does not need

    columns = {name: pl.Series(name, getattr(bars, name)) for name in _COLUMNS if getattr(bars, name) is not None}
    time = pl.Series("time", bars.open_time_ns).cast(pl.Datetime("ns", "UTC"))
    return pl.DataFrame([time, *columns.values()])


def html_of(bars: Bars) -> str:
    """What the bars are of, and the first and last of them."""
    n, symbol = len(bars), bars.symbol
    title = f"{symbol.name} {bars.timeframe}: {n:,} bars"
    if not n:
        return shown.card(title)
    names = [name for name in ("open", "high", "low", "close", "volume", "spread") if getattr(bars, name) is not None]
    rows = list(range(n)) if n <= 2 * _ENDS else [*range(_ENDS), -1, *range(n - _ENDS, n)]
    cells = [
        ["..."] + [""] * len(names) if i < 0 else [_moment(bars, i), *(_cell(bars, k, i) for k in names)] for i in rows
    ]
    side = (
        "bid and ask prices"
        if bars.ask_open is not None
        else "bid prices with a spread"
        if bars.spread is not None
        else ("one price; the spread is that of the costs")
    )
    facts = [("from", _moment(bars, 0)), ("to", _moment(bars, n - 1)), ("prices", side)]
    return shown.card(title, facts, [shown.table(["open time (UTC)", *names], cells)])


def _moment(bars: Bars, i: int) -> str:
    moment = np.datetime64(int(bars.open_time_ns[i]), "ns")
    return str(moment.astype("datetime64[s]" if bars.timeframe.seconds % 60 else "datetime64[m]")).replace("T", " ")


def _cell(bars: Bars, name: str, i: int) -> str:
    value = float(getattr(bars, name)[i])
    return f"{value:,.10g}" if name == "volume" else f"{value:.{bars.symbol.digits}f}"
