"""An answer to a question in SQL, in its JSON form."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from trading_ai.documents.forms import form


@form()
class SqlAnswerColumn(TypedDict):
    """A column of an answer.

    Attributes:
        name: as the query names it; of two that are named alike the later one gets a number.
        type: VARCHAR, BIGINT, DOUBLE, BOOLEAN, TIMESTAMP or DATE.
    """

    name: str
    type: str


@form()
class SqlAnswer(TypedDict):
    """What a query found.

    Attributes:
        columns: the columns.
        rows: the rows, a list of values each; undefined values are null, times ISO 8601 in UTC.
        n_rows: number of these rows.
        truncated: whether there are more rows than were asked for.
        seconds: how long it took, loading included.
        data_version: stays the same as long as everything that the query names does.
    """

    columns: list[SqlAnswerColumn]
    rows: list[list[Any]]
    n_rows: int
    truncated: bool
    seconds: float
    data_version: str
