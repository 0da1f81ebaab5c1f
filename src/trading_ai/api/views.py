"""Records in the words of the HTTP API."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from trading_ai.engine.records import EXIT_REASONS
from trading_ai.metrics.catalog import METRIC_NAMES
from trading_ai.optimization.columns import Columns, as_rows, objective_values
from trading_ai.optimization.objective import Objective
from trading_ai.optimization.records import BacktestRecord, DatasetRecord, OptimizationRecord, TrialPage


def iso(seconds: float | None) -> str | None:
    """A time since 1970 as ISO 8601 in UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def _iso_ns(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def finite(value: float) -> float | None:
    """A number as JSON has it: undefined is null."""
    return value if math.isfinite(value) else None


def metrics_json(metrics: Mapping[str, float]) -> dict[str, float | None]:
    """Metrics by name; undefined ones are null."""
    return {name: finite(float(value)) for name, value in metrics.items()}


def dataset_json(record: DatasetRecord) -> dict[str, Any]:
    """A dataset."""
    return {
        "id": record.dataset_id,
        "symbol": record.symbol,
        "timeframe": record.timeframe,
        "n_bars": record.n_bars,
        "first": _iso_ns(record.first_ns),
        "last": _iso_ns(record.last_ns),
        "source": record.source,
        "created_at": iso(record.created_at),
        "detected": dict(record.detected),
        "quality": dict(record.quality),
    }


def backtest_json(record: BacktestRecord) -> dict[str, Any]:
    """A backtest with its metrics beside its other fields."""
    spec = record.spec.to_json()
    return {
        "id": record.backtest_id,
        "name": record.name,
        **spec,
        "symbol": record.symbol,
        "timeframe": record.timeframe,
        "start": record.spec.start,
        "end": record.spec.end,
        "net_profit": finite(record.metrics.get("net_profit", math.nan)),
        "metrics": metrics_json(record.metrics),
        "engine_version": record.engine_version,
        "created_at": iso(record.created_at),
    }


def trades_json(trades: npt.NDArray[np.void]) -> list[dict[str, Any]]:
    """Closed trades."""
    rows = []
    for trade in trades:
        row = {name: trade[name].item() for name in trades.dtype.names or ()}
        row["entry_time"], row["exit_time"] = _iso_ns(row.pop("entry_time_ns")), _iso_ns(row.pop("exit_time_ns"))
        row["direction"] = "long" if row["direction"] > 0 else "short"
        row["exit_reason"] = EXIT_REASONS[row["exit_reason"]]
        rows.append({name: finite(v) if isinstance(v, float) else v for name, v in row.items()})
    return rows


def status_json(record: OptimizationRecord, now: float) -> dict[str, Any]:
    """How far an optimization is."""
    done, total = record.n_completed, record.n_total
    running = record.status == "running"
    began = record.started_at or record.created_at
    elapsed = max((record.finished_at or now) - began, 0.0) if record.finished_at or running else record.seconds
    worked = record.seconds if 0 < record.seconds < elapsed else elapsed
    rate = done / worked if done and worked > 0 else None
    eta = (total - done) / rate if running and rate else (0.0 if record.status == "completed" else None)
    best = None
    if record.best_index is not None and record.best_score is not None:
        objective = Objective.parse(record.spec.objective)
        best = {
            "parameters": record.spec.space.combination(record.best_index),
            "objective": record.spec.objective,
            "value": finite(objective.value(record.best_score)),
        }
    return {
        "optimization_id": record.optimization_id,
        "name": record.name,
        "status": record.status,
        # Cut, not rounded: 100.0 is said when everything is done and not before.
        "progress_percent": math.floor(1000 * done / total) / 10 if total else 100.0,
        "completed_tasks": done,
        "total_tasks": total,
        "failed_tasks": record.n_failed,
        "reused_tasks": record.n_reused,
        "best": best,
        "created_at": iso(record.created_at),
        "started_at": iso(record.started_at),
        "finished_at": iso(record.finished_at),
        "elapsed_seconds": round(elapsed, 3),
        "eta_seconds": None if eta is None else round(eta, 1),
        "trials_per_second": None if rate is None else round(rate, 1),
        "message": record.message,
    }


def optimization_json(record: OptimizationRecord, now: float) -> dict[str, Any]:
    """An optimization: what is searched, and how far it is."""
    spec = record.spec
    return status_json(record, now) | {
        "backtest_id": spec.backtest_id,
        "parameters": spec.space.to_json(),
        "datasets": dict(spec.datasets),
        "optimization_type": spec.method,
        "max_iterations": spec.max_iterations,
        "objective": spec.objective,
        "objectives": [spec.objective, *spec.more_objectives],
        "constraints": list(spec.constraints),
        "parameter_constraints": list(spec.parameter_constraints),
        "seed": spec.seed,
        "priority": record.priority,
    }


def trials_json(
    record: OptimizationRecord, page: TrialPage, ranks: Sequence[int], beside: Columns | None = None
) -> list[dict[str, Any]]:
    """Trials with their metrics beside their parameters, in the order of the page; `beside` are further columns."""
    space = record.spec.space
    values = objective_values(record, page, beside or {}).tolist()
    more = as_rows(beside or {}, len(values))
    rows = []
    for i, index in enumerate(page.indices.tolist()):
        metrics = metrics_json(dict(zip(METRIC_NAMES, page.metrics[i].tolist(), strict=True)))
        rows.append(
            {
                "rank": ranks[i],
                "parameters": space.combination(index),
                **metrics,
                "objective": finite(values[i]),
                **more[i],
                "combination_index": index,
                "feasible": bool(page.feasible[i]),
                "error": page.errors.get(index),
            }
        )
    return rows
