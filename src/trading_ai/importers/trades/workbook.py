"""Workbooks (xlsx) and Parquet tables: rows of texts, so that one reader of a format serves them all."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from datetime import date, datetime, time, timedelta
from typing import Any

from trading_ai.errors import DataError
from trading_ai.importers.trades.document import MAX_BYTES, check_cells
from trading_ai.importers.trades.spreadsheet_xml import Workbook

_PIECE = 1 << 20
_PLACE = re.compile(rb"""\br\s{0,9}=\s{0,9}["']([A-Za-z]{0,3})(\d{1,7})["']""")
"""Where a cell or a row lies, as sheets write it."""
_LONGEST_PLACE = 40


def is_workbook(names: list[str]) -> bool:
    """Whether a zip of these members is a workbook (xlsx)."""
    return "xl/workbook.xml" in names


def read_workbook(content: bytes, source: str) -> Workbook:
    """The rows of all sheets of a workbook.

    Args:
        content: the bytes.
        source: what to call it in messages.

    Raises:
        DataError: it is damaged or too large, or the reader of workbooks is not installed.
    """
    _check_size(content, source)
    try:
        import python_calamine  # noqa: PLC0415 - an extra that most need not
    except ImportError:
        raise DataError(
            "is a workbook (xlsx), whose reader is not installed", file=source,
            remedy='Install python-calamine, or save the sheet as CSV',
        ) from None  # fmt: skip
    found = Workbook()
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        for name in book.sheet_names:
            found.names.append(name)
            sheet = book.get_sheet_by_name(name)
            check_cells(sheet.total_height * sheet.total_width, source)
            first = 1 if sheet.start is None else sheet.start[0] + 1
            for at, cells in enumerate(sheet.to_python(skip_empty_area=True), first):
                row = [_text(cell) for cell in cells]
                if any(row):
                    found.rows.append(row)
                    found.lines.append(at)
            check_cells(sum(map(len, found.rows)), source)
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise DataError(
            f"is not readable as a workbook: {str(error)[:200]}", file=source, remedy="Save it again, or as CSV"
        ) from None
    return found


def read_parquet(content: bytes, source: str) -> Workbook:
    """The rows of a Parquet table, the first of which is its header.

    Args:
        content: the bytes.
        source: what to call it in messages.

    Raises:
        DataError: it is damaged or too large.
    """
    import polars as pl  # noqa: PLC0415 - takes 0.2 s
    import polars.selectors as cs  # noqa: PLC0415

    found = Workbook()
    try:
        lazy = pl.scan_parquet(io.BytesIO(content))
        names = lazy.collect_schema().names()
        n_rows = lazy.select(pl.len()).collect().item()
        check_cells(n_rows * len(names), source)
        frame = lazy.with_columns(
            cs.duration().dt.total_microseconds(), cs.datetime().dt.to_string("iso"), cs.boolean().cast(pl.String)
        ).collect()
        columns = [
            [_text(value) for value in (series.to_list() if series.dtype.is_nested() else series)] for series in frame
        ]
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        first = str(error).splitlines()
        raise DataError(
            f"is not readable as Parquet: {first[0][:200] if first else type(error).__name__}", file=source,
            remedy="Write the file again",
        ) from None  # fmt: skip
    found.rows = [list(names), *map(list, zip(*columns, strict=True))]
    found.lines = [*range(len(found.rows))]  # the header is no row of a Parquet table
    return found


def _text(value: Any) -> str:
    """A value as a report of texts would have it."""
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value.total_seconds())
    return str(value).strip()


def _column(letters: bytes) -> int:
    """Number of a column from 1: A is 1, AA is 27; 1 for none."""
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - 64
    return max(number, 1)


def _check_size(content: bytes, source: str) -> None:
    """Count what a workbook unpacks to, a piece at a time, before a reader does.

    The reader makes room for every cell between the first and the last that a sheet names, however few there are.
    """
    n_bytes = 0
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                before, width, height = b"", 1, 1
                with archive.open(member) as file:
                    while piece := file.read(_PIECE):
                        n_bytes += len(piece)
                        for letters, digits in _PLACE.findall(before + piece):
                            width, height = max(width, _column(letters)), max(height, int(digits))
                        check_cells(width * height, source)
                        before = piece[-_LONGEST_PLACE:]
                        if n_bytes > MAX_BYTES:
                            raise DataError(
                                f"unpacks to more than {MAX_BYTES:,} bytes", file=source,
                                remedy="Export fewer trades at a time",
                            )  # fmt: skip
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError) as error:
        raise DataError(f"is a damaged archive: {error}", file=source, remedy="Save it again") from None
