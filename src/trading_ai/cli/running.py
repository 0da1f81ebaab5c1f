"""`trading-ai optimize` and `resume`: what runs here, with its progress."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON, CBOTSET, OPTIMIZATION_ID, PARAM
from trading_ai.cli.flags import FROM_FLAGS, with_flags
from trading_ai.cli.output import duration, note, print_json
from trading_ai.cli.progress import display, interruptible
from trading_ai.cli.trials import optimization_with_results, show_results
from trading_ai.documents.words import short
from trading_ai.errors import NoWinnerError
from trading_ai.evaluation.job import strategy_of
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.options import Given, rows_of
from trading_ai.parameters import Axis, ParameterRange, SearchSpace
from trading_ai.search.registry import METHODS

if TYPE_CHECKING:
    from trading_ai.driving.planning import Plan
    from trading_ai.optimization.records import OptimizationRecord


def announce(application: Application, plan: Plan, workers: int | None) -> None:
    """Say what will be tried and how long it is expected to take, before it runs."""
    sizes = " x ".join(f"{n:,}" for n in plan.space.shape)
    text = f"{sizes} = {plan.space.n_combinations:,} combinations of " + " x ".join(plan.space.names)
    if plan.n_left_out:
        rules = "condition" if plan.spec.parameter_constraints else "rule of the strategy"
        about = "about " if plan.proposals.combinations.is_estimated else ""
        text += f"; {about}{plan.n_left_out:,} break a {rules}"
    n_valid = plan.space.n_combinations - plan.n_left_out
    if plan.n_total != n_valid:
        text += f"; {plan.n_total:,} of them will be tried by {plan.spec.method}"
    elif plan.n_left_out:
        text += f", {plan.n_total:,} will be tried"
    note(text)
    if plan.look_ahead is not None:
        if plan.look_ahead.found:
            note(
                "WARNING: THE STRATEGY READS THE FUTURE: its results could not have been traded, and no trial of it "
                f"survives `robustness`. {plan.look_ahead}"
            )
        else:
            note(f"look-ahead: {plan.look_ahead}")
    for line in plan.space.notes:
        note(line)
    if plan.spec.datasets:
        note("datasets: " + ", ".join(f"{name} {short(key)}" for name, key in plan.spec.datasets.items()))
    # A method that learns waits for each batch: it runs in this process, however long it takes.
    n_workers = 1 if plan.proposals.learns else application.n_workers(plan.expected_seconds, workers)
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


def finish(application: Application, record: OptimizationRecord, top: int, *, as_json: bool) -> None:
    """Show how a run ended; an interrupted one leaves with code 130.

    Raises:
        typer.Exit: it did not complete, or no trial ranks.
    """
    if as_json:
        print_json(optimization_with_results(application, record, top))
    elif record.status == "completed":
        show_results(application, record, top)

    if record.spec.look_ahead:
        note(f"WARNING: the strategy reads the future, nobody could have traded this: {record.spec.look_ahead}")
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
    if record.status == "completed" and record.best_index is None:
        raise typer.Exit(NoWinnerError.exit_code)


@with_flags(rows_of("optimization"))
def optimize(
    *,
    backtest_id: str = typer.Argument(
        ..., metavar="BACKTEST_ID", help="Backtest id, a unique prefix, its name, or latest."
    ),
    param: list[str] = PARAM,
    cbotset: Path | None = CBOTSET,
    given: Given = FROM_FLAGS,
    workers: int | None = typer.Option(None, min=1, help="Worker processes; chosen by the expected time if left out."),
    name: str = typer.Option("", help="A name for it."),
    top: int = typer.Option(10, min=1, help="Trials to show at the end."),
    as_json: bool = AS_JSON,
) -> None:
    """Try every combination of some parameters of a backtest and rank the results."""
    application = Application()
    axes: list[Axis] = [ParameterRange.parse(text) for text in param]
    if cbotset is not None:
        from trading_ai.runners.cbot.cbotset import axes_for, read_cbotset  # noqa: PLC0415 - SciPy takes 0.3 s

        base = application.store.backtest(backtest_id).spec
        saved = axes_for(strategy_of(base).parameters, read_cbotset(cbotset), base.parameters)
        named = {axis.name for axis in axes}
        axes += [axis for axis in saved if axis.name not in named]
    spec = OptimizationSpec.of(backtest_id, SearchSpace(tuple(axes)), given)
    plan = application.service.plan(spec)
    announce(application, plan, workers)
    record = run_plan(application, plan, name, workers)
    finish(application, record, top, as_json=as_json)


def resume(
    *,
    optimization_id: str = OPTIMIZATION_ID,
    workers: int | None = typer.Option(None, min=1, help="Worker processes; chosen by the expected time if left out."),
    top: int = typer.Option(10, min=1, help="Trials to show at the end."),
    as_json: bool = AS_JSON,
) -> None:
    """Go on with a paused or killed optimization; no trial is lost or repeated."""
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
    finish(application, record, top, as_json=as_json)
