"""The tools, called with the official client over both transports."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

pytest.importorskip("mcp")
pytest.importorskip("duckdb")

import mcp
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.fakes.stored import BACKTEST_ID, OPTIMIZATION_ID, fill
from trading_ai.bootstrap import Application
from trading_ai.mcp.tools import make_server
from trading_ai.settings import Settings

TOOLS = {
    "list_runs", "describe_schema", "query_sql", "search", "ask", "explain_verdict", "compare_runs",
    "start_optimization", "pause", "resume",
}  # fmt: skip
_Found = TypeVar("_Found")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with hand-made results."""
    made: Path = tmp_path_factory.mktemp("stored")
    application = Application(Settings(home=made))
    fill(application.store, application.artifacts, application.verdicts)
    return made


@pytest.fixture(scope="module")
def application(home: Path) -> Iterator[Application]:
    """An application over them."""
    made = Application(Settings(home=home))
    yield made
    made.sql.close()


Asks = Callable[[Callable[[mcp.Client], Awaitable[Any]]], Any]


@pytest.fixture
def asks(application: Application) -> Asks:
    """Asks a server in this process."""

    def ask(what: Callable[[mcp.Client], Awaitable[_Found]]) -> _Found:
        async def asked() -> _Found:
            async with mcp.Client(make_server(application, lambda: None)) as client:
                return await what(client)

        return asyncio.run(asked())

    return ask


def _call(asks: Asks, name: str, **arguments: Any) -> Any:
    return asks(lambda client: client.call_tool(name, arguments))


def test_every_tool_says_what_it_does_and_whether_it_changes_anything(asks: Asks) -> None:
    tools = asks(lambda client: client.list_tools()).tools
    assert {tool.name for tool in tools} == TOOLS
    for tool in tools:
        assert tool.description
        assert tool.output_schema is not None
        assert tool.annotations.read_only_hint == (tool.name not in {"start_optimization", "pause", "resume"})


def test_runs_are_listed(asks: Asks) -> None:
    found = _call(asks, "list_runs", limit=1).structured_content
    assert len(found["runs"]) == 1
    assert found["total"] >= 2
    kinds = _call(asks, "list_runs", kind="backtest").structured_content["runs"]
    assert {run["kind"] for run in kinds} == {"backtest"}
    assert BACKTEST_ID in {run["id"] for run in kinds}


def test_sql_answers_by_the_schema_that_is_described(asks: Asks) -> None:
    names = {table["name"] for table in _call(asks, "describe_schema").structured_content["tables"]}
    assert "backtests" in names
    found = _call(asks, "query_sql", sql="select backtest_id from backtests order by 1").structured_content
    assert [BACKTEST_ID] in found["rows"]


def test_a_question_is_answered_with_citations(asks: Asks) -> None:
    found = _call(asks, "ask", question="net profit by weekday").structured_content
    assert found["status"] == "answered"
    assert found["citations"][0]["sql"].lower().startswith(("select", "with"))


def test_a_verdict_is_explained_and_runs_are_compared(asks: Asks) -> None:
    told = _call(asks, "explain_verdict", optimization=OPTIMIZATION_ID[:8]).structured_content
    assert told["status"] == "answered"
    both = _call(asks, "compare_runs", first=BACKTEST_ID, second=BACKTEST_ID)
    assert both.structured_content["status"] in {"answered", "clarify", "refused"}


def test_passages_are_found(asks: Asks) -> None:
    found = _call(asks, "search", query="import bars from a file", kinds=["docs"], n=3).structured_content
    assert 1 <= len(found["hits"]) <= 3


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("query_sql", {"sql": "drop table trials"}, "SELECT"),
        ("query_sql", {"sql": "select nothing from backtests"}, "nothing"),
        ("explain_verdict", {"optimization": "ffff"}, "list_runs shows what is there"),
        ("compare_runs", {"first": "'; drop table trials", "second": "latest"}, "list_runs"),
        ("pause", {"optimization": "ffff"}, "no optimization"),
        ("start_optimization", {"request": {"backtest_id": "ffff", "parameters": []}}, "parameters"),
        ("list_runs", {"limit": 0}, "limit"),
        ("rm", {}, "rm"),
    ],
)
def test_errors_are_told_with_a_remedy(asks: Asks, name: str, arguments: dict[str, Any], message: str) -> None:
    found = _call(asks, name, **arguments)
    assert found.is_error
    assert message in found.content[0].text
    assert "Traceback" not in found.content[0].text


def test_over_stdin_and_stdout_nothing_but_the_protocol_is_written(home: Path) -> None:
    environment = {**os.environ, "TRADING_AI_HOME": str(home), "TRADING_AI_LOG_LEVEL": "DEBUG"}
    program = StdioServerParameters(command=sys.executable, args=["-m", "trading_ai.cli.main", "mcp"], env=environment)

    async def asked() -> Any:
        with Path(os.devnull).open("w") as errors:
            async with mcp.Client(stdio_client(program, errlog=errors)) as client:
                tools = await client.list_tools()
                return tools, await client.call_tool("list_runs", {})

    tools, found = asyncio.run(asyncio.wait_for(asked(), 60))
    assert {tool.name for tool in tools.tools} == TOOLS
    assert found.structured_content["total"] >= 2
