"""Bars as a Parquet file; a module of its own, because it needs Polars, which takes 0.2 s."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from trading_ai.market.bars import Bars
from trading_ai.market.symbol import Symbol
from trading_ai.market.timeframe import Timeframe

_COLUMNS = ("open_time_ns", "open", "high", "low", "close", "volume")
_OPTIONAL = ("spread", "ask_open", "ask_high", "ask_low", "ask_close")


class BarFiles:
    """Writes and reads the columns of bars; what they are bars of is kept elsewhere."""

    def write(self, bars: Bars, path: Path) -> None:
        """Write the columns that the bars have.

        Raises:
            OSError: the file cannot be written.
        """
        frame = pl.DataFrame({n: getattr(bars, n) for n in (*_COLUMNS, *_OPTIONAL) if getattr(bars, n) is not None})
        frame.write_parquet(path, compression="lz4", statistics=False)

    def read(self, path: Path, symbol: Symbol, timeframe: Timeframe) -> Bars:
        """Bars of the columns that `write` wrote.

        Raises:
            OSError: the file cannot be read.
            ValueError: it is no Parquet, lacks a column, or holds what bars cannot be.
        """
        try:
            frame = pl.read_parquet(path)
            return Bars(
                symbol,
                timeframe,
                *(frame[name].to_numpy() for name in _COLUMNS),
                **{name: frame[name].to_numpy() for name in _OPTIONAL if name in frame.columns},
            )
        except pl.exceptions.PolarsError as error:
            raise ValueError(str(error)) from error
