"""What commands print: one JSON document, or lines for people; `tables` has the tables."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TextIO


def plain(value: Any) -> Any:
    """A value that JSON can hold: NaN and infinities become null, NumPy scalars and arrays plain values."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, str | int) or value is None:
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain({f.name: getattr(value, f.name) for f in dataclasses.fields(value)})
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    return str(value)


def print_json(document: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print the one document of a command."""
    sys.stdout.write(json.dumps(plain(document), indent=2, allow_nan=False) + "\n")


def visible(text: str) -> str:
    """A text whose control characters, and others that cannot be seen, are written as escapes.

    A name may have come over HTTP, from a file or another program: none of it may move the cursor of a terminal,
    colour it or turn the direction of writing.
    """
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(character: str) -> str:
    shown = character.isprintable() or character in "\n\t" or unicodedata.category(character) == "Zs"
    return character if shown else repr(character)[1:-1]


def screen_width(stream: TextIO) -> int | None:
    """Columns of the terminal that a stream goes to, or what COLUMNS says; None for a file."""
    given = os.environ.get("COLUMNS", "")
    if given.isdigit() and int(given):
        return int(given)
    return shutil.get_terminal_size().columns if stream.isatty() else None


def _wrapped(text: str, stream: TextIO) -> str:
    """Lines as wide as the screen, broken between words only; a command to type stays one line."""
    text, width = visible(text), screen_width(stream)
    if width is None or len(text) <= width:
        return text
    lines = [
        line
        if len(line) <= width or _COMMAND in line
        else textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
        for line in text.split("\n")
    ]
    return "\n".join(lines)


_COMMAND = "trading-ai "


def say(text: str = "") -> None:
    """A line for people on stdout."""
    sys.stdout.write(_wrapped(text, sys.stdout) + "\n")


def note(text: str) -> None:
    """A line for people on stderr, where it never mixes with results."""
    sys.stderr.write(_wrapped(text, sys.stderr) + "\n")
    sys.stderr.flush()


def moment(seconds: float | None) -> str:
    """A time since 1970 as text, UTC."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def duration(seconds: float) -> str:
    """A length of time for people."""
    if not math.isfinite(seconds):
        return "unknown"
    if seconds < 1:
        return f"{max(seconds, 0.01):.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
