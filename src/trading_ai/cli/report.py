"""`trading-ai report`: one optimization as a single HTML file."""

from __future__ import annotations

from pathlib import Path

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON, OPTIMIZATION_ID
from trading_ai.cli.output import print_json, say
from trading_ai.reports.making import report_page, write_page
from trading_ai.reports.pdf import write_pdf


def report(
    *,
    optimization_id: str = OPTIMIZATION_ID,
    output: Path | None = typer.Option(
        None, "--output", "-o", help="The file to write; report.html, or report.pdf with --pdf, if left out."
    ),
    pdf: bool = typer.Option(False, "--pdf", help="Write a PDF, printed by Chromium, Chrome or Edge of this machine."),
    short: bool = typer.Option(False, "--short", help="Only result, verdict, equity and settings, to share."),
    as_json: bool = AS_JSON,
) -> None:
    """Write one HTML file with every figure and table, which opens offline; or a PDF of it."""
    service = Application().service
    record = service.store.optimization(optimization_id)
    page = report_page(service, record, short=short)
    target = output or Path("report.pdf" if pdf else "report.html")
    path = write_pdf(page, target) if pdf else write_page(page, target)
    n_bytes = path.stat().st_size
    if as_json:
        print_json({"optimization_id": record.optimization_id, "output": str(path.resolve()), "n_bytes": n_bytes})
    else:
        say(f"wrote {path} ({n_bytes / 1e6:.1f} MB)")
