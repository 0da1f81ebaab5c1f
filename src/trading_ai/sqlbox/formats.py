"""An answer to SQL as a frame, a document or a file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from trading_ai.documents.sql_answers import SqlAnswer
from trading_ai.errors import QueryError, StorageError

if TYPE_CHECKING:
    from trading_ai.sqlbox.box import Answer

Format = Literal["csv", "parquet", "arrow"]
"""Formats of files; ``arrow`` is the IPC file format, which Feather version 2 is too."""

MAX_JSON_ROWS = 100_000
"""Most rows of a JSON document, which takes ten times the memory of the other formats."""

_TYPES = {"Boolean": "BOOLEAN", "Int64": "BIGINT", "Float64": "DOUBLE", "Date": "DATE", "String": "VARCHAR"}
_TIME = "%Y-%m-%dT%H:%M:%S%.fZ"


def frame_of(answer: Answer) -> pl.DataFrame:
    """The rows of an answer."""
    return pl.read_ipc_stream(io.BytesIO(answer.stream))


def answer_json(answer: Answer) -> SqlAnswer:
    """An answer as one document: times are ISO 8601 in UTC, undefined numbers null.

    Raises:
        QueryError: it has too many rows for that.
    """
    frame = frame_of(answer)
    if frame.height > MAX_JSON_ROWS:
        raise QueryError(
            f"gives {frame.height:,} rows, and JSON has at most {MAX_JSON_ROWS:,}", parameter="sql",
            remedy="Ask for fewer rows, or for csv, parquet or arrow.",
        )  # fmt: skip
    types = [_TYPES.get(str(kind), "TIMESTAMP") for kind in frame.dtypes]
    return {
        "columns": [{"name": name, "type": kind} for name, kind in zip(frame.columns, types, strict=True)],
        "rows": [list(row) for row in _texts(frame).rows()],
        "n_rows": frame.height,
        "truncated": answer.truncated,
        "seconds": round(answer.seconds, 6),
        "data_version": answer.data_version,
    }


def _texts(frame: pl.DataFrame) -> pl.DataFrame:
    """The same rows of types that JSON has."""
    columns: list[Any] = []
    for name, kind in frame.schema.items():
        column = pl.col(name)
        if kind == pl.Datetime:
            column = column.dt.to_string(_TIME)
        elif kind == pl.Date:
            column = column.dt.to_string("%Y-%m-%d")
        elif kind == pl.Float64:
            column = pl.when(column.is_finite()).then(column).otherwise(None).alias(name)
        columns.append(column)
    return frame.select(columns)


def csv_text(answer: Answer) -> str:
    """An answer as CSV, with a line of names; what is undefined is empty."""
    text: str = frame_of(answer).write_csv(datetime_format=_TIME)
    return text


def as_bytes(answer: Answer, kind: Format) -> bytes:
    """An answer as the bytes of a file."""
    if kind == "csv":
        return csv_text(answer).encode()
    target = io.BytesIO()
    if kind == "parquet":
        frame_of(answer).write_parquet(target)
    else:
        frame_of(answer).write_ipc(target)
    return target.getvalue()


def write(answer: Answer, path: Path, kind: Format) -> None:
    """Write an answer to a file.

    Raises:
        StorageError: it could not be written.
    """
    try:
        path.write_bytes(as_bytes(answer, kind))
    except OSError as error:
        raise StorageError(f"{path} could not be written: {error.strerror}") from error
