"""The steps lead to the tables, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from trading_ai.errors import StorageError
from trading_ai.store import migrations
from trading_ai.store.sql import SqlStore
from trading_ai.store.tables import metadata


def test_the_steps_make_the_tables(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'a.sqlite'}")
    migrations.migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert migrations.current(connection) == migrations.HEAD
    migrations.migrate(engine)


def test_head_is_the_newest_file():
    versions = Path(migrations.__file__).parent / "versions"
    assert max(p.name[:4] for p in versions.glob("0*.py")) == migrations.HEAD


def test_a_newer_database_is_refused(tmp_path):
    url = f"sqlite:///{tmp_path / 'a.sqlite'}"
    SqlStore(url).close()
    with create_engine(url).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="newer than this program"):
        SqlStore(url)


def test_an_unusable_database_is_said(tmp_path):
    (tmp_path / "a.sqlite").write_bytes(b"this is no database, it only looks like a file" * 100)
    with pytest.raises(StorageError, match="cannot be opened"):
        SqlStore(f"sqlite:///{tmp_path / 'a.sqlite'}")
