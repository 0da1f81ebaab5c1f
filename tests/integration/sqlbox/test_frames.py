"""What goes to the process that runs SQL arrives as it was, through the socket or through shared memory."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import numpy as np
import pytest

from trading_ai.sqlbox import frames
from trading_ai.sqlbox.frames import Closed, Deadline, receive, send

WIDE = [np.arange(4_200_000, dtype=np.int64), np.empty(0), np.linspace(0.0, 1.0, 7), b"abc", np.ones(200_000, np.int32)]


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def passed_on(ends, buffers, **how):
    """What arrives of these buffers; they are sent by another thread, because a socket holds little."""
    sender = threading.Thread(target=send, args=(ends[0], {"act": "load"}, buffers, Deadline.after(20)), kwargs=how)
    sender.start()
    try:
        return receive(ends[1], Deadline.after(20), shared=True)
    finally:
        sender.join()


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("buffers", [WIDE, WIDE[1:4], []], ids=["many bytes", "few bytes", "none"])
def test_buffers_arrive_as_they_were(ends, buffers, shared):
    header, found = passed_on(ends, buffers, shared=shared)
    assert header == {"act": "load"}
    assert [bytes(each) for each in found] == [bytes(each) for each in buffers]
    many = shared and buffers is WIDE
    assert all(isinstance(each, memoryview) == many for each in found)
    for each in found:
        if many:
            assert np.frombuffer(each, np.uint8).ctypes.data % 64 == 0 or not len(each)
            assert each.readonly


def test_no_descriptor_is_left(ends):
    open_files = Path("/proc/self/fd")
    before = len([*open_files.iterdir()])
    _, found = passed_on(ends, WIDE, shared=True)
    assert found[0][:8] == bytes(8)
    # The mapping holds one; where many small ones would, the process would soon have none left.
    assert len([*open_files.iterdir()]) == before + 1
    del found
    assert len([*open_files.iterdir()]) == before
    _, few = passed_on(ends, [np.zeros(100_000)], shared=True)
    assert len(few[0]) == 800_000
    assert len([*open_files.iterdir()]) == before


def test_without_room_for_shared_memory_bytes_go_through_the_socket(ends, monkeypatch):
    def refuse(_: str) -> int:
        raise OSError("no more memory files")

    monkeypatch.setattr(frames.os, "memfd_create", refuse)
    _, found = passed_on(ends, WIDE, shared=True)
    assert bytes(found[0]) == bytes(WIDE[0])
    assert isinstance(found[0], bytearray)


def test_memory_of_a_process_that_is_not_trusted_is_not_mapped(ends):
    send(ends[0], {}, WIDE, Deadline.after(20), shared=True)  # fits: the bytes themselves do not pass through
    with pytest.raises(Closed):
        receive(ends[1], Deadline.after(20))


def test_a_promise_of_shared_memory_that_is_not_kept_ends_the_conversation(ends):
    ends[0].sendall(b"".join((frames._HEAD.pack(30, 0), b'{"sizes": [5], "shared": true}', b"x")))
    with pytest.raises(Closed):
        receive(ends[1], Deadline.after(20), shared=True)
