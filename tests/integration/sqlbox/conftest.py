"""One store and one box for all tests of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.stored import fill
from trading_ai.bootstrap import Application
from trading_ai.settings import Settings

pytest.importorskip("duckdb")

Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """An application on SQLite whose queries may take three seconds and 512 MB."""
    home: Path = tmp_path_factory.mktemp("stored")
    made = Application(Settings(home=home, sql_seconds=3, sql_memory_bytes=512 << 20, sql_max_rows=100_000))
    fill(made.store, made.artifacts, made.verdicts)
    yield made
    made.sql.close()
    made.database.close()


@pytest.fixture(scope="module")
def rows(application: Application) -> Callable[[str], Rows]:
    """What answers a query with plain rows."""
    from trading_ai.sqlbox.formats import frame_of

    def ask(sql: str) -> Rows:
        return frame_of(application.sql.ask(sql)).rows()

    return ask
