"""`trading-ai report`: one optimization as a single HTML file."""

# ruff: noqa: B008 - typer reads a command's options from its defaults

from __future__ import annotations

from pathlib import Path

import typer

from trading_ai.cli.arguments import AS_JSON, OPTIMIZATION_ID
from trading_ai.cli.output import print_json, say


def report(
    optimization_id: str = OPTIMIZATION_ID,
    output: Path = typer.Option(Path("report.html"), "--output", "-o", help="The file to write."),
    as_json: bool = AS_JSON,
) -> None:
    """Write one HTML file with every figure and table; it opens offline."""
    from trading_ai.bootstrap import Application  # noqa: PLC0415 - commands import what they need
    from trading_ai.reports.making import write_report  # noqa: PLC0415

    service = Application().service
    record = service.store.optimization(optimization_id)
    path = write_report(service, record, output)
    n_bytes = path.stat().st_size
    if as_json:
        print_json({"optimization_id": record.optimization_id, "output": str(path.resolve()), "n_bytes": n_bytes})
    else:
        say(f"wrote {path} ({n_bytes / 1e6:.1f} MB)")
