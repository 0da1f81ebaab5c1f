"""SQL that wants out of its box, or wants all of the machine."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from trading_ai.bootstrap import Application
from trading_ai.errors import QueryError, TradingAIError
from trading_ai.sqlbox.box import SqlBox
from trading_ai.sqlbox.process import Child, Limits

SECONDS = 1.0

REFUSED = (
    "select * from '/etc/passwd'",
    "from read_csv('/etc/passwd')",
    "from read_text('/etc/passwd')",
    "select (select content from read_text('/etc/passwd'))",
    "with x as materialized (from read_blob('/proc/self/environ')) from x",
    "select 1 where exists (from glob('/*'))",
    "select 1 from range(1), lateral (from read_text('/etc/passwd'))",
    "from sniff_csv('/etc/passwd')",
    "from parquet_scan('x.parquet')",
    "from query('select 1')",
    "from query_table('trials')",
    "from json_execute_serialized_sql(json_serialize_sql('select 1'))",
    "from duckdb_settings()",
    "from duckdb_secrets()",
    "from information_schema.tables",
    "from pg_catalog.pg_class",
    "from memory.main.datasets",
    'from "datasets#"',
    'from "trials:latest"',
    "from sqlite_scan('trading-ai.db', 'api_keys')",
    "from api_keys",
    "copy (select 1) to '/tmp/out.csv'",
    "copy datasets from '/etc/passwd'",
    "attach '/tmp/other.db' as other",
    "install httpfs",
    "load httpfs",
    "set memory_limit = '1TB'",
    "reset memory_limit",
    "pragma threads = 64",
    "export database '/tmp/out'",
    "import database '/tmp/out'",
    "create table x as select 1",
    "create macro trials(id) as table select 1",
    "insert into datasets values (1)",
    "drop view datasets",
    "delete from datasets",
    "call pragma_version()",
    "explain analyze select 1",
    "prepare x as select 1",
    "execute x",
    "begin",
    "vacuum",
    "use memory",
    "select 1; select 2",
    "select 1; drop view datasets",
    "select " + "(" * 5_000 + "1" + ")" * 5_000,
    "select " + "not " * 20_000 + "true",
    "select " + "1 + " * 20_000 + "1",
    "select " + "[" * 3_000 + "1" + "]" * 3_000,
    "select '\0'",
    "select '\ud800'",
    "",
    ";",
    "select 1" + " " * 100_000,
)

TOO_MUCH = (
    "select length(repeat('x', 1000000000))",
    "select length(lpad('x', 2000000000, 'y'))",
    "select printf('%2000000000d', 1)",
    "select list_sum(range(500000000))",
    "select string_agg(range::varchar, ',') from range(100000000)",
    "select repeat('abc', 1000000) from range(100000)",
    "with recursive t as (select 1 as x union all select x + 1 from t) select count(*) from t",
    "select count(*) from range(1000000000) a, range(1000000) b where a.range % 7 = b.range % 3",
    "select sleep_ms(1000000)",
)


@pytest.fixture(scope="module")
def box(application: Application) -> Iterator[SqlBox]:
    limits = Limits(seconds=SECONDS, memory_bytes=300 << 20, max_rows=10_000, max_result_bytes=20 << 20)
    made = SqlBox(application.store, application.artifacts, application.verdicts, application.notes, limits)
    yield made
    made.close()


@pytest.mark.parametrize("sql", REFUSED, ids=lambda sql: sql[:40].encode("ascii", "replace").decode())
def test_what_is_no_question_is_refused(box, sql) -> None:
    with pytest.raises(QueryError):
        box.ask(sql)


def test_a_refusal_costs_no_process(box) -> None:
    box.ask("select 1")
    (before,) = box._idle
    for sql in ("drop view datasets", "from read_csv('/etc/passwd')", "select nope from datasets", "selec"):
        with pytest.raises(QueryError):
            box.ask(sql)
    assert box._idle == [before]


@pytest.mark.parametrize("sql", TOO_MUCH, ids=lambda sql: sql[:40])
def test_what_takes_too_much_is_ended_in_time(box, sql) -> None:
    box.ask("select 1")  # so that what is measured is no start
    began = time.monotonic()
    with pytest.raises(QueryError, match=r"ended|bytes"):
        box.ask(sql)
    assert time.monotonic() - began < SECONDS + 3.0
    assert box.ask("select 1").stream  # and the next question is answered


def test_nothing_was_written(box) -> None:
    assert not Path("/tmp/out.csv").exists()
    assert not Path("/tmp/other.db").exists()


def test_the_process_knows_no_setting_and_no_secret(monkeypatch) -> None:
    monkeypatch.setenv("TRADING_AI_DATABASE_URL", "postgresql://user:secret@host/name")
    child = Child(Limits())
    try:
        environment = Path(f"/proc/{child.pid}/environ").read_bytes()
        assert b"secret" not in environment
        assert b"TRADING_AI" not in environment
        opened = {str(link.readlink()) for link in Path(f"/proc/{child.pid}/fd").iterdir()}
        assert not [path for path in opened if path.startswith("/") and not path.startswith("/dev/")]
        assert Path(f"/proc/{child.pid}/oom_score_adj").read_text().strip() == "1000"
        limits = Path(f"/proc/{child.pid}/limits").read_text()
        assert [line.split()[4] for line in limits.splitlines() if line.startswith("Max file size")] == ["0"]
    finally:
        child.end()


def test_locked_duckdb_refuses_what_a_parser_might_let_through() -> None:
    # The list of tables and functions is the first wall; this is the second one, asked without the first.
    child = Child(Limits())
    try:
        for sql in (
            "select * from read_text('/etc/passwd')",
            "select * from read_csv('/etc/passwd')",
            "copy (select 1) to '/tmp/out.csv'",
            "attach '/tmp/other.db' as other",
            "install httpfs",
            "set enable_external_access = true",
            "set lock_configuration = false",
        ):
            answer, _ = child.ask({"act": "run", "sql": sql, "max_rows": 10, "names": {}})
            assert "sql" in answer, (sql, answer)
    finally:
        child.end()


def test_an_idle_process_ends_by_itself_and_another_takes_its_place(application) -> None:
    limits = Limits(seconds=5, memory_bytes=300 << 20, idle_seconds=0.2)
    box = SqlBox(application.store, application.artifacts, application.verdicts, application.notes, limits)
    box.ask("select 1")
    (child,) = box._idle
    deadline = time.monotonic() + 10
    while child.is_alive:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert box.ask("select 1").stream
    box.close()


def test_a_process_that_is_killed_is_replaced(box) -> None:
    box.ask("select 1")
    (child,) = box._idle
    os.kill(child.pid, 9)
    try:
        box.ask("select 1")
    except TradingAIError:  # it had not ended yet when it was asked
        box.ask("select 1")
    assert box._idle[0].pid != child.pid


def test_data_that_changes_is_seen(application) -> None:
    box = application.sql
    first = box.ask("select count(*) from verdicts")
    kept = application.verdicts.all()[0]
    application.verdicts.keep(type(kept)(**{**vars(kept), "judged_at": kept.judged_at + 1}))
    second = box.ask("select count(*) from verdicts")
    assert first.data_version != second.data_version
    assert box.ask("select count(*) from verdicts").data_version == second.data_version
