"""The same answers on the command line, over HTTP and in Python; the page of questions."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import polars as pl
import pytest
from fastapi.testclient import TestClient

import trading_ai as ta
from trading_ai.api.app import make_app
from trading_ai.api.context import Context
from trading_ai.cli.main import run
from trading_ai.documents.sql_schema import schema_json
from trading_ai.documents.sql_tables import TABLES

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "ask-in-sql.md"
BEST = "select stop_loss, net_profit from trials('sweep') order by rank limit 2"
QUESTIONS = re.findall(r"```sql\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


@pytest.fixture
def client(application):
    return TestClient(make_app("pipeline", Context(application), keys_required=False), base_url="http://localhost")


@pytest.fixture
def at_home(application, monkeypatch):
    monkeypatch.setenv("TRADING_AI_HOME", str(application.settings.home))


def test_the_page_asks_ten_questions() -> None:
    assert len(QUESTIONS) == 10


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda text: " ".join(text.split())[:40])
def test_a_question_of_the_page_is_answered(rows, question) -> None:
    # `latest` is what a user asked for last: the sweep, and the first backtest.
    assert rows(question)


def test_answers_of_the_page_are_right(rows) -> None:
    series = next(rows(text) for text in QUESTIONS if "as series" in text)
    assert [row[1:] for row in series] == [(2, -10.0)]  # the second and the third trade
    fall = next(rows(text) for text in QUESTIONS if "as drawdown" in text)
    assert fall[0][1:] == (1000.0, -10.0)
    stops = next(rows(text) for text in QUESTIONS if "as median_profit" in text)
    assert stops[1] == (30, 2, 21.0, 30.0, 1.0)
    failed = next(rows(text) for text in QUESTIONS if "as failed" in text)
    assert failed == [("deflated_sharpe", 1, 1), ("plateau", 1, 1)]


def test_http_answers_json(client) -> None:
    answer = client.post("/api/v1/sql", json={"sql": BEST})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["columns"] == [{"name": "stop_loss", "type": "BIGINT"}, {"name": "net_profit", "type": "DOUBLE"}]
    assert found["rows"] == [[30, 30.0], [30, 12.0]]
    assert (found["n_rows"], found["truncated"]) == (2, False)


def test_undefined_and_infinite_numbers_are_null_and_times_are_utc(client) -> None:
    sql = (
        "select 'nan'::double as a, 'infinity'::double as b, timestamptz '2017-01-02 12:00+02' as c, date '2017-01-02'"
    )
    assert client.post("/api/v1/sql", json={"sql": sql}).json()["rows"] == [
        [None, None, "2017-01-02T10:00:00Z", "2017-01-02"]
    ]


@pytest.mark.parametrize("kind", ["csv", "parquet", "arrow"])
def test_http_answers_files(client, kind) -> None:
    answer = client.post("/api/v1/sql", json={"sql": BEST, "format": kind, "max_rows": 1})
    read = {"csv": pl.read_csv, "parquet": pl.read_parquet, "arrow": pl.read_ipc}[kind]
    assert read(io.BytesIO(answer.content)).rows() == [(30, 30.0)]
    assert answer.headers["X-Truncated"] == "true"


def test_http_refuses_with_a_problem(client) -> None:
    answer = client.post("/api/v1/sql", json={"sql": "select shrpe_ratio from trials('sweep')"})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == "sql"
    assert "Did you mean sharpe_ratio?" in error["remedy"]
    assert client.post("/api/v1/sql", json={"sql": "select * from trials('nothing')"}).status_code == 404
    assert client.post("/api/v1/sql", json={"sql": "select 1", "max_rows": 10**9}).status_code == 422
    assert client.get("/health").json()["status"] == "ok"


def test_the_schema_is_told(client) -> None:
    assert client.get("/api/v1/sql/schema").json() == schema_json()
    assert all(column.meaning and column.name for table in TABLES for column in table.columns)


def test_a_key_of_scope_read_is_needed_where_keys_are(application) -> None:
    guarded = TestClient(make_app("pipeline", Context(application), keys_required=True), base_url="http://localhost")
    assert guarded.post("/api/v1/sql", json={"sql": "select 1"}).status_code == 401
    assert guarded.get("/api/v1/sql/schema").status_code == 401


def test_the_command_prints_a_table_json_and_csv(at_home, capsys) -> None:
    assert run(["sql", BEST]) == 0
    assert capsys.readouterr().out.split() == [
        "2",
        "rows",
        "stop_loss",
        "net_profit",
        "─" * 22,
        *("30", "30", "30", "12"),
    ]
    assert run(["sql", BEST, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == [[30, 30.0], [30, 12.0]]
    assert run(["sql", BEST, "--csv"]) == 0
    assert capsys.readouterr().out == "stop_loss,net_profit\n30,30.0\n30,12.0\n"


def test_the_command_writes_files(at_home, tmp_path) -> None:
    parquet, arrow = tmp_path / "x.parquet", tmp_path / "x.arrow"
    assert run(["sql", BEST, "--parquet", str(parquet), "--arrow", str(arrow)]) == 0
    assert pl.read_parquet(parquet).rows() == pl.read_ipc(arrow).rows() == [(30, 30.0), (30, 12.0)]
    assert run(["sql", BEST, "--parquet", str(tmp_path / "none" / "x.parquet")]) == 7


def test_the_command_shows_the_schema_and_refuses(at_home, capsys) -> None:
    assert run(["sql", "--schema", "trades"]) == 0
    assert "bars_held" in capsys.readouterr().out
    assert run(["sql", "--schema", "trade"]) == 2
    assert "Did you mean trades?" in capsys.readouterr().err
    assert run(["sql", ""]) == 2
    assert run(["sql", "drop view datasets"]) == 2


def test_python_gets_a_frame(at_home) -> None:
    assert ta.sql(BEST).rows() == [(30, 30.0), (30, 12.0)]
    with pytest.raises(ta.TradingAIError, match="Did you mean trials"):
        ta.sql("select * from trails")
