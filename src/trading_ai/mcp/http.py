"""The tools over HTTP, beside the assistant's API: the same keys, scopes and bounds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from starlette.exceptions import HTTPException

from trading_ai.api.security import MCP_PATH, Guard, key_in
from trading_ai.mcp.tools import make_server

if TYPE_CHECKING:
    from trading_ai.api.context import Context


def add_mcp(app: FastAPI, context: Context) -> None:
    """Serve the tools at `MCP_PATH` of an API, whose gate stands before them.

    Args:
        app: the API, as `make_app` made it.
        context: what its routes share.
    """
    guard: Guard = app.state.guard

    async def allow(headers: Mapping[str, str] | None, scope: str) -> None:
        try:
            await guard.check(key_in(headers or {}), scope)
        except HTTPException as error:
            raise ToolError(f"{error.detail}. Give your agent a key of scope {scope}: trading-ai keys create") from None

    server = make_server(context.application, context.wake, allow)
    # No session is kept: a server that starts again, or another one behind the same address, answers as this one. Host
    # and Origin are the gate's to check, which knows by what names this server is called.
    inner = server.streamable_http_app(
        streamable_http_path=MCP_PATH,
        stateless_http=True,
        json_response=True,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    app.router.routes.extend(inner.routes)

    @asynccontextmanager
    async def alive(_: FastAPI) -> AsyncIterator[None]:
        async with server.session_manager.run():
            yield

    app.router.lifespan_context = alive
