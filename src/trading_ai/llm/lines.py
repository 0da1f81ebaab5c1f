"""Lines of a streamed answer, within limits of time and size."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import httpx

from trading_ai.errors import TransientError
from trading_ai.llm.limits import ModelLimits

_CONNECT_SECONDS = 5.0
_REFUSAL_BYTES = 4_000


class RefusedError(TransientError):
    """The server answers with a status that is no success.

    Attributes:
        status: of HTTP.
        text: the beginning of what it said.
    """

    def __init__(self, status: int, text: str) -> None:
        self.status, self.text = status, text
        super().__init__(f"the server of the model answers {status}: {text[:200]}")


class _Watch:
    """Ends a connection that is silent for too long: a thread that reads it cannot be told otherwise.

    Args:
        connection: the socket.
        limits: how long is too long.
        began: when the request was sent.
    """

    def __init__(self, connection: socket.socket, limits: ModelLimits, began: float) -> None:
        self._connection, self._limits = connection, limits
        self._end = began + limits.total_seconds
        self._until, self._why = began + limits.first_seconds, f"said nothing for {limits.first_seconds:g} s"
        self._changed = threading.Condition()
        self._over = False
        self.fired = ""
        self._thread = threading.Thread(target=self._run, name="model-watch", daemon=True)
        self._thread.start()

    def heard(self) -> None:
        """A line has come."""
        with self._changed:
            self._until = time.monotonic() + self._limits.between_seconds
            self._why = f"paused for {self._limits.between_seconds:g} s"

    def stop(self) -> None:
        """The answer is read."""
        with self._changed:
            self._over = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        with self._changed:
            while not self._over:
                until = min(self._until, self._end)
                left = until - time.monotonic()
                if left > 0:
                    self._changed.wait(left)
                    continue
                self.fired = self._why if self._until <= self._end else f"took over {self._limits.total_seconds:g} s"
                with suppress(OSError):
                    self._connection.shutdown(socket.SHUT_RDWR)
                return


def lines(
    client: httpx.Client,
    path: str,
    body: Mapping[str, Any],
    limits: ModelLimits,
    headers: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Lines of the answer to a POST, as they come.

    Args:
        client: knows the server.
        path: of the request.
        body: sent as JSON.
        limits: of time and bytes.
        headers: further ones.

    Raises:
        RefusedError: the server answers with another status.
        TransientError: it does not answer, is too slow, breaks off, or says more than is read.
    """
    began = time.monotonic()
    wait = min(limits.first_seconds, limits.total_seconds)
    timeout = httpx.Timeout(wait, connect=min(_CONNECT_SECONDS, wait))
    watch: _Watch | None = None
    try:
        with (
            client.stream("POST", path, json=body, headers=headers, timeout=timeout) as response,
            _watched(response, limits, began) as watch,
        ):
            if response.status_code != httpx.codes.OK:
                raise RefusedError(response.status_code, _beginning(response))
            yield from _split(response, limits.max_bytes, watch)
    except httpx.TimeoutException:
        raise TransientError(f"the server of the model did not answer within {wait:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        if watch is not None and watch.fired:
            raise TransientError(f"the model {watch.fired}") from None
        raise TransientError(
            f"the server of the model cannot be reached or broke off ({type(error).__name__})"
        ) from None
    if watch is not None and watch.fired:  # an answer without a length may seem to have ended
        raise TransientError(f"the model {watch.fired}")


@contextmanager
def _watched(response: httpx.Response, limits: ModelLimits, began: float) -> Iterator[_Watch]:
    watch = _Watch(response.extensions["network_stream"].get_extra_info("socket"), limits, began)
    try:
        yield watch
    finally:
        watch.stop()


def _split(response: httpx.Response, max_bytes: int, watch: _Watch) -> Iterator[str]:
    held, n_bytes = b"", 0
    for part in response.iter_bytes():
        n_bytes += len(part)
        *whole, held = (held + part).split(b"\n")
        for line in whole:
            watch.heard()
            if line.strip():
                yield line.decode("utf-8", "replace").strip()
        if n_bytes > max_bytes:
            raise TransientError(f"the model said more than {max_bytes:,} bytes: cut there")
    if held.strip():
        yield held.decode("utf-8", "replace").strip()


def _beginning(response: httpx.Response) -> str:
    text = b""
    for part in response.iter_bytes():
        text += part
        if len(text) >= _REFUSAL_BYTES:
            break
    return text[:_REFUSAL_BYTES].decode("utf-8", "replace")
