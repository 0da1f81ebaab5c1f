"""`trading-ai serve`: the HTTP APIs."""

from __future__ import annotations

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import LOOPBACK
from trading_ai.cli.output import note
from trading_ai.errors import InputError
from trading_ai.server import run_servers

SERVICES = ("pipeline", "optimizer")


def _chosen(services: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in services.split(",") if name.strip()))
    for name in names:
        if name not in SERVICES:
            raise InputError("is not a service", parameter="--services", value=name, remedy="Use pipeline,optimizer")
    if not names:
        raise InputError("names no service", parameter="--services", remedy="Use pipeline,optimizer")
    return names


def _keys_required(application: Application, host: str, *, insecure: bool) -> bool:
    """Whether requests need a key; binding beyond this machine without one is refused."""
    if host in LOOPBACK or insecure:
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
    *,
    services: str = typer.Option("pipeline,optimizer", help="Which APIs."),
    host: str = typer.Option("127.0.0.1", help="Address to listen on."),
    pipeline_port: int = typer.Option(30800, min=1, max=65535, help="Port of the data pipeline API."),
    optimizer_port: int = typer.Option(30802, min=1, max=65535, help="Port of the optimizer API."),
    workers: int | None = typer.Option(None, min=1, help="Worker processes of an optimization, without a broker."),
    insecure: bool = typer.Option(False, "--insecure", help="Listen beyond this machine without API keys."),
) -> None:
    """Serve the APIs; without a broker, optimizations run on this machine."""
    names = _chosen(services)
    application = Application()
    application.wait_for_database()
    required = _keys_required(application, host, insecure=insecure or application.settings.insecure)
    ports = {"pipeline": pipeline_port, "optimizer": optimizer_port}
    for name in names:
        note(f"{name} API: http://{'localhost' if host in LOOPBACK else host}:{ports[name]}  (docs: /docs)")
    run_servers(application, {name: ports[name] for name in names}, host, workers, keys_required=required)
