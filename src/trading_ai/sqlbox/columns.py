"""Columns on their way into the process that runs SQL: arrays, and texts as numbers of a list."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.documents.sql_tables import SqlType
from trading_ai.parameters import Axis

_NOT_A_TIME = np.iinfo(np.int64).min


@dataclass(frozen=True, eq=False)
class Sent:
    """A column as it is sent.

    Attributes:
        name: as SQL names it.
        type: as SQL sees it.
        kind: how the buffer is read: a NumPy type, ``text`` for a JSON list, ``codes`` for places in `values`.
        buffer: the bytes.
        values: texts that codes stand for; the code after the last one is NULL.
        view: another NumPy type of the same bytes, or "".
    """

    name: str
    type: SqlType
    kind: str
    buffer: Any
    values: Sequence[str] = field(default=())
    view: str = ""

    @property
    def header(self) -> dict[str, Any]:
        """What is said of it."""
        return {
            "name": self.name,
            "type": self.type,
            "kind": self.kind,
            "values": list(self.values),
            "view": self.view,
        }

    @property
    def n_bytes(self) -> int:
        """Bytes of its buffer."""
        return memoryview(self.buffer).nbytes


def texts(name: str, values: Sequence[str | None]) -> Sent:
    """A column of texts, None for NULL, length n."""
    return Sent(name, "VARCHAR", "text", json.dumps(list(values)).encode())


def one_text(name: str, value: str, n: int) -> Sent:
    """A column that says the same text n times."""
    return Sent(name, "VARCHAR", "codes", np.zeros(n, dtype=np.int32), (value,))


def coded(name: str, codes: npt.ArrayLike, values: Sequence[str]) -> Sent:
    """A column of few texts: places in `values`, shape (n,); -1 is NULL."""
    return Sent(name, "VARCHAR", "codes", np.ascontiguousarray(codes, dtype=np.int32), tuple(values))


def numbers(name: str, values: npt.ArrayLike) -> Sent:
    """A column of numbers, NaN for NULL, shape (n,)."""
    return Sent(name, "DOUBLE", "<f8", np.ascontiguousarray(values, dtype="<f8"))


def wholes(name: str, values: npt.ArrayLike) -> Sent:
    """A column of whole numbers, shape (n,); of floating point ones NaN is NULL."""
    array = np.asarray(values)
    kind = "<f8" if array.dtype.kind == "f" or array.dtype == object else "<i8"
    return Sent(name, "BIGINT", kind, np.ascontiguousarray(array, dtype=kind))


def flags(name: str, values: npt.ArrayLike) -> Sent:
    """A column of yes and no, shape (n,)."""
    return Sent(name, "BOOLEAN", "?", np.ascontiguousarray(values, dtype=np.bool_))


def times(name: str, ns: npt.ArrayLike) -> Sent:
    """A column of times, nanoseconds since 1970 in UTC, shape (n,)."""
    return Sent(name, "TIMESTAMP", "<i8", np.asarray(ns, dtype=np.int64) // 1000, view="<M8[us]")


def moments(name: str, seconds: Sequence[float | None]) -> Sent:
    """A column of times, seconds since 1970 in UTC, None for NULL, length n."""
    micros = [_NOT_A_TIME if s is None else round(s * 1e6) for s in seconds]
    return Sent(name, "TIMESTAMP", "<i8", np.array(micros, dtype=np.int64), view="<M8[us]")


def dates(name: str, days: npt.ArrayLike) -> Sent:
    """A column of dates, days since 1970-01-01, shape (n,)."""
    return Sent(name, "DATE", "<i8", np.asarray(days, dtype=np.int64) * 86_400_000_000, view="<M8[us]")


def of_axis(name: str, axis: Axis, positions: npt.NDArray[np.int64]) -> Sent:
    """A column of a searched parameter: whole numbers, numbers, yes and no, or texts, as its values are.

    Args:
        name: of the column.
        axis: the values.
        positions: place of each trial on the axis, shape (n,).
    """
    values = axis.values
    kinds = {type(value) for value in values}
    if kinds == {bool}:
        return flags(name, np.array(values)[positions])
    if kinds == {int} and all(abs(int(value)) < 2**63 for value in values):
        return wholes(name, np.array(values, dtype=np.int64)[positions])
    if kinds <= {int, float}:
        return numbers(name, np.array(values, dtype=np.float64)[positions])
    return coded(name, positions, [str(value) for value in values])


def joined(name: str, kind: SqlType, parts: Sequence[Sent | None], sizes: Sequence[int]) -> Sent:
    """One column of several, one below the other; a part that lacks it is NULL there.

    Args:
        name: of the column.
        kind: type of the whole.
        parts: the column of each part, or None.
        sizes: rows of each part.
    """
    if kind == "VARCHAR":
        every: list[str | None] = []
        for part, n in zip(parts, sizes, strict=True):
            every += [None] * n if part is None else plain_texts(part)
        return texts(name, every)
    made = [
        np.full(n, np.nan) if part is None else np.frombuffer(part.buffer, dtype=part.kind).astype(np.float64)
        for part, n in zip(parts, sizes, strict=True)
    ]
    return Sent(name, kind, "<f8", np.concatenate(made) if made else np.empty(0))


def plain_texts(part: Sent) -> list[str | None]:
    """The values of a column as texts, None for NULL."""
    if part.kind == "text":
        found: list[str | None] = json.loads(bytes(part.buffer))
        return found
    if part.kind == "codes":
        values: list[str | None] = [*part.values, None]
        return [values[code] for code in np.frombuffer(part.buffer, dtype=np.int32).tolist()]
    kept = np.frombuffer(part.buffer, dtype=part.kind).tolist()
    return [str(value) if value == value else None for value in kept]  # noqa: PLR0124 - NaN is not itself
