"""Parquet: reading bars from any column names that a CSV header may have, and writing them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from trading_ai.errors import DataError
from trading_ai.importers.datetimes import guess_time_format, parse_times
from trading_ai.importers.raw import RawRows
from trading_ai.importers.sniff import header_roles
from trading_ai.market.bars import Bars

_PRICES = ("open", "high", "low", "close")
_OPTIONAL = ("volume", "tick_volume", "spread", "ask_open", "ask_high", "ask_low", "ask_close")


def read(data: bytes, *, source: str, columns: Mapping[str, str | int] | None = None) -> RawRows:
    """Read a Parquet file into raw rows; times may be datetimes (zoned or not), dates, epochs or texts.

    Raises:
        DataError: not Parquet, a column is missing, or a value is missing.
    """
    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"is not readable as Parquet: {error}", file=source, remedy="Write the file again") from error
    header = frame.columns
    first = [str(value) for value in frame.row(0)] if frame.height else [""] * len(header)
    roles = header_roles(header, first)
    for i, (name, dtype) in enumerate(frame.schema.items()):
        if dtype.is_temporal() and "time" not in roles:
            roles["time"] = i
        del name
    for role, where in (columns or {}).items():
        roles[role] = where if isinstance(where, int) else header.index(where) if where in header else -1
    missing = [name for name in ("time", *_PRICES) if roles.get(name, -1) < 0]
    if missing:
        raise DataError(
            f"has no column for {', '.join(missing)}",
            file=source,
            parameter="columns",
            value=", ".join(header),
            remedy=f'Name them, as in columns={{"{missing[0]}": "..."}}',
        )
    times = frame.to_series(roles["time"])
    if times.null_count():
        raise DataError("is missing", file=source, parameter="time", remedy="Remove the rows without a time")
    aware, shown = False, str(times.dtype)
    if isinstance(times.dtype, pl.Datetime):
        aware = times.dtype.time_zone is not None
        stamps = times.dt.replace_time_zone(None) if not aware else times.dt.convert_time_zone("UTC")
        time_ns = stamps.dt.epoch("ns").to_numpy()
    elif times.dtype == pl.Date:
        time_ns = times.cast(pl.Datetime("ns")).dt.epoch("ns").to_numpy()
    else:
        texts = times.cast(pl.String)
        format_ = guess_time_format(texts.head(5).to_list())
        if format_ is None or format_.undecided:
            raise DataError(
                "is not a time in a known format", file=source, parameter="time", value=first[roles["time"]]
            )
        time_ns, bad = parse_times(texts, format_)
        if bad.any():
            raise DataError("is not a time", file=source, parameter="time", value=texts[int(bad.argmax())])
        aware, shown = format_.is_epoch or format_.zoned, format_.pattern
    numbers = {}
    for name in (*_PRICES, *_OPTIONAL):
        if name in roles:
            values = frame.to_series(roles[name]).cast(pl.Float64, strict=False)
            if values.null_count() and name not in {"volume", "tick_volume"}:
                row = int(values.is_null().arg_true()[0])
                raise DataError("is missing or not a number", file=source, line=row + 1, parameter=name)
            numbers[name] = values.fill_null(0.0).to_numpy()
    tick_volume = numbers.pop("tick_volume", None)
    if tick_volume is not None and ("volume" not in numbers or not numbers["volume"].any()):
        numbers["volume"] = tick_volume
    return RawRows(time_ns, aware, numbers, None, lambda row: row + 1, shown)


def write_parquet(bars: Bars, path: str | Path) -> None:
    """Write bars as Parquet (zstd): `time` (UTC), prices, volume, and spread or ask prices if any."""
    table = {"time": pl.Series(bars.open_time_ns).cast(pl.Datetime("ns", "UTC"))}
    for name in (*_PRICES, *_OPTIONAL):
        values = getattr(bars, name, None)
        if values is not None:
            table[name] = pl.Series(values)
    pl.DataFrame(table).write_parquet(path, compression="zstd", compression_level=12)
