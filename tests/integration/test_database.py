"""Databases that are not there, or not yet, and what errors may say of them."""

from __future__ import annotations

import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.servers import postgres_server
from trading_ai.bootstrap import Application
from trading_ai.errors import StorageError
from trading_ai.settings import Settings
from trading_ai.store.sql import SqlStore


def test_a_server_that_starts_waits_for_its_database(tmp_path):
    with postgres_server(tmp_path / "postgres") as server:
        there = Settings(home=tmp_path / "home", database_url=server.url)
        server.kill()
        with pytest.raises(StorageError, match="cannot be opened"):
            Application(there).wait_for_database(0.2)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(Application(there).wait_for_database, 60.0)
            time.sleep(1.0)
            assert not waiting.done()
            server.restart()
            waiting.result()
        missing = Settings(home=tmp_path / "home", database_url=server.url.rpartition("/")[0] + "/nothing")
        began = time.monotonic()
        with pytest.raises(StorageError, match="does not exist"):
            Application(missing).wait_for_database(60.0)
        assert time.monotonic() - began < 30.0  # waiting would not make it


def test_a_database_that_is_not_there_is_said(tmp_path):
    with pytest.raises(StorageError, match=r"127\.0\.0\.1:1/trading cannot be opened: .*refused") as refused:
        SqlStore("postgresql://me:top-secret@127.0.0.1:1/trading")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "wrong",
    [
        "postgresql://me:top@secret@127.0.0.1:1/trading",
        "postgresql://me:top@x:secret@127.0.0.1:1/trading",
        "postgresql://127.0.0.1:1/trading?password=top-secret&nonsense=top-secret",
        "postgresql://me:top-secret@127.0.0.1:1/?sslmode=top-secret",
        "mysql://me:top-secret@127.0.0.1/trading",
        "top-secret",
    ],
)
def test_no_error_shows_the_password(wrong):
    with pytest.raises(StorageError) as told:
        SqlStore(wrong)
    shown = "".join(traceback.format_exception(told.value))
    assert "secret" not in shown.replace(wrong, "")
