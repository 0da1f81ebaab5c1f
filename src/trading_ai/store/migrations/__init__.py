"""Brings a database to the schema of this version; every step is a file in `versions`."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from trading_ai.errors import StorageError

HEAD = "0008"
"""The newest step; a test holds it to the files."""

_FOLDER = Path(__file__).parent


def current(connection: Connection) -> str | None:
    """The step that a database is at, or None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def migrate(engine: Engine) -> None:
    """Bring a database to `HEAD`; costs one query if it is there already.

    Raises:
        StorageError: the database belongs to a newer version of the program.
    """
    with engine.connect() as connection:
        at = current(connection)
    if at == HEAD:
        return
    if at is not None and at > HEAD:
        raise StorageError(
            f"the database is at step {at}, newer than this program's {HEAD}: install the newer program again"
        )
    # Imported here because a database that needs no migration is the common case, and Alembic takes 0.1 s.
    from alembic import command, config  # noqa: PLC0415

    settings = config.Config()
    settings.set_main_option("script_location", str(_FOLDER))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            # Two processes that start together must not both migrate.
            connection.execute(text("SELECT pg_advisory_xact_lock(7261849)"))
        elif engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        if current(connection) == HEAD:
            return
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
