"""Flower on a real broker, without a database."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import httpx
import pytest

from tests.servers import Server, running
from trading_ai.bootstrap import Application
from trading_ai.errors import InputError
from trading_ai.settings import Settings


class Flower(Server):
    """`trading-ai flower`, that knows of a broker and of nothing else."""

    def __init__(self, folder: Path, port: int, broker_url: str) -> None:
        super().__init__(folder, port, f"http://127.0.0.1:{port}")
        self.home = folder / "home"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("TRADING_AI_")}
        ours = {
            "TRADING_AI_HOME": str(self.home),
            "TRADING_AI_BROKER_URL": broker_url,
            "TRADING_AI_FLOWER_BASIC_AUTH": "me:hunter2",
        }
        self._user = {"env": kept | ours}

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "trading_ai.cli.main", "flower", "--host", "0.0.0.0", "--port", str(self.port)]

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthcheck").status_code == 200
        except httpx.TransportError:
            return False


def test_flower_asks_for_its_password_and_needs_no_database(tmp_path, broker_url):
    with running(lambda port: Flower(tmp_path, port, broker_url)) as flower:
        assert httpx.get(f"{flower.url}/workers").status_code == 401
        assert httpx.get(f"{flower.url}/workers", auth=("me", "hunter2")).status_code == 200
        assert httpx.get(f"{flower.url}/api/workers").status_code == 401
    assert not flower.home.exists(), "nothing of a database was made"


def test_looking_at_the_broker_needs_one_and_working_for_it_a_shared_database(tmp_path):
    with pytest.raises(InputError, match="TRADING_AI_BROKER_URL"):
        Application(Settings(home=tmp_path)).monitor()
    alone = Application(Settings(home=tmp_path, broker_url="redis://127.0.0.1:1/0"))
    with pytest.raises(InputError, match="TRADING_AI_DATABASE_URL"):
        alone.broker  # noqa: B018 - asking is what is refused
    assert alone.monitor().conf.broker_url == "redis://127.0.0.1:1/0"
