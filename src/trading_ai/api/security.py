"""API keys, bounds of requests, and the count of them."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trading_ai.api.origins import QUESTIONS, SAFE_METHODS, UPLOADS, Doors, RefusalError
from trading_ai.api.problems import http_problem
from trading_ai.store.keys import SCOPES
from trading_ai.telemetry.measures import observe_request

if TYPE_CHECKING:
    from trading_ai.store.keys import SqlKeys

MCP_PATH = "/mcp"
"""Where agents find the tools of the Model Context Protocol."""

_REMEMBERED_SECONDS = 5.0
_DRAIN_SECONDS, _DRAIN_BYTES = 5.0, 64 << 20


class Guard:
    """Decides whether a request may do what it asks.

    Args:
        keys: the known keys.
        required: whether a request without a key is refused.
        admin_key: a further key of scope admin, or "".
    """

    def __init__(self, keys: SqlKeys, *, required: bool, admin_key: str = "") -> None:
        self._keys, self.required, self._admin_key = keys, required, admin_key.encode()
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

    async def allows(self, key: str | None, scope: str) -> bool:
        """Whether `check` lets such a request pass; for what goes on long after it was let in."""
        try:
            await self.check(key, scope)
        except HTTPException:
            return False
        return True

    async def _scope_of(self, key: str) -> str | None:
        if self._admin_key and hmac.compare_digest(key.encode(), self._admin_key):
            return "admin"
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
        await guard.check(key_in(request.headers), scope)

    return check


def key_in(headers: Mapping[str, str]) -> str | None:
    """The key that a request sends, as X-API-Key or as a bearer's token."""
    key = headers.get("x-api-key")
    authorization = headers.get("authorization", "")
    if key is None and authorization[:7].lower() == "bearer ":
        key = authorization[7:].strip()
    return key or None


class _TooLargeError(HTTPException):
    """The body has more bytes than are accepted; of a kind that passes through whatever parses bodies."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"the request has more than the {limit:,} bytes that are accepted")


class _TooSlowError(HTTPException):
    """The body does not come in time."""

    def __init__(self, received: int) -> None:
        super().__init__(408, f"the request's body did not come in time: {received:,} bytes did")


class _UnreadError(Exception):
    """The answer was not read in time."""


@dataclass(frozen=True)
class Bounds:
    """What one request may take.

    Attributes:
        body_bytes: bytes of an ordinary request.
        upload_bytes: bytes of a request to a path that ends as one of `UPLOADS`.
        pause_seconds: time in which a body has to begin, or to go on, and an answer to be read.
        bytes_per_second: slowest rate, beyond the first pause, at which a body may come.
    """

    body_bytes: int
    upload_bytes: int
    pause_seconds: float = 30.0
    bytes_per_second: float = 20_000.0


class Gate:
    """ASGI middleware: lets a request in by its headers, bounds its body in size and time, and counts it.

    Who asks is known before a byte of the body is read: what a stranger sends takes neither memory nor disk.

    Args:
        app: what it stands before.
        service: name for the counts.
        guard: knows the keys.
        doors: knows where requests may come from.
        bounds: what a request may take.
    """

    def __init__(self, app: ASGIApp, service: str, guard: Guard, doors: Doors, bounds: Bounds) -> None:
        self._app, self._service, self._guard, self._doors, self._bounds = app, service, guard, doors, bounds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        bounds = self._bounds
        is_upload = scope["path"].rstrip("/").endswith(UPLOADS)
        limit = bounds.upload_bytes if is_upload else bounds.body_bytes
        began, status, started, received, is_whole = time.perf_counter(), 500, False, 0, False

        async def counted() -> Message:
            nonlocal received, is_whole
            if is_whole:  # what comes now is the end of the connection, whenever it does
                return await receive()
            spent = time.perf_counter() - began - received / bounds.bytes_per_second
            try:
                async with asyncio.timeout(min(bounds.pause_seconds, max(2 * bounds.pause_seconds - spent, 0.0))):
                    message = await receive()
            except TimeoutError:
                raise _TooSlowError(received) from None
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                is_whole = not message.get("more_body", False)
                if received > limit:
                    raise _TooLargeError(limit)
            return message

        async def told(message: Message) -> None:
            try:
                async with asyncio.timeout(bounds.pause_seconds):  # whoever does not read an answer holds its memory
                    await send(message)
            except TimeoutError:
                raise _UnreadError from None

        async def noted(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                status, started = message["status"], True
            if is_whole or status < 400 or not _has_body(scope):
                await told(message)
            elif message["type"] == "http.response.start":
                # The rest of the body is not read: the connection cannot be used again.
                await told({**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]})
            elif message.get("more_body", False) or status == 408:
                await told(message)
            else:  # the whole refusal at once, and the end of it once nothing is on its way any more
                await told({**message, "more_body": True})
                await _drain(receive)
                await told({"type": "http.response.body", "body": b"", "more_body": False})

        try:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            await self._let_in(scope, headers)
            declared = headers.get("content-length", "0")
            if declared.isdigit() and (len(declared) > 18 or int(declared) > limit):
                raise _TooLargeError(limit)
            await self._app(scope, counted, noted)
        except (_TooLargeError, _TooSlowError, RefusalError) as error:
            status = error.status_code
            if not started:
                await http_problem(error)(scope, receive, noted)
        except _UnreadError:
            pass  # the server closes a connection whose answer is not whole
        finally:
            route = scope.get("route")
            path = getattr(route, "path", "unknown")
            observe_request(self._service, scope["method"], path, status, time.perf_counter() - began)

    async def _let_in(self, scope: Scope, headers: Mapping[str, str]) -> None:
        """Refuse a request by its headers.

        A key counts where the guard looks at it: before anything else a made-up one would stand for a real one.
        """
        path, method = scope["path"], scope["method"]
        is_mcp = path.rstrip("/") == MCP_PATH  # its tools ask for more where they need it
        takes_keys = (is_mcp or path.startswith("/api/")) and method != "OPTIONS"  # preflights send no key
        key = key_in(headers) if takes_keys else None
        self._doors.check(method, path, headers, has_key=key is not None)
        if takes_keys:
            reads = is_mcp or method in SAFE_METHODS or path in QUESTIONS
            try:
                await self._guard.check(key, "read" if reads else "run")
            except HTTPException as error:
                raise RefusalError(error.status_code, "", str(error.detail), dict(error.headers or {})) from None


async def _drain(receive: Receive) -> None:
    """Let what is on its way arrive: a connection that is closed before takes the answer along (RFC 9112, 9.6)."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            drained = 0
            while drained < _DRAIN_BYTES and (message := await receive()).get("more_body", False):
                drained += len(message["body"])


def _has_body(scope: Scope) -> bool:
    names = {name for name, value in scope["headers"] if value != b"0"}
    return b"content-length" in names or b"transfer-encoding" in names
