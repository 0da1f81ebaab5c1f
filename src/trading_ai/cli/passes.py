"""`trading-ai import-passes`: optimizations of other platforms."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON
from trading_ai.cli.output import note, print_json, say
from trading_ai.cli.tables import table
from trading_ai.documents.passes import imported_optimizations_json
from trading_ai.documents.words import number, short, values_text
from trading_ai.importers.passes.read import read_passes
from trading_ai.optimization.passes import judge_passes, keep_passes

if TYPE_CHECKING:
    from trading_ai.documents.passes import ImportedOptimization, Pass


def import_passes(
    *,
    files: list[Path] = typer.Argument(
        ..., metavar="FILE...", help="Results of optimizations, gzipped or zipped, or folders; a folder of reports."
    ),
    name: str = typer.Option("", help="A name for it; that of the strategy if left out."),
    as_json: bool = AS_JSON,
) -> None:
    """Keep an optimization that was made elsewhere and judge it by its passes; nothing of it can be run again."""
    store = Application().store
    read = read_passes(files)
    judged = [judge_passes(passes) for passes in read]
    every = [
        (passes, found, keep_passes(store, passes, name=name, now=time.time()))
        for passes, found in zip(read, judged, strict=True)
    ]
    answer = imported_optimizations_json(every)
    if as_json:
        print_json(answer)
        return
    for item in answer["imported"]:
        _show(item)
    say(f"Next: trading-ai results {short(answer['imported'][0]['id'])}")


def _show(item: ImportedOptimization) -> None:
    found = item["judgement"]
    say(f"optimization {item['id']}  {item['name']}")
    say(f"read from    {item['source']}: {item['origin']}")
    say(f"passes       {item['n_passes']:,}; {found['n_places']:,} places of the grid that their values span")
    say(f"fitness      {item['fitness_name']}, as given")
    rows = [
        [what, *_cells(one)]
        for what, one in [("best", found["best"]), ("plateau", found["plateau"])]
        if one is not None
    ]
    if rows:
        table("Passes", ("", "pass", "fitness", "net_profit", "drawdown_%", "parameters"), rows)
    facts = (
        ("best above the mean pass", found["above_mean"], "ratio", "standard deviations of the passes"),
        ("the same without skill", found["expected_above_mean"], "ratio", "expected of the best of so many"),
        ("median of the best's neighbours", found["best_neighbours"], "ratio", "fitness"),
        ("fitness and forward result", found["forward_correlation"], "ratio", "rank correlation, -1 to 1"),
        ("annual Sharpe ratio of the best", found["annual_sharpe"], "ratio", "of daily profits"),
        ("deflated Sharpe ratio", found["deflated_sharpe"], "ratio", "probability, 0 to 1"),
        ("probability of overfitting", found["overfitting_probability"], "ratio", "0 to 1"),
    )
    rows = [[what, number(value, unit), meaning] for what, value, unit, meaning in facts if value is not None]
    table("Judged", ("", "value", ""), rows)
    shares = sorted(found["importance"].items(), key=lambda pair: -(pair[1] or 0.0))
    if shares:
        shown = [[name, number(None if share is None else 100.0 * share, "percent")] for name, share in shares]
        table("Parameters", ("parameter", "explains_%"), shown)
    if found["front"]:
        front = [list(_cells(one)) for one in found["front"][:10]]
        table("Pareto front", ("pass", "fitness", "net_profit", "drawdown_%", "parameters"), front)
    for line in [*item["notes"], *found["unknown"]]:
        note(f"Note: {line}")
    if not item["added"]:
        note("These passes were imported before; nothing was added.")


def _cells(one: Pass) -> tuple[str, str, str, str, str]:
    return (
        f"{one['number']:,}", number(one["fitness"], "ratio"), number(one["net_profit"], "money"),
        number(one["max_drawdown_percent"], "percent"), values_text(one["parameters"]),
    )  # fmt: skip
