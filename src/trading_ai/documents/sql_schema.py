"""The tables that users' SQL sees, as the API and `--json` show them."""

from __future__ import annotations

from typing_extensions import TypedDict

from trading_ai.documents.forms import form
from trading_ai.documents.sql_tables import TABLES, Column, Owner, SqlType, Table


@form(of=Column)
class SqlColumn(TypedDict):
    """A column of a table.

    Attributes:
        synonyms: what people call it, most usual first; not names that SQL knows.
    """

    name: str
    type: SqlType
    unit: str
    meaning: str
    synonyms: list[str]


@form(of=Table)
class SqlTable(TypedDict):
    """A table that SQL can name.

    Attributes:
        written: how a query names it.
    """

    name: str
    written: str
    meaning: str
    owner: Owner
    needs_id: bool
    columns: list[SqlColumn]


@form()
class SqlSchema(TypedDict):
    """What SQL can ask for.

    Attributes:
        dialect: the SQL that is spoken.
        notes: what holds for every table.
        tables: the tables.
    """

    dialect: str
    notes: list[str]
    tables: list[SqlTable]


HOLDS = (
    "Times are UTC; what is undefined is NULL.",
    "table('ID') takes a whole id, a unique prefix of it, a name, or latest.",
    "A query is one SELECT; nothing can be changed.",
)
"""What holds for every table."""


def schema_json() -> SqlSchema:
    """The tables, as the API and `--json` show them."""
    return {
        "dialect": "DuckDB",
        "notes": list(HOLDS),
        "tables": [
            {
                "name": table.name,
                "written": table.written,
                "meaning": table.meaning,
                "owner": table.owner,
                "needs_id": table.needs_id,
                "columns": [
                    {
                        "name": c.name,
                        "type": c.type,
                        "unit": c.unit,
                        "meaning": c.meaning,
                        "synonyms": list(c.synonyms),
                    }
                    for c in table.columns
                ],
            }
            for table in TABLES
        ],
    }
