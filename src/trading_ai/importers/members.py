"""Reading one data file, of whichever format, into raw rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trading_ai.errors import DataError
from trading_ai.importers import dukascopy, histdata, lean, mt4, mt5, parquet, ticks
from trading_ai.importers.chosen import Asked
from trading_ai.importers.containers import Member
from trading_ai.importers.csv_bars import read_table
from trading_ai.importers.datetimes import is_date_format
from trading_ai.importers.kinds import refuse_other_kinds
from trading_ai.importers.raw import FormatFacts, RawRows
from trading_ai.importers.sniff import Layout, sniff_layout
from trading_ai.importers.text import clean_text

FORMATS = ("csv", "mt4", "mt5", "histdata", "dukascopy", "lean", "parquet", "ticks")
_DECIMALS = {".": ".", ",": ",", "point": ".", "dot": ".", "comma": ","}


@dataclass(frozen=True)
class Reading:
    """What the caller says of how files are written; None where it is to be found out.

    Attributes:
        format: one of `FORMATS`.
        date_format: strptime pattern or ``dd.mm.yyyy``.
        delimiter: a character or its name.
        columns: header name or number from 0 by role; "-" for a column that is to be left out.
        decimal: the decimal sign.
        repair: whether ticks out of order are sorted.
    """

    format: str | None = None
    date_format: str | None = None
    delimiter: str | None = None
    columns: Mapping[str, str | int] = field(default_factory=dict)
    decimal: str | None = None
    repair: bool = False

    def __post_init__(self) -> None:
        if self.format is not None and self.format not in FORMATS:
            raise DataError(
                "is not known", parameter="format", value=self.format, remedy="Use one of " + ", ".join(FORMATS)
            )
        if self.decimal is not None and self.decimal not in _DECIMALS:
            raise DataError(
                "is no decimal sign", parameter="decimal", value=self.decimal, remedy='Use "." or ",", or its name'
            )
        if self.date_format is not None and not is_date_format(self.date_format):
            raise DataError(
                "names no year, month and day",
                parameter="date_format",
                value=self.date_format,
                remedy="Give a strptime pattern such as %d.%m.%Y %H:%M, or dd.mm.yyyy hh:mm",
            )
        if self.delimiter is not None and not self.delimiter.strip(" ") and self.delimiter != " ":
            raise DataError("is empty", parameter="delimiter", remedy="Give a character, or tab, comma, space")


@dataclass(frozen=True)
class MemberRows:
    """A file's rows, what is known of its format, and how it was laid out, JSON-able."""

    rows: RawRows
    facts: FormatFacts
    shown: dict[str, Any] = field(default_factory=dict)
    of_ticks: bool = False


def read_member(member: Member, path_name: str, asked: Asked, how: Reading) -> MemberRows:
    """Read one file.

    Args:
        member: the file.
        path_name: name of the file or archive that the user gave.
        asked: the wanted symbol and timeframe.
        how: what the caller says of it.

    Raises:
        DataError: it cannot be read.
    """
    head = member.head()
    if head[:4] == b"PAR1" or how.format == "parquet":
        rows, of_ticks = parquet.read_rows(
            member.read(), source=member.origin, columns=how.columns, asked=asked, repair=how.repair
        )
        return MemberRows(rows, FormatFacts("parquet"), of_ticks=of_ticks)
    refuse_other_kinds(head, member.name, member.origin)
    start, notes = clean_text(head, source=member.origin)
    if how.format in {None, "lean"}:
        facts = lean.recognise(start, member.name, asked.symbol)
        if facts is not None:
            of_ticks = "_tick_" in member.name.lower()
            return MemberRows(lean.read(member, facts, asked, repair=how.repair), facts, of_ticks=of_ticks)
    layout, of_ticks = _layout(start, notes, member, asked, how)
    if of_ticks:
        facts = ticks.recognise(layout)
        rows = ticks.read(member, layout, facts, asked=asked, date_format=how.date_format, repair=how.repair)
        return MemberRows(rows, facts, _shown(layout), of_ticks=True)
    facts = _facts(layout, f"{path_name} {member.name}", how.format, member.origin)
    data, _ = clean_text(member.read(), source=member.origin)
    rows = read_table(data, layout, facts, source=member.origin, asked=asked, date_format=how.date_format)
    return MemberRows(rows, facts, _shown(layout))


def _layout(start: bytes, notes: tuple[str, ...], member: Member, asked: Asked, how: Reading) -> tuple[Layout, bool]:
    """How the file is laid out, and whether it holds ticks."""

    def sniffed(kind: str) -> Layout:
        return sniff_layout(
            start,
            source=member.origin,
            delimiter=how.delimiter,
            columns=how.columns,
            notes=notes,
            kind=kind,
            date_format=how.date_format,
            decimal=_DECIMALS[how.decimal] if how.decimal else None,
            symbol=asked.symbol,
        )

    if how.format == "ticks":
        return sniffed("ticks"), True
    try:
        return sniffed("bars"), False
    except DataError as of_bars:
        if how.format is not None or of_bars.parameter == "decimal":
            raise
        try:
            return sniffed("ticks"), True
        except DataError as of_ticks:
            raise (of_ticks if of_ticks.parameter == "decimal" else of_bars) from None


def _facts(layout: Layout, names: str, format_: str | None, source: str) -> FormatFacts:
    for module in (mt5, mt4, histdata, dukascopy):
        named = format_ in {None, module.__name__.rpartition(".")[2]}
        found: FormatFacts | None = module.recognise(layout, names) if named else None
        if found is not None:
            return found
    if format_ not in {None, "csv"}:
        raise DataError(
            f"is not in the {format_} format",
            file=source,
            line=layout.first_line + 1,
            parameter="format",
            value=layout.delimiter.join(layout.rows[0])[:80],
            remedy="Leave format out to recognise it, or use csv",
        )
    word = re.search(r"(?:^|[^A-Z])(BID|ASK)(?:[^A-Z]|$)", names.upper())
    return FormatFacts("csv", side=word[1].lower() if word else "")


def _shown(layout: Layout) -> dict[str, Any]:
    header = layout.header
    return {
        "delimiter": layout.delimiter_name,
        "header": list(header),
        "columns": {role: header[i] if i < len(header) else i for role, i in layout.roles.items()},
        "decimal_comma": layout.style.decimal == ",",
    }
