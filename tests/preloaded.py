"""Commands as processes of their own, forked from one that has loaded what they need.

Starting Python and loading the libraries is nine tenths of what a short command costs, and tests give hundreds of them.
What is run is the same: a process with arguments, environment, folder and exit code of its own, and the program's own
entry point. What differs is that nothing is loaded anew, and at the end nothing is taken apart: tests of starting, of
what is loaded, and of what Python or Numba reads when they start use a process from scratch.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import json
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO

COMMAND = (sys.executable, "-m", "trading_ai.cli.main")
"""What starts `trading-ai` from scratch."""

LOADED = (
    "trading_ai.bootstrap",
    "trading_ai.cli.backtests",
    "trading_ai.cli.data",
    "trading_ai.cli.main",
    "trading_ai.cli.optimizations",
    "trading_ai.cli.robustness",
    "trading_ai.cli.running",
    "trading_ai.cli.trials",
    "trading_ai.cli.walk_forward",
    "trading_ai.engine.simulate",
    "trading_ai.evaluation.job",
    "trading_ai.executors.processes",
    "trading_ai.reports.making",
    "trading_ai.search.quasi_random",
)

LOADED_FIRST = {"serve": ("trading_ai.cli.services", "trading_ai.server")}
"""What is loaded besides before the first process of a command, by its name; the tests of few files serve."""

READ_AT_START = ("PYTHON", "NUMBA", "LANG", "LC_", "LD_", "OMP", "OPENBLAS", "POLARS")
"""Beginnings of the variables that Python and the libraries read when they start."""

_MOST_BYTES = 200_000
_PR_SET_PDEATHSIG = 1


class Preloaded:
    """A process that has everything loaded and forks commands from it."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _MOST_BYTES)
        self._lock = threading.Lock()
        self._started = {name: value for name, value in os.environ.items() if name.startswith(READ_AT_START)}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.preloaded", str(theirs.fileno())],
                pass_fds=[theirs.fileno()], cwd=Path(__file__).parents[1],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        atexit.register(self.close)

    def close(self) -> None:
        """End it; commands that still run go on."""
        self._socket.close()
        self._process.wait()

    def suits(self, env: Mapping[str, str]) -> bool:
        """Whether a process of this environment may be forked: nothing differs that is read when one starts."""
        return {k: v for k, v in env.items() if k.startswith(READ_AT_START)} == self._started

    def run(
        self, arguments: Sequence[str], *, env: Mapping[str, str], cwd: Path | None = None, timeout: float = 120.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end and return its exit code and what it printed."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            status = self._fork(arguments, env, cwd, out, err)
            with os.fdopen(status, "rb") as told:
                pid = int.from_bytes(told.read(4), "little")
                waiting = threading.Timer(timeout, _kill, [pid])
                waiting.start()
                began = time.monotonic()
                ended = int.from_bytes(told.read(4), "little", signed=True)
                waiting.cancel()
            printed = [_text(out), _text(err)]
        if time.monotonic() - began >= timeout:
            raise subprocess.TimeoutExpired(list(arguments), timeout, *printed)
        return subprocess.CompletedProcess(list(arguments), os.waitstatus_to_exitcode(ended), *printed)

    def _fork(
        self,
        arguments: Sequence[str],
        env: Mapping[str, str],
        cwd: Path | None,
        out: IO[bytes],
        err: IO[bytes],
        *,
        lasts: bool = False,
    ) -> int:
        """Ask for a process; returns what its id and how it ended can be read from."""
        ours, theirs = os.pipe()
        message = json.dumps([list(arguments), dict(env), str(cwd or Path.cwd()), lasts]).encode()
        try:
            with self._lock:
                socket.send_fds(self._socket, [message], [out.fileno(), err.fileno(), theirs])
        finally:
            os.close(theirs)
        return ours

    def start(self, arguments: Sequence[str], *, env: Mapping[str, str], output: IO[bytes]) -> Running:
        """Start a command that goes on, in a session of its own; it is terminated when the tests' process ends."""
        told = self._fork(arguments, env, None, output, output, lasts=True)
        return Running(list(arguments), told)


class Running:
    """A command that goes on: of `subprocess.Popen`, what servers need.

    Attributes:
        pid: its process's id.
        returncode: its exit code as `subprocess` tells it, None before its end is asked for.
    """

    def __init__(self, arguments: list[str], told: int) -> None:
        self._arguments, self._told = arguments, os.fdopen(told, "rb", buffering=0)
        self.pid = int.from_bytes(self._told.read(4), "little")
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self._ended(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return its exit code.

        Raises:
            subprocess.TimeoutExpired: it runs still after `timeout` seconds.
        """
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self._arguments, timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, if it runs."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _ended(self, seconds: float | None) -> int | None:
        if self.returncode is None and select.select([self._told], [], [], seconds)[0]:
            status = self._told.read(4)
            if len(status) < 4:
                raise RuntimeError("the process that would tell of the end of this one has ended itself")
            self.returncode = os.waitstatus_to_exitcode(int.from_bytes(status, "little", signed=True))
            self._told.close()
        return self.returncode


@lru_cache(maxsize=1)
def _preloaded() -> Preloaded:
    return Preloaded()


def run_command(
    *arguments: str, env: Mapping[str, str], cwd: Path | None = None, timeout: float = 120.0
) -> subprocess.CompletedProcess[str]:
    """Run `trading-ai` with arguments to its end, forked where that makes no difference; exit code and output.

    Raises:
        subprocess.TimeoutExpired: it took longer, and was killed.
    """
    if _can_be_watched() and _preloaded().suits(env):
        return _preloaded().run(arguments, env=env, cwd=cwd, timeout=timeout)
    return subprocess.run(
        [*COMMAND, *arguments], env=env, cwd=cwd, capture_output=True, text=True, timeout=timeout, check=False
    )


def start_command(*arguments: str, env: Mapping[str, str], output: IO[bytes]) -> Running | subprocess.Popen[bytes]:
    """Start a `trading-ai` that goes on, forked where that makes no difference, in a session of its own.

    Args:
        arguments: what it is told.
        env: its environment.
        output: a file for all that it prints.
    """
    if _can_be_watched() and _preloaded().suits(env):
        return _preloaded().start(arguments, env=env, output=output)
    return subprocess.Popen(
        [*COMMAND, *arguments], env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        start_new_session=True, preexec_fn=dies_with_parent(signal.SIGTERM),  # noqa: PLW1509 - one system call
    )  # fmt: skip


def dies_with_parent(number: int) -> Callable[[], None] | None:
    """What a new process does first, so that the kernel ends it with the tests, however those end."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl  # found here: after the fork is too late for that
    return lambda: prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)


@lru_cache(maxsize=1)
def _can_be_watched() -> bool:
    """Whether this system tells of a process's end as a file that can be waited for: Linux, but for some sandboxes."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _serve(connection: socket.socket) -> bool:
    """Fork what is asked for until the other end closes; true in a process that is to be a command."""
    running: dict[int, tuple[int, int]] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not connection:
                    pidfd = int(key.fd)
                    pid, told = running.pop(pidfd)
                    _, status = os.waitpid(pid, 0)
                    os.write(told, status.to_bytes(4, "little", signed=True))
                    selector.unregister(pidfd)
                    os.close(pidfd)
                    os.close(told)
                    continue
                message, files, _, _ = socket.recv_fds(connection, _MOST_BYTES, 3)
                if not message:
                    return False
                out, err, told = files
                asked = json.loads(message)
                for name in LOADED_FIRST.get(next(iter(asked[0]), ""), ()):
                    __import__(name)
                pid = os.fork()
                if not pid:
                    for other, (_, status_of_other) in running.items():
                        os.close(other)
                        os.close(status_of_other)
                    os.close(told)
                    connection.close()
                    _become(asked, out, err)
                    return True
                os.write(told, pid.to_bytes(4, "little"))
                os.close(out)
                os.close(err)
                pidfd = os.pidfd_open(pid)
                running[pidfd] = (pid, told)
                selector.register(pidfd, selectors.EVENT_READ)


def _become(asked: tuple[list[str], dict[str, str], str, bool], out: int, err: int) -> None:
    """Take over arguments, environment, folder and files of a command."""
    arguments, environment, folder, lasts = asked
    if lasts:
        os.setsid()
        if end := dies_with_parent(signal.SIGTERM):
            end()
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.close(out)
    os.close(err)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    sys.path[0] = folder  # as with `python -m`
    sys.argv = ["trading-ai", *arguments]
    # Its worker processes load what the main module is named.
    sys.modules["__main__"] = sys.modules["trading_ai.cli.main"]


def _run() -> None:
    """Run the command, and end as Python does but for taking everything apart, which takes longer than most commands.

    Waits for its threads, calls what is to be called at the end and writes out what was printed.
    """
    code: object = 0
    try:
        sys.modules["trading_ai.cli.main"].main()
    except SystemExit as asked:
        code = asked.code
    if code is not None and not isinstance(code, int):
        raise SystemExit(code)  # Python prints it
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit((code or 0) & 0xFF)


def _main() -> None:
    connection = socket.socket(fileno=int(sys.argv[1]))
    for name in LOADED:
        __import__(name)
    gc.freeze()
    if _serve(connection):
        _run()


if __name__ == "__main__":
    _main()
