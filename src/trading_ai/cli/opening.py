"""`trading-ai open`: the report, made and shown."""

from __future__ import annotations

import webbrowser

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON, OPTIMIZATION_ID
from trading_ai.cli.output import note, print_json, say
from trading_ai.reports.making import write_report


def open_report(
    *,
    optimization_id: str = OPTIMIZATION_ID,
    show: bool = typer.Option(True, "--show/--no-show", help="Open it in the browser; else only make it."),
    as_json: bool = AS_JSON,
) -> None:
    """Make the report of an optimization and open it in the browser.

    The file is kept in the home folder under the optimization's id, and made anew each time.
    """
    application = Application()
    record = application.service.store.optimization(optimization_id)
    output = application.settings.home / "reports" / f"{record.optimization_id}.html"
    path = write_report(application.service, record, output).resolve()
    shown = show and webbrowser.open(path.as_uri())
    if as_json:
        print_json({"optimization_id": record.optimization_id, "output": str(path), "shown": shown})
        return
    say(str(path))
    if show and not shown:
        note("no browser could be opened here: open the file above in one")
