"""`trading-ai optimize`, `list`, `status`, `results`, `cancel`, `resume`, `delete`."""

# ruff: noqa: B008 - typer reads a command's options from its defaults

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from trading_ai.cli.arguments import AS_JSON, OPTIMIZATION_ID, PARAM
from trading_ai.cli.flags import FROM_FLAGS, with_flags
from trading_ai.cli.output import duration, moment, note, print_json, say, table
from trading_ai.cli.progress import display, interruptible
from trading_ai.cli.trials import (
    optimization_with_results,
    results_of,
    show_progress_note,
    show_results,
    write_trials,
)
from trading_ai.documents.words import number, short
from trading_ai.options import Given, rows_of

if TYPE_CHECKING:
    from trading_ai.bootstrap import Application
    from trading_ai.driving.planning import Plan
    from trading_ai.optimization.records import OptimizationRecord


def announce(application: Application, plan: Plan, workers: int | None) -> None:
    """Say what will be tried and how long it is expected to take, before it runs."""
    sizes = " x ".join(f"{n:,}" for n in plan.space.shape)
    text = f"{sizes} = {plan.space.n_combinations:,} combinations of " + " x ".join(plan.space.names)
    if plan.n_left_out:
        rules = "condition" if plan.spec.parameter_constraints else "rule of the strategy"
        text += f"; {plan.n_left_out:,} break a {rules}"
    n_valid = plan.space.n_combinations - plan.n_left_out
    if plan.n_total != n_valid:
        text += f"; {plan.n_total:,} of them will be tried by {plan.spec.method}"
    elif plan.n_left_out:
        text += f", {plan.n_total:,} will be tried"
    note(text)
    if plan.spec.datasets:
        note("datasets: " + ", ".join(f"{name} {short(key)}" for name, key in plan.spec.datasets.items()))
    n_workers = application.n_workers(plan.expected_seconds, workers)
    where = "in this process" if n_workers == 1 else f"on {n_workers} worker processes"
    n_parallel = n_workers if n_workers > 1 else 1
    note(f"expected time: about {duration(plan.expected_seconds / n_parallel)} {where}")


def run_plan(application: Application, plan: Plan, name: str, workers: int | None) -> OptimizationRecord:
    """Start a planned optimization with a progress display; Ctrl-C pauses it."""
    with interruptible() as asked, display(plan.n_total, 0, plan.spec.objective) as show:
        return application.service.start(
            plan, name=name, n_workers=workers, started=_told_reuse, report=show, stop=asked.is_set
        )


def _told_reuse(record: OptimizationRecord) -> None:
    if record.n_completed:
        note(
            f"{record.n_completed:,} of {record.n_total:,} were tried before on the same data, code and costs: "
            "answered from the ledger (--no-reuse runs them again)"
        )


def finish(application: Application, record: OptimizationRecord, top: int, as_json: bool) -> None:
    """Show how a run ended; an interrupted one leaves with code 130.

    Raises:
        typer.Exit: it did not complete.
    """
    if as_json:
        print_json(optimization_with_results(application, record, top))
    elif record.status == "completed":
        show_results(application, record, top)
    from trading_ai.search.registry import METHODS  # noqa: PLC0415

    if record.n_reused and METHODS[record.spec.method].learns:
        note(f"{record.n_reused:,} of the {record.n_completed:,} trials were answered from the ledger")
    key = short(record.optimization_id)
    if record.status == "paused":
        note(f"Paused after {record.n_completed:,} of {record.n_total:,} trials.")
        note(f"resume with: trading-ai resume {key}")
        raise typer.Exit(130)
    if record.status == "cancelled":
        note(f"Cancelled after {record.n_completed:,} of {record.n_total:,} trials; they are kept.")
        raise typer.Exit(5)


@with_flags(rows_of("optimization"))
def optimize(
    backtest_id: str = typer.Argument(..., metavar="BACKTEST_ID", help="Backtest id, a unique prefix, or latest."),
    param: list[str] = PARAM,
    given: Given = FROM_FLAGS,
    workers: int | None = typer.Option(None, min=1, help="Worker processes; chosen by the expected time if left out."),
    name: str = typer.Option("", help="A name for it."),
    top: int = typer.Option(10, min=1, help="Trials to show at the end."),
    as_json: bool = AS_JSON,
) -> None:
    """Try every combination of some parameters of a backtest and rank the results."""
    from trading_ai.bootstrap import Application  # noqa: PLC0415 - commands import what they need
    from trading_ai.optimization.model import OptimizationSpec  # noqa: PLC0415
    from trading_ai.parameters import ParameterRange, SearchSpace  # noqa: PLC0415

    space = SearchSpace(tuple(ParameterRange.parse(text) for text in param))
    spec = OptimizationSpec.of(backtest_id, space, given)
    application = Application()
    plan = application.service.plan(spec)
    announce(application, plan, workers)
    record = run_plan(application, plan, name, workers)
    finish(application, record, top, as_json)


def resume(
    optimization_id: str = OPTIMIZATION_ID,
    workers: int | None = typer.Option(None, min=1, help="Worker processes; chosen by the expected time if left out."),
    top: int = typer.Option(10, min=1, help="Trials to show at the end."),
    as_json: bool = AS_JSON,
) -> None:
    """Go on with a paused or killed optimization; no trial is lost or repeated."""
    from trading_ai.bootstrap import Application  # noqa: PLC0415

    application = Application()
    before = application.store.optimization(optimization_id)
    left = before.n_total - before.n_completed
    note(f"{before.n_completed:,} of {before.n_total:,} trials are done, {left:,} are left")
    with (
        interruptible() as asked,
        display(before.n_total, before.n_completed, before.spec.objective) as show,
    ):
        record = application.service.resume(
            before.optimization_id,
            n_workers=workers,
            waiting=lambda s: note(f"Another process may still run it; waiting at most {duration(s)} ..."),
            report=show,
            stop=asked.is_set,
        )
    finish(application, record, top, as_json)


def _print(found: OptimizationRecord | list[OptimizationRecord]) -> None:
    from trading_ai.documents.optimizations import optimization_json  # noqa: PLC0415

    now = time.time()
    if isinstance(found, list):
        print_json([optimization_json(record, now) for record in found])
    else:
        print_json(optimization_json(found, now))


def list_optimizations(as_json: bool = AS_JSON) -> None:
    """List optimizations, newest first."""
    from trading_ai.bootstrap import Application  # noqa: PLC0415

    records = Application().store.optimizations()
    if as_json:
        _print(records)
        return
    rows = (
        [
            short(r.optimization_id), r.name, r.status, r.spec.method, " x ".join(r.spec.space.names),
            str(r.spec.objective), moment(r.created_at), f"{number(r.n_completed)} of {number(r.n_total)}",
            number(r.n_failed), duration(r.seconds),
        ]
        for r in records
    )  # fmt: skip
    heads = ("id", "name", "status", "method", "parameters", "objective", "created", "trials", "failed", "time")
    table("Optimizations", heads, rows, left=7)


def status(optimization_id: str = OPTIMIZATION_ID, as_json: bool = AS_JSON) -> None:
    """Show an optimization's progress."""
    from trading_ai.bootstrap import Application  # noqa: PLC0415

    record = Application().store.optimization(optimization_id)
    if as_json:
        _print(record)
        return
    say(f"optimization  {record.optimization_id}" + (f"  {record.name}" if record.name else ""))
    say(f"status        {record.status}" + (f" ({record.message})" if record.message else ""))
    share = 100 * record.n_completed / max(record.n_total, 1)
    say(f"trials        {record.n_completed:,} of {record.n_total:,} ({share:.1f} %), {record.n_failed:,} failed")
    say(f"backtest      {short(record.spec.backtest_id)}")
    for axis in record.spec.space.axes:
        say(f"searched      {axis.name}: {axis.values[0]} .. {axis.values[-1]}, {len(axis.values):,} values")
    say(f"method        {record.spec.method}, ranked by {record.spec.objective}")
    for text in record.spec.constraints:
        say(f"where         {text}")
    say(f"created       {moment(record.created_at)} UTC, ran for {duration(record.seconds)}")
    if record.status in {"paused", "failed"} or (record.status == "running" and record.n_completed < record.n_total):
        say(f"go on with    trading-ai resume {short(record.optimization_id)}")


def results(
    optimization_id: str = OPTIMIZATION_ID,
    top: int = typer.Option(20, min=1, help="Trials to show."),
    csv: Path | None = typer.Option(None, "--csv", help="Write every trial, ranked, to a CSV file."),
    parquet: Path | None = typer.Option(None, "--parquet", help="Write every trial, ranked, to a Parquet file."),
    pareto: bool = typer.Option(False, "--pareto", help="Only trials on the Pareto front of several objectives."),
    as_json: bool = AS_JSON,
) -> None:
    """Show the ranked trials, or write all of them to a file."""
    from trading_ai.bootstrap import Application  # noqa: PLC0415

    application = Application()
    record = application.store.optimization(optimization_id)
    written = write_trials(application, record, csv, parquet)
    if as_json:
        found = results_of(application, record, top, pareto)
        print_json({**found, "written": written} if written else found)
        return
    if not written:
        show_results(application, record, top, pareto)
    show_progress_note(record)
    for path in written:
        note(f"wrote {record.n_completed:,} trials to {path}")


def cancel(optimization_id: str = OPTIMIZATION_ID, as_json: bool = AS_JSON) -> None:
    """Cancel an optimization for good; finished trials are kept."""
    from trading_ai.bootstrap import Application  # noqa: PLC0415

    record = Application().service.cancel(optimization_id)
    if as_json:
        _print(record)
    else:
        say(f"cancelled optimization {short(record.optimization_id)}; {record.n_completed:,} trials are kept")


def delete(optimization_id: str = OPTIMIZATION_ID, as_json: bool = AS_JSON) -> None:
    """Delete an optimization with its trials."""
    from trading_ai.bootstrap import Application  # noqa: PLC0415

    found = Application().service.delete_optimization(optimization_id)
    if as_json:
        from trading_ai.documents.optimizations import deleted_json  # noqa: PLC0415

        print_json(deleted_json(found))
    else:
        say(f"deleted optimization {short(found)}")
