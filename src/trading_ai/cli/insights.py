"""`trading-ai insights`: what matters in an optimization."""

from __future__ import annotations

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON, OPTIMIZATION_ID
from trading_ai.cli.output import print_json, say


def insights(
    *,
    optimization_id: str = OPTIMIZATION_ID,
    quiet: bool = typer.Option(False, "--quiet", help="Leave out the tests that found nothing."),
    as_json: bool = AS_JSON,
) -> None:
    """Say what matters in an optimization, ranked, each with its evidence and what to do next."""
    application = Application()
    try:
        found = application.assistant.insights(optimization_id)
    finally:
        application.sql.close()
    if as_json:
        print_json(found)
        return
    for place, insight in enumerate((i for i in found["insights"] if i["weight"] > 0), 1):
        say(f"{place}. {insight['name']} ({insight['threshold']})")
        for statement in insight["statements"]:
            say(f"   {statement['text']}")
        for text in insight["next"]:
            say(f"   Next: {text}")
    silent = [f"{i['name']} ({i['threshold']})" for i in found["insights"] if i["weight"] == 0]
    if silent and not quiet:
        say("Nothing found by: " + ", ".join(silent))
