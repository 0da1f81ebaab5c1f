"""Trials of an optimization as JSON, as a table, and as files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trading_ai.cli.backtests import values_text
from trading_ai.cli.output import iso, note, number, say, short, table

if TYPE_CHECKING:
    from trading_ai.bootstrap import Application
    from trading_ai.optimization.records import OptimizationRecord, TrialPage

_HEADS = {
    "sharpe_in_sample": "sharpe_is", "sharpe_out_of_sample": "sharpe_oos", "sharpe_ratio": "sharpe",
    "max_drawdown_percent": "drawdown_%", "total_trades": "trades",
}  # fmt: skip
_SHOWN = ("net_profit", "sharpe_ratio", "max_drawdown_percent", "profit_factor", "win_rate", "total_trades")


def optimization_json(record: OptimizationRecord) -> dict[str, Any]:
    """An optimization as the JSON that commands print."""
    spec = record.spec
    return {
        "optimization_id": record.optimization_id,
        "id": record.optimization_id,
        "name": record.name,
        "status": record.status,
        "message": record.message,
        "backtest_id": spec.backtest_id,
        "parameter_ranges": spec.space.to_json(),
        "datasets": dict(spec.datasets),
        "n_combinations": spec.space.n_combinations,
        "method": spec.method,
        "max_iterations": spec.max_iterations,
        "seed": spec.seed,
        "objective": spec.objective,
        "objectives": [spec.objective, *spec.more_objectives],
        "constraints": list(spec.constraints),
        "parameter_constraints": list(spec.parameter_constraints),
        "n_total": record.n_total,
        "n_completed": record.n_completed,
        "n_failed": record.n_failed,
        "n_reused": record.n_reused,
        "progress_percent": 100 * record.n_completed / max(record.n_total, 1),
        "seconds": record.seconds,
        "strategy_hash": record.strategy_hash,
        "engine_version": record.engine_version,
        "created_at": iso(record.created_at),
        "started_at": iso(record.started_at),
        "finished_at": iso(record.finished_at),
    }


def _page(application: Application, record: OptimizationRecord, top: int, pareto: bool) -> tuple[list[int], TrialPage]:
    """The best trials, or the best of those on the Pareto front, with their ranks.

    Raises:
        StateError: there is one objective.
    """
    from trading_ai.optimization.pareto import front_page  # noqa: PLC0415

    if not pareto:
        page = application.store.ranked(record.optimization_id, top)
        return list(range(1, page.indices.size + 1)), page
    ranks, page = front_page(application.store, record)
    return ranks[:top].tolist(), page.part(slice(0, top))


def _trials(record: OptimizationRecord, page: TrialPage, ranks: list[int]) -> list[dict[str, Any]]:
    from trading_ai.metrics.catalog import METRIC_NAMES  # noqa: PLC0415 - commands import what they need

    return [
        {
            "rank": rank,
            "combination_index": index,
            "parameters": record.spec.space.combination(index),
            "feasible": feasible,
            "error": page.errors.get(index),
            "metrics": dict(zip(METRIC_NAMES, row, strict=True)),
        }
        for rank, index, feasible, row in zip(
            ranks, page.indices.tolist(), page.feasible.tolist(), page.metrics.tolist(), strict=True
        )
    ]


def _has_winner(record: OptimizationRecord, page: TrialPage) -> bool:
    return record.best_index is not None and bool(page.indices.size)


def results_json(
    application: Application, record: OptimizationRecord, top: int, pareto: bool = False
) -> dict[str, Any]:
    """An optimization with its best trials as the JSON that commands print."""
    from trading_ai.optimization.columns import as_rows, objective_values, shape_columns  # noqa: PLC0415

    ranks, page = _page(application, record, top, pareto)
    trials = _trials(record, page, ranks)
    beside = shape_columns(application.store, record, page.indices)
    values = objective_values(record, page, beside).tolist()
    for trial, value, more in zip(trials, values, as_rows(beside, len(trials)), strict=True):
        trial |= {"objective": None if math.isnan(value) else value, **more}
    winner = trials[0] if _has_winner(record, page) else None
    return optimization_json(record) | {
        "best": winner,
        "best_parameters": winner["parameters"] if winner else None,
        "n_trials_tried": record.n_completed,
        "results": trials,
    }


def show_results(application: Application, record: OptimizationRecord, top: int, pareto: bool = False) -> None:
    """Print the ranked table, the best parameters, what luck has to do with them, and what to do next."""
    from trading_ai.metrics.catalog import metric  # noqa: PLC0415
    from trading_ai.optimization.columns import objective_values, shape_columns  # noqa: PLC0415
    from trading_ai.optimization.objective import Objective  # noqa: PLC0415

    ranks, page = _page(application, record, top, pareto)
    objective, kind = record.spec.objective, Objective.parse(record.spec.objective)
    unit = kind.unit
    others = [name for name in record.spec.more_objectives if name.isidentifier() and name not in _SHOWN]
    names = [name for name in (*others, *_SHOWN) if name != objective]
    beside = shape_columns(application.store, record, page.indices)
    space, values = record.spec.space, objective_values(record, page, beside).tolist()
    if kind.plateau_of:  # it is the objective
        beside.pop("plateau", None)
    rows = []
    for i, trial in enumerate(_trials(record, page, ranks)):
        mark = "" if trial["feasible"] else ("failed" if trial["error"] else "breaks a condition")
        rows.append(
            [
                str(trial["rank"]),
                *(number(value) for value in trial["parameters"].values()),
                number(values[i], unit),
                *(number(trial["metrics"][name], metric(name).unit) for name in names),
                *(_beside(name, column[i].item(), unit) for name, column in beside.items()),
                *([mark] if not page.feasible.all() else []),
            ]
        )
    shown = _HEADS.get(objective, objective) if objective.isidentifier() else "objective"
    heads = (
        "rank",
        *space.names,
        shown,
        *(_HEADS.get(n, n) for n in (*names, *beside)),
        *([""] if not page.feasible.all() else []),
    )
    which = "on the Pareto front, of" if pareto else "of"
    title = f"Best {len(rows)} {which} {record.n_completed:,} trials by {objective}"
    if record.n_failed:
        title += f" ({record.n_failed:,} failed)"
    table(title, heads, rows, left=0)
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
            say("pareto: no other trial is as good in " + ", ".join((objective, *record.spec.more_objectives)) + ".")
        if "sharpe_out_of_sample" in beside:
            say("sharpe_is, sharpe_oos: in and out of sample, of the first 75 % of the days and of the others.")
    else:
        say(f"No trial can be ranked: {objective} is undefined, or a condition is broken, in all of them.")
        for index, message in list(page.errors.items())[:1]:
            last = message.strip().splitlines()[-1]
            say(f"Combination {values_text(space.combination(index))} failed with: {last}")
    key = short(record.optimization_id)
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
    from trading_ai.errors import StorageError  # noqa: PLC0415
    from trading_ai.optimization.columns import shape_columns  # noqa: PLC0415
    from trading_ai.reports.trials import trial_frame  # noqa: PLC0415

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
