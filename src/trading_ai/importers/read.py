"""`read_bars`: a file of bars, of any supported format, into checked `Bars`."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trading_ai.errors import DataError, SymbolError, did_you_mean
from trading_ai.importers.chosen import Asked
from trading_ai.importers.clock import STAMPS, ClockDecision, decide_timezone
from trading_ai.importers.headings import ASK_PRICES, PRICES, read_columns
from trading_ai.importers.joining import read_all, span
from trading_ai.importers.members import FORMATS, Reading
from trading_ai.importers.plausibility import SPREAD_UNITS, check_open_and_close, spread_in_prices
from trading_ai.importers.raw import Floats, FormatFacts, Ints, PlacedLine, RawRows
from trading_ai.importers.tables import NAME, member_of
from trading_ai.market.bar_stamps import opens_of_ends, opens_on_clock
from trading_ai.market.bars import Bars
from trading_ai.market.grid import day_start_text, on_day_grid, own_grid, with_day_start
from trading_ai.market.price_scale import plausible_range, scale_to_apply
from trading_ai.market.quality import QualityReport, check_rows
from trading_ai.market.resample import resample
from trading_ai.market.symbol import Symbol
from trading_ai.market.symbol_kinds import fitted
from trading_ai.market.symbol_table import in_table
from trading_ai.market.symbol_table import symbol as look_up
from trading_ai.market.timeframe import NS_PER_SECOND, Timeframe, timeframe_of_seconds
from trading_ai.market.timeframe import timeframe as parse_timeframe
from trading_ai.market.timezones import Zone, to_utc

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

__all__ = ["FORMATS", "ImportedBars", "read_bars"]

_SIDES = ("bid", "ask", "mid", "trade")


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
    path: str | Path | pd.DataFrame | pl.DataFrame,
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
    columns: Mapping[str, str | int] | Iterable[str] | None = None,
    decimal: str | None = None,
    spread_unit: str | None = None,
    member: str | None = None,
    ticker: str | None = None,
    ask: str | Path | None = None,
    stamped: str | None = None,
    day_start: str | None = None,
    **symbol_overrides: Any,
) -> ImportedBars:
    """Read a file of bars, or of ticks, which become bars of one minute or of `timeframe`.

    Args:
        path: CSV, gzipped CSV, zip (one member, or files of one series), Parquet, or a folder of such files. A bid
            and an ask file in one zip or folder are joined. Or a DataFrame of pandas or Polars.
        symbol: a name of the symbol table, or a `Symbol`.
        timeframe: None detects it; a timeframe that contradicts the rows is refused.
        timezone: the clock of the times, such as ``UTC``, ``EST``, ``NY+7``; None detects it by the opening
            hours.
        repair: drop rows repeated exactly, sort, and drop weekend filler; the report says what was done.
        price_scale: factor on every price, such as 1e-5 where a file holds 129587 for 1.29587; 1 keeps prices
            that would be refused as implausible.
        side: whose prices the file holds: ``bid``, ``ask``, ``mid`` or ``trade``; the prices stay as they
            are. Of an archive with both sides it takes one.
        format: one of `FORMATS`, or None to recognise it.
        date_format: strptime pattern or ``dd.mm.yyyy``.
        delimiter: a character, or ``tab``, ``comma``, ``semicolon``, ``space``.
        columns: header name or number (from 0) by role, such as ``{"time": "stamp", "ask_open": 6}``, or texts
            ``time=stamp``; "-" leaves a column out.
        decimal: the decimal sign, ``.`` or ``,``, where 1,905 could mean either.
        spread_unit: what a spread column counts: ``points``, ``pips`` or ``price``.
        member: pattern of names, such as ``*2021*.csv``: the files of an archive or folder that are one series.
        ticker: the name, as the file writes it, whose rows to take where a column names symbols.
        ask: a second path with the ask prices of the same span; `path` then holds the bid prices.
        stamped: ``end`` where the times are the ends of bars, which become opens; ``open`` where they are opens and
            nothing is to be said of it; None takes them for opens and says where they look like ends.
        day_start: when the symbol's trading day starts, such as ``17:00 America/New_York`` or ``UTC``; daily profits,
            swap nights and bars of H2 and longer that are made of these follow it. None for the symbol table's.
        symbol_overrides: fields of `Symbol`. With ``kind`` (share, index, crypto, fx, metal, future, other) a symbol
            outside the table is described as usual for its kind, with the digits of its prices.

    Raises:
        DataError: the file cannot be read or has a structural fault; with file, line, value and remedy.
        SymbolError: the symbol is unknown and not fully described, or an argument is none of these.
    """
    _check_names(symbol_overrides)
    if isinstance(symbol, Symbol):
        instrument, spelling = symbol, symbol.name
    else:
        instrument, spelling = look_up(symbol, **symbol_overrides), symbol
    _check_options(side, price_scale, spread_unit, stamped)
    how = Reading(format, date_format, delimiter, read_columns(columns), decimal, repair)
    length_asked = parse_timeframe(timeframe) if timeframe is not None else None
    asked = Asked(instrument, spelling, ticker, length_asked)
    held = None if isinstance(path, str | Path) else member_of(path, asked)
    path = Path(path) if isinstance(path, str | Path) else Path(NAME)
    source = str(path)
    second = Path(ask) if ask is not None else None
    taken = read_all(path, asked, how, side=side, member=member, ask=second, table=held)
    rows, facts = taken.rows, taken.facts
    length = parse_timeframe("M1") if taken.of_ticks else _timeframe(rows.time_ns, length_asked, source)
    rows, scale, scale_note = _scaled(rows, instrument, facts, price_scale, source)
    order_note = check_open_and_close(rows, source)
    symbol_note = ""
    if not isinstance(symbol, Symbol) and _is_by_kind(symbol, symbol_overrides):
        instrument, symbol_note = fitted(instrument, _sample(rows), rows.decimals, symbol_overrides)
    instrument = with_day_start(instrument, day_start)
    clock = decide_timezone(rows, facts, instrument, length, timezone, "open" if taken.of_ticks else stamped)
    utc = _opens(rows, clock, instrument, length, source, at_end=stamped == "end" and not taken.of_ticks)
    spread, point = spread_in_prices(
        rows, instrument, scale, unit=spread_unit, as_written=facts.name == "mt5", source=source
    )
    table = dict(rows.columns)
    table.pop("spread", None)
    if spread is not None and "ask_open" not in table:
        table["spread"] = spread
    utc, table, report = _placed(
        lambda: check_rows(
            utc, table, symbol=instrument, timeframe=length, source=source, line_of=rows.lines, repair=repair
        )
    )
    report.weekly_opens = clock.evidence.weekly_opens
    notes = [*clock.warnings, *scale_note, *rows.warnings, *taken.warnings, *filter(None, [order_note])]
    report.warnings[:0] = notes
    if "ask_open" not in table:
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
    if taken.of_ticks and length_asked is not None:
        bars = resample(bars, length_asked)
    how_long = "stated" if timeframe is not None else "the commonest spacing of the rows"
    detected = taken.shown | {
        "format": facts.name if held is None else "dataframe",
        "date_format": rows.date_format,
        "timezone": clock.zone.name,
        "timezone_decided_by": clock.how,
        "timeframe": bars.timeframe.name,
        "day_start": day_start_text(instrument),
        "day_start_decided_by": "stated" if day_start is not None else "the symbol's own",
        "grid": _grid(bars),
        "timeframe_decided_by": "ticks, M1 unless stated" if taken.of_ticks and timeframe is None else how_long,
        "side": side or facts.side or ("bid+ask" if "ask_open" in table else "not stated"),
        "price_scale": scale,
        "point": point,
        "rows_of": rows.filtered,
        "files": taken.left_out,
        "stamped": stamped or "open",
        "notes": [*rows.notes, symbol_note] if symbol_note else list(rows.notes),
    }
    return ImportedBars(bars, report, detected)


def _grid(bars: Bars) -> str | None:
    """The day start that bars of some hours lie on the grid of, in words; None for other timeframes."""
    if not on_day_grid(bars.timeframe):
        return None
    found = own_grid(bars)
    return f"the day that starts at {found}" if found else "none of the usual ones; the bars are kept as they are"


def _check_names(overrides: Mapping[str, Any]) -> None:
    """Refuse what is neither a field of `Symbol` nor, being among them, an option: it is one that is misspelt."""
    fields = {each.name for each in dataclasses.fields(Symbol)} - {"name"}
    if unknown := sorted(set(overrides) - fields):
        options = [
            each.name for each in inspect.signature(read_bars).parameters.values() if each.kind == each.KEYWORD_ONLY
        ]
        raise SymbolError(
            "is neither an option of read_bars nor a property of a symbol",
            parameter=unknown[0],
            value=overrides[unknown[0]],
            remedy=did_you_mean(unknown[0], [*options, *fields])
            + f"Options are {', '.join(options)}; properties {', '.join(sorted(fields))}",
        )


def _check_options(side: str | None, price_scale: float | None, spread_unit: str | None, stamped: str | None) -> None:
    for name, value, known in (
        ("side", side, _SIDES),
        ("spread_unit", spread_unit, SPREAD_UNITS),
        ("stamped", stamped, tuple(STAMPS)),
    ):
        if value is not None and value not in known:
            raise DataError("is not known", parameter=name, value=value, remedy="Use one of " + ", ".join(known))
    if price_scale is not None and not 1e-12 <= price_scale <= 1e12:
        raise DataError("must be a positive number, 1e-12 to 1e12", parameter="price_scale", value=price_scale)


def _placed(check: Any) -> Any:
    """The answer of a check whose refusal names the file of its line rather than what holds all files."""
    try:
        return check()
    except DataError as error:
        if not isinstance(error.line, PlacedLine):
            raise
        raise DataError(
            error.rule,
            file=error.line.file,
            line=int(error.line),
            parameter=error.parameter,
            value=error.value,
            remedy=error.remedy,
        ) from None


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
            f"contradicts the rows, which are mostly {span(common)} apart ({share:.0%} of them)",
            file=source,
            parameter="timeframe",
            value=given.name,
            remedy=f"Import as {found} and resample" if found else "Leave timeframe out to see what the rows say",
        )
    if found is None:
        raise DataError(
            f"rows are mostly {span(common)} apart, which is no known timeframe",
            file=source,
            parameter="timeframe",
            value=span(common),
            remedy="State timeframe= if some bars are missing, or format=ticks if they are ticks; monthly bars and "
            "bars of seconds are not read",
        )
    return found


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
    for name in (*PRICES, *ASK_PRICES):
        if name in table:
            table[name] = np.round(table[name] * scale, decimals)
    return replace(rows, columns=table), scale, warnings


def _sample(rows: RawRows) -> Floats:
    """Some of the closes, positive and finite."""
    close = rows.columns["close"]
    sample = close[:: max(1, len(close) // 20_000)]
    return sample[np.isfinite(sample) & (sample > 0)]


def _is_by_kind(name: str, overrides: Mapping[str, Any]) -> bool:
    """Whether the symbol is outside the table and was described by its kind."""
    kind = overrides.get("kind")
    return kind is not None and in_table(name, kind) is None


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
