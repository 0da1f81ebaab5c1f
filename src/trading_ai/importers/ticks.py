"""Files of ticks, read as a stream into minute bars: quotes (bid and ask) or trades (a price and its size)."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from typing import IO

import numpy as np
import polars as pl

from trading_ai.errors import DataError
from trading_ai.importers import csv_bars, csv_times
from trading_ai.importers.chosen import Asked
from trading_ai.importers.containers import Member
from trading_ai.importers.datetimes import TimeFormat
from trading_ai.importers.headings import ASK_PRICES, PRICES, clock_in_heading, plain
from trading_ai.importers.raw import Floats, FormatFacts, Ints, RawRows
from trading_ai.importers.sniff import Layout
from trading_ai.importers.text import clean_text
from trading_ai.importers.tick_bars import MinuteBars

PIECE_BYTES = 16 << 20
"""Bytes that are taken apart at a time."""

_SLOWEST_TRADES = 60 * 10**9  # ns on the median; a price a minute or fewer is no tick data


def recognise(layout: Layout) -> FormatFacts:
    """What is known of a table of ticks."""
    side = "bid+ask" if "bid" in layout.roles else "trade"
    stamp = layout.rows[0][layout.roles["time"]]
    if not layout.header:
        if re.fullmatch(r"\d{8} \d{9}", stamp):
            return FormatFacts("histdata ticks", timezone="EST", side=side)
        if re.fullmatch(r"\d{8} \d\d:\d\d:\d\d\.\d{3}", stamp) and "ticker" in layout.roles:
            return FormatFacts("truefx ticks", timezone="UTC", side=side)
        return FormatFacts("ticks", side=side)
    if "flags" in {plain(h) for h in layout.header} and re.fullmatch(r"\d{4}\.\d\d\.\d\d.*", stamp):
        return FormatFacts("mt5 ticks", side=side)
    if re.fullmatch(r"\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d\.\d{3}", stamp):
        return FormatFacts("dukascopy ticks", day_first=True, side=side)
    return FormatFacts("ticks", side=side)


def read(
    member: Member,
    layout: Layout,
    facts: FormatFacts,
    *,
    asked: Asked,
    date_format: str | None = None,
    repair: bool = False,
    midnight_ns: int = 0,
) -> RawRows:
    """Read ticks into bars of one minute.

    Args:
        member: the file.
        layout: of its rows, as `sniff_layout` with ``kind="ticks"`` returns it.
        facts: of the recognised format.
        asked: the wanted symbol.
        date_format: given rather than guessed.
        repair: sort ticks that step back.
        midnight_ns: the day that times of day belong to.

    Returns:
        Bid bars with ask prices, or bars of trades; volume counts the ticks, or sums the sizes of trades.

    Raises:
        DataError: a tick that cannot be read, with its line, or rows that are no ticks.
    """
    source = member.origin
    built: MinuteBars | None = None
    format_: TimeFormat | None = None
    carried: dict[str, float] = {}
    chosen: str | None = None
    median_step = 0.0
    unknown = 0
    n_bars_of = 0
    for piece, first_line in _pieces(member, layout):
        frame = csv_bars.frame_of(piece, layout, source, first_line)
        frame, index = _without_blank_rows(frame)
        if not frame.height:
            continue
        if "ticker" in frame.columns:
            keep, chosen = _rows_of(frame["ticker"], asked, chosen, source)
            if keep is not None:
                kept = np.flatnonzero(keep.to_numpy())
                index = kept if index is None else index[kept]
                frame = frame.filter(keep)
                if not frame.height:
                    continue
        line_of = csv_bars.line_function(first_line + 1, index)
        time_ns, format_ = csv_times.times_of(frame, layout, facts, source, line_of, date_format, format_)
        time_ns = time_ns + midnight_ns
        prices = {}
        for name in ("bid", "ask") if "bid" in layout.roles else ("price",):
            values = csv_bars.as_numbers(frame[name], name, layout, source, line_of, optional=facts.name == "mt5 ticks")
            values, carried[name] = _filled(values, carried.get(name, float("nan")))
            prices[name] = values
        size = None
        if "size" in layout.roles and "price" in prices:
            size = np.nan_to_num(
                csv_bars.as_numbers(frame["size"], "size", layout, source, line_of, optional=True), nan=0.0
            )
        if built is None:
            built = MinuteBars(source, repair, format_.is_epoch or format_.zoned)
            steps = np.diff(np.sort(time_ns))
            median_step = float(np.median(steps)) if len(steps) else 0.0
        known = np.logical_and.reduce([~np.isnan(v) for v in prices.values()])
        if not known.all():
            unknown += int((~known).sum())
            at = np.flatnonzero(known)
            time_ns, prices = time_ns[at], {name: v[at] for name, v in prices.items()}
            size = None if size is None else size[at]
            line_of = _through(line_of, at)
        if "bid" in prices:
            built.add(time_ns, prices["bid"], prices["ask"], None, line_of)
        else:
            built.add(time_ns, prices["price"], None, size, line_of)
        n_bars_of += len(time_ns)
    if built is None or format_ is None or not n_bars_of:
        raise DataError("holds no ticks", file=source, remedy="Check that it is the right file")
    if "price" in layout.roles and "bid" not in layout.roles and median_step > _SLOWEST_TRADES:
        raise DataError(
            f"holds one price a row, {median_step / 1e9:g} s apart on the median: neither bars (a time and four "
            "prices) nor ticks",
            file=source,
            line=layout.first_line + 1,
            parameter="columns",
            value=", ".join(layout.header or layout.rows[0])[:80],
            remedy="Export bars with open, high, low and close, or ticks",
        )
    return _as_rows(built, layout, format_, unknown, chosen, source)


def _as_rows(
    built: MinuteBars,
    layout: Layout,
    format_: TimeFormat,
    unknown: int,
    chosen: str | None,
    source: str,
) -> RawRows:
    opens, columns, lines = built.bars()
    notes = (*layout.notes, f"{built.n_ticks:,} ticks built into {len(opens):,} bars of one minute")
    if unknown:
        notes += (f"{unknown:,} rows before the first bid and ask left out",)
    warnings = layout.warnings
    if built.n_moved:
        warnings += (f"{built.n_moved:,} ticks stepped back in time and were sorted",)
    if "ask_close" in columns and float((columns["ask_close"] < columns["close"]).mean()) > 0.5:
        raise DataError(
            "most asks lie below their bids: the two seem to be exchanged",
            file=source,
            line=int(lines[0]),
            parameter="columns",
            value=float(columns["ask_close"][0]),
            remedy=f"Name them, as in columns bid={layout.roles['ask']}, ask={layout.roles['bid']} (numbers from 0)",
        )
    zone = clock_in_heading(layout.header[layout.roles["time"]]) if layout.header else ""
    ordered = [*PRICES, *(n for n in ASK_PRICES if n in columns), "volume"]
    return RawRows(
        opens,
        built.aware,
        {name: columns[name] for name in ordered},
        layout.decimals,
        lambda row: int(lines[row]),
        format_.pattern,
        zone,
        notes,
        chosen or "",
        warnings,
        layout.written_decimals,
        layout.same_decimals,
    )


def _pieces(member: Member, layout: Layout) -> Iterator[tuple[bytes, int]]:
    """Whole lines of the file after its header, about `PIECE_BYTES` at a time, with the 0-based line of the first."""
    with member.opened() as raw:
        file: IO[bytes] = raw
        head = file.read(PIECE_BYTES)
        _, notes = clean_text(head[:100_000], source=member.origin)
        if set(notes) - {"Windows-1252"}:  # UTF-16 and the like: no line can be found before it is undone
            text, _ = clean_text(head + file.read(), source=member.origin)
            head, file = b"", io.BytesIO(text)
        rest, line, skip = head, 0, layout.first_line
        while rest:
            more = file.read(PIECE_BYTES)
            cut = rest.rfind(b"\n") + 1 if more else len(rest)
            piece, rest = rest[:cut], rest[cut:] + more
            while skip and piece:
                piece = piece[piece.find(b"\n") + 1 :] if b"\n" in piece else b""
                skip, line = skip - 1, line + 1
            if piece.strip():
                yield piece, line
            line += piece.count(b"\n")


def _without_blank_rows(frame: pl.DataFrame) -> tuple[pl.DataFrame, Ints | None]:
    if not frame["time"].null_count():
        return frame, None
    empty = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
    return frame.filter(~empty), np.flatnonzero(~empty.to_numpy())


def _rows_of(values: pl.Series, asked: Asked, chosen: str | None, source: str) -> tuple[pl.Series | None, str | None]:
    """Rows of the wanted symbol; the first piece of the file decides by which name it goes."""
    if chosen is None:
        keep, _ = asked.rows_of_ticker(values, source)
        names = [n for n in (values if keep is None else values.filter(keep)).unique().to_list() if n]
        return keep, names[0] if names else None
    others = values != chosen
    if not others.any():
        return None, chosen
    if asked.ticker is None and not asked.is_symbol(chosen):
        asked.rows_of_ticker(pl.concat([values, pl.Series([chosen])]), source)  # refuses with the names
    return (~others).fill_null(value=False), chosen


def _filled(values: Floats, before: float) -> tuple[Floats, float]:
    """Values with gaps filled by what stood there last, as MetaTrader leaves a side out that did not change."""
    gaps = np.isnan(values)
    if gaps.any():
        at = np.where(gaps, -1, np.arange(len(values)))
        at = np.maximum.accumulate(at)
        values = np.where(at >= 0, values[np.maximum(at, 0)], before)
    return values, float(values[-1])


def _through(line_of: Callable[[int], int], at: Ints) -> Callable[[int], int]:
    return lambda row: line_of(int(at[row]))
