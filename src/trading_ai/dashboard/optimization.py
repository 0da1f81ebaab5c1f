"""An optimization while it runs and afterwards: progress, figures over its trials, the table, what can be done."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from trading_ai.api import apart
from trading_ai.api.context import context_of
from trading_ai.api.progress import event_stream
from trading_ai.api.schemas import Id
from trading_ai.dashboard import pinned, surfaces
from trading_ai.dashboard.answers import Answers
from trading_ai.dashboard.home import title_of
from trading_ai.dashboard.notes import notes_of
from trading_ai.dashboard.pages import HEADERS, PageRoute, Reader, Runner, figure_json, go_to, render
from trading_ai.dashboard.sessions import COOKIE, Sessions
from trading_ai.dashboard.sweeps import Sweeps
from trading_ai.dashboard.trial_table import (
    PAGE,
    Asked,
    check_columns,
    compared,
    find,
    fulfils,
    headings,
    read_condition,
    rows,
)
from trading_ai.documents.optimizations import optimization_json
from trading_ai.errors import NotFoundError, ParameterError
from trading_ai.metrics.catalog import METRICS
from trading_ai.optimization.cautions import said_of_optimization
from trading_ai.parameters import value_text

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from trading_ai.api.context import Context
    from trading_ai.dashboard.sweeps import Sweep
    from trading_ai.expressions import Expression
    from trading_ai.optimization.records import OptimizationRecord

router = APIRouter(include_in_schema=False, route_class=PageRoute)

EXPORTED = 1_000_000
"""Most trials in one file."""

_MOST_PINS = 8
_CHANGES = ("pause", "resume", "cancel", "delete")
_Word = Annotated[str, Query(max_length=100)]
_Text = Annotated[str, Query(max_length=500)]


def asked_for(
    sort: _Word = "",
    where: _Text = "",
    columns: Annotated[list[str], Query(max_length=60)] = [],  # noqa: B006
    offset: Annotated[int, Query(ge=0, le=2**40)] = 0,
    pin: Annotated[list[int], Query(max_length=50)] = [],  # noqa: B006
) -> Asked:
    """What an address says of the table."""
    return Asked(sort, where.strip(), check_columns(columns), offset, tuple(dict.fromkeys(pin))[:_MOST_PINS])


def sweeps_of(request: Request) -> Sweeps:
    """What was read of trials lately."""
    found: Sweeps = request.app.state.sweeps
    return found


def head_of(context: Context, record: OptimizationRecord) -> dict[str, Any]:
    """What every page of an optimization begins with."""
    backtest = context.store.backtest(record.spec.backtest_id)
    return {
        "row": optimization_json(record, time.time()) | {"title": title_of(record.name, backtest)},
        "backtest": backtest,
        "currency": backtest.spec.account_currency,
        "here": "trials",
    }


@router.get("/optimizations/{optimization_id}")
def page(request: Request, _: Reader, optimization_id: Id) -> Response:
    """The page of an optimization."""
    context = context_of(request)
    record = context.store.optimization(optimization_id)
    axes = [
        {"name": axis.name, "values": [value_text(value) for value in axis.values]}
        for axis in surfaces.varied_of(record.spec.space)
    ]
    query = request.query_params
    said = said_of_optimization(context.store, record)
    return render(
        request,
        "optimization.html",
        **head_of(context, record),
        axes=axes,
        query=query,
        metrics=[metric.name for metric in METRICS],
        said=said,
        has_front=bool(record.spec.more_objectives),
        trials=_trials(request, record),
        notes=notes_of(request, record.optimization_id),
    )


def asked_of(request: Request) -> Asked:
    """What the address of a request says of the table; what cannot be read is passed over."""
    query = request.query_params
    offset = query.get("offset", "0")
    pins = [int(pin) for pin in query.getlist("pin") if pin.isascii() and pin.isdigit() and len(pin) < 16]
    return asked_for(
        query.get("sort", "")[:100],
        query.get("where", "")[:500],
        query.getlist("columns")[:60],
        int(offset) if offset.isascii() and offset.isdigit() and len(offset) < 13 else 0,
        pins[:50],
    )


def _trials(request: Request, record: OptimizationRecord) -> str:
    """The table as HTML; while trials come in it is made once a second, however many look."""
    answers: Answers = request.app.state.answers
    asked = (record.optimization_id, "trials", tuple(sorted(request.query_params.multi_items())))
    moment = int(time.monotonic()) if record.status == "running" else record.n_completed
    state = (record.status, record.best_index if record.status != "running" else None, moment)

    def make() -> bytes:
        table = _table(request, record, asked_of(request)) if record.n_completed else None
        return bytes(render(request, "trials.html", table=table, metrics=[metric.name for metric in METRICS]).body)

    return answers.of(asked, state, make, moves=record.status == "running").decode()


def _table(request: Request, record: OptimizationRecord, asked: Asked) -> dict[str, Any]:
    """The table as its template shows it; a condition that cannot be read is said beside its field."""
    context = context_of(request)
    currency = context.store.backtest(record.spec.backtest_id).spec.account_currency
    wrong = ""
    try:
        found = find(context.store, sweeps_of(request), record, asked)
    except ParameterError as error:
        wrong = str(error)
        asked = Asked(columns=asked.columns, pins=asked.pins)
        found = find(context.store, sweeps_of(request), record, asked)
    has_plateau = "plateau" in found.beside
    given = asked_of(request)
    return {
        "id": record.optimization_id,
        "asked": asked,
        "where": given.where,
        "wrong": wrong,
        "heads": headings(record, asked, has_plateau=has_plateau),
        "rows": rows(record, found),
        "has_plateau": has_plateau,
        "n_parameters": len(record.spec.space.axes),
        "total": found.total,
        "exported": EXPORTED,
        "first": asked.offset + 1,
        "last": asked.offset + len(found.page.indices),
        "previous": asked.query(offset=max(asked.offset - PAGE, 0)) if asked.offset else "",
        "next": asked.query(offset=asked.offset + PAGE) if asked.offset + PAGE < found.total else "",
        "shown": asked.shown(str(record.spec.objective)),
        "pinned": _pinned(context, record, asked, currency),
        "currency": currency,
        "unpin": asked.query(pins=(), offset=asked.offset),
        "query": asked.query(),
    }


def _pinned(context: Context, record: OptimizationRecord, asked: Asked, currency: str) -> Any:
    known = [pin for pin in asked.pins if pin < record.spec.space.n_combinations]
    if not known:
        return None
    trials = context.store.trials_of(record.optimization_id, pinned.stored(context.store, record, known))
    if not trials.indices.size:
        return None
    return {"indices": trials.indices.tolist(), "rows": compared(record, trials, currency)}


@router.get("/optimizations/{optimization_id}/parts/{part}")
def part(request: Request, _: Reader, optimization_id: Id, part: str) -> Response:
    """A part of the page, as it is now."""
    context = context_of(request)
    record = context.store.optimization(optimization_id)
    if part == "status":
        return render(request, "optimization_status.html", **head_of(context, record))
    if part == "trials":
        return HTMLResponse(_trials(request, record), headers=HEADERS)
    raise NotFoundError("part", part)


@router.get("/optimizations/{optimization_id}/events")
async def events(request: Request, _: Reader, optimization_id: Id) -> Response:
    """Progress and new bests as they happen."""
    context = context_of(request)
    await run_in_threadpool(context.store.optimization, optimization_id)
    sessions: Sessions = request.app.state.sessions
    cookie = request.cookies.get(COOKIE)

    async def may_hear() -> bool:
        return (await run_in_threadpool(sessions.of, cookie)).may("read")

    stream = event_stream(context, optimization_id, may_hear)
    return StreamingResponse(stream, media_type="text/event-stream", headers=HEADERS)


@router.get("/optimizations/{optimization_id}/figures/{name}")
def figure(
    request: Request,
    _: Reader,
    optimization_id: Id,
    name: str,
    x: _Word = "",
    y: _Word = "",
    metric: _Word = "objective",
    how: _Word = "median",
    drawn: _Word = "",
    where: _Text = "",
) -> Response:
    """A figure over all trials; of lines, those that fulfil a condition stand out."""
    context = context_of(request)
    record = context.store.optimization(optimization_id)
    currency = context.store.backtest(record.spec.backtest_id).spec.account_currency
    draw: Callable[[], go.Figure]
    if name == "map":
        if metric != "objective":
            check_columns([metric])
        fixed = {key.removeprefix("at."): v for key, v in request.query_params.items() if key.startswith("at.")}
        sweep, in_space = sweeps_of(request).of(record.optimization_id, [metric]), drawn == "surface"
        draw = partial(
            surfaces.value_map, sweep, x, y, metric=metric, how=how, fixed=fixed, currency=currency, in_space=in_space
        )
    elif name == "lines":
        condition = read_condition(where, record.spec.space) if where.strip() else None
        sweep = sweeps_of(request).of(record.optimization_id, () if condition is None else condition.names)
        draw = partial(_lines, sweep, currency, condition)
    elif name in _FIGURES:
        sweep = sweeps_of(request).of(record.optimization_id, ("net_profit", "max_drawdown", "total_trades"))
        draw = partial(_FIGURES[name], sweep, currency)
    else:
        raise NotFoundError("figure", name)
    answers: Answers = request.app.state.answers
    asked = (record.optimization_id, name, tuple(sorted(request.query_params.multi_items())))
    moves = sweep.record.status == "running"
    return figure_json(answers.of(asked, sweep, lambda: str(draw().to_json()).encode(), moves=moves))


def _lines(sweep: Sweep, currency: str, condition: Expression | None) -> go.Figure:
    return surfaces.lines(sweep, currency, None if condition is None else fulfils(sweep, condition))


_FIGURES: dict[str, Any] = {
    "importance": lambda sweep, _: surfaces.importance_bars(sweep),
    "distribution": surfaces.distribution,
    "risk": surfaces.risk,
    "front": surfaces.front,
}


@router.get("/optimizations/{optimization_id}/equities")
async def equities(
    request: Request, _: Reader, optimization_id: Id, pin: Annotated[list[int], Query(max_length=_MOST_PINS)]
) -> Response:
    """Equity of some trials, one over the other; they are run again for it."""
    context = context_of(request)

    def make() -> Response:
        record = context.store.optimization(optimization_id)
        published = apart.uses_bundle(context.application, record)
        indices = pinned.stored(context.store, record, pin).tolist()
        if not indices:
            raise NotFoundError("trial", ", ".join(map(str, pin))[:100])
        return figure_json(apart.done(context.application, published, pinned.equities, record.optimization_id, indices))

    return await context.study(make)


@router.post("/do/optimizations/{optimization_id}/priority")
def prioritize(request: Request, _: Runner, optimization_id: Id, priority: Annotated[int, Form()]) -> Response:
    """Give it more, or less, of the workers."""
    found = context_of(request).service.prioritize(optimization_id, priority)
    return go_to(f"/optimizations/{found.optimization_id}")


@router.post("/do/optimizations/{optimization_id}/{change}")
def change(request: Request, _: Runner, optimization_id: Id, change: str) -> Response:
    """Pause, resume, cancel or delete."""
    context = context_of(request)
    service = context.service
    if change not in _CHANGES:
        raise NotFoundError("change", change)
    if change == "delete":
        service.delete_optimization(optimization_id)
        context.status_cache.clear()
        return go_to("/")
    found = {"pause": service.pause, "resume": service.set_running, "cancel": service.cancel}[change](optimization_id)
    context.status_cache.clear()
    if change == "resume":
        context.wake()
    return go_to(f"/optimizations/{found.optimization_id}")


@router.get("/optimizations/{optimization_id}/report")
async def report(request: Request, _: Reader, optimization_id: Id, short: bool = False) -> Response:
    """The report, shut off from the rest: its scripts are inside of it, and may reach nothing here."""
    context = context_of(request)

    def make() -> Response:
        record = context.store.optimization(optimization_id)
        published = apart.uses_bundle(context.application, record)
        made = apart.done(context.application, published, apart.report, record.optimization_id, short)
        policy = (
            "sandbox allow-scripts allow-popups allow-downloads; default-src 'none'; script-src 'unsafe-inline'; "
            "style-src 'unsafe-inline'; img-src data: blob:; frame-ancestors 'none'"
        )
        return Response(made, media_type="text/html", headers={**HEADERS, "Content-Security-Policy": policy})

    return await context.study(make)
