"""The optimizer API's walk-forward: one request that begins it, says how far it is, and has the result in the end."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from trading_ai.api import apart
from trading_ai.api.asked import spec_from
from trading_ai.api.context import as_json, context_of
from trading_ai.api.schemas import WalkForwardBody
from trading_ai.api.security import needs
from trading_ai.documents.walk_forward import WalkForwardState, walk_forward_json
from trading_ai.strategies.bundled import is_bundle
from trading_ai.studies.exact_walk_forward import Part, WalkForwardService, WalkForwardSpec

router = APIRouter(prefix="/api/v1", tags=["walk-forward"])

_WAIT_SECONDS = 1.0


@router.post("/walk-forward", response_model=WalkForwardState, dependencies=[Depends(needs("run"))])
def walk_forward(request: Request, body: WalkForwardBody) -> Response:
    """Begin a walk-forward, or say how far it is; send the same request again until its status is completed.

    Every training window is an optimization of its own, which can be watched, paused and resumed like any other. The
    same request begins nothing twice, whoever sends it. It is answered within a second or two: of many windows, the
    rest is begun beside it, and listed by the next answer.
    """
    context = context_of(request)
    search = spec_from(body)
    service = WalkForwardService(context.service, context.backtests)
    plan = service.plan(WalkForwardSpec(search, body.windows, body.anchored, body.compare))

    published = is_bundle(plan.base.spec.strategy)

    def begin(part: Part) -> None:
        begun = service
        if (
            published
        ):  # its backtest runs the strategy; the service that looks for it afterwards must not know of before
            apart.apart(context.application.settings, apart.backtest_of_part, part.backtest, part.name, part.part_of)
            begun = WalkForwardService(context.service, context.backtests)
        begun.begin(part, priority=body.priority)
        context.wake()

    missing = [partial(begin, part) for part in plan.parts if service.found(part) is None]
    is_beginning = context.beginnings.begin(plan.trainings[0].request_key, missing, _WAIT_SECONDS)
    records = [service.found(part) for part in plan.parts]
    complete = all(record is not None and record.status == "completed" for record in records)
    if complete:
        asked = (plan.spec.search.to_json(), plan.spec.size, plan.spec.anchored, plan.spec.compare, is_beginning)
        return as_json(apart.done(context.application, published, apart.walk_forward, *asked))
    return JSONResponse(walk_forward_json(plan, records, None, is_beginning=is_beginning))
