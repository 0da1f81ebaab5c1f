"""A store on each kind of database, for what is kept beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conformance.test_store import BACKTEST, DATASET, OPTIMIZATION
from trading_ai.store.database import Database
from trading_ai.store.sql import SqlStore


@contextmanager
def sql_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Database, SqlStore]]:
    """An empty store of the kind that a fixture's parameter names: ``sqlite`` or ``postgresql``."""
    sqlite = f"sqlite:///{tmp_path / 'store.sqlite'}"
    database = Database(sqlite if request.param == "sqlite" else request.getfixturevalue("postgres_store_url"))
    store = SqlStore(database)
    yield database, store
    store.close()


@contextmanager
def store_of_a_run(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Database, SqlStore]]:
    """The same with a dataset, a backtest and a complete optimization."""
    with sql_store(request, tmp_path) as (database, store):
        store.add_dataset(DATASET)
        store.add_backtest(BACKTEST)
        store.add_optimization(replace(OPTIMIZATION, status="completed"))
        yield database, store
