"""Parquet: reading bars from any column names that a CSV header may have, and writing them."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from datetime import time
from pathlib import Path

import numpy as np
import polars as pl

from trading_ai.errors import DataError
from trading_ai.importers.chosen import Asked
from trading_ai.importers.datetimes import guess_time_format, parse_times, why_no_time
from trading_ai.importers.headings import roles_of
from trading_ai.importers.raw import Floats, Ints, RawRows
from trading_ai.importers.tick_bars import MinuteBars
from trading_ai.market.bars import Bars

_PRICES = ("open", "high", "low", "close")
_OPTIONAL = ("volume", "tick_volume", "spread", "ask_open", "ask_high", "ask_low", "ask_close")
_FIRST, _LAST = (np.datetime64(day, "D").astype(int) for day in ("1678-01-01", "2262-01-01"))


def read(data: bytes, *, source: str, columns: Mapping[str, str | int] | None = None) -> RawRows:
    """Read a Parquet file of bars into raw rows; times may be datetimes (zoned or not), dates, epochs or texts.

    Raises:
        DataError: not Parquet, a column is missing, or a value is missing.
    """
    return read_rows(data, source=source, columns=columns)[0]


def read_rows(
    data: bytes,
    *,
    source: str,
    columns: Mapping[str, str | int] | None = None,
    asked: Asked | None = None,
    repair: bool = False,
) -> tuple[RawRows, bool]:
    """Read a Parquet file of bars, or of ticks, which become bars of one minute.

    Args:
        data: the file.
        source: its name, for messages.
        columns: column name or number from 0 by role.
        asked: the wanted symbol, where the table has a column of them.
        repair: whether ticks out of order are sorted.

    Returns:
        The rows, and whether they were ticks.

    Raises:
        DataError: not Parquet, a column is missing, or a value is missing.
    """
    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise DataError(f"is not readable as Parquet: {error}", file=source, remedy="Write the file again") from error
    frame = _with_clock(frame, source)
    roles, of_ticks = _roles(frame, columns or {}, source)
    index: Ints | None = None
    filtered = ""
    if asked is not None and "ticker" in roles:
        keep, filtered = asked.rows_of_ticker(frame.to_series(roles["ticker"]).cast(pl.String), source)
        if keep is not None:
            index = np.flatnonzero(keep.to_numpy())
            frame = frame.filter(keep)
    if asked is not None and "period" in roles:
        keep = asked.rows_of_period(frame.to_series(roles["period"]).cast(pl.String), source)
        if keep is not None:
            kept = np.flatnonzero(keep.to_numpy())
            index = kept if index is None else index[kept]
            frame = frame.filter(keep)

    def line_of(row: int) -> int:
        return 1 + (row if index is None else int(index[row]))

    time_ns, aware, shown = _times(frame.to_series(roles["time"]), line_of, source)
    numbers = {
        name: _numbers(frame.to_series(roles[name]), name, line_of, source)
        for name in (*_PRICES, *_OPTIONAL, "bid", "ask")
        if name in roles
    }
    notes: tuple[str, ...] = ()
    if of_ticks:
        built = MinuteBars(source, repair, aware)
        built.add(time_ns, numbers["bid"], numbers["ask"], None, line_of)
        if not built.n_ticks:
            raise DataError("holds no ticks", file=source, remedy="Check that it is the right file")
        time_ns, numbers, lines = built.bars()
        notes = (f"{built.n_ticks:,} ticks built into {len(time_ns):,} bars of one minute",)
        return RawRows(time_ns, aware, numbers, None, lambda row: int(lines[row]), shown, "", notes, filtered), True
    tick_volume = numbers.pop("tick_volume", None)
    if tick_volume is not None and ("volume" not in numbers or not numbers["volume"].any()):
        numbers["volume"] = tick_volume
    return RawRows(time_ns, aware, numbers, None, line_of, shown, "", notes, filtered), False


def _with_clock(frame: pl.DataFrame, source: str) -> pl.DataFrame:
    """The table with one column of times where a date and a time of day stand in two, as MetaTrader writes them."""
    if not frame.height:
        return frame
    first = [str(value) for value in frame.row(0)]
    dates = [
        pl.col(name).cast(pl.Date)  # a date that was read as midnight
        for name, kind, text in zip(frame.columns, frame.dtypes, first, strict=True)
        if isinstance(kind, pl.Datetime) and text.endswith("00:00:00") and (frame[name].dt.time() == time(0)).all()
    ]
    bare = frame.with_columns(dates)
    roles = roles_of(bare.columns, [str(value) for value in bare.row(0)], source=source, line=None)
    if "clock" not in roles or "time" not in roles:
        return frame
    day, clock = bare.columns[roles["time"]], bare.columns[roles["clock"]]
    joined = pl.concat_str([pl.col(day).cast(pl.String), pl.col(clock).cast(pl.String)], separator=" ")
    return bare.with_columns(joined.alias(day)).drop(clock)


def _roles(frame: pl.DataFrame, columns: Mapping[str, str | int], source: str) -> tuple[dict[str, int], bool]:
    header = frame.columns
    first = [str(value) for value in frame.row(0)] if frame.height else [""] * len(header)
    found: dict[str, dict[str, int]] = {}
    for kind, needed in (("bars", _PRICES), ("ticks", ("bid", "ask"))):
        roles = roles_of(header, first, source=source, line=None, kind=kind, given=tuple(columns))
        for i, dtype in enumerate(frame.schema.values()):
            if isinstance(dtype, pl.Datetime | pl.Date) and "time" not in roles:
                roles["time"] = i
        for role, where in columns.items():
            number = where if isinstance(where, int) else header.index(where) if where in header else -1
            roles[role] = number if number < len(header) else -1
        roles = {role: i for role, i in roles.items() if i >= 0 and role != "clock"}
        if all(name in roles for name in ("time", *needed)):
            return roles, kind == "ticks"
        found[kind] = roles
    missing = [name for name in ("time", *_PRICES) if name not in found["bars"]]
    raise DataError(
        f"has no column for {', '.join(missing)}",
        file=source,
        parameter="columns",
        value=", ".join(header),
        remedy=f'Name them, as in columns={{"{missing[0]}": "..."}} (--columns {missing[0]}=...)',
    )


def _times(times: pl.Series, line_of: Callable[[int], int], source: str) -> tuple[Ints, bool, str]:
    def refuse(rule: str, row: int, remedy: str) -> DataError:
        return DataError(rule, file=source, line=line_of(row), parameter="time", value=str(times[row]), remedy=remedy)

    if times.null_count():
        row = int(times.is_null().arg_true()[0])
        raise DataError(
            "is missing", file=source, line=line_of(row), parameter="time", remedy="Remove the rows without a time"
        )
    if isinstance(times.dtype, pl.Datetime | pl.Date):
        zoned = isinstance(times.dtype, pl.Datetime) and times.dtype.time_zone is not None
        stamps = times.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if zoned else times
        days = stamps.cast(pl.Date).to_physical().to_numpy()
        outside = np.flatnonzero((days < _FIRST) | (days >= _LAST))
        if len(outside):
            raise refuse("lies outside the years 1678 to 2261", int(outside[0]), "Correct the row")
        if isinstance(times.dtype, pl.Date):
            return days.astype(np.int64) * (86_400 * 10**9), False, str(times.dtype)
        return stamps.dt.epoch("ns").to_numpy(), zoned, str(times.dtype)
    texts = times.cast(pl.String, strict=False).fill_null("")
    format_ = guess_time_format(texts.head(5).to_list())
    if format_ is None or format_.undecided:
        raise refuse(
            "is not a time in a known format", 0, "Write the times as datetimes, ISO 8601 texts or counts since 1970"
        )
    time_ns, bad = parse_times(texts, format_)
    if bad.any():
        row = int(bad.argmax())
        rule, remedy = why_no_time(texts[row], format_, texts[0])
        raise refuse(rule, row, remedy)
    return time_ns, format_.is_epoch or format_.zoned, format_.pattern


def _numbers(values: pl.Series, name: str, line_of: Callable[[int], int], source: str) -> Floats:
    try:
        found = values.cast(pl.Float64, strict=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):  # a list, say
        found = pl.Series([None] * len(values), dtype=pl.Float64)
    if found.null_count() and name not in {"volume", "tick_volume"}:
        row = int(found.is_null().arg_true()[0])
        raise DataError(
            "is missing or not a number",
            file=source,
            line=line_of(row),
            parameter=name,
            remedy="Correct or remove the row",
        )
    return found.fill_null(0.0).to_numpy()


def write_parquet(bars: Bars, path: str | Path) -> None:
    """Write bars as Parquet (zstd): `time` (UTC), prices, volume, and spread or ask prices if any."""
    table = {"time": pl.Series(bars.open_time_ns).cast(pl.Datetime("ns", "UTC"))}
    for name in (*_PRICES, *_OPTIONAL):
        values = getattr(bars, name, None)
        if values is not None:
            table[name] = pl.Series(values)
    pl.DataFrame(table).write_parquet(path, compression="zstd", compression_level=12)
