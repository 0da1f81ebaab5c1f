"""`trading-ai walk-forward`: choose on the past, trade what follows, choose again, each time as it would have been."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON, PARAM
from trading_ai.cli.flags import FROM_FLAGS, with_flags
from trading_ai.cli.output import duration, note, print_json, say
from trading_ai.cli.progress import display, interruptible
from trading_ai.cli.tables import table
from trading_ai.documents.walk_forward import walk_forward_json
from trading_ai.documents.words import number, short, strategy_label, values_text
from trading_ai.errors import NoWinnerError, StateError
from trading_ai.optimization.model import OptimizationSpec
from trading_ai.options import Given, rows_of
from trading_ai.parameters import ParameterRange, SearchSpace
from trading_ai.studies.exact_walk_forward import WalkForwardService, WalkForwardSpec
from trading_ai.studies.stitching import stitch

if TYPE_CHECKING:
    from trading_ai.optimization.records import OptimizationRecord
    from trading_ai.studies.exact_walk_forward import WalkForwardPlan
    from trading_ai.studies.stitching import ExactWalkForward


@with_flags(rows_of("optimization", each_window=True))
def walk_forward(
    *,
    backtest_id: str = typer.Argument(
        ..., metavar="BACKTEST_ID", help="Backtest id, a unique prefix, its name, or latest."
    ),
    param: list[str] = PARAM,
    given: Given = FROM_FLAGS,
    windows: str | None = typer.Option(None, help="Training and test, such as 12M/3M; else suited to the data."),
    anchored: bool = typer.Option(False, help="Every training begins with the data instead of moving along."),
    workers: int | None = typer.Option(None, min=1, help="Worker processes; chosen by the expected time if left out."),
    compare: bool = typer.Option(True, "--compare/--no-compare", help="Show the instant form of one sweep beside it."),
    report: Path | None = typer.Option(None, metavar="FILE", help="Write it as an HTML page too, which opens offline."),
    as_json: bool = AS_JSON,
) -> None:
    """Optimize each training window anew and trade its winner on the days that follow.

    Every training is an optimization in the store. Started again after Ctrl-C or a crash, the same command goes on;
    windows that are complete are not run again.
    """
    space = SearchSpace(tuple(ParameterRange.parse(text) for text in param))
    search = OptimizationSpec.of(backtest_id, space, given)
    application = Application()
    service = WalkForwardService(application.service, application.backtests)
    plan = service.plan(WalkForwardSpec(search, windows, anchored, compare))
    note(
        f"{len(plan.windows)} windows of {plan.size}{', anchored' if anchored else ''}, {plan.n_total:,} combinations "
        f"of {' x '.join(search.space.names)} in each" + (", and a sweep of all days to compare" if plan.whole else "")
    )
    for line in search.space.notes:
        note(line)
    _run(service, plan, workers, as_json=as_json)
    found = stitch(service, plan)
    if report is not None:
        _write(application, plan, found, report)
    if as_json:
        _print(service, plan, found)
    else:
        show(found)
    if not any(window.parameters for window in found.windows):
        raise NoWinnerError(
            "no window has a trial that holds every condition: nothing was chosen and nothing traded. Relax --where."
        )


def _write(application: Application, plan: WalkForwardPlan, found: ExactWalkForward, output: Path) -> None:
    from trading_ai.reports.making import write_page  # noqa: PLC0415 - plotly takes a third of a second
    from trading_ai.reports.walk_forward import walk_forward_page  # noqa: PLC0415

    search = plan.spec.search
    backtest = application.service.store.backtest(search.backtest_id)
    title = f"Walk-forward of {backtest.name or strategy_label(backtest.spec.strategy)}"
    write_page(walk_forward_page(found, search.space, title, backtest.spec.account_currency), output)
    note(f"wrote {output}")


def _run(service: WalkForwardService, plan: WalkForwardPlan, workers: int | None, *, as_json: bool) -> None:
    """Run what is left of every part.

    Raises:
        typer.Exit: the user paused it.
    """
    with interruptible() as asked:
        for i, part in enumerate(plan.parts, 1):
            known = service.found(part)
            if known is not None and known.status == "completed":
                note(f"{i} of {len(plan.parts)}: {part.name} is complete already")
                continue
            note(f"{i} of {len(plan.parts)}: {part.name}")
            n_done = known.n_completed if known else 0
            with display(plan.n_total, n_done, plan.spec.search.objective) as show_progress:
                record = service.run(part, n_workers=workers, waiting=_waiting, report=show_progress, stop=asked.is_set)
            if record.status == "paused":
                if as_json:
                    _print(service, plan)
                _paused(record, i - 1, len(plan.parts))
            if record.status != "completed":
                raise StateError(f"{record.name} ({short(record.optimization_id)}) is {record.status}")


def _waiting(seconds: float) -> None:
    note(f"Another process may still run it; waiting at most {duration(seconds)} ...")


def _print(service: WalkForwardService, plan: WalkForwardPlan, found: ExactWalkForward | None = None) -> None:

    print_json(walk_forward_json(plan, [service.found(part) for part in plan.parts], found))


def _paused(record: OptimizationRecord, n_done: int, n_parts: int) -> None:
    note(f"Paused in {record.name}, after {n_done} of {n_parts} optimizations.")
    note("start the same command again to go on")
    raise typer.Exit(130)


def show(found: ExactWalkForward) -> None:
    """Print the windows of both forms, and what they add up to."""
    compared = found.instant_net_profit is not None
    heads = ["learnt from", "traded from", "to", "chosen", "in_sample", "out_of_sample", "trades"]
    rows = []
    for w in found.windows:
        chosen = "nothing" if w.parameters is None else values_text(w.parameters)
        row = [w.train_first, w.test_first, w.test_end, chosen]
        row += [number(w.in_sample_profit, "money"), number(w.out_of_sample_profit, "money"), number(w.n_trades)]
        if compared:
            other = "nothing" if w.instant_parameters is None else values_text(w.instant_parameters)
            instant = w.instant_out_of_sample_profit
            difference = None if instant is None else w.out_of_sample_profit - instant
            row += ["the same" if w.parameters == w.instant_parameters else other]
            row += [number(instant, "money"), number(difference, "money")]
        rows.append(row)
    if compared:
        heads += ["instant form chose", "its out_of_sample", "difference"]
    spare = ("instant form chose", "its out_of_sample", "difference", "learnt from")
    table(
        f"Walk-forward {found.size}{', anchored' if found.anchored else ''}: profit", heads, rows, left=4, spare=spare
    )
    say(
        f"{number(found.net_profit, 'money')} out of sample in {len(found.windows)} windows "
        f"({100 * found.share_of_winning_windows:.0f} % of them won), efficiency {number(found.efficiency)}, "
        f"{found.n_distinct} different winners, Sharpe ratio of a day {number(found.sharpe)}"
    )
    say("mean step from window to window, as a share of its axis: " + values_text(found.drift))
    if compared:
        say(
            f"The instant form, which slices one sweep: {number(found.instant_net_profit, 'money')} out of sample, "
            f"efficiency {number(found.instant_efficiency)}, the same choice in {found.n_same} of "
            f"{len(found.windows)} windows."
        )
        say(
            "They differ where a position is open at a border (the exact form ends it there and begins without one; "
            f"{found.n_cut} trades of the tests ended so) and where sizes or returns depend on the balance (each "
            "window begins with the capital)."
        )
    say(f"Costs: {found.costs_stated}.")
    for line in found.notes:
        note(line)
