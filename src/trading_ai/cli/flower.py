"""`trading-ai flower`: the page of workers and tasks."""

from __future__ import annotations

import os

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import LOOPBACK
from trading_ai.cli.output import note
from trading_ai.errors import InputError


def flower(
    port: int = typer.Option(30555, min=1, max=65535, help="Port."),
    host: str = typer.Option("127.0.0.1", help="Address to listen on."),
    basic_auth: str | None = typer.Option(None, help="user:password; or TRADING_AI_FLOWER_BASIC_AUTH."),
) -> None:
    """Show workers and tasks in Flower; needs the broker's URL only, and opens no database."""
    application = Application()
    app = application.monitor()
    password = basic_auth or application.settings.flower_basic_auth.get_secret_value()
    if host not in LOOPBACK and not password and not application.settings.insecure:
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
