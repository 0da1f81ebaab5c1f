"""The optimizer API's walk-forward: one request that begins it, says how far it is, and has the result in the end."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from trading_ai.api.asked import spec_from
from trading_ai.api.context import context_of
from trading_ai.api.schemas import WalkForwardBody
from trading_ai.api.security import needs
from trading_ai.documents.walk_forward import WalkForwardState, walk_forward_json
from trading_ai.studies.exact_walk_forward import WalkForwardService, WalkForwardSpec
from trading_ai.studies.stitching import stitch

router = APIRouter(prefix="/api/v1", tags=["walk-forward"])


@router.post("/walk-forward", response_model=WalkForwardState, dependencies=[Depends(needs("run"))])
def walk_forward(request: Request, body: WalkForwardBody) -> Response:
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
    complete = all(record.status == "completed" for record in records)
    return JSONResponse(walk_forward_json(plan, records, stitch(service, plan) if complete else None))
