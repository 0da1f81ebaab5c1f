"""What commands print: one JSON document, or tables for people."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


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


def say(text: str = "") -> None:
    """A line for people on stdout."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """A line for people on stderr, where it never mixes with results."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def console() -> Console:
    """A console on stdout; as wide as the terminal, or wide enough for a table in a file."""
    from rich.console import Console  # noqa: PLC0415 - --json does not need it

    return Console(width=None if sys.stdout.isatty() else 160, highlight=False, soft_wrap=False)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> None:
    """Print a table; the first `left` columns hold text, the others numbers."""
    from rich import box  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    screen, listed, heads = console(), list(rows), list(columns)

    def width(gap: int) -> int:
        lines = (head.split("\n") for head in heads)
        return sum(gap + max(map(len, [*words, *cells])) for words, *cells in zip(lines, *listed, strict=True))

    if width(3) > screen.width:  # names are broken between their words rather than within, numbers not at all
        heads = [head.replace("_", "_\n") for head in heads]
    gap = 1 if width(3) <= screen.width else 0
    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, gap))
    for i, head in enumerate(heads):
        made.add_column(Text(head), justify="left" if i < left else "right", overflow="fold")
    for row in listed:
        made.add_row(*(Text(cell) for cell in row))  # plain text: a name in [brackets] is no markup
    screen.print(made)


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
