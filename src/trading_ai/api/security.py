"""API keys, limits of request bodies, and the count of requests."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from fastapi import Request
from fastapi.security import APIKeyHeader
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trading_ai.api.problems import Problem
from trading_ai.store.keys import SCOPES
from trading_ai.telemetry.measures import observe_request

if TYPE_CHECKING:
    from trading_ai.store.keys import SqlKeys

_REMEMBERED_SECONDS = 5.0
_header = APIKeyHeader(name="X-API-Key", auto_error=False)


class Guard:
    """Decides whether a request may do what it asks.

    Args:
        keys: the known keys.
        required: whether a request without a key is refused.
    """

    def __init__(self, keys: SqlKeys, required: bool) -> None:
        self._keys, self.required = keys, required
        self._seen: dict[str, tuple[float, str | None]] = {}

    async def check(self, key: str | None, scope: str) -> None:
        """Refuse a request whose key does not have the scope.

        Raises:
            HTTPException: 401 without a valid key, 403 with one that may not.
        """
        if key is None:
            if self.required:
                raise HTTPException(401, "an API key is needed: X-API-Key", {"WWW-Authenticate": "Bearer"})
            return
        held = await self._scope_of(key)
        if held is None:
            raise HTTPException(401, "the API key is not valid", {"WWW-Authenticate": "Bearer"})
        if SCOPES.index(held) < SCOPES.index(scope):
            raise HTTPException(403, f"the API key has scope {held}; this needs {scope}")

    async def _scope_of(self, key: str) -> str | None:
        now = time.monotonic()
        moment, scope = self._seen.get(key, (-1e9, None))
        if now - moment > _REMEMBERED_SECONDS:
            scope = await run_in_threadpool(self._keys.scope_of, key)
            if len(self._seen) > 1000:
                self._seen.clear()
            self._seen[key] = (now, scope)
        return scope


def needs(scope: str) -> Callable[[Request], Awaitable[None]]:
    """A dependency that lets in requests whose key has the scope."""

    async def check(request: Request) -> None:
        guard: Guard = request.app.state.guard
        key = await _header(request)
        authorization = request.headers.get("Authorization", "")
        if key is None and authorization[:7].lower() == "bearer ":
            key = authorization[7:].strip()
        await guard.check(key or None, scope)

    return check


class _TooLargeError(HTTPException):
    """The body has more bytes than are accepted; of a kind that passes through whatever parses bodies."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"the request has more than the {limit:,} bytes that are accepted")


class Gate:
    """ASGI middleware: refuses bodies that are too large while they arrive, and counts requests.

    Args:
        app: what it stands before.
        service: name for the counts.
        max_body: bytes of an ordinary request.
        max_upload: bytes of a request to a path that ends in ``/datasets``.
    """

    def __init__(self, app: ASGIApp, service: str, max_body: int, max_upload: int) -> None:
        self._app, self._service, self._max_body, self._max_upload = app, service, max_body, max_upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._max_upload if scope["path"].rstrip("/").endswith("/datasets") else self._max_body
        began, status, started, received = time.perf_counter(), 500, False, 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > limit:
                    raise _TooLargeError(limit)
            return message

        async def noted(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                status, started = message["status"], True
            await send(message)

        try:
            declared = dict(scope["headers"]).get(b"content-length", b"0")
            if declared.isdigit() and int(declared) > limit:
                raise _TooLargeError(limit)
            await self._app(scope, counted, noted)
        except _TooLargeError as error:
            status = 413
            if not started:
                await Problem(413, "The request is too large", error.detail)(scope, receive, send)
        finally:
            route = scope.get("route")
            path = getattr(route, "path", "unknown")
            observe_request(self._service, scope["method"], path, status, time.perf_counter() - began)
