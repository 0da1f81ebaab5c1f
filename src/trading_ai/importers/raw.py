"""What every format's reader hands on: raw rows, before time zone, scale and checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

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


def joined(parts: list[RawRows]) -> RawRows:
    """Rows of several files of one series, in the given order; lines are then those of a file no more."""
    if len(parts) == 1:
        return parts[0]
    names = [name for name in parts[0].columns if all(name in part.columns for part in parts)]
    return replace(
        parts[0],
        time_ns=np.concatenate([part.time_ns for part in parts]),
        columns={name: np.concatenate([part.columns[name] for part in parts]) for name in names},
        decimals=max((part.decimals for part in parts if part.decimals is not None), default=None),
        lines=lambda _: None,
    )
