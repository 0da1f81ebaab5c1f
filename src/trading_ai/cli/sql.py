"""`trading-ai sql`: everything that is stored, asked in SQL."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from trading_ai.cli.arguments import AS_JSON
from trading_ai.cli.output import note, print_json, say
from trading_ai.cli.tables import table
from trading_ai.documents.sql_schema import schema_json
from trading_ai.documents.sql_tables import BY_NAME, TABLES
from trading_ai.documents.words import number
from trading_ai.errors import QueryError, did_you_mean

if TYPE_CHECKING:
    from trading_ai.sqlbox.box import Answer

_SHOWN = 100
"""Rows of a table on the screen where nobody says how many."""


def _show_schema(name: str) -> None:
    if not name:
        rows = [[t.written, t.meaning] for t in TABLES]
        table("Tables", ("table", "a row is"), rows, left=2)
        say("Next: trading-ai sql --schema trials   (the columns of one)")
        return
    found = BY_NAME.get(name.lower())
    if found is None:
        known = ", ".join(BY_NAME)
        raise QueryError(
            "is no table", parameter="query", value=name, remedy=f"{did_you_mean(name, BY_NAME)}Tables: {known}"
        )
    rows = [[c.name, c.type, c.unit, c.meaning] for c in found.columns]
    table(f"{found.written}: {found.meaning}", ("column", "type", "unit", "meaning"), rows, left=4)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, str | date) else number(value)


def _show(answer: Answer) -> None:
    import polars as pl  # noqa: PLC0415 - polars takes 0.2 s

    from trading_ai.sqlbox.formats import frame_of  # noqa: PLC0415

    frame = frame_of(answer)
    texts = [name for name, kind in frame.schema.items() if kind in {pl.String, pl.Datetime, pl.Date, pl.Boolean}]
    left = len(texts) if frame.columns[: len(texts)] == texts else 0
    rows = ([_cell(value) for value in row] for row in frame.rows())
    more = " (more are there: --max-rows)" if answer.truncated else ""
    title = f"{frame.height:,} row{'' if frame.height == 1 else 's'}{more}"
    table(title, frame.columns, rows, left=left)


def sql(
    *,
    query: str = typer.Argument("", metavar="QUERY", help="One SELECT, or - to read it from stdin."),
    as_json: bool = AS_JSON,
    csv: bool = typer.Option(False, "--csv", help="Print CSV on stdout and nothing else there."),
    parquet: Path | None = typer.Option(None, "--parquet", metavar="FILE", help="Write a Parquet file."),
    arrow: Path | None = typer.Option(None, "--arrow", metavar="FILE", help="Write an Arrow (Feather) file."),
    max_rows: int | None = typer.Option(
        None, min=1, help="Most rows; 100 on the screen, 10,000 as JSON, else all that the settings allow."
    ),
    schema: bool = typer.Option(False, "--schema", help="Show the tables, or the columns of the table named instead."),
) -> None:
    """Ask everything that is stored in SQL, and print or write the answer."""
    if schema:
        if as_json:
            print_json(schema_json())
        else:
            _show_schema(query)
        return
    if query == "-":
        query = sys.stdin.read()
    if not query.strip():
        raise QueryError(
            "is empty", parameter="query", remedy='Example: trading-ai sql "select * from backtests". '
            "trading-ai sql --schema shows the tables.",
        )  # fmt: skip
    from trading_ai.bootstrap import Application  # noqa: PLC0415 - the schema needs no database
    from trading_ai.sqlbox.formats import answer_json, csv_text, write  # noqa: PLC0415

    application = Application()
    to_file = csv or parquet is not None or arrow is not None
    wanted = max_rows or (None if to_file else 10_000 if as_json else _SHOWN)
    if wanted is not None and max_rows is None:
        wanted = min(wanted, application.settings.sql_max_rows)
    try:
        answer = application.sql.ask(query, wanted)
        if parquet is not None:
            write(answer, parquet, "parquet")
        if arrow is not None:
            write(answer, arrow, "arrow")
        if as_json:
            print_json(answer_json(answer))
        elif csv:
            sys.stdout.write(csv_text(answer))
        elif not to_file:
            _show(answer)
        for path in filter(None, (parquet, arrow)):
            note(f"wrote {path}")
        if answer.truncated and (to_file or as_json):
            note("there are more rows than were written: --max-rows, TRADING_AI_SQL_MAX_ROWS")
    finally:
        application.sql.close()
