"""`trading-ai serve`: the HTTP APIs."""

from __future__ import annotations

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import LOOPBACK
from trading_ai.cli.output import note
from trading_ai.errors import InputError
from trading_ai.server import run_servers

SERVICES = ("pipeline", "assistant", "optimizer")
_ALL = ",".join(SERVICES)

MIN_KEY_CHARACTERS = 20
"""Of a key that is set: shorter ones can be guessed."""


def _chosen(services: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in services.split(",") if name.strip()))
    for name in names:
        if name not in SERVICES:
            raise InputError("is not a service", parameter="--services", value=name, remedy=f"Use {_ALL}")
    if not names:
        raise InputError("names no service", parameter="--services", remedy=f"Use {_ALL}")
    return names


def _keys_required(application: Application, host: str, *, insecure: bool, always: bool = False) -> bool:
    """Whether requests need a key; binding beyond this machine without one is refused.

    Args:
        application: knows the keys.
        host: address to listen on.
        insecure: whether whoever reaches the server may do everything.
        always: whether a key is asked for on addresses of this machine too.
    """
    if always and insecure:
        raise InputError(
            "contradicts --insecure (TRADING_AI_INSECURE)",
            parameter="--require-keys",
            remedy="Say one of them: keys for everybody, or for nobody.",
        )
    admin_key = application.settings.admin_key.get_secret_value()
    if 0 < len(admin_key) < MIN_KEY_CHARACTERS:
        raise InputError(
            f"must have {MIN_KEY_CHARACTERS} characters at least",
            parameter="TRADING_AI_ADMIN_KEY",
            remedy="Take what `openssl rand -hex 24` prints.",
        )
    if insecure or (host in LOOPBACK and not always):
        return False
    if not admin_key and not any(key.revoked_at is None for key in application.keys.all()):
        raise InputError(
            "asks for keys, and there is no API key"
            if host in LOOPBACK
            else "is reached by other machines, and there is no API key",
            parameter="--require-keys" if host in LOOPBACK else "--host",
            value=host,
            remedy="Make one with `trading-ai keys create NAME --scope admin`"
            + (", or say --insecure." if host not in LOOPBACK else "."),
        )
    return True


def serve(
    *,
    services: str = typer.Option(_ALL, help="Which APIs."),
    host: str = typer.Option("127.0.0.1", help="Address to listen on."),
    pipeline_port: int = typer.Option(30800, min=1, max=65535, help="Port of the data pipeline API."),
    assistant_port: int = typer.Option(30801, min=1, max=65535, help="Port of the assistant API."),
    optimizer_port: int = typer.Option(30802, min=1, max=65535, help="Port of the optimizer API."),
    workers: int | None = typer.Option(None, min=1, help="Worker processes of an optimization, without a broker."),
    insecure: bool = typer.Option(False, "--insecure", help="Listen beyond this machine without API keys."),
    require_keys: bool = typer.Option(False, "--require-keys", help="Ask for API keys on this machine too."),
) -> None:
    """Serve the APIs; without a broker, optimizations run on this machine."""
    names = _chosen(services)
    application = Application()
    application.wait_for_database()
    settings = application.settings
    insecure = insecure or settings.insecure
    required = _keys_required(application, host, insecure=insecure, always=require_keys or settings.require_keys)
    ports = {"pipeline": pipeline_port, "assistant": assistant_port, "optimizer": optimizer_port}
    if "optimizer" in names:
        note(f"Dashboard: http://{'localhost' if host in LOOPBACK else host}:{optimizer_port}")
    for name in names:
        note(f"{name} API: http://{'localhost' if host in LOOPBACK else host}:{ports[name]}  (docs: /docs)")
    run_servers(
        application,
        {name: ports[name] for name in names},
        host,
        workers,
        keys_required=required,
        this_machine=host in LOOPBACK and not insecure,
    )
