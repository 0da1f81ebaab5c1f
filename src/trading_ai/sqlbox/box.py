"""Questions in SQL, answered from the store in a process of their own."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from trading_ai.errors import QueryError, StateError, TradingAIError, did_you_mean
from trading_ai.evaluation.ports import Artifacts
from trading_ai.optimization.notes import Notes
from trading_ai.optimization.ports import Store
from trading_ai.optimization.verdicts import Verdicts
from trading_ai.sqlbox.frames import Closed, Deadline
from trading_ai.sqlbox.loading import Source, Sources
from trading_ai.sqlbox.process import Child, Limits

MAX_STATEMENT = 100_000
"""Longest statement, in characters."""

_COLUMNS_SHOWN = 80
_NO_COLUMN = re.compile(r'Referenced column "(.+?)" not found')
_NO_COLUMN_OF = re.compile(r'does not have a column named "(.+?)"')
_NO_FUNCTION = re.compile(r"Function with name (\S+) does not exist")


@dataclass(frozen=True, eq=False)
class Answer:
    """What a query found.

    Attributes:
        stream: the rows, an Arrow IPC stream.
        truncated: whether there are more rows than were asked for.
        seconds: how long it took, loading included.
        data_version: the same as long as what the query names is.
    """

    stream: bytes
    truncated: bool
    seconds: float
    data_version: str


class SqlBox:
    """Answers questions in SQL. Safe to share between threads.

    Args:
        store: records and trials.
        artifacts: bars and backtests' arrays.
        verdicts: verdicts.
        notes: what users noted down.
        limits: what a query may take.
        clock: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        store: Store,
        artifacts: Artifacts,
        verdicts: Verdicts,
        notes: Notes,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._artifacts, self._verdicts, self._notes = store, artifacts, verdicts, notes
        self.limits = limits or Limits()
        self._clock = clock
        self._turns = threading.BoundedSemaphore(self.limits.at_once)
        self._lock = threading.Lock()
        self._idle: list[Child] = []

    def ask(self, sql: str, max_rows: int | None = None) -> Answer:
        """Answer a question.

        Args:
            sql: one SELECT.
            max_rows: rows wanted at most; None for as many as are allowed.

        Raises:
            QueryError: the statement is refused, wrong, or broke a limit.
            NotFoundError: it names a dataset, a backtest or an optimization that is not there.
            StateError: too many queries run already, or DuckDB is not installed.
        """
        began = self._clock()
        wanted = self.limits.max_rows if max_rows is None else max_rows
        if not 1 <= wanted <= self.limits.max_rows:
            raise QueryError(f"must be 1 to {self.limits.max_rows:,}", parameter="max_rows", value=wanted)
        if not sql.strip() or len(sql) > MAX_STATEMENT or "\0" in sql or not _is_text(sql):
            raise QueryError(f"must be a SELECT of 1 to {MAX_STATEMENT:,} characters of Unicode", parameter="sql")
        if not self._turns.acquire(timeout=self.limits.seconds):
            raise StateError(f"{self.limits.at_once} queries run already: ask again in some seconds")
        try:
            stream, truncated, version = self._answered(sql, wanted)
        finally:
            self._turns.release()
        return Answer(stream, truncated, self._clock() - began, version)

    def close(self) -> None:
        """End the processes that wait for the next query."""
        with self._lock:
            children, self._idle = self._idle, []
        for child in children:
            child.end()

    def _answered(self, sql: str, max_rows: int) -> tuple[bytes, bool, str]:
        child, named = self._parsed(sql)
        try:
            if "ok" not in named:
                raise _error(named, ())
            sources = Sources(self._store, self._artifacts, self._verdicts, self._notes)
            found = {(name, key): sources.source(name, key) for name, key in named["ok"]["tables"]}
            words = None if named["ok"]["every_column"] else frozenset(named["ok"]["words"])
            self._load(child, list(found.values()), words)
            names = {name if key is None else f"{name}:{key}": source.key for (name, key), source in found.items()}
            names = {name: key for name, key in names.items() if name != key}
            answer, buffers = child.ask({"act": "run", "sql": sql, "max_rows": max_rows, "names": names})
            if "ok" not in answer:
                raise _error(answer, list(found.values()))
        except TradingAIError:
            raise
        except BaseException:
            child.end()  # it may be in the midst of an answer that nobody reads
            raise
        finally:
            self._put_back(child)
        version = hashlib.sha256("".join(sorted(s.key + s.version for s in found.values())).encode()).hexdigest()
        return bytes(buffers[0]), bool(answer["ok"]["truncated"]), version[:16]

    def _parsed(self, sql: str) -> tuple[Child, dict[str, Any]]:
        """A process, and what it says that a statement names."""
        while True:
            with self._lock:
                waiting = self._idle.pop() if self._idle else None
            child = waiting if waiting is not None and waiting.is_alive else Child(self.limits)
            if waiting is not None and waiting is not child:
                waiting.end()
            try:
                named, _ = child.ask({"act": "parse", "sql": sql})
            except Closed:  # it had been idle for too long just now
                child.end()
                if child is not waiting:
                    raise StateError("the process that runs SQL ended at once: ask again") from None
            except BaseException:
                child.end()
                raise
            else:
                return child, named

    def _put_back(self, child: Child) -> None:
        if child.is_alive:
            with self._lock:
                self._idle.append(child)

    def _load(self, child: Child, sources: Sequence[Source], words: Collection[str] | None) -> None:
        """Give a process what it lacks of the tables that a query names.

        Args:
            child: the process.
            sources: the tables.
            words: lower case; columns of other names are not needed. None for all columns.
        """
        deadline, needed = Deadline.after(self.limits.load_seconds), {source.key for source in sources}
        room = self.limits.memory_bytes // 2
        for source in sources:
            wanted = _wanted(source, words)
            held = child.held.get(source.key)
            current = held.columns if held is not None and held.version == source.version else {}
            missing = [name for name in wanted if name not in current]
            if held is not None and not missing and current:
                child.held[source.key] = child.held.pop(source.key)  # used last
                continue
            _check_room(8 * source.n_rows * len(wanted), source, room)
            try:
                columns = [column for column in source.load(missing, deadline) if column.name in missing]
            except TimeoutError:
                raise QueryError(
                    f"loading {source.table.name} took longer than {self.limits.load_seconds:g} s", parameter="sql",
                    remedy=_narrower(source),
                ) from None  # fmt: skip
            size = sum(column.n_bytes for column in columns) + sum(current.values())
            _check_room(size, source, room)
            unused = [key for key in child.held if key not in needed]
            while unused and child.n_bytes + size > room:
                child.drop([unused.pop(0)])
            _check_room(child.n_bytes + size - sum(current.values()), source, room)
            order = [name for name in source.names if name in current or name in missing]
            child.load(source.key, source.version, columns, order)


def _is_text(sql: str) -> bool:
    try:
        sql.encode()
    except UnicodeEncodeError:
        return False
    return True


def _wanted(source: Source, words: Collection[str] | None) -> list[str]:
    """The columns that a query may need; one at least, because a table has columns."""
    found = [name for name in source.names if words is None or name.lower() in words]
    return found or [source.names[1] if source.table.name == "trials" else source.names[0]]


def _check_room(n_bytes: int, source: Source, room: int) -> None:
    if n_bytes > room:
        raise QueryError(
            f"loading {source.table.name} needs {n_bytes:,} bytes of at most {room:,}", parameter="sql",
            remedy=_narrower(source),
        )  # fmt: skip


def _narrower(source: Source) -> str:
    single = f"{source.table.name}('ID')"
    fewer = f"Ask for {single} instead of {source.table.name}, n" if source.key == source.table.name else "N"
    return f"{fewer}ame the columns that you need instead of *, or raise TRADING_AI_SQL_MEMORY_BYTES and _SECONDS."


def _error(answer: dict[str, Any], sources: Sequence[Source]) -> QueryError:
    """What a process that did not answer says, with the nearest column where one is unknown."""
    if "refused" in answer:
        return QueryError(str(answer["refused"]), parameter="sql")
    text = str(answer.get("sql", "something went wrong")).partition("\n\nLINE ")[0]
    first = text.partition("\n")[0].partition("Error: ")
    said = first[2] or first[0]
    for pattern in (_NO_COLUMN, _NO_COLUMN_OF):
        found = pattern.search(text)
        if found is not None:
            names = dict.fromkeys(name for source in sources for name in source.names)
            name = found[1]
            shown = names if len(names) <= _COLUMNS_SHOWN else [*names][:_COLUMNS_SHOWN]
            more = ", ..." if len(names) > _COLUMNS_SHOWN else ""
            remedy = f"{did_you_mean(name, names)}Columns: {', '.join(shown)}{more}" if names else ""
            return QueryError(f"there is no column {name}", parameter="sql", remedy=remedy)
    near = re.search(r'Did you mean "(.+?)"', text)
    remedy = f"Did you mean {near[1]}?" if near is not None and _NO_FUNCTION.search(text) else ""
    return QueryError(said.strip().rstrip(".!"), parameter="sql", remedy=remedy)
