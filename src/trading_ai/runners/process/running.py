"""Run a command: a time limit, the end of all that it started, and output that cannot grow without bounds."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

KEPT_OUTPUT = 65_536
"""Bytes of the output that are kept: a quarter of them from its beginning, the others from its end."""

MARK = "TRADING_AI_RUN"
"""Environment variable that all that a command starts inherits, by which what left its session is found."""

_READ = 65_536
_GRACE_SECONDS = 5.0


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        code: its exit code, negative for a signal; None where it was ended by the time limit.
        output: what it printed, cut in the middle where it was long.
        seconds: how long it ran.
        n_left: processes that it had started and that were still there, and were ended.
    """

    code: int | None
    output: str
    seconds: float
    n_left: int = 0


class _Output:
    """Reads all output, and keeps both ends of it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._first, self._last, self._length = bytearray(), bytearray(), 0
        self._thread = threading.Thread(target=self._read, name="command output", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        limit = KEPT_OUTPUT // 4
        with suppress(OSError, ValueError):  # the stream is closed when the command has ended
            while data := os.read(self._stream.fileno(), _READ):
                self._length += len(data)
                room = limit - len(self._first)
                self._first += data[:room]
                self._last += data[room:] if room > 0 else data
                del self._last[: max(len(self._last) - 3 * limit, 0)]

    def text(self) -> str:
        """What was read, once everything that could write has ended."""
        self._thread.join(_GRACE_SECONDS)
        with suppress(OSError):
            self._stream.close()
        left_out = self._length - len(self._first) - len(self._last)
        gap = f"\n... {left_out:,} bytes left out ...\n".encode() if left_out > 0 else b""
        return (bytes(self._first) + gap + bytes(self._last)).decode("utf-8", errors="replace")


def run_command(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], time_limit_seconds: float, mark: str
) -> Ended:
    """Run a command to its end, or to its time limit; nothing that it started outlives it.

    Args:
        command: the program and its arguments; no shell.
        folder: where it runs.
        environment: all its environment variables.
        time_limit_seconds: how long it may run.
        mark: unique for this run; its processes carry it in their environment.

    Raises:
        OSError: the program cannot be started.
    """
    began = time.monotonic()
    process = subprocess.Popen(
        list(command), cwd=folder, env={**environment, MARK: mark}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    output = _Output(process.stdout)
    code: int | None = None
    n_left = 0
    try:
        with suppress(subprocess.TimeoutExpired):
            code = process.wait(timeout=time_limit_seconds)
    finally:
        n_left = _end_all(process, mark)
    return Ended(code, output.text(), time.monotonic() - began, n_left)


def _end_all(process: subprocess.Popen[bytes], mark: str) -> int:
    """End a command and all that it started; the number of those that were still there besides itself."""
    ended: set[int] = set()
    limit = time.monotonic() + _GRACE_SECONDS
    while True:
        found = _of_run(process, mark)
        if process.poll() is None:
            with suppress(OSError):  # it is not waited for yet, so that its number is nobody else's
                os.killpg(process.pid, signal.SIGKILL)
        elif not found:
            return len(ended - {process.pid})
        for other in found:
            with suppress(psutil.Error):
                other.kill()
            ended.add(other.pid)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_GRACE_SECONDS)
        psutil.wait_procs(found, timeout=0.2)
        if time.monotonic() > limit:  # a process that the kernel does not let go
            return len(ended - {process.pid})


def _of_run(process: subprocess.Popen[bytes], mark: str) -> list[psutil.Process]:
    """Processes of a run that still run: below the command, or with its mark, wherever they have gone."""
    found: dict[int, psutil.Process] = {}
    with suppress(psutil.Error):
        if process.returncode is None:
            found = {p.pid: p for p in psutil.Process(process.pid).children(recursive=True)}
    for other in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if other.environ().get(MARK) == mark:
                found[other.pid] = other
    return [p for p in found.values() if _runs(p)]


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
