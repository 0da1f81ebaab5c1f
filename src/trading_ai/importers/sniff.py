"""What kind of text table is this? Encoding, quoting, delimiter, header, decimal sign and columns."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from trading_ai.errors import DataError
from trading_ai.importers.datetimes import clock_pattern, guess_time_format, looks_like_clock

SAMPLE_BYTES = 65_536
_DELIMITERS = ("\t", ";", "|", ",")
_NAMES = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma", " ": "space"}
_GIVEN = {"tab": "\t", "\\t": "\t", "semicolon": ";", "comma": ",", "space": " ", "bar": "|", "pipe": "|"}
_PRICES = ("open", "high", "low", "close")

# Header words, without case, blanks, brackets and underscores, by the role of their column.
_TIME_WORDS = (
    "datetime time date timestamp gmttime localtime opentime utctime utc timeutc dateutc datetimeutc gmt "
    "unix unixtime unixtimestamp epoch ts dt timegmt bartime starttime eettime esttime t indexlevel0 index"
).split()
_WORDS: dict[str, tuple[str, ...]] = {
    "open": ("open", "o", "openprice", "priceopen", "bidopen", "openbid"),
    "high": ("high", "h", "highprice", "pricehigh", "max", "bidhigh", "highbid"),
    "low": ("low", "l", "lowprice", "pricelow", "min", "bidlow", "lowbid"),
    "close": ("close", "c", "closeprice", "priceclose", "last", "bidclose", "closebid"),
    "ask_open": ("askopen", "openask"),
    "ask_high": ("askhigh", "highask"),
    "ask_low": ("asklow", "lowask"),
    "ask_close": ("askclose", "closeask"),
    "volume": ("volume", "vol", "v", "realvolume", "realvol"),
    "tick_volume": ("tickvol", "tickvolume", "ticks", "tickcount"),
    "spread": ("spread",),
    "ticker": ("ticker", "symbol", "instrument", "pair", "asset", "code"),
}
_ROLE_OF = {word: role for role, words in _WORDS.items() for word in words}


@dataclass(frozen=True)
class Layout:
    """How a text table is laid out.

    Attributes:
        delimiter: between fields.
        first_line: 0-based line of the first row of data.
        header: the header's fields, or () where there is none.
        n_fields: fields in a row.
        roles: column number by role (`time`, `clock`, `open`, ..., `ticker`).
        decimal_comma: whether decimals are written 1,2345.
        decimals: most decimals in a price of the sample.
        rows: the sample's first rows, split.
        notes: unusual things about the text, in words.
    """

    delimiter: str
    first_line: int
    header: tuple[str, ...]
    n_fields: int
    roles: Mapping[str, int]
    decimal_comma: bool
    decimals: int
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def delimiter_name(self) -> str:
        """The delimiter as a word."""
        return _NAMES.get(self.delimiter, self.delimiter)

    def sample(self, role: str) -> list[str]:
        """The sample's values of a column."""
        index = self.roles[role]
        return [row[index] for row in self.rows if index < len(row)]


def clean_text(data: bytes, *, source: str) -> tuple[bytes, tuple[str, ...]]:
    """Bring a text to UTF-8 without byte-order mark, with fields rather than whole lines in quotes.

    Returns:
        The text, and what was unusual about it.
    """
    notes: list[str] = []
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or (len(data) > 3 and b"\x00" in data[:200]):
        codec = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-16-le" if data[1] == 0 else "utf-16-be"
        try:
            data = data.decode(codec).encode()
        except UnicodeDecodeError as error:
            raise DataError("is a binary file, not a table of text", file=source, remedy="Export it as CSV") from error
        notes.append("UTF-16")
    elif data[:3] == b"\xef\xbb\xbf":
        data = data[3:]
        notes.append("byte-order mark")
    head = data[:SAMPLE_BYTES]
    try:
        head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            data = data.decode("cp1252", errors="replace").encode()
            notes.append("Windows-1252")
    if b"\n" not in head and b"\r" in head:
        data = data.replace(b"\r", b"\n")
        notes.append("CR line ends")
    lines = [line for line in data[:SAMPLE_BYTES].decode(errors="replace").splitlines()[:-1] if line.strip()][:50]
    if lines and all(
        line.startswith('"') and line.endswith('"') and line.count('"') == 2 and _fields_inside(line) for line in lines
    ):
        data = data.replace(b'"', b"")
        notes.append("whole lines in quotes")
    return data, tuple(notes)


def _fields_inside(line: str) -> bool:
    return any(line.count(delimiter) >= 4 for delimiter in _DELIMITERS)


def sniff_layout(
    data: bytes,
    *,
    source: str,
    delimiter: str | None = None,
    columns: Mapping[str, str | int] | None = None,
    notes: tuple[str, ...] = (),
) -> Layout:
    """Find out how a table of bars is laid out.

    Args:
        data: the text, as `clean_text` returns it.
        source: the file, for messages.
        delimiter: given rather than guessed; a character, or ``tab``, ``comma``, ...
        columns: header name or 0-based number by role, over what the header says.
        notes: passed on into the layout.

    Raises:
        DataError: no delimiter gives rows of prices, or a column is not found.
    """
    text = data[:SAMPLE_BYTES].decode(errors="replace")
    lines = text.splitlines()
    if len(data) > SAMPLE_BYTES:
        lines = lines[:-1]
    chosen = _GIVEN.get(delimiter, delimiter) if delimiter else _guess_delimiter(lines)
    if not chosen:
        shown = next((line for line in lines if line.strip()), "")[:80]
        raise DataError(
            "has no rows that look like bars (a time and four prices)",
            file=source,
            line=1,
            value=shown,
            remedy='If it is a table of bars, name its separator, as in delimiter=";"',
        )
    rows = [_split(line, chosen) for line in lines]
    comma = chosen != "," and _uses_decimal_comma(rows)
    first = next((i for i, row in enumerate(rows) if _is_data(row, comma=comma)), None)
    if first is None:
        raise DataError(
            f"has no rows with a time and four prices when split at {_NAMES.get(chosen, chosen)!r}",
            file=source,
            line=1,
            value=(lines or [""])[0][:80],
            remedy="Name the separator with delimiter=, or check the file",
        )
    body = [tuple(row) for row in rows[first:] if any(row)]
    n_fields = Counter(len(row) for row in body).most_common(1)[0][0]
    above = next((row for row in reversed(rows[:first]) if any(row)), [])
    is_header = len(above) >= 4 and abs(len(above) - n_fields) <= 1 and any(re.search("[A-Za-z]", f) for f in above)
    header = tuple(above) if is_header else ()
    roles = header_roles(header, body[0]) if header else _roles_by_position(body[0])
    roles |= _given_roles(columns, header, source)
    missing = [name for name in ("time", *_PRICES) if name not in roles]
    if missing:
        raise DataError(
            f"has no column for {', '.join(missing)}",
            file=source,
            line=first if header else first + 1,
            parameter="columns",
            value=", ".join(header or body[0]),
            remedy=f'Name them, as in columns={{"{missing[0]}": "..."}} (a header name or a number from 0)',
        )
    return Layout(
        chosen,
        first,
        header,
        n_fields,
        roles,
        comma,
        _decimals(body, roles, comma=comma),
        tuple(body[:2000]),
        notes,
    )


def _split(line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return line.split()
    if '"' in line:
        return [f.strip() for f in next(csv.reader(io.StringIO(line), delimiter=delimiter), [])]
    return [f.strip() for f in line.split(delimiter)]


def _guess_delimiter(lines: Sequence[str]) -> str:
    sample = [line for line in lines if line.strip()][-200:]
    best = ""
    for delimiter in (*_DELIMITERS, " "):
        rows = [_split(line, delimiter) for line in sample]
        counts = Counter(len(row) for row in rows)
        if not counts:
            return ""
        n_fields, n_rows = counts.most_common(1)[0]
        comma = delimiter != "," and _uses_decimal_comma(rows)
        if (
            n_fields >= 5
            and n_rows >= 0.5 * len(rows)
            and sum(_is_data(row, comma=comma) for row in rows) >= n_rows / 2
        ):
            best = delimiter
            break
    return best


def _is_number(text: str, *, comma: bool) -> bool:
    return re.fullmatch(r"[+-]?(\d+(,\d*)?)" if comma else r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text) is not None


def _is_data(row: Sequence[str], *, comma: bool) -> bool:
    return len(row) >= 5 and sum(_is_number(f, comma=comma) for f in row) >= 4


def _uses_decimal_comma(rows: Sequence[Sequence[str]]) -> bool:
    fields = [f for row in rows[-20:] for f in row]
    return sum(re.fullmatch(r"\d+,\d+", f) is not None for f in fields) > sum(
        re.fullmatch(r"\d+\.\d+", f) is not None for f in fields
    )


def _decimals(rows: Sequence[Sequence[str]], roles: Mapping[str, int], *, comma: bool) -> int:
    sign = "," if comma else "."
    found = 0
    for row in rows[:2000]:
        for name in _PRICES:
            field_ = row[roles[name]] if roles[name] < len(row) else ""
            digits = field_.partition(sign)[2].rstrip("0")
            if len(digits) <= 8:  # longer ones are float noise
                found = max(found, len(digits))
    return found


def header_roles(header: Sequence[str], first_row: Sequence[str]) -> dict[str, int]:
    """Column numbers by role, read from a header and checked against the first row's values."""
    words = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in header]
    roles: dict[str, int] = {}
    for i, word in enumerate(words):
        role = _ROLE_OF.get(word) or ("volume" if word.startswith("volume") else None)
        if role and role not in roles:
            roles[role] = i
    if "open" not in roles and "ask_open" in roles:  # one side only: it is the price
        for name in _PRICES:
            if f"ask_{name}" in roles:
                roles[name] = roles.pop(f"ask_{name}")
    times = [
        i
        for i, word in enumerate(words)
        if not word or word in _TIME_WORDS or re.fullmatch(r"(gmt|utc|local)\w*time", word)
    ]
    for i in times:
        value = first_row[i] if i < len(first_row) else ""
        if looks_like_clock(value) or (words[i] == "time" and re.fullmatch(r"\d{1,6}", value)):
            roles.setdefault("clock", i)
        elif guess_time_format([value]) is not None:
            roles.setdefault("time", i)
    stamp = guess_time_format([first_row[roles["time"]]]) if "time" in roles else None
    if "clock" in roles and (stamp is None or stamp.clock or stamp.is_epoch):
        del roles["clock"]
    return roles


def _roles_by_position(row: Sequence[str]) -> dict[str, int]:
    start = next((i for i, f in enumerate(row[:3]) if guess_time_format([f]) is not None), None)
    if start is None:
        return {}
    roles = {"time": start}
    stamp = guess_time_format([row[start]])
    price = start + 1
    if stamp and not stamp.clock and not stamp.is_epoch and price < len(row):
        following = row[price]
        packed = clock_pattern(following) is not None and len(row) - price > 4 and "." not in following
        if looks_like_clock(following) or (packed and len(following) in {4, 6} and len(stamp.date) < 9):
            roles["clock"] = price
            price += 1
    if len(row) - price < 4:
        return {}
    roles |= {name: price + k for k, name in enumerate(_PRICES)}
    rest = [i for i in range(price + 4, len(row)) if row[i] != ""]
    if len(rest) == 3:
        roles |= {"tick_volume": rest[0], "volume": rest[1], "spread": rest[2]}
    elif rest:
        roles["volume"] = rest[0]
    return roles


def _given_roles(columns: Mapping[str, str | int] | None, header: Sequence[str], source: str) -> dict[str, int]:
    given: dict[str, int] = {}
    known = {"time", "clock", *_WORDS}
    for role, where in (columns or {}).items():
        if role not in known:
            raise DataError(
                "is not a column of bars",
                parameter="columns",
                value=role,
                remedy="Use " + ", ".join(sorted(known)),
            )
        if isinstance(where, int):
            given[role] = where
        elif where in header:
            given[role] = header.index(where)
        else:
            raise DataError(
                f"has no column {where!r}",
                file=source,
                parameter="columns",
                value=", ".join(header),
                remedy="Use a name of the header, or a number from 0",
            )
    return given
