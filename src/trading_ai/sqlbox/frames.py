"""What the two processes tell each other: a JSON document and raw bytes, never code or pickled objects.

Bytes go through the socket, or, where they are many and the system has it, through a piece of memory that both map:
a table of hundreds of megabytes is then copied once instead of three times.
"""

from __future__ import annotations

import json
import mmap
import os
import socket
import struct
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

Bytes = bytearray | memoryview
"""Bytes that were received."""

_HEAD = struct.Struct("<QI")
_MAX_HEADER = 64 << 20
SHARED_FROM = 32 << 20
"""Bytes from which on they are shared: what is mapped holds a descriptor, of which a process has few."""

_ALIGNED = 64
_CAN_SHARE = hasattr(os, "memfd_create") and hasattr(socket, "send_fds")


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
    connection: socket.socket, header: dict[str, Any], buffers: Sequence[Any] = (), deadline: Deadline | None = None,
    *, shared: bool = False,
) -> None:  # fmt: skip
    """Send a document and buffers.

    Args:
        connection: a connected stream socket.
        header: what JSON can hold.
        buffers: contiguous bytes or arrays.
        deadline: when to give up; None waits.
        shared: whether many bytes may go through shared memory: the other process must allow it, see `receive`.

    Raises:
        TimeoutError: it took too long.
        Closed: the other process is gone.
    """
    sizes = [memoryview(buffer).nbytes for buffer in buffers]
    views = [memoryview(each).cast("B") if n else memoryview(b"") for each, n in zip(buffers, sizes, strict=True)]
    descriptor = _shared(views, deadline) if shared and _CAN_SHARE and sum(sizes) >= SHARED_FROM else None
    try:
        text = json.dumps({**header, "sizes": sizes, "shared": descriptor is not None}, allow_nan=False).encode()
        parts: list[bytes | memoryview] = [_HEAD.pack(len(text), 0), text, *(views if descriptor is None else ())]
        for part in parts:
            connection.settimeout(None if deadline is None else deadline.left)
            connection.sendall(part)
        if descriptor is not None:
            socket.send_fds(connection, [b"\0"], [descriptor])
    except (BrokenPipeError, ConnectionError) as error:
        raise Closed from error
    finally:
        if descriptor is not None:
            os.close(descriptor)


def receive(
    connection: socket.socket, deadline: Deadline | None = None, max_bytes: int | None = None, *, shared: bool = False
) -> tuple[dict[str, Any], list[Bytes]]:
    """Receive a document and its buffers.

    Args:
        connection: a connected stream socket.
        deadline: when to give up; None waits.
        max_bytes: bound of all buffers together; None for no bound.
        shared: whether memory of the other process may be mapped; only where that process is trusted.

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
        is_shared = bool(header.pop("shared"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Closed from error
    if min(sizes, default=0) < 0 or (max_bytes is not None and sum(sizes) > max_bytes) or (is_shared and not shared):
        raise Closed
    if is_shared:
        return header, [*_mapped(connection, sizes, deadline)]
    return header, [_bytes(connection, each, deadline) for each in sizes]


def _shared(views: Sequence[memoryview], deadline: Deadline | None) -> int | None:
    """A descriptor of memory that holds the buffers, each at a multiple of 64 bytes; None where there is none."""
    try:
        descriptor = os.memfd_create("columns")
    except OSError:
        return None
    try:
        at = 0
        for view in views:
            done = 0
            while done < len(view):
                if deadline is not None:
                    _ = deadline.left
                done += os.pwrite(descriptor, view[done : done + (64 << 20)], at + done)
            at += _aligned(len(view))
        os.ftruncate(descriptor, max(at, 1))
    except BaseException as error:
        os.close(descriptor)
        if isinstance(error, OSError) and not isinstance(error, TimeoutError):
            return None  # no room there: through the socket, then
        raise
    return descriptor


def _mapped(connection: socket.socket, sizes: Sequence[int], deadline: Deadline | None) -> list[memoryview]:
    connection.settimeout(None if deadline is None else deadline.left)
    try:
        _, descriptors, _, _ = socket.recv_fds(connection, 1, 1)
    except ConnectionError as error:
        raise Closed from error
    if not descriptors:
        raise Closed
    try:
        whole = memoryview(mmap.mmap(descriptors[0], 0, prot=mmap.PROT_READ))
    except (OSError, ValueError) as error:
        raise MemoryError from error
    finally:
        for descriptor in descriptors:
            with suppress(OSError):
                os.close(descriptor)
    found, at = [], 0
    for size in sizes:
        found.append(whole[at : at + size])
        at += _aligned(size)
    return found


def _aligned(size: int) -> int:
    return -(-size // _ALIGNED) * _ALIGNED


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
