"""Reading a text table into raw rows, in parallel and without a Python loop over rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import polars as pl

from trading_ai.errors import DataError
from trading_ai.importers import csv_times
from trading_ai.importers.chosen import Asked
from trading_ai.importers.datetimes import TimeFormat, guess_time_format, order_of_day_and_month
from trading_ai.importers.headings import PRICES, clock_in_heading
from trading_ai.importers.numbers import NumberStyle, numbers, style_of
from trading_ai.importers.raw import Floats, FormatFacts, Ints, RawRows
from trading_ai.importers.sniff import Layout

_NOT_NUMBERS = ("time", "clock", "ticker", "period")
# What polars raises of a text that it cannot take apart; a panic of its inside is no Exception.
_UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
_PIECE = 8 << 20
"""Bytes of text that are taken apart at a time, so that what is in between is small beside the result."""


def read_table(
    data: bytes,
    layout: Layout,
    facts: FormatFacts,
    *,
    source: str,
    asked: Asked | None = None,
    date_format: str | None = None,
) -> RawRows:
    """Read the rows of a text table.

    Args:
        data: the text, as `clean_text` returns it.
        layout: as `sniff_layout` returns it.
        facts: of the recognised format.
        source: the file, for messages.
        asked: the wanted symbol and timeframe, where the table has a column of them.
        date_format: given rather than guessed.

    Raises:
        DataError: a value that is no number or no time (with its line), rows of other lengths, or a date
            whose day and month cannot be told apart.
    """
    parts = []
    format_: TimeFormat | None = None
    for piece, first_line in _pieces(data, layout):
        frame = frame_of(piece, layout, source, first_line)
        part, format_ = _rows(frame, layout, facts, source, asked, date_format, format_, first_line)
        parts.append(part)
    if len(parts) == 1:
        return parts[0]
    starts = np.cumsum([0, *(len(part.time_ns) for part in parts)])

    def line_of(row: int) -> int | None:
        k = int(np.searchsorted(starts, row, side="right")) - 1
        return parts_lines[k](row - int(starts[k]))

    parts_lines = [part.lines for part in parts]
    columns = {}
    for name in list(parts[0].columns):
        columns[name] = np.concatenate([part.columns.pop(name) for part in parts])
    times = np.concatenate([part.time_ns for part in parts])
    return replace(parts[0], time_ns=times, columns=columns, lines=line_of)


def _pieces(data: bytes, layout: Layout) -> Iterator[tuple[bytes, int]]:
    """The text after its header in pieces of whole lines, each with the 0-based line it begins at."""
    start = 0
    for _ in range(layout.first_line):
        start = data.find(b"\n", start) + 1
    line = layout.first_line
    whole = (
        not layout.style.is_plain
        or "ticker" in layout.roles
        or "period" in layout.roles
        or not _tells_day_from_month(data[start : start + _PIECE], layout)
    )
    while start < len(data) or line == layout.first_line:
        stop = len(data) if whole else data.find(b"\n", start + _PIECE) + 1
        piece = data[start : stop or len(data)]
        if line > layout.first_line and not piece.strip():
            return
        yield piece, line
        start += max(len(piece), 1)
        line += piece.count(b"\n")


def _tells_day_from_month(piece: bytes, layout: Layout) -> bool:
    """Whether rows of a piece settle what is the day; else the file is read as a whole, for its last row may."""
    guessed = guess_time_format(layout.sample("time"))
    if guessed is None or not guessed.undecided:
        return True
    cut = piece.rfind(b"\n") + 1
    try:
        texts = _as_read(piece[:cut], layout, as_texts=True)["time"]
        return order_of_day_and_month(texts) is not None
    except (ValueError, *_UNREADABLE):
        return False


def _rows(
    frame: pl.DataFrame,
    layout: Layout,
    facts: FormatFacts,
    source: str,
    asked: Asked | None,
    date_format: str | None,
    format_: TimeFormat | None,
    first_line: int,
) -> tuple[RawRows, TimeFormat]:
    index: Ints | None = None
    filtered = ""

    def keep_only(keep: pl.Series) -> None:
        nonlocal frame, index
        kept = np.flatnonzero(keep.to_numpy())
        index = kept if index is None else index[kept]
        frame = frame.filter(keep)

    # Blank lines arrive as rows of nulls.
    if frame["time"].null_count():
        empty = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
        if empty.any():
            keep_only(~empty)
    if not frame.height:
        raise DataError("holds no bars", file=source, remedy="Check that it is the right file")
    if "ticker" in frame.columns and asked is not None:
        keep, filtered = asked.rows_of_ticker(frame["ticker"], source)
        if keep is not None:
            keep_only(keep)
    if "period" in frame.columns and asked is not None:
        keep = asked.rows_of_period(frame["period"], source)
        if keep is not None:
            keep_only(keep)
    line_of = line_function(first_line + 1, index)
    columns = {
        name: as_numbers(frame[name], name, layout, source, line_of)
        for name in sorted(frame.columns, key=_of_prices_first)
        if name not in _NOT_NUMBERS
    }
    time_ns, format_ = csv_times.times_of(frame, layout, facts, source, line_of, date_format, format_)
    tick_volume = columns.pop("tick_volume", None)
    if tick_volume is not None and ("volume" not in columns or not columns["volume"].any()):
        columns["volume"] = tick_volume
    zone = clock_in_heading(layout.header[layout.roles["time"]]) if layout.header else ""
    if layout.header and not zone and "clock" in layout.roles:
        zone = clock_in_heading(layout.header[layout.roles["clock"]])
    rows = RawRows(
        time_ns,
        format_.is_epoch or format_.zoned,
        columns,
        layout.decimals,
        line_of,
        format_.pattern,
        zone,
        layout.notes,
        filtered,
        layout.warnings,
        layout.written_decimals,
        layout.same_decimals,
        layout.by_position,
    )
    return rows, format_


def _of_prices_first(name: str) -> int:
    return PRICES.index(name) if name in PRICES else len(PRICES)


def line_function(first_line: int, index: Ints | None) -> Callable[[int], int]:
    """The line of each row, where `index` are the rows that were kept."""
    if index is None:
        return lambda row: first_line + row
    return lambda row: first_line + int(index[row])


def frame_of(piece: bytes, layout: Layout, source: str, first_line: int) -> pl.DataFrame:
    """The columns that have a role: numbers where they are written plainly, else texts; blank lines are null rows."""
    if layout.delimiter == " ":
        piece = re.sub(rb"(?m)^[ \t]+", b"", re.sub(rb"[ \t]+", b" ", piece))
    style = layout.style
    fast = style.is_plain and not (style.decimal == "," and layout.delimiter == ",")
    quoted = b'"' in piece
    if quoted and _has_lone_quote(piece, layout.delimiter.encode()):
        _explain(piece, layout, source, first_line)
    error: BaseException | None = None
    if fast:
        try:
            return _whole(_as_read(piece, layout, as_texts=False), piece, layout, source, first_line, quoted=quoted)
        except _UNREADABLE as raised:
            error = raised
    try:  # with separators of thousands, say, where the sample had none
        return _whole(_as_read(piece, layout, as_texts=True), piece, layout, source, first_line, quoted=quoted)
    except _UNREADABLE as raised:
        _explain(piece, layout, source, first_line)
        said = str(error or raised).splitlines()[0]
        raise DataError(f"cannot be read as a table: {said}", file=source, remedy="Check the file") from raised


def _has_lone_quote(piece: bytes, delimiter: bytes) -> bool:
    """Whether a field is one quotation mark and nothing else, at which polars panics."""
    ends = (delimiter, b"\n", b"\r")
    within = any(before + b'"' + after in piece for before in (delimiter, b"\n") for after in ends)
    return within or piece.startswith(b'"' + delimiter) or piece.endswith((delimiter + b'"', b'\n"'))


def _whole(
    frame: pl.DataFrame, piece: bytes, layout: Layout, source: str, first_line: int, *, quoted: bool
) -> pl.DataFrame:
    """The frame, if a quotation mark without its pair has not swallowed lines up to the next one."""
    if quoted and frame.height < piece.rstrip().count(b"\n") + 1:
        _explain(piece, layout, source, first_line)
        raise DataError("has fields of several lines", file=source, remedy="Export the table one line a row")
    return frame


def _as_read(piece: bytes, layout: Layout, *, as_texts: bool) -> pl.DataFrame:
    names = {index: role for role, index in layout.roles.items()}
    schema: dict[str, pl.DataType] = {}
    n_columns = max(layout.n_fields, max(layout.roles.values()) + 1)
    for i in range(n_columns):
        role = names.get(i, "")
        number = role and role not in _NOT_NUMBERS and not as_texts
        schema[role or f"ignored_{i}"] = pl.Float64() if number else pl.String()
    return pl.read_csv(
        piece,
        has_header=False,
        separator=layout.delimiter,
        quote_char='"' if b'"' in piece else None,
        schema=schema,
        decimal_comma=layout.style.decimal == "," and not as_texts,
    ).select([name for name in schema if not name.startswith("ignored_")])


def _explain(piece: bytes, layout: Layout, source: str, first_line: int) -> None:
    """Find the row that could not be read, and raise what is wrong with it."""
    for number, raw in enumerate(piece.split(b"\n"), start=first_line + 1):
        line = raw.decode(errors="replace").rstrip("\r")
        if not line.strip():
            continue
        if '"' in line:
            if line.count('"') % 2:
                raise DataError(
                    "has a quotation mark without its pair",
                    file=source,
                    line=number,
                    value=line[:80],
                    remedy="Correct the line",
                )
            continue
        fields = line.split() if layout.delimiter == " " else line.split(layout.delimiter)
        if len(fields) > layout.n_fields:
            raise DataError(
                f"has {len(fields)} fields where the others have {layout.n_fields}",
                file=source,
                line=number,
                value=line[:80],
                remedy="Correct or remove the line",
            )


def _no_number(source: str, line: int | None, name: str, text: str | None) -> DataError:
    text = (text or "").strip()
    empty = re.fullmatch(r"[-–—. ]*|n/?a|null|none", text, re.IGNORECASE) is not None
    return DataError(
        "is missing" if empty else "is not a number",
        file=source,
        line=line,
        parameter=name,
        value=text or None,
        remedy="Correct or remove the row" + (" (the file may be cut off)" if not text else ""),
    )


def as_numbers(
    values: pl.Series,
    name: str,
    layout: Layout,
    source: str,
    line_of: Callable[[int], int],
    *,
    optional: bool = False,
) -> Floats:
    """A column as numbers; where it is `optional`, NaN stands for nothing."""
    counts = name in {"volume", "tick_volume", "size"}
    if values.dtype == pl.String:
        texts = values
        style = layout.style
        if style.is_plain:  # the sample was, the whole is not
            found = style_of(texts.drop_nulls().unique().head(100_000).to_list())
            style = NumberStyle(style.decimal, found.grouped or found.decimal != style.decimal, found.marked)
        values, wrong = numbers(texts, style, counts=counts)
        if wrong.any():
            row = int(wrong.arg_true()[0])
            raise _no_number(source, line_of(row), name, texts[row])
    if values.null_count():
        if optional:
            values = values.fill_null(float("nan"))
        elif counts:
            values = values.fill_null(0.0)
        else:
            raise _no_number(source, line_of(int(values.is_null().arg_true()[0])), name, None)
    return values.to_numpy()
