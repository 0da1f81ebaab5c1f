"""Trials of an optimization as JSON, as a table, and as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from trading_ai.cli.backtests import values_text
from trading_ai.cli.output import iso, note, number, say, short, table

if TYPE_CHECKING:
    from trading_ai.bootstrap import Application
    from trading_ai.optimization.ports import OptimizationRecord, TrialPage

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
        "n_combinations": spec.space.n_combinations,
        "method": spec.method,
        "max_iterations": spec.max_iterations,
        "seed": spec.seed,
        "objective": spec.objective,
        "constraints": list(spec.constraints),
        "n_total": record.n_total,
        "n_completed": record.n_completed,
        "n_failed": record.n_failed,
        "progress_percent": 100 * record.n_completed / max(record.n_total, 1),
        "seconds": record.seconds,
        "strategy_hash": record.strategy_hash,
        "engine_version": record.engine_version,
        "created_at": iso(record.created_at),
        "started_at": iso(record.started_at),
        "finished_at": iso(record.finished_at),
    }


def _trials(record: OptimizationRecord, page: TrialPage) -> list[dict[str, Any]]:
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
        for rank, (index, feasible, row) in enumerate(
            zip(page.indices.tolist(), page.feasible.tolist(), page.metrics.tolist(), strict=True), 1
        )
    ]


def _has_winner(record: OptimizationRecord, page: TrialPage) -> bool:
    from trading_ai.metrics.catalog import METRIC_COLUMN  # noqa: PLC0415

    if not page.indices.size or not page.feasible[0]:
        return False
    value = float(page.metrics[0, METRIC_COLUMN[record.spec.objective]])
    return value == value  # noqa: PLR0124 - false for NaN only


def results_json(application: Application, record: OptimizationRecord, top: int) -> dict[str, Any]:
    """An optimization with its best trials as the JSON that commands print."""
    page = application.store.ranked(record.optimization_id, top)
    trials = _trials(record, page)
    winner = trials[0] if _has_winner(record, page) else None
    return optimization_json(record) | {
        "best": winner,
        "best_parameters": winner["parameters"] if winner else None,
        "n_trials_tried": record.n_completed,
        "results": trials,
    }


def show_results(application: Application, record: OptimizationRecord, top: int) -> None:
    """Print the ranked table, the best parameters, what luck has to do with them, and what to do next."""
    from trading_ai.metrics.catalog import METRIC_COLUMN, metric  # noqa: PLC0415

    page = application.store.ranked(record.optimization_id, top)
    objective = record.spec.objective
    names = (objective, *(name for name in _SHOWN if name != objective))
    space = record.spec.space
    rows = []
    for trial in _trials(record, page):
        mark = "" if trial["feasible"] else ("failed" if trial["error"] else "breaks a condition")
        rows.append(
            [
                str(trial["rank"]),
                *(number(value) for value in trial["parameters"].values()),
                *(number(trial["metrics"][name], metric(name).unit) for name in names),
                *([mark] if not page.feasible.all() else []),
            ]
        )
    heads = ("rank", *space.names, *names, *([""] if not page.feasible.all() else []))
    title = f"Best {len(rows)} of {record.n_completed:,} trials by {objective}"
    if record.n_failed:
        title += f" ({record.n_failed:,} failed)"
    table(title, heads, rows, left=0)
    if _has_winner(record, page):
        best = space.combination(int(page.indices[0]))
        value = number(float(page.metrics[0, METRIC_COLUMN[objective]]), metric(objective).unit)
        say(f"Best parameters: {values_text(best)} ({objective} {value})")
        say(
            f"This is the best of {record.n_completed:,} trials on the data it was chosen on (the in-sample winner): "
            "expect less on new data."
        )
    else:
        say(f"No trial can be ranked: {objective} is undefined, or a condition is broken, in all of them.")
        for index, message in list(page.errors.items())[:1]:
            last = message.strip().splitlines()[-1]
            say(f"Combination {values_text(space.combination(index))} failed with: {last}")
    key = short(record.optimization_id)
    say(f"Next: trading-ai results {key} --csv trials.csv")
    say(f"      trading-ai report {key} --output report.html")


def write_trials(
    application: Application, record: OptimizationRecord, csv: Path | None, parquet: Path | None
) -> list[str]:
    """Write every trial, best first, to the files asked for; returns their paths."""
    if csv is None and parquet is None:
        return []
    from trading_ai.errors import StorageError  # noqa: PLC0415
    from trading_ai.reports.trials import trial_frame  # noqa: PLC0415

    frame = trial_frame(record, application.store.ranked(record.optimization_id, max(record.n_completed, 1)))
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
