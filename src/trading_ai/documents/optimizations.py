"""An optimization, how far it is, and its ranked trials as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NotRequired, cast

import numpy as np
from typing_extensions import TypedDict

from trading_ai.documents.forms import Moment, Number, Uuid, finite, form, iso, iso_or_none
from trading_ai.documents.metrics import Metrics
from trading_ai.documents.spaces import Choices, Range, axes_json
from trading_ai.driving.pace import trials_per_second
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.optimization.cautions import Said
from trading_ai.optimization.columns import Columns, as_rows, objective_values
from trading_ai.optimization.model import OptimizationSpec, OptimizationStatus
from trading_ai.optimization.records import OptimizationRecord, TrialPage
from trading_ai.parameters import Combination

NOTE = "ranked on the data the parameters were chosen on: the best of many trials is in part luck"


@form()
class Best(TypedDict):
    """The best trial so far that holds the constraints.

    Attributes:
        parameters: its searched parameters.
        objective: what it is best in.
        value: what it is ranked by: its objective, or its loss as a fraction of the capital where the account lost
            money and the objective promises profit.
    """

    parameters: Combination
    objective: str
    value: Number


@form()
class Status(TypedDict):
    """How far an optimization is.

    Attributes:
        optimization_id: its id.
        name: what the user called it, or "".
        part_of: the walk-forward that it is a part of, or "".
        status: running, paused, cancelled, completed or failed.
        progress_percent: part that is done, 0 to 100, cut to a tenth: 100 is said when everything is done.
        completed_tasks: trials stored, failed ones included.
        total_tasks: combinations to try.
        failed_tasks: trials that raised.
        reused_tasks: trials copied from earlier optimizations instead of being run.
        best: the best trial so far, or null.
        created_at: when it was created, UTC.
        started_at: when it first ran, UTC, or null.
        finished_at: when it ended, UTC, or null.
        elapsed_seconds: time from its start to its end or to now; of a paused one, the time it ran.
        eta_seconds: expected time to the end, or null where nothing is known.
        trials_per_second: trials run, not copied, for each second it ran, or null before the first.
        message: why it failed or was paused, or "".
        look_ahead: what shows that the strategy reads the future, or "".
    """

    optimization_id: Uuid
    name: str
    part_of: str
    status: OptimizationStatus
    progress_percent: float
    completed_tasks: int
    total_tasks: int
    failed_tasks: int
    reused_tasks: int
    best: Best | None
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    elapsed_seconds: float
    eta_seconds: float | None
    trials_per_second: float | None
    message: str
    look_ahead: str


@form(of=OptimizationSpec)
class Optimization(Status):
    """An optimization: what is searched, and how far it is.

    Attributes:
        id: the same as `optimization_id`.
        parameters: the searched parameters with their values.
        n_combinations: size of the search space.
        notes: what may not be expected of the ranges, such as where one ends.
        datasets: where the symbol is searched, the dataset of each symbol.
        optimization_type: name of the search method.
        max_iterations: number of combinations to try; null tries the whole space.
        objectives: the objective and all further ones.
        priority: of two that wait for the same workers, the higher one gets more of them, 1 to 9.
        seconds: time it ran so far, over all of its runs.
        strategy_hash: hash of the strategy's code at the start.
        engine_version: version of the engine at the start.
    """

    id: Uuid
    backtest_id: Uuid
    parameters: list[Range | Choices]
    n_combinations: int
    notes: list[str]
    datasets: dict[str, str]
    optimization_type: str
    max_iterations: int | None
    objective: str
    objectives: list[str]
    constraints: list[str]
    min_trades: int
    parameter_constraints: list[str]
    seed: int
    priority: int
    seconds: float
    strategy_hash: str
    engine_version: str


@form()
class Trial(Metrics):
    """A trial, with its metrics beside its parameters; undefined ones are null.

    Attributes:
        rank: 1 for the best; in a table sorted by something else, its place there.
        parameters: its searched parameters.
        objective: what it is ranked by.
        combination_index: its place in the search space, from 0.
        feasible: whether it holds the constraints.
        error: why it could not be evaluated, or null.
        plateau: median of the objective over it and its neighbours on the grid; left out of large optimizations.
        sharpe_first_75: Sharpe ratio of the first 75 % of the days; there where daily profits are kept.
        sharpe_last_25: Sharpe ratio of the other days; likewise. It was ranked by all days: neither is out of sample.
        pareto: whether no other trial is as good in every objective; there where there are several.
    """

    rank: int
    parameters: Combination
    objective: Number
    combination_index: int
    feasible: bool
    error: str | None
    plateau: NotRequired[Number]
    sharpe_first_75: NotRequired[Number]
    sharpe_last_25: NotRequired[Number]
    pareto: NotRequired[bool]


@form()
class Results(TypedDict):
    """Ranked trials.

    Attributes:
        optimization_id: whose.
        status: its status; there are trials before it is completed.
        objective: what it ranks by.
        sort: what this table is sorted by; with a minus sign before it, largest first.
        n_trials_tried: trials that the best is the best of.
        note: what that means.
        results: the trials.
        best_parameters: parameters of the best trial that holds the constraints, or null.
        total: trials that there are in all pages together.
        costs_stated: the costs that were charged, in words; begins with "without costs" where there were none.
        warnings: what speaks against the best trial, or why no trial ranks, a sentence or two each.
        offset: trials on the pages before this one.
        next: cursor of the page after this one, or null; to be sent as `cursor`.
        previous: cursor of the page before this one, or null.
    """

    optimization_id: Uuid
    status: OptimizationStatus
    objective: str
    sort: str
    n_trials_tried: int
    note: str
    results: list[Trial]
    best_parameters: Combination | None
    total: int
    costs_stated: str
    warnings: list[str]
    offset: int
    next: str | None
    previous: str | None


@form()
class OptimizationResults(Optimization, Results):
    """An optimization with its best trials: all of its own fields and all of theirs."""


@form()
class Started(TypedDict):
    """An optimization that was started.

    Attributes:
        optimization_id: its id.
        status: its status.
        total_tasks: combinations to try.
        message: that, as a sentence, and what may not be expected of the ranges, such as where one ends.
    """

    optimization_id: Uuid
    status: OptimizationStatus
    total_tasks: int
    message: str


@form()
class DeletedOptimization(TypedDict):
    """An optimization that is gone.

    Attributes:
        optimization_id: what it was called.
        deleted: true.
    """

    optimization_id: Uuid
    deleted: Literal[True]


def status_json(record: OptimizationRecord, now: float) -> Status:
    """How far an optimization is; `now` in seconds since 1970."""
    done, total = record.n_completed, record.n_total
    running = record.status == "running"
    began = record.started_at or record.created_at
    elapsed = max((record.finished_at or now) - began, 0.0) if record.finished_at or running else record.seconds
    rate = trials_per_second(record, now)
    eta = (total - done) / rate if running and rate else (0.0 if record.status == "completed" else None)
    return {
        "optimization_id": record.optimization_id,
        "name": record.name,
        "part_of": record.part_of,
        "status": record.status,
        # Cut, not rounded: 100.0 is said when everything is done and not before.
        "progress_percent": math.floor(1000 * done / total) / 10 if total else 100.0,
        "completed_tasks": done,
        "total_tasks": total,
        "failed_tasks": record.n_failed,
        "reused_tasks": record.n_reused,
        "best": _best(record),
        "created_at": iso(record.created_at),
        "started_at": iso_or_none(record.started_at),
        "finished_at": iso_or_none(record.finished_at),
        "elapsed_seconds": round(elapsed, 3),
        "eta_seconds": None if eta is None else round(eta, 1),
        "trials_per_second": None if rate is None else round(rate, 1),
        "message": record.message,
        "look_ahead": record.spec.look_ahead,
    }


def _best(record: OptimizationRecord) -> Best | None:
    if record.best_index is None or record.best_score is None:
        return None
    return {
        "parameters": record.spec.space.combination(record.best_index),
        "objective": str(record.spec.objective),
        "value": finite(record.spec.objective.value(record.best_score)),
    }


def optimization_json(record: OptimizationRecord, now: float) -> Optimization:
    """An optimization: what is searched, and how far it is; `now` in seconds since 1970."""
    spec = record.spec
    return {
        **status_json(record, now),
        "id": record.optimization_id,
        "backtest_id": spec.backtest_id,
        "parameters": axes_json(spec.space),
        "n_combinations": spec.space.n_combinations,
        "notes": list(spec.space.notes),
        "datasets": dict(spec.datasets),
        "optimization_type": spec.method,
        "max_iterations": spec.max_iterations,
        "objective": str(spec.objective),
        "objectives": list(map(str, spec.objectives)),
        "constraints": list(map(str, spec.constraints)),
        "min_trades": spec.min_trades,
        "parameter_constraints": list(map(str, spec.parameter_constraints)),
        "seed": spec.seed,
        "priority": record.priority,
        "seconds": record.seconds,
        "strategy_hash": record.strategy_hash,
        "engine_version": record.engine_version,
    }


def started_json(record: OptimizationRecord) -> Started:
    """An optimization that was started."""
    return {
        "optimization_id": record.optimization_id,
        "status": record.status,
        "total_tasks": record.n_total,
        "message": "; ".join(
            [f"Optimization started with {record.n_total} parameter combinations", *record.spec.space.notes]
        ),
    }


def trials_json(
    record: OptimizationRecord, page: TrialPage, ranks: Sequence[int], beside: Columns | None = None
) -> list[Trial]:
    """Trials with their metrics beside their parameters, in the order of the page.

    Args:
        record: whose trials.
        page: the trials.
        ranks: rank of each of them.
        beside: further columns, each of shape (n_trials,), such as `shape_columns` makes.
    """
    space = record.spec.space
    values = objective_values(record, page, beside or {}).tolist()
    more = as_rows(beside or {}, len(values))
    metrics = page.metrics.astype(object)  # whole columns at once: a page may hold ten thousand trials
    metrics[~np.isfinite(page.metrics)] = None
    rows: list[dict[str, object]] = [
        {
            "rank": ranks[i],
            "parameters": space.combination(index),
            **dict(zip(METRIC_NAMES, row, strict=True)),
            "objective": finite(values[i]),
            **more[i],
            "combination_index": index,
            "feasible": feasible,
            "error": page.errors.get(index),
        }
        for i, (index, row, feasible) in enumerate(
            zip(page.indices.tolist(), metrics.tolist(), page.feasible.tolist(), strict=True)
        )
    ]
    return cast("list[Trial]", rows)


def results_json(
    record: OptimizationRecord,
    page: TrialPage,
    ranks: Sequence[int],
    beside: Columns | None = None,
    *,
    said: Said,
    sort: str | None = None,
    total: int | None = None,
    offset: int = 0,
    cursors: tuple[str | None, str | None] = (None, None),
) -> Results:
    """Ranked trials.

    Args:
        record: whose trials.
        page: the trials.
        ranks: rank of each of them.
        beside: further columns, each of shape (n_trials,).
        said: what goes with them.
        sort: what they are sorted by; None for the objective.
        total: trials in all pages together; None for all that were tried.
        offset: trials on the pages before this one.
        cursors: of the page before this one and of the one after it, where there are such.
    """
    best = record.best_index
    return {
        "optimization_id": record.optimization_id,
        "status": record.status,
        "objective": str(record.spec.objective),
        "sort": sort or str(record.spec.objective),
        "n_trials_tried": record.n_completed,
        "note": NOTE,
        "results": trials_json(record, page, ranks, beside),
        "best_parameters": None if best is None else record.spec.space.combination(best),
        "total": record.n_completed if total is None else total,
        "costs_stated": said.costs_stated,
        "warnings": list(said.warnings),
        "offset": offset,
        "next": cursors[1],
        "previous": cursors[0],
    }


def deleted_json(optimization_id: str) -> DeletedOptimization:
    """An optimization that is gone."""
    return {"optimization_id": optimization_id, "deleted": True}
