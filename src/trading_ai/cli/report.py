"""`trading-ai report`: one optimization as a single HTML file."""

from __future__ import annotations

from pathlib import Path

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON, OPTIMIZATION_ID
from trading_ai.cli.output import print_json, say
from trading_ai.reports.making import write_report


def report(
    *,
    optimization_id: str = OPTIMIZATION_ID,
    output: Path = typer.Option(Path("report.html"), "--output", "-o", help="The file to write."),
    as_json: bool = AS_JSON,
) -> None:
    """Write one HTML file with every figure and table; it opens offline."""
    service = Application().service
    record = service.store.optimization(optimization_id)
    path = write_report(service, record, output)
    n_bytes = path.stat().st_size
    if as_json:
        print_json({"optimization_id": record.optimization_id, "output": str(path.resolve()), "n_bytes": n_bytes})
    else:
        say(f"wrote {path} ({n_bytes / 1e6:.1f} MB)")
