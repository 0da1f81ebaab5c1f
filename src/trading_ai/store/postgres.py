"""What only PostgreSQL needs; a module of its own, because its driver takes time that SQLite need not pay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import pq
from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects.postgresql import insert

if TYPE_CHECKING:
    from psycopg import Cursor

__all__ = ["insert", "set_up"]


def set_up(engine: Engine) -> None:
    """Let transactions that ask for it fetch blobs as they are: as text they take twice the time."""

    @event.listens_for(engine, "before_cursor_execute")
    def _execute(connection: Connection, cursor: Cursor, *_: object) -> None:
        if connection.get_execution_options().get("binary"):
            cursor.format = pq.Format.BINARY
