"""`trading-ai migrate`: the tables of this version."""

from __future__ import annotations

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON
from trading_ai.cli.output import print_json, say
from trading_ai.store.migrations import HEAD


def migrate(*, as_json: bool = AS_JSON) -> None:
    """Create the tables, or bring them to this version; doing it again changes nothing."""
    application = Application()
    application.wait_for_database()
    kind = application.database.engine.dialect.name
    if as_json:
        print_json({"database": kind, "schema": HEAD})
    else:
        say(f"the {kind} database is at schema {HEAD}")
