"""The optimizer API: start optimizations, watch them, read their results."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse

from trading_ai.api import apart
from trading_ai.api.asked import check_repeated, spec_from
from trading_ai.api.context import CursorText, Limit, Offset, as_json, context_of
from trading_ai.api.problems import Problem
from trading_ai.api.progress import event_stream, status_bytes
from trading_ai.api.schemas import Id, OptimizeBody, PriorityBody
from trading_ai.api.security import Guard, key_in, needs
from trading_ai.documents.cursors import FRONT, Cursor, around, order_of
from trading_ai.documents.optimizations import (
    DeletedOptimization,
    Optimization,
    Results,
    Started,
    Status,
    deleted_json,
    optimization_json,
    results_json,
    started_json,
    status_json,
)
from trading_ai.documents.robustness import Assessment
from trading_ai.documents.workers import Workers
from trading_ai.errors import ParameterError, StateError
from trading_ai.metrics.names import metric_named
from trading_ai.optimization.cautions import said_of_optimization
from trading_ai.optimization.columns import Columns
from trading_ai.optimization.paging import Key, Slice
from trading_ai.optimization.shape import shape_columns
from trading_ai.robustness.study import StudySettings
from trading_ai.robustness.verdict import Thresholds

if TYPE_CHECKING:
    from trading_ai.api.context import Context
    from trading_ai.optimization.records import OptimizationRecord, TrialPage

router = APIRouter(prefix="/api/v1", tags=["optimizations"])

_READ, _RUN = [Depends(needs("read"))], [Depends(needs("run"))]


@router.post("/optimize", response_model=Started, dependencies=_RUN)
def start(
    request: Request,
    body: OptimizeBody,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")] = None,
) -> Response:
    """Start an optimization.

    The same request with the same Idempotency-Key again starts nothing and gets the first one's answer; another
    request with that key is refused.
    """
    context, key = context_of(request), idempotency_key or ""
    asked = spec_from(body)
    known = context.store.optimization_of_request(key) if key else None
    if known is None:
        plan = context.service.plan(asked, measure=False)
        try:
            record = context.service.begin(plan, name=body.name, priority=body.priority, request_key=key)
        except StateError:
            known = context.store.optimization_of_request(key) if key else None
            if known is None:  # otherwise it is a repetition that came at the same moment
                raise
        else:
            context.wake()
            return JSONResponse(started_json(record))
    name = context.store.backtest(known.spec.backtest_id).name
    check_repeated(known, asked, body, key, backtest_name=name)
    return JSONResponse(started_json(known))


@router.get("/optimize", response_model=list[Optimization], dependencies=_READ)
def list_optimizations(request: Request, limit: Limit = 100, offset: Offset = 0, *, windows: bool = False) -> Response:
    """Optimizations, newest first; those of a walk-forward's windows only with `windows`."""
    context, now = context_of(request), time.time()
    asked = [r for r in context.store.optimizations() if windows or not r.part_of]
    return JSONResponse([optimization_json(r, now) for r in asked[offset : offset + limit]])


@router.get("/optimize/{optimization_id}", response_model=Optimization, dependencies=_READ)
def show(request: Request, optimization_id: Id) -> Response:
    """An optimization: what is searched, and how far it is."""
    return JSONResponse(optimization_json(context_of(request).store.optimization(optimization_id), time.time()))


@router.get("/optimize/{optimization_id}/status", response_model=Status, dependencies=_READ)
async def status(request: Request, optimization_id: Id) -> Response:
    """How far an optimization is; cheap enough to be asked for every second by hundreds."""
    return Response(await status_bytes(context_of(request), optimization_id), media_type="application/json")


@router.get(
    "/optimize/{optimization_id}/results",
    response_model=Results,
    dependencies=_READ,
    responses={200: {"content": {"text/csv": {}, "application/vnd.apache.parquet": {}}}},
)
async def results(
    request: Request,
    optimization_id: Id,
    limit: Limit = 100,
    offset: Offset = 0,
    sort: Annotated[str | None, Query(max_length=100)] = None,
    cursor: CursorText = None,
    *,
    pareto: bool = False,
) -> Response:
    """Trials, best first; `sort` takes a metric, with a minus sign for largest first. CSV and Parquet by Accept.

    Any page is as quick as the first: go on with `next` as `cursor`, or jump with `offset`. With `pareto`, only those
    that no other trial is as good as in every one of several objectives.
    """
    context = context_of(request)
    wanted = _format(request.headers.get("accept", "*/*"))
    if wanted is None:
        return Problem(406, "That format is not offered", "offered: application/json, text/csv, Parquet")
    if sort is not None:
        named = metric_named(sort.removeprefix("-"), "sort").name
        sort = f"-{named}" if sort.startswith("-") else named
    if cursor is not None and offset:
        raise ParameterError("takes no offset beside it", parameter="cursor", value=cursor)
    if pareto and sort is not None:
        raise ParameterError("has an order of its own: take no sort beside it", parameter="pareto", value=True)
    table = FRONT if pareto else sort or ""
    asked = None if cursor is None else Cursor.parse(cursor, table)

    def make() -> Response:
        record = context.store.optimization(optimization_id)
        if pareto:
            ranks, found = _front_page(context, record, limit, offset, asked)
        else:
            key = None if asked is None else {asked.direction: asked.key}
            found = context.store.page(record.optimization_id, order_of(sort), limit, offset, **(key or {}))
            ranks = range(found.offset + 1, found.offset + limit + 1)
        page = found.trials
        ranks = ranks[: page.indices.size]
        beside = shape_columns(context.store, record, page.indices)
        if wanted != "json":
            return _file(record, page, ranks, wanted, beside)
        cursors = around(table, found.keys, found.offset, page.indices.size, found.total)
        said = said_of_optimization(context.store, record)
        return JSONResponse(
            results_json(
                record,
                page,
                ranks,
                beside,
                said=said,
                sort=sort,
                total=found.total,
                offset=found.offset,
                cursors=cursors,
            )
        )

    return await context.page(make)


def _front_page(
    context: Context, record: OptimizationRecord, limit: int, offset: int, cursor: Cursor | None
) -> tuple[Sequence[int], Slice]:
    """A page of the Pareto front, with the ranks of its trials; its keys are places on the front."""
    ranks, indices = context.front(record)
    if cursor is not None:
        place = int(min(max(cursor.key.value, 0.0), float(indices.size)))
        offset = place + 1 if cursor.direction == "after" else max(place - limit, 0)
        limit = limit if cursor.direction == "after" else place - offset
    rows = slice(offset, offset + limit)
    page = context.store.trials_of(record.optimization_id, indices[rows])
    n = page.indices.size
    keys = tuple(Key(0, float(offset + i), int(page.indices[i])) for i in (0, n - 1)) if n else None
    return ranks[rows].tolist(), Slice(page, offset, cast("tuple[Key, Key] | None", keys), indices.size)


def _format(accept: str) -> str | None:
    kinds = [part.split(";")[0].strip().lower() for part in accept.split(",")]
    for kind in kinds:
        if kind in {"text/csv", "text/*"}:
            return "csv"
        if "parquet" in kind:
            return "parquet"
        if kind in {"*/*", "application/*", "application/json", ""}:
            return "json"
    return None


def _file(record: OptimizationRecord, page: TrialPage, ranks: Sequence[int], wanted: str, beside: Columns) -> Response:
    from trading_ai.reports.trials import trial_frame  # noqa: PLC0415 - polars takes 0.2 s

    frame, file = trial_frame(record, page, ranks, beside), io.BytesIO()
    name = f"trials-{record.optimization_id[:8]}.{wanted}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if wanted == "csv":
        frame.write_csv(file)
        return Response(file.getvalue(), media_type="text/csv", headers=headers)
    frame.write_parquet(file)
    return Response(file.getvalue(), media_type="application/vnd.apache.parquet", headers=headers)


@router.post("/optimize/{optimization_id}/cancel", response_model=Status, dependencies=_RUN)
def cancel(request: Request, optimization_id: Id) -> Response:
    """Cancel for good; finished trials are kept."""
    return _changed(context_of(request), context_of(request).service.cancel(optimization_id))


@router.post("/optimize/{optimization_id}/pause", response_model=Status, dependencies=_RUN)
def pause(request: Request, optimization_id: Id) -> Response:
    """Pause; chunks under way are finished."""
    return _changed(context_of(request), context_of(request).service.pause(optimization_id))


@router.post("/optimize/{optimization_id}/resume", response_model=Status, dependencies=_RUN)
def resume(request: Request, optimization_id: Id) -> Response:
    """Go on with a paused or failed optimization; no trial is repeated."""
    context = context_of(request)
    record = context.service.set_running(optimization_id)
    context.wake()
    return _changed(context, record)


@router.post("/optimize/{optimization_id}/priority", response_model=Optimization, dependencies=_RUN)
def prioritize(request: Request, optimization_id: Id, body: PriorityBody) -> Response:
    """Give it more, or less, of the workers that others wait for as well, from now on."""
    record = context_of(request).service.prioritize(optimization_id, body.priority)
    return JSONResponse(optimization_json(record, time.time()))


def _changed(context: Context, record: OptimizationRecord) -> Response:
    """The status after a change, which the next question sees too."""
    context.status_cache.clear()
    return JSONResponse(status_json(record, time.time()))


@router.get("/optimize/{optimization_id}/robustness", response_model=Assessment, dependencies=_READ)
async def robustness(
    request: Request,
    optimization_id: Id,
    rank: Annotated[int, Query(ge=1, le=2**40)] = 1,
    windows: Annotated[str | None, Query(max_length=20)] = None,
    seed: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    threshold: Annotated[list[Annotated[str, Query(max_length=100)]], Query(max_length=20)] = [],  # noqa: B006
) -> Response:
    """Is it luck? The study of a trial with its verdict: survives, fragile or likely luck.

    `threshold`, repeated, sets what the verdict asks: `deflated_sharpe=0.9`. Studies that are asked for at once wait
    for each other.
    """
    context = context_of(request)
    StudySettings(windows=windows), Thresholds.parse(threshold)  # refused before anything waits

    def study() -> Response:
        record = context.store.optimization(optimization_id)
        published = apart.uses_bundle(context.application, record)
        asked = (record.optimization_id, rank, windows, seed, threshold)
        return as_json(apart.done(context.application, published, apart.robustness, *asked))

    return await context.study(study)


@router.get("/optimize/{optimization_id}/report", response_class=HTMLResponse, dependencies=_READ)
async def report(
    request: Request,
    optimization_id: Id,
    short: Annotated[bool, Query(description="Only result, verdict, equity and settings.")] = False,
) -> Response:
    """The report: every figure and table with the verdict, as one HTML page that needs nothing else to be read.

    The best trial and its neighbours are run again for it, which takes seconds; reports that are asked for at once
    wait for each other.
    """
    context = context_of(request)

    def make() -> Response:
        record = context.store.optimization(optimization_id)
        name = f"report-{record.optimization_id[:8]}.html"
        headers = {"Content-Disposition": f'inline; filename="{name}"'}
        published = apart.uses_bundle(context.application, record)
        page = apart.done(context.application, published, apart.report, record.optimization_id, short)
        return HTMLResponse(page, headers=headers)

    return await context.study(make)


@router.delete("/optimize/{optimization_id}", response_model=DeletedOptimization, dependencies=_RUN)
def delete(request: Request, optimization_id: Id) -> Response:
    """Delete an optimization with its trials; a running one must be cancelled first."""
    context = context_of(request)
    found = context.service.delete_optimization(optimization_id)
    context.status_cache.clear()
    return JSONResponse(deleted_json(found))


@router.get(
    "/optimize/{optimization_id}/events",
    dependencies=_READ,
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def events(request: Request, optimization_id: Id) -> Response:
    """Progress and new bests as they happen (server-sent events); ends with the optimization."""
    context = context_of(request)
    await status_bytes(context, optimization_id)  # an unknown one is a 404, not a stream
    guard: Guard = request.app.state.guard
    may_hear = partial(guard.allows, key_in(request.headers), "read")
    return StreamingResponse(event_stream(context, optimization_id, may_hear), media_type="text/event-stream")


@router.get("/workers/status", response_model=Workers, dependencies=_READ, tags=["workers"])
def workers(request: Request) -> Response:
    """Workers that are online, what they do, and how much waits for them."""
    return JSONResponse(context_of(request).workers())
