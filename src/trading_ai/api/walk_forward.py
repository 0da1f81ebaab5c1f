"""The optimizer API's walk-forward: one request that begins it, says how far it is, and has the result in the end."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request

from trading_ai.api.answers import WalkForwardState
from trading_ai.api.asked import spec_from
from trading_ai.api.context import context_of
from trading_ai.api.schemas import WalkForwardBody
from trading_ai.api.security import needs
from trading_ai.optimization.stitching import stitch
from trading_ai.optimization.walk_forward import WalkForwardService, WalkForwardSpec

router = APIRouter(prefix="/api/v1", tags=["walk-forward"])


@router.post("/walk-forward", response_model=WalkForwardState, dependencies=[Depends(needs("run"))])
def walk_forward(request: Request, body: WalkForwardBody) -> Any:
    """Begin a walk-forward, or say how far it is; send the same request again until its status is completed.

    Every training window is an optimization of its own, which can be watched, paused and resumed like any other. The
    same request begins nothing twice, whoever sends it.
    """
    context = context_of(request)
    search = spec_from(body)
    service = WalkForwardService(context.service, context.backtests)
    plan = service.plan(WalkForwardSpec(search, body.windows, body.anchored, body.compare))
    records = [service.begin(part, priority=body.priority) for part in plan.parts]
    context.wake()
    states = {record.status for record in records}
    status = next(state for state in ("failed", "paused", "running", "completed") if state in states)
    return {
        "status": status,
        "backtest_id": plan.base.backtest_id,
        "windows": plan.size,
        "completed_tasks": sum(record.n_completed for record in records),
        "total_tasks": sum(record.n_total for record in records),
        "optimizations": [
            {
                "name": record.name,
                "optimization_id": record.optimization_id,
                "status": record.status,
                "completed_tasks": record.n_completed,
                "total_tasks": record.n_total,
            }
            for record in records
        ],
        "result": stitch(service, plan).to_json() if status == "completed" else None,
    }
