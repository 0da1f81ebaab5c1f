"""What the two processes tell each other: a JSON document and raw bytes, never code or pickled objects."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_HEAD = struct.Struct("<QI")
_MAX_HEADER = 64 << 20


class Closed(Exception):  # noqa: N818 - the end of a conversation is no error of its own
    """The other process is gone."""


@dataclass(frozen=True)
class Deadline:
    """A moment of the monotonic clock, in seconds, by which something must have happened."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """So many seconds from now."""
        return cls(time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds that are left.

        Raises:
            TimeoutError: none.
        """
        seconds = self.at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


def send(
    connection: socket.socket, header: dict[str, Any], buffers: Sequence[Any] = (), deadline: Deadline | None = None
) -> None:
    """Send a document and buffers.

    Args:
        connection: a connected stream socket.
        header: what JSON can hold.
        buffers: contiguous bytes or arrays.
        deadline: when to give up; None waits.

    Raises:
        TimeoutError: it took too long.
        Closed: the other process is gone.
    """
    views: list[memoryview] = [memoryview(buffer).cast("B") for buffer in buffers if memoryview(buffer).nbytes]
    sizes = [memoryview(buffer).nbytes for buffer in buffers]
    text = json.dumps({**header, "sizes": sizes}, allow_nan=False).encode()
    try:
        parts: list[bytes | memoryview] = [_HEAD.pack(len(text), 0), text, *views]
        for part in parts:
            connection.settimeout(None if deadline is None else deadline.left)
            connection.sendall(part)
    except (BrokenPipeError, ConnectionError) as error:
        raise Closed from error


def receive(
    connection: socket.socket, deadline: Deadline | None = None, max_bytes: int | None = None
) -> tuple[dict[str, Any], list[bytearray]]:
    """Receive a document and its buffers.

    Args:
        connection: a connected stream socket.
        deadline: when to give up; None waits.
        max_bytes: bound of all buffers together; None for no bound.

    Raises:
        TimeoutError: it took too long.
        Closed: the other process is gone, or does not keep to the form or the bound.
    """
    size, _ = _HEAD.unpack(_bytes(connection, _HEAD.size, deadline))
    if size > _MAX_HEADER:
        raise Closed
    try:
        header = json.loads(bytes(_bytes(connection, size, deadline)))
        sizes = [int(each) for each in header.pop("sizes")]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Closed from error
    if min(sizes, default=0) < 0 or (max_bytes is not None and sum(sizes) > max_bytes):
        raise Closed
    return header, [_bytes(connection, each, deadline) for each in sizes]


def _bytes(connection: socket.socket, size: int, deadline: Deadline | None) -> bytearray:
    found = bytearray(size)
    view, at = memoryview(found), 0
    while at < size:
        connection.settimeout(None if deadline is None else deadline.left)
        try:
            n = connection.recv_into(view[at:])
        except ConnectionError as error:
            raise Closed from error
        if not n:
            raise Closed
        at += n
    return found
