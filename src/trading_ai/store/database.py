"""A SQL database: SQLite or PostgreSQL, opened, migrated, and its errors made readable."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from trading_ai.errors import StorageError, TransientError
from trading_ai.store.migrations import migrate

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

_BUSY_SECONDS = 60
_PRAGMAS = (
    f"busy_timeout={_BUSY_SECONDS * 1000}",  # first: the next one may have to wait already
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "foreign_keys=ON",
)

_POSTGRES: dict[str, object] = {
    "pool_pre_ping": True,  # a server that restarted costs a new connection, not an error
    "pool_size": 5,
    "max_overflow": 10,
    # Each statement sees what is committed: `save_chunk` reads after it got the lock it waited for.
    "isolation_level": "READ COMMITTED",
    "connect_args": {
        "connect_timeout": 10,
        "keepalives_idle": 30,  # a server that vanished without a word is noticed within a minute
        "tcp_user_timeout": 30_000,
        "application_name": "trading_ai",
    },
}

_PERMANENT = re.compile("authentication|does not exist|no pg_hba.conf entry")
"""Refusals of a PostgreSQL server that waiting does not mend; before a session there is no code to tell them by."""


class Database:
    """A database at the schema of this version.

    Args:
        url: SQLAlchemy URL, such as ``sqlite:////path/to/trading-ai.sqlite`` or
            ``postgresql://user:password@host:5432/database``.

    Attributes:
        engine: SQLAlchemy's.
        is_postgres: whether it is PostgreSQL, otherwise SQLite.
        insert: makes an insert statement that can say what to do on a conflict.

    Raises:
        TransientError: its server cannot be reached, or is starting.
        StorageError: the database cannot be opened or belongs to a newer version.
    """

    def __init__(self, url: str) -> None:
        parsed = _parse(url)
        self.is_postgres = parsed.get_backend_name() == "postgresql"
        self._secrets = [str(s) for s in (parsed.password, *map(parsed.query.get, ("password", "sslpassword"))) if s]
        try:
            self.engine: Engine = create_engine(parsed, hide_parameters=True, **_POSTGRES if self.is_postgres else {})
            self._set_up()
            migrate(self.engine)
        except SQLAlchemyError as error:
            at = f" {parsed.host or 'localhost'}:{parsed.port or 5432}/{parsed.database}" if self.is_postgres else ""
            reason = self._reason(error)
            down = self.is_postgres and isinstance(error, OperationalError) and not _PERMANENT.search(reason)
            raise (TransientError if down else StorageError)(f"the database{at} cannot be opened: {reason}") from None

    def _set_up(self) -> None:
        # "On conflict" is written alike by both, but each dialect has its own statement for it.
        self.insert: Callable[[Table], postgresql.Insert | sqlite.Insert]
        if self.is_postgres:
            from trading_ai.store import postgres  # noqa: PLC0415 - SQLite does not need it

            postgres.set_up(self.engine)
            self.insert = postgres.insert
        else:
            _set_up_sqlite(self.engine)
            self.insert = sqlite.insert

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees the database as it was at the first statement."""
        try:
            with self.engine.connect() as connection:
                if self.is_postgres:
                    snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
                    connection.execution_options(**snapshot, binary=True)
                else:
                    connection.exec_driver_sql("BEGIN")
                yield connection
        except SQLAlchemyError as error:
            raise self._error("the database could not be read", error) from error

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes; it ends with the block."""
        try:
            with self.engine.begin() as connection:
                if not self.is_postgres:
                    # Lock at once: a transaction that reads first and writes later could be refused midway.
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
        except SQLAlchemyError as error:
            raise self._error("the database could not be written", error) from error

    def _error(self, what: str, error: SQLAlchemyError) -> StorageError:
        # A lost connection, a server that starts or stops, a deadlock: SQLite has none, it has waited already.
        transient = self.is_postgres and isinstance(error, OperationalError)
        return (TransientError if transient else StorageError)(f"{what}: {self._reason(error)}")

    def _reason(self, error: SQLAlchemyError) -> str:
        text = " ".join(str(getattr(error, "orig", None) or error).split())
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def _parse(text: str) -> URL:
    # What cannot be parsed is not shown, nor the parser's complaint: either may hold a part of the password.
    remedy = "write sqlite:////path/to/file or postgresql://user:password@host:5432/database"
    try:
        url = make_url(text)
    except (SQLAlchemyError, ValueError):
        raise StorageError(f"the database's URL cannot be read: {remedy}; in a password, @ is %40") from None
    if "@" in (url.host or ""):
        raise StorageError("the database's URL has several @: write those of the password as %40")
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "postgresql+psycopg"):
        raise StorageError(f"databases {url.drivername}:// are not supported: {remedy}")
    return url


def _set_up_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where this module says so
        limit = time.monotonic() + _BUSY_SECONDS
        for pragma in _PRAGMAS:
            while True:
                try:
                    connection.execute(f"PRAGMA {pragma}")
                    break
                except sqlite3.OperationalError as error:
                    # SQLite does not wait by itself where several open a new database and change its journal.
                    if "locked" not in str(error) or time.monotonic() > limit:
                        raise
                    time.sleep(0.01)
