"""`trading-ai worker`: one machine's share of a cluster's work."""

from __future__ import annotations

import typer

from trading_ai.bootstrap import Application
from trading_ai.worker import run_worker


def worker(
    concurrency: int = typer.Option(0, min=0, help="Processes; 0 for every core."),
) -> None:
    """Evaluate chunks that the broker tells of, until stopped; needs the database's and the broker's URL only."""
    application = Application()
    application.wait_for_database()
    application.broker  # noqa: B018 - says what is missing before anything starts
    raise typer.Exit(run_worker(application, concurrency or application.n_cores()))
