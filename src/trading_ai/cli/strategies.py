"""`trading-ai strategies`: what there is to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from trading_ai.cli.arguments import AS_JSON
from trading_ai.cli.output import print_json, say
from trading_ai.cli.tables import table
from trading_ai.documents.strategies import strategy_json
from trading_ai.strategies.bundled import is_bundle
from trading_ai.strategies.event import EventStrategy
from trading_ai.strategies.registry import strategies, strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trading_ai.documents.strategies import StrategyParameter
    from trading_ai.strategies.base import Declared


def list_strategies(
    *,
    name: str | None = typer.Argument(None, help="One strategy, or a file.py:Class; all of them if left out."),
    as_json: bool = AS_JSON,
) -> None:
    """List strategies with their parameters, bounds, defaults and units."""
    if name is not None and is_bundle(name):
        from trading_ai.bootstrap import Application  # noqa: PLC0415 - the others need no database

        Application()  # says where bundles are
    known: Mapping[str, Declared | type[Declared]] = strategies() if name is None else {name: strategy(name)}
    found = [strategy_json(key, known[key]) for key in sorted(known)]
    if as_json:
        print_json(found)
        return
    columns = ("parameter", "default", "min", "max", "unit", "description")

    def rows(parameters: list[StrategyParameter]) -> list[list[str]]:
        return [
            [
                p["name"], str(p["default"]), "" if p["minimum"] is None else f"{p['minimum']:,}",
                "" if p["maximum"] is None else f"{p['maximum']:,}", p["unit"], p["description"],
            ]
            for p in parameters
        ]  # fmt: skip

    for shown in found:
        rule = "; ".join(shown["rules"])
        title = f"{shown['name']}: {shown['description']}" + (f" ({rule})" if rule else "")
        table(title, columns, rows(shown["parameters"]))
    if found[0]["exit_parameters"]:
        table("Every strategy also has these exits", columns, rows(found[0]["exit_parameters"]))
    for chosen in known.values() if name is not None else ():
        if isinstance(chosen, EventStrategy):
            say(_how_it_runs(chosen))
    say("A strategy of your own: --strategy path/to/file.py:ClassName")


def _how_it_runs(chosen: EventStrategy) -> str:
    """Whether an event strategy is compiled, and if not, what is in the way."""
    from trading_ai.evaluation.event_runs import why_not_compiled  # noqa: PLC0415 - brings compiled code with it
    from trading_ai.importers.samples import load_sample  # noqa: PLC0415

    reason = why_not_compiled(chosen, load_sample("EURUSD").slice(0, 300))
    return f"It runs as plain Python: {reason}." if reason else "Its on_bar is compiled."
