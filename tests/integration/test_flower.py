"""Flower on a real broker, without a database."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress

import httpx
import pytest

from tests.servers import free_port
from trading_ai.bootstrap import Application
from trading_ai.errors import InputError
from trading_ai.settings import Settings


def test_flower_asks_for_its_password_and_needs_no_database(tmp_path, broker_url):
    port = free_port()
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TRADING_AI_")}
    ours = {
        "TRADING_AI_HOME": str(tmp_path / "home"),
        "TRADING_AI_BROKER_URL": broker_url,
        "TRADING_AI_FLOWER_BASIC_AUTH": "me:hunter2",
    }
    command = [sys.executable, "-m", "trading_ai.cli.main", "flower", "--host", "0.0.0.0", "--port", str(port)]
    process = subprocess.Popen(command, env=kept | ours, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        url, limit = f"http://127.0.0.1:{port}", time.monotonic() + 60
        while True:
            with suppress(httpx.TransportError):
                assert httpx.get(f"{url}/healthcheck").status_code == 200
                break
            assert process.poll() is None
            assert time.monotonic() < limit
            time.sleep(0.1)
        assert httpx.get(f"{url}/workers").status_code == 401
        assert httpx.get(f"{url}/workers", auth=("me", "hunter2")).status_code == 200
        assert httpx.get(f"{url}/api/workers").status_code == 401
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert not (tmp_path / "home").exists(), "nothing of a database was made"


def test_looking_at_the_broker_needs_one_and_working_for_it_a_shared_database(tmp_path):
    with pytest.raises(InputError, match="TRADING_AI_BROKER_URL"):
        Application(Settings(home=tmp_path)).monitor()
    alone = Application(Settings(home=tmp_path, broker_url="redis://127.0.0.1:1/0"))
    with pytest.raises(InputError, match="TRADING_AI_DATABASE_URL"):
        alone.broker  # noqa: B018 - asking is what is refused
    assert alone.monitor().conf.broker_url == "redis://127.0.0.1:1/0"
