"""The tools beside the assistant's API: the same keys, scopes and addresses."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

pytest.importorskip("mcp")
pytest.importorskip("duckdb")

import httpx2
import mcp
import uvicorn
from mcp.client.streamable_http import streamable_http_client

from tests.fakes.stored import OPTIMIZATION_ID, fill
from trading_ai.api.app import make_app
from trading_ai.api.context import Context
from trading_ai.bootstrap import Application
from trading_ai.mcp.http import add_mcp
from trading_ai.settings import Settings

HELLO = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
ACCEPT = {"Accept": "application/json, text/event-stream"}


class Served(NamedTuple):
    """A server that asks for keys.

    Attributes:
        url: of its tools.
        read: a key of scope read.
        run: a key of scope run.
    """

    url: str
    read: str
    run: str


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An assistant's API with tools over hand-made results."""
    application = Application(Settings(home=tmp_path_factory.mktemp("stored")))
    fill(application.store, application.artifacts, application.verdicts)
    keys = [application.keys.create(scope, scope, 0.0)[1] for scope in ("read", "run")]
    context = Context(application)
    app = make_app("assistant", context, keys_required=True)
    add_mcp(app, context)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.01)
    yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}/mcp", *keys)
    server.should_exit = True
    thread.join(20)
    application.sql.close()


def _call(served: Served, key: str, name: str, **arguments: Any) -> Any:
    async def asked() -> Any:
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}) as http,
            mcp.Client(streamable_http_client(served.url, http_client=http)) as client,
        ):
            return await client.call_tool(name, arguments)

    return asyncio.run(asked())


def test_a_key_of_scope_read_reads(served: Served) -> None:
    found = _call(served, served.read, "list_runs", kind="optimization")
    assert OPTIMIZATION_ID in {run["id"] for run in found.structured_content["runs"]}


def test_it_starts_nothing(served: Served) -> None:
    for name in ("pause", "resume"):
        found = _call(served, served.read, name, optimization=OPTIMIZATION_ID)
        assert found.is_error
        assert "has scope read; this needs run" in found.content[0].text


def test_a_key_of_scope_run_gets_to_the_optimization(served: Served) -> None:
    found = _call(served, served.run, "pause", optimization=OPTIMIZATION_ID)
    assert found.is_error, "it is completed"
    assert "completed" in found.content[0].text


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}])
@pytest.mark.parametrize("path", ["", "/"])
def test_strangers_are_refused(served: Served, headers: dict[str, str], path: str) -> None:
    assert httpx.post(served.url + path, json=HELLO, headers={**ACCEPT, **headers}).status_code == 401


def test_a_page_of_the_web_is_refused_where_no_key_is_needed(tmp_path: Path) -> None:
    from starlette.testclient import TestClient

    application = Application(Settings(home=tmp_path))
    context = Context(application)
    app = make_app("assistant", context, keys_required=False)
    add_mcp(app, context)
    with TestClient(app, base_url="http://localhost") as client:
        assert client.post("/mcp", json=HELLO, headers=ACCEPT).status_code == 200
        evil = {**ACCEPT, "Origin": "https://evil.example"}
        assert client.post("/mcp", json=HELLO, headers=evil).status_code == 403
        assert client.post("/mcp", json=HELLO, headers={**ACCEPT, "Host": "evil.example"}).status_code == 403
