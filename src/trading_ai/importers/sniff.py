"""What kind of text table is this? Encoding, quoting, delimiter, header, decimal sign and columns."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import polars as pl

from trading_ai.errors import DataError
from trading_ai.importers import headings, positions
from trading_ai.importers.datetimes import guess_time_format, parse_times, read_date_format
from trading_ai.importers.headings import PRICES
from trading_ai.importers.numbers import NumberStyle, is_number, style_of
from trading_ai.importers.text import SAMPLE_BYTES
from trading_ai.market.price_scale import plausible_range
from trading_ai.market.symbol import Symbol

_DELIMITERS = ("\t", ";", "|", ",")
_NAMES = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma", " ": "space"}
_GIVEN = {"tab": "\t", "\\t": "\t", "semicolon": ";", "comma": ",", "space": " ", "bar": "|", "pipe": "|"}
_DASHES = re.compile(r"[-–—=+_.*~ ]*")
_LEAST = {"bars": (5, 4), "ticks": (3, 1)}
"""Fewest fields and numbers in a row of data."""


@dataclass(frozen=True)
class Layout:
    """How a text table is laid out.

    Attributes:
        delimiter: between fields.
        first_line: 0-based line of the first row of data.
        header: the header's fields, or () where there is none.
        n_fields: fields in a row.
        roles: column number by role (`time`, `clock`, `open`, ..., `ticker`; of ticks `bid`, `ask`, `price`).
        style: how numbers are written.
        decimals: most decimals in a price of the sample that are not zeros at the end.
        rows: the sample's first rows, split.
        notes: unusual things about the text, in words.
        written_decimals: most decimals of a price as written.
        same_decimals: whether all prices of the sample are written with equally many.
        warnings: what the user should know of how columns were taken.
        by_position: whether columns were told by position alone.
    """

    delimiter: str
    first_line: int
    header: tuple[str, ...]
    n_fields: int
    roles: Mapping[str, int]
    style: NumberStyle
    decimals: int
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = field(default=())
    written_decimals: int = 0
    same_decimals: bool = False
    warnings: tuple[str, ...] = field(default=())
    by_position: bool = False

    @property
    def delimiter_name(self) -> str:
        """The delimiter as a word."""
        return _NAMES.get(self.delimiter, self.delimiter)

    def sample(self, role: str) -> list[str]:
        """The sample's values of a column."""
        index = self.roles[role]
        return [row[index] for row in self.rows if index < len(row)]


@cache
def _time_test(date_format: str | None) -> Callable[[str], bool]:
    """Whether a text is a time: in a format that is known, or in the one that is stated."""
    given = read_date_format(date_format, None) if date_format else None

    def is_time(text: str) -> bool:
        if guess_time_format([text]) is not None:
            return True
        return given is not None and bool(text) and not parse_times(pl.Series([text]), given)[1].any()

    return is_time


def sniff_layout(
    data: bytes,
    *,
    source: str,
    delimiter: str | None = None,
    columns: Mapping[str, str | int] | None = None,
    notes: tuple[str, ...] = (),
    kind: str = "bars",
    date_format: str | None = None,
    decimal: str | None = None,
    symbol: Symbol | None = None,
) -> Layout:
    """Find out how a table of bars or ticks is laid out.

    Args:
        data: the text, as `clean_text` returns it, or its beginning.
        source: the file, for messages.
        delimiter: given rather than guessed; a character, or ``tab``, ``comma``, ...
        columns: header name or 0-based number by role, over what the header says; "-" leaves a column out.
        notes: passed on into the layout.
        kind: ``bars`` or ``ticks``.
        date_format: of the times, where it is stated.
        decimal: the decimal sign, where it is stated.
        symbol: whose prices they are; it settles whether 1,905 is 1.905.

    Raises:
        DataError: no delimiter gives rows of prices, a column is not found, or the header and the rows do not fit.
    """
    text = data[:SAMPLE_BYTES].decode(errors="replace")
    lines = text.replace("\r\n", "\n").split("\n")
    if len(data) > SAMPLE_BYTES:
        lines = lines[:-1]
    chosen = _GIVEN.get(delimiter.lower(), delimiter) if delimiter else _guess_delimiter(lines, kind)
    if not chosen or len(chosen) != 1:
        shown = next((line for line in lines if line.strip()), "")[:80]
        raise DataError(
            "has no rows that look like bars (a time and four prices)",
            file=source,
            line=1,
            value=shown,
            remedy='If it is a table of bars, name its separator, as in delimiter=";"',
        )
    rows = [_split(line, chosen) for line in lines]
    least = _LEAST[kind]
    found = next((i for i, row in enumerate(rows) if _is_data(row, *least)), None)
    if found is None:
        raise DataError(
            f"has no rows with a time and four prices when split at {_NAMES.get(chosen, chosen)!r}",
            file=source,
            line=1,
            value=(lines or [""])[0][:80],
            remedy="Name the separator with delimiter=, or check the file",
        )
    is_time = _time_test(date_format)
    head = _header_line(rows[:found], is_time)
    first = _first_row(rows, head, found, is_time)
    body = [tuple(row) for row in rows[first:] if any(row)]
    full = [tuple(row) for row in rows[found:] if any(row)]
    n_fields = Counter(len(row) for row in full).most_common(1)[0][0]
    header = () if head is None else tuple(rows[head])
    if head is not None:
        _check_width(header, full, n_fields, source, head + 1)
    style = _style([f for row in full[:2000] for f in row], source, first + 1, decimal, symbol)
    given = _given_roles(columns, header, source, kind)
    named = [role for role, column in given.items() if column >= 0]
    warnings: tuple[str, ...] = ()
    if header:
        roles = headings.roles_of(
            header,
            full[0],
            source=source,
            line=None if head is None else head + 1,
            kind=kind,
            is_time=is_time,
            given=named,
        )
    elif kind == "bars":
        roles, warnings = positions.bar_roles(full, style, is_time)
    else:
        roles = positions.tick_roles(full, style, is_time)
    taken = [column for column in given.values() if column >= 0]
    if twice := next((column for column in taken if taken.count(column) > 1), None):
        both = ", ".join(role for role, column in given.items() if column == twice)
        raise DataError(
            "is given two roles", parameter="columns", value=f"{both} = {twice}", remedy="Give each column one role"
        )
    roles = {role: column for role, column in roles.items() if column not in taken} | given
    roles = {role: column for role, column in roles.items() if column >= 0}
    _check_roles(roles, header, full, source, first, kind)
    used, written, same = _decimals(full, roles, style)
    skipped = [k + 1 for k in range((-1 if head is None else head) + 1, first) if any(rows[k])]
    if skipped and head is not None:
        notes += (f"left out between header and rows: line {', '.join(map(str, skipped))}",)
    return Layout(
        chosen,
        first,
        header,
        n_fields,
        roles,
        style,
        used,
        tuple(body[:2000]),
        notes,
        written,
        same,
        () if given else warnings,
        not header and not given,
    )


def _header_line(above: Sequence[Sequence[str]], is_time: Callable[[str], bool]) -> int | None:
    """The line of the header among those above the data: that with most headings, else the last with words."""
    known = [headings.n_known(row) for row in above]
    if known and max(known) >= 2:
        return max(range(len(above)), key=lambda i: (known[i], i))
    for i in range(len(above) - 1, -1, -1):
        row = above[i]
        # A row of data may have words for prices that are missing: NaN, n/a.
        if not any(row) or all(_DASHES.fullmatch(f) for f in row) or any(is_time(f) for f in row[:4]):
            continue
        return i if len(row) >= 3 and any(re.search(r"[^\W\d_]", f) for f in row) else None
    return None


def _first_row(rows: Sequence[Sequence[str]], head: int | None, found: int, is_time: Callable[[str], bool]) -> int:
    """The line where data begins: at a row with a time, though its prices be missing; refused later, with its line."""
    first = found
    width = len(rows[found])
    for i in range(found - 1, -1 if head is None else head, -1):
        if len(rows[i]) >= min(width, 3) and any(is_time(f) for f in rows[i][:4]):
            first = i
    return first


def _check_width(header: Sequence[str], rows: Sequence[Sequence[str]], n_fields: int, source: str, line: int) -> None:
    """Headings stand over their columns: a header of another width than the rows says nothing about them."""
    surplus = n_fields - len(header)
    trailing = surplus > 0 and all(not any(row[len(header) :]) for row in rows[:200])
    if surplus == 0 or trailing or surplus == -1:
        return
    raise DataError(
        f"has {len(header)} headings over rows of {n_fields} fields",
        file=source,
        line=line,
        value=", ".join(header)[:80],
        remedy="Correct the header; where numbers hold the separator itself (1,905.10), export them without it",
    )


def _style(fields: Sequence[str], source: str, line: int, decimal: str | None, symbol: Symbol | None) -> NumberStyle:
    found = style_of(fields)
    if decimal is not None:
        return NumberStyle(decimal, found.grouped or found.decimal != decimal, found.marked)
    if not found.undecided:
        return found
    values = [float(f.replace(",", "")) for f in fields if re.fullmatch(r"\d{1,3},\d{3}", f)]
    bounds = plausible_range(symbol) if symbol else None
    if bounds is not None:
        middle = sorted(values)[len(values) // 2]
        fits = [bounds[0] <= middle / scale <= bounds[1] for scale in (1000.0, 1.0)]
        if fits[0] != fits[1]:
            return replace(found, undecided=False) if fits[0] else NumberStyle(".", grouped=True, marked=found.marked)
    raise DataError(
        "may be a decimal comma or a separator of thousands, and nothing in the file tells which",
        file=source,
        line=line,
        parameter="decimal",
        value=next(f for f in fields if re.fullmatch(r"\d{1,3},\d{3}", f)),
        remedy='Say what the decimal sign is, as in decimal="," or decimal="."',
    )


def _check_roles(
    roles: Mapping[str, int],
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    source: str,
    first: int,
    kind: str,
) -> None:
    needed: tuple[str, ...] = ("time", *PRICES)
    if kind == "ticks":
        needed = ("time", "price") if "price" in roles and "bid" not in roles else ("time", "bid", "ask")
    missing = [name for name in needed if name not in roles]
    if missing:
        raise DataError(
            f"has no column for {', '.join(missing)}",
            file=source,
            line=first if header else first + 1,
            parameter="columns",
            value=", ".join(header or rows[0]),
            remedy=f'Name them, as in columns={{"{missing[0]}": "..."}} (--columns {missing[0]}=...), with a header '
            "name or a number from 0" + ("; a date in a form of its own also wants date_format" * ("time" in missing)),
        )
    width = max(len(row) for row in rows[:2000])
    for role, column in roles.items():
        if column >= width:
            raise DataError(
                f"has no column {column} for {role}: its rows have {width} fields, numbered from 0",
                file=source,
                line=first + 1,
                parameter="columns",
                value=column,
                remedy="Use a name of the header, or a number from 0",
            )


def _split(line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return line.split()
    if '"' in line:
        try:
            return [f.strip() for f in next(csv.reader(io.StringIO(line), delimiter=delimiter), [])]
        except csv.Error:
            return [line]
    return [f.strip() for f in line.split(delimiter)]


def _guess_delimiter(lines: Sequence[str], kind: str) -> str:
    sample = [line for line in lines if line.strip()][-200:]
    least = _LEAST[kind]
    for delimiter in (*_DELIMITERS, " "):
        rows = [_split(line, delimiter) for line in sample]
        counts = Counter(len(row) for row in rows)
        if not counts:
            return ""
        n_fields, n_rows = counts.most_common(1)[0]
        n_data = sum(_is_data(row, *least) for row in rows)
        if n_fields >= least[0] and n_rows >= 0.5 * len(rows) and n_data >= n_rows / 2:
            return delimiter
    return ""


def _is_data(row: Sequence[str], least_fields: int, least_numbers: int) -> bool:
    return len(row) >= least_fields and sum(is_number(f) for f in row) >= least_numbers


def _decimals(rows: Sequence[Sequence[str]], roles: Mapping[str, int], style: NumberStyle) -> tuple[int, int, bool]:
    """Most decimals of a price without zeros at the end, most as written, and whether all are written alike."""
    used = written = 0
    least = 99
    columns = [roles[name] for name in (*PRICES, "bid", "ask", "price") if name in roles]
    for row in rows[:2000]:
        for column in columns:
            text = row[column] if column < len(row) else ""
            if not text or not text[-1].isdigit():
                continue
            digits = text.rpartition(style.decimal)[2] if style.decimal in text else ""
            least = min(least, len(digits))
            if len(digits.rstrip("0")) <= 8:  # longer ones are float noise
                used, written = max(used, len(digits.rstrip("0"))), max(written, min(len(digits), 8))
    return used, written, least == written


def _given_roles(
    columns: Mapping[str, str | int] | None, header: Sequence[str], source: str, kind: str
) -> dict[str, int]:
    given: dict[str, int] = {}
    known = {*headings.BAR_ROLES, *headings.TICK_ROLES}
    for role, where in (columns or {}).items():
        if role not in known:
            raise DataError(
                "is not a column of bars",
                parameter="columns",
                value=role,
                remedy="Use " + ", ".join(sorted(known)),
            )
        if role not in (headings.BAR_ROLES if kind == "bars" else headings.TICK_ROLES):
            continue
        if isinstance(where, int) and where >= 0:
            given[role] = where
        elif where == "-":
            given[role] = -1
        elif isinstance(where, str) and where in header:
            given[role] = header.index(where)
        elif isinstance(where, str) and re.fullmatch(r"\d{1,4}", where):
            given[role] = int(where)
        else:
            raise DataError(
                f"has no column {where!r}",
                file=source,
                parameter="columns",
                value=", ".join(header),
                remedy="Use a name of the header, or a number from 0",
            )
    return given
