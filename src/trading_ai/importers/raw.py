"""What every format's reader hands on: raw rows, before time zone, scale and checks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from typing_extensions import override

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FormatFacts:
    """What is known of a file once its format is recognised.

    Attributes:
        name: such as ``"mt5"``.
        timezone: the zone that the format's documentation states, or "".
        day_first: the format's order of day and month, or None where it has none of its own.
        side: ``bid``, ``ask``, ``bid+ask``, ``trade`` or "" where neither format nor file name says.
        price_scale: the factor that the format's documentation states, or None.
    """

    name: str
    timezone: str = ""
    day_first: bool | None = None
    side: str = ""
    price_scale: float | None = None


@dataclass(frozen=True)
class RawRows:
    """Rows of one file, in file order.

    Attributes:
        time_ns: opens in ns, on the file's clock, or UTC where `aware`.
        aware: whether the times are UTC by themselves (an offset in the values, or an epoch).
        columns: `open`, `high`, `low`, `close`; `volume`, `spread`, ask prices where present.
        decimals: decimals of the prices as written, or None where unknown.
        lines: 1-based line of each row; a function of the row.
        date_format: how times were written, for people.
        header_zone: a zone named in the header (``Gmt time``), or "".
        notes: how the file was read, in words.
        filtered: the rows kept of a file with several symbols, in words.
        warnings: what the user should know of how columns were taken.
        written_decimals: decimals of the prices with zeros at the end, or None where unknown.
        same_decimals: whether all prices are written with equally many decimals.
        by_position: whether columns were told by position alone.
    """

    time_ns: Ints
    aware: bool
    columns: dict[str, Floats]
    decimals: int | None
    lines: Callable[[int], int | None]
    date_format: str
    header_zone: str = ""
    notes: tuple[str, ...] = field(default=())
    filtered: str = ""
    warnings: tuple[str, ...] = field(default=())
    written_decimals: int | None = None
    same_decimals: bool = False
    by_position: bool = False


class PlacedLine(int):
    """A line of one of several files; in messages it names the file."""

    file: str

    def __new__(cls, line: int, file: str = "") -> PlacedLine:
        """The line of a file."""
        made = super().__new__(cls, line)
        made.file = file
        return made

    @override
    def __getnewargs__(self) -> tuple[int, str]:  # type: ignore[override]  # copies keep the file
        return int(self), self.file

    @override
    def __str__(self) -> str:
        name = re.split(r"[!/\\]", self.file)[-1]  # the folder is said once, with the file
        return f"{int(self)} of {name}" if name else str(int(self))


def joined(parts: list[RawRows], names: list[str] | None = None) -> RawRows:
    """Rows of several files of one series, in the given order; lines then know their file (`PlacedLine`).

    Args:
        parts: the rows of each file.
        names: the files, for messages.
    """
    if len(parts) == 1:
        return parts[0]
    files = names or [""] * len(parts)
    starts = np.cumsum([0, *(len(part.time_ns) for part in parts)])
    line_functions = [part.lines for part in parts]

    def line_of(row: int) -> int | None:
        k = int(np.searchsorted(starts, row, side="right")) - 1
        line = line_functions[k](row - int(starts[k]))
        return None if line is None else PlacedLine(line, files[k])

    columns = [name for name in parts[0].columns if all(name in part.columns for part in parts)]
    return replace(
        parts[0],
        time_ns=np.concatenate([part.time_ns for part in parts]),
        columns={name: np.concatenate([part.columns[name] for part in parts]) for name in columns},
        decimals=max((part.decimals for part in parts if part.decimals is not None), default=None),
        written_decimals=max((p.written_decimals for p in parts if p.written_decimals is not None), default=None),
        same_decimals=all(part.same_decimals for part in parts),
        by_position=any(part.by_position for part in parts),
        lines=line_of,
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        warnings=tuple(dict.fromkeys(warning for part in parts for warning in part.warnings)),
    )
