"""`read_bars`: a file of bars, of any supported format, into checked `Bars`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from trading_ai.errors import DataError
from trading_ai.importers import dukascopy, histdata, lean, mt4, mt5, parquet
from trading_ai.importers.clock import STAMPS, ClockDecision, decide_timezone
from trading_ai.importers.containers import Member, open_members
from trading_ai.importers.csv_bars import read_table
from trading_ai.importers.raw import Floats, FormatFacts, Ints, RawRows, joined
from trading_ai.importers.sniff import Layout, clean_text, sniff_layout
from trading_ai.market.bar_stamps import opens_of_ends, opens_on_clock
from trading_ai.market.bars import Bars
from trading_ai.market.price_scale import plausible_range, scale_to_apply
from trading_ai.market.quality import QualityReport, check_rows, check_values
from trading_ai.market.symbol import Symbol
from trading_ai.market.symbol_kinds import fitted
from trading_ai.market.symbol_table import in_table
from trading_ai.market.symbol_table import symbol as look_up
from trading_ai.market.timeframe import NS_PER_SECOND, Timeframe, timeframe_of_seconds
from trading_ai.market.timeframe import timeframe as parse_timeframe
from trading_ai.market.timezones import Zone, to_utc

FORMATS = ("csv", "mt4", "mt5", "histdata", "dukascopy", "lean", "parquet")
_SIDES = ("bid", "ask", "mid", "trade")
_ASK = ("ask_open", "ask_high", "ask_low", "ask_close")


@dataclass(frozen=True)
class ImportedBars:
    """What `read_bars` found.

    Attributes:
        bars: the bars.
        report: what the checks saw.
        detected: how the file was read: format, container, delimiter, header, columns, date_format, timezone
            (and timezone_decided_by), timeframe, side, price_scale, notes; JSON-able.
    """

    bars: Bars
    report: QualityReport
    detected: dict[str, Any] = field(default_factory=dict)


def read_bars(
    path: str | Path,
    *,
    symbol: str | Symbol,
    timeframe: str | Timeframe | None = None,
    timezone: str | Zone | None = None,
    repair: bool = False,
    price_scale: float | None = None,
    side: str | None = None,
    format: str | None = None,  # noqa: A002
    date_format: str | None = None,
    delimiter: str | None = None,
    columns: Mapping[str, str | int] | None = None,
    stamped: str | None = None,
    **symbol_overrides: Any,
) -> ImportedBars:
    """Read a file of bars.

    Args:
        path: CSV, gzipped CSV, zip (one member, or day files of one series), Parquet, or a folder of such day
            files.
        symbol: a name of the symbol table, or a `Symbol`.
        timeframe: None detects it; a timeframe that contradicts the rows is refused.
        timezone: the clock of the times, such as ``UTC``, ``EST``, ``NY+7``; None detects it by the opening
            hours.
        repair: drop rows repeated exactly, sort, and drop weekend filler; the report says what was done.
        price_scale: factor on every price, such as 1e-5 where a file holds 129587 for 1.29587; 1 keeps prices
            that would be refused as implausible.
        side: whose prices the file holds: ``bid``, ``ask``, ``mid`` or ``trade``; the prices stay as they
            are.
        format: one of `FORMATS`, or None to recognise it.
        date_format: strptime pattern or ``dd.mm.yyyy``.
        delimiter: a character, or ``tab``, ``comma``, ``semicolon``, ``space``.
        columns: header name or number (from 0) by role, such as ``{"time": "stamp", "ask_open": 6}``.
        stamped: ``end`` where the times are the ends of bars, which become opens; ``open`` where they are opens and
            nothing is to be said of it; None takes them for opens and says where they look like ends.
        symbol_overrides: fields of `Symbol`. With ``kind`` (share, index, crypto, fx, metal, future, other) a symbol
            outside the table is described as usual for its kind, with the digits of its prices.

    Raises:
        DataError: the file cannot be read or has a structural fault; with file, line, value and remedy.
        SymbolError: the symbol is unknown and not fully described.
    """
    path = Path(path)
    if isinstance(symbol, Symbol):
        instrument, asked = symbol, symbol.name
    else:
        instrument, asked = look_up(symbol, **symbol_overrides), symbol
    _check_options(format, side, price_scale, stamped)
    source = str(path)
    members, container = open_members(path, side=side)
    detected: dict[str, Any] = {"container": container}
    parts: list[RawRows] = []
    facts = FormatFacts("csv")
    for member in members:
        raw, facts, layout = _read_member(member, path.name, instrument, asked, format, date_format, delimiter, columns)
        parts.append(raw)
        if layout is not None:
            detected |= {
                "delimiter": layout.delimiter_name,
                "header": list(layout.header),
                "columns": {role: _column(layout, i) for role, i in layout.roles.items()},
                "decimal_comma": layout.decimal_comma,
            }
    if len(parts) > 1:  # while each row still knows its file and line
        for member, part in zip(members, parts, strict=True):
            check_values(part.columns, source=member.origin, line_of=part.lines)
    rows = joined(parts)
    if not len(rows.time_ns):
        raise DataError("holds no bars", file=source, remedy="Check that it is the right file")
    length = _timeframe(rows.time_ns, timeframe, source)
    rows, scale, scale_note = _scaled(rows, instrument, facts, price_scale, source)
    symbol_note = ""
    if not isinstance(symbol, Symbol) and _is_by_kind(symbol, symbol_overrides):
        instrument, symbol_note = fitted(instrument, _sample(rows), rows.decimals, symbol_overrides)
    clock = decide_timezone(rows, facts, instrument, length, timezone, stamped)
    utc = _opens(rows, clock, instrument, length, source, at_end=stamped == "end")
    spread, point = _spread(rows, instrument, scale)
    table = dict(rows.columns)
    table.pop("spread", None)
    if spread is not None and "ask_open" not in table:
        table["spread"] = spread
    utc, table, report = check_rows(
        utc, table, symbol=instrument, timeframe=length, source=source, line_of=rows.lines, repair=repair
    )
    report.weekly_opens = clock.evidence.weekly_opens
    report.warnings[:0] = [*clock.warnings, *scale_note]
    _note_side(report, facts, side)
    bars = Bars(
        instrument,
        length,
        utc,
        table["open"],
        table["high"],
        table["low"],
        table["close"],
        table.get("volume", np.empty(0)),
        spread=table.get("spread"),
        ask_open=table.get("ask_open"),
        ask_high=table.get("ask_high"),
        ask_low=table.get("ask_low"),
        ask_close=table.get("ask_close"),
    )
    detected |= {
        "format": facts.name,
        "date_format": rows.date_format,
        "timezone": clock.zone.name,
        "timezone_decided_by": clock.how,
        "timeframe": length.name,
        "timeframe_decided_by": "stated" if timeframe is not None else "the commonest spacing of the rows",
        "side": side or facts.side or ("bid+ask" if "ask_open" in table else "not stated"),
        "price_scale": scale,
        "point": point,
        "rows_of": rows.filtered,
        "stamped": stamped or "open",
        "notes": [*rows.notes, symbol_note] if symbol_note else list(rows.notes),
    }
    return ImportedBars(bars, report, detected)


def _check_options(format_: str | None, side: str | None, price_scale: float | None, stamped: str | None) -> None:
    for name, value, known in (
        ("format", format_, FORMATS),
        ("side", side, _SIDES),
        ("stamped", stamped, tuple(STAMPS)),
    ):
        if value is not None and value not in known:
            raise DataError("is not known", parameter=name, value=value, remedy="Use one of " + ", ".join(known))
    if price_scale is not None and not 0 < price_scale < float("inf"):
        raise DataError("must be a positive number", parameter="price_scale", value=price_scale)


def _column(layout: Layout, index: int) -> str | int:
    return layout.header[index] if index < len(layout.header) else index


def _read_member(
    member: Member,
    path_name: str,
    symbol: Symbol,
    asked: str,
    format_: str | None,
    date_format: str | None,
    delimiter: str | None,
    columns: Mapping[str, str | int] | None,
) -> tuple[RawRows, FormatFacts, Layout | None]:
    if member.data[:4] == b"PAR1" or format_ == "parquet":
        return parquet.read(member.data, source=member.origin, columns=columns), FormatFacts("parquet"), None
    data, notes = clean_text(member.data, source=member.origin)
    if format_ in {None, "lean"}:
        facts = lean.recognise(data, member.name, symbol)
        if facts is not None:
            return lean.read(data, member.name, facts, source=member.origin), facts, None
    layout = sniff_layout(data, source=member.origin, delimiter=delimiter, columns=columns, notes=notes)
    names = f"{path_name} {member.name}"
    facts = next(
        (
            found
            for module in (mt5, mt4, histdata, dukascopy)
            if format_ in {None, module.__name__.rpartition(".")[2]} and (found := module.recognise(layout, names))
        ),
        None,
    )
    if facts is None and format_ not in {None, "csv"}:
        raise DataError(
            f"is not in the {format_} format",
            file=member.origin,
            line=layout.first_line + 1,
            parameter="format",
            value=layout.delimiter.join(layout.rows[0])[:80],
            remedy="Leave format out to recognise it, or use csv",
        )
    if facts is None:
        word = re.search(r"(?:^|[^A-Z])(BID|ASK)(?:[^A-Z]|$)", names.upper())
        facts = FormatFacts("csv", side=word[1].lower() if word else "")
    wanted = tuple(dict.fromkeys(re.sub(r"[^A-Z0-9]", "", name.upper()) for name in (asked, symbol.name)))
    wanted += symbol.aliases
    raw = read_table(data, layout, facts, source=member.origin, ticker=wanted, date_format=date_format)
    return raw, facts, layout


def _timeframe(time_ns: Ints, stated: str | Timeframe | None, source: str) -> Timeframe:
    """The stated timeframe if the rows agree with it, else that of their commonest spacing."""
    given = parse_timeframe(stated) if stated is not None else None
    steps = np.diff(time_ns)
    if not bool((steps > 0).all()):
        steps = np.diff(np.sort(time_ns))
        steps = steps[steps > 0]
    if not len(steps):
        if given is None:
            raise DataError(
                "holds a single bar, so its timeframe cannot be told",
                file=source,
                parameter="timeframe",
                remedy='Name it, as in timeframe="H1"',
            )
        return given
    values, counts = np.unique(steps[:200_000], return_counts=True)
    common, share = int(values[counts.argmax()]), float(counts.max() / counts.sum())
    found = timeframe_of_seconds(common // NS_PER_SECOND) if common % NS_PER_SECOND == 0 else None
    if given is not None:
        if common == given.ns:
            return given
        sparse = share < 0.5 and int(values.min()) >= given.ns and not (steps % given.ns).any()
        weekly = given.seconds == 7 * 86400 and abs(common - given.ns) <= 2 * 86400 * NS_PER_SECOND
        if sparse or weekly:
            return given
        raise DataError(
            f"contradicts the rows, which are mostly {_span(common)} apart ({share:.0%} of them)",
            file=source,
            parameter="timeframe",
            value=given.name,
            remedy=f"Import as {found} and resample" if found else "Leave timeframe out to see what the rows say",
        )
    if found is None:
        raise DataError(
            f"rows are mostly {_span(common)} apart, which is no known timeframe",
            file=source,
            parameter="timeframe",
            value=_span(common),
            remedy="State timeframe= if some bars are missing; ticks and monthly bars are not read",
        )
    return found


def _span(ns: int) -> str:
    seconds = ns / NS_PER_SECOND
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def _scaled(
    rows: RawRows, symbol: Symbol, facts: FormatFacts, stated: float | None, source: str
) -> tuple[RawRows, float, list[str]]:
    """Prices on the symbol's scale; a scale that nobody stated is refused, never guessed."""
    scale = stated if stated is not None else facts.price_scale or 1.0
    close, sample = rows.columns["close"], _sample(rows)
    wanted = scale_to_apply(symbol, sample * scale)
    warnings = []
    if wanted is not None:
        bounds = plausible_range(symbol)
        usual = f" (usual: {bounds[0]:.4g} to {bounds[1]:.4g})" if bounds else ""
        middle = float(np.median(sample)) * scale
        if stated is None:
            value = float(f"{wanted:.0e}") * scale
            text = np.format_float_positional(value, trim="-")
            held = f": the file seems to hold prices times {1 / wanted:,.0f}" if wanted < 1 else ""
            raise DataError(
                f"prices around {middle:g} are not those of {symbol.name}{usual}{held}",
                file=source,
                line=rows.lines(0),
                parameter="price_scale",
                value=float(close[0]),
                remedy=f"If so, import with price_scale={text}; price_scale=1 keeps the prices as they are",
            )
        warnings.append(
            f"prices around {middle:g} are unusual for {symbol.name}{usual}; price_scale {scale:g} was stated"
        )
    if scale == 1.0:
        return rows, scale, warnings
    decimals = symbol.digits + 2  # noise of the multiplication ends here, ticks do not
    table = dict(rows.columns)
    for name in ("open", "high", "low", "close", *_ASK):
        if name in table:
            table[name] = np.round(table[name] * scale, decimals)
    return _replaced(rows, table), scale, warnings


def _sample(rows: RawRows) -> Floats:
    """Some of the closes, positive and finite."""
    close = rows.columns["close"]
    sample = close[:: max(1, len(close) // 20_000)]
    return sample[np.isfinite(sample) & (sample > 0)]


def _is_by_kind(name: str, overrides: Mapping[str, Any]) -> bool:
    """Whether the symbol is outside the table and was described by its kind."""
    kind = overrides.get("kind")
    return kind is not None and in_table(name, kind) is None


def _replaced(rows: RawRows, table: dict[str, Floats]) -> RawRows:
    return RawRows(
        rows.time_ns,
        rows.aware,
        table,
        rows.decimals,
        rows.lines,
        rows.date_format,
        rows.header_zone,
        rows.notes,
        rows.filtered,
    )


def _spread(rows: RawRows, symbol: Symbol, scale: float) -> tuple[Floats | None, float | None]:
    """The spread in price units (whole numbers are points of the last decimal); None where all are zero."""
    values = rows.columns.get("spread")
    if values is None or not values.any():
        return None, None
    if bool((values == np.rint(values)).all()):
        decimals = symbol.digits if rows.decimals is None else rows.decimals
        point = float(f"1e-{decimals}") * scale
        return np.round(values * point, decimals + 8), point
    return values * scale, None


def _opens(
    rows: RawRows, clock: ClockDecision, symbol: Symbol, length: Timeframe, source: str, *, at_end: bool
) -> Ints:
    """Opens of the bars, UTC ns."""
    local = opens_on_clock(rows.time_ns, symbol, length) if at_end else rows.time_ns
    times = rows.time_ns if local is None else local
    utc = times if rows.aware else _utc(clock, times, source)
    return opens_of_ends(utc, symbol, length) if local is None else utc


def _utc(clock: ClockDecision, times: Ints, source: str) -> Ints:
    try:
        return to_utc(clock.zone, times)
    except DataError as error:
        raise DataError(
            error.rule, file=source, parameter=error.parameter, value=error.value, remedy=error.remedy
        ) from error


def _note_side(report: QualityReport, facts: FormatFacts, side: str | None) -> None:
    if facts.side == "ask" and side is None:
        report.warnings.append(
            "the file name says ASK: the prices are kept as they are, though bars hold bid prices; subtract "
            "the spread "
            'or state side="ask" if that is meant'
        )
    elif side is not None and facts.side in {"bid", "ask"} and side != facts.side:
        report.warnings.append(f"side {side} was stated, but the file says {facts.side}")
