"""`trading-ai results`: trials of an optimization as a document, as a table, and as files."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON, OPTIMIZATION_ID
from trading_ai.cli.output import note, print_json, say
from trading_ai.cli.tables import table
from trading_ai.documents.cursors import FRONT, around
from trading_ai.documents.optimizations import (
    OptimizationResults,
    Results,
    optimization_json,
    results_json,
    trials_json,
)
from trading_ai.documents.words import number, short, values_text
from trading_ai.errors import StorageError
from trading_ai.metrics.catalog import METRIC_COLUMN, metric
from trading_ai.metrics.names import HEADS
from trading_ai.optimization.cautions import said_of_optimization
from trading_ai.optimization.columns import objective_values
from trading_ai.optimization.objective import ruined
from trading_ai.optimization.paging import Key, Order
from trading_ai.optimization.pareto import front_page
from trading_ai.optimization.shape import shape_columns

if TYPE_CHECKING:
    from trading_ai.optimization.records import OptimizationRecord, TrialPage

_HEADS = {"sharpe_first_75": "first_75%", "sharpe_last_25": "last_25%", **HEADS}
_SPARE = (
    "sharpe_first_75", "sharpe_last_25", "win_rate", "profit_factor", "plateau", "sharpe_ratio",
    "max_drawdown_percent", "net_profit",
)  # fmt: skip
"""Columns that a narrow screen does without, the first of them first."""

_SHOWN = ("net_profit", "sharpe_ratio", "max_drawdown_percent", "profit_factor", "win_rate", "total_trades")


def _page(
    application: Application, record: OptimizationRecord, top: int, *, pareto: bool
) -> tuple[list[int], TrialPage, int]:
    """The best trials, or the best of those on the Pareto front: their ranks, themselves, and how many there are.

    Raises:
        ParameterError: the front is asked for, and there is one objective.
    """
    if not pareto:
        page = application.store.ranked(record.optimization_id, top)
        return list(range(1, page.indices.size + 1)), page, record.n_completed
    ranks, page = front_page(application.store, record, slice(0, top))
    return ranks[:top].tolist(), page, ranks.size


def _has_winner(record: OptimizationRecord, page: TrialPage) -> bool:
    return record.best_index is not None and bool(page.indices.size)


def results_of(application: Application, record: OptimizationRecord, top: int, *, pareto: bool = False) -> Results:
    """The best trials of an optimization, or the best of those on its Pareto front."""
    ranks, page, total = _page(application, record, top, pareto=pareto)
    store = application.store
    beside, said, n = (
        shape_columns(store, record, page.indices),
        said_of_optimization(store, record),
        page.indices.size,
    )
    keys = store.page(record.optimization_id, Order(), top).keys
    if pareto and n:
        keys = Key(0, 0.0, int(page.indices[0])), Key(0, float(n - 1), int(page.indices[-1]))
    cursors = around(FRONT if pareto else "", keys, 0, n, total)
    return results_json(record, page, ranks, beside, said=said, total=total, cursors=cursors)


def optimization_with_results(application: Application, record: OptimizationRecord, top: int) -> OptimizationResults:
    """An optimization with its best trials."""
    return {**optimization_json(record, time.time()), **results_of(application, record, top)}


def show_results(application: Application, record: OptimizationRecord, top: int, *, pareto: bool = False) -> None:
    """Print the ranked table, the best parameters, what luck has to do with them, and what to do next."""
    ranks, page, _ = _page(application, record, top, pareto=pareto)
    kind = record.spec.objective
    objective = str(kind)
    unit = kind.unit
    others = [name for name in map(str, record.spec.more_objectives) if name.isidentifier() and name not in _SHOWN]
    names = [name for name in (*others, *_SHOWN) if name != objective]
    beside = shape_columns(application.store, record, page.indices)
    space, values = record.spec.space, objective_values(record, page, beside).tolist()
    if kind.plateau_of:  # it is the objective
        beside.pop("plateau", None)
    lost, rows = ruined(page.metrics), []
    stopped = page.metrics[:, METRIC_COLUMN["stop_outs"]] > 0.0
    has_marks = bool(stopped.any() or not page.feasible.all())
    for i, trial in enumerate(trials_json(record, page, ranks, beside)):
        metrics: Mapping[str, object] = {**trial}
        mark = "ruined" if lost[i] else "breaks a condition"
        held = "stopped out" if stopped[i] else ""
        mark = held if trial["feasible"] else ("failed" if trial["error"] else mark)
        rows.append(
            [
                str(trial["rank"]),
                *(number(value) for value in trial["parameters"].values()),
                number(values[i], unit),
                *(number(metrics.get(name), metric(name).unit) for name in names),
                *(_beside(name, column[i].item(), unit) for name, column in beside.items()),
                *([mark] if has_marks else []),
            ]
        )
    shown = _HEADS.get(objective, objective) if objective.isidentifier() else "objective"
    heads = (
        "rank",
        *space.names,
        shown,
        *(_HEADS.get(n, n) for n in (*names, *beside)),
        *([""] if has_marks else []),
    )
    which = "on the Pareto front, of" if pareto else "of"
    title = f"Best {len(rows)} {which} {record.n_completed:,} trials by {objective}"
    if record.n_failed:
        title += f" ({record.n_failed:,} failed)"
    spare = [_HEADS.get(name, name) for name in _SPARE]
    table(title, heads, rows, left=0, spare=spare, elsewhere="--csv and --json have them")
    if _has_winner(record, page):
        best = space.combination(int(page.indices[0]))
        say(f"Best parameters: {values_text(best)} ({objective} {number(values[0], unit)})")
        say(
            f"This is the best of {record.n_completed:,} trials on the data it was chosen on (the in-sample winner): "
            "expect less on new data."
        )
        if "plateau" in beside:
            say("plateau: median of the objective over a trial and its neighbours on the grid.")
        if record.spec.more_objectives:
            say("pareto: no other trial is as good in " + ", ".join(map(str, record.spec.objectives)) + ".")
        if "sharpe_last_25" in beside:
            say("first_75%, last_25%: Sharpe ratio of these days; all days ranked, so neither is out of sample.")
    else:
        for index, message in list(page.errors.items())[:1]:
            last = message.strip().splitlines()[-1]
            say(f"Combination {values_text(space.combination(index))} failed with: {last}")
    said, key = said_of_optimization(application.store, record), short(record.optimization_id)
    say(f"Costs: {said.costs_stated}.")
    for line in said.warnings:
        say(f"Warning: {line}")
    if record.best_index is None:
        say(f"Next: trading-ai results {key} --csv trials.csv   (what the trials have)")
        return
    say(f"Next: trading-ai robustness {key}   (would it survive?)")
    say(f"      trading-ai results {key} --csv trials.csv")
    say(f"      trading-ai report {key} --output report.html")


def _beside(name: str, value: float | bool, unit: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return number(value, unit if name == "plateau" else "ratio")


def write_trials(
    application: Application, record: OptimizationRecord, csv: Path | None, parquet: Path | None
) -> list[str]:
    """Write every trial, best first, to the files asked for; returns their paths."""
    if csv is None and parquet is None:
        return []
    from trading_ai.reports.trials import trial_frame  # noqa: PLC0415 - a table on the screen needs no polars

    page = application.store.ranked(record.optimization_id, max(record.n_completed, 1))
    beside = shape_columns(application.store, record, page.indices)
    frame = trial_frame(record, page, range(1, page.indices.size + 1), beside)
    written = []
    try:
        if csv is not None:
            frame.write_csv(csv)
            written.append(str(csv))
        if parquet is not None:
            frame.write_parquet(parquet)
            written.append(str(parquet))
    except OSError as error:
        raise StorageError(f"the file could not be written: {error}") from error
    return written


def show_progress_note(record: OptimizationRecord) -> None:
    """Say on stderr that the trials shown are not all."""
    if record.status != "completed":
        note(f"{record.status}: {record.n_completed:,} of {record.n_total:,} trials")


def results(
    *,
    optimization_id: str = OPTIMIZATION_ID,
    top: int = typer.Option(20, min=1, help="Trials to show."),
    csv: Path | None = typer.Option(None, "--csv", help="Write every trial, ranked, to a CSV file."),
    parquet: Path | None = typer.Option(None, "--parquet", help="Write every trial, ranked, to a Parquet file."),
    pareto: bool = typer.Option(False, "--pareto", help="Only trials on the Pareto front of several objectives."),
    as_json: bool = AS_JSON,
) -> None:
    """Show the ranked trials, or write all of them to a file."""
    application = Application()
    record = application.store.optimization(optimization_id)
    written = write_trials(application, record, csv, parquet)
    if as_json:
        found = results_of(application, record, top, pareto=pareto)
        print_json({**found, "written": written} if written else found)
        return
    if not written:
        show_results(application, record, top, pareto=pareto)
    show_progress_note(record)
    for path in written:
        note(f"wrote {record.n_completed:,} trials to {path}")
