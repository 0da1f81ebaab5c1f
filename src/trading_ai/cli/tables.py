"""Tables for people."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from trading_ai.cli.output import visible


def console() -> Console:
    """A console on stdout; as wide as the terminal, or wide enough for a table in a file."""
    return Console(width=None if sys.stdout.isatty() else 160, highlight=False, soft_wrap=False)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1) -> None:
    """Print a table; the first `left` columns hold text, the others numbers."""
    listed, heads = [[visible(cell) for cell in row] for row in rows], [visible(head) for head in columns]
    screen, title = console(), visible(title)

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
