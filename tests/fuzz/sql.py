"""Random statements: parts of questions and of attacks, cut, mixed and repeated.

Each must be answered or refused in time, whatever it is. No answer may hold what stands in a file or in the
environment, and the box must answer a plain question afterwards.
"""

from __future__ import annotations

import os
import random
import re
import time
from functools import cache
from pathlib import Path

from tests.fakes.artifacts import MemoryArtifacts
from tests.fakes.stored import KeptNotes, KeptVerdicts, fill
from trading_ai.documents.sql_tables import TABLES
from trading_ai.errors import NotFoundError, QueryError
from trading_ai.sqlbox.box import SqlBox
from trading_ai.sqlbox.process import Limits
from trading_ai.store.memory import MemoryStore

SECONDS = 1.0
SPARE_SECONDS = 4.0
"""What starting another process may take on a busy machine."""

CANARY = "a-secret-that-no-answer-may-hold"
_FILE = "canary.txt"

_WHOLE = (
    "select rank, stop_loss, net_profit from trials('latest') where rank is not null order by rank limit 10",
    "select stop_loss, count(*) as n, median(net_profit) from trials group by stop_loss having count(*) > 1",
    "with t as (select * from trades('first')) select direction, sum(net_profit) over (order by number) from t",
    "select d.symbol, b.name from datasets d join backtests b using (dataset_id) left join optimizations o on true",
    "select date_trunc('month', day), sum(profit) from daily_profits group by 1 order by all",
    "with recursive r as (select 1 as x union all select x + 1 from r where x < 1000) select max(x) from r",
    "select * exclude (net_profit) replace (rank + 1 as rank) from trials('sweep') union all by name from verdicts",
    "from read_text('{file}')",
    "select * from '{file}'",
    "from read_csv('{file}', columns = {{'a': 'VARCHAR'}})",
    "from glob('{folder}/*')",
    "copy (select 1) to '{folder}/out.csv'",
    "attach '{folder}/other.db' as other",
    "install httpfs; load httpfs; set enable_external_access = true; pragma threads = 99",
    "create table x as from read_blob('{file}'); insert into x values (1); drop table x",
    "select repeat('x', 1000000000), range(100000000), list_sum(range(300000000)), lpad('x', 2000000000, 'y')",
    "from query('select 1'), query_table('trials'), information_schema.tables, duckdb_settings(), pg_catalog.pg_class",
    "select getenv('FUZZ_CANARY'), current_setting('home_directory'), version(), uuid(), random(), sleep_ms(50)",
    "select columns('.*'), struct_pack(a := 1), [x for x in [1, 2]], {{'a': 1}}, map {{'a': 1}}, interval 1 day",
)
_ODD = (
    "'", '"', "(", ")", "[", "]", "{", "}", ";", "--", "/*", "*/", "$$", "\\", "\0", "\ud800", "é", "名", "\U0001f600",
    "::",     "->>", "**", "%", "@", "#1", "$1", "?", ":x", "null", "nan", "1e999", "-9223372036854775808", "0x",
    "''", '""', "x" * 300,
    "9" * 400, "lateral", "natural join", "pivot", "unnest", "recursive", "positional join", "asof join",
    "tablesample 1%", "qualify", "grouping sets ((), (1))", "filter (where true)", "is distinct from", "any",
    "exists", "all",     "collate nocase",
)  # fmt: skip
_TOKENS = re.compile(r"\w+|\s+|[^\w\s]")


@cache
def _box() -> SqlBox:
    store, artifacts, verdicts = MemoryStore(), MemoryArtifacts(), KeptVerdicts()
    fill(store, artifacts, verdicts)
    limits = Limits(seconds=SECONDS, memory_bytes=256 << 20, max_rows=1_000, max_result_bytes=8 << 20)
    os.environ["FUZZ_CANARY"] = CANARY
    return SqlBox(store, artifacts, verdicts, KeptNotes(), limits)


@cache
def _vocabulary() -> tuple[str, ...]:
    names = [name for table in TABLES for name in (table.name, table.written, *table.names)]
    return (*names, *_ODD, *(token for text in _WHOLE for token in _TOKENS.findall(text)))


def statement(number: int, folder: Path) -> str:
    """The statement of a case."""
    rng = random.Random(number)
    text = rng.choice(_WHOLE).format(file=folder / _FILE, folder=folder)
    tokens = _TOKENS.findall(text)
    for _ in range(rng.choice((0, 1, 1, 2, 3, 8, 30))):
        at = rng.randrange(len(tokens) + 1)
        kind = rng.random()
        if kind < 0.3:
            tokens.insert(at, f" {rng.choice(_vocabulary())} ")
        elif kind < 0.5:
            del tokens[at : at + rng.randint(1, 3)]
        elif kind < 0.65:
            other = _TOKENS.findall(rng.choice(_WHOLE).format(file=folder / _FILE, folder=folder))
            begin = rng.randrange(len(other))
            tokens[at:at] = other[begin : begin + rng.randint(1, 20)]
        elif kind < 0.75:
            tokens[at:at] = tokens[at : at + 10] * rng.choice((1, 2, 50, 500))
        elif kind < 0.9 and tokens:
            tokens[at % len(tokens)] = rng.choice(_vocabulary())
        else:
            tokens = ["select * from ("] * rng.choice((1, 5, 200)) + tokens
    return "".join(tokens)


def check(number: int, folder: Path) -> str:
    """Ask one statement; returns answered, refused, unknown id, or too much."""
    file = folder / _FILE
    if not file.exists():
        file.write_text(CANARY)
    text, box = statement(number, folder), _box()
    began, told = time.monotonic(), ""
    try:
        found = box.ask(text)
    except NotFoundError:
        outcome = "unknown id"
    except QueryError as error:
        told = str(error)
        outcome = "too much" if "ended" in told else "refused"
    else:
        outcome = "answered"
        assert CANARY.encode() not in found.stream, text
    taken = time.monotonic() - began
    assert CANARY not in told, text
    assert taken < SECONDS + SPARE_SECONDS, f"{taken:.1f} s: {text[:500]}"
    assert [path.name for path in folder.iterdir()] == [_FILE], text
    if outcome == "too much" or number % 100 == 0:
        assert box.ask("select 1").stream
    return outcome
