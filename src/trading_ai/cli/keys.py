"""`trading-ai keys`: make, list and revoke API keys."""

from __future__ import annotations

import time

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON
from trading_ai.cli.output import moment, note, print_json, say
from trading_ai.cli.tables import table
from trading_ai.documents.forms import iso, iso_or_none


def create_key(
    *,
    name: str = typer.Argument(..., help="Whose key it is."),
    scope: str = typer.Option("run", help="read, run or admin."),
    as_json: bool = AS_JSON,
) -> None:
    """Make a key; it is shown once."""
    record, key = Application().keys.create(name, scope, time.time())
    if as_json:
        print_json({"id": record.key_id, "name": record.name, "scope": record.scope, "key": key})
        return
    say(key)
    note("Keep it: it is not shown again. Send it as X-API-Key.")


def list_keys(*, as_json: bool = AS_JSON) -> None:
    """List keys, revoked ones too."""
    records = Application().keys.all()
    if as_json:
        rows = [
            {
                "id": r.key_id, "name": r.name, "scope": r.scope, "created_at": iso(r.created_at),
                "revoked_at": iso_or_none(r.revoked_at),
            }
            for r in records
        ]  # fmt: skip
        print_json({"keys": rows})
        return
    shown = ([r.key_id, r.name, r.scope, moment(r.created_at), "revoked" if r.revoked_at else "valid"] for r in records)
    table("API keys", ("id", "name", "scope", "created", "state"), shown, left=5)


def revoke_key(
    *,
    key_id: str = typer.Argument(..., metavar="ID", help="Id of the key."),
    as_json: bool = AS_JSON,
) -> None:
    """Revoke a key for good."""
    Application().keys.revoke(key_id, time.time())
    if as_json:
        print_json({"id": key_id, "revoked": True})
    else:
        say(f"revoked key {key_id}")
