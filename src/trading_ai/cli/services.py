"""`trading-ai serve`, `worker`, `flower`, `migrate` and `keys`: the processes of a service."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import typer

from trading_ai.cli.arguments import AS_JSON
from trading_ai.cli.output import moment, note, print_json, say, table
from trading_ai.documents.forms import iso, iso_or_none
from trading_ai.errors import InputError

if TYPE_CHECKING:
    from trading_ai.bootstrap import Application

keys = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True, rich_markup_mode=None)

SERVICES = ("pipeline", "optimizer")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _chosen(services: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in services.split(",") if name.strip()))
    for name in names:
        if name not in SERVICES:
            raise InputError("is not a service", parameter="--services", value=name, remedy="Use pipeline,optimizer")
    if not names:
        raise InputError("names no service", parameter="--services", remedy="Use pipeline,optimizer")
    return names


def _keys_required(application: Application, host: str, insecure: bool) -> bool:
    """Whether requests need a key; binding beyond this machine without one is refused."""
    if host in _LOOPBACK or insecure:
        return False
    if not any(key.revoked_at is None for key in application.keys.all()):
        raise InputError(
            "is reached by other machines, and there is no API key",
            parameter="--host",
            value=host,
            remedy="Make one with `trading-ai keys create NAME --scope admin`, or say --insecure.",
        )
    return True


def serve(
    services: str = typer.Option("pipeline,optimizer", help="Which APIs."),
    host: str = typer.Option("127.0.0.1", help="Address to listen on."),
    pipeline_port: int = typer.Option(30800, min=1, max=65535, help="Port of the data pipeline API."),
    optimizer_port: int = typer.Option(30802, min=1, max=65535, help="Port of the optimizer API."),
    workers: int | None = typer.Option(None, min=1, help="Worker processes of an optimization, without a broker."),
    insecure: bool = typer.Option(False, "--insecure", help="Listen beyond this machine without API keys."),
) -> None:
    """Serve the APIs; without a broker, optimizations run on this machine."""
    from trading_ai.bootstrap import Application  # noqa: PLC0415 - commands import what they need
    from trading_ai.server import run_servers  # noqa: PLC0415

    names = _chosen(services)
    application = Application()
    application.wait_for_database()
    required = _keys_required(application, host, insecure or application.settings.insecure)
    ports = {"pipeline": pipeline_port, "optimizer": optimizer_port}
    for name in names:
        note(f"{name} API: http://{'localhost' if host in _LOOPBACK else host}:{ports[name]}  (docs: /docs)")
    run_servers(application, {name: ports[name] for name in names}, host, workers, keys_required=required)


def worker(
    concurrency: int = typer.Option(0, min=0, help="Processes; 0 for every core."),
) -> None:
    """Evaluate chunks that the broker tells of, until stopped; needs the database's and the broker's URL only."""
    from trading_ai.telemetry.processes import share_metrics_between_processes  # noqa: PLC0415

    share_metrics_between_processes()
    from trading_ai.bootstrap import Application  # noqa: PLC0415
    from trading_ai.worker import run_worker  # noqa: PLC0415

    application = Application()
    application.wait_for_database()
    application.broker  # noqa: B018 - says what is missing before anything starts
    raise typer.Exit(run_worker(application, concurrency or application.n_cores()))


def flower(
    port: int = typer.Option(30555, min=1, max=65535, help="Port."),
    host: str = typer.Option("127.0.0.1", help="Address to listen on."),
    basic_auth: str | None = typer.Option(None, help="user:password; or TRADING_AI_FLOWER_BASIC_AUTH."),
) -> None:
    """Show workers and tasks in Flower; needs the broker's URL only, and opens no database."""
    from trading_ai.bootstrap import Application  # noqa: PLC0415

    application = Application()
    app = application.monitor()
    password = basic_auth or application.settings.flower_basic_auth.get_secret_value()
    if host not in _LOOPBACK and not password and not application.settings.insecure:
        raise InputError(
            "is reached by other machines, and no password is set",
            parameter="--host",
            value=host,
            remedy="Set TRADING_AI_FLOWER_BASIC_AUTH=user:password, or TRADING_AI_INSECURE=1.",
        )
    os.environ["FLOWER_UNAUTHENTICATED_API"] = "false"
    arguments = [f"--port={port}", f"--address={host}", "--max_tasks=100000", "--purge_offline_workers=60"]
    if password:
        arguments.append(f"--basic_auth={password}")
    note(f"Flower: http://localhost:{port}")
    app.start(argv=["flower", *arguments])


def migrate(as_json: bool = AS_JSON) -> None:
    """Create the tables, or bring them to this version; doing it again changes nothing."""
    from trading_ai.bootstrap import Application  # noqa: PLC0415
    from trading_ai.store.migrations import HEAD  # noqa: PLC0415

    application = Application()
    application.wait_for_database()
    kind = application.database.engine.dialect.name
    if as_json:
        print_json({"database": kind, "schema": HEAD})
    else:
        say(f"the {kind} database is at schema {HEAD}")


@keys.command("create")
def create_key(
    name: str = typer.Argument(..., help="Whose key it is."),
    scope: str = typer.Option("run", help="read, run or admin."),
    as_json: bool = AS_JSON,
) -> None:
    """Make a key; it is shown once."""
    from trading_ai.bootstrap import Application  # noqa: PLC0415

    record, key = Application().keys.create(name, scope, time.time())
    if as_json:
        print_json({"id": record.key_id, "name": record.name, "scope": record.scope, "key": key})
        return
    say(key)
    note("Keep it: it is not shown again. Send it as X-API-Key.")


@keys.command("list")
def list_keys(as_json: bool = AS_JSON) -> None:
    """List keys, revoked ones too."""
    from trading_ai.bootstrap import Application  # noqa: PLC0415

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


@keys.command("revoke")
def revoke_key(
    key_id: str = typer.Argument(..., metavar="ID", help="Id of the key."),
    as_json: bool = AS_JSON,
) -> None:
    """Revoke a key for good."""
    from trading_ai.bootstrap import Application  # noqa: PLC0415

    Application().keys.revoke(key_id, time.time())
    if as_json:
        print_json({"id": key_id, "revoked": True})
    else:
        say(f"revoked key {key_id}")
