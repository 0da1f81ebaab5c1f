"""The process that runs SQL, as its parent sees it: started, asked within a time, killed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from trading_ai.documents.sql_tables import TABLES
from trading_ai.errors import QueryError, StateError
from trading_ai.sqlbox.columns import Sent
from trading_ai.sqlbox.frames import Closed, Deadline, receive, send

START_SECONDS = 30.0
"""How long a process may take to start; half a second where nothing else runs."""


@dataclass(frozen=True)
class Limits:
    """What a query may take.

    Attributes:
        seconds: time that it may run; loading what it names may take three times as long.
        memory_bytes: memory of its process beyond what an idle one has: loaded columns, work, result.
        max_rows: most rows of an answer.
        max_result_bytes: largest answer.
        idle_seconds: how long a process stays for the next query.
        at_once: queries of one server that run at the same time.
    """

    seconds: float = 10.0
    memory_bytes: int = 2 << 30
    max_rows: int = 1_000_000
    max_result_bytes: int = 256 << 20
    idle_seconds: float = 30.0
    at_once: int = 2

    @property
    def load_seconds(self) -> float:
        """Time that reading what a query names may take: it depends on the store and not on the query alone."""
        return 3 * self.seconds


@dataclass
class Held:
    """A table that a process has.

    Attributes:
        version: of its contents.
        columns: bytes of each column.
    """

    version: str
    columns: dict[str, int] = field(default_factory=dict)


_MADE_ANEW = frozenset({"text", "codes"})
"""Kinds of columns whose bytes are not kept as they came."""


class Child:
    """A process that runs SQL.

    Args:
        limits: what it may take.

    Attributes:
        held: the tables that it has, by name; the longest unused first.

    Raises:
        StateError: DuckDB is not installed, or the process did not start.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.held: dict[str, Held] = {}
        ours, theirs = socket.socketpair()
        self._connection = ours
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-s", "-m", "trading_ai.sqlbox.child", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=_environment(),
                cwd=tempfile.gettempdir(),
                start_new_session=True,  # an interrupt of the terminal is its parent's business
            )
        about = {
            "memory_bytes": limits.memory_bytes,
            "max_result_bytes": limits.max_result_bytes,
            "seconds": limits.seconds,
            "idle_seconds": limits.idle_seconds,
            "tables": [table.name for table in TABLES],
            "owned": [table.name for table in TABLES if table.owner],
        }
        try:
            deadline = Deadline.after(START_SECONDS)
            send(ours, about, deadline=deadline)
            receive(ours, deadline)
        except (Closed, TimeoutError) as error:
            told = self._last_words()
            self.end()
            if "No module named 'duckdb'" in told:
                raise StateError("SQL needs DuckDB, which is not installed: pip install duckdb") from error
            raise StateError(f"the process that runs SQL did not start: {told or 'it took too long'}") from error

    @property
    def is_alive(self) -> bool:
        """Whether it can still be asked; one that was idle for too long has ended by itself."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def n_bytes(self) -> int:
        """Bytes of the columns that it has."""
        return sum(sum(held.columns.values()) for held in self.held.values())

    def ask(self, header: dict[str, Any], buffers: Sequence[Any] = (), seconds: float | None = None) -> Any:
        """Ask something; returns a document and buffers.

        Args:
            header: what is asked.
            buffers: bytes of it.
            seconds: within which it must be answered; None for the limit.

        Raises:
            Closed: the process had ended before.
            QueryError: it was not answered, or not within the time or the memory; the process is gone then.
        """
        deadline = Deadline.after(self._limits.seconds if seconds is None else seconds)
        try:
            send(self._connection, header, buffers, deadline, shared=True)
            # Arrow's own form needs some more bytes than the values.
            answer, results = receive(self._connection, deadline, 2 * self._limits.max_result_bytes + (1 << 20))
        except TimeoutError as error:
            self.end()
            raise QueryError(
                f"ran longer than {self._limits.seconds:g} s and was ended", parameter="sql",
                remedy="Ask for less, or raise TRADING_AI_SQL_SECONDS.",
            ) from error  # fmt: skip
        except Closed as error:
            if header["act"] == "parse" and not self._waited():
                raise
            self.end()
            raise self._too_much() from error
        if answer.get("memory"):
            self.end()  # what it could not free is of no use to the next query
            raise self._too_much()
        return answer, results

    def load(self, key: str, version: str, columns: Sequence[Sent], order: Sequence[str]) -> None:
        """Give it columns of a table; those of the same version that it has stay.

        Args:
            key: name of the table.
            version: of its contents.
            columns: the new ones.
            order: all columns that it then has, in order.
        """
        # Texts are made other objects: beside numbers, their bytes would stay mapped as long as those.
        for part in ([c for c in columns if c.kind in _MADE_ANEW], [c for c in columns if c.kind not in _MADE_ANEW]):
            if part or not columns:
                self._load(key, version, part, order)

    def _load(self, key: str, version: str, columns: Sequence[Sent], order: Sequence[str]) -> None:
        held = self.held.get(key)
        add = held is not None and held.version == version
        there = {column.name for column in columns} | (set(held.columns) if held is not None and add else set())
        order = [name for name in order if name in there]
        header = {
            "act": "load", "table": key, "add": add, "columns": [c.header for c in columns], "order": list(order)
        }  # fmt: skip
        answer, _ = self.ask(header, [c.buffer for c in columns], self._limits.load_seconds)
        if "ok" not in answer:
            raise QueryError(f"the table could not be loaded: {answer.get('sql', answer)}", parameter="sql")
        if held is None or not add:
            held = Held(version)
        held.columns |= {c.name: c.n_bytes for c in columns}
        self.held.pop(key, None)
        self.held[key] = held

    def drop(self, keys: Sequence[str]) -> None:
        """Let it forget tables."""
        self.ask({"act": "drop", "tables": list(keys)})
        for key in keys:
            self.held.pop(key, None)

    def end(self) -> None:
        """End it at once."""
        with suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        self._connection.close()
        if self._process.stderr is not None:
            self._process.stderr.close()

    def _waited(self) -> bool:
        """Whether it ended by a signal: otherwise it was idle for too long, or is about to be."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(1.0) != 0
        return True

    def _too_much(self) -> QueryError:
        return QueryError(
            f"needed more than {self._limits.memory_bytes:,} bytes of memory, or broke its process, and was ended",
            parameter="sql", remedy="Ask for less, or raise TRADING_AI_SQL_MEMORY_BYTES.",
        )  # fmt: skip

    def _last_words(self) -> str:
        self._process.kill()
        told = b"" if self._process.stderr is None else self._process.stderr.read()
        return told.decode(errors="replace").strip().rpartition("\n")[2]


def _environment() -> dict[str, str]:
    """What the process is told by its environment: where modules are, and no setting and no secret."""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return {
        "PYTHONPATH": path,
        "PATH": os.defpath,
        "HOME": "/nonexistent",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "MALLOC_ARENA_MAX": "2",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "POLARS_MAX_THREADS": "1",
        "RUST_BACKTRACE": "0",
    }
