"""Reading a text table into raw rows, in parallel and without a Python loop over rows."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import polars as pl

from trading_ai.errors import DataError
from trading_ai.importers.datetimes import (
    TimeFormat,
    clock_pattern,
    guess_time_format,
    order_of_day_and_month,
    parse_times,
    read_date_format,
    with_day_first,
)
from trading_ai.importers.raw import Floats, FormatFacts, Ints, RawRows
from trading_ai.importers.sniff import Layout

_NOT_NUMBERS = ("time", "clock", "ticker")
_HEADER_ZONES = {"gmt": "UTC", "utc": "UTC", "est": "EST", "eet": "EET"}


def read_table(
    data: bytes,
    layout: Layout,
    facts: FormatFacts,
    *,
    source: str,
    ticker: tuple[str, ...] = (),
    date_format: str | None = None,
) -> RawRows:
    """Read the rows of a text table.

    Args:
        data: the text, as `clean_text` returns it.
        layout: as `sniff_layout` returns it.
        facts: of the recognised format.
        source: the file, for messages.
        ticker: spellings of the wanted symbol, where the table has a ticker column.
        date_format: given rather than guessed.

    Raises:
        DataError: a value that is no number or no time (with its line), rows of other lengths, or a date
            whose day and month cannot be told apart.
    """
    frame = _frame(data, layout, source)
    first_line = layout.first_line + 1
    index: Ints | None = None
    filtered = ""
    # Blank lines arrive as rows of nulls.
    if frame["time"].null_count():
        empty = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
        if empty.any():
            index = np.flatnonzero(~empty.to_numpy())
            frame = frame.filter(~empty)
    if "ticker" in frame.columns:
        keep, filtered = _rows_of_ticker(frame["ticker"], ticker, source)
        if keep is not None:
            kept = np.flatnonzero(keep.to_numpy())
            index = kept if index is None else index[kept]
            frame = frame.filter(keep)
    line_of = _line_function(first_line, index)
    columns = {
        name: _numbers(frame[name], name, data, layout, source, line_of)
        for name in frame.columns
        if name not in _NOT_NUMBERS
    }
    time_ns, format_ = _times(frame, layout, facts, source, line_of, date_format)
    tick_volume = columns.pop("tick_volume", None)
    if tick_volume is not None and ("volume" not in columns or not columns["volume"].any()):
        columns["volume"] = tick_volume
    word = re.sub(r"[^a-z]", "", layout.header[layout.roles["time"]].lower()) if layout.header else ""
    zone = next((zone for key, zone in _HEADER_ZONES.items() if re.search(f"^{key}|{key}$", word)), "")
    return RawRows(
        time_ns,
        format_.is_epoch or format_.zoned,
        columns,
        layout.decimals,
        line_of,
        format_.pattern,
        zone,
        layout.notes,
        filtered,
    )


def _line_function(first_line: int, index: Ints | None) -> Callable[[int], int]:
    if index is None:
        return lambda row: first_line + row
    return lambda row: first_line + int(index[row])


def _frame(data: bytes, layout: Layout, source: str) -> pl.DataFrame:
    if layout.delimiter == " ":
        data = re.sub(rb"[ \t]+", b" ", data)
    names = {index: role for role, index in layout.roles.items()}
    schema: dict[str, pl.DataType] = {}
    for i in range(layout.n_fields):
        role = names.get(i, "")
        number = role and role not in _NOT_NUMBERS
        schema[role or f"ignored_{i}"] = pl.Float64() if number else pl.String()
    wanted = [name for name in schema if not name.startswith("ignored_")]
    try:
        return pl.read_csv(
            data,
            has_header=False,
            skip_lines=layout.first_line,
            separator=layout.delimiter,
            quote_char='"' if b'"' in data[:65_536] else None,
            schema=schema,
            decimal_comma=layout.decimal_comma,
        ).select(wanted)
    except pl.exceptions.PolarsError as error:
        _explain(data, layout, source, wanted)
        raise DataError(
            f"cannot be read as a table: {str(error).splitlines()[0]}", file=source, remedy="Check the file"
        ) from error


def _explain(data: bytes, layout: Layout, source: str, wanted: list[str]) -> None:
    """Find the row that could not be read, and raise what is wrong with it."""
    for number, raw in enumerate(data.splitlines(), start=1):
        if number <= layout.first_line or not raw.strip():
            continue
        line = raw.decode(errors="replace")
        fields = line.split() if layout.delimiter == " " else line.split(layout.delimiter)
        if len(fields) > layout.n_fields and '"' not in line:
            raise DataError(
                f"has {len(fields)} fields where the others have {layout.n_fields}",
                file=source,
                line=number,
                value=line[:80],
                remedy="Correct or remove the line",
            )
        for name in wanted:
            i = layout.roles[name]
            if name in _NOT_NUMBERS or i >= len(fields):
                continue
            text = fields[i].strip().strip('"')
            if text and not _reads_as_number(text, comma=layout.decimal_comma):
                raise _no_number(source, number, name, text)


def _reads_as_number(text: str, *, comma: bool) -> bool:
    try:
        float(text.replace(",", ".") if comma else text)
    except ValueError:
        return False
    return True


def _no_number(source: str, line: int | None, name: str, text: str) -> DataError:
    return DataError(
        "is missing" if not text else "is not a number",
        file=source,
        line=line,
        parameter=name,
        value=text or None,
        remedy="Correct or remove the row" + (" (the file may be cut off)" if not text else ""),
    )


def _numbers(
    values: pl.Series, name: str, data: bytes, layout: Layout, source: str, line_of: Callable[[int], int]
) -> Floats:
    if values.null_count():
        if name in {"volume", "tick_volume"}:
            values = values.fill_null(0.0)
        else:
            line = line_of(int(values.is_null().arg_true()[0]))
            lines = data.splitlines()
            text = lines[line - 1].decode(errors="replace") if line <= len(lines) else ""
            fields = text.split(layout.delimiter)
            i = layout.roles[name]
            raise _no_number(source, line, name, fields[i].strip() if i < len(fields) else "")
    return values.to_numpy()


def _rows_of_ticker(values: pl.Series, wanted: tuple[str, ...], source: str) -> tuple[pl.Series | None, str]:
    names = [name for name in values.unique().sort().to_list() if name]
    if len(names) <= 1:
        return None, ""
    chosen = next((n for n in names if re.sub(r"[^A-Z0-9]", "", n.upper()) in wanted), None)
    if chosen is None:
        raise DataError(
            f"holds several symbols, none of them {wanted[0] if wanted else 'the one asked for'}",
            file=source,
            parameter="symbol",
            value=", ".join(names[:10]),
            remedy="Ask for one of these",
        )
    return (values == chosen).fill_null(False), f"{chosen} of {len(names)} symbols"


def _times(
    frame: pl.DataFrame,
    layout: Layout,
    facts: FormatFacts,
    source: str,
    line_of: Callable[[int], int],
    date_format: str | None,
) -> tuple[Ints, TimeFormat]:
    values = frame["time"]
    samples = layout.sample("time")
    guessed = guess_time_format(samples)
    if "clock" in layout.roles:
        clock = frame["clock"]
        first = layout.sample("clock")[0]
        if ":" not in first:
            width = 4 if max(len(v) for v in layout.sample("clock")) <= 4 else 6
            clock = clock.str.zfill(width)
            first = first.zfill(width)
        pattern = clock_pattern(first)
        values = frame.select(pl.col("time") + " " + clock).to_series()
        if guessed and pattern:
            guessed = TimeFormat(guessed.date, " " + pattern[0], pattern[1], undecided=guessed.undecided)
    if date_format:
        format_ = read_date_format(date_format, guessed)
    elif guessed is None:
        raise DataError(
            "is not a time in a known format",
            file=source,
            line=line_of(0),
            parameter="time",
            value=samples[0] if samples else None,
            remedy='Give its format, as in date_format="%d.%m.%Y %H:%M"',
        )
    else:
        format_ = _decided(guessed, values, facts, source, line_of) if guessed.undecided else guessed
    time_ns, bad = parse_times(values, format_)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"is not a time of the form {format_.pattern}",
            file=source,
            line=line_of(row),
            parameter="time",
            value=values[row],
            remedy="Correct the row, or give another date_format",
        )
    return time_ns, format_


def _decided(
    guessed: TimeFormat, values: pl.Series, facts: FormatFacts, source: str, line_of: Callable[[int], int]
) -> TimeFormat:
    """Settle day and month by the values, the format, or the order of time; refuse where nothing tells."""
    remedy = 'Say which, as in date_format="dd.mm.yyyy" or date_format="mm/dd/yyyy"'
    try:
        day_first = order_of_day_and_month(values)
    except ValueError:
        raise DataError(
            "some dates have the day first, others the month",
            file=source,
            line=line_of(0),
            parameter="time",
            value=values[0],
            remedy="Export the file with one date format",
        ) from None
    if day_first is None:
        day_first = facts.day_first
    if day_first is None:
        ascending = []
        for order in (True, False):
            times, bad = parse_times(values, with_day_first(guessed, day_first=order))
            if not bad.any() and bool((times[1:] >= times[:-1]).all()):
                ascending.append(order)
        if len(ascending) == 1:
            day_first = ascending[0]
    if day_first is None:
        raise DataError(
            "could be day and month or month and day: no value in the file is above 12",
            file=source,
            line=line_of(0),
            parameter="date_format",
            value=values[0],
            remedy=remedy,
        )
    return with_day_first(guessed, day_first=day_first)
