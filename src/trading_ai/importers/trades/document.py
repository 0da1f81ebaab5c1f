"""What a file holds before anyone asks which platform wrote it: rows of texts, or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from trading_ai.errors import DataError

MAX_BYTES = 128 << 20
"""Unpacked bytes of one file; the report of 200,000 trades takes less."""

MAX_CELLS = 4_000_000
"""Cells of one file's tables."""

Kind = Literal["html", "sheet", "text", "ini", "json", "mt5_cache"]
"""``sheet`` is a workbook or a Parquet table, ``text`` a CSV and its kin, ``mt5_cache`` the bytes of a
``.opt`` file."""


@dataclass(frozen=True, eq=False)
class Document:
    """One file, taken apart.

    Attributes:
        source: what to call it in messages.
        kind: what it is.
        digest: SHA-256 of its unpacked bytes, in hex: equal files are equal whatever they are called.
        rows: its tables' rows, one table after the other, of stripped texts.
        lines: where each row stands: line of a text, row of a sheet; 1-based, shape of `rows`.
        data: what a JSON file holds, or the JSON in a page.
        title: title of a page, or of a workbook.
        names: names of the tables of a workbook.
    """

    source: str
    kind: Kind
    digest: str
    rows: Sequence[Sequence[str]] = ()
    lines: Sequence[int] = ()
    data: Any = None
    title: str = ""
    names: tuple[str, ...] = field(default=())

    def refuse(
        self, rule: str, *, row: int | None = None, parameter: str = "", value: object = None, remedy: str = ""
    ) -> DataError:
        """An error that says where in the file it is.

        Args:
            rule: what is wrong.
            row: the row of `rows`, or None for the whole file.
            parameter: the column.
            value: what stands there.
            remedy: what to do.
        """
        line = None if row is None or row >= len(self.lines) else self.lines[row]
        return DataError(rule, file=self.source, line=line, parameter=parameter, value=value, remedy=remedy)


def check_cells(n_cells: int, source: str) -> None:
    """Refuse more cells than a report of trades has.

    Raises:
        DataError: there are more than `MAX_CELLS`.
    """
    if n_cells > MAX_CELLS:
        raise DataError(f"holds more than {MAX_CELLS:,} cells", file=source, remedy="Export fewer trades at a time")
