"""Text as programs write it, brought to UTF-8: encodings, line ends, lines wholly in quotes."""

from __future__ import annotations

import re

from trading_ai.errors import DataError
from trading_ai.importers import headings

SAMPLE_BYTES = 65_536
_DELIMITERS = ("\t", ";", "|", ",")
_CODECS = ("cp1252", "cp1250", "cp1251")
"""Western, Central European and Cyrillic Windows; the first of those whose header has most words that are known."""


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
            codec = max(_CODECS, key=lambda codec: _n_headings(head.decode(codec, errors="replace")))
            data = data.decode(codec, errors="replace").encode()
            notes.append(codec.replace("cp", "Windows-"))
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


def _n_headings(text: str) -> int:
    """Most headings that a line of the beginning has, however its fields are separated."""
    lines = text[:4000].split("\n")[:10]
    return max(headings.n_known([f.strip() for f in re.split(r"[\t;|,]", line)]) for line in lines)


def _fields_inside(line: str) -> bool:
    return any(line.count(delimiter) >= 4 for delimiter in _DELIMITERS)
