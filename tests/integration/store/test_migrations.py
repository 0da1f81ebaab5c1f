"""The steps lead to the tables, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command, config
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


def test_parts_of_walk_forwards_are_known_by_their_names_of_before(tmp_path):
    url = f"sqlite:///{tmp_path / 'a.sqlite'}"
    settings = config.Config()
    settings.set_main_option("script_location", str(Path(migrations.__file__).parent))
    names = {
        "walk-forward 2017-01-02..2017-04-02 of 5972dbe8": "walk-forward of 5972dbe8",
        "walk-forward all days of 5972dbe8": "walk-forward of 5972dbe8",
        "walk-forward test 2017-04-02..2017-05-02 of 5972dbe8": "walk-forward of 5972dbe8",
        "": "",
        "my walk-forward of 5972dbe8": "",
        "walk-forward": "",
    }
    with create_engine(url).begin() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0003")
        for i, name in enumerate(names):
            connection.execute(
                text(
                    "INSERT INTO backtests (backtest_id, name, dataset_id, spec, symbol, timeframe, strategy_hash, "
                    "engine_version, metrics, created_at) VALUES (:key, :name, 'd', '{}', 'EURUSD', 'H1', 'x', '1', "
                    "'{}', 1.0)"
                ),
                {"key": f"b{i}", "name": name},
            )
        connection.execute(
            text(
                "INSERT INTO datasets (dataset_id, symbol, timeframe, n_bars, first_ns, last_ns, source, created_at, "
                "detected, quality) VALUES ('old', 'EURUSD', 'H1', 1, 1, 1, 's', 7.0, '{}', '{}'), "
                "('older', 'EURUSD', 'H1', 1, 1, 1, 's', 6.0, '{}', '{}')"
            )
        )
    SqlStore(url).close()
    with create_engine(url).begin() as connection:
        rows = connection.execute(text("SELECT name, part_of FROM backtests")).all()
        assert {row.name: row.part_of for row in rows} == names
    store = SqlStore(url)
    assert store.dataset("latest").dataset_id == "old"
    store.close()
