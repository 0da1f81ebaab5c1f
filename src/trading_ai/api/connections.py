"""Connections that cannot be held open by half a request."""

from __future__ import annotations

import asyncio
from typing import Any

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 << 10
"""Bytes that the request line and the headers may have together."""

HEAD_SECONDS = 30.0
"""Time in which they must have come, from the connection or from the answer before."""


class BoundedConnection(HttpToolsProtocol):
    """A connection on which the head of each request has to come in time and in size.

    The body's time and size are bounded by `security.Gate`, which knows what the request is for.
    """

    head_seconds = HEAD_SECONDS

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_timer: asyncio.TimerHandle | None = None
        self._head_bytes, self._has_head = 0, False

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if not self._has_head:
            self._await_head()
            self._head_bytes += len(data)
        super().data_received(data)
        if not self._has_head and self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(b"431 Request Header Fields Too Large", b"the headers are too large")

    @override
    def on_headers_complete(self) -> None:
        self._stop_timer()
        self._has_head, self._head_bytes = True, 0
        super().on_headers_complete()

    @override
    def on_response_complete(self) -> None:
        self._has_head = bool(self.pipeline)
        super().on_response_complete()

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.head_seconds, self._too_slow)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_slow(self) -> None:
        self._refuse(b"408 Request Timeout", b"the headers did not come in time")

    def _refuse(self, status: bytes, reason: bytes) -> None:
        self._stop_timer()
        if self.transport.is_closing():
            return
        head = b"HTTP/1.1 %s\r\ncontent-type: text/plain\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        self.transport.write(head % (status, len(reason)) + reason)
        self.transport.close()
