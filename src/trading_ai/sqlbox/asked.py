"""The assistant's port for SQL over the box that runs users' SQL."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from typing_extensions import override

from trading_ai.assistant.ports import Rows, Sql
from trading_ai.sqlbox.box import SqlBox

if TYPE_CHECKING:
    from collections.abc import Callable


class BoxSql(Sql):
    """SQL by a `SqlBox`.

    Args:
        box: makes or gives the box; asked for with the first query.
    """

    def __init__(self, box: Callable[[], SqlBox]) -> None:
        self._box = box

    @override
    def ask(self, sql: str, max_rows: int) -> Rows:
        from trading_ai.sqlbox.formats import frame_of  # noqa: PLC0415 - polars takes 0.2 s

        box = self._box()
        found = box.ask(sql, min(max_rows, box.limits.max_rows))
        frame = frame_of(found)
        rows = tuple(tuple(None if isinstance(v, float) and isnan(v) else v for v in row) for row in frame.rows())
        return Rows(tuple(frame.columns), rows, found.truncated, found.data_version)
