"""The process that runs users' SQL: DuckDB in memory, locked, within limits, with no way to the product's database.

It is started with an environment of its own, which holds no setting and no secret, and ends when nobody asks it
anything for a while. It hears documents and arrays only (`trading_ai.sqlbox.frames`), and answers with an Arrow stream.
"""

from __future__ import annotations

import io
import json
import resource
import select
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl

from trading_ai.sqlbox.frames import SHARED_FROM, Bytes, Closed, receive, send
from trading_ai.sqlbox.statement import Refused, named_in

_N_THREADS = 2
_OPEN_FILES = 32
_SPARE_CPU_SECONDS = 5
_PLAIN = {
    "boolean": "BOOLEAN", "tinyint": "BIGINT", "smallint": "BIGINT", "integer": "BIGINT", "bigint": "BIGINT",
    "utinyint": "BIGINT", "usmallint": "BIGINT", "uinteger": "BIGINT", "float": "DOUBLE", "double": "DOUBLE",
    "decimal": "DOUBLE", "date": "DATE", "timestamp": "TIMESTAMP", "timestamp_s": "TIMESTAMP",
    "timestamp_ms": "TIMESTAMP", "timestamp_ns": "TIMESTAMP", "timestamp with time zone": "TIMESTAMP",
}  # fmt: skip
"""Types of answers by the id of DuckDB's type; those that are not here become texts."""
_LARGE = frozenset({"hugeint", "uhugeint", "ubigint"})
"""Whole numbers that sums are of: 64 bits where all fit, else floating point."""


class Box:
    """The database and what is in it.

    Args:
        about: limits and tables, as the parent sends them first.
    """

    def __init__(self, about: dict[str, Any]) -> None:
        memory = int(about["memory_bytes"])
        self._seconds, self._max_bytes = float(about["seconds"]), int(about["max_result_bytes"])
        self._tables = frozenset(about["tables"])
        self._held: dict[str, dict[str, Any]] = {}
        self._casts: dict[str, dict[str, str]] = {}
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "threads": _N_THREADS,
                "memory_limit": f"{memory // 2}B",
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "temp_directory": "",
                "max_temp_directory_size": "0B",
                "python_enable_replacements": False,
            },
        )
        self._connection.execute("SET TimeZone = 'UTC'")
        for name in about["owned"]:
            self._connection.execute(f"CREATE MACRO {name}(id) AS TABLE FROM query_table('{name}:' || id)")
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")
        pl.DataFrame(self._connection.sql("SELECT 1 AS warm"))  # threads are started before memory is bounded
        _bound_memory(memory)

    def parse(self, asked: dict[str, Any], _: list[Bytes]) -> tuple[dict[str, Any], list[Any]]:
        """What a statement names."""
        # Every row is fetched, or the connection would still be busy with this result.
        rows = self._connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [asked["sql"]]).fetchall()
        named = named_in(json.loads(rows[0][0]), self._tables)
        words = sorted(named.words)
        return {"tables": [list(t) for t in named.tables], "words": words, "every_column": named.every_column}, []

    def load(self, asked: dict[str, Any], buffers: list[Bytes]) -> tuple[dict[str, Any], list[Any]]:
        """Take columns of a table; those that are there of the same version stay."""
        name = asked["table"]
        columns = dict(self._held.get(name, {})) if asked["add"] else {}
        casts = dict(self._casts.get(name, {})) if asked["add"] else {}
        for column, buffer in zip(asked["columns"], buffers, strict=True):
            columns[column["name"]] = _array(column, buffer)
            casts[column["name"]] = column["type"]
        columns = {column: columns[column] for column in asked["order"]}
        self._held[name], self._casts[name] = columns, casts
        self._connection.register(f"{name}#", columns)
        shown = ", ".join(f"CAST({_quoted(c)} AS {casts[c]}) AS {_quoted(c)}" for c in columns)
        self._connection.execute(f"CREATE OR REPLACE VIEW {_quoted(name)} AS SELECT {shown} FROM {_quoted(name + '#')}")
        return {}, []

    def drop(self, asked: dict[str, Any], _: list[Bytes]) -> tuple[dict[str, Any], list[Any]]:
        """Forget tables."""
        for name in asked["tables"]:
            self._connection.execute(f"DROP VIEW IF EXISTS {_quoted(name)}")
            self._connection.unregister(f"{name}#")
            self._held.pop(name, None)
            self._casts.pop(name, None)
        return {}, []

    def run(self, asked: dict[str, Any], _: list[Bytes]) -> tuple[dict[str, Any], list[Any]]:
        """Run a statement whose tables are there."""
        _bound_cpu(self._seconds)
        for name, table in asked["names"].items():
            self._connection.execute(f"CREATE OR REPLACE VIEW {_quoted(name)} AS FROM {_quoted(table)}")
        found = self._connection.sql(asked["sql"])
        if found is None:
            raise Refused("must be one SELECT")
        limit = int(asked["max_rows"])
        try:
            frame = _frame(found, limit + 1, "BIGINT")
        except duckdb.ConversionException:
            frame = _frame(found, limit + 1, "DOUBLE")
        truncated, frame = frame.height > limit, frame.head(limit)
        if frame.estimated_size() > self._max_bytes:
            raise Refused(f"has a result of more than {self._max_bytes:,} bytes: ask for fewer rows or columns")
        stream = io.BytesIO()
        frame.write_ipc_stream(stream)
        return {"truncated": truncated}, [stream.getbuffer()]


def _frame(found: Any, limit: int, large: str) -> pl.DataFrame:
    """The first rows of a result, in the few types that every format has."""
    names: list[str] = []
    parts = []
    for i, (column, kind) in enumerate(zip(found.columns, found.types, strict=True), 1):
        name, n = column, 1
        while name in names:  # two columns of one name: the later ones get a number
            name, n = f"{column}_{n}", n + 1
        names.append(name)
        made = large if kind.id in _LARGE else _PLAIN.get(kind.id, "VARCHAR")
        parts.append(f"CAST(#{i} AS {made}) AS {_quoted(name)}")
    return pl.DataFrame(found.limit(limit).project(", ".join(parts)))


def _array(column: dict[str, Any], buffer: Bytes) -> Any:
    kind = column["kind"]
    if kind == "text":
        return np.array(json.loads(bytes(buffer)), dtype=object)
    if kind == "codes":
        return np.array([*column["values"], None], dtype=object)[np.frombuffer(buffer, dtype=np.int32)]
    values = np.frombuffer(buffer, dtype=kind)
    return values.view(column["view"]) if column.get("view") else values


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _offer_itself() -> None:
    """Be what the system ends first where memory is short: the server that started this process is not to be."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _bound_files(memory: int) -> None:
    files = _OPEN_FILES + memory // SHARED_FROM  # every piece of memory that is mapped holds one
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = files if most == resource.RLIM_INFINITY else min(files, most)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _bound_memory(more: int) -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) if Path("/proc").is_dir() else 0
    limit = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _bound_cpu(seconds: float) -> None:
    """Bound what the next query may compute; where nobody is left to end this process, the system does."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime + seconds * _N_THREADS) + _SPARE_CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _answer(act: Callable[[dict[str, Any], list[Bytes]], tuple[dict[str, Any], list[Any]]], *asked: Any) -> Any:
    try:
        header, buffers = act(*asked)
    except Refused as error:
        return {"refused": str(error)}, []
    except (MemoryError, duckdb.OutOfMemoryException):
        return {"memory": True}, []
    except RecursionError:
        return {"refused": "is nested too deep"}, []
    except duckdb.Error as error:
        return {"sql": str(error), "kind": type(error).__name__}, []
    except ValueError as error:  # texts that are no Unicode
        return {"sql": str(error), "kind": type(error).__name__}, []
    return {"ok": header}, buffers


def serve(connection: socket.socket) -> None:
    """Answer until the parent is gone, or asks nothing for a while.

    Args:
        connection: to the parent.
    """
    about, _ = receive(connection)
    idle = float(about["idle_seconds"])
    _offer_itself()
    _bound_files(int(about["memory_bytes"]))
    box = Box(about)
    acts = {"parse": box.parse, "load": box.load, "drop": box.drop, "run": box.run}
    send(connection, {"ready": True})
    while select.select([connection], [], [], idle)[0]:
        try:
            asked, buffers = receive(connection, shared=True)
        except MemoryError:
            send(connection, {"memory": True})
            continue
        header, results = _answer(acts[asked["act"]], asked, buffers)
        send(connection, header, results)


def main() -> None:
    """Serve the socket whose number is the argument."""
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        try:
            serve(connection)
        except Closed:
            return


if __name__ == "__main__":
    main()
