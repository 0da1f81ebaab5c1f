"""`trading-ai list`, `status`, `cancel`, `pause`, `prioritize`, `delete`: optimizations that are stored."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON, OPTIMIZATION_ID, WINDOWS
from trading_ai.cli.notes import say_notes
from trading_ai.cli.output import duration, moment, print_json, say
from trading_ai.cli.tables import say_folded, table
from trading_ai.documents.optimizations import deleted_json, optimization_json
from trading_ai.documents.words import number, short
from trading_ai.optimization.model import floor_text
from trading_ai.optimization.records import MOST_PRIORITY

if TYPE_CHECKING:
    from trading_ai.optimization.records import OptimizationRecord

PRIORITY = typer.Argument(..., min=1, max=MOST_PRIORITY, help="The higher, the larger its share; 5 unless told.")


def _print(found: OptimizationRecord | list[OptimizationRecord]) -> None:

    now = time.time()
    if isinstance(found, list):
        print_json([optimization_json(record, now) for record in found])
    else:
        print_json(optimization_json(found, now))


def list_optimizations(*, windows: bool = WINDOWS, as_json: bool = AS_JSON) -> None:
    """List optimizations, newest first."""
    every = Application().store.optimizations()
    records = every if windows else [record for record in every if not record.part_of]
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
    spare = ("failed", "time", "method", "objective", "created", "parameters")
    table("Optimizations", heads, rows, left=7, spare=spare)
    say_folded(every, records, "optimizations")


def status(*, optimization_id: str = OPTIMIZATION_ID, as_json: bool = AS_JSON) -> None:
    """Show an optimization's progress."""
    application = Application()
    record = application.store.optimization(optimization_id)
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
    if record.spec.min_trades:
        say(f"where         {floor_text(record.spec.min_trades)} (--min-trades)")
    say(f"created       {moment(record.created_at)} UTC, ran for {duration(record.seconds)}")
    if record.status in {"paused", "failed"} or (record.status == "running" and record.n_completed < record.n_total):
        say(f"go on with    trading-ai resume {short(record.optimization_id)}")
    say_notes(application.notes.of(record.optimization_id))


def cancel(*, optimization_id: str = OPTIMIZATION_ID, as_json: bool = AS_JSON) -> None:
    """Cancel an optimization for good; finished trials are kept."""
    record = Application().service.cancel(optimization_id)
    if as_json:
        _print(record)
    else:
        say(f"cancelled optimization {short(record.optimization_id)}; {record.n_completed:,} trials are kept")


def pause(*, optimization_id: str = OPTIMIZATION_ID, as_json: bool = AS_JSON) -> None:
    """Pause an optimization, whichever process runs it; `resume` goes on."""
    record = Application().service.pause(optimization_id)
    if as_json:
        _print(record)
    else:
        key = short(record.optimization_id)
        say(f"paused optimization {key}; {record.n_completed:,} of {record.n_total:,} trials are kept so far")
        say(f"go on with: trading-ai resume {key}")


def prioritize(optimization_id: str = OPTIMIZATION_ID, priority: int = PRIORITY, *, as_json: bool = AS_JSON) -> None:
    """Give an optimization more, or less, of the workers that others wait for too."""
    record = Application().service.prioritize(optimization_id, priority)
    if as_json:
        _print(record)
    else:
        say(f"optimization {short(record.optimization_id)} has priority {priority} of {MOST_PRIORITY}")


def delete(*, optimization_id: str = OPTIMIZATION_ID, as_json: bool = AS_JSON) -> None:
    """Delete an optimization with its trials."""
    found = Application().service.delete_optimization(optimization_id)
    if as_json:
        print_json(deleted_json(found))
    else:
        say(f"deleted optimization {short(found)}")
