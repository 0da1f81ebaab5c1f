"""Tables for people, as wide as the screen: no number and no word is ever broken.

What does not fit is made narrower in this order: heads are broken between their words; texts are wrapped between
theirs; columns that a table can spare are left out, and that is said; last, every row becomes a block of lines.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text
from typing_extensions import override

from trading_ai.cli.output import say, screen_width, visible

if TYPE_CHECKING:
    from trading_ai.optimization.records import BacktestRecord, OptimizationRecord

_IN_A_FILE = 160
_NARROWEST_TEXT = 12


def table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    left: int = 1,
    spare: Sequence[str] = (),
    elsewhere: str = "--json has them",
) -> None:
    """Print a table.

    Args:
        title: line above it.
        columns: heads.
        rows: cells, one for each head.
        left: the first so many columns hold text, the others numbers.
        spare: heads of columns that are left out where the screen is too narrow, the first of them first.
        elsewhere: where a reader finds what was left out.
    """
    limit = screen_width(sys.stdout) or _IN_A_FILE
    heads, listed = [visible(head) for head in columns], [[visible(cell) for cell in row] for row in rows]
    is_text, dropped = [i < left for i in range(len(heads))], []
    say(title)
    fitted = _fitted(heads, listed, is_text, limit)
    for name in spare:
        if fitted is not None:
            break
        if name in heads:
            at = heads.index(name)
            dropped.append(name)
            del heads[at], is_text[at]
            for row in listed:
                del row[at]
            fitted = _fitted(heads, listed, is_text, limit)
    if fitted is None:
        _blocks([visible(head) for head in columns], heads, listed, limit)
    else:
        _print(fitted, listed, is_text, limit)
    if dropped:
        say(f"Too narrow for {', '.join(dropped)}: {elsewhere}.")


def say_folded(
    every: Sequence[OptimizationRecord | BacktestRecord],
    shown: Sequence[OptimizationRecord | BacktestRecord],
    what: str,
) -> None:
    """Say which records of studies a list leaves out, a line for each study."""
    known = {id(record) for record in shown}
    folded = Counter(record.part_of for record in every if id(record) not in known)
    for study, n in folded.items():
        say(f"{study}: {n:,} {what if n > 1 else what.removesuffix('s')}, shown with --windows")


_Fitted = tuple[list[str], list[int], int]
"""Heads, widths and the gap at each side of a column."""


def _fitted(heads: list[str], rows: list[list[str]], is_text: list[bool], limit: int) -> _Fitted | None:
    """How a table fits, or None if it does not."""
    for shown in (heads, [head.replace("_", "_\n") for head in heads]):
        cells = [[head, *column] for head, *column in zip(shown, *rows, strict=True)]
        wide = [max(_longest(cell.split("\n")) for cell in column) for column in cells]
        for gap in (1, 0):
            if sum(wide) + _between(gap) * (len(heads) - 1) <= limit:
                return shown, wide, gap
    # Texts are wrapped between their words, the widest first.
    least = [
        min(w, max(_longest(" ".join(c).split()), _NARROWEST_TEXT)) if text else w
        for w, c, text in zip(wide, cells, is_text, strict=True)
    ]
    room = limit - len(heads) + 1
    if sum(least) > room:
        return None
    while sum(wide) > room:
        slack = [w - floor for w, floor in zip(wide, least, strict=True)]
        widest = max((i for i, s in enumerate(slack) if s > 0), key=lambda i: wide[i])
        wide[widest] -= 1
    return shown, wide, 0


def _between(gap: int) -> int:
    return 2 * gap + 1


def _longest(parts: Iterable[str]) -> int:
    return max(map(_width, parts), default=0)


def _width(text: str) -> int:
    return Text(text).cell_len


def _print(fitted: _Fitted, rows: list[list[str]], is_text: list[bool], limit: int) -> None:
    heads, widths, gap = fitted
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, gap))
    for head, width, text in zip(heads, widths, is_text, strict=True):
        made.add_column(Text(head), justify="left" if text else "right", width=width)
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))  # plain text: a name in [brackets] is no markup
    _Screen(width=limit, highlight=False, soft_wrap=False).print(made)


class _Screen(Console):
    """A console that says where its reader is gone, instead of leaving the program."""

    @override
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def _blocks(columns: list[str], heads: list[str], rows: list[list[str]], limit: int) -> None:
    """Every row as a block of lines, a line for each column."""
    say()
    names = max(map(len, columns), default=0)
    for row in rows:
        for head, cell in zip(heads, row, strict=True):
            if cell:
                say(f"{head:<{names}}  {cell}" if names + 2 + len(cell) <= limit else f"{head}\n  {cell}")
        say()
