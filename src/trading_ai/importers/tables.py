"""DataFrames of pandas and Polars as one more kind of file: what is read of a Parquet file is read of them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import polars as pl

from trading_ai.errors import DataError
from trading_ai.frames import as_polars, is_frame, library_of
from trading_ai.importers.chosen import Asked
from trading_ai.importers.containers import Member
from trading_ai.importers.headings import n_known

if TYPE_CHECKING:
    import pandas as pd

NAME = "DataFrame"
"""What errors and records call a table that has no file."""


def member_of(frame: pd.DataFrame | pl.DataFrame, asked: Asked) -> Member:
    """A table in memory as a data file.

    Args:
        frame: bars or ticks; the time may be a column or the index.
        asked: the wanted symbol, of a table with several.

    Raises:
        DataError: it is no table, or holds what no table of bars holds.
    """
    flat = as_polars(_one_symbol(frame, asked))
    if not flat.height:
        raise DataError("is empty", file=NAME, remedy="Give a table with a row a bar")
    written = io.BytesIO()
    try:
        flat.write_parquet(written, compression="uncompressed")
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, TypeError) as error:
        raise DataError(
            f"holds what no table of bars holds: {error}", file=NAME, remedy="Keep time, prices and volume only"
        ) from error
    data = written.getvalue()
    return Member(NAME, NAME, lambda: io.BytesIO(data))


def _one_symbol(frame: Any, asked: Asked) -> Any:
    """The table with one level of headings: of several symbols' columns side by side, those of the wanted one."""
    if library_of(frame) != "pandas" or not is_frame(frame) or frame.columns.nlevels == 1:
        return frame
    levels = range(frame.columns.nlevels)
    heads = max(levels, key=lambda level: n_known([str(name) for name in frame.columns.unique(level)]))
    for level in [level for level in levels if level != heads][::-1]:
        names = [str(name) for name in frame.columns.unique(level)]
        wanted = names if len(names) == 1 else [name for name in names if _is_wanted(name, asked)]
        if len(wanted) != 1:
            shown = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
            raise DataError(
                f"holds several symbols, {'none' if not wanted else 'more than one'} of them {asked.spelling}",
                file=NAME, parameter="ticker", value=shown, remedy=f'Name its column, as in ticker="{names[0]}"',
            )  # fmt: skip
        keep = [str(name) == wanted[0] for name in frame.columns.get_level_values(level)]
        frame = frame.loc[:, keep].droplevel(level, axis=1)
    return frame


def _is_wanted(name: str, asked: Asked) -> bool:
    if asked.ticker is not None:
        return name.strip().casefold() == asked.ticker.strip().casefold()
    return asked.is_symbol(name) or asked.is_symbol(name.removesuffix("=X"))
